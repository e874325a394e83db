"""Pull requests and what happened to them. Their code is in git under `refs/pr/N`."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from assay.storage.database.durable_tables import pull, pull_event
from assay.storage.database.engine import rows_as


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request. `status` is opening, draft, open, closed or merged."""

    repo_id: str
    number: int
    title: str
    description: str
    author: str
    status: str
    created: str
    merged_by_push: int | None


@dataclass(frozen=True, slots=True)
class PullEvent:
    """Something that happened to a pull request: opened, closed, reopened, merged or comment."""

    id: int
    repo_id: str
    number: int
    kind: str
    actor: str
    at: str
    text: str


def add_pull(
    db: sa.Connection,
    repo_id: str,
    *,
    title: str,
    description: str,
    author: str,
    status: str,
    created: str,
) -> Pull:
    """Add a pull request under the repository's next number."""
    query = sa.select(sa.func.coalesce(sa.func.max(pull.c.number), 0)).where(
        pull.c.repo_id == repo_id
    )
    number = int(db.execute(query).scalar_one()) + 1
    made = Pull(repo_id, number, title, description, author, status, created, None)
    db.execute(
        sa.insert(pull).values(**{column.name: getattr(made, column.name) for column in pull.c})
    )
    return made


def find_pull(db: sa.Connection, repo_id: str, number: int) -> Pull | None:
    """One pull request, or None; one whose opening was cut short counts as none."""
    found = [made for made in all_pulls(db, repo_id) if made.number == number]
    return found[0] if found else None


def all_pulls(db: sa.Connection, repo_id: str, *, opening: bool = False) -> list[Pull]:
    """A repository's pull requests by number.

    Args:
        db: The durable database.
        repo_id: The repository.
        opening: Whether those count whose first push is still pending.
    """
    query = sa.select(pull).where(pull.c.repo_id == repo_id).order_by(pull.c.number)
    if not opening:
        query = query.where(pull.c.status != "opening")
    return rows_as(Pull, db.execute(query))


def set_pull_status(
    db: sa.Connection, repo_id: str, number: int, status: str, *, merged_by_push: int | None = None
) -> None:
    """Change what a pull request is."""
    db.execute(
        sa.update(pull)
        .where(pull.c.repo_id == repo_id, pull.c.number == number)
        .values(status=status, merged_by_push=merged_by_push)
    )


def forget_opening(db: sa.Connection, repo_id: str) -> None:
    """Remove pull requests whose first push never landed: nobody was told of them."""
    db.execute(sa.delete(pull).where(pull.c.repo_id == repo_id, pull.c.status == "opening"))


def add_pull_event(
    db: sa.Connection, repo_id: str, number: int, *, kind: str, actor: str, at: str, text: str = ""
) -> None:
    """Write down what happened, who did it and when."""
    db.execute(
        sa.insert(pull_event).values(
            repo_id=repo_id, number=number, kind=kind, actor=actor, at=at, text=text
        )
    )


def pull_events(db: sa.Connection, repo_id: str, number: int | None = None) -> list[PullEvent]:
    """What happened to one pull request (or to all of a repository), in order."""
    query = sa.select(pull_event).where(pull_event.c.repo_id == repo_id).order_by(pull_event.c.id)
    if number is not None:
        query = query.where(pull_event.c.number == number)
    return rows_as(PullEvent, db.execute(query))


def last_events(db: sa.Connection) -> dict[str, int]:
    """The number of the last event of every repository that has pull requests."""
    query = sa.select(pull_event.c.repo_id, sa.func.max(pull_event.c.id)).group_by(
        pull_event.c.repo_id
    )
    return {row[0]: row[1] for row in db.execute(query)}
