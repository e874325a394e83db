"""Repositories: ids, names, visibility."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from assay.errors import ConflictError
from assay.storage.database.durable_tables import repo
from assay.storage.database.engine import rows_as

NAMES_A_QUERY = 500


@dataclass(frozen=True, slots=True)
class RepoRecord:
    """A repository as the hub knows it. `type` is model or dataset; `created` is ISO 8601 UTC."""

    id: str
    type: str
    namespace: str
    name: str
    private: bool
    created: str
    created_by: str

    @property
    def full_name(self) -> str:
        """`ns/name`, as people write it."""
        return f"{self.namespace}/{self.name}"


def add_repo(db: sa.Connection, record: RepoRecord) -> None:
    """Add a repository.

    Raises:
        ConflictError: The name is taken (names differing only in case count as the same).
    """
    if find_repo(db, record.type, record.namespace, record.name, any_case=True) is not None:
        raise _taken(record)
    values = {column.name: getattr(record, column.name) for column in repo.c}
    try:
        db.execute(sa.insert(repo).values(**values))
    except IntegrityError as error:
        raise _taken(record) from error


def _taken(record: RepoRecord) -> ConflictError:
    return ConflictError(f"the {record.type} repository '{record.full_name}' exists already")


def _is(repo_type: str) -> sa.ColumnElement[bool]:
    return repo.c.type == repo_type


def find_repo(
    db: sa.Connection, repo_type: str, namespace: str, name: str, *, any_case: bool = False
) -> RepoRecord | None:
    """A repository by type and name, or None."""
    query = sa.select(repo).where(_is(repo_type))
    if any_case:
        query = query.where(
            sa.func.lower(repo.c.namespace) == namespace.lower(),
            sa.func.lower(repo.c.name) == name.lower(),
        )
    else:
        query = query.where(repo.c.namespace == namespace, repo.c.name == name)
    found = rows_as(RepoRecord, db.execute(query))
    return found[0] if found else None


def find_repos(db: sa.Connection, repo_type: str, names: Collection[str]) -> list[RepoRecord]:
    """The repositories of a type among many names (`ns/name`)."""
    pairs = [name.split("/", 1) for name in names if "/" in name]
    found: list[RepoRecord] = []
    for part in range(0, len(pairs), NAMES_A_QUERY):
        place = sa.tuple_(repo.c.namespace, repo.c.name).in_(pairs[part : part + NAMES_A_QUERY])
        found += rows_as(RepoRecord, db.execute(sa.select(repo).where(place, _is(repo_type))))
    return found


def repo_by_id(db: sa.Connection, repo_id: str) -> RepoRecord | None:
    """A repository by id, or None."""
    found = rows_as(RepoRecord, db.execute(sa.select(repo).where(repo.c.id == repo_id)))
    return found[0] if found else None


def all_repos(db: sa.Connection) -> list[RepoRecord]:
    """Every repository, by id."""
    return rows_as(RepoRecord, db.execute(sa.select(repo).order_by(repo.c.id)))


def ids_in(db: sa.Connection, namespace: str) -> list[str]:
    """The ids of a namespace's repositories."""
    query = sa.select(repo.c.id).where(repo.c.namespace == namespace).order_by(repo.c.id)
    return list(db.execute(query).scalars())


def set_private(db: sa.Connection, repo_id: str, *, private: bool) -> None:
    """Change who may see a repository."""
    db.execute(sa.update(repo).where(repo.c.id == repo_id).values(private=private))
