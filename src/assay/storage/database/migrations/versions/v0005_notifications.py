"""Notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.storage.database.types import BigInteger, Text

revision = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:  # noqa: D103
    op.create_table(
        "notification",
        sa.Column("id", BigInteger, nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("repo_id", Text, nullable=False),
        sa.Column("number", BigInteger, nullable=False),
        sa.Column("event", BigInteger, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("at", Text, nullable=False),
        sa.Column("read", Text, nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.name"]),
        sa.ForeignKeyConstraint(["event"], ["discussion_event.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("notification_of", "notification", ["account", "id"])
