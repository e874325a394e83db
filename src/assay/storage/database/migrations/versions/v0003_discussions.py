"""Discussions beside pull requests; descriptions become first comments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:  # noqa: D103
    op.rename_table("pull", "discussion")
    op.add_column(
        "discussion", sa.Column("is_pull", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    made = op.create_table(
        "discussion_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repo_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["repo_id", "number"], ["discussion.repo_id", "discussion.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("discussion_event_of", "discussion_event", ["repo_id", "number"])
    rows = [*_events(), *_descriptions()]
    rows.sort(key=lambda row: (row["at"], row["place"]))
    for row in rows:
        op.execute(made.insert().values({key: row[key] for key in row.keys() - {"place"}}))
    op.drop_table("pull_event")


def _events() -> list[dict[str, object]]:
    query = "select id as place, repo_id, number, kind, actor, at, text from pull_event"
    return [dict(row) for row in op.get_bind().execute(sa.text(query)).mappings()]


def _descriptions() -> list[dict[str, object]]:
    """Each right after the opening of its pull request."""
    query = (
        "select min(event.id) + 0.5 as place, event.repo_id, event.number, 'comment' as kind,"
        " discussion.author as actor, event.at, discussion.description as text"
        " from pull_event as event join discussion using (repo_id, number)"
        " where event.kind = 'opened' and discussion.description != ''"
        " group by event.repo_id, event.number"
    )
    return [dict(row) for row in op.get_bind().execute(sa.text(query)).mappings()]
