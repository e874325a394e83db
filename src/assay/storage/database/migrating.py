"""Migrations of the durable store, by Alembic. To import that takes a fifth of a second."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from assay.errors import ConflictError


def migrate(db: sa.Connection, migrations: Path) -> None:
    """Bring a store up to date, within a transaction.

    Raises:
        ConflictError: A newer Assay wrote this store.
    """
    config = Config()
    config.set_main_option("script_location", str(migrations))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    current = MigrationContext.configure(db).get_current_revision()
    if current is not None and current not in known:
        raise ConflictError(
            f"this data folder was written by a newer Assay (schema {current})",
            hint="upgrade Assay, or open another data folder",
        )
    config.attributes["connection"] = db
    command.upgrade(config, "head")
