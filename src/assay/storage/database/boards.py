"""Reading boards from their standing rows: a page of a board is a walk along one index."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.core.claim import Claim
from assay.core.permission import STRANGER, Reader
from assay.core.ranking import Reason
from assay.storage.database.benchmarks import OF_REPO, BenchmarkRow, TaskRow
from assay.storage.database.claims import CLAIM, claim_of, visible
from assay.storage.database.engine import Connection
from assay.storage.database.index_tables import (
    benchmark,
    board,
    claim,
    repo,
    standing,
    subject,
    task,
    task_name,
)
from assay.storage.database.writing import portions

Subject = tuple[str, str]


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A task as a place where models stand, and what public claims stand there; see the table."""

    id: int
    repo_id: str
    task_id: str
    models: int
    ranked: int
    claims: int
    generation: int


@dataclass(frozen=True, slots=True)
class StandingRow:
    """Who stands on a board and why; `rank_key` is lower for the better and None for no rank."""

    claim: Claim
    rank_key: float | None
    reason: Reason
    others: int
    disagrees: bool
    declined: int


@dataclass(frozen=True, slots=True)
class Place:
    """The board that somebody asked for, with its benchmark and task."""

    benchmark: BenchmarkRow
    task: TaskRow
    board: BoardRow


_BOARD = sa.select(board)
_OF_BENCHMARK = [
    *(repo.c[name] for name in OF_REPO),
    *(column for column in benchmark.c if column.name != "repo_id"),
]
_PLACE = (
    sa.select(*_OF_BENCHMARK, *task.c, *board.c)
    .join(benchmark, benchmark.c.repo_id == repo.c.repo_id)
    .join(task, task.c.repo_id == repo.c.repo_id)
    .join(board, sa.and_(board.c.repo_id == task.c.repo_id, board.c.task_id == task.c.task_id))
    .where(
        repo.c.type == sa.literal("dataset", literal_execute=True),
        repo.c.namespace == sa.bindparam("namespace"),
        repo.c.name == sa.bindparam("name"),
    )
)
_FIRST_TASK = _PLACE.order_by(task.c.position).limit(1)
_NAMED_TASK = _PLACE.join(
    task_name,
    sa.and_(task_name.c.repo_id == task.c.repo_id, task_name.c.task_id == task.c.task_id),
).where(task_name.c.written == sa.bindparam("written"))
# Put together once for whoever asks most.
_TO_STRANGERS = tuple(query.where(visible(STRANGER)) for query in (_FIRST_TASK, _NAMED_TASK))
_FIELDS = tuple([column.name for column in of] for of in (_OF_BENCHMARK, task.c, board.c))
_REASONS = {str(one): one for one in Reason}


def _page(where: sa.ColumnElement[bool], *order: str) -> sa.Select[Any]:
    """A window of standing rows with their claims, which are read for the window alone."""
    window = (
        sa.select(standing)
        .where(standing.c.board == sa.bindparam("board"), where)
        .order_by(*(standing.c[name] for name in order))
        .limit(sa.bindparam("limit", type_=sa.Integer))
        .offset(sa.bindparam("start", type_=sa.Integer))
        .subquery()
    )
    shown = ("rank_key", "reason", "others", "disagrees", "declined")
    return (
        CLAIM.add_columns(*(window.c[name] for name in shown))
        .join(window, window.c.claim == claim.c.id)
        .order_by(*(window.c[name] for name in order))
    )


_RANKED = _page(standing.c.rank_key.is_not(None), "rank_key", "model")
_UNRANKED = _page(standing.c.rank_key.is_(None), "model")


def find_place(
    db: Connection, reader: Reader, namespace: str, name: str, written: str | None
) -> Place | None:
    """The board of a task of a benchmark that the reader may see, or None.

    Args:
        db: The index.
        reader: Who asks.
        namespace: The benchmark's.
        name: Its name there.
        written: The task, or one of its aliases; None for the benchmark's first.
    """
    if reader == STRANGER:
        query = _TO_STRANGERS[written is not None]
    else:
        query = (_FIRST_TASK if written is None else _NAMED_TASK).where(visible(reader))
    named = {"namespace": namespace, "name": name, "written": written}
    row = db.execute(query, named).first()
    if row is None:
        return None
    values = iter(row)
    of_benchmark, of_task, of_board = (dict(zip(names, values, strict=False)) for names in _FIELDS)
    return Place(BenchmarkRow(**of_benchmark), TaskRow(**of_task), BoardRow(**of_board))


