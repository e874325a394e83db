"""Boards under any policy: `core.policy`, said in SQL, over all claims about a task.

The rows of `best-evidence` are kept (`standings`); these are for the other policies, and for boards
with a row a claim. Ties of claims that were received at once are settled by the order in which the
index numbered them: one transaction numbers the claims that a push brought, by their ids.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Sequence
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

    Attributes:
        numbers: The claims, as the index numbers them; of equal rank by the model's name.
        keys: The rank keys of the ranked ones, never falling.
    """

    numbers: array[int]
    keys: array[float]

    def rank_at(self, position: int) -> int | None:
        """The rank of the claim at a position, which equal values share; None for no rank."""
        if position >= len(self.keys):
            return None
        return self.place_of(self.keys[position])

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
    place = sa.func.row_number().over(partition_by=claim.c.repo_id, order_by=_order_of(policy))
    key = _rank_key(direction, bounds)
    considered = (
        sa.select(
            claim.c.id,
            claim.c.repo_id,
            claim.c.first_push,
            key.label("rank_key"),
            *([place.label("place")] if view == "models" else []),
        )
        .join(subject, subject.c.id == claim.c.subject)
        .where(subject.c.board == board, *_admitted(policy))
        .subquery()
    )
    query = (
        sa.select(considered.c.id, considered.c.rank_key)
        .join(repo, repo.c.repo_id == considered.c.repo_id)
        .where(visible(STRANGER), *([considered.c.place == 1] if view == "models" else []))
        .order_by(
            considered.c.rank_key.is_(None),
            considered.c.rank_key,
            repo.c.namespace + "/" + repo.c.name,
            considered.c.first_push,
            considered.c.id,
        )
    )
    rows = db.execute(query).all()
    return Order(
        array("q", [row[0] for row in rows]),
        array("d", [row[1] for row in rows if row[1] is not None]),
    )


def _admitted(policy: Policy) -> list[sa.ColumnElement[bool]]:
    """Rule 1."""
    admitted = [claim.c.state == State.LIVE]
    if policy.reporters is not None:
        admitted.append(claim.c.reporter.in_(sorted(policy.reporters)))
    if policy.least_level:
        admitted.append(claim.c.evidence_level >= policy.least_level)
    return admitted


def _order_of(policy: Policy) -> Sequence[sa.ColumnElement[Any]]:
    """Rules 2 and 3."""
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
    name = repo.c.namespace + "/" + repo.c.name
    query = sa.select(name).join(claim, claim.c.repo_id == repo.c.repo_id)
    return sorted(db.execute(query.where(claim.c.id.in_(numbers))).scalars())
