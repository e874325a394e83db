"""Which repository has which large file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.storage.database.types import BigInteger, Text

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:  # noqa: D103
    op.create_table(
        "lfs_object",
        sa.Column("repo_id", Text, nullable=False),
        sa.Column("oid", Text, nullable=False),
        sa.Column("size_bytes", BigInteger, nullable=False),
        sa.Column("git_oid", Text, nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("created", Text, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.name"]),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.id"]),
        sa.PrimaryKeyConstraint("repo_id", "oid"),
    )
    op.create_index("lfs_object_by", "lfs_object", ["account", "counted"], unique=False)
