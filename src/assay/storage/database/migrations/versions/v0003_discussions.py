"""Discussions beside pull requests; descriptions become first comments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.storage.database.types import BigInteger, Text

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:  # noqa: D103
    op.rename_table("pull", "discussion")
    op.add_column(
        "discussion", sa.Column("is_pull", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    made = op.create_table(
        "discussion_event",
        sa.Column("id", BigInteger, nullable=False),
        sa.Column("repo_id", Text, nullable=False),
        sa.Column("number", BigInteger, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("at", Text, nullable=False),
        sa.Column("text", Text, nullable=False),
        sa.Column("about", Text, nullable=True),
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
        "select event.id + 0.5 as place, event.repo_id, event.number, 'comment' as kind,"
        " discussion.author as actor, event.at, discussion.description as text"
        " from pull_event as event join discussion using (repo_id, number)"
        " where discussion.description != '' and event.id in ("
        " select min(id) from pull_event where kind = 'opened' group by repo_id, number)"
    )
    return [dict(row) for row in op.get_bind().execute(sa.text(query)).mappings()]
