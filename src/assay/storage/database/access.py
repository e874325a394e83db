"""Who asked for the files of a gated repository, and who was let in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from assay.storage.database.durable_tables import access
from assay.storage.database.engine import rows_as

AccessStatus = Literal["pending", "accepted", "rejected"]


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One account at one gate. Times are ISO 8601 UTC; `decided_by` is None while it waits."""

    repo_id: str
    account: str
    status: AccessStatus
    asked: str
    decided_by: str | None
    reason: str


def find_request(db: sa.Connection, repo_id: str, account: str) -> AccessRequest | None:
    """What an account asked of a repository, or None."""
    query = sa.select(access).where(access.c.repo_id == repo_id, access.c.account == account)
    found = rows_as(AccessRequest, db.execute(query))
    return found[0] if found else None


def requests(db: sa.Connection, repo_id: str, status: AccessStatus) -> list[AccessRequest]:
    """Everybody at a repository's gate in that state, first come first."""
    query = sa.select(access).where(access.c.repo_id == repo_id, access.c.status == status)
    ordered = query.order_by(access.c.asked, access.c.account)
    return rows_as(AccessRequest, db.execute(ordered))


def put_request(db: sa.Connection, request: AccessRequest) -> None:
    """Write a request over the one the account made before."""
    its = [access.c.repo_id == request.repo_id, access.c.account == request.account]
    db.execute(sa.delete(access).where(*its))
    values = {column.name: getattr(request, column.name) for column in access.c}
    db.execute(sa.insert(access).values(**values))
