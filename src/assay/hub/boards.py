"""Boards and benchmarks as answers.

A board under the policy `best-evidence` is read from its standing rows, a page at a time. Public
rows are ranked among themselves. A reader who may see private claims gets them laid over the first
page, ranked nowhere, with the rank they would have; nothing of that is ever stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from assay.core import ranking
from assay.core.claim import Claim, badges
from assay.core.permission import STRANGER, Reader
from assay.core.ranking import Reason, Standing
from assay.errors import NotFoundError, RepoNotFoundError
from assay.formats.names import parse_repo_id
from assay.formats.terms import bounds_of
from assay.hub.answers import Benchmark, Board, Chance, Direction, Finding, HomeAnswer, Row, Task
from assay.hub.open import Hub
from assay.storage.database import benchmarks as benchmark_rows
from assay.storage.database import boards as board_rows
from assay.storage.database import claims as claim_rows
from assay.storage.database.benchmarks import BenchmarkRow, TaskRow
from assay.storage.database.boards import BoardRow, StandingRow
from assay.storage.database.engine import Connection

POLICY_SAYS = (
    "Replicated, signed and recomputed claims come before unchecked ones; then the author's before "
    "the community's; of an author's claims the last received, of the community's the first."
)
LATEST_ON_HOME = 8
PAGE_SIZE = 100
MOST_NAMED = 3
View = Literal["models", "claims"]
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

    Raises:
        NotFoundError: No such benchmark or task.
    """
    with hub.index.read() as db:
        row = find_benchmark(db, reader, dataset)
        names = benchmark_rows.names(db, row.repo_id)
        task_row = _find_task(benchmark_rows.tasks(db, row.repo_id), names, dataset, task_id)
        of = _board_row(db, row.repo_id, task_row.task_id)
        task = _task(task_row, names[task_row.task_id], of)
        page = limit if limit is not None else max(of.claims, 1)
        if view == "models":
            count, rows = of.models, _model_rows(db, of, task, start=start, limit=page)
        else:
            claims = claim_rows.claims_on(db, STRANGER, of.id)
            found = _claim_rows(claims, task)
            count, rows = len(found), found[start : start + page]
        if reader != STRANGER and start == 0:
            rows += _overlay(db, reader, of, task, view)
        sentence = _sentence(db, of, task)
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
        sentence=sentence,
        rows=rows,
        count=count,
        start=start,
        page_size=page,
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


def _model_rows(db: Connection, of: BoardRow, task: Task, *, start: int, limit: int) -> list[Row]:
    """A page of standing rows; equal values share the rank of the first of them."""
    page = board_rows.page_of(db, of, start=start, limit=limit)
    rows: list[Row] = []
    rank, last = 0, None
    for position, standing in enumerate(page, start=start + 1):
        if standing.rank_key is not None and standing.rank_key != last:
            is_first = last is None and start > 0
            rank = (
                board_rows.count_better(db, of.id, standing.rank_key) + 1 if is_first else position
            )
            last = standing.rank_key
        rows.append(_standing_row(standing, task, rank if standing.rank_key is not None else None))
    return rows


def _standing_row(standing: StandingRow, task: Task, rank: int | None) -> Row:
    said = standing.claim
    return Row(
        rank=rank,
        would_rank=None,
        model=said.model,
        claim=said,
        badges=badges(said),
        other_claims=standing.others,
        disagrees=standing.disagrees,
        declined=standing.declined,
        why=_why(standing.reason, standing.others),
        outside="" if rank is not None else _outside(said, task),
        chance=chance_of(said, task),
    )


def _claim_rows(claims: Sequence[Claim], task: Task) -> list[Row]:
    """One row a live claim, in the order of a board."""
    direction = task.direction or "higher"
    standings = _each_claim(ranking.stand(claims))
    possible = [standing for standing in standings if not _outside(standing.chosen, task)]
    values = [standing.chosen.value for standing in possible]
    ranked = sorted(
        zip(ranking.ranks(values, direction), possible, strict=True),
        key=lambda pair: (pair[0], *_name(pair[1])),
    )
    rows = [_row(standing, task, rank=rank) for rank, standing in ranked]
    impossible = [standing for standing in standings if _outside(standing.chosen, task)]
    return rows + [_row(standing, task) for standing in sorted(impossible, key=_name)]


