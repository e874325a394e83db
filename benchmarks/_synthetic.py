"""Made-up repositories: what a seed and a number make of a model or a benchmark.

Everything about a model follows from the seed and its number alone, so that a part of a hub is the
same whatever else is in it.
"""

from __future__ import annotations

import hashlib
import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from assay.core.permission import MAIN
from assay.formats.result import Entry, Source, write_results
from assay.formats.run_record import (
    RunBenchmark,
    RunMetric,
    RunModel,
    RunRecord,
    RunSamples,
    write_run_record,
)
from assay.hub.bulk import NewRepository
from assay.storage.database.bulk_rows import NewPush
from assay.storage.database.discussions import Discussion, Event
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO, Identity, Pack, TreeFiles

START = datetime(2025, 1, 1, tzinfo=UTC)
ENTRIES_A_FILE = 400
TASKS_A_BENCHMARK = 3
MAX_FILES, MAX_COMMITS = 3, 5
NOTES = (
    "zero-shot, greedy decoding",
    "5-shot, chain of thought, temperature 0.{0}, mean of {1} runs",
    "maj@{1}, temperature 0.{0}; prompt of appendix B of the report",
    "reasoning effort high, no tools, context of {1}k tokens",
    "the harness's defaults at commit {2:07x}; {1} items not answered in time count as wrong",
)
SOURCES = (
    ("https://arxiv.org/abs/25{0:02d}.{2:05d}", "Technical report"),
    ("https://example.org/blog/2025/{0}/release-notes-of-version-{1}", "Release notes"),
    ("https://github.com/example/evaluations/blob/main/results/run-{2}.json", "Run {2}"),
)
WHY_CLOSED = ("does not reproduce here", "the split is not the test split", "answered elsewhere")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a hub should be like.

    Attributes:
        models: Model repositories.
        claims: Claims in all: entries that main or a pull request ever brought.
        tasks: Tasks, some to a benchmark.
        pulls: Pull requests; most of them bring a claim, the others change one.
        people: Accounts.
        model_zipf: How unequal models are in claims: 0 is equal.
        task_zipf: The same for tasks.
        edits: The share of commits that change an entry that is there.
        deletions: The share of commits that remove one.
        runs: The share of entries with a run record.
        settled: The share of pull requests that were merged or closed.
        seed: Another seed, another hub.
        pulls_on_one: Whether all pull requests are on the first model.
    """

    models: int = 5_000
    claims: int = 22_000
    tasks: int = 60
    pulls: int = 1_000
    people: int = 50
    model_zipf: float = 0.7
    task_zipf: float = 1.1
    edits: float = 0.15
    deletions: float = 0.05
    runs: float = 0.02
    settled: float = 0.4
    seed: int = 1
    pulls_on_one: bool = False


SHAPES = {
    "small": Shape(),
    "million": Shape(models=100_000, claims=1_000_000, tasks=300, pulls=2_000, people=500),
    "one-big-model": Shape(models=20, claims=100_033, pulls=20, model_zipf=1e9, runs=0.0),
    "many-pulls": Shape(models=20, claims=7_100, pulls=10_000, settled=0.0, pulls_on_one=True),
}


def made_id(seed: int, kind: str, number: int) -> str:
    """The id of a made-up repository."""
    return hashlib.sha256(f"{seed}/{kind}/{number}".encode()).hexdigest()[:24]


def moment(when: datetime) -> str:
    """A time as the hub writes it."""
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"


def weights(count: int, exponent: float) -> list[float]:
    """Zipf's law: what comes n-th has the n-th part of the first, to some power."""
    return [(number + 1) ** -min(exponent, 60.0) for number in range(count)]


def shares(total: int, count: int, exponent: float) -> list[int]:
    """A total in parts by Zipf's law, each at least 1 while there is enough."""
    each = 1 if total >= count else 0
    left = total - each * count
    by_weight = list(accumulate(weights(count, exponent)))
    upto = [round(left * weight / by_weight[-1]) for weight in by_weight]
    return [each + now - before for now, before in zip(upto, [0, *upto], strict=False)]


