"""The durable store: opened, and brought up to date when it is opened.

It is `hub.sqlite` in the data folder, or the schema `assay_hub` of a PostgreSQL database. Such a
folder and database belong together: what git cannot know is worth nothing beside other
repositories. So `database.id` in the folder and the comment on the schema hold the same word.
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from assay.errors import ConflictError, UnavailableError
from assay.storage.database.durable_tables import metadata
from assay.storage.database.engine import Connection, Database, SqliteDatabase

STORE = "hub.sqlite"
IDENTITY = "database.id"
SCHEMA = "assay_hub"
MIGRATIONS = Path(__file__).parent / "migrations"
# Locks of a PostgreSQL database; `postgresql_index` has more.
LOCK_OF_MAKING, LOCK_OF_WRITERS = 1, 2
ROWS_AT_ONCE = 1000
# Alembic's own.
_VERSION = sa.table("alembic_version", sa.column("version_num"))


def has_durable(folder: Path) -> bool:
    """Whether a data folder has a durable store, of whatever kind."""
    return (folder / STORE).exists() or (folder / IDENTITY).exists()


def open_durable(folder: Path, url: str | None = None) -> Database:
    """Open (or make) the durable store and migrate it; one process at a time does so.

    Args:
        folder: The data folder.
        url: The PostgreSQL database that holds the store; None for a file in the folder.

    Raises:
        ConflictError: A newer Assay wrote this store, or folder and database are no pair.
        UnavailableError: The database cannot be reached.
    """
    with (folder / "hub.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        database = _open_file(folder) if url is None else _open_on_server(folder, url)
        try:
            _bring_up_to_date(database)
        except BaseException:
            database.close()
            raise
    return database


def _open_file(folder: Path) -> Database:
    if (folder / IDENTITY).exists():
        raise ConflictError(
            f"the hub in {folder} keeps its databases in PostgreSQL",
            hint="name the database with --database-url or $ASSAY_DATABASE_URL",
        )
    return SqliteDatabase(folder / STORE, durability="FULL")


def _open_on_server(folder: Path, url: str) -> Database:
    need_driver()
    from assay.storage.database import postgresql  # noqa: PLC0415 - its driver is optional

    if (folder / STORE).exists():
        raise ConflictError(
            f"the hub in {folder} keeps its databases in the folder",
            hint="to move it: `assay backup`, then `assay restore --database-url` to a new folder",
        )
    with closing(postgresql.connect(url)) as raw, postgresql.clear_errors(url), raw.transaction():
        raw.execute(postgresql.take_lock(LOCK_OF_MAKING))
        if raw.execute(f"SELECT to_regnamespace('{SCHEMA}')").fetchone()[0] is None:
            raw.execute(f"CREATE SCHEMA {SCHEMA}")
        _need_pair(raw, folder)
    turn = f"BEGIN; {postgresql.take_lock(LOCK_OF_WRITERS)}"
    begins = postgresql.Beginning(postgresql.READ, turn)
    return postgresql.PostgresDatabase(url, begins, schema=SCHEMA)


def need_driver() -> None:
    """See that PostgreSQL can be spoken to from here.

    Raises:
        UnavailableError: Its driver is not installed.
    """
    try:
        import psycopg  # noqa: F401, PLC0415 - it is optional
    except ImportError as error:
        raise UnavailableError(
            "PostgreSQL needs the driver psycopg, which cannot be imported",
            hint='pip install "assay[postgres]"',
        ) from error


def _need_pair(raw: Any, folder: Path) -> None:
    """See that a data folder and a database belong together; a new pair is made one."""
    query = f"SELECT obj_description('{SCHEMA}'::regnamespace, 'pg_namespace')"
    of_database = raw.execute(query).fetchone()[0]
    file = folder / IDENTITY
    of_folder = file.read_text().strip() if file.exists() else None
    is_new = of_folder is None or not any((folder / "repos").glob("*/*"))
    if of_database is None and is_new:
        of_database = of_folder or secrets.token_hex(16)
        file.write_text(f"{of_database}\n")
        raw.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{of_database}'")
        _drop_index(raw)  # of another hub, which is gone
    elif of_database != of_folder:
        raise ConflictError(
            f"the database does not belong to the data folder {folder}",
            hint="name the folder of the hub that the database holds, or a new one of each",
        )


def _bring_up_to_date(database: Database) -> None:
    with database.read() as db:
        is_new = not sa.inspect(db).has_table(_VERSION.name)
        current = None if is_new else db.execute(sa.select(_VERSION.c.version_num)).scalar()
    if current != newest():
        from assay.storage.database.migrating import migrate  # noqa: PLC0415 - slow to import

        with database.write() as db:
            migrate(db, MIGRATIONS)


def newest() -> str:
    """The schema that this code knows: migrations are numbered, and so are their files."""
    return max(file.name[1:5] for file in (MIGRATIONS / "versions").glob("v????_*.py"))


def save_copy(database: Database, folder: Path) -> Path:
    """Write the durable store as it is at this moment to a file in a folder; returns the file.

    The file is the same whatever kind of database it is taken from.
    """
    if isinstance(database, SqliteDatabase):
        database.copy_to(folder / STORE)
    else:
        with _opened(folder) as target:
            _copy_rows(database, target)
    return folder / STORE


def load_copy(folder: Path, database: Database) -> None:
    """Put what a file of `save_copy` holds into an empty durable store."""
    with _opened(folder) as source:
        _copy_rows(source, database)


def need_empty(database: Database) -> None:
    """See that nothing was ever kept in a durable store.

    Raises:
        ConflictError: Something was.
    """
    with database.read() as db:
        for table in metadata.sorted_tables:
            if db.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                raise ConflictError(
                    "the database holds a hub already", hint="restore into an empty database"
                )


def drop_stores(url: str) -> None:
    """Remove both stores from a PostgreSQL database."""
    from assay.storage.database import postgresql  # noqa: PLC0415 - its driver is optional

    with closing(postgresql.connect(url)) as raw, postgresql.clear_errors(url), raw.transaction():
        _drop_index(raw)
        raw.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def _drop_index(raw: Any) -> None:
    names = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^assay_index(_[0-9]+)?$'"
    for (name,) in raw.execute(names).fetchall():
        raw.execute(f"DROP SCHEMA {name} CASCADE")


@contextmanager
def _opened(folder: Path) -> Iterator[Database]:
    with closing(open_durable(folder)) as database:
        yield database


def _copy_rows(source: Database, target: Database) -> None:
    with source.read() as old, target.write() as new:
        for table in metadata.sorted_tables:
            rows = old.execution_options(yield_per=ROWS_AT_ONCE).execute(sa.select(table))
            for part in rows.mappings().partitions():
                new.execute(sa.insert(table), [dict(row) for row in part])
            _count_on(new, table)


def _count_on(db: Connection, table: sa.Table) -> None:
    """Let a server number new rows from where the copied ones end; SQLite does so by itself."""
    column = table.autoincrement_column
    if db.dialect.name != "sqlite" and column is not None:
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        following = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
        db.execute(sa.select(sa.func.setval(sequence, following, sa.false())))
