"""Whose namespaces are looked up with every token: no longer by reading all of them."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:  # noqa: D103
    op.create_index("namespace_owner", "namespace", ["owner"])
