"""Names that repositories have had, gates, and deleted repositories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.storage.database.types import Text

revision = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:  # noqa: D103
    for name in ("gated", "deleted", "deleted_by"):
        op.add_column("repo", sa.Column(name, Text, nullable=True))
    op.create_table(
        "repo_name",
        sa.Column("type", Text, nullable=False),
        sa.Column("written", Text, nullable=False),
        sa.Column("key", Text, nullable=False),
        sa.Column("repo_id", Text, nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.id"]),
        sa.PrimaryKeyConstraint("type", "written"),
    )
    op.create_index("repo_name_key", "repo_name", ["type", "key"])
    op.create_index("repo_name_of", "repo_name", ["repo_id"])
    op.execute(
        "INSERT INTO repo_name (type, written, key, repo_id) SELECT type, "
        "namespace || '/' || name, lower(namespace || '/' || name), id FROM repo"
    )
    op.create_table(
        "access",
        sa.Column("repo_id", Text, nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("asked", Text, nullable=False),
        sa.Column("decided_by", Text, nullable=True),
        sa.Column("reason", Text, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.name"]),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.id"]),
        sa.PrimaryKeyConstraint("repo_id", "account"),
    )
