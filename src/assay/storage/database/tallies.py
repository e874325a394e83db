"""What is claimed about one model, a page at a time, and how much of it there is.

A model's claims are listed by what they are about, as they write it, then in the order in which the
hub received them. Nothing that happens to a claim later changes its place, and those that come
later are told by the push that brought them: so pages that were read one after the other fit
together. What is counted is kept in `tally`, by the transaction that changes a claim.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.core.claim import Claim, Reporter, State
from assay.core.permission import Reader
from assay.core.policy import BEST_EVIDENCE
from assay.storage.database.claims import CLAIM, claim_of, may_see, visible
from assay.storage.database.engine import Connection
from assay.storage.database.index_tables import board, claim, repo, subject, tally
from assay.storage.database.policies import order_of
from assay.storage.database.writing import portions, put

Pair = tuple[str, int]
_OWN = sa.and_(claim.c.repo_id == tally.c.repo_id, claim.c.subject == tally.c.subject)


@dataclass(frozen=True, slots=True)
class Totals:
    """How much is claimed about a model, in whatever state; `tasks` is on how many tasks."""

    claims: int
    live: int
    authors: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which of a model's claims are wanted: about a dataset or one of its tasks, under any name.

    Attributes:
        dataset_id: As claims may write it.
        task_id: Likewise; None for all tasks.
        boards: The numbers of the boards that answer to these names.
    """

    dataset_id: str
    task_id: str | None
    boards: Collection[int]


@dataclass(frozen=True, slots=True)
class Tally:
    """One subject of a model's claims; fields are columns, `board` is where it stands."""

    dataset_id: str
    task_id: str
    claims: int
    speaks: int | None
    board: int | None


# Counting


def refresh(db: Connection, claim_ids: Collection[str]) -> None:
    """Count again what is claimed where these claims are; call it once they are written."""
    pairs: set[Pair] = set()
    for part in portions(sorted(claim_ids)):
        query = sa.select(claim.c.repo_id, claim.c.subject).where(claim.c.claim_id.in_(part))
        pairs.update((row[0], row[1]) for row in db.execute(query.distinct()))
    for portion in portions(sorted(pairs)):
        _refresh(db, set(portion))


def _refresh(db: Connection, pairs: set[Pair]) -> None:
    among = (
        claim.c.repo_id.in_(sorted({repo_id for repo_id, _ in pairs})),
        claim.c.subject.in_(sorted({number for _, number in pairs})),
    )
    live = claim.c.state == State.LIVE
    authors = sa.and_(live, claim.c.reporter == Reporter.AUTHOR)
    counted = (
        sa.select(
            claim.c.repo_id,
            claim.c.subject,
            subject.c.dataset_id,
            subject.c.task_id,
            sa.func.count().label("claims"),
            sa.func.sum(sa.case((live, 1), else_=0)).label("live"),
            sa.func.sum(sa.case((authors, 1), else_=0)).label("authors"),
        )
        .join(subject, subject.c.id == claim.c.subject)
        .where(*among)
        .group_by(claim.c.repo_id, claim.c.subject, subject.c.dataset_id, subject.c.task_id)
    )
    speaking = _speaking(db, [*among, live])
    rows = [
        {**row, "speaks": speaking.get((row["repo_id"], row["subject"]))}
        for row in db.execute(counted).mappings()
        if (row["repo_id"], row["subject"]) in pairs
    ]
    put(db, tally, rows)


def _speaking(db: Connection, among: Iterable[sa.ColumnElement[bool]]) -> dict[Pair, int]:
    place = sa.func.row_number().over(
        partition_by=(claim.c.repo_id, claim.c.subject), order_by=order_of(BEST_EVIDENCE)
    )
    considered = (
        sa.select(claim.c.id, claim.c.repo_id, claim.c.subject, place.label("place"))
        .where(*among)
        .subquery()
    )
    query = sa.select(considered.c.repo_id, considered.c.subject, considered.c.id)
    return {(row[0], row[1]): row[2] for row in db.execute(query.where(considered.c.place == 1))}


# Reading


