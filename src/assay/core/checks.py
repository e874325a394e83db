"""Checks: what a file is by its place, and what parsing alone cannot see.

1. A file is recognised by name and place (`file_kind`); nothing else is ever read or judged.
2. What stands at such a place must be a plain file (`special_entry_finding`).
3. Each kind is parsed by its own module of `assay.formats`; its findings are the first answer.
4. The checks in `CHECKS` then look at a results file together with what lies around it. A check is
   one value of that tuple. All are questions to a person: none refuses a push.

A format's module is imported when the first file of its kind is met: `assay check` of one file is
felt, and most of its time is imports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from assay.formats.finding import Finding, Severity
from assay.formats.rule import Rule, shorten
from assay.formats.scalar import resolve

if TYPE_CHECKING:
    from assay.formats.result import Entry, ResultFile
    from assay.formats.run_record import RunRecord
    from assay.formats.terms import AssayFile, Metric

NOT_A_FILE = Rule(
    "AS605",
    Severity.ERROR,
    "A symbolic link, a submodule or a folder where a file belongs",
    ".eval_results/x.yaml -> /etc/passwd",
)
BAD_PATH = Rule("AS606", Severity.ERROR, "A path no checkout can hold", ".eval_results/../x.yaml")

_RESULT_PATH = re.compile(r"\.eval_results/[^/]+\.ya?ml")
_RECORD_PATH = re.compile(r"\.eval_results/runs/[0-9a-f]{64}\.json")
# Windows and case-folding file systems take these for `.git`.
_GIT_NAMES = frozenset({".git", "git~1"})


class Kind(StrEnum):
    """What a file is, by its place."""

    BENCHMARK = "benchmark"
    TERMS = "terms"
    RESULT = "result"
    RUN_RECORD = "record"
    MODEL_CARD = "model-card"
    DATASET_CARD = "dataset-card"


_PLACES = {
    "model": {"README.md": Kind.MODEL_CARD},
    "dataset": {
        "eval.yaml": Kind.BENCHMARK,
        "assay.yaml": Kind.TERMS,
        "README.md": Kind.DATASET_CARD,
    },
}


def file_kind(path: str, repo_type: Literal["model", "dataset"]) -> Kind | None:
    """What a file of a repository is; None for all that Assay does not read.

    Args:
        path: From the repository's root, with `/`.
        repo_type: Of the repository.
    """
    known = _PLACES[repo_type].get(path)
    if known is not None or repo_type == "dataset":
        return known
    if _RESULT_PATH.fullmatch(path):
        return Kind.RESULT
    return Kind.RUN_RECORD if _RECORD_PATH.fullmatch(path) else None


def check_file(kind: Kind, data: bytes, path: str) -> tuple[Finding, ...]:
    """Everything to be said about one file by itself."""
    match kind:
        case Kind.BENCHMARK:
            from assay.formats.benchmark import parse_eval_yaml  # noqa: PLC0415

            return parse_eval_yaml(data, path).findings
        case Kind.TERMS:
            from assay.formats.terms import parse_assay_yaml  # noqa: PLC0415

            return parse_assay_yaml(data, path).findings
        case Kind.RESULT:
            from assay.formats.result import parse_results  # noqa: PLC0415

            file = parse_results(data, path)
            return (*file.findings, *check_results(file))
        case Kind.RUN_RECORD:
            from assay.formats.run_record import parse_run_record  # noqa: PLC0415

            return parse_run_record(data, path)[1]
        case Kind.MODEL_CARD | Kind.DATASET_CARD:
            from assay.formats.card import parse_card  # noqa: PLC0415

            is_model = kind is Kind.MODEL_CARD
            return parse_card(data, path, "model" if is_model else "dataset").findings


def special_entry_finding(path: str, kind: str) -> Finding:
    """The fault of a tree entry that is no plain file where one belongs.

    Args:
        path: From the repository's root.
        kind: What stands there: `symlink`, `submodule` or `folder`; `path` for a bad path.
    """
    if kind == "path":
        return _whole_file(path, BAD_PATH, "no checkout can hold this path")
    names = {"symlink": "a symbolic link", "submodule": "a submodule", "folder": "a folder"}
    return _whole_file(
        path,
        NOT_A_FILE,
        f"{names.get(kind, kind)} stands here",
        expected="a folder of files" if path == ".eval_results" else "a plain file",
        hint="commit the file itself",
    )


def bad_path_finding(path: str) -> Finding | None:
    """The fault of a path that git can store and a checkout cannot hold, or must not."""
    parts = path.split("/")
    is_bad = any(
        part in {"", ".", ".."} or part.casefold().rstrip(" .") in _GIT_NAMES for part in parts
    )
    if is_bad or "\\" in path or any(ord(char) < ord(" ") or char == "\x7f" for char in path):
        return special_entry_finding(path, "path")
    return None


def _whole_file(
    path: str, rule: Rule, message: str, *, expected: str = "", hint: str = ""
) -> Finding:
    return Finding(
        path=path,
        line=0,
        column=0,
        code=rule.code,
        severity=rule.severity,
        where="",
        message=message,
        expected=expected,
        hint=hint,
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a results file is held against; what is None is unknown, and not asked about.

    Attributes:
        records: Run records by digest; None for one that is missing or unreadable.
        model: The repository's name.
        terms: The benchmarks' `assay.yaml` by dataset id.
        tasks: The names of the tasks of benchmarks, by dataset id.
        former: What the repository was called before it was moved.
    """

    records: Mapping[str, RunRecord | None] | None = None
    model: str | None = None
    terms: Mapping[str, AssayFile] | None = None
    tasks: Mapping[str, Collection[str]] | None = None
    former: Collection[str] = ()

    def has_task(self, entry: Entry) -> bool:
        """Whether nothing says that the entry's benchmark has no such task."""
        known = (self.tasks or {}).get(entry.dataset_id)
        return known is None or entry.task_id in known

    def metric(self, entry: Entry) -> Metric | None:
        """The primary metric of the entry's task, where it is known."""
        from assay.formats.terms import terms_for  # noqa: PLC0415

        file = (self.terms or {}).get(entry.dataset_id)
        return terms_for(file, entry.task_id).primary if file and self.has_task(entry) else None


