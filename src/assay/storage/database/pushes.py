"""The push log: one row a ref update, written before the ref moves.

A row's facts (`canonical`: RFC 8785 JSON; `digest`: its sha256) never change, so that a Merkle tree
can be built over the log. Only `state` moves: pending → applied or failed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
import sqlalchemy as sa

from assay.storage.database.durable_tables import push
from assay.storage.database.engine import rows_as

PENDING, APPLIED, FAILED = "pending", "applied", "failed"


@dataclass(frozen=True, slots=True)
class Push:
    """One ref update. `actor` is None where a ref moved behind the hub's back."""

    id: int
    repo_id: str
    ref: str
    old: str
    new: str
    actor: str | None
    pull: int | None
    received: str
    state: str
    canonical: str
    digest: str


def add_push(
    db: sa.Connection,
    *,
    repo_id: str,
    ref: str,
    old: str,
    new: str,
    actor: str | None,
    pull: int | None,
    received: str,
    state: str = PENDING,
) -> int:
    """Write one row and return its number, the next of the log."""
    facts: dict[str, Any] = {
        "repository": repo_id,
        "ref": ref,
        "old": old,
        "new": new,
        "actor": actor,
        "pull": pull,
        "received": received,
    }
    values = {name: value for name, value in facts.items() if name != "repository"}
    row = db.execute(
        sa.insert(push).values(**values, repo_id=repo_id, state=state, canonical="", digest="")
    )
    number = int(row.inserted_primary_key[0])  # type: ignore[index]  # an insert of one row has one
    canonical = rfc8785.dumps({"id": number, **facts})
    db.execute(
        sa.update(push)
        .where(push.c.id == number)
        .values(canonical=canonical.decode(), digest=hashlib.sha256(canonical).hexdigest())
    )
    return number


def settle_push(db: sa.Connection, number: int, state: str) -> None:
    """Say what became of a pending row."""
    db.execute(sa.update(push).where(push.c.id == number).values(state=state))


def pushes(
    db: sa.Connection, repo_id: str, *, after: int = 0, states: Sequence[str] = (APPLIED,)
) -> list[Push]:
    """A repository's rows in the order they were written."""
    query = (
        sa.select(push)
        .where(push.c.repo_id == repo_id, push.c.id > after, push.c.state.in_(states))
        .order_by(push.c.id)
    )
    return rows_as(Push, db.execute(query))


def find_push(db: sa.Connection, number: int) -> Push:
    """One row, by a number that the log gave out."""
    return rows_as(Push, db.execute(sa.select(push).where(push.c.id == number)))[0]


def repos_with_pending(db: sa.Connection) -> list[str]:
    """Ids of repositories that have a row nobody settled."""
    query = sa.select(push.c.repo_id).where(push.c.state == PENDING).distinct()
    return list(db.execute(query.order_by(push.c.repo_id)).scalars())


def last_pushes(db: sa.Connection) -> dict[str, int]:
    """The number of the last applied row of every repository."""
    query = (
        sa.select(push.c.repo_id, sa.func.max(push.c.id))
        .where(push.c.state == APPLIED)
        .group_by(push.c.repo_id)
    )
    return {row[0]: row[1] for row in db.execute(query)}
