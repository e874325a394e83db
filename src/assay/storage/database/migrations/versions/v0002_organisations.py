"""Members of organisations, and what a token may do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.storage.database.types import Text

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:  # noqa: D103
    op.create_table(
        "member",
        sa.Column("namespace", Text, nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("role", Text, nullable=False),
        sa.Column("added", Text, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.name"]),
        sa.ForeignKeyConstraint(["namespace"], ["namespace.name"]),
        sa.PrimaryKeyConstraint("namespace", "account"),
    )
    op.create_index("member_account", "member", ["account"])
    op.add_column("token", sa.Column("scope", Text, nullable=False, server_default="write"))
    op.create_index("token_account", "token", ["account"])
    op.create_index("namespace_lower", "namespace", [sa.text("lower(name)")])
