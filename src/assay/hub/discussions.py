"""What people say about a repository: discussions, and all of a pull request that is not its code.

1. Whoever is signed in and sees a repository may open a discussion on it and comment.
2. Its author and the repository's writers may rename, close and reopen it; a comment is edited or
   hidden by whoever wrote it and by the writers.
3. Nothing said is lost: an edit, a hiding, a renaming is an event of its own. What was hidden is
   kept in the record and shown to nobody.
4. Drafts count as open. Reopening a draft makes it ready.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from assay.core.permission import (
    Reader,
    may_close_pull,
    may_see,
    may_write,
)
from assay.errors import (
    CommentNotFoundError,
    ConflictError,
    DiscussionNotFoundError,
    ForbiddenError,
    InvalidError,
)
from assay.hub import indexing
from assay.hub.happenings import record as record_event
from assay.hub.happenings import record_opening
from assay.hub.open import Hub
from assay.hub.refusals import need_account, need_opener
from assay.storage.database import discussions as rows
from assay.storage.database.discussions import Discussion, Event, Wanted
from assay.storage.database.engine import Connection
from assay.storage.database.repos import RepoRecord

ShownStatus = Literal["draft", "open", "closed", "merged"]
SHOWN_STATUSES: tuple[ShownStatus, ...] = ("draft", "open", "closed", "merged")
CLOSED_STATUSES: frozenset[str] = frozenset({"closed", "merged"})
PAGE_SIZE = 50
MAX_TITLE_CHARS = 500
MAX_TEXT_CHARS = 65_536
# What a script could add to one discussion before it must open another.
MAX_EVENTS = 5_000
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Remark:
    """An event as it reads now.

    Attributes:
        text: The latest text of a comment, empty when it is hidden; else the event's own.
        earlier: The edits of a comment, the first text first; empty for one never edited.
    """

    event: Event
    text: str
    hidden: bool = False
    earlier: tuple[Event, ...] = ()

    @property
    def latest(self) -> Event:
        """The event that gave the comment its present text."""
        return self.earlier[-1] if self.earlier else self.event


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a repository's discussions: how many there are in all, and where these begin."""

    count: int
    start: int
    rows: list[Discussion]


def find(hub: Hub, reader: Reader, record: RepoRecord, number: int) -> Discussion:
    """A discussion or pull request the reader may see.

    Raises:
        DiscussionNotFoundError: There is none of that number.
    """
    with hub.durable.read() as db:
        return _find(db, reader, record, number)


def _find(db: Connection, reader: Reader, record: RepoRecord, number: int) -> Discussion:
    found = rows.find_discussion(db, record.id, number) if may_see(reader, record) else None
    if found is None:
        raise DiscussionNotFoundError(
            f"{record.full_name} has no discussion or pull request {number}"
        )
    return found


def listing(hub: Hub, record: RepoRecord, wanted: Wanted, page: int = 0) -> Page:
    """A page of a repository's discussions and pull requests, the newest first.

    Args:
        hub: The hub.
        record: The repository, found by `repos.find`.
        wanted: Which of them.
        page: Counted from 0; one beyond the last is empty.
    """
    start = page * PAGE_SIZE
    with hub.durable.read() as db:
        number = rows.count_of(db, record.id, wanted)
        found = []
        if start < number:
            found = rows.page_of(db, record.id, wanted, start=start, limit=PAGE_SIZE)
    return Page(number, start, found)


def count(hub: Hub, record: RepoRecord, wanted: Wanted) -> int:
    """How many of a repository's discussions and pull requests are wanted."""
    with hub.durable.read() as db:
        return rows.count_of(db, record.id, wanted)


def last_number(hub: Hub, record: RepoRecord) -> int:
    """The highest number that one of a repository's discussions has; 0 without any."""
    with hub.durable.read() as db:
        return rows.last_number(db, record.id)


def remarks(hub: Hub, record: RepoRecord, number: int) -> list[Remark]:
    """What happened to a discussion, in order, each comment with its latest text."""
    with hub.durable.read() as db:
        return fold(rows.events_of(db, record.id, number))


def fold(events: Iterable[Event]) -> list[Remark]:
    """Edits and hidings laid over the comments they are about."""
    found: dict[str, Remark] = {}
    later: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind in ("edited", "hidden"):
            later[event.about or ""].append(event)
        else:
            found[str(event.id)] = Remark(event, event.text)
    for about, changes in later.items():
        edits = tuple(change for change in changes if change.kind == "edited")
        hidden = len(edits) < len(changes)
        remark = replace(found[about], hidden=hidden, earlier=edits)
        found[about] = replace(remark, text="" if hidden else remark.latest.text)
    return list(found.values())


