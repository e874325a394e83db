"""The index: built, found unchanged, asked for boards, grown. Made-up hubs of two sizes.

Cold index: a rebuild in one process and in two, against reading the same refs, files and last
commits with pygit2 alone. Sweep: a start that finds nothing changed, against two calls of `stat` a
repository. A commit: from the call to where a board shows it, on the smaller hub and on the larger.
Boards: a page of 100 rows in process, kept and read anew, of tasks picked by chance and of the
largest; that under another policy, with a row a claim, and as of a time. Size: the index by table,
against the result files it comes from.

    python benchmarks/ledger.py [--models 5000 --claims 22000] [--more-models N --more-claims N]
                                [--rounds 3] [--keep FOLDER] [--postgresql] [--json]
    python benchmarks/ledger.py --tree REPOSITORY.git [--rounds 3] [--json]
    python benchmarks/ledger.py --results CHECKOUT --tables FOLDER --mteb-python PYTHON [--rounds 1]

With `--postgresql`, commits and boards on such a server too: the same hub, made there anew. With
`--tree`, a large bare repository instead, its history and blobs beside git's own. With `--results`,
MTEB's results: `assay import-mteb` and a first table beside mteb's own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from _floor_git import folders, look_at_all, read_all
from _ledger_mteb import INSTALL, measure_results
from _ledger_tree import tree_rows
from _rounds import Row, cost, in_turn, speed
from _served import postgresql
from _synthetic import SHAPES, Shape
from assay.core.permission import MAIN, STRANGER, Reader
from assay.core.policy import find_policy
from assay.hub import boards, indexing
from assay.hub.kept import Kept
from assay.hub.open import Hub, open_hub
from assay.hub.push import land_commit
from assay.settings import HubSettings
from assay.storage.database import repos as repo_rows
from assay.storage.git import ZERO, Identity, RefUpdate, open_quarantine
from make_hub import make_hub

ROOT = Reader("root", is_admin=True)
READS, FEW = 2_000, 10


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one kind of read took, in milliseconds, over `reads` of them."""

    what: str
    p50_ms: float
    p99_ms: float
    reads: int


@dataclass(frozen=True, slots=True)
class Size:
    """What the index takes on the disk.

    `to_files` is its bytes to those of the result files at main and in open pull requests.
    """

    claims: int
    bytes_a_claim: float
    to_files: float
    tables: dict[str, int]


@contextmanager
def opened(folder: Path, database_url: str | None = None) -> Iterator[Hub]:
    """A hub, with its index."""
    hub = open_hub(HubSettings(data=folder, database_url=database_url))
    try:
        indexing.ensure(hub)
        yield hub
    finally:
        hub.close()


