"""Discussions and pull requests, which share one numbering, and what happened to them.

What happened is only ever added to: an edited comment is its first text and the edits after it.
The code of a pull request is in git under `refs/pr/N`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from assay.storage.database.durable_tables import discussion, discussion_event, repo
from assay.storage.database.engine import rows_as
from assay.storage.database.writing import portions

# What a pull request whose first push is still pending becomes once that push has landed.
OPENING = {"opening": "open", "opening-draft": "draft"}
# What those are that anybody was told of.
STATUSES = ("draft", "open", "closed", "merged")

# Asked several times by every push, so put together once.
_PULLS = (
    sa.select(discussion)
    .where(discussion.c.repo_id == sa.bindparam("repo_id"), discussion.c.is_pull == sa.true())
    .order_by(discussion.c.number)
)
_OPENING = _PULLS.where(discussion.c.status.in_(OPENING))
_NUMBERED = _PULLS.where(discussion.c.number.in_(sa.bindparam("numbers", expanding=True)))
_WITH_STATUS = _PULLS.where(discussion.c.status.in_(sa.bindparam("statuses", expanding=True)))


@dataclass(frozen=True, slots=True)
class Discussion:
    """A discussion, or a pull request if `is_pull`.

    `status` is draft, open, closed or merged, or a key of `OPENING`. `description` is what it was
    opened with; its first comment says the same and may have been edited since.
    """

    repo_id: str
    number: int
    is_pull: bool
    title: str
    description: str
    author: str
    status: str
    created: str
    merged_by_push: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a discussion.

    `kind`, with what `text` and `about` then hold: opened; comment (text); edited (new text, number
    of the comment's event); hidden (reason, number of the comment's event); renamed (new title, old
    title); commit (subject, commit id); ready, closed, reopened, merged (reason).
    """

    id: int
    repo_id: str
    number: int
    kind: str
    actor: str
    at: str
    text: str
    about: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a repository's discussions: None means whatever there is.

    `up_to` is the highest number that is wanted.
    """

    is_pull: bool | None = None
    statuses: Collection[str] | None = None
    author: str | None = None
    up_to: int | None = None


def add_discussion(
    db: sa.Connection,
    repo_id: str,
    *,
    is_pull: bool,
    title: str,
    description: str,
    author: str,
    status: str,
    created: str,
) -> Discussion:
    """Add a discussion or pull request under the repository's next number."""
    highest = sa.func.coalesce(sa.func.max(discussion.c.number), 0)
    number = int(
        db.execute(sa.select(highest).where(discussion.c.repo_id == repo_id)).scalar_one() + 1
    )
    made = Discussion(repo_id, number, is_pull, title, description, author, status, created, None)
    values = {column.name: getattr(made, column.name) for column in discussion.c}
    db.execute(sa.insert(discussion).values(values))
    return made


def _there(repo_id: str) -> sa.ColumnElement[bool]:
    """Those of a repository that anybody was told of."""
    return (discussion.c.repo_id == repo_id) & discussion.c.status.not_in(OPENING)


def find_discussion(db: sa.Connection, repo_id: str, number: int) -> Discussion | None:
    """One discussion, or None; a pull request whose opening was cut short counts as none."""
    query = sa.select(discussion).where(_there(repo_id), discussion.c.number == number)
    found = rows_as(Discussion, db.execute(query))
    return found[0] if found else None


def pulls_opening(db: sa.Connection, repo_id: str) -> list[Discussion]:
    """A repository's pull requests whose first push is still pending."""
    return rows_as(Discussion, db.execute(_OPENING, {"repo_id": repo_id}))


def pulls_numbered(db: sa.Connection, repo_id: str, numbers: Collection[int]) -> list[Discussion]:
    """Those of a repository's pull requests that have these numbers, also while being opened."""
    found: list[Discussion] = []
    for part in portions(sorted(numbers)):
        asked = {"repo_id": repo_id, "numbers": part}
        found += rows_as(Discussion, db.execute(_NUMBERED, asked))
    return found


def pulls_with_status(
    db: sa.Connection, repo_id: str, statuses: Collection[str]
) -> list[Discussion]:
    """A repository's pull requests that have one of these statuses."""
    asked = {"repo_id": repo_id, "statuses": sorted(statuses)}
    return rows_as(Discussion, db.execute(_WITH_STATUS, asked))


def pulls_of(db: sa.Connection, repo_ids: Collection[str]) -> list[Discussion]:
    """The pull requests of many repositories, but for those whose opening was cut short."""
    found: list[Discussion] = []
    for part in portions(repo_ids):
        query = sa.select(discussion).where(discussion.c.repo_id.in_(part), discussion.c.is_pull)
        found += rows_as(Discussion, db.execute(query.where(discussion.c.status.not_in(OPENING))))
    return found


def repos_opening(db: sa.Connection) -> list[str]:
    """Ids of repositories with a pull request whose first push is still pending."""
    query = sa.select(discussion.c.repo_id).where(discussion.c.status.in_(OPENING)).distinct()
    return list(db.execute(query.order_by(discussion.c.repo_id)).scalars())


def last_number(db: sa.Connection, repo_id: str) -> int:
    """The highest number that a repository gave out; 0 if it gave none."""
    query = sa.select(sa.func.max(discussion.c.number)).where(discussion.c.repo_id == repo_id)
    return int(db.execute(query).scalar() or 0)


def count_of(db: sa.Connection, repo_id: str, wanted: Wanted) -> int:
    """How many discussions of a repository are wanted."""
    some = sa.func.count().label("some")
    every = sa.union_all(*(sa.select(some).where(*one) for one in _parts(repo_id, wanted)))
    of_all = sa.select(sa.func.coalesce(sa.func.sum(every.subquery().c.some), 0))
    return int(db.execute(of_all).scalar_one())


