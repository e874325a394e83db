"""The rows of MTEB's results as columns, and the rules of `assay.core.mteb` applied to them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from assay.core import mteb as rules
from assay.core.mteb import Task
from assay.errors import InvalidError
from assay.harness.importers.columns import MISSING, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_SUBSET = "default"
TEXTS = (
    "model_name",
    "model_revision",
    "experiment",
    "task_name",
    "dataset_revision",
    "split",
    "subset",
    "mteb_version",
    "path",
    "first_commit",
    "last_commit",
    "author_hash",
    "author_handle",
    "commit_date",
    "result_date",
)
NUMBERS = ("main_score", "n_modified", "pr_number")
Key = tuple[str, str]
"""A split and a subset."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A commit of the results repository.

    Attributes:
        commit: Its id.
        when_s: Its date, seconds since the epoch.
        offset_min: How many minutes the clock there was ahead of UTC.
        day: The date there, `YYYY-MM-DD`.
        author: A handle, or a hash of the address.
        has_handle: Which of them.
        pull: The number of the pull request it came by.
    """

    commit: str
    when_s: int
    offset_min: int
    day: str
    author: str
    has_handle: bool
    pull: int | None

    @property
    def order(self) -> tuple[int, str]:
        """Submissions sorted by this are in the order of time."""
        return self.when_s, self.commit


def submission(
    commit: str, date: str, author: str, handle: str | None, pull: float | None
) -> Submission:
    """A submission from what a row says.

    Raises:
        InvalidError: The date is none.
    """
    try:
        when = datetime.fromisoformat(date)
        when_s, offset = int(when.timestamp()), when.utcoffset()
    except (ValueError, OverflowError) as error:
        raise InvalidError(
            f"the date of commit {commit[:40]}: got {date[:60]!r}, expected ISO 8601 with an offset"
        ) from error
    return Submission(
        commit,
        max(when_s, 0),
        int(offset.total_seconds()) // 60 if offset is not None else 0,
        f"{when:%Y-%m-%d}",
        handle or author,
        handle is not None,
        int(pull) if pull is not None and math.isfinite(pull) else None,
    )


@dataclass(frozen=True, slots=True)
class Version:
    """What a model's results said of a task from one submission on.

    Attributes:
        task: Its name.
        value: The mean over its splits and subsets; None where there is none.
        scores: How many scores it is the mean of.
        parts: (split, subset, score), if they were asked for.
        by: What brought it.
        blob: The commit at which the file says so; that of `by` unless it was changed unseen.
        path: The file.
        model_revision: As the file's folder is called.
        dataset_revision: As the file says.
        mteb_version: As the file says.
        evaluated_s: When it was measured, seconds since the epoch, where the file says so.
    """

    task: str
    value: float | None
    scores: int
    parts: tuple[tuple[str, str, float], ...]
    by: Submission
    blob: str
    path: str
    model_revision: str
    dataset_revision: str | None
    mteb_version: str | None
    evaluated_s: float | None


class Rows:
    """The table in the order of its files, without experiments.

    Attributes:
        table: The table itself.
        order: Which of its rows each of ours is.
        start: Our first row of each file.
        size: How many rows each file has.
        file: The file of each row.
        task: The code of each row's task.
        key: A code for each row's split and subset.
        score: Each row's main score; NaN for none.
        counts: Which rows count (rule 3).
    """

    def __init__(self, table: Table, tasks: Mapping[str, Task]) -> None:
        import numpy as np  # noqa: PLC0415 - an extra, as pyarrow is

        self.np, self.table = np, table
        self._said: dict[str, list[str | None]] = {}
        paths = table.texts["path"].codes
        order = np.argsort(paths, kind="stable")
        self.order = order[table.texts["experiment"].codes[order] == MISSING]
        starts = np.ones(len(self.order), dtype=bool)
        starts[1:] = np.diff(paths[self.order]) != 0
        self.start = np.flatnonzero(starts)
        self.size = np.diff(np.append(self.start, len(self.order)))
        self.file = np.cumsum(starts) - 1
        score = table.numbers["main_score"][self.order]
        self.score = np.where(np.isfinite(score), score, np.nan)
        self.task = table.texts["task_name"].codes[self.order]
        self._split = table.texts["split"].codes[self.order]
        self._subset, self._subsets = self._default_subsets()
        self.key = self._split.astype("int64") * len(self._subsets) + self._subset
        self.counts = self._counted(tasks)

    def _default_subsets(self) -> tuple[NDArray[np.int64], list[str]]:
        """Codes and texts of subsets; where none is named it is the one called `default`."""
        texts = self.table.texts["subset"]
        values = [*texts.values]
        if DEFAULT_SUBSET not in values:
            values.append(DEFAULT_SUBSET)
        codes = texts.codes[self.order]
        return self.np.where(codes == MISSING, values.index(DEFAULT_SUBSET), codes), values

    def _counted(self, tasks: Mapping[str, Task]) -> NDArray[np.bool_]:
        names, splits = self.table.texts["task_name"].values, self.table.texts["split"].values
        allowed = self.np.ones((len(names) + 1, len(splits) + 1), dtype=bool)
        sums = self.np.zeros(len(names) + 1, dtype=bool)
        for code, name in enumerate(names):
            if name in tasks:
                allowed[code, :-1] = [split in tasks[name].splits for split in splits]
                sums[code] = tasks[name].is_sum
        is_default = self._subset == self._subsets.index(DEFAULT_SUBSET)
        found: NDArray[np.bool_] = allowed[self.task, self._split] & (~sums[self.task] | is_default)
        return found

    def text(self, name: str, file: int) -> str | None:
        """What a file's first row says in a column."""
        known = self._said.get(name)
        if known is None:
            texts = self.table.texts[name]
            codes = texts.codes[self.order[self.start]].tolist()
            known = [None if code == MISSING else texts.values[code] for code in codes]
            self._said[name] = known
        return known[file]

    def number(self, name: str, file: int) -> float | None:
        """The same, of a number."""
        value = float(self.table.numbers[name][self.order[self.start[file]]])
        return None if math.isnan(value) else value

    def scores(self, file: int) -> list[float]:
        """The scores of a file that count."""
        start = int(self.start[file])
        inside = slice(start, start + int(self.size[file]))
        found: list[float] = self.score[inside][self.counts[inside]].tolist()
        return found

    def parts(self, file: int) -> tuple[tuple[str, str, float], ...]:
        """(split, subset, score) of a file, as far as they count and are numbers; sorted."""
        start = int(self.start[file])
        splits, found = self.table.texts["split"].values, {}
        for row in range(start, start + int(self.size[file])):
            if self.counts[row] and not math.isnan(self.score[row]):
                key = splits[self._split[row]], self._subsets[self._subset[row]]
                found[key] = float(self.score[row])
        return tuple((*key, found[key]) for key in sorted(found))

    def keys_of_tasks(self, files: Sequence[int]) -> dict[str, list[Key]]:
        """The splits and subsets that each task was measured on in some files; sorted."""
        splits, names = self.table.texts["split"].values, self.table.texts["task_name"].values
        here = self._good(files)
        pairs = self.np.unique(self.np.stack([self.task[here], self.key[here]]), axis=1)
        found: dict[str, list[Key]] = {}
        for task, key in pairs.T.tolist():
            split, subset = divmod(key, len(self._subsets))
            found.setdefault(names[task], []).append((splits[split], self._subsets[subset]))
        return {task: sorted(keys) for task, keys in found.items()}

    def ranges(self, files: Sequence[int]) -> dict[str, tuple[float, float]]:
        """The lowest and highest score of each task in some files."""
        names, here = self.table.texts["task_name"].values, self._good(files)
        low = self.np.full(len(names), math.inf)
        high = self.np.full(len(names), -math.inf)
        self.np.minimum.at(low, self.task[here], self.score[here])
        self.np.maximum.at(high, self.task[here], self.score[here])
        return {
            name: (float(low[code]), float(high[code]))
            for code, name in enumerate(names)
            if low[code] <= high[code]
        }

    def _good(self, files: Sequence[int]) -> NDArray[np.bool_]:
        """Rows of some files that count and hold a number."""
        found: NDArray[np.bool_] = self._in(files) & self.counts & ~self.np.isnan(self.score)
        return found

    def _in(self, files: Sequence[int]) -> NDArray[np.bool_]:
        chosen = self.np.zeros(len(self.start), dtype=bool)
        chosen[list(files)] = True
        found: NDArray[np.bool_] = chosen[self.file]
        return found

    def choose(self, main_revisions: Mapping[str, str], left_out: Counter[str]) -> list[int]:
        """The file of each model and task that counts (rule 2), in the order of the table."""
        first = self.order[self.start]
        texts = self.table.texts
        pairs = texts["model_name"].codes[first].astype("int64")
        pairs *= len(texts["task_name"].values) + 1
        pairs = pairs + texts["task_name"].codes[first]
        _, place, times = self.np.unique(pairs, return_inverse=True, return_counts=True)
        rivals: dict[int, list[int]] = {}
        for file in self.np.flatnonzero(times[place] > 1).tolist():
            rivals.setdefault(int(pairs[file]), []).append(file)
        losers = set()
        for files in rivals.values():
            winner = max(files, key=lambda file: (*self._rank(file, main_revisions), -file))
            losers |= {file for file in files if file != winner}
        left_out[rules.OTHER_FILE] += len(losers)
        return [file for file in range(len(self.start)) if file not in losers]

    def _rank(self, file: int, main_revisions: Mapping[str, str]) -> tuple[int, rules.Rank]:
        return rules.file_rank(
            self.text("model_revision", file) or "",
            self.text("mteb_version", file),
            main_revisions.get(self.text("model_name", file) or ""),
        )

    def complete(
        self, tasks: Mapping[str, Task], files: Sequence[int], left_out: Counter[str]
    ) -> NDArray[np.bool_]:
        """Which of these files give a value (rule 5); of the others it is said why not."""
        numpy, names = self.np, self.table.texts["task_name"].values
        good, count = self._good(files), len(self.start)
        here = self._in(files) & self.counts
        task_of = self.task[self.start]
        rows = numpy.bincount(self.file[here], minlength=count)
        numbers = numpy.bincount(self.file[good], minlength=count)
        have = self._distinct(self.file[good], self.key[good], count)
        splits = self._distinct(self.file[good], self._split[good], count)
        subsets = self._distinct(self.task[good], self._subset[good], len(names))
        measured = self._distinct(self.task[good], self._split[good], len(names))
        wanted = numpy.array(
            [
                len(tasks[name].splits) if name in tasks else int(measured[code])
                for code, name in enumerate(names)
            ]
        )
        reasons = {
            rules.NO_SPLIT_COUNTS: rows == 0,
            rules.NOT_A_NUMBER: numbers < rows,
            rules.SPLIT_MISSING: splits < wanted[task_of],
            rules.SUBSET_MISSING: have < (wanted * subsets)[task_of],
        }
        complete = numpy.zeros(count, dtype=bool)
        complete[list(files)] = True
        for reason, faulty in reasons.items():
            left_out[reason] += int(numpy.count_nonzero(complete & faulty))
            complete &= ~faulty
        found: NDArray[np.bool_] = complete
        return found

    def _distinct(
        self, owner: NDArray[np.int64], what: NDArray[np.int64], owners: int
    ) -> NDArray[np.int64]:
        """How many different things each owner has."""
        span = int(what.max()) + 1 if len(what) else 1
        pairs = self.np.sort(owner.astype("int64") * span + what)
        is_first = self.np.ones(len(pairs), dtype=bool)
        is_first[1:] = pairs[1:] != pairs[:-1]
        counted: NDArray[np.int64] = self.np.bincount(pairs[is_first] // span, minlength=owners)
        return counted