class World:
    """What all repositories of a hub share: people, tasks, how claims and pulls are spread."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.people = [f"lab-{number:03d}" for number in range(shape.people)]
        main_claims = max(shape.claims - shape.pulls * 7 // 10, 0)
        self.claims = shares(main_claims, shape.models, shape.model_zipf)
        self.pulls = (
            [shape.pulls] + [0] * (shape.models - 1)
            if shape.pulls_on_one
            else shares(shape.pulls, shape.models, shape.model_zipf)
        )
        self._task_weights = list(accumulate(weights(shape.tasks, shape.task_zipf)))

    def task(self, random_: random.Random) -> int:
        """A task, the first ones more often."""
        return bisect(self._task_weights, random_.random() * self._task_weights[-1])

    def task_name(self, task: int) -> tuple[str, str]:
        """Dataset and id of a task."""
        number = task // TASKS_A_BENCHMARK
        return (
            f"{self.people[number % len(self.people)]}/benchmark-{number:03d}",
            f"task-{task:03d}",
        )

    @property
    def benchmarks(self) -> int:
        """How many benchmarks the tasks are in."""
        return -(-self.shape.tasks // TASKS_A_BENCHMARK)


def benchmark(world: World, number: int) -> NewRepository:
    """A dataset repository with its tasks."""
    seed, first = world.shape.seed, number * TASKS_A_BENCHMARK
    tasks = range(first, min(first + TASKS_A_BENCHMARK, world.shape.tasks))
    spec = [f"name: Benchmark {number}", "evaluation_framework: lm-eval", "tasks:"]
    terms = ["tasks:"]
    for task in tasks:
        name = world.task_name(task)[1]
        spec.append(f"  - id: {name}")
        terms += [f"  {name}:", f"    items: {100 * (task + 1)}", "    metrics:"]
        terms += ["      - id: accuracy", "        direction: higher", "        unit: percent"]
        terms += ["        min: 0", "        max: 100", "        primary: true"]
    pack, when = Pack(), START + timedelta(minutes=number)
    owner = world.people[number % len(world.people)]
    files = {
        "eval.yaml": pack.blob(("\n".join(spec) + "\n").encode()),
        "assay.yaml": pack.blob(("\n".join(terms) + "\n").encode()),
    }
    tip = pack.commit(TreeFiles(files), [], "Describe the benchmark\n", _identity(owner, when))
    repo_id = made_id(seed, "benchmark", number)
    record = _record(repo_id, "dataset", owner, f"benchmark-{number:03d}", when)
    push = NewPush(repo_id, MAIN, ZERO, tip, owner, None, moment(when))
    return NewRepository(record, pack, {MAIN: tip}, [push])


def _record(repo_id: str, kind: str, owner: str, name: str, when: datetime) -> RepoRecord:
    return RepoRecord(repo_id, kind, owner, name, False, moment(when), owner)  # noqa: FBT003


def _identity(name: str, when: datetime) -> Identity:
    return Identity(name, f"{name}@users.noreply.localhost", int(when.timestamp()))


class ModelMaker:
    """One model repository under way: main commit by commit, then its pull requests."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number
        self.random = random.Random(f"{world.shape.seed}/model/{number}")  # noqa: S311 - no secret
        self.repo_id = made_id(world.shape.seed, "model", number)
        self.owner = world.people[number % len(world.people)]
        self.when = START + timedelta(days=1, minutes=10 * number)
        self.record = _record(self.repo_id, "model", self.owner, f"model-{number:06d}", self.when)
        self.pack = Pack()
        self.blobs: dict[str, str] = {}
        self.entries: list[list[Entry]] = []
        self.tip: str | None = None
        self.pushes: list[NewPush] = []
        self.refs: dict[str, str] = {}
        self.discussions: list[Discussion] = []
        self.events: list[Event] = []

    def make(self) -> NewRepository:
        """The repository."""
        self._main()
        for number in range(1, self.world.pulls[self.number] + 1):
            self._pull(number)
        if self.tip is not None:
            self.refs[MAIN] = self.tip
        return NewRepository(
            self.record, self.pack, self.refs, self.pushes, self.discussions, self.events
        )

    def _main(self) -> None:
        wanted = self.world.claims[self.number]
        files = max(self.random.randint(1, MAX_FILES), -(-wanted // ENTRIES_A_FILE))
        self.entries = [[] for _ in range(files)]
        added = shares(wanted, self.random.randint(1, MAX_COMMITS), 0.5)
        self.blobs["README.md"] = self.pack.blob(b"---\nlicense: apache-2.0\n---\n# A model\n")
        for at, count in enumerate(added):
            touched = {place % files for place in range(at, at + count)}
            for place in range(at, at + count):
                self.entries[place % files].append(self.entry(self.random))
            touched |= self._edit() if at else set()
            self._write(touched)
            message = "Add results\n" if count else "Describe the model\n"
            self._advance(
                self.pack.commit(TreeFiles(self.blobs), self._parents(), message, self._by())
            )

    def _edit(self) -> set[int]:
        """Perhaps a value changes, perhaps an entry goes; the files that this touches."""
        filled = [place for place, entries in enumerate(self.entries) if entries]
        touched = set()
        for share, removes in ((self.world.shape.edits, False), (self.world.shape.deletions, True)):
            if not filled or self.random.random() >= share:
                continue
            place = self.random.choice(filled)
            at = self.random.randrange(len(self.entries[place]))
            if removes:
                del self.entries[place][at]
                filled = [place for place, entries in enumerate(self.entries) if entries]
            else:
                self.entries[place][at] = self.entry(self.random, like=self.entries[place][at])
            touched.add(place)
        return touched

    def _parents(self) -> list[str]:
        return [self.tip] if self.tip is not None else []

    def _by(self) -> Identity:
        return _identity(self.owner, self.when)

    def _write(self, touched: set[int]) -> None:
        for place in touched:
            path = f".eval_results/results-{place + 1}.yaml"
            self.blobs[path] = self.pack.blob(write_results(self.entries[place]))

    def _advance(self, tip: str) -> None:
        """Main moves, by a push."""
        received = moment(self.when)
        old = self.tip or ZERO
        self.pushes.append(NewPush(self.repo_id, MAIN, old, tip, self.owner, None, received))
        self.tip = tip
        self.when += timedelta(milliseconds=500)

    def entry(self, random_: random.Random, *, like: Entry | None = None) -> Entry:
        """An entry of some task, or another value for the task of one."""
        dataset, task = (
            (like.dataset_id, like.task_id)
            if like is not None
            else self.world.task_name(self.world.task(random_))
        )
        value = f"{random_.betavariate(5, 3) * 100:.{random_.randint(1, 2)}f}"
        numbers = random_.randint(1, 9), random_.randint(2, 12), random_.randint(0, 99_999)
        notes = source = None
        if random_.random() < 0.6:  # noqa: PLR2004 - most have notes
            notes = random_.choice(NOTES).format(*numbers)
        if random_.random() < self.world.shape.runs:
            source = Source(self._run(dataset, task, float(value), numbers[2]))
        elif random_.random() < 0.8:  # noqa: PLR2004 - most have a source
            url, name = random_.choice(SOURCES)
            source = Source(url.format(*numbers), name.format(*numbers), self.owner)
        return Entry(
            dataset_id=dataset,
            task_id=task,
            value=float(value),
            value_text=value,
            date=f"{self.when:%Y-%m-%d}",
            source=source,
            notes=notes,
        )

    def _run(self, dataset: str, task: str, value: float, items: int) -> str:
        """Add a run record; returns the address that names it."""
        digest, content = write_run_record(
            RunRecord(
                model=RunModel(repo=self.record.full_name),
                benchmark=RunBenchmark(id=dataset, task_id=task),
                samples=RunSamples(total=items, completed=items),
                metrics=(RunMetric(id="accuracy", value=value),),
                finished=moment(self.when),
            )
        )
        self.blobs[f".eval_results/runs/{digest}.json"] = self.pack.blob(content)
        return f"http://localhost:8377/runs/{digest}"

    def _pull(self, number: int) -> None:
        """A pull request of somebody else: a new entry, or another value for one that is there."""
        before = dict(self.blobs)
        others = [name for name in self.world.people if name != self.owner] or [self.owner]
        author = self.random.choice(others)
        filled = [place for place, entries in enumerate(self.entries) if entries]
        entries = list(self.entries[filled[0]]) if filled else []
        if entries and self.random.random() >= 0.7:  # noqa: PLR2004 - most bring something new
            entries[-1] = self.entry(self.random, like=entries[-1])
            path, title = f".eval_results/results-{filled[0] + 1}.yaml", "Correct a value"
        else:
            entries = [self.entry(self.random)]
            path, title = f".eval_results/report-{number}.yaml", "Report a result"
        blobs = {**self.blobs, path: self.pack.blob(write_results(entries))}
        self.blobs = before
        self.when += timedelta(milliseconds=500)
        head = self.pack.commit(
            TreeFiles(blobs), self._parents(), f"{title}\n", _identity(author, self.when)
        )
        self.refs[f"refs/pr/{number}"] = head
        ref = f"refs/pr/{number}"
        opened = moment(self.when)
        self.pushes.append(NewPush(self.repo_id, ref, ZERO, head, author, number, opened))
        self._happen(number, "opened", author)
        self._happen(number, "commit", author, title, head)
        settled, merged_by = self.world.shape.settled, None
        chances = 1 - settled, settled / 2, settled / 2
        status = self.random.choices(("open", "closed", "merged"), chances)[0]
        if status == "closed":
            by = self.owner if self.random.random() < 0.5 else author  # noqa: PLR2004 - half and half
            self._happen(number, "closed", by, self.random.choice(WHY_CLOSED))
        elif status == "merged" and path.startswith(".eval_results/report"):
            message = f"Merge pull request {number}: {title}\n"
            self.blobs[path] = blobs[path]
            self.blobs |= {name: oid for name, oid in blobs.items() if "/runs/" in name}
            merged_by = len(self.pushes)
            parents = [*self._parents(), head]
            self._advance(self.pack.commit(TreeFiles(self.blobs), parents, message, self._by()))
            self._happen(number, "merged", self.owner)
        else:
            status = "open"
        self.discussions.append(
            Discussion(self.repo_id, number, True, title, "", author, status, opened, merged_by)  # noqa: FBT003
        )

    def _happen(
        self, number: int, kind: str, actor: str, text: str = "", about: str | None = None
    ) -> None:
        at = moment(self.when)
        self.events.append(Event(0, self.repo_id, number, kind, actor, at, text, about))


def model(world: World, number: int) -> NewRepository:
    """A model repository with its results and pull requests."""
    return ModelMaker(world, number).make()


def everything(world: World) -> Iterator[NewRepository]:
    """All repositories of a hub, benchmarks first."""
    for number in range(world.benchmarks):
        yield benchmark(world, number)
    for number in range(world.shape.models):
        yield model(world, number)
