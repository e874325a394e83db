"""Alembic's entry: migrates the connection it is handed (see `migrating`)."""

from __future__ import annotations

from alembic import context

from assay.storage.database.durable_tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
