"""The life of a claim: its versions, and what happened to it without changing what it says."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from assay.storage.database.claims import CARRIED, SINCE, UNTIL
from assay.storage.database.engine import Connection
from assay.storage.database.index_tables import claim, earlier, episode, step

# What other steps than a version's first tell; of a lane that was deleted there is no commit.
_TOLD = ("commit", "push", "received", "pusher")
_ENDED = (*_TOLD, "rewrites", "lane")


def versions_of(db: Connection, claim_id: str) -> list[dict[str, Any]]:
    """Every version of a claim (found by `find_claim`), the first one first."""
    number = sa.select(claim.c.id).where(claim.c.claim_id == claim_id).scalar_subquery()
    rows = [
        dict(row)
        for table, own in ((earlier, earlier.c.claim), (claim, claim.c.id))
        for row in db.execute(_versions(table).where(own == number)).mappings()
    ]
    return sorted(rows, key=lambda row: int(row["number"]))


def _versions(table: sa.Table) -> sa.Select[Any]:
    shared = [c.name for c in earlier.c if c.name not in {"claim", "since", "carried", "until"}]
    return (
        sa.select(
            *(table.c[name] for name in shared),
            *(column.label(_named("since", column.name)) for column in SINCE.c),
            *(UNTIL.c[name].label(f"until_{name}") for name in _ENDED),
            *(CARRIED.c[name].label(f"carried_{name}") for name in _TOLD),
        )
        .select_from(table)
        .join(SINCE, SINCE.c.id == table.c.since)
        .outerjoin(CARRIED, CARRIED.c.id == table.c.carried)
        .outerjoin(UNTIL, UNTIL.c.id == table.c.until)
    )


def episodes_of(db: Connection, claim_id: str) -> list[dict[str, Any]]:
    """What happened to a claim without changing what it says, with the step at which it did."""
    query = (
        sa.select(
            *(episode.c[name] for name in ("kind", "before", "after")),
            *(step.c[name] for name in (*_TOLD, "lane")),
        )
        .join(step, step.c.id == episode.c.step)
        .join(claim, claim.c.id == episode.c.claim)
        .where(claim.c.claim_id == claim_id)
        .order_by(step.c.push, episode.c.kind, step.c.commit)
    )
    return [dict(row) for row in db.execute(query).mappings()]


def _named(step_name: str, column: str) -> str:
    """Who and when are a version's own; the rest is the step's."""
    plain = {"received", "pusher", "author_name", "author_email", "authored_s"}
    plain |= {"committer_name", "committer_email", "committed_s", "lane"}
    return column if column in plain else f"{step_name}_{column}"
