"""MTEB's results as entries: which file counts, what a task's value is, where a task belongs.

The rules are those of mteb 2.26 itself, named by file and function, so that a board here shows what
its leaderboard shows. A row of its results is the main score of one split and subset, in one file.

1. Files under `experiments/` are other ways to run a model: left out, as by
   `ResultCache.load_results` unless it is asked for them (`mteb/cache/result_cache.py`).
2. Of several files of one model and task one counts (`BenchmarkResults.join_revisions`): that of
   the revision that the model registry names, else one that says its mteb version, else one that
   says the model's revision, else that of the newest mteb version, else the first in the table.
3. Of its rows those count whose split is one of the task's `eval_splits`; of a task that sums up
   others only the subset `default` (`TaskResult.validate_and_filter_scores`). Of a task that is not
   in the registry all count.
4. The task's value is the mean over these rows, each split and subset with equal weight
   (`_create_summary_table` in `mteb/benchmarks/_create_table.py`).
5. There is no value, rather than one of something else, when a score is missing or not a number,
   when a split of the task is missing, or when a subset is missing that some model was measured on
   (the same file: `_incomplete_task_pairs`). What is left out is counted by reason.
6. A split and subset by itself is the task `TASK_SUBSET_SPLIT`, as mteb calls it when it publishes
   results in this very format (`TaskResult._to_hf_benchmark_result`).
7. Values are not converted. The registry names the main score; only for those whose definition
   bounds them are bounds stated, and only while every value obeys them. All main scores of MTEB are
   better when higher: its ranks sort each task so.
8. A task belongs to the dataset that the registry names. Tasks without one (sums of other tasks,
   those no longer in the registry) get a repository of their own under `mteb-tasks`, which no
   dataset can be meant by. Names that differ only in case are one here: the first in the alphabet;
   a namespace is written as most names write it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assay.formats.names import is_name, is_repo_id

OWN_NAMESPACE = "mteb-tasks"
RESULTS_URL = "https://github.com/embeddings-benchmark/results"
TASKS_URL = "https://github.com/embeddings-benchmark/mteb"
NO_REVISION = frozenset({"", "external", "no_revision_available"})
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(.*)")
_UNFIT_IN_PATHS = re.compile(r"[^A-Za-z0-9_.+ -]")

# Reasons why something is left out, in the words of the report.
NO_REPO_NAME = "the model's name is none a repository may have"
NO_TASK_NAME = "the task's name is none a repository may have, and the registry names no dataset"
EXPERIMENT = "the file is an experiment with other settings"
OTHER_FILE = "another file of the same model and task counts"
NO_SPLIT_COUNTS = "no split in the file is one the task is evaluated on"
NOT_A_NUMBER = "a score is missing or not a number"
SPLIT_MISSING = "a split of the task is missing"
SUBSET_MISSING = "a subset is missing that other models were measured on"


@dataclass(frozen=True, slots=True)
class Task:
    """A task of the registry."""

    name: str
    metric: str | None
    dataset: str | None
    splits: tuple[str, ...]

    @property
    def is_sum(self) -> bool:
        """Whether it sums up other tasks: then it has no dataset (rules 3 and 8)."""
        return self.dataset is None or not is_repo_id(self.dataset)


@dataclass(frozen=True, slots=True)
class Range:
    """What the definition of a metric says of its values."""

    unit: str | None = None
    low: float | None = None
    high: float | None = None


_SHARE = Range("proportion", 0.0, 1.0)
_CORRELATION = Range(None, -1.0, 1.0)
_RANGES: tuple[tuple[re.Pattern[str], Range], ...] = tuple(
    (re.compile(pattern), what)
    for pattern, what in (
        (r"(max_|paired_|text_|image_)?acc(uracy)?", _SHARE),
        (r"f1|lrap|v_measure|nmi|(max_)?ap", _SHARE),
        (r"(max_over_subqueries_)?(ndcg|map|mrr|recall|precision|hit_rate)_at_\d+", _SHARE),
        (r"cosine_spearman|kendalltau", _CORRELATION),
        (r"ami", Range(None, None, 1.0)),  # below 0 when worse than chance
    )
)


def range_of(metric: str | None) -> Range:
    """What a metric's definition says (rule 7); of others nothing is known."""
    for pattern, what in _RANGES:
        if metric is not None and pattern.fullmatch(metric):
            return what
    return Range()