def boards_of(db: Connection, repo_ids: Collection[str]) -> dict[tuple[str, str], BoardRow]:
    """The boards of benchmarks, by the benchmark's id and the task."""
    return {
        (row.repo_id, row.task_id): BoardRow(*row)
        for part in portions(sorted(repo_ids))
        for row in db.execute(_BOARD.where(board.c.repo_id.in_(part)))
    }


def boards_of_subjects(
    db: Connection, reader: Reader, dataset_ids: Collection[str]
) -> dict[Subject, BoardRow]:
    """Where results about datasets stand, by what they write; on benchmarks the reader may see."""
    found: dict[Subject, BoardRow] = {}
    for part in portions(sorted(dataset_ids)):
        query = (
            sa.select(subject.c.dataset_id, subject.c.task_id.label("written"), board)
            .join(board, board.c.id == subject.c.board)
            .join(repo, repo.c.repo_id == board.c.repo_id)
            .where(subject.c.dataset_id.in_(part), visible(reader))
        )
        found |= {(row[0], row[1]): BoardRow(*row[2:]) for row in db.execute(query)}
    return found


def page_of(db: Connection, of: BoardRow, *, start: int, limit: int) -> list[StandingRow]:
    """The public rows of a board from `start` on: the ranked ones by rank, then the others."""
    found: list[StandingRow] = []
    if start < of.ranked:
        found = _standing(db, _RANKED, of, start=start, limit=limit)
    if len(found) < limit and of.ranked < of.models:
        past = max(0, start - of.ranked)
        found += _standing(db, _UNRANKED, of, start=past, limit=limit - len(found))
    return found


def _standing(
    db: Connection, query: sa.Select[Any], of: BoardRow, *, start: int, limit: int
) -> list[StandingRow]:
    rows = db.execute(query, {"board": of.id, "start": start, "limit": limit})
    found = []
    for row in rows.all():
        *_, rank_key, reason, others, disagrees, declined = row
        found.append(
            StandingRow(claim_of(row), rank_key, _REASONS[reason], others, disagrees, declined)
        )
    return found


_BETTER = sa.select(sa.func.count()).where(
    standing.c.board == sa.bindparam("board"),
    standing.c.rank_key < sa.bindparam("rank_key", type_=sa.Float),
)


def count_better(db: Connection, board_id: int, rank_key: float) -> int:
    """How many models stand before a value."""
    return int(db.execute(_BETTER, {"board": board_id, "rank_key": rank_key}).scalar_one())


_ON = standing.c.board == sa.bindparam("board")
_BEST = sa.select(sa.func.min(standing.c.rank_key)).where(_ON).scalar_subquery()
_LEADING = (_ON, standing.c.rank_key == _BEST)
_AT_CHANCE = (_ON, standing.c.at_chance, standing.c.rank_key.is_not(None))


def _some_of(where: tuple[sa.ColumnElement[bool], ...]) -> tuple[sa.Select[Any], sa.Select[Any]]:
    names = sa.select(standing.c.model).where(*where).order_by(standing.c.model)
    return (
        names.limit(sa.bindparam("limit", type_=sa.Integer)),
        sa.select(sa.func.count()).select_from(standing).where(*where),
    )


# Put together once, as whatever is asked for every board.
_LEADERS, _LOST = _some_of(_LEADING), _some_of(_AT_CHANCE)


def leaders(db: Connection, board_id: int, limit: int) -> tuple[int, list[str]]:
    """How many models share the first rank, and the first of their names."""
    return _named(db, _LEADERS, board_id, limit)


def at_chance(db: Connection, board_id: int, limit: int) -> tuple[int, list[str]]:
    """How many ranked models cannot be told from answering at random, and some of their names."""
    return _named(db, _LOST, board_id, limit)


def _named(
    db: Connection, queries: tuple[sa.Select[Any], sa.Select[Any]], board_id: int, limit: int
) -> tuple[int, list[str]]:
    names = list(db.execute(queries[0], {"board": board_id, "limit": limit}).scalars())
    if len(names) < limit:
        return len(names), names
    return int(db.execute(queries[1], {"board": board_id}).scalar_one()), names