def page_of(
    db: sa.Connection, repo_id: str, wanted: Wanted, *, start: int, limit: int
) -> list[Discussion]:
    """Some of the discussions of a repository that are wanted, the newest first."""
    parts = [sa.select(discussion.c.number).where(*one) for one in _parts(repo_id, wanted)]
    numbers = sa.union_all(*parts)
    window = numbers.order_by(sa.desc("number")).limit(limit).offset(start)
    own = discussion.c.repo_id == repo_id, discussion.c.number.in_(sa.select(window.subquery()))
    query = sa.select(discussion).where(*own).order_by(discussion.c.number.desc())
    return rows_as(Discussion, db.execute(query))


def _parts(repo_id: str, wanted: Wanted) -> Iterator[list[sa.ColumnElement[bool]]]:
    """What is wanted by kind and status: each is a stretch of one index, in order of number."""
    for is_pull in (True, False) if wanted.is_pull is None else (wanted.is_pull,):
        for status in sorted(STATUSES if wanted.statuses is None else wanted.statuses):
            of = discussion.c
            part = [of.repo_id == repo_id, of.is_pull == is_pull, of.status == status]
            if wanted.author is not None:
                part.append(of.author == wanted.author)
            if wanted.up_to is not None:
                part.append(of.number <= wanted.up_to)
            yield part


def set_status(
    db: sa.Connection, repo_id: str, number: int, status: str, *, merged_by_push: int | None = None
) -> None:
    """Change what a discussion is."""
    _update(db, repo_id, number, status=status, merged_by_push=merged_by_push)


def set_title(db: sa.Connection, repo_id: str, number: int, title: str) -> None:
    """Give a discussion another title."""
    _update(db, repo_id, number, title=title)


def _update(db: sa.Connection, repo_id: str, number: int, **values: object) -> None:
    place = (discussion.c.repo_id == repo_id) & (discussion.c.number == number)
    db.execute(sa.update(discussion).where(place).values(values))


def forget_opening(db: sa.Connection, repo_id: str) -> None:
    """Remove pull requests whose first push never landed: nobody was told of them."""
    place = discussion.c.repo_id == repo_id, discussion.c.is_pull == sa.true()
    db.execute(sa.delete(discussion).where(*place, discussion.c.status.in_(OPENING)))


def add_event(
    db: sa.Connection,
    repo_id: str,
    number: int,
    *,
    kind: str,
    actor: str,
    at: str,
    text: str = "",
    about: str | None = None,
) -> int:
    """Write down what happened, who did it and when; returns the event's number."""
    row = {"repo_id": repo_id, "number": number, "kind": kind, "actor": actor, "at": at}
    made = db.execute(sa.insert(discussion_event).values(**row, text=text, about=about))
    return int(made.inserted_primary_key[0])  # type: ignore[index]  # an insert of one row has one


def events_of(db: sa.Connection, repo_id: str, number: int | None = None) -> list[Event]:
    """What happened to one discussion (or to all of a repository), in order."""
    query = (
        sa.select(discussion_event)
        .where(discussion_event.c.repo_id == repo_id)
        .order_by(discussion_event.c.id)
    )
    if number is not None:
        query = query.where(discussion_event.c.number == number)
    return rows_as(Event, db.execute(query))


def count_events(db: sa.Connection, repo_id: str, number: int) -> int:
    """How much happened to a discussion."""
    query = sa.select(sa.func.count()).where(
        discussion_event.c.repo_id == repo_id, discussion_event.c.number == number
    )
    return int(db.execute(query).scalar_one())


def events_among(
    db: sa.Connection, after: Mapping[str, int], *, kinds: Collection[str]
) -> list[Event]:
    """What of some kinds happened in many repositories, in order.

    Args:
        db: The durable database.
        after: Ids of repositories, with the number of the last event that is known of each.
        kinds: Which kinds.
    """
    found: list[Event] = []
    for part in portions(sorted(after)):
        query = sa.select(discussion_event).where(
            discussion_event.c.repo_id.in_(part),
            discussion_event.c.id > min(after[repo_id] for repo_id in part),
            discussion_event.c.kind.in_(list(kinds)),
        )
        found += rows_as(Event, db.execute(query.order_by(discussion_event.c.id)))
    return [one for one in found if one.id > after[one.repo_id]]


def closers(db: sa.Connection, repo_id: str, numbers: Collection[int]) -> dict[int, str]:
    """Who closed discussions last, by number; those that nobody ever closed are left out."""
    found: dict[int, str] = {}
    for part in portions(sorted(numbers)):
        query = sa.select(discussion_event.c.number, discussion_event.c.actor).where(
            discussion_event.c.repo_id == repo_id,
            discussion_event.c.number.in_(part),
            discussion_event.c.kind == "closed",
        )
        rows = db.execute(query.order_by(discussion_event.c.id))
        found.update((row[0], row[1]) for row in rows)
    return found


def last_events(db: sa.Connection, repo_ids: Collection[str] | None = None) -> dict[str, int]:
    """The number of the last event of repositories (of all, if none are named) that have some."""
    of = discussion_event.c
    if repo_ids is None:
        query = sa.select(of.repo_id, sa.func.max(of.id)).group_by(of.repo_id)
        return {row[0]: row[1] for row in db.execute(query)}
    # One look into an index for each, however much happened there.
    last = sa.select(sa.func.max(of.id)).where(of.repo_id == repo.c.id).scalar_subquery()
    return {
        row[0]: row[1]
        for part in portions(repo_ids)
        for row in db.execute(sa.select(repo.c.id, last).where(repo.c.id.in_(part)))
        if row[1] is not None
    }
