"""Boards and benchmarks as answers.

Public rows are ranked among themselves. A reader who may see private claims gets them laid over the
first page, ranked nowhere, with the rank they would have; nothing of that is ever stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from assay.core.permission import STRANGER, Reader
from assay.core.policy import BEST_EVIDENCE, Policy, View
from assay.errors import NotFoundError, RepoNotFoundError
from assay.formats.moment import end_of
from assay.formats.names import parse_repo_id
from assay.hub.answers import Benchmark, Board, Finding, HomeAnswer, Succession, Task
from assay.hub.board_pages import Asked, task_answer
from assay.hub.open import Hub
from assay.storage.database import benchmarks as benchmark_rows
from assay.storage.database import boards as board_rows
from assay.storage.database import claims as claim_rows
from assay.storage.database.benchmarks import BenchmarkRow, Said
from assay.storage.database.boards import Place
from assay.storage.database.catching_up import Marks, place_at
from assay.storage.database.engine import Connection

LATEST_ON_HOME = 8
PAGE_SIZE = 100


def home(hub: Hub, reader: Reader) -> HomeAnswer:
    """What the front page shows; the claims are public ones, whoever looks."""
    with hub.index.read() as db:
        models, claims = claim_rows.count_live(db, STRANGER)
        return HomeAnswer(
            benchmarks=_benchmarks(db, reader),
            models=models,
            claims=claims,
            latest=claim_rows.latest_claims(db, STRANGER, LATEST_ON_HOME),
        )


def benchmarks(hub: Hub, reader: Reader) -> list[Benchmark]:
    """Every benchmark the reader may see."""
    with hub.index.read() as db:
        return _benchmarks(db, reader)


def _benchmarks(db: Connection, reader: Reader) -> list[Benchmark]:
    return _answers(db, reader, benchmark_rows.benchmarks(db, reader))


def benchmark(hub: Hub, reader: Reader, dataset: str) -> Benchmark:
    """One benchmark.

    Raises:
        NotFoundError: There is no such repository, or it is no benchmark.
    """
    with hub.index.read() as db:
        return _answers(db, reader, [find_benchmark(db, reader, dataset)])[0]


def find_benchmark(db: Connection, reader: Reader, dataset: str) -> BenchmarkRow:
    """The row of a benchmark the reader may see.

    Raises:
        RepoNotFoundError: There is no such repository, or it is hidden from the reader.
        NotFoundError: The repository has no readable eval.yaml on main.
    """
    name = parse_repo_id(dataset)
    row = benchmark_rows.find_benchmark(db, reader, name.namespace, name.name)
    if row is not None:
        return row
    if benchmark_rows.find_repo(db, reader, "dataset", name.namespace, name.name) is None:
        raise RepoNotFoundError(f"there is no dataset repository '{dataset}' here")
    raise NotFoundError(
        f"{dataset} is not a benchmark: it has no readable eval.yaml on main",
        hint="push an eval.yaml; `assay check eval.yaml` says what is wrong with one",
    )


def _answers(db: Connection, reader: Reader, rows: Sequence[BenchmarkRow]) -> list[Benchmark]:
    """Benchmarks; whatever is around them is asked for all at once."""
    ids = [row.repo_id for row in rows]
    tasks, names = benchmark_rows.tasks(db, ids), benchmark_rows.names(db, ids)
    boards, said = board_rows.boards_of(db, ids), benchmark_rows.succession_of(db, reader, ids)
    findings = benchmark_rows.findings_on_main(db, ids)
    found = []
    for row in rows:
        own = row.repo_id
        answers = [
            task_answer(task, names[own].get(task.task_id, []), boards.get((own, task.task_id)))
            for task in tasks[own]
        ]
        found.append(_benchmark(row, answers, findings[own], said[own]))
    return found


def _benchmark(
    row: BenchmarkRow,
    tasks: list[Task],
    findings: Iterable[Mapping[str, Any]],
    said: Sequence[Said],
) -> Benchmark:
    return Benchmark(
        id=row.full_name,
        title=row.title,
        description=row.description,
        private=row.private,
        framework=row.framework,
        runnable=row.runnable,
        not_runnable_because=row.not_runnable_because,
        commit=row.commit,
        spec_sha256=row.spec_sha256,
        tasks=tasks,
        models=max((task.models for task in tasks), default=0),
        claims=sum(task.claims for task in tasks),
        findings=[Finding(**finding) for finding in findings],
        supersedes=_succession(row.full_name, [one for one in said if not one.is_after]),
        superseded_by=_succession(row.full_name, [one for one in said if one.is_after]),
        mirror_of=row.mirror_of,
    )


def _succession(own: str, said: Iterable[Said]) -> list[Succession]:
    """What is said of each other benchmark, by whom."""
    found: dict[str, Succession] = {}
    for one in sorted(said, key=lambda one: (one.other, one.by_other)):
        by = [one.other if one.by_other else own]
        known = found.get(one.other)
        found[one.other] = Succession(
            id=one.other,
            is_here=one.is_here or (known is not None and known.is_here),
            said_by=[*(known.said_by if known else []), *by],
        )
    return list(found.values())


def board(
    hub: Hub,
    reader: Reader,
    dataset: str,
    task_id: str | None = None,
    *,
    view: View = "models",
    policy: Policy = BEST_EVIDENCE,
    start: int = 0,
    limit: int = PAGE_SIZE,
    as_of: str | None = None,
) -> Board:
    """A page of the board of a task.

    Args:
        hub: The hub.
        reader: Who asks.
        dataset: `ns/name` of the benchmark.
        task_id: The task, or one of its aliases; None for the benchmark's first.
        view: One row a model, or one row a claim.
        policy: Which claim speaks for a model.
        start: How many public rows to pass over.
        limit: How many public rows at most.
        as_of: A date or time: what the board said when all was in that the hub had received by
            then. The benchmark's terms and names, and who may see what, are today's.

    Raises:
        NotFoundError: No such benchmark or task.
        InvalidError: `as_of` is no time.
    """
    then = _place_at(hub, as_of) if as_of is not None else None
    with hub.index.read() as db:
        place = find_place(db, reader, dataset, task_id)
        asked = Asked(hub, db, place, policy, view, then)
        public = asked.page(start, limit, as_of)
        if reader == STRANGER or start:
            return public
        return msgspec.structs.replace(public, rows=public.rows + asked.overlay(reader, public))


def find_place(db: Connection, reader: Reader, dataset: str, task_id: str | None) -> Place:
    """The board of a task, or of a benchmark's first, that the reader may see.

    Raises:
        NotFoundError: No such benchmark or task.
    """
    name = parse_repo_id(dataset)
    place = board_rows.find_place(db, reader, name.namespace, name.name, task_id)
    if place is None:
        raise _why_no_board(db, reader, dataset, task_id)
    return place


def _why_no_board(
    db: Connection, reader: Reader, dataset: str, task_id: str | None
) -> NotFoundError:
    try:
        row = find_benchmark(db, reader, dataset)
    except NotFoundError as error:
        return error
    tasks = benchmark_rows.tasks(db, [row.repo_id])[row.repo_id]
    known = ", ".join(task.task_id for task in tasks)
    return NotFoundError(f"{dataset} has no task '{task_id}'", hint=f"its tasks: {known}")


def _place_at(hub: Hub, as_of: str) -> Marks:
    with hub.durable.read() as db:
        return place_at(db, end_of(as_of))
