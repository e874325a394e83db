"""Notifications: who is to be told of which event, and whether she has read it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from assay.core.permission import Reader
from assay.storage.database.discussions import Event
from assay.storage.database.durable_tables import discussion, notification, repo
from assay.storage.database.engine import rows_as


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """A notification with what it is about, as that is called now."""

    id: int
    kind: str
    repo_type: str
    namespace: str
    name: str
    number: int
    title: str
    is_pull: bool
    actor: str
    at: str
    read: str | None


def add_notification(db: sa.Connection, account: str, kind: str, event: Event) -> None:
    """Tell an account of an event; in the transaction that writes the event."""
    db.execute(
        sa.insert(notification).values(
            account=account,
            kind=kind,
            repo_id=event.repo_id,
            number=event.number,
            event=event.id,
            actor=event.actor,
            at=event.at,
        )
    )


def is_waiting(db: sa.Connection, account: str, kind: str, event: Event) -> bool:
    """Whether the account was told the like of this discussion and has not read it yet."""
    query = sa.select(notification.c.id).where(
        notification.c.account == account,
        notification.c.read.is_(None),
        notification.c.kind == kind,
        notification.c.repo_id == event.repo_id,
        notification.c.number == event.number,
    )
    return db.execute(query.limit(1)).first() is not None


def _told(reader: Reader, *, unread: bool) -> list[sa.ColumnElement[bool]]:
    """A reader's notifications, without those about repositories that she may not see now."""
    where = [notification.c.account == (reader.name or ""), repo.c.deleted.is_(None)]
    if not reader.is_admin:
        where.append(sa.or_(sa.not_(repo.c.private), repo.c.namespace.in_(sorted(reader.sees))))
    if unread:
        where.append(notification.c.read.is_(None))
    return where


_PLACES = notification.join(repo, repo.c.id == notification.c.repo_id)


def count_notifications(db: sa.Connection, reader: Reader, *, unread: bool) -> int:
    """How many notifications a reader has."""
    query = sa.select(sa.func.count()).select_from(_PLACES).where(*_told(reader, unread=unread))
    return int(db.execute(query).scalar_one())


def notifications(
    db: sa.Connection, reader: Reader, *, unread: bool, start: int, limit: int
) -> list[NotificationRow]:
    """Some of a reader's notifications, the newest first."""
    about = (discussion.c.repo_id == notification.c.repo_id) & (
        discussion.c.number == notification.c.number
    )
    query = (
        sa.select(
            notification.c.id,
            notification.c.kind,
            repo.c.type.label("repo_type"),
            repo.c.namespace,
            repo.c.name,
            notification.c.number,
            discussion.c.title,
            discussion.c.is_pull,
            notification.c.actor,
            notification.c.at,
            notification.c.read,
        )
        .select_from(_PLACES.join(discussion, about))
        .where(*_told(reader, unread=unread))
        .order_by(notification.c.id.desc())
    )
    return rows_as(NotificationRow, db.execute(query.limit(limit).offset(start)))


def mark_read(
    db: sa.Connection, account: str, ids: Collection[int], until: int | None, *, at: str
) -> int:
    """Say that an account has read some of its notifications; returns how many were new to it.

    Args:
        db: The durable database.
        account: Whose; those of others are left alone.
        ids: Which.
        until: If given, all up to this one too.
        at: When, ISO 8601 UTC.
    """
    beyond = -1 if until is None else until
    which = sa.or_(notification.c.id.in_(ids), notification.c.id <= beyond)
    place = (notification.c.account == account) & notification.c.read.is_(None)
    return db.execute(sa.update(notification).where(place, which).values(read=at)).rowcount
