"""What repositories made from MTEB's results hold: files and commits, from versions and tasks.

1. A model has one file a task, its entries those of the task: see `core.mteb.result_files`.
2. One commit a submission, with its date, its author and the number of its pull request; it changes
   the files of those tasks whose results it changed.
3. An entry names the dataset and its revision, the file it was read from as it was then, and when
   the model was measured if that is known, else the day of the submission.
4. A dataset has an `eval.yaml` with its tasks, and an `assay.yaml` with what is known of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from assay.core import mteb as rules
from assay.core.mteb import Task
from assay.formats.benchmark import MAX_TASKS
from assay.formats.result import Entry, Source, write_results
from assay.formats.scalar import write_number, write_text
from assay.harness.importers.mteb import Results
from assay.harness.importers.mteb_rows import Submission, Version
from assay.storage.git import Identity

SOURCE_NAME = "MTEB"
FRAMEWORK = "mteb"
ENTRIES_A_FILE = 250
"""Well below the format's limits of 1,000 entries and 256 KiB, at some 500 bytes an entry."""
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One commit: the files that it sets (None: removes), their entries, and its words."""

    files: Mapping[str, bytes | None]
    entries: Mapping[str, int]
    message: str
    author: Identity


def model_steps(
    versions: Sequence[Version], datasets: Mapping[str, str | None], source: str
) -> Iterator[Step]:
    """The commits of a model, the oldest first (rule 2).

    Args:
        versions: Of its results.
        datasets: The dataset of each task; versions of tasks without one are left out.
        source: Where the results are kept.
    """
    brought: dict[tuple[int, str], list[Version]] = {}
    for version in versions:
        brought.setdefault(version.by.order, []).append(version)
    files_of = rules.result_files(version.task for version in versions)
    held: dict[str, list[str]] = {}  # the files of each task so far
    for order in sorted(brought):
        files: dict[str, bytes | None] = {}
        entries: dict[str, int] = {}
        tasks = set()
        for version in brought[order]:
            dataset = datasets[version.task]
            if dataset is None:
                continue
            tasks.add(version.task)
            portions = _portions(files_of[version.task], _entries(version, dataset, source))
            files |= dict.fromkeys(held.get(version.task, ()))
            entries |= dict.fromkeys(held.get(version.task, ()), 0)
            files |= {path: write_results(portion) for path, portion in portions.items()}
            entries |= {path: len(portion) for path, portion in portions.items()}
            held[version.task] = list(portions)
        if files:
            by = brought[order][0].by
            yield Step(files, entries, _message(by, len(tasks), source), _identity(by))


def _portions(file: str, entries: list[Entry]) -> dict[str, list[Entry]]:
    """The entries of a task by their file: `FILE.yaml`, then `FILE~2.yaml` and so on."""
    return {
        f"{file}{f'~{start // ENTRIES_A_FILE + 1}' if start else ''}.yaml": entries[
            start : start + ENTRIES_A_FILE
        ]
        for start in range(0, len(entries), ENTRIES_A_FILE)
    }


def _message(by: Submission, tasks: int, source: str) -> str:
    number = f" (#{by.pull})" if by.pull is not None else ""
    came = f"pull request {by.pull}, " if by.pull is not None else ""
    counted = "1 task" if tasks == 1 else f"{tasks} tasks"
    return (
        f"MTEB results of {counted}{number}\n\nSubmitted to {source} by {came}commit\n{by.commit}\n"
    )


def _identity(by: Submission) -> Identity:
    place = "users.noreply.github.com" if by.has_handle else "authors.invalid"
    return Identity(by.author, f"{by.author}@{place}", by.when_s, by.offset_min)


def registry_identity(by: Submission) -> Identity:
    """Who is named for what MTEB as a whole says, at the time of a submission."""
    return Identity(SOURCE_NAME, "mteb@authors.invalid", by.when_s, by.offset_min)


def _entries(version: Version, dataset: str, source: str) -> list[Entry]:
    """The entries of a version: that of the task, then those of its splits and subsets."""
    said = {
        "dataset_id": dataset,
        "dataset_revision": version.dataset_revision or None,
        "date": _date(version),
        "source": Source(
            f"{source}/blob/{quote(version.blob)}/{quote(version.path)}",
            SOURCE_NAME,
            version.by.author,
        ),
    }
    values = [] if version.value is None else [(version.task, version.value, version.scores)]
    values += [
        (rules.subset_task(version.task, subset, split), score, 1)
        for split, subset, score in version.parts
    ]
    return [
        Entry(
            task_id=task,
            value=value,
            value_text=write_number(value),
            notes=_notes(version, scores),
            **said,  # type: ignore[arg-type]  # each of its own type
        )
        for task, value, scores in values
    ]


def _date(version: Version) -> str:
    if version.evaluated_s is None:
        return version.by.day
    return f"{datetime.fromtimestamp(int(version.evaluated_s), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _notes(version: Version, scores: int) -> str | None:
    """What the format has no field for: which revision of the model, by which mteb, over what."""
    notes = [f"mteb {version.mteb_version}"] if version.mteb_version else []
    if version.model_revision not in rules.NO_REVISION:
        notes.append(f"model revision {version.model_revision[:_SHORT]}")
    if scores > 1:
        notes.append(f"mean over {scores} splits and subsets")
    return ", ".join(notes) or None


@dataclass(frozen=True, slots=True)
class Listed:
    """A task as a dataset's files list it."""

    id: str
    splits: tuple[str, ...]
    metric: str | None
    range: rules.Range