def timed(act: Callable[[], object]) -> float:
    """Seconds that something takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def cold(hub: Hub, rounds: int) -> list[Row]:
    """Building the whole index."""
    root = hub.settings.data / "repos"
    one, two, floor = "one process", "two processes", "pygit2 alone"
    times = in_turn(
        {
            floor: lambda: timed(lambda: read_all(root)),
            one: lambda: timed(lambda: indexing.rebuild(hub, workers=1)),
            two: lambda: timed(lambda: indexing.rebuild(hub, workers=2)),
        },
        rounds,
    )
    return [
        speed("cold index", times, one, floor, 0.6),
        speed("cold index, two to one", times, two, one, 1.6),
    ]


def unchanged(hub: Hub, rounds: int) -> Row:
    """A sweep that finds nothing to do."""
    paths = list(folders(hub.settings.data / "repos"))
    for path in paths:  # as if nothing had happened for a while
        for name in (".", "refs/heads", "refs/pr", "objects"):
            if os.path.exists(f"{path}/{name}"):  # noqa: PTH110 - many thousands
                os.utime(f"{path}/{name}", (1_700_000_000, 1_700_000_000))
    indexing.sweep(hub)
    times = in_turn(
        {
            "sweep": lambda: timed(lambda: indexing.sweep(hub)),
            "stat": lambda: timed(lambda: look_at_all(paths)),
        },
        rounds,
    )
    return cost(f"sweep of {len(paths):,} unchanged repositories", times, "sweep", "stat")


def commit(hub: Hub, number: int) -> float:
    """Seconds until a board shows one result more on one model."""
    with hub.durable.read() as db:
        models = [one for one in repo_rows.all_repos(db) if one.type == "model"]
        datasets = [one for one in repo_rows.all_repos(db) if one.type == "dataset"]
    record, dataset = models[number % len(models)], datasets[0]
    task = boards.benchmark(hub, STRANGER, dataset.full_name).tasks[0].task_id
    entry = f"- dataset: {{id: {dataset.full_name}, task_id: {task}}}\n  value: 0.{number + 10}\n"
    git = hub.git.open(record.id)
    head = git.head(MAIN)
    with hub.git.lock(record.id), open_quarantine(git.path) as quarantine:
        made = quarantine.commit(
            parent=head,
            changes={f".eval_results/extra-{number}.yaml": entry.encode()},
            message="One more\n",
            author=Identity("Ada", "ada@example.org", 1_700_000_000),
        )
        update = RefUpdate(MAIN, head or ZERO, made)
        start = time.perf_counter()
        land_commit(hub, record, ROOT, update, quarantine)
        return time.perf_counter() - start


def landing(subject: str, other: str, hubs: dict[str, Hub], rounds: int, goal: float | None) -> Row:
    """A commit on one hub against one on another."""

    def on(hub: Hub) -> Callable[[], float]:
        numbers = count()
        return lambda: commit(hub, next(numbers))

    times = in_turn({name: on(hub) for name, hub in hubs.items()}, rounds)
    return cost("a commit lands", times, subject, other, goal)


def reading(hub: Hub, what: str) -> list[Latency]:
    """Pages of boards."""
    tasks = [
        (benchmark.id, task.task_id, task.models)
        for benchmark in boards.benchmarks(hub, STRANGER)
        for task in benchmark.tasks
    ]
    largest = max(tasks, key=lambda task: task[2])
    chance = random.Random(1)  # noqa: S311 - the same tasks every time
    some = chance.choices(tasks, [task[2] for task in tasks], k=READS)
    now = hub.now()
    anew = replace(hub, kept=Kept(0))  # which keeps nothing
    latest = find_policy("latest")

    def read(asked: Hub, task: tuple[str, str, int], **how: Any) -> Callable[[], object]:
        return lambda: boards.board(asked, STRANGER, *task[:2], **how)

    of_largest = f"the largest task ({largest[2]:,} models)"
    return [
        _latency(f"{what}: 100 rows, kept", [read(hub, task) for task in some]),
        _latency(f"{what}: 100 rows, anew", [read(anew, task) for task in some]),
        _latency(f"{what}: 100 rows of {of_largest}, anew", [read(anew, largest)] * READS),
        _latency(
            f"{what}: {of_largest} under another policy, anew",
            [read(anew, largest, policy=latest)] * FEW,
        ),
        _latency(
            f"{what}: the next page under that policy",
            [read(hub, largest, policy=latest, start=start) for start in range(100, 2100, 100)],
        ),
        _latency(
            f"{what}: {of_largest}, a row a claim", [read(anew, largest, view="claims")] * FEW
        ),
        _latency(f"{what}: {of_largest} as of a time", [read(anew, largest, as_of=now)] * 3),
    ]


def _latency(what: str, reads: list[Callable[[], object]]) -> Latency:
    for read in reads[: max(1, len(reads) // 100)]:
        read()
    times = sorted(timed(read) * 1000 for read in reads)
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    return Latency(what, round(statistics.median(times), 3), round(p99, 3), len(times))


def size(hub: Hub) -> Size:
    """The index by table and index."""
    with sqlite3.connect(hub.settings.data / "index.sqlite") as db:
        db.execute("VACUUM")
        claims = db.execute("select count(*) from claim").fetchone()[0]
        pages = "select name, sum(pgsize) from dbstat group by name order by 2 desc"
        tables = dict(db.execute(pages).fetchall())
    db.close()
    files = 0
    with hub.durable.read() as db_:
        records = [one for one in repo_rows.all_repos(db_) if one.type == "model"]
    for record in records:
        git = hub.git.open(record.id)
        for oid in git.refs().values():
            if git.tree_oid(oid, ".eval_results") is not None:
                listed = git.list(oid, ".eval_results")
                files += sum(git.blob_size(one.oid) for one in listed if one.kind == "file")
    total = sum(tables.values())
    return Size(claims, round(total / claims, 1), round(total / files, 2), tables)


def on_postgresql(beside: Hub, shape: Shape, rounds: int) -> tuple[Row, list[Latency]]:
    """Boards on PostgreSQL, and what a commit takes there to what it takes on SQLite."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with postgresql(folder / "server") as url:
            make_hub(folder / "hub", shape, index=True, database_url=url)
            with opened(folder / "hub", url) as hub:
                hubs = {"PostgreSQL": hub, "SQLite": beside}
                landed = landing("PostgreSQL", "SQLite", hubs, 10 * rounds, None)
                return landed, reading(hub, f"PostgreSQL, {shape.claims:,} claims")