def _overlay(db: Connection, reader: Reader, of: BoardRow, task: Task, view: View) -> list[Row]:
    """What only this reader may see, with the rank it would have."""
    hidden = claim_rows.claims_on(db, reader, of.id, only_private=True)
    standings = ranking.stand(hidden)
    rows = []
    for standing in standings if view == "models" else _each_claim(standings):
        key = ranking.rank_key(standing.chosen.value, task.direction or "higher")
        place = board_rows.count_better(db, of.id, key) + 1
        rows.append(_row(standing, task, would_rank=place))
    return rows


def _each_claim(standings: Sequence[Standing[Claim]]) -> list[Standing[Claim]]:
    """One standing a live claim, beside all the others about its model."""
    return [
        Standing(claim, tuple(other for other in live if other is not claim), standing.declined)
        for standing in standings
        for live in [(standing.chosen, *standing.others)]
        for claim in live
    ]


def _name(standing: Standing[Claim]) -> tuple[str, str]:
    return standing.chosen.model, standing.chosen.claim_id


def _outside(said: Claim, task: Task) -> str:
    low, high = bounds_of(task.unit, task.minimum, task.maximum)
    return ranking.outside(said.value, low, high)


def _row(
    standing: Standing[Claim],
    task: Task,
    *,
    rank: int | None = None,
    would_rank: int | None = None,
) -> Row:
    claim = standing.chosen
    return Row(
        rank=rank,
        would_rank=would_rank,
        model=claim.model,
        claim=claim,
        badges=badges(claim),
        other_claims=len(standing.others),
        disagrees=standing.disagrees,
        declined=standing.declined,
        why=why(standing),
        outside=_outside(claim, task),
        chance=chance_of(claim, task),
    )


def why(standing: Standing[Claim]) -> str:
    """Why a claim speaks for its model, or which claim does so instead."""
    chosen, others = standing.chosen, standing.others
    best = min((chosen, *others), key=ranking.best_evidence)
    if best is not chosen:
        return f"{best.reporter} claim {best.value_text} speaks for the model"
    return _why(standing.reason, len(others))


def _why(reason: Reason, others: int) -> str:
    count = f"{others} other" + ("s" if others > 1 else "")
    return {
        Reason.ONLY: "the only claim that stands",
        Reason.EVIDENCE: f"better evidence than {count}",
        Reason.AUTHOR: f"the author's claim, before {count}",
        Reason.AUTHORS_LATEST: f"the author's latest claim, before {count}",
        Reason.COMMUNITYS_FIRST: f"the community's first claim, before {count}",
    }[reason]


def chance_of(claim: Claim, task: Task) -> Chance | None:
    """How a claim stands to its task's chance level, where both are known."""
    found = ranking.compare_with_chance(claim, chance=task.chance, unit=task.unit, items=task.items)
    if found is None or task.chance is None:
        return None
    return Chance(
        level=task.chance,
        told_apart=found.told_apart,
        low=found.low,
        high=found.high,
        n=found.n,
        n_source=found.n_source,
    )


def _sentence(db: Connection, of: BoardRow, task: Task) -> str:
    """What a board says today, in a few sentences about its models."""
    if not of.models:
        return "Nobody has reported a result yet."
    parts = [_leader(of, *board_rows.leaders(db, of.id, MOST_NAMED))] if of.ranked else []
    if task.chance is not None:
        lost, named = board_rows.at_chance(db, of.id, MOST_NAMED)
        if lost and lost == of.ranked:
            parts.append("No result here can be told from chance.")
        elif lost:
            parts.append(f"{_listed(named, lost)} cannot be told from chance.")
    if impossible := of.models - of.ranked:
        parts.append(f"{impossible} cannot be ranked: the value is not one the task can have.")
    if task.unit is None:
        parts.append("The unit is not declared; values are ranked as written.")
    return " ".join(parts)


def _leader(of: BoardRow, first: int, named: Sequence[str]) -> str:
    if of.ranked == 1:
        return f"Only {named[0]} has a result here."
    verb = "leads" if first == 1 else "share the lead among"
    return f"{_listed(named, first)} {verb} {of.ranked} models."


def _listed(names: Sequence[str], count: int) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    if count > len(names):
        return f"{', '.join(names)} and {count - len(names)} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
