"""The push log: one row a ref update, written before the ref moves.

A row's facts (`canonical`: RFC 8785 JSON; `digest`: its sha256) never change, so that a Merkle tree
can be built over the log. Only `state` moves: pending → applied or failed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
import sqlalchemy as sa

from assay.core.permission import MAIN
from assay.storage.database.durable_tables import push
from assay.storage.database.engine import rows_as
from assay.storage.database.writing import portions
from assay.storage.git.repository import ZERO

PENDING, APPLIED, FAILED = "pending", "applied", "failed"
# Asked several times by every push, so put together once.
_PUSHES = (
    sa.select(push)
    .where(
        push.c.repo_id == sa.bindparam("repo_id"),
        push.c.id > sa.bindparam("after"),
        push.c.state.in_(sa.bindparam("states", expanding=True)),
    )
    .order_by(push.c.id)
)

# A literal, not a parameter: else SQLite cannot know that its index of pending rows is enough.
_IS_PENDING = push.c.state == sa.literal(PENDING, literal_execute=True)
_PENDING = (
    sa.select(push)
    .where(push.c.repo_id == sa.bindparam("repo_id"), _IS_PENDING)
    .order_by(push.c.id)
)


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
    number = next_number(db)
    row = {**values, "id": number, "repo_id": repo_id, "state": state}
    db.execute(sa.insert(push).values(**row, **canonical_form(number, facts)))
    return number


def next_number(db: sa.Connection) -> int:
    """What the next row of the log is called; its writer is the only one until it commits.

    Not the database's own count, which on a server goes on when a transaction is undone: a row that
    is missing from the log must be one that somebody took away.
    """
    last: int | None = db.execute(sa.select(sa.func.max(push.c.id))).scalar()
    return (last or 0) + 1


def canonical_form(number: int, facts: Mapping[str, Any]) -> dict[str, str]:
    """The columns `canonical` and `digest` of a row with these facts."""
    canonical = rfc8785.dumps({"id": number, **facts})
    return {"canonical": canonical.decode(), "digest": hashlib.sha256(canonical).hexdigest()}


def settle_push(db: sa.Connection, number: int, state: str) -> None:
    """Say what became of a pending row."""
    db.execute(sa.update(push).where(push.c.id == number).values(state=state))


def pushes(
    db: sa.Connection, repo_id: str, *, after: int = 0, states: Sequence[str] = (APPLIED,)
) -> list[Push]:
    """A repository's rows in the order they were written."""
    wanted = {"repo_id": repo_id, "after": after, "states": list(states)}
    return rows_as(Push, db.execute(_PUSHES, wanted))


def pending_pushes(db: sa.Connection, repo_id: str) -> list[Push]:
    """A repository's rows that nobody settled, in the order they were written."""
    return rows_as(Push, db.execute(_PENDING, {"repo_id": repo_id}))


def refs_that_were_at(db: sa.Connection, repo_id: str, commits: Collection[str]) -> set[str]:
    """A repository's refs, but for main, that pushes moved to one of these commits."""
    found: set[str] = set()
    for part in portions(commits):
        query = sa.select(push.c.ref).where(
            push.c.repo_id == repo_id,
            push.c.new.in_(part),
            push.c.ref != sa.literal(MAIN, literal_execute=True),
        )
        found.update(db.execute(query).scalars())
    return found


def pushes_after(db: sa.Connection, after: Mapping[str, int]) -> list[Push]:
    """The applied rows of many repositories, each after a number, in the order they were written.

    Args:
        db: The durable database.
        after: Ids of repositories, with the number of the last row that is known of each.
    """
    found: list[Push] = []
    for part in portions(sorted(after)):
        query = sa.select(push).where(
            push.c.repo_id.in_(part),
            push.c.id > min(after[repo_id] for repo_id in part),
            push.c.state == APPLIED,
        )
        found += rows_as(Push, db.execute(query.order_by(push.c.id)))
    return [one for one in found if one.id > after[one.repo_id]]


def find_push(db: sa.Connection, number: int) -> Push:
    """One row, by a number that the log gave out."""
    return rows_as(Push, db.execute(sa.select(push).where(push.c.id == number)))[0]


def repos_with_pending(db: sa.Connection) -> list[str]:
    """Ids of repositories that have a row nobody settled."""
    query = sa.select(push.c.repo_id).where(_IS_PENDING).distinct()
    return list(db.execute(query.order_by(push.c.repo_id)).scalars())


def applied_numbers(db: sa.Connection) -> dict[str, list[int]]:
    """The numbers of every repository's applied rows."""
    found: dict[str, list[int]] = {}
    query = sa.select(push.c.repo_id, push.c.id).where(push.c.state == APPLIED)
    for repo_id, number in db.execute(query):
        found.setdefault(repo_id, []).append(number)
    return found


def heads_of(db: sa.Connection, repo_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Where the applied rows leave the refs of repositories, by id and full name."""
    heads: dict[str, dict[str, str]] = {}
    for part in portions(repo_ids):
        latest = (
            sa.select(sa.func.max(push.c.id))
            .where(push.c.repo_id.in_(part), push.c.state == APPLIED)
            .group_by(push.c.repo_id, push.c.ref)
        )
        query = sa.select(push.c.repo_id, push.c.ref, push.c.new).where(
            push.c.id.in_(latest), push.c.new != ZERO
        )
        for repo_id, ref, new in db.execute(query):
            heads.setdefault(repo_id, {})[ref] = new
    return heads
