"""Repositories: ids, names, visibility, gates, and where they went.

Every name a repository has had stays its own (`repo_name`), so that old addresses lead on, until
another repository is made under it. A deleted repository keeps its row and its names.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.errors import ConflictError, ForbiddenError
from assay.storage.database.durable_tables import repo, repo_name
from assay.storage.database.engine import rows_as
from assay.storage.database.writing import portions

# Asked by every request about a repository. To put such a query together takes longer than SQLite
# takes to answer it, so it is done once.
_HOLDER = (
    sa.select(repo)
    .join(repo_name, repo_name.c.repo_id == repo.c.id)
    .where(repo_name.c.type == sa.bindparam("type"), repo_name.c.key == sa.bindparam("key"))
    .limit(1)
)
_BY_ID = sa.select(repo).where(repo.c.id == sa.bindparam("id"))
_BY_NAME = sa.select(repo).where(
    repo.c.type == sa.bindparam("type"),
    repo.c.deleted.is_(None),
    repo.c.namespace == sa.bindparam("namespace"),
    repo.c.name == sa.bindparam("name"),
)
_NAMES = sa.select(repo_name.c.repo_id, repo_name.c.written).order_by(repo_name.c.written)


@dataclass(frozen=True, slots=True)
class RepoRecord:
    """A repository as the hub knows it.

    Attributes:
        id: Never changes.
        type: `model` or `dataset`.
        namespace: Whose it is.
        name: What it is called there, now.
        private: Whether only the namespace's own see it.
        created: ISO 8601 UTC.
        created_by: The account that made it.
        gated: How access to its files is given: `auto`, `manual`, or None when they are open.
        deleted: When it was deleted, ISO 8601 UTC; None while it is there.
        deleted_by: The account that deleted it.
        mirror_of: The address or folder that it is a copy of; None for what began here.
    """

    id: str
    type: str
    namespace: str
    name: str
    private: bool
    created: str
    created_by: str
    gated: str | None = None
    deleted: str | None = None
    deleted_by: str | None = None
    mirror_of: str | None = None

    @property
    def full_name(self) -> str:
        """`ns/name`, as people write it."""
        return f"{self.namespace}/{self.name}"


def add_repo(db: sa.Connection, record: RepoRecord, *, by_admin: bool = False) -> list[str]:
    """Add a repository.

    Args:
        db: A write transaction.
        record: The repository.
        by_admin: Whether the name of a deleted repository may be used again.

    Returns:
        Ids of the repositories that lost this name: it used to lead to them.

    Raises:
        ConflictError: The name is taken (names differing only in case count as the same).
        ForbiddenError: The name was a deleted repository's.
    """
    losers = _free_name(db, record, by_admin=by_admin)
    db.execute(
        sa.insert(repo).values({column.name: getattr(record, column.name) for column in repo.c})
    )
    _add_name(db, record.id, record.type, record.full_name)
    return losers


def rename_repo(
    db: sa.Connection, record: RepoRecord, *, namespace: str, name: str, by_admin: bool = False
) -> list[str]:
    """Give a repository another name; the ones it had lead to it.

    Returns, and raises, as `add_repo` does.
    """
    moved = RepoRecord(record.id, record.type, namespace, name, record.private, "", "")
    losers = _free_name(db, moved, by_admin=by_admin)
    db.execute(sa.update(repo).where(repo.c.id == record.id).values(namespace=namespace, name=name))
    _add_name(db, record.id, record.type, moved.full_name)
    return losers


def _free_name(db: sa.Connection, wanted: RepoRecord, *, by_admin: bool) -> list[str]:
    """Make sure that nobody else has a name; ids of those to whom it used to lead."""
    holder = _holder(db, wanted.type, wanted.full_name)
    if holder is None or holder.id == wanted.id:
        return []
    if holder.full_name.lower() == wanted.full_name.lower():
        if holder.deleted is None:
            raise ConflictError(
                f"A {holder.type} repository called '{holder.full_name}' already exists"
            )
        if not by_admin:
            raise ForbiddenError(
                f"'{holder.full_name}' was a {holder.type} repository, deleted {holder.deleted}; "
                "its name stays with what was said there",
                hint="choose another name, or ask an admin to make it",
            )
        # The record keeps all it knows but a name that is unique to it.
        gone = f"{holder.name}@{holder.id}"
        db.execute(sa.update(repo).where(repo.c.id == holder.id).values(name=gone))
    key = wanted.full_name.lower()
    db.execute(sa.delete(repo_name).where(repo_name.c.type == wanted.type, repo_name.c.key == key))
    return [holder.id]


def _add_name(db: sa.Connection, repo_id: str, repo_type: str, full_name: str) -> None:
    its = [repo_name.c.type == repo_type, repo_name.c.written == full_name]
    if db.execute(sa.select(repo_name.c.repo_id).where(*its)).first() is None:
        values = {"type": repo_type, "written": full_name, "key": full_name.lower()}
        db.execute(sa.insert(repo_name).values(**values, repo_id=repo_id))


def _holder(db: sa.Connection, repo_type: str, full_name: str) -> RepoRecord | None:
    wanted = {"type": repo_type, "key": full_name.lower()}
    found = rows_as(RepoRecord, db.execute(_HOLDER, wanted))
    return found[0] if found else None


def repo_answering(db: sa.Connection, repo_type: str, full_name: str) -> RepoRecord | None:
    """The repository that a name leads to: its own in whatever case, or one it has had."""
    holder = _holder(db, repo_type, full_name)
    return holder if holder is not None and holder.deleted is None else None


def names_of(db: sa.Connection, repo_id: str) -> list[str]:
    """Every name that leads to a repository, its own among them, as they were written."""
    query = sa.select(repo_name.c.written).where(repo_name.c.repo_id == repo_id)
    return list(db.execute(query.order_by(repo_name.c.written)).scalars())


def all_names(db: sa.Connection) -> dict[str, list[str]]:
    """`names_of` for every repository."""
    return _names(db, _NAMES)


def names_of_many(db: sa.Connection, repo_ids: Collection[str]) -> dict[str, list[str]]:
    """`names_of` for many repositories."""
    found: dict[str, list[str]] = {}
    for part in portions(repo_ids):
        found |= _names(db, _NAMES.where(repo_name.c.repo_id.in_(part)))
    return found


def _names(db: sa.Connection, query: sa.Select[Any]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for repo_id, written in db.execute(query).all():
        names.setdefault(repo_id, []).append(written)
    return names


def _is_there(repo_type: str) -> list[sa.ColumnElement[bool]]:
    return [repo.c.type == repo_type, repo.c.deleted.is_(None)]


def find_repo(db: sa.Connection, repo_type: str, namespace: str, name: str) -> RepoRecord | None:
    """A repository by type and present name, or None."""
    wanted = {"type": repo_type, "namespace": namespace, "name": name}
    found = rows_as(RepoRecord, db.execute(_BY_NAME, wanted))
    return found[0] if found else None


def find_repos(db: sa.Connection, repo_type: str, names: Collection[str]) -> list[RepoRecord]:
    """The repositories of a type among many names (`ns/name`)."""
    pairs = [name.split("/", 1) for name in names if "/" in name]
    found: list[RepoRecord] = []
    for part in portions(pairs):
        place = sa.tuple_(repo.c.namespace, repo.c.name).in_(part)
        query = sa.select(repo).where(place, *_is_there(repo_type))
        found += rows_as(RepoRecord, db.execute(query))
    return found


def repo_by_id(db: sa.Connection, repo_id: str) -> RepoRecord | None:
    """A repository by id, or None; a deleted one too."""
    found = rows_as(RepoRecord, db.execute(_BY_ID, {"id": repo_id}))
    return found[0] if found else None


def repos_by_id(db: sa.Connection, repo_ids: Collection[str]) -> list[RepoRecord]:
    """Those of these repositories that exist, by id; deleted ones too."""
    found: list[RepoRecord] = []
    for part in portions(sorted(repo_ids)):
        found += rows_as(RepoRecord, db.execute(sa.select(repo).where(repo.c.id.in_(part))))
    return found


def all_repos(db: sa.Connection, *, deleted: bool = False) -> list[RepoRecord]:
    """Every repository, by id; with `deleted`, those that are in the trash as well."""
    query = sa.select(repo).order_by(repo.c.id)
    if not deleted:
        query = query.where(repo.c.deleted.is_(None))
    return rows_as(RepoRecord, db.execute(query))


def all_ids(db: sa.Connection) -> tuple[list[str], list[str]]:
    """The ids of the repositories that are there, and of those that were deleted."""
    query = sa.select(repo.c.id, repo.c.deleted.is_(None)).order_by(repo.c.id)
    found = db.execute(query).all()
    return [row[0] for row in found if row[1]], [row[0] for row in found if not row[1]]


def ids_of_type(db: sa.Connection, repo_type: str) -> frozenset[str]:
    """The ids of all repositories of a type, deleted ones too."""
    return frozenset(db.execute(sa.select(repo.c.id).where(repo.c.type == repo_type)).scalars())


def ids_in(db: sa.Connection, namespace: str) -> list[str]:
    """The ids of a namespace's repositories."""
    query = sa.select(repo.c.id).where(repo.c.namespace == namespace, repo.c.deleted.is_(None))
    return list(db.execute(query.order_by(repo.c.id)).scalars())


def change_settings(db: sa.Connection, repo_id: str, *, private: bool, gated: str | None) -> None:
    """Change who may see a repository, and how access to its files is given."""
    where = repo.c.id == repo_id
    db.execute(sa.update(repo).where(where).values(private=private, gated=gated))


def mark_deleted(db: sa.Connection, repo_id: str, *, by: str, at: str) -> None:
    """Write down that a repository was deleted."""
    where = repo.c.id == repo_id
    db.execute(sa.update(repo).where(where).values(deleted=at, deleted_by=by))
