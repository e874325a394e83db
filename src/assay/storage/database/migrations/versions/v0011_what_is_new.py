"""What is new in one repository, found without looking at all that there was before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"


BUT_MAIN = sa.text("ref <> 'refs/heads/main'")
PENDING = sa.text("state = 'pending'")


def upgrade() -> None:  # noqa: D103
    op.create_index("discussion_event_in", "discussion_event", ["repo_id", "id"])
    of_tips = ["repo_id", "new"]
    op.create_index(
        "push_of_tip", "push", of_tips, sqlite_where=BUT_MAIN, postgresql_where=BUT_MAIN
    )
    op.drop_index("push_pending", "push")
    in_order = ["repo_id", "id"]
    op.create_index(
        "push_pending", "push", in_order, sqlite_where=PENDING, postgresql_where=PENDING
    )
