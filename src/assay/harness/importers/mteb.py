"""MTEB's results as tables: one row a file, split and subset; and the history of scores.

What counts and what it comes to is `assay.core.mteb`. What comes out is, for each model, a version
for each time that a task's value was given.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assay.core import mteb as rules
from assay.core.mteb import Task
from assay.errors import InvalidError, NotFoundError
from assay.harness.importers.columns import MISSING, Table, read_table
from assay.harness.importers.mteb_history import History
from assay.harness.importers.mteb_rows import (
    NUMBERS,
    TEXTS,
    Key,
    Rows,
    Submission,
    Version,
    submission,
)


@dataclass(frozen=True, slots=True)
class Results:
    """All that the tables say.

    Attributes:
        models: Versions by model, those of a task in the order of time.
        left_out: How many files (of the history: tasks of a model) were left out, by reason.
        ranges: The lowest and highest score of each task.
        keys: The splits and subsets of each task; empty unless they were asked for.
        tasks: Every task that was measured, sorted.
        newest: The newest submission.
        source: Where the results are kept.
        rows: How many rows there are.
    """

    models: dict[str, list[Version]]
    left_out: Counter[str]
    ranges: dict[str, tuple[float, float]]
    keys: dict[str, list[Key]]
    tasks: list[str]
    newest: Submission
    source: str
    rows: int


def read_tasks(path: Path) -> dict[str, Task]:
    """Read the task registry: `{"tasks": [{name, main_score, dataset, eval_splits}, …]}`.

    Raises:
        NotFoundError: There is no such file.
        InvalidError: It is something else.
    """
    tasks = {}
    for item in _read_list(path, "tasks"):
        name, splits = item.get("name"), item.get("eval_splits")
        if not isinstance(name, str) or not isinstance(splits, list):
            raise InvalidError(
                f"{path}: a task without name or eval_splits", hint="expected mteb's task registry"
            )
        tasks[name] = Task(name, item.get("main_score"), item.get("dataset"), tuple(splits))
    return tasks


def read_main_revisions(path: Path) -> dict[str, str]:
    """Read the model registry: which revision of each model is its main one.

    Raises:
        NotFoundError: There is no such file.
        InvalidError: It is something else.
    """
    found = ((item.get("name"), item.get("revision")) for item in _read_list(path, "models"))
    return {name: revision for name, revision in found if name and revision}


def _read_list(path: Path, key: str) -> list[dict[str, Any]]:
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}", hint="name a JSON file")
    try:
        found = list(json.loads(path.read_bytes())[key])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidError(
            f"{path}: expected JSON with a list '{key}'", hint="see docs/importing.md"
        ) from error
    if not all(isinstance(item, dict) for item in found):
        raise InvalidError(
            f"{path}: an item of '{key}' is no mapping", hint="see docs/importing.md"
        )
    return found


def read_results(
    path: Path,
    tasks: Mapping[str, Task],
    main_revisions: Mapping[str, str],
    *,
    with_parts: bool = False,
    history: Path | None = None,
) -> Results:
    """Read the results, and the versions they had before.

    Args:
        path: The table of results.
        tasks: The task registry.
        main_revisions: Which revision of a model its registry names.
        with_parts: Whether single splits and subsets are wanted too.
        history: The table of earlier scores, if there is one.

    Raises:
        NotFoundError: There is no such file.
        InvalidError: A file is something else, or has no rows.
        UnavailableError: pyarrow is not installed.
    """
    table = read_table(path, TEXTS, NUMBERS)
    rows = Rows(table, tasks)
    if not len(rows.start):
        raise InvalidError(f"{path} has no rows", hint="there is nothing to import")
    left_out = Counter({rules.EXPERIMENT: _experiments(table)})
    chosen = rows.choose(main_revisions, left_out)
    complete = rows.complete(tasks, chosen, left_out)
    submissions = _Submissions(rows)
    before = History(history, submissions.handles, main_revisions) if history else None
    models: dict[str, list[Version]] = {}
    for file in chosen:
        if not (complete[file] or with_parts):
            continue
        model = rows.text("model_name", file) or ""
        head = _head(rows, file, submissions.of(file), with_history=before is not None)
        if not complete[file]:
            head = replace(head, value=None)
        versions = [head]
        if before is not None and complete[file] and before.has(model, head.task):
            versions = before.versions(model, head, rows.parts(file))
        elif with_parts:
            versions = [replace(head, parts=rows.parts(file))]
        kept = [version for version in versions if version.value is not None or version.parts]
        if not kept:
            continue
        models.setdefault(model, []).extend(
            replace(version, parts=()) if version.parts and not with_parts else version
            for version in kept
        )
    return Results(
        models=models,
        left_out=+(left_out + (before.left_out if before else Counter())),
        ranges=rows.ranges(chosen),
        keys=rows.keys_of_tasks(chosen) if with_parts else {},
        tasks=sorted(table.texts["task_name"].values),
        newest=submissions.newest,
        source=table.notes.get("source", rules.RESULTS_URL),
        rows=table.rows,
    )


def _experiments(table: Table) -> int:
    """How many files are experiments."""
    here = table.texts["experiment"].codes != MISSING
    return len(set(table.texts["path"].codes[here].tolist()))


class _Submissions:
    """The submissions that brought files; `handles` knows of a commit who is known by name."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._known: dict[str, Submission] = {}
        self.handles = {
            rows.text("first_commit", file) or "": handle
            for file in range(len(rows.start))
            if (handle := rows.text("author_handle", file)) is not None
        }
        for file in range(len(rows.start)):
            self.of(file)
        self.newest = max(self._known.values(), key=lambda one: one.order)

    def of(self, file: int) -> Submission:
        """The one that brought a file."""
        commit = self._rows.text("first_commit", file) or ""
        known = self._known.get(commit)
        if known is None:
            known = self._known[commit] = submission(
                commit,
                self._rows.text("commit_date", file) or "",
                self._rows.text("author_hash", file) or "unknown",
                self.handles.get(commit),
                self._rows.number("pr_number", file),
            )
        return known


def _head(rows: Rows, file: int, by: Submission, *, with_history: bool) -> Version:
    """What a file says now."""
    scores = rows.scores(file)
    value = (
        None if not scores else scores[0] if len(scores) == 1 else math.fsum(scores) / len(scores)
    )
    # Without the history nobody knows what a file said that was changed later.
    unseen = not with_history and bool(rows.number("n_modified", file))
    return Version(
        task=rows.text("task_name", file) or "",
        value=None if value is not None and math.isnan(value) else value,
        scores=len(scores),
        parts=(),
        by=by,
        blob=(rows.text("last_commit", file) or by.commit) if unseen else by.commit,
        path=rows.text("path", file) or "",
        model_revision=rows.text("model_revision", file) or "",
        dataset_revision=rows.text("dataset_revision", file),
        mteb_version=rows.text("mteb_version", file),
        evaluated_s=_seconds(rows.text("result_date", file)),
    )


def _seconds(text: str | None) -> float | None:
    """A date as result files give it, in seconds since the epoch; None for what is none."""
    try:
        found = float(text) if text else math.nan
    except ValueError:
        return None
    return found if 0 <= found < 2**33 else None
