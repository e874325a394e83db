"""Notifications: what an account is told, so that it need not look.

1. The owners of a repository are told of what others open on it and say about it, and when a pull
   request claims something (`claim`). Of one that claims again and again they are told once, until
   they have read it.
2. The author of a discussion is told when others comment on it, close it, reopen it or merge it.
3. Nobody is told of what she did, nor of a repository that she may not see: not when it happens,
   and not later, if the repository has become private since.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from assay.core.permission import Reader, may_see
from assay.errors import InvalidError
from assay.hub.open import Hub
from assay.hub.refusals import need_name
from assay.storage.database import members as member_rows
from assay.storage.database import notifications as rows
from assay.storage.database import people as people_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database.discussions import Discussion, Event
from assay.storage.database.engine import Connection
from assay.storage.database.notifications import NotificationRow

PAGE_SIZE = 50
MAX_MARKED = 1_000
ACT = "read what you are told"
_TO_OWNERS = frozenset({"opened", "comment"})
_TO_AUTHOR = frozenset({"comment", "closed", "reopened", "merged"})


@dataclass(frozen=True, slots=True)
class Told:
    """A page of notifications: how many are wanted in all, how many are unread, where it begins."""

    count: int
    unread: int
    start: int
    rows: list[NotificationRow]


def notify(db: Connection, found: Discussion, event: Event, claims: bool) -> None:  # noqa: FBT001 - a subscriber's form
    """Tell whom an event concerns (rules 1 to 3)."""
    kind = "claim" if claims else event.kind
    if kind not in _TO_OWNERS | _TO_AUTHOR | {"claim"}:
        return
    record = repo_rows.repo_by_id(db, found.repo_id)
    if record is None:
        return
    to: set[str] = set()
    if claims or kind in _TO_OWNERS:
        to |= set(member_rows.owners(db, record.namespace))
    if kind in _TO_AUTHOR:
        to.add(found.author)
    for account in sorted(to - {event.actor}):
        sees = may_see(people_rows.reader_named(db, account), record)
        if sees and not (claims and rows.is_waiting(db, account, kind, event)):
            rows.add_notification(db, account, kind, event)


def listing(hub: Hub, reader: Reader, *, unread: bool = False, page: int = 0) -> Told:
    """A page of the reader's notifications, the newest first.

    Raises:
        UnauthenticatedError: A stranger has none.
    """
    need_name(reader, ACT)
    start = page * PAGE_SIZE
    with hub.durable.read() as db:
        return Told(
            rows.count_notifications(db, reader, unread=unread),
            rows.count_notifications(db, reader, unread=True),
            start,
            rows.notifications(db, reader, unread=unread, start=start, limit=PAGE_SIZE),
        )


def mark_read(hub: Hub, reader: Reader, ids: Collection[int], until: int | None) -> int:
    """Say that the reader has read some of her notifications; returns how many were new to her.

    Args:
        hub: The hub.
        reader: Whose they are; those of others are left alone.
        ids: Which.
        until: If given, all up to this one too.

    Raises:
        UnauthenticatedError: A stranger has none.
        InvalidError: None is named, or too many are.
    """
    account = need_name(reader, ACT)
    if not ids and until is None:
        raise InvalidError("no notification is named", hint='send {"ids": […]} or {"until": id}')
    if len(ids) > MAX_MARKED:
        raise InvalidError(f"{len(ids)} notifications are named; expected at most {MAX_MARKED}")
    with hub.durable.write() as db:
        return rows.mark_read(db, account, ids, until, at=hub.now())