def list_tasks(
    names: Iterable[str], tasks: Mapping[str, Task], results: Results
) -> tuple[list[Listed], int]:
    """The tasks of a dataset; and how many splits and subsets are too many to be listed."""
    whole, parts = [], []
    for name in sorted(names):
        task = tasks.get(name) or Task(name, None, None, ())
        what = rules.range_of(task.metric)
        if not rules.obeys(what, *results.ranges.get(name, (0.0, 0.0))):
            what = rules.Range()
        whole.append(Listed(name, task.splits, task.metric, what))
        parts += [
            Listed(rules.subset_task(name, subset, split), (split,), task.metric, what)
            for split, subset in results.keys.get(name, ())
        ]
    ids = {listed.id for listed in whole}
    parts = [listed for listed in parts if listed.id not in ids]
    too_many = len(whole) + len(parts) > MAX_TASKS
    return ([*whole], len(parts)) if too_many else ([*whole, *parts], 0)


def dataset_step(dataset: str, listed: Sequence[Listed], by: Submission) -> Step:
    """The one commit of a dataset (rule 4), dated by a submission.

    Args:
        dataset: Its name.
        listed: Its tasks.
        by: The first submission with results of it.
    """
    name = listed[0].id if len(listed) == 1 else dataset.partition("/")[2]
    spec = [f"name: {write_text(name)}", f"evaluation_framework: {FRAMEWORK}", "tasks:"]
    terms = []
    for task in listed:
        spec.append(f"  - id: {write_text(task.id)}")
        if task.splits:
            spec.append(f"    split: {write_text('+'.join(task.splits))}")
        terms += _terms(task)
    files: dict[str, bytes | None] = {"eval.yaml": "\n".join([*spec, ""]).encode()}
    if terms:
        files["assay.yaml"] = "\n".join(["tasks:", *terms, ""]).encode()
    counted = "1 task" if len(listed) == 1 else f"{len(listed)} tasks"
    author = registry_identity(by)
    return Step(files, {}, f"Register {counted} of MTEB\n", author)


def _terms(task: Listed) -> list[str]:
    """The lines of a task in assay.yaml; none where nothing is known."""
    if task.metric is None:
        return []
    bounds = {"unit": task.range.unit, "min": task.range.low, "max": task.range.high}
    return [
        f"  {write_text(task.id)}:",
        "    metrics:",
        f"      - id: {write_text(task.metric)}",
        "        direction: higher",
        *(
            f"        {key}: {value if isinstance(value, str) else write_number(value)}"
            for key, value in bounds.items()
            if value is not None
        ),
        "        primary: true",
    ]
