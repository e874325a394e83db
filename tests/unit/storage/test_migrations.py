"""What earlier versions of this hub wrote is carried over, in order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from assay.storage.database import discussions
from assay.storage.database.durable_store import MIGRATIONS, newest, open_durable
from assay.storage.database.engine import SqliteDatabase

OLD = """
insert into account (name, is_admin, created) values ('ada', 0, 't0');
insert into namespace (name, owner, claimed, created) values ('ada', 'ada', 1, 't0');
insert into repo (id, type, namespace, name, private, created, created_by)
  values ('r', 'model', 'ada', 'm', 0, 't0', 'ada');
insert into pull (repo_id, number, title, description, author, status, created)
  values ('r', 1, 'One', 'why', 'ada', 'open', 't1'), ('r', 2, 'Two', '', 'ada', 'closed', 't2');
insert into pull_event (repo_id, number, kind, actor, at, text) values
  ('r', 1, 'opened', 'ada', 't1', ''), ('r', 2, 'opened', 'ada', 't2', ''),
  ('r', 1, 'comment', 'ada', 't3', 'hm'), ('r', 2, 'closed', 'ada', 't4', 'no')
"""


def at_revision(folder: Path, revision: str) -> SqliteDatabase:
    """A durable store as it was after a migration."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    database = SqliteDatabase(folder / "hub.sqlite", durability="FULL")
    with database.write() as db:
        config.attributes["connection"] = db
        command.upgrade(config, revision)
    return database


def test_pull_requests_of_the_first_version_become_discussions(tmp_path: Path) -> None:
    before = at_revision(tmp_path, "0001")
    with before.write() as db:
        for statement in OLD.split(";"):
            db.execute(sa.text(statement))
    before.close()
    store = open_durable(tmp_path)
    with store.read() as db:
        pulls = discussions.pulls_numbered(db, "r", range(9))
        events = discussions.events_of(db, "r")
    store.close()
    assert [(pull.number, pull.is_pull, pull.status) for pull in pulls] == [
        (1, True, "open"),
        (2, True, "closed"),
    ]
    assert [(event.number, event.kind, event.text) for event in events] == [
        (1, "opened", ""),
        (1, "comment", "why"),
        (2, "opened", ""),
        (1, "comment", "hm"),
        (2, "closed", "no"),
    ]


def test_the_newest_schema_is_that_of_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert newest() == ScriptDirectory.from_config(config).get_current_head()


def test_a_store_that_is_up_to_date_is_opened_without_alembic(tmp_path: Path) -> None:
    open_durable(tmp_path).close()
    code = (
        "import sys, pathlib\n"
        "from assay.storage.database.durable_store import open_durable\n"
        "open_durable(pathlib.Path(sys.argv[1])).close()\n"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
