"""The derived store, which can be replaced under everybody's feet.

A rebuild makes a new index beside the old one, which serves until the new one is complete; then
they are swapped at one stroke. Whoever writes cannot do so while they are, so that no change goes
into an index that is about to be thrown away.

In a data folder it is a file, swapped by rename: writers hold a shared lock on `index.sqlite.lock`,
a swap an exclusive one. `postgresql_index` has the other kind.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, Self

import sqlalchemy as sa

from assay.errors import ConflictError
from assay.storage.database.durable_store import need_driver
from assay.storage.database.engine import Connection, SqliteDatabase
from assay.storage.database.index_tables import SCHEMA, metadata, stamp

Generation = tuple[int, int]
BUILDING = "index.building.sqlite"


class IndexStore(Protocol):
    """An index."""

    def is_current(self) -> bool:
        """Whether it has tables of the schema this code knows."""

    def is_empty(self) -> bool:
        """Whether there is nothing in it: a new hub."""

    def create(self) -> None:
        """Make empty tables where there are none; harmless if another process was first."""

    def read(self) -> AbstractContextManager[Connection]:
        """A snapshot of the index as it is now."""

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction on the index that serves; one at a time, in whatever process."""

    def need_answer(self) -> None:
        """See that the index which serves can be read.

        Raises:
            UnavailableError: It cannot.
        """

    def generation(self) -> Generation:
        """Changes whenever anything was committed to the index, by any process.

        Call it from one thread: the one that answers requests.
        """

    def building(self) -> AbstractContextManager[IndexStore]:
        """An index beside this one; one process at a time builds.

        It is empty, or has what a rebuild that was cut short had done.

        Raises:
            ConflictError: Another process is building.
        """

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep everybody from writing, for the last moments before a swap."""

    def replace_with(self, built: IndexStore) -> None:
        """Put an index from `building` in the place of this one; call it within `exclusive`."""

    def close(self) -> None:
        """Close every connection."""


def open_index(folder: Path, url: str | None = None) -> IndexStore:
    """The index of a hub: in its data folder, or in a PostgreSQL database."""
    if url is None:
        return SqliteIndex(folder)
    need_driver()
    from assay.storage.database.postgresql_index import PostgresIndex  # noqa: PLC0415

    return PostgresIndex(url)


def has_current_stamp(db: Connection) -> bool:
    """Whether the tables at hand are of the schema this code knows."""
    return db.execute(sa.select(stamp.c.schema)).scalar() == SCHEMA


def make_tables(db: Connection) -> None:
    """Make all tables, and say of which schema they are."""
    metadata.create_all(db, checkfirst=False)
    db.execute(sa.insert(stamp).values(schema=SCHEMA, generation=0))


class SqliteIndex:
    """The index in a data folder: `index.sqlite`, reopened whenever a rebuild has swapped it."""

    def __init__(self, folder: Path, *, name: str = "index.sqlite") -> None:
        self.path = folder / name
        self._place = str(self.path)
        self._lock = folder / f"{name}.lock"
        self._open()

    def _open(self) -> None:
        self._database = SqliteDatabase(self.path, durability="NORMAL")
        self._inode = self.path.stat().st_ino if self.path.exists() else 0
        self._watch = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        if not self._inode:
            self._inode = self.path.stat().st_ino

    def _reopen_if_swapped(self) -> None:
        if os.stat(self._place).st_ino != self._inode:  # noqa: PTH116 - Path is slower
            self._database.close()
            self._watch.close()
            self._open()

    def is_current(self) -> bool:
        """Whether the file has tables of the schema this code knows."""
        with self._database.read() as db:
            return sa.inspect(db).has_table(stamp.name) and has_current_stamp(db)

    def is_empty(self) -> bool:
        """Whether there is nothing in the file: a new data folder."""
        with self._database.read() as db:
            return not sa.inspect(db).get_table_names()

    def create(self) -> None:
        """Make empty tables in an empty file."""
        with self._database.write() as db:
            if not sa.inspect(db).has_table(stamp.name):
                make_tables(db)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot of the index as it is now."""
        self._reopen_if_swapped()
        with self._database.read() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction on the file that serves."""
        with self._lock.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            self._reopen_if_swapped()
            with self._database.write() as db:
                db.execute(sa.update(stamp).values(generation=stamp.c.generation + 1))
                yield db

    def need_answer(self) -> None:
        """See that the file which serves can be read.

        Raises:
            UnavailableError: It cannot.
        """
        self._reopen_if_swapped()
        self._database.need_answer()

    def generation(self) -> Generation:
        """The file, and how often others than this connection have changed it. Microseconds."""
        self._reopen_if_swapped()
        return self._inode, self._watch.execute("PRAGMA data_version").fetchone()[0]

    @contextmanager
    def building(self) -> Iterator[Self]:
        """A file beside this one; what a broken rebuild left there is taken over.

        Raises:
            ConflictError: Another process is building.
        """
        folder = self.path.parent
        with (folder / "building.lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise already_building() from error
            built = type(self)(folder, name=BUILDING)
            if not built.is_empty() and not built.is_current():
                built.close()
                for left in folder.glob(f"{BUILDING}*"):
                    left.unlink()
                built = type(self)(folder, name=BUILDING)
            try:
                built.create()
                yield built
            finally:
                built.close()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep everybody from writing, for the last moments before a swap."""
        with self._lock.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def replace_with(self, built: IndexStore) -> None:
        """Put a complete file in the place of this one."""
        if not isinstance(built, SqliteIndex):
            raise TypeError(f"a file is replaced with a file, got {built!r}")
        with built._database.read() as db:  # noqa: SLF001 - of the same class
            db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        built.close()
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        built.path.replace(self.path)
        self._reopen_if_swapped()

    def close(self) -> None:
        """Close every connection."""
        self._watch.close()
        self._database.close()


def already_building() -> ConflictError:
    """What to say to the second of two rebuilds."""
    return ConflictError(
        "another process is building this hub's index", hint="wait until it has ended"
    )
