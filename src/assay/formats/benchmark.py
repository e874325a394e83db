"""Benchmarks: `eval.yaml` at the root of a dataset repository.

Two verdicts. *Valid*: a hub can show the benchmark.
1. The file is a mapping with a `name` and at least one task; each task has an `id` of its own.
2. No string in the arguments of a solver or scorer may be read by Inspect as a file or an address.
3. In a spec for Inspect no plain scalar may be ambiguous: Inspect reads YAML 1.1.
4. All else is a warning or information: an unknown framework, unknown keys, `scores` for `scorers`.
*Runnable*: Inspect itself would load it (`assay.formats.inspect_task`).

What `assay.yaml` adds (`assay.formats.terms`) is imported here too: readers want both together.
"""

from __future__ import annotations

import hashlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from assay.formats.document import AMBIGUOUS, Items, Node, Scalar, parse_document, show
from assay.formats.finding import Finding, Severity, has_errors
from assay.formats.getter import FieldReader, read_fields
from assay.formats.hostile import find_hostile
from assay.formats.inspect_task import TASK_KEYS, find_fault
from assay.formats.rule import Findings, Rule, shorten
from assay.formats.scalar import Json
from assay.formats.terms import AssayFile, Metric, TaskTerms, parse_assay_yaml, terms_for

__all__ = [
    "AssayFile",
    "Metric",
    "Part",
    "Runnable",
    "Spec",
    "SpecFile",
    "TaskSpec",
    "TaskTerms",
    "Use",
    "frameworks",
    "parse_assay_yaml",
    "parse_eval_yaml",
    "terms_for",
    "used_models_and_tools",
]

MAX_TASKS = 1_000
INSPECT = "inspect-ai"
DEFAULT_SPLIT = "test"

NOT_A_SPEC = Rule("AS201", Severity.ERROR, "eval.yaml is not a mapping", "- name: GSM8K")
NO_NAME = Rule("AS202", Severity.ERROR, "A benchmark without a `name`", "tasks: [{id: main}]")
NO_TASKS = Rule("AS203", Severity.ERROR, "No list of tasks, or an empty one", "tasks: []")
NOT_A_TASK = Rule("AS204", Severity.ERROR, "A task that is not a mapping", "tasks: [gsm8k]")
NO_TASK_ID = Rule("AS205", Severity.ERROR, "A task without an `id`", "tasks: [{split: test}]")
DUPLICATE_TASK = Rule(
    "AS206", Severity.ERROR, "Two tasks with one `id`", "tasks: [{id: a}, {id: a}]"
)
NO_FRAMEWORK = Rule(
    "AS207", Severity.WARNING, "No `evaluation_framework`", "{name: N, tasks: [{id: a}]}"
)
UNKNOWN_FRAMEWORK = Rule(
    "AS208",
    Severity.WARNING,
    "An `evaluation_framework` not on our list",
    "evaluation_framework: inspect_ai",
)
NOT_RUNNABLE = Rule(
    "AS209",
    Severity.WARNING,
    "A spec for Inspect that Inspect would not load",
    "solvers: [{name: my_solver}]",
)
UNKNOWN_TASK_KEY = Rule(
    "AS210",
    Severity.WARNING,
    "A key of a task that Inspect does not know",
    "tasks: [{id: a, metrics: [eer]}]",
)
UNKNOWN_SPEC_KEY = Rule(
    "AS211", Severity.INFO, "A top-level key the format does not know", "license: mit"
)
MISNAMED_SCORERS = Rule(
    "AS212",
    Severity.WARNING,
    "`scores` or `scorer` where `scorers` is meant; read as that",
    "scores: [{name: match}]",
)
WRONG_KIND = Rule("AS213", Severity.WARNING, "A field of the wrong kind", "epochs: four")
HOSTILE_ARGUMENT = Rule(
    "AS214",
    Severity.ERROR,
    "A solver or scorer argument that is an address or looks like a path",
    "template: /etc/passwd",
)
AMBIGUOUS_FOR_INSPECT = Rule(
    "AS215",
    Severity.ERROR,
    "In a spec for Inspect, a plain scalar that YAML 1.1 and 1.2 read differently",
    "config: no",
)
TOO_MANY_TASKS = Rule(
    "AS216", Severity.ERROR, f"More than {MAX_TASKS:,} tasks", "a list of 1,001 tasks"
)

RULES = (
    NOT_A_SPEC,
    NO_NAME,
    NO_TASKS,
    NOT_A_TASK,
    NO_TASK_ID,
    DUPLICATE_TASK,
    NO_FRAMEWORK,
    UNKNOWN_FRAMEWORK,
    NOT_RUNNABLE,
    UNKNOWN_TASK_KEY,
    UNKNOWN_SPEC_KEY,
    MISNAMED_SCORERS,
    WRONG_KIND,
    HOSTILE_ARGUMENT,
    AMBIGUOUS_FOR_INSPECT,
    TOO_MANY_TASKS,
)

