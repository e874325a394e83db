"""The derived store as a file that can be replaced under everybody's feet.

A rebuild makes a new file beside the old one, which serves until the new one is complete, and then
swaps them by rename. Whoever writes holds a shared lock on `index.lock`; the swap takes it
exclusively, so that no change can go into a file that is about to be thrown away.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from assay.storage.database.engine import Database
from assay.storage.database.index_tables import SCHEMA, metadata, stamp

Generation = tuple[int, int]


class IndexStore:
    """The index in a data folder: `index.sqlite`, reopened whenever a rebuild has swapped it."""

    def __init__(self, folder: Path, *, name: str = "index.sqlite", fresh: bool = False) -> None:
        self.path = folder / name
        if fresh:
            for left in folder.glob(f"{name}*"):
                left.unlink()
        self._lock = folder / f"{name}.lock"
        self._open()

    def _open(self) -> None:
        self._database = Database(self.path, durability="NORMAL")
        self._inode = self.path.stat().st_ino if self.path.exists() else 0
        self._watch = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        if not self._inode:
            self._inode = self.path.stat().st_ino

    def _reopen_if_swapped(self) -> None:
        if self.path.stat().st_ino != self._inode:
            self._database.close()
            self._watch.close()
            self._open()

    def is_current(self) -> bool:
        """Whether the file has tables of the schema this code knows."""
        with self._database.read() as db:
            if not sa.inspect(db).has_table(stamp.name):
                return False
            return db.execute(sa.select(stamp.c.schema)).scalar() == SCHEMA

    def is_empty(self) -> bool:
        """Whether there is nothing in the file: a new data folder."""
        with self._database.read() as db:
            return not sa.inspect(db).get_table_names()

    def create(self) -> None:
        """Make empty tables in an empty file."""
        with self._database.write() as db:
            metadata.create_all(db)
            db.execute(sa.insert(stamp).values(schema=SCHEMA, generation=0))

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A snapshot of the index as it is now."""
        self._reopen_if_swapped()
        with self._database.read() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
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
        """Changes whenever anything was committed to the index, by any process. Costs microseconds.

        Call it from one thread: the one that answers requests.
        """
        self._reopen_if_swapped()
        return self._inode, self._watch.execute("PRAGMA data_version").fetchone()[0]

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep everybody from writing, for the last moments before a swap."""
        with self._lock.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def replace_with(self, built: IndexStore) -> None:
        """Put a complete index in the place of this one; call it within `exclusive`."""
        with built._database.read() as db:
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