def totals(db: Connection, reader: Reader, repo_id: str) -> Totals:
    """How much is claimed about a model; names of one task that the reader may see are one."""
    benchmark = sa.alias(repo, "benchmark_repo")
    seen = sa.and_(
        benchmark.c.repo_id == board.c.repo_id,
        sa.not_(benchmark.c.deleted),
        may_see(reader, benchmark),
    )
    task = sa.case((benchmark.c.repo_id.is_not(None), board.c.id), else_=-subject.c.id)
    query = (
        sa.select(
            sa.func.coalesce(sa.func.sum(tally.c.claims), 0),
            sa.func.coalesce(sa.func.sum(tally.c.live), 0),
            sa.func.coalesce(sa.func.sum(tally.c.authors), 0),
            sa.func.count(task.distinct()),
        )
        .join(subject, subject.c.id == tally.c.subject)
        .outerjoin(board, board.c.id == subject.c.board)
        .outerjoin(benchmark, seen)
        .where(tally.c.repo_id == repo_id)
    )
    return Totals(*(int(number) for number in db.execute(query).one()))


def count(db: Connection, repo_id: str, narrowed: Narrowed | None, up_to: int | None) -> int:
    """How many of a model's claims are wanted, of those that a push up to a number brought."""
    counted: sa.ColumnElement[int] = tally.c.claims
    if up_to is not None:
        # Of those that came later there are few, and an index says where they begin.
        later = sa.select(sa.func.count()).where(_OWN, claim.c.first_push > up_to)
        counted = tally.c.claims - later.correlate(tally).scalar_subquery()
    query = (
        sa.select(sa.func.coalesce(sa.func.sum(counted), 0))
        .select_from(tally)
        .join(subject, subject.c.id == tally.c.subject)
        .where(tally.c.repo_id == repo_id, *_where(narrowed))
    )
    return int(db.execute(query).scalar_one())


def page_of(
    db: Connection,
    reader: Reader,
    repo_id: str,
    narrowed: Narrowed | None,
    *,
    start: int,
    limit: int,
    up_to: int | None,
) -> list[Claim]:
    """Some of a model's claims, in no order.

    Args:
        db: The index.
        reader: Who asks.
        repo_id: The model.
        narrowed: Which of them are wanted; None for all.
        start: How many to pass over.
        limit: How many at most.
        up_to: The number of the last push whose claims are wanted; None for all.
    """
    window = sa.select(claim.c.id).select_from(tally.join(claim, _OWN))
    if narrowed is not None:
        window = window.join(subject, subject.c.id == tally.c.subject)
    window = window.where(tally.c.repo_id == repo_id, *_where(narrowed))
    if up_to is not None:
        window = window.where(claim.c.first_push <= up_to)
    # The order of two indexes, one within the other: nothing is sorted.
    order = (tally.c.dataset_id, tally.c.task_id, claim.c.first_push, claim.c.claim_id)
    wanted = window.order_by(*order).limit(limit).offset(start).subquery()
    query = CLAIM.join(wanted, wanted.c.id == claim.c.id).where(visible(reader))
    return [claim_of(row) for row in db.execute(query).all()]


def tallies_of(
    db: Connection, repo_id: str, subjects: Collection[tuple[str, str]], boards: Collection[int]
) -> list[Tally]:
    """What is counted of a model on these subjects, and on all that stand on these boards."""
    columns = (tally.c.dataset_id, tally.c.task_id, tally.c.claims, tally.c.speaks, subject.c.board)
    query = (
        sa.select(*columns)
        .join(subject, subject.c.id == tally.c.subject)
        .where(tally.c.repo_id == repo_id)
    )
    found: dict[tuple[str, str], Tally] = {}
    for names in portions(sorted(subjects)):
        written = sa.tuple_(tally.c.dataset_id, tally.c.task_id).in_(names)
        found |= {(row[0], row[1]): Tally(*row) for row in db.execute(query.where(written))}
    for numbers in portions(sorted(boards)):
        answering = sa.select(subject.c.id).where(subject.c.board.in_(numbers))
        rows = db.execute(query.where(tally.c.subject.in_(answering)))
        found |= {(row[0], row[1]): Tally(*row) for row in rows}
    return list(found.values())


def claims_numbered(db: Connection, reader: Reader, numbers: Collection[int]) -> dict[int, Claim]:
    """Claims by their numbers."""
    found: dict[int, Claim] = {}
    for part in portions(sorted(numbers)):
        query = CLAIM.add_columns(claim.c.id.label("number")).where(
            claim.c.id.in_(part), visible(reader)
        )
        found |= {row[-1]: claim_of(row) for row in db.execute(query)}
    return found


def _where(narrowed: Narrowed | None) -> list[sa.ColumnElement[Any]]:
    if narrowed is None:
        return []
    written = [tally.c.dataset_id == narrowed.dataset_id]
    if narrowed.task_id is not None:
        written.append(tally.c.task_id == narrowed.task_id)
    return [sa.or_(sa.and_(*written), subject.c.board.in_(sorted(narrowed.boards)))]