def measure(
    folder: Path, less: Shape, more: Shape | None, rounds: int, *, postgresql_too: bool
) -> dict[str, Any]:
    """Everything, on hubs that are made where they are not there yet."""
    shapes = {"less": less} | ({"more": more} if more is not None else {})
    for name, shape in shapes.items():
        if not (folder / name / "hub.sqlite").exists():
            make_hub(folder / name, shape, index=True)
    rows: list[Row] = []
    latencies: list[Latency] = []
    with opened(folder / "less") as hub:
        rows += [*cold(hub, rounds), unchanged(hub, rounds)]
        latencies += reading(hub, f"{less.claims:,} claims")
        found = size(hub)
        if postgresql_too:
            row, reads = on_postgresql(hub, less, rounds)
            rows.append(row)
            latencies += reads
        if more is not None:
            with opened(folder / "more") as larger:
                hubs = {"larger hub": larger, "smaller hub": hub}
                landed = landing("larger hub", "smaller hub", hubs, 10 * rounds, 1.3)
                rows += [unchanged(larger, rounds), landed]
                latencies += reading(larger, f"{more.claims:,} claims")
                found = size(larger)
    return {
        "rounds": rounds,
        "ratios": [asdict(row) for row in rows],
        "reads": [asdict(latency) for latency in latencies],
        "size": asdict(found),
    }


def measure_tree(repository: Path, rounds: int) -> dict[str, Any]:
    """The readers of large repositories, or why they were left out."""
    if not (repository / "objects").is_dir():
        return {
            "left_out": f"{repository} is no bare repository: clone one with `git clone --bare`"
        }
    rows = tree_rows(repository.resolve(), rounds)
    return {"rounds": rounds, "ratios": [asdict(row) for row in rows]}


def measure_other(asked: argparse.Namespace) -> dict[str, Any] | None:
    """What is measured instead of made-up hubs, if anything is."""
    if asked.tree is not None:
        return measure_tree(asked.tree, asked.rounds)
    if asked.results is not None:
        python, benchmark = asked.mteb_python, asked.benchmark
        return measure_results(asked.results, asked.tables, python, benchmark, asked.rounds)
    return None


def show(found: dict[str, Any]) -> str:
    """The measurements as lines for people."""
    if "left_out" in found:
        return f"left out: {found['left_out']}\n"
    lines = []
    for row in found["ratios"]:
        held = f"  goal {row['goal']}: {'met' if row['met'] else 'missed'}" if row["goal"] else ""
        unit = "" if row["what"].endswith("MB") else " ms"
        lines.append(f"{row['what']}: {row['median_ms']}{unit}")
        lines.append(f"  {row['ratio_name']} {row['ratio']} ({row['low']} to {row['high']}){held}")
    if "size" not in found:
        return "\n".join(lines) + "\n"
    lines += [
        f"{read['what']}: p50 {read['p50_ms']} ms, p99 {read['p99_ms']} ms"
        for read in found["reads"]
    ]
    taken = found["size"]
    lines.append(
        f"index: {taken['claims']:,} claims, {taken['bytes_a_claim']} bytes a claim, "
        f"{taken['to_files']} times the result files"
    )
    tables = list(taken["tables"].items())[:12]
    lines += [f"  {name}: {size_bytes / 1024:,.0f} KiB" for name, size_bytes in tables]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the index.")
    parser.add_argument("--models", type=int, default=5_000)
    parser.add_argument("--claims", type=int, default=22_000)
    parser.add_argument("--more-models", type=int, default=0, help="a second, larger hub")
    parser.add_argument("--more-claims", type=int, default=0)
    parser.add_argument("--tree", type=Path, help="a large bare repository, which is read instead")
    parser.add_argument("--results", type=Path, help="a checkout of embeddings-benchmark/results")
    parser.add_argument("--tables", type=Path, default=Path(), help="what `import-mteb` takes")
    parser.add_argument("--mteb-python", type=Path, default=Path("mteb/bin/python"), help=INSTALL)
    parser.add_argument("--benchmark", default="BEIR", help="of mteb's, on all of its tasks' parts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="where the hubs are kept, and found again")
    parser.add_argument("--postgresql", action="store_true", help="measure that beside SQLite")
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    found = measure_other(asked)
    if found is not None:
        sys.stdout.write(json.dumps(found, indent=2) + "\n" if asked.as_json else show(found))
        return
    less = replace(SHAPES["small"], models=asked.models, claims=asked.claims)
    more = None
    if asked.more_models:
        more = replace(less, models=asked.more_models, claims=asked.more_claims, tasks=300)
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        found = measure(folder, less, more, asked.rounds, postgresql_too=asked.postgresql)
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if asked.as_json else show(found))


if __name__ == "__main__":
    main()
