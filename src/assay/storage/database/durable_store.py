"""The durable store in a data folder: `hub.sqlite`, brought up to date when it is opened."""

from __future__ import annotations

import fcntl
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from assay.errors import ConflictError
from assay.storage.database.engine import Database

STORE = "hub.sqlite"
MIGRATIONS = Path(__file__).parent / "migrations"


def open_durable(folder: Path) -> Database:
    """Open (or make) the durable store and migrate it; one process at a time does so.

    Raises:
        ConflictError: A newer Assay wrote this store.
    """
    database = Database(folder / STORE, durability="FULL")
    with (folder / "hub.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with database.read() as db:
            current = MigrationContext.configure(db).get_current_revision()
        if current != _newest():
            with database.write() as db:
                _migrate(db)
    return database


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _migrate(db: sa.Connection) -> None:
    config = _config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    current = MigrationContext.configure(db).get_current_revision()
    if current is not None and current not in known:
        raise ConflictError(
            f"this data folder was written by a newer Assay (schema {current})",
            hint="upgrade Assay, or open another data folder",
        )
    config.attributes["connection"] = db
    command.upgrade(config, "head")
