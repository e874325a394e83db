"""The history of MTEB's scores: what a task's value was before, from submission to submission.

The table has every version of those scores that were not always the same; of the others the
present one is that of all times.

1. Of the file that counts now, a version is what its scores were after each submission that changed
   one of them, from the first at which all of them were there.
2. Before that file came, another one may have said something: it speaks if the table has all scores
   that the task's value is made of, and until a file counts more (`assay.core.mteb`, rule 2).
3. The last version is what the results say now. Where the history ends with something else, the
   last change was not in it; that is counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from assay.core.mteb import file_rank
from assay.harness.importers.columns import read_table
from assay.harness.importers.mteb_rows import Key, Submission, Version, submission

DISAGREES = "the history ends with another value than the results have"
PARTLY = "an earlier file of a task is in the history with some of its scores only"
NOBODY = "the history is of a model and task without a value"
_TEXTS = (
    "model_name",
    "task_name",
    "split",
    "subset",
    "model_revision",
    "commit",
    "commit_date",
    "author_hash",
    "mteb_version",
    "dataset_revision",
    "path",
)
_NUMBERS = ("main_score", "pr_number")
_SAME = 1e-9
"""Results are rounded to six digits and more: smaller differences are of no number in a file."""


@dataclass(slots=True)
class _File:
    """What the history has of one file: the versions of each score, with what brought them."""

    path: str
    revision: str
    scores: dict[Key, list[tuple[Submission, float]]]
    rows: dict[str, int]
    """A row for each commit, for what it says beside the score."""


class History:
    """The history by model and task.

    Args:
        path: The table.
        handles: Handles of those commits whose author is known by one.
        main_revisions: Which revision of a model its registry names.
    """

    def __init__(
        self, path: Path, handles: Mapping[str, str], main_revisions: Mapping[str, str]
    ) -> None:
        self._table = read_table(path, _TEXTS, _NUMBERS)
        self._handles, self._main = handles, main_revisions
        self._submissions: dict[str, Submission] = {}
        self._rows: dict[tuple[str, str], list[int]] = {}
        models, tasks = (self._table.texts[name] for name in ("model_name", "task_name"))
        pairs = zip(models.codes.tolist(), tasks.codes.tolist(), strict=True)
        for row, (model, task) in enumerate(pairs):
            self._rows.setdefault((models.values[model], tasks.values[task]), []).append(row)
        self._used = 0
        self._counted: Counter[str] = Counter()

    @property
    def left_out(self) -> Counter[str]:
        """What could not be told, by reason, once all versions were asked for."""
        return self._counted + Counter({NOBODY: len(self._rows) - self._used})

    def has(self, model: str, task: str) -> bool:
        """Whether there is anything of a model and task."""
        return (model, task) in self._rows

    def versions(
        self, model: str, head: Version, parts: tuple[tuple[str, str, float], ...]
    ) -> list[Version]:
        """All versions of what counts now, the oldest first.

        Args:
            model: Its name.
            head: What the results say now.
            parts: The (split, subset, score) that its value is made of.
        """
        self._used += 1
        now = {(split, subset): score for split, subset, score in parts}
        files = self._files(self._rows[model, head.task])
        own = files.pop(head.path, None)
        found = self._of_others(model, head, now, list(files.values()))
        last = replace(head, parts=parts)
        if own is not None:
            found += self._of_file(head, now, own)
        if not found or found[-1].path != head.path:
            return _changes([*found, last])
        ended = found.pop()
        if abs((ended.value or 0.0) - (head.value or 0.0)) > _SAME:
            self._counted[DISAGREES] += 1
        return _changes([*found, replace(last, by=ended.by, blob=ended.blob)])

    def _files(self, rows: list[int]) -> dict[str, _File]:
        texts = self._table.texts
        files: dict[str, _File] = {}
        for row in rows:
            path = texts["path"].at(row) or ""
            file = files.get(path)
            if file is None:
                revision = texts["model_revision"].at(row) or ""
                file = files[path] = _File(path, revision, {}, {})
            by = self._submission(row)
            key = texts["split"].at(row) or "", texts["subset"].at(row) or ""
            score = float(self._table.numbers["main_score"][row])
            file.scores.setdefault(key, []).append((by, score))
            file.rows[by.commit] = row
        for file in files.values():
            for versions in file.scores.values():
                versions.sort(key=lambda version: version[0].order)
        return files

    def _submission(self, row: int) -> Submission:
        texts = self._table.texts
        commit = texts["commit"].at(row) or ""
        known = self._submissions.get(commit)
        if known is None:
            known = self._submissions[commit] = submission(
                commit,
                texts["commit_date"].at(row) or "",
                texts["author_hash"].at(row) or "unknown",
                self._handles.get(commit),
                float(self._table.numbers["pr_number"][row]),
            )
        return known

    def _of_file(self, head: Version, now: Mapping[Key, float], file: _File) -> list[Version]:
        """Rule 1: what is not in the history was always as it is now."""
        changes = {by.order: by for versions in file.scores.values() for by, _ in versions}
        changes[head.by.order] = head.by
        return [
            version
            for order in sorted(changes)
            if order >= head.by.order
            and (version := self._at(head, now, file, changes[order])) is not None
        ]

    def _of_others(
        self, model: str, head: Version, now: Mapping[Key, float], files: list[_File]
    ) -> list[Version]:
        """Rule 2."""
        told = [file for file in files if now.keys() <= file.scores.keys()]
        self._counted[PARTLY] += len(files) - len(told)
        found: list[tuple[Submission, int, Version]] = []
        for file in told:
            rank, _ = file_rank(file.revision, None, self._main.get(model))
            changes = {by.order: by for versions in file.scores.values() for by, _ in versions}
            for order in sorted(changes):
                version = self._at(head, now, file, changes[order])
                if version is not None and order < head.by.order:
                    found.append((changes[order], rank, version))
        found.sort(key=lambda one: one[0].order)
        shown: list[Version] = []
        highest = None
        for _, rank, version in found:
            if highest is None or rank >= highest:
                shown.append(version)
                highest = rank
        return shown

    def _at(
        self, head: Version, now: Mapping[Key, float], file: _File, by: Submission
    ) -> Version | None:
        """What a file said after a submission; None while a score was missing or is no number."""
        parts = []
        for key in sorted(now):
            score: float | None = None if key in file.scores else now[key]
            for earlier, value in file.scores.get(key, ()):
                if earlier.order <= by.order:
                    score = value
            if score is None or not math.isfinite(score):
                return None
            parts.append((*key, score))
        row = file.rows.get(by.commit)
        texts = self._table.texts
        said = head if row is None else None
        scores = [score for _, _, score in parts]
        return Version(
            task=head.task,
            value=scores[0] if len(scores) == 1 else math.fsum(scores) / len(scores),
            scores=len(scores),
            parts=tuple(parts),
            by=by,
            blob=by.commit,
            path=file.path,
            model_revision=file.revision,
            dataset_revision=said.dataset_revision
            if said
            else texts["dataset_revision"].at(row or 0),
            mteb_version=said.mteb_version if said else texts["mteb_version"].at(row or 0),
            evaluated_s=None,
        )


def _changes(versions: list[Version]) -> list[Version]:
    """Versions without those that say what the one before said, each commit's last."""
    kept: list[Version] = []
    for version in versions:
        if kept and kept[-1].by.order == version.by.order:
            kept.pop()
        before = kept[-1] if kept else None
        if before is None or (before.value, before.parts, before.path) != (
            version.value,
            version.parts,
            version.path,
        ):
            kept.append(version)
    return kept
