"""Rulings on claims: rows that are only ever added."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from assay.core.ruling import RulingRow
from assay.storage.database.durable_tables import ruling
from assay.storage.database.engine import Connection, rows_as
from assay.storage.database.writing import portions


def add_ruling(
    db: Connection,
    repo_id: str,
    claim_id: str,
    *,
    kind: str,
    actor: str,
    at: str,
    reason: str,
    evidence: str = "",
    about: int | None = None,
) -> int:
    """Write down what somebody ruled; returns the row's number."""
    row = {"repo_id": repo_id, "claim_id": claim_id, "kind": kind, "actor": actor, "at": at}
    more = {"reason": reason, "evidence": evidence, "about": about}
    made = db.execute(sa.insert(ruling).values(**row, **more))
    return int(made.inserted_primary_key[0])  # type: ignore[index]  # an insert of one row has one


def rulings_of(db: Connection, repo_id: str, claim_id: str) -> list[RulingRow]:
    """What was ruled on one claim, in order."""
    query = sa.select(ruling).where(ruling.c.repo_id == repo_id, ruling.c.claim_id == claim_id)
    return rows_as(RulingRow, db.execute(query.order_by(ruling.c.id)))


def rulings_of_repos(db: Connection, repo_ids: Collection[str]) -> list[RulingRow]:
    """What was ruled on the claims of many repositories, in order."""
    found: list[RulingRow] = []
    for part in portions(sorted(repo_ids)):
        query = sa.select(ruling).where(ruling.c.repo_id.in_(part)).order_by(ruling.c.id)
        found += rows_as(RulingRow, db.execute(query))
    return found


def last_rulings(db: Connection) -> dict[str, int]:
    """The number of the last row about each repository that has some."""
    query = sa.select(ruling.c.repo_id, sa.func.max(ruling.c.id)).group_by(ruling.c.repo_id)
    return {row[0]: row[1] for row in db.execute(query)}
