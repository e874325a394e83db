"""Claims in the company of others: those about the same model and task, those of one pull request.

There may be very many of either, so they are counted by the database and read up to a limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.core.claim import Claim, State
from assay.core.permission import Reader
from assay.core.policy import BEST_EVIDENCE
from assay.storage.database.claims import CLAIM, claim_of, visible
from assay.storage.database.engine import Connection
from assay.storage.database.index_tables import claim, subject
from assay.storage.database.policies import order_of


@dataclass(frozen=True, slots=True)
class Beside:
    """The other claims about the same model and the same task, under whatever name.

    Attributes:
        count: How many there are, in whatever state.
        live: How many of those are live.
        differing: How many of the live ones say another value.
        claims: Some of them: live ones before the others, then in the policy's order.
    """

    count: int
    live: int
    differing: int
    claims: list[Claim]


def claims_beside(
    db: Connection, reader: Reader, said: Claim, repo_id: str, *, limit: int
) -> Beside:
    """The claims beside one, `limit` of them at most."""
    own = sa.select(claim.c.subject).where(claim.c.claim_id == said.claim_id).scalar_subquery()
    board = sa.select(subject.c.board).where(subject.c.id == own).scalar_subquery()
    answering = sa.select(subject.c.id).where(subject.c.board == board)
    itself = sa.select(claim.c.id).where(claim.c.claim_id == said.claim_id).scalar_subquery()
    # By its number and in every state there is: so one index has all that is looked at.
    others = (
        claim.c.repo_id == repo_id,
        claim.c.subject.in_(sa.union_all(sa.select(own), answering)),
        claim.c.id != itself,
        claim.c.state.in_(sorted(State)),
    )
    live = claim.c.state == State.LIVE
    counts = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((live, 1), else_=0)), 0),
        sa.func.coalesce(
            sa.func.sum(sa.case((sa.and_(live, claim.c.value != said.value), 1), else_=0)), 0
        ),
    ).where(*others)
    count, living, differing = db.execute(counts).one()
    first = sa.select(claim.c.id).where(*others).order_by(sa.not_(live), *order_of(BEST_EVIDENCE))
    return Beside(int(count), int(living), int(differing), _these(db, reader, first.limit(limit)))


def claims_against(
    db: Connection, reader: Reader, said: Claim, repo_id: str, *, limit: int
) -> list[Claim]:
    """Live claims of the same lane that give the same task another value, `limit` at most."""
    own = sa.select(claim.c.subject).where(claim.c.claim_id == said.claim_id).scalar_subquery()
    first = (
        sa.select(claim.c.id)
        .where(
            claim.c.repo_id == repo_id,
            claim.c.subject == own,
            claim.c.lane == said.lane,
            claim.c.conflicts,
            claim.c.value != said.value,
        )
        .order_by(claim.c.first_push, claim.c.claim_id)
        .limit(limit)
    )
    return _these(db, reader, first)


@dataclass(frozen=True, slots=True)
class OfPull:
    """The claims that a pull request introduced.

    Attributes:
        count: How many there are, in whatever state.
        standing: How many of those were neither deleted nor superseded.
        against: How many of the standing ones contradict one on main.
        claims: The first of them, in the order in which the hub received them.
    """

    count: int
    standing: int
    against: int
    claims: list[Claim]


def claims_of_pull(
    db: Connection, reader: Reader, repo_id: str, pull: int, *, limit: int
) -> OfPull:
    """The claims of a pull request, `limit` of them at most."""
    own = claim.c.repo_id == repo_id, claim.c.pull == pull, claim.c.pull.is_not(None)
    stands = claim.c.state.not_in([State.DELETED, State.SUPERSEDED])
    against = sa.and_(stands, claim.c.contradicts.is_not(None))
    counts = sa.select(
        sa.func.count(),
        *(
            sa.func.coalesce(sa.func.sum(sa.case((one, 1), else_=0)), 0)
            for one in (stands, against)
        ),
    ).where(*own)
    count, standing, contradicting = db.execute(counts).one()
    order = claim.c.first_push, claim.c.claim_id
    first = sa.select(claim.c.id).where(*own).order_by(*order).limit(limit)
    found = _these(db, reader, first)
    return OfPull(int(count), int(standing), int(contradicting), found)


def _these(db: Connection, reader: Reader, numbers: sa.Select[Any]) -> list[Claim]:
    """Claims in the order of a query of their numbers."""
    wanted = list(db.execute(numbers).scalars())
    query = CLAIM.add_columns(claim.c.id.label("number")).where(
        claim.c.id.in_(wanted), visible(reader)
    )
    found = {row[-1]: claim_of(row) for row in db.execute(query)} if wanted else {}
    return [found[number] for number in wanted if number in found]