SPEC_KEYS = ("name", "description", "evaluation_framework", "tasks")
_SCORERS_ALIASES = ("scores", "scorer")
GRADERS = ("model_graded_qa", "model_graded_fact", "self_critique")
EVALUATED_MODEL = "(the evaluated model)"


@dataclass(frozen=True)
class Part:
    """A solver or a scorer: its name and arguments as written, and whatever else stands there."""

    name: str
    args: Mapping[str, Json]
    line: int


@dataclass(frozen=True)
class TaskSpec:
    """One task of a benchmark.

    Attributes:
        config: The dataset's configuration; None for its default.
        line: 1-based.
        field_spec: Sample fields to dataset columns; None when not given.
        raw: The whole task as JSON values, unknown keys included.
    """

    id: str
    config: str | None
    split: str
    line: int
    field_spec: Mapping[str, Json] | None
    solvers: tuple[Part, ...]
    scorers: tuple[Part, ...]
    shuffle_choices: bool | None
    epochs: int
    epoch_reducer: str | None
    raw: Mapping[str, Json]


@dataclass(frozen=True)
class Spec:
    """One benchmark. `extra` holds unknown top-level keys as JSON values."""

    name: str
    description: str | None
    framework: str | None
    tasks: tuple[TaskSpec, ...]
    extra: Mapping[str, Json]

    def find_task(self, task_id: str) -> TaskSpec | None:
        """The task of that id."""
        return next((task for task in self.tasks if task.id == task_id), None)