@dataclass(frozen=True, slots=True)
class Doubt:
    """One answer of a check: the entry it is about, and the sentence."""

    entry: Entry
    message: str
    got: str = ""
    expected: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A question asked of every results file.

    Attributes:
        rule: Its code, severity and meaning.
        question: What it asks, for the documentation.
        find: Yields what it doubts.
    """

    rule: Rule
    question: str
    find: Callable[[ResultFile, Surroundings], Iterator[Doubt]]


def check_results(
    file: ResultFile,
    *,
    records: Mapping[str, RunRecord | None] | None = None,
    model: str | None = None,
    terms: Mapping[str, AssayFile] | None = None,
    tasks: Mapping[str, Collection[str]] | None = None,
    former: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Every check of `CHECKS` asked of one results file.

    Args:
        file: The parsed file; its own findings are not repeated.
        records: The run records its entries name, by digest: None for one that is missing or
            unreadable. Without it, nothing is asked about records.
        model: The name of the repository the file lies in, as `namespace/name`.
        terms: The benchmarks' `assay.yaml`, by dataset id.
        tasks: The names that the benchmarks' tasks answer to, by dataset id.
        former: Names that repository had before; a record of then may name it so.
    """
    around = Surroundings(records, model, terms, tasks, former)
    return tuple(
        Finding(
            path=file.path,
            line=doubt.entry.line,
            column=0,
            code=check.rule.code,
            severity=check.rule.severity,
            where=f"[{doubt.entry.index}]",
            message=doubt.message,
            got=doubt.got,
            expected=doubt.expected,
            hint=doubt.hint,
        )
        for check in CHECKS
        for doubt in check.find(file, around)
    )


def _several_values(file: ResultFile, _: Surroundings) -> Iterator[Doubt]:
    first: dict[tuple[str, str], Entry] = {}
    for entry in file.entries:
        key = (entry.dataset_id, entry.task_id)
        earlier = first.setdefault(key, entry)
        if earlier.value != entry.value:
            yield Doubt(
                entry,
                f"a second value for {shorten(entry.dataset_id)} task {shorten(entry.task_id)}",
                got=f"{entry.value_text}, and {earlier.value_text} in line {earlier.line}",
                hint="if both hold, say in notes how the runs differ",
            )


def _outside_bounds(file: ResultFile, around: Surroundings) -> Iterator[Doubt]:
    if not around.terms:
        return
    from assay.formats.terms import bounds_of, bounds_text  # noqa: PLC0415

    for entry in file.entries:
        metric = around.metric(entry)
        if metric is None:
            continue
        low, high = bounds_of(metric.unit, metric.min, metric.max)
        if (low is not None and entry.value < low) or (high is not None and entry.value > high):
            yield Doubt(
                entry,
                f"a value that {metric.id} cannot take",
                got=entry.value_text,
                expected=bounds_text(low, high),
                hint=f"the unit is {metric.unit}" if metric.unit else "",
            )


