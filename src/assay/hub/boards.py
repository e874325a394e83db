"""Boards and benchmarks as answers.

A board under the policy `best-evidence` is read from its standing rows, a page at a time. Public
rows are ranked among themselves. A reader who may see private claims gets them laid over the first
page, ranked nowhere, with the rank they would have; nothing of that is ever stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from assay.core import ranking
from assay.core.claim import Claim, State
from assay.core.permission import STRANGER, Reader
from assay.errors import NotFoundError, RepoNotFoundError
from assay.formats.moment import end_of
from assay.formats.names import parse_repo_id
from assay.hub.answers import Benchmark, Board, Direction, Finding, HomeAnswer, Row, Task
from assay.hub.board_rows import View, model_rows, overlay_of, rows_of
from assay.hub.board_sentence import sentence, summary_of_board, summary_of_rows
from assay.hub.open import Hub
from assay.storage.database import benchmarks as benchmark_rows
from assay.storage.database import boards as board_rows
from assay.storage.database import claims as claim_rows
from assay.storage.database.benchmarks import BenchmarkRow, TaskRow
from assay.storage.database.boards import BoardRow
from assay.storage.database.catching_up import Marks, place_at
from assay.storage.database.engine import Connection

POLICY_SAYS = (
    "Replicated, signed and recomputed claims come before unchecked ones; then the author's before "
    "the community's; of an author's claims the last received, of the community's the first."
)
LATEST_ON_HOME = 8
PAGE_SIZE = 100
Boards = Mapping[tuple[str, str], BoardRow]


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
    rows = benchmark_rows.benchmarks(db, reader)
    boards = board_rows.boards_of(db, [row.repo_id for row in rows])
    return [_benchmark(db, row, boards) for row in rows]


def benchmark(hub: Hub, reader: Reader, dataset: str) -> Benchmark:
    """One benchmark.

    Raises:
        NotFoundError: There is no such repository, or it is no benchmark.
    """
    with hub.index.read() as db:
        row = find_benchmark(db, reader, dataset)
        return _benchmark(db, row, board_rows.boards_of(db, [row.repo_id]))


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


def _benchmark(db: Connection, row: BenchmarkRow, boards: Boards) -> Benchmark:
    names = benchmark_rows.names(db, row.repo_id)
    tasks = [
        _task(task, names.get(task.task_id, []), boards.get((row.repo_id, task.task_id)))
        for task in benchmark_rows.tasks(db, row.repo_id)
    ]
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
        findings=[Finding(**f) for f in benchmark_rows.findings(db, row.repo_id, "main")],
        mirror_of=row.mirror_of,
    )


def _task(row: TaskRow, names: Sequence[str], board: BoardRow | None) -> Task:
    return Task(
        task_id=row.task_id,
        config=row.config,
        split=row.split,
        scorers=row.scorers,
        metric=row.metric,
        unit=row.unit,
        direction=direction_of(row.direction),
        minimum=row.minimum,
        maximum=row.maximum,
        chance=row.chance,
        items=row.items,
        aliases=[name for name in names if name != row.task_id],
        models=board.models if board is not None else 0,
        claims=board.claims if board is not None else 0,
    )


def task_answer(row: TaskRow, names: Sequence[str]) -> Task:
    """A task without counts, for what needs only its terms."""
    return _task(row, names, None)


def direction_of(said: str | None) -> Direction | None:
    """A declared direction, or None."""
    return "lower" if said == "lower" else "higher" if said == "higher" else None


def board(
    hub: Hub,
    reader: Reader,
    dataset: str,
    task_id: str | None = None,
    *,
    view: View = "models",
    start: int = 0,
    limit: int | None = PAGE_SIZE,
    as_of: str | None = None,
) -> Board:
    """A page of the board of a task.

    Args:
        hub: The hub.
        reader: Who asks.
        dataset: `ns/name` of the benchmark.
        task_id: The task, or one of its aliases; None for the benchmark's first.
        view: One row a model, or one row a claim.
        start: How many public rows to pass over.
        limit: How many public rows at most; None for all.
        as_of: A date or time: what the board said when all was in that the hub had received by
            then. The benchmark's terms and names, and who may see what, are today's.

    Raises:
        NotFoundError: No such benchmark or task.
        InvalidError: `as_of` is no time.
    """
    then = _place_at(hub, as_of) if as_of is not None else None
    with hub.index.read() as db:
        row = find_benchmark(db, reader, dataset)
        names = benchmark_rows.names(db, row.repo_id)
        task_row = _find_task(benchmark_rows.tasks(db, row.repo_id), names, dataset, task_id)
        of = _board_row(db, row.repo_id, task_row.task_id)
        task = _task(task_row, names[task_row.task_id], of)
        page = limit if limit is not None else max(of.claims, 1)
        if then is None and view == "models":
            count, rows = of.models, model_rows(db, of, task, start=start, limit=page)
            said = sentence(summary_of_board(db, of, task), task)
        else:
            claims = claim_rows.claims_on(db, STRANGER, of.id, as_of=then)
            task = task if then is None else _counted(task, claims)
            models = rows_of(claims, task, "models")
            every = models if view == "models" else rows_of(claims, task, view)
            count, rows = len(every), every[start : start + page]
            said = sentence(summary_of_rows(models), task)
        if reader != STRANGER and start == 0:
            rows += _overlay(db, reader, of, task, view, then)
    return Board(
        benchmark=row.full_name,
        title=row.title,
        private=row.private,
        task=task,
        policy=ranking.POLICY,
        policy_says=POLICY_SAYS,
        view=view,
        direction=task.direction or "higher",
        direction_assumed=task.direction is None,
        unit=task.unit,
        commit=row.commit,
        sentence=said,
        rows=rows,
        count=count,
        start=start,
        page_size=page,
        as_of=as_of,
    )


def _board_row(db: Connection, repo_id: str, task_id: str) -> BoardRow:
    found = board_rows.find_board(db, repo_id, task_id)
    assert found is not None  # noqa: S101 - every task of a benchmark is written with its board
    return found


def _find_task(
    tasks: Sequence[TaskRow], names: dict[str, list[str]], dataset: str, task_id: str | None
) -> TaskRow:
    for task in tasks:
        if task_id is None or task_id in names[task.task_id]:
            return task
    known = ", ".join(task.task_id for task in tasks)
    raise NotFoundError(f"{dataset} has no task '{task_id}'", hint=f"its tasks: {known}")


def _place_at(hub: Hub, as_of: str) -> Marks:
    with hub.durable.read() as db:
        return place_at(db, end_of(as_of))


def _counted(task: Task, claims: Sequence[Claim]) -> Task:
    """A task with what stood there at the time of these claims."""
    live = [claim for claim in claims if claim.state is State.LIVE]
    return msgspec.structs.replace(
        task, models=len({claim.model for claim in live}), claims=len(live)
    )


def _overlay(
    db: Connection, reader: Reader, of: BoardRow, task: Task, view: View, then: Marks | None
) -> list[Row]:
    """What only this reader may see, with the rank it would have among what everybody sees."""
    hidden = claim_rows.claims_on(db, reader, of.id, as_of=then, only_private=True)
    if then is None:
        return overlay_of(
            hidden, task, view, place=lambda key: board_rows.count_better(db, of.id, key) + 1
        )
    public = rows_of(claim_rows.claims_on(db, STRANGER, of.id, as_of=then), task, "models")
    direction = task.direction or "higher"
    keys = [ranking.rank_key(row.claim.value, direction) for row in public if row.rank is not None]
    return overlay_of(hidden, task, view, place=lambda key: 1 + sum(one < key for one in keys))
