"""Discussions by kind and status, so that a list of very many is read a page at a time."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:  # noqa: D103
    op.create_index(
        "discussion_listed", "discussion", ["repo_id", "is_pull", "status", "number", "author"]
    )