def open_discussion(
    hub: Hub, reader: Reader, record: RepoRecord, title: str, description: str
) -> Discussion:
    """Open a discussion.

    Raises:
        UnauthenticatedError: A stranger may not.
        InvalidError: There is no title, or too much text.
    """
    need_opener(reader, record)
    title, description = fit_title(title), fit_text(description)
    with hub.durable.write() as db:
        now = hub.now()
        made = rows.add_discussion(
            db,
            record.id,
            is_pull=False,
            title=title,
            description=description,
            author=reader.name or "",
            status="open",
            created=now,
        )
        record_opening(db, made, at=now)
    indexing.sync(hub, record.id)
    return made


def comment(hub: Hub, reader: Reader, record: RepoRecord, number: int, text: str) -> Remark:
    """Say something.

    Raises:
        UnauthenticatedError: A stranger may not.
        InvalidError: Nothing is said, or too much.
    """
    need_account(reader)
    text = _some(fit_text(text))
    return _add(hub, reader, record, number, kind="comment", text=text)


def edit(
    hub: Hub, reader: Reader, record: RepoRecord, number: int, comment_id: str, text: str
) -> Remark:
    """Give a comment another text; the earlier ones stay on record.

    Raises:
        CommentNotFoundError: There is no such comment.
        ForbiddenError: The reader neither wrote it nor may write to the repository.
        ConflictError: It is hidden.
        InvalidError: Nothing is said, or too much.
    """
    text = _some(fit_text(text))
    _own_comment(hub, reader, record, number, comment_id)
    _add(hub, reader, record, number, kind="edited", text=text, about=comment_id)
    return _comment(hub, record, number, comment_id)


def hide(hub: Hub, reader: Reader, record: RepoRecord, number: int, comment_id: str) -> Remark:
    """Hide a comment from everybody; its text stays on record.

    Raises:
        CommentNotFoundError: There is no such comment.
        ForbiddenError: The reader neither wrote it nor may write to the repository.
        ConflictError: It is hidden already.
    """
    _own_comment(hub, reader, record, number, comment_id)
    _add(hub, reader, record, number, kind="hidden", about=comment_id)
    return _comment(hub, record, number, comment_id)


def rename(hub: Hub, reader: Reader, record: RepoRecord, number: int, title: str) -> Remark:
    """Give a discussion another title.

    Raises:
        ForbiddenError: The reader is neither its author nor a writer.
        InvalidError: There is no title, or it is too long.
    """
    title = fit_title(title)
    with hub.durable.write() as db:
        found = _changeable(db, reader, record, number)
        rows.set_title(db, record.id, number, title)
        made = _write(hub, db, reader, found, kind="renamed", text=title, about=found.title)
    indexing.sync(hub, record.id)
    return made


def close(hub: Hub, reader: Reader, record: RepoRecord, number: int, reason: str) -> Remark:
    """Close it; a pull request is then withdrawn if by its author, declined if by a writer.

    Raises:
        ForbiddenError: The reader is neither.
        ConflictError: It is not open.
    """
    reason = fit_text(reason)
    return _change_status(
        hub, reader, record, number, {"draft": "closed", "open": "closed"}, reason
    )


def reopen(hub: Hub, reader: Reader, record: RepoRecord, number: int, reason: str) -> Remark:
    """Open it again after it was closed, or say that a draft is ready.

    Raises:
        ForbiddenError: The reader is no writer, and did not both open and close it.
        ConflictError: It is open, or merged.
    """
    reason = fit_text(reason)
    return _change_status(hub, reader, record, number, {"draft": "open", "closed": "open"}, reason)


def _change_status(
    hub: Hub, reader: Reader, record: RepoRecord, number: int, ways: dict[str, str], reason: str
) -> Remark:
    """Change a status and its event together; the index follows from them.

    The repository's lock keeps a merge or push from ending beside it.
    """
    with hub.git.lock(record.id), hub.durable.write() as db:
        found = _changeable(db, reader, record, number)
        becomes = ways.get(found.status)
        if becomes is None:
            what = "pull request" if found.is_pull else "discussion"
            raise ConflictError(f"{what} {number} of {record.full_name} is {found.status} already")
        kind = {"closed": "closed", "open": "reopened"}[becomes]
        if found.status == "draft" and becomes == "open":
            kind = "ready"
        if kind == "reopened":
            _need_closers_right(db, reader, record, found)
        rows.set_status(db, record.id, number, becomes)
        made = _write(hub, db, reader, found, kind=kind, text=reason)
    indexing.sync(hub, record.id)
    return made


