"""Boards under any policy: `core.policy`, said in SQL, over all claims about a task.

The rows of `best-evidence` are kept (`standings`); these are for the other policies, and for boards
with a row a claim. Ties of claims that were received at once are settled by the order in which the
index numbered them: one transaction numbers the claims that a push brought, by their ids.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.core.claim import Claim, Reporter, State
from assay.core.permission import STRANGER
from assay.core.policy import UNCHECKED_LEVEL, Policy, View
from assay.core.ranking import Direction
from assay.storage.database.claims import CLAIM, claim_of, visible
from assay.storage.database.engine import Connection
from assay.storage.database.index_tables import claim, repo, subject
from assay.storage.database.writing import portions


@dataclass(frozen=True, slots=True)
class Order:
    """Who stands on a board: the ranked claims, then those whose value cannot be ranked.

    Claims of equal rank stand in order of their models' names. To know the names of all takes as
    long as all else, and nobody looks at more than a page: `put_by_name` does it for a window.

    Attributes:
        numbers: The claims, as the index numbers them.
        keys: The rank keys of the ranked ones, never falling.
        by_name: The first place of each run of equal ranks that is in order of names by now; None
            where all are.
    """

    numbers: array[int]
    keys: array[float]
    by_name: set[int] | None = None

    def rank_at(self, position: int) -> int | None:
        """The rank of the claim at a position, which equal values share; None for no rank."""
        if position >= len(self.keys):
            return None
        return self.place_of(self.keys[position])

    def runs(self, window: slice) -> Iterator[slice]:
        """The places of equal rank that a window meets, a run at a time."""
        place, end = window.start, min(window.stop, len(self.numbers))
        while place < end:
            run = slice(len(self.keys), len(self.numbers))
            if place < len(self.keys):
                key = self.keys[place]
                run = slice(bisect_left(self.keys, key), bisect_right(self.keys, key))
            yield run
            place = run.stop

    def place_of(self, rank_key: float) -> int:
        """The rank that a rank key has or would have."""
        return bisect_left(self.keys, rank_key) + 1


def order_under(
    db: Connection,
    board: int,
    policy: Policy,
    view: View,
    *,
    direction: Direction,
    bounds: tuple[float | None, float | None],
) -> Order:
    """The public claims of a board in order: one a model, or all that the policy admits.

    Args:
        db: The index.
        board: The board's number.
        policy: Which claims may speak, and which does.
        view: One claim a model, or each.
        direction: Whether higher or lower values are better.
        bounds: The least and the greatest value that can be; others are not ranked.
    """
    place = sa.func.row_number().over(partition_by=claim.c.repo_id, order_by=order_of(policy))
    key = _rank_key(direction, bounds)
    # Named one by one, since most boards have one: then the claims come in order of their models.
    subjects = db.execute(sa.select(subject.c.id).where(subject.c.board == board)).scalars().all()
    hidden = sa.select(repo.c.repo_id).where(sa.not_(visible(STRANGER)))
    considered = (
        sa.select(
            claim.c.id,
            claim.c.first_push,
            key.label("rank_key"),
            *([place.label("place")] if view == "models" else []),
        )
        .where(claim.c.subject.in_(subjects), *_admitted(policy), claim.c.repo_id.not_in(hidden))
        .subquery()
    )
    query = (
        sa.select(considered.c.id, considered.c.rank_key)
        .where(*([considered.c.place == 1] if view == "models" else []))
        .order_by(
            considered.c.rank_key.is_(None),
            considered.c.rank_key,
            considered.c.first_push,
            considered.c.id,
        )
    )
    rows = db.execute(query).all()
    return Order(
        array("q", [row[0] for row in rows]),
        array("d", [row[1] for row in rows if row[1] is not None]),
        by_name=set(),
    )


def put_by_name(db: Connection, order: Order, window: slice) -> None:
    """Put claims of equal rank that a window meets in order of their models' names.

    Those of one model stay as they are. Two threads may both do it, and come to the same.

    Args:
        db: The index, as the order was read from it.
        order: Changed in place.
        window: From which place to which, both given.
    """
    if order.by_name is None:
        return
    for run in order.runs(window):
        if run.start not in order.by_name:
            numbers = order.numbers[run]
            if len(numbers) > 1:
                names = _model_names(db, numbers)
                order.numbers[run] = array("q", sorted(numbers, key=names.__getitem__))
            order.by_name.add(run.start)


def _admitted(policy: Policy) -> list[sa.ColumnElement[bool]]:
    """Rule 1."""
    admitted = [claim.c.state == State.LIVE]
    if policy.reporters is not None:
        admitted.append(claim.c.reporter.in_(sorted(policy.reporters)))
    if policy.least_level:
        admitted.append(claim.c.evidence_level >= policy.least_level)
    return admitted


def order_of(policy: Policy) -> Sequence[sa.ColumnElement[Any]]:
    """The columns by which a policy orders claims, the one that speaks first (rules 2 and 3)."""
    if policy.order == "latest":
        return claim.c.latest_push.desc(), claim.c.first_push, claim.c.id
    is_author = claim.c.reporter == Reporter.AUTHOR
    level = claim.c.evidence_level
    return (
        sa.case((level > UNCHECKED_LEVEL, UNCHECKED_LEVEL - level), else_=0),
        sa.case((is_author, 0), else_=1),
        sa.case((is_author, -claim.c.latest_push), else_=claim.c.first_push),
        claim.c.first_push,
        claim.c.id,
    )


def _rank_key(
    direction: Direction, bounds: tuple[float | None, float | None]
) -> sa.ColumnElement[float]:
    """`core.ranking.rank_key` of values that can be, else null."""
    low, high = bounds
    impossible = [
        *([] if low is None else [claim.c.value < low]),
        *([] if high is None else [claim.c.value > high]),
    ]
    key = claim.c.value + 0.0 if direction == "lower" else 0.0 - claim.c.value
    return sa.case((sa.or_(*impossible), None), else_=key) if impossible else key


def claims_about_models_of(
    db: Connection, board: int, numbers: Collection[int]
) -> dict[int, Claim]:
    """These claims, and all other public ones about the same models on the board, by number."""
    found: dict[int, Claim] = {}
    for part in portions(numbers):
        models = sa.select(claim.c.repo_id).where(claim.c.id.in_(part))
        query = CLAIM.add_columns(claim.c.id.label("number")).where(
            subject.c.board == board, claim.c.repo_id.in_(models), visible(STRANGER)
        )
        found |= {row[-1]: claim_of(row) for row in db.execute(query)}
    return found


def names_of_models(db: Connection, numbers: Collection[int]) -> list[str]:
    """The models that claims are about, by name."""
    return sorted(_model_names(db, numbers).values())


def _model_names(db: Connection, numbers: Collection[int]) -> dict[int, str]:
    """`ns/name` of the model that each claim is about."""
    found: dict[int, str] = {}
    for part in portions(numbers):
        query = sa.select(claim.c.id, repo.c.namespace, repo.c.name).join(
            repo, repo.c.repo_id == claim.c.repo_id
        )
        rows = db.execute(query.where(claim.c.id.in_(part)))
        found |= {number: f"{namespace}/{name}" for number, namespace, name in rows}
    return found
