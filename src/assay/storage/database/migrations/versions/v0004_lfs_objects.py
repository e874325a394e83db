"""Which repository has which large file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:  # noqa: D103
    op.create_table(
        "lfs_object",
        sa.Column("repo_id", sa.Text(), nullable=False),
        sa.Column("oid", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("git_oid", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("created", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.name"]),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.id"]),
        sa.PrimaryKeyConstraint("repo_id", "oid"),
    )
    op.create_index("lfs_object_by", "lfs_object", ["account", "counted"], unique=False)
