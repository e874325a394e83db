"""Boards and benchmarks as answers. One query, then `core.ranking`, then one answer object.

Public rows are ranked among themselves. A reader who may see private claims gets them laid over the
same board, ranked nowhere, with the rank they would have; nothing of that is ever stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from assay.core import ranking
from assay.core.claim import Claim, Reporter, State, badges
from assay.core.permission import STRANGER, Reader
from assay.core.ranking import Standing
from assay.errors import NotFoundError, RepoNotFoundError
from assay.formats.names import parse_repo_id
from assay.formats.terms import bounds_of
from assay.hub.answers import Benchmark, Board, Chance, Direction, Finding, HomeAnswer, Row, Task
from assay.hub.open import Hub
from assay.storage.database import benchmarks as benchmark_rows
from assay.storage.database import claims as claim_rows
from assay.storage.database.benchmarks import BenchmarkRow, TaskRow
from assay.storage.database.engine import Connection

POLICY_SAYS = (
    "Replicated, signed and recomputed claims come before unchecked ones; then the author's before "
    "the community's; of an author's claims the last received, of the community's the first."
)
LATEST_ON_HOME = 8
View = Literal["models", "claims"]


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
    counts = claim_rows.count_by_task(db, STRANGER)
    return [_benchmark(db, row, counts) for row in benchmark_rows.benchmarks(db, reader)]


def benchmark(hub: Hub, reader: Reader, dataset: str) -> Benchmark:
    """One benchmark.

    Raises:
        NotFoundError: There is no such repository, or it is no benchmark.
    """
    with hub.index.read() as db:
        row = find_benchmark(db, reader, dataset)
        return _benchmark(db, row, claim_rows.count_by_task(db, STRANGER))


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


def _benchmark(
    db: Connection, row: BenchmarkRow, counts: dict[tuple[str, str], tuple[int, int]]
) -> Benchmark:
    names = benchmark_rows.names(db, row.repo_id)
    tasks = [
        _task(task, names.get(task.task_id, []), counts.get((row.full_name, task.task_id), (0, 0)))
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


def _task(row: TaskRow, names: Sequence[str], counts: tuple[int, int]) -> Task:
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
        models=counts[0],
        claims=counts[1],
    )


def task_answer(row: TaskRow, names: Sequence[str]) -> Task:
    """A task without counts, for what needs only its terms."""
    return _task(row, names, (0, 0))


def direction_of(said: str | None) -> Direction | None:
    """A declared direction, or None."""
    return "lower" if said == "lower" else "higher" if said == "higher" else None


def board(
    hub: Hub, reader: Reader, dataset: str, task_id: str | None = None, *, view: View = "models"
) -> Board:
    """The board of a task.

    Args:
        hub: The hub.
        reader: Who asks.
        dataset: `ns/name` of the benchmark.
        task_id: The task, or one of its aliases; None for the benchmark's first.
        view: One row a model, or one row a claim.

    Raises:
        NotFoundError: No such benchmark or task.
    """
    with hub.index.read() as db:
        row = find_benchmark(db, reader, dataset)
        names = benchmark_rows.names(db, row.repo_id)
        task_row = _find_task(benchmark_rows.tasks(db, row.repo_id), names, dataset, task_id)
        written = names[task_row.task_id]
        claims = claim_rows.claims_about(db, reader, row.full_name, written)
    public = [claim for claim in claims if not claim.private]
    live = [claim for claim in public if claim.state is State.LIVE]
    models = len({claim.model for claim in live})
    task = _task(task_row, written, (models, len(live)))
    hidden = [claim for claim in claims if claim.private]
    rows = _rows(public, hidden, task, view)
    of_models = rows if view == "models" else _rows(public, hidden, task, "models")
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
        sentence=board_sentence(of_models, task),
        rows=rows,
    )


def _find_task(
    tasks: Sequence[TaskRow], names: dict[str, list[str]], dataset: str, task_id: str | None
) -> TaskRow:
    for task in tasks:
        if task_id is None or task_id in names[task.task_id]:
            return task
    known = ", ".join(task.task_id for task in tasks)
    raise NotFoundError(f"{dataset} has no task '{task_id}'", hint=f"its tasks: {known}")


def _rows(public: Sequence[Claim], private: Sequence[Claim], task: Task, view: View) -> list[Row]:
    """Ranked rows, then values that cannot be, then what only this reader may see."""
    direction = task.direction or "higher"
    standings, overlay = _standings(public, view), _standings(private, view)
    possible = [standing for standing in standings if not _outside(standing, task)]
    values = [standing.chosen.value for standing in possible]
    ranked = sorted(
        zip(ranking.ranks(values, direction), possible, strict=True),
        key=lambda pair: (pair[0], *_name(pair[1])),
    )
    rows = [_row(standing, task, rank=rank) for rank, standing in ranked]
    impossible = [standing for standing in standings if _outside(standing, task)]
    rows += [_row(standing, task) for standing in sorted(impossible, key=_name)]
    for standing in overlay:
        place = ranking.would_rank(standing.chosen.value, values, direction)
        rows.append(_row(standing, task, would_rank=place))
    return rows


def _name(standing: Standing) -> tuple[str, str]:
    return standing.chosen.model, standing.chosen.claim_id


def _outside(standing: Standing, task: Task) -> str:
    low, high = bounds_of(task.unit, task.minimum, task.maximum)
    return ranking.outside(standing.chosen.value, low, high)


def _standings(claims: Sequence[Claim], view: View) -> list[Standing]:
    """One standing a model, or one a live claim beside all the others about its model."""
    standings = ranking.stand(claims)
    if view == "models":
        return standings
    return [
        Standing(claim, tuple(other for other in live if other is not claim), standing.declined)
        for standing in standings
        for live in [(standing.chosen, *standing.others)]
        for claim in live
    ]


def _row(
    standing: Standing, task: Task, *, rank: int | None = None, would_rank: int | None = None
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
        outside=_outside(standing, task),
        chance=chance_of(claim, task),
    )


def why(standing: Standing) -> str:
    """Why a claim speaks for its model, or which claim does so instead."""
    chosen, others = standing.chosen, standing.others
    if not others:
        return "the only claim that stands"
    best = min((chosen, *others), key=ranking.best_evidence)
    if best is not chosen:
        return f"{best.reporter} claim {best.value_text} speaks for the model"
    count = f"{len(others)} other" + ("s" if len(others) > 1 else "")
    if ranking.tier(chosen) > max(ranking.tier(other) for other in others):
        return f"better evidence than {count}"
    if chosen.reporter is Reporter.AUTHOR:
        authors = any(other.reporter is Reporter.AUTHOR for other in others)
        return f"the author's {'latest ' if authors else ''}claim, before {count}"
    return f"the community's first claim, before {count}"


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


def board_sentence(rows: Sequence[Row], task: Task) -> str:
    """What a board says today, in a few sentences about its rows of models."""
    ranked = [row for row in rows if row.rank is not None]
    impossible = sum(bool(row.outside) for row in rows)
    if not ranked and not impossible:
        return "Nobody has reported a result yet."
    parts = [_leader(ranked)] if ranked else []
    lost = [row.model for row in ranked if row.chance is not None and not row.chance.told_apart]
    if lost and len(lost) == len(ranked):
        parts.append("No result here can be told from chance.")
    elif lost:
        parts.append(f"{_listed(sorted(set(lost)))} cannot be told from chance.")
    if impossible:
        parts.append(f"{impossible} cannot be ranked: the value is not one the task can have.")
    if task.unit is None:
        parts.append("The unit is not declared; values are ranked as written.")
    return " ".join(parts)


def _leader(ranked: Sequence[Row]) -> str:
    first = sorted({row.model for row in ranked if row.rank == 1})
    models = len({row.model for row in ranked})
    if models == 1:
        return f"Only {first[0]} has a result here."
    verb = "leads" if len(first) == 1 else "share the lead among"
    of = f"{models} models"
    return f"{_listed(first)} {verb} {of}."


MOST_NAMED = 3


def _listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