def _need_closers_right(
    db: Connection, reader: Reader, record: RepoRecord, found: Discussion
) -> None:
    """What a writer closed, its author does not open again: a decision would decide nothing."""
    events = rows.events_of(db, found.repo_id, found.number)
    closer = next(event.actor for event in reversed(events) if event.kind == "closed")
    if closer != reader.name and not may_write(reader, record):
        raise ForbiddenError(
            f"{closer} closed number {found.number}; only the writers of {record.full_name} "
            "may open it again",
            hint="say in a comment why they should, or open another",
        )


def _add(
    hub: Hub,
    reader: Reader,
    record: RepoRecord,
    number: int,
    *,
    kind: str,
    text: str = "",
    about: str | None = None,
) -> Remark:
    with hub.durable.write() as db:
        found = _find(db, reader, record, number)
        made = _write(hub, db, reader, found, kind=kind, text=text, about=about)
    indexing.sync(hub, record.id)
    return made


def _write(
    hub: Hub,
    db: Connection,
    reader: Reader,
    found: Discussion,
    *,
    kind: str,
    text: str = "",
    about: str | None = None,
) -> Remark:
    place = (found.repo_id, found.number)
    if rows.count_events(db, *place) >= MAX_EVENTS and kind != "closed":
        raise InvalidError(
            f"{MAX_EVENTS} things happened to number {found.number} already, which is the most "
            "that one discussion holds",
            hint="open another one, and name this one in it",
        )
    actor = reader.name or ""
    made = record_event(db, found, kind, actor=actor, at=hub.now(), text=text, about=about)
    return Remark(made, text)


def _changeable(db: Connection, reader: Reader, record: RepoRecord, number: int) -> Discussion:
    """A discussion the reader may rename, close and reopen (rule 2)."""
    found = _find(db, reader, record, number)
    need_account(reader)
    if not may_close_pull(reader, record, found.author):
        raise ForbiddenError(
            f"only {found.author} and the writers of {record.full_name} may change number {number}"
        )
    return found


def _own_comment(
    hub: Hub, reader: Reader, record: RepoRecord, number: int, comment_id: str
) -> Remark:
    """A comment that the reader may edit and hide (rule 2)."""
    find(hub, reader, record, number)
    need_account(reader)
    found = _comment(hub, record, number, comment_id)
    if reader.name != found.event.actor and not may_write(reader, record):
        raise ForbiddenError(
            f"only {found.event.actor} and the writers of {record.full_name} may change this "
            "comment"
        )
    if found.hidden:
        raise ConflictError("this comment is hidden", hint="write another one")
    return found


def _comment(hub: Hub, record: RepoRecord, number: int, comment_id: str) -> Remark:
    for remark in remarks(hub, record, number):
        if str(remark.event.id) == comment_id and remark.event.kind == "comment":
            return remark
    raise CommentNotFoundError(
        f"number {number} of {record.full_name} has no comment '{comment_id}'",
        hint="the ids of comments are in its details; reasons of closing stay as they were given",
    )


def fit_title(title: str) -> str:
    """A title on one line.

    Raises:
        InvalidError: It is empty or too long.
    """
    title = " ".join(_CONTROLS.sub(" ", title).split())
    if not 0 < len(title) <= MAX_TITLE_CHARS:
        raise InvalidError(
            f"the title has {len(title)} characters; expected 1 to {MAX_TITLE_CHARS}",
            hint="say more in the description",
        )
    return title


def fit_text(text: str) -> str:
    """A text without space around it, and without control characters, which git cannot keep.

    Raises:
        InvalidError: It is too long.
    """
    text = _CONTROLS.sub("", text).strip()
    if len(text) > MAX_TEXT_CHARS:
        raise InvalidError(
            f"the text has {len(text)} characters; expected at most {MAX_TEXT_CHARS}",
            hint="put long texts into a file of the repository and link to it",
        )
    return text


def _some(text: str) -> str:
    if not text:
        raise InvalidError("the comment is empty", hint="say something")
    return text