@dataclass(frozen=True, slots=True)
class Runnable:
    """Whether Inspect's own model would load the spec; if not, `reason` says why."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True)
class SpecFile:
    """One `eval.yaml`.

    Attributes:
        spec: None when there is no name or no good task; else the good tasks, even when `findings`
            holds errors.
        spec_sha256: Of the file's bytes, in hex.
    """

    spec: Spec | None
    findings: tuple[Finding, ...]
    runnable: Runnable
    spec_sha256: str

    @property
    def is_valid(self) -> bool:
        """Whether a push may bring it."""
        return not has_errors(self.findings)


def parse_eval_yaml(data: bytes, path: str) -> SpecFile:
    """Read an `eval.yaml`; faults are findings, never exceptions."""
    findings = Findings(path)
    root = parse_document(data, findings)
    runnable = Runnable(ok=False, reason="the file cannot be read")
    spec = None
    if root is not None:
        fault = find_fault(root)
        runnable = Runnable(ok=fault is None, reason=str(fault or ""))
        reader = read_fields(root, "", findings, NOT_A_SPEC)
        spec = _find_spec(reader, runnable) if reader else None
    found = findings.found()
    if spec is not None and spec.framework == INSPECT:
        found = tuple(_for_inspect(finding) for finding in found)
    return SpecFile(spec, found, runnable, hashlib.sha256(data).hexdigest())


def _for_inspect(finding: Finding) -> Finding:
    """Rule 3."""
    if finding.code != AMBIGUOUS.code:
        return finding
    rule = AMBIGUOUS_FOR_INSPECT
    return replace(finding, code=rule.code, severity=rule.severity, hint="quote it")


def _find_spec(reader: FieldReader, runnable: Runnable) -> Spec | None:
    name = reader.text("name", WRONG_KIND)
    if not name:
        reader.add(NO_NAME, "name is missing", "name", expected="the benchmark's name")
    framework = _framework(reader)
    tasks = _tasks(reader)
    extra = reader.unknown(SPEC_KEYS)
    for key in extra:
        reader.add(UNKNOWN_SPEC_KEY, f"{shorten(key)} is no key of this format; it is kept", key)
    if framework == INSPECT and not runnable.ok:
        message = f"Inspect would not load this spec: {runnable.reason}"
        reader.add(NOT_RUNNABLE, message, "evaluation_framework")
    description = reader.text("description", WRONG_KIND)
    return Spec(name, description, framework, tasks, extra) if name and tasks else None


@cache
def frameworks() -> frozenset[str]:
    """The names of evaluation frameworks we know: data of this package, not a gate."""
    data = pkgutil.get_data("assay.formats", "frameworks.txt") or b""
    return frozenset(line for line in data.decode().splitlines() if not line.startswith("#"))


def _framework(reader: FieldReader) -> str | None:
    key = "evaluation_framework"
    framework = reader.text(key, WRONG_KIND)
    if not framework:
        reader.add(NO_FRAMEWORK, f"{key} is missing", key, hint=f"for example {key}: {INSPECT}")
    elif framework not in frameworks():
        reader.add(
            UNKNOWN_FRAMEWORK,
            "an evaluation framework we do not know",
            key,
            got=shorten(framework),
            hint=_did_you_mean(framework),
        )
    return framework or None


def _did_you_mean(framework: str) -> str:
    import difflib  # noqa: PLC0415 - 10 ms that only a typing error needs

    near = difflib.get_close_matches(framework[:100].lower(), sorted(frameworks()), 1)
    return f"did you mean {near[0]}?" if near else ""


def _tasks(reader: FieldReader) -> tuple[TaskSpec, ...]:
    node = reader.node("tasks")
    if not isinstance(node, Items) or not node.items:
        message = "tasks is missing" if node is None else "tasks is not a list of tasks"
        hint = "the key is tasks, a list" if "task" in reader else ""
        reader.add(NO_TASKS, message, "tasks", got=show(node), expected="a list", hint=hint)
        return ()
    if len(node.items) > MAX_TASKS:
        reader.add(TOO_MANY_TASKS, "too many tasks", "tasks", got=f"{len(node.items):,}")
        return ()
    tasks: dict[str, TaskSpec] = {}
    for index, item in enumerate(node.items):
        task_reader = read_fields(item, f"tasks[{index}]", reader.findings, NOT_A_TASK)
        task = _find_task(task_reader) if task_reader else None
        if task is not None and task_reader is not None and task.id in tasks:
            message = f"the id {shorten(task.id)!r} occurs twice"
            task_reader.add(DUPLICATE_TASK, message, "id", hint="each task needs its own")
        elif task is not None:
            tasks[task.id] = task
    return tuple(tasks.values())


def _find_task(reader: FieldReader) -> TaskSpec | None:
    task_id = reader.text("id", WRONG_KIND)
    if not task_id:
        hint = "rename name to id" if "name" in reader else ""
        reader.add(NO_TASK_ID, "a task without an id", "id", expected="text", hint=hint)
    scorers_key = _scorers_key(reader)
    for key in reader.unknown((*TASK_KEYS, scorers_key)):
        hint = "keys of your own go to the top level" if "solvers" in reader else ""
        reader.add(UNKNOWN_TASK_KEY, f"{shorten(key)} is no key of a task", key, hint=hint)
    fields = reader.child("field_spec", WRONG_KIND)
    task = TaskSpec(
        id=task_id or "",
        config=reader.text("config", WRONG_KIND),
        split=reader.text("split", WRONG_KIND) or DEFAULT_SPLIT,
        line=reader.line,
        field_spec=fields.unknown(()) if fields else None,
        solvers=tuple(_parts(reader, "solvers")),
        scorers=tuple(_parts(reader, scorers_key)),
        shuffle_choices=reader.boolean("shuffle_choices", WRONG_KIND),
        epochs=reader.integer("epochs", WRONG_KIND) or 1,
        epoch_reducer=reader.text("epoch_reducer", WRONG_KIND),
        raw=reader.unknown(()),
    )
    return task if task_id else None


def _scorers_key(reader: FieldReader) -> str:
    if "scorers" not in reader:
        for key in _SCORERS_ALIASES:
            if key in reader:
                message = f"{key} is read as scorers"
                reader.add(MISNAMED_SCORERS, message, key, hint="rename it to scorers")
                return key
    return "scorers"


def _parts(reader: FieldReader, key: str) -> Iterator[Part]:
    """Solvers or scorers; one of no name is a fault, as is a hostile argument."""
    for part in reader.children(key, WRONG_KIND):
        args = part.child("args", WRONG_KIND)
        if args is not None:
            for name in args:
                _check_argument(args, name, args.node(name))
        name_node = part.node("name")
        if isinstance(name_node, Scalar):
            yield Part(name_node.text, args.unknown(()) if args else {}, part.line)
        else:
            part.add(WRONG_KIND, "a name is missing", "name", got=show(name_node), expected="text")


def _check_argument(args: FieldReader, name: str, node: Node | None) -> None:
    found = find_hostile(name, node) if node is not None else None
    if found is not None:
        scalar, reason = found
        args.add(
            HOSTILE_ARGUMENT,
            f"an argument that {reason}",
            name,
            got=shorten(repr(scalar.text)),
            expected="the text itself",
            hint="Inspect would read the file or the address: write the text out",
        )


@dataclass(frozen=True, slots=True)
class Use:
    """A model or a tool that a task would use.

    Attributes:
        kind: `model` or `tool`.
        name: As written; `(the evaluated model)` when a judge names none.
        by: The solver or scorer that uses it.
    """

    kind: str
    name: str
    by: str


def used_models_and_tools(task: TaskSpec) -> tuple[Use, ...]:
    """What a run of the task would use beside the evaluated model, for the runner to show.

    Text arguments and those nested in lists and mappings count; nothing is looked up.
    """
    uses: list[Use] = []
    for part in (*task.solvers, *task.scorers):
        models = list(_texts(part.args.get("model")))
        if not models and part.name in GRADERS:
            models = [EVALUATED_MODEL]
        uses += [Use("model", model, part.name) for model in models]
        if part.name == "use_tools":
            named = [text for value in part.args.values() for text in _texts(value)]
            uses += [Use("tool", tool, part.name) for tool in named or ["(unnamed)"]]
    return tuple(dict.fromkeys(uses))


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for item in value.values():
                yield from _texts(item)
        case _:
            return