def obeys(what: Range, lowest: float, highest: float) -> bool:
    """Whether all values are where the definition of their metric says."""
    above = what.low is None or lowest >= what.low
    return above and (what.high is None or highest <= what.high)


def file_rank(
    revision: str, mteb_version: str | None, main_revision: str | None
) -> tuple[int, Rank]:
    """How much a file counts against others of its model and task: more is better (rule 2)."""
    version = version_key(mteb_version)
    priority = 1000 * (main_revision is not None and revision == main_revision)
    priority += 100 * (version is not None) + 10 * (revision not in NO_REVISION)
    return priority, version or ((), 0, "")


Rank = tuple[tuple[int, ...], int, str]


def version_key(text: str | None) -> Rank | None:
    """A version as something to compare; None for what is none. `2.0.0.dev3` is before `2.0.0`."""
    found = _VERSION.fullmatch(text.strip()) if text else None
    if found is None:
        return None
    numbers = tuple(int(part) for part in found[1].split("."))
    while numbers and not numbers[-1]:
        numbers = numbers[:-1]
    return numbers, 0 if found[2] else 1, found[2]


def subset_task(task: str, subset: str, split: str) -> str:
    """What a split and subset by itself is called (rule 6)."""
    return f"{task}_{subset}_{split}"


def result_files(tasks: Iterable[str]) -> dict[str, str]:
    """The file of each of a model's tasks, without the `.yaml`: one a task, as mteb publishes.

    So a new score changes one small file, the file's history is that of the score, and no file
    nears the format's limit however many tasks there are. Of names that differ in nothing but case
    all but the first get a mark: many disks hold only one of them.
    """
    found: dict[str, str] = {}
    used: set[str] = set()
    for task in sorted(set(tasks)):
        stem = _UNFIT_IN_PATHS.sub(lambda one: f"%{ord(one[0]):x}", task).lstrip(".") or "%"
        if stem.lower() in used:
            stem = f"{stem}~{hashlib.sha256(task.encode()).hexdigest()[:8]}"
        used.add(stem.lower())
        found[task] = f".eval_results/{stem}"
    return found


def one_spelling(names: Iterable[str]) -> dict[str, str]:
    """How each of many names is written here: those that differ only in case as one (rule 8)."""
    first: dict[str, str] = {}
    distinct = sorted(set(names))
    for name in distinct:
        first.setdefault(name.lower(), name)
    return {name: first[name.lower()] for name in distinct}


def place_tasks(tasks: Mapping[str, Task], measured: Sequence[str]) -> dict[str, str | None]:
    """The dataset of each task that is in the registry or was measured (rule 8); None for none."""
    wanted: dict[str, str | None] = {}
    for name in {*tasks, *measured}:
        task = tasks.get(name)
        if task is not None and not task.is_sum:
            wanted[name] = task.dataset
        else:
            wanted[name] = f"{OWN_NAMESPACE}/{name}" if is_name(name) else None
    written = one_spelling(dataset for dataset in wanted.values() if dataset)
    return {name: written[dataset] if dataset else None for name, dataset in wanted.items()}


def spell_namespaces(names: Iterable[str]) -> dict[str, str]:
    """`ns/name` of models and datasets as written here: a namespace as most of them write it."""
    listed = sorted(set(names))
    used = Counter(name.partition("/")[0] for name in listed)
    best: dict[str, str] = {}
    for namespace in sorted(used, key=lambda namespace: (-used[namespace], namespace)):
        best.setdefault(namespace.lower(), namespace)
    return {
        name: f"{best[name.partition('/')[0].lower()]}/{name.partition('/')[2]}" for name in listed
    }
