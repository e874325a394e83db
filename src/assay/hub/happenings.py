"""What happens to discussions, and who else wants to know: the one place where events are written.

Each event is handed to every subscriber within the transaction that writes it, so whatever a
subscriber keeps of it is there if and only if the event is. A subscriber must be quick, writes rows
and nothing else; what is to leave this process is sent later, from its rows.
"""

from __future__ import annotations

from collections.abc import Callable

from assay.hub import notifications
from assay.storage.database import discussions as rows
from assay.storage.database.discussions import Discussion, Event
from assay.storage.database.engine import Connection

# Called with the discussion as it was before, the event, and whether it brought or changed results.
Subscriber = Callable[[Connection, Discussion, Event, bool], None]
SUBSCRIBERS: tuple[Subscriber, ...] = (notifications.notify,)


def record(
    db: Connection,
    found: Discussion,
    kind: str,
    *,
    actor: str,
    at: str,
    text: str = "",
    about: str | None = None,
    claims: bool = False,
) -> Event:
    """Write an event down and tell the subscribers.

    Args:
        db: The durable database, in the transaction that changes the discussion.
        found: The discussion as it was before.
        kind: What happened; with `text` and `about` as `Event` says.
        actor: Who did it; empty when nobody was authenticated.
        at: When, ISO 8601 UTC.
        text: What was said.
        about: What it is about.
        claims: Whether it brought, changed or removed results.
    """
    place = (found.repo_id, found.number)
    number = rows.add_event(db, *place, kind=kind, actor=actor, at=at, text=text, about=about)
    event = Event(number, *place, kind, actor, at, text, about)
    for tell in SUBSCRIBERS:
        tell(db, found, event, claims)
    return event


def record_opening(db: Connection, made: Discussion, *, at: str, claims: bool = False) -> None:
    """That a discussion was opened, and with which words."""
    record(db, made, "opened", actor=made.author, at=at, claims=claims)
    if made.description:
        place = (db, made.repo_id, made.number)  # the opening tells of it
        rows.add_event(*place, kind="comment", actor=made.author, at=at, text=made.description)
