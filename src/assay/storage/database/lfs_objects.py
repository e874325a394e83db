"""Which repository has which large file, who brought it, and how much somebody has brought."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from assay.storage.database.durable_tables import lfs_object
from assay.storage.database.engine import rows_as

OIDS_A_QUERY = 500


@dataclass(frozen=True, slots=True)
class LfsObject:
    """A large file that a repository has.

    Attributes:
        repo_id: The repository.
        oid: sha256 of the content.
        size_bytes: Of the content.
        git_oid: What git would call the content as a blob.
        account: Who brought it.
        counted: Whether it counts against that account's quota.
        created: When, ISO 8601 UTC.
    """

    repo_id: str
    oid: str
    size_bytes: int
    git_oid: str
    account: str
    counted: bool
    created: str


def add_object(db: sa.Connection, row: LfsObject) -> None:
    """Say that a repository has an object; nothing happens when it has it already."""
    if find_objects(db, row.repo_id, [row.oid]):
        return
    values = {column.name: getattr(row, column.name) for column in lfs_object.c}
    db.execute(sa.insert(lfs_object).values(**values))


def find_objects(db: sa.Connection, repo_id: str, oids: Collection[str]) -> dict[str, LfsObject]:
    """Those objects of a repository among many, by sha256."""
    wanted = sorted(set(oids))
    found: dict[str, LfsObject] = {}
    for part in range(0, len(wanted), OIDS_A_QUERY):
        query = sa.select(lfs_object).where(
            lfs_object.c.repo_id == repo_id,
            lfs_object.c.oid.in_(wanted[part : part + OIDS_A_QUERY]),
        )
        found |= {row.oid: row for row in rows_as(LfsObject, db.execute(query))}
    return found


def counted_bytes(db: sa.Connection, account: str) -> int:
    """How many bytes count against an account's quota."""
    query = sa.select(sa.func.coalesce(sa.func.sum(lfs_object.c.size_bytes), 0)).where(
        lfs_object.c.account == account, lfs_object.c.counted
    )
    return int(db.execute(query).scalar_one())
