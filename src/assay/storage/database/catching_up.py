"""Queries that find what the index is behind with (`hub.indexing.catching_up` has the rules)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.storage.database import index_tables as tables
from assay.storage.database.durable_tables import discussion_event, push
from assay.storage.database.engine import Connection
from assay.storage.database.pushes import PENDING
from assay.storage.database.writing import put

# Namespace, name, names, private, gated, deleted, claimed, mirror of, last ruling, fault.
Stands = tuple[Any, ...]
_STANDS = (
    tables.repo.c.namespace,
    tables.repo.c.name,
    tables.repo.c.names,
    tables.repo.c.private,
    tables.repo.c.gated,
    tables.repo.c.deleted,
    tables.repo.c.claimed,
    tables.repo.c.mirror_of,
    tables.repo.c.last_ruling,
    tables.repo.c.fault,
)


@dataclass(frozen=True, slots=True)
class Marks:
    """The last push and the last event up to which no repository is behind."""

    last_push: int
    last_event: int


def read_marks(db: Connection) -> Marks:
    """How far the index is."""
    row = db.execute(sa.select(tables.stamp.c.last_push, tables.stamp.c.last_event)).one()
    return Marks(row[0], row[1])


def put_marks(db: Connection, marks: Marks) -> None:
    """Remember how far the index is."""
    db.execute(
        sa.update(tables.stamp).values(last_push=marks.last_push, last_event=marks.last_event)
    )


def has_looks(db: Connection) -> bool:
    """Whether an index, perhaps of another schema, has `looks` as it is here."""
    found = sa.inspect(db)
    if not found.has_table(tables.looks.name):
        return False
    return {c["name"] for c in found.get_columns(tables.looks.name)} == set(tables.looks.c.keys())


def read_looks(db: Connection) -> dict[str, str]:
    """How repositories' folders looked when they were last found in order, by id."""
    return {row[0]: row[1] for row in db.execute(sa.select(tables.looks)).all()}


def put_looks(db: Connection, looks: Mapping[str, str]) -> None:
    """Remember how repositories' folders look."""
    rows = [{"repo_id": repo_id, "fingerprint": look} for repo_id, look in sorted(looks.items())]
    put(db, tables.looks, rows)


def put_faults(db: Connection, faults: Mapping[str, str]) -> None:
    """Say of repositories why they cannot be read."""
    changed = sa.update(tables.repo).where(tables.repo.c.repo_id == sa.bindparam("of"))
    rows = [{"of": repo_id, "why": why} for repo_id, why in sorted(faults.items())]
    if rows:
        db.execute(changed.values(fault=sa.bindparam("why")), rows)


def standing_as_indexed(db: Connection) -> dict[str, Stands]:
    """What the index believes of every repository that no push tells, by id."""
    query = sa.select(tables.repo.c.repo_id, *_STANDS)
    return {row[0]: tuple(row[1:]) for row in db.execute(query).all()}


def marks_now(db: Connection) -> Marks:
    """How far an index may be: the durable store's last rows before any that is pending."""
    is_pending = push.c.state == sa.literal(PENDING, literal_execute=True)
    pending = db.execute(sa.select(sa.func.min(push.c.id)).where(is_pending)).scalar()
    last = db.execute(sa.select(sa.func.max(push.c.id))).scalar() or 0
    event = db.execute(sa.select(sa.func.max(discussion_event.c.id))).scalar() or 0
    return Marks(last if pending is None else pending - 1, event)


def repos_after(db: Connection, marks: Marks) -> set[str]:
    """Ids of the repositories in which something happened after the marks."""
    pushed = sa.select(push.c.repo_id).where(push.c.id > marks.last_push)
    told = sa.select(discussion_event.c.repo_id).where(discussion_event.c.id > marks.last_event)
    return set(db.execute(sa.union(pushed, told)).scalars())


def place_at(db: Connection, time: str) -> Marks:
    """The last push and the last event that were received by a time (as the hub writes it)."""
    last = sa.select(sa.func.max(push.c.id)).where(push.c.received <= time)
    told = sa.select(sa.func.max(discussion_event.c.id)).where(discussion_event.c.at <= time)
    return Marks(db.execute(last).scalar() or 0, db.execute(told).scalar() or 0)
