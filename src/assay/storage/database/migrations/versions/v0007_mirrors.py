"""Repositories that are copies of others, and say so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.storage.database.types import Text

revision = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:  # noqa: D103
    op.add_column("repo", sa.Column("mirror_of", Text, nullable=True))
