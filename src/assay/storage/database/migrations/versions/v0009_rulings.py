"""Rulings on claims."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.storage.database.types import BigInteger, Text

revision = "0009"
down_revision: str | None = "0008"


def upgrade() -> None:  # noqa: D103
    op.create_table(
        "ruling",
        sa.Column("id", BigInteger, nullable=False),
        sa.Column("repo_id", Text, nullable=False),
        sa.Column("claim_id", Text, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("at", Text, nullable=False),
        sa.Column("reason", Text, nullable=False),
        sa.Column("evidence", Text, nullable=False),
        sa.Column("about", BigInteger, nullable=True),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.id"]),
        sa.ForeignKeyConstraint(["actor"], ["account.name"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ruling_of", "ruling", ["repo_id", "claim_id"])