def _another_scale(file: ResultFile, around: Surroundings) -> Iterator[Doubt]:
    for entry in file.entries if around.terms else ():
        metric = around.metric(entry)
        if metric is not None and metric.unit == "percent" and 0 < entry.value <= 1:
            yield Doubt(
                entry,
                "a value that looks like a proportion where the unit is percent",
                got=entry.value_text,
                expected=f"{entry.value * 100:g} if it is one",
                hint="leave it as it is if the score really is that low",
            )


def _unknown_task(file: ResultFile, around: Surroundings) -> Iterator[Doubt]:
    for entry in file.entries:
        if not around.has_task(entry):
            known = sorted((around.tasks or {})[entry.dataset_id])
            yield Doubt(
                entry,
                f"{shorten(entry.dataset_id)} has no such task: the value will stand on no board",
                got=shorten(entry.task_id),
                expected=shorten(", ".join(known)),
            )


def _record_missing(file: ResultFile, around: Surroundings) -> Iterator[Doubt]:
    for entry in file.entries:
        sha256 = entry.run_record_sha
        if sha256 and around.records is not None and around.records.get(sha256) is None:
            yield Doubt(
                entry,
                "the run record that source.url names is missing or unreadable",
                got=sha256,
                expected=f".eval_results/runs/{sha256}.json",
                hint="add the record in the same commit",
            )


def _record_differs(file: ResultFile, around: Surroundings) -> Iterator[Doubt]:
    for entry in file.entries:
        record = (around.records or {}).get(entry.run_record_sha or "")
        if record is None:
            continue
        for what, got, expected in _differences(entry, record, around):
            yield Doubt(entry, f"the run record names another {what}", got=got, expected=expected)


def _differences(
    entry: Entry, record: RunRecord, around: Surroundings
) -> Iterator[tuple[str, str, str]]:
    """What the record says otherwise: what it is, what the entry says, what the record says."""
    model = around.model
    names = {name.casefold() for name in (model or "", *around.former)}
    if model is not None and (record.model.repo or "").casefold() not in names:
        yield "model", model, record.model.repo or "a model"
    if record.benchmark.id != entry.dataset_id:
        yield "benchmark", entry.dataset_id, record.benchmark.id
    if record.benchmark.task_id != entry.task_id:
        yield "task", entry.task_id, record.benchmark.task_id
    if not any(_states(entry, metric.value) for metric in record.metrics):
        values = ", ".join(str(metric.value) for metric in record.metrics[:5])
        yield "value", entry.value_text, values or "a value"


def _states(entry: Entry, value: float) -> bool:
    """Whether the entry states the value, rounded to the decimals it shows.

    A float written out may be off the decimal it stands for, hence the small allowance.
    """
    text = entry.value_text.lower()
    if not isinstance(resolve(entry.value_text), float) or "e" in text:
        return entry.value == value
    decimals = len(text.partition(".")[2])
    allowance = 0.5 * 10.0**-decimals
    return abs(entry.value - value) <= allowance * (1 + 1e-9)


CHECKS: tuple[Check, ...] = (
    Check(
        Rule(
            "AS601",
            Severity.WARNING,
            "Two values for one dataset and task in one file",
            "two entries for one task: 75.8 and 80.2",
        ),
        "Does the file give one value for each dataset and task?",
        _several_values,
    ),
    Check(
        Rule(
            "AS602",
            Severity.WARNING,
            "A value outside the bounds or the unit that `assay.yaml` declares",
            "value: 140 of max: 100",
        ),
        "Can the primary metric take this value?",
        _outside_bounds,
    ),
    Check(
        Rule(
            "AS607",
            Severity.WARNING,
            "A task that the benchmark does not have",
            "task_id: product, of a benchmark with sums and products",
        ),
        "Does the benchmark, where it is known, have this task?",
        _unknown_task,
    ),
    Check(
        Rule(
            "AS608",
            Severity.WARNING,
            "A value that looks like a proportion where the unit is percent",
            "value: 0.75 of a benchmark in percent",
        ),
        "Is the value in the unit that the benchmark declares?",
        _another_scale,
    ),
    Check(
        Rule(
            "AS603",
            Severity.WARNING,
            "A named run record is missing or unreadable",
            "url: https://hub.example/runs/<64 hex>",
        ),
        "Is the run record there that the entry names?",
        _record_missing,
    ),
    Check(
        Rule(
            "AS604",
            Severity.WARNING,
            "The run record says otherwise than the entry",
            "value: 0.9 of a record of 0.7",
        ),
        "Does the run record name this model, benchmark, task and value?",
        _record_differs,
    ),
)

RULES = (*(check.rule for check in CHECKS), NOT_A_FILE, BAD_PATH)
