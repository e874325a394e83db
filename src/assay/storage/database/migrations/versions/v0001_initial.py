"""Accounts, namespaces, tokens, repositories, pull requests and the push log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.storage.database.types import BigInteger, Text

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:  # noqa: D103
    op.create_table(
        "account",
        sa.Column("name", Text, nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("created", Text, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "push",
        sa.Column("id", BigInteger, nullable=False),
        sa.Column("repo_id", Text, nullable=False),
        sa.Column("ref", Text, nullable=False),
        sa.Column("old", Text, nullable=False),
        sa.Column("new", Text, nullable=False),
        sa.Column("actor", Text, nullable=True),
        sa.Column("pull", BigInteger, nullable=True),
        sa.Column("received", Text, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("canonical", Text, nullable=False),
        sa.Column("digest", Text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("push_of", "push", ["repo_id", "id"], unique=False)
    op.create_index(
        "push_pending",
        "push",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "namespace",
        sa.Column("name", Text, nullable=False),
        sa.Column("owner", Text, nullable=True),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.Column("created", Text, nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["account.name"]),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "token",
        sa.Column("digest", Text, nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("created", Text, nullable=False),
        sa.Column("revoked", Text, nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.name"]),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "repo",
        sa.Column("id", Text, nullable=False),
        sa.Column("type", Text, nullable=False),
        sa.Column("namespace", Text, nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("created", Text, nullable=False),
        sa.Column("created_by", Text, nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["account.name"]),
        sa.ForeignKeyConstraint(["namespace"], ["namespace.name"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("type", "namespace", "name"),
    )
    op.create_table(
        "pull",
        sa.Column("repo_id", Text, nullable=False),
        sa.Column("number", BigInteger, autoincrement=False, nullable=False),
        sa.Column("title", Text, nullable=False),
        sa.Column("description", Text, nullable=False),
        sa.Column("author", Text, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("created", Text, nullable=False),
        sa.Column("merged_by_push", BigInteger, nullable=True),
        sa.ForeignKeyConstraint(["author"], ["account.name"]),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.id"]),
        sa.PrimaryKeyConstraint("repo_id", "number"),
    )
    op.create_table(
        "pull_event",
        sa.Column("id", BigInteger, nullable=False),
        sa.Column("repo_id", Text, nullable=False),
        sa.Column("number", BigInteger, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("at", Text, nullable=False),
        sa.Column("text", Text, nullable=False),
        sa.ForeignKeyConstraint(["repo_id", "number"], ["pull.repo_id", "pull.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("pull_event_of", "pull_event", ["repo_id", "number"], unique=False)
