"""One database: short write transactions, one at a time, and reads that never block.

Two kinds keep a hub: SQLite files in its data folder, and PostgreSQL (`postgresql`). Both give the
same promises, so that nothing above this room asks which it is:

1. `read` is a snapshot: all that is asked within it is answered as of one moment.
2. `write` waits for its turn before it reads anything: there is one writer at a time, in whatever
   process. What it has looked at stays true until it commits, and it never fails half-way for
   having looked first.
3. Text is sorted by its bytes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, event

from assay.errors import UnavailableError
from assay.storage.disk import find_no_room

__all__ = ["Connection", "Database", "SqliteDatabase", "rows_as", "to_json"]

BUSY_TIMEOUT_S = 30.0
# A connection knows of a count of rows (`planning`) that was made before it was opened.
RECYCLE_S = 600
Durability = Literal["FULL", "NORMAL"]
# Of pages that a connection keeps: a board takes rows from all over the index.
CACHE_KIB: dict[Durability, int] = {"FULL": 2 * 1024, "NORMAL": 8 * 1024}
T = TypeVar("T")


class Database(Protocol):
    """An open database."""

    def read(self) -> AbstractContextManager[Connection]:
        """A snapshot to read from."""

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction: committed when the block ends, undone when it raises."""

    def need_answer(self) -> None:
        """See that it can be read.

        Raises:
            UnavailableError: It cannot.
        """

    def close(self) -> None:
        """Close every connection."""


class SqliteDatabase:
    """A file, in WAL mode: one writer at a time, any number of readers beside it.

    Args:
        path: The file; made when it is not there.
        durability: SQLite's `synchronous`: FULL survives a power cut at every commit, NORMAL may
            lose the last transactions (good enough for what can be derived again).
    """

    def __init__(self, path: Path, *, durability: Durability) -> None:
        self.path = path
        self._engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(path)),
            connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
            json_serializer=to_json,
            json_deserializer=msgspec.json.decode,
            pool_recycle=RECYCLE_S,
            pool_use_lifo=True,  # whoever reads alone always has the connection with warm pages
        )
        _configure(self._engine, durability)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot to read from."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction; it takes SQLite's lock at once.

        Raises:
            NoRoomError: The disk is full; nothing was changed.
        """
        try:
            with self._engine.connect() as connection:
                writer = connection.execution_options(assay_write=True)
                with writer.begin():
                    yield writer
        except sa.exc.OperationalError as error:
            if (full := find_no_room(error)) is not None:
                raise full from error
            raise

    def need_answer(self) -> None:
        """See that the file can be read.

        Raises:
            UnavailableError: It cannot.
        """
        try:
            with self.read() as db:
                db.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
        except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
            raise UnavailableError(f"the database {self.path} cannot be read: {error}") from error

    def copy_to(self, path: Path) -> None:
        """Write a copy of the database as it is at this moment to a new file."""
        connection = self._engine.raw_connection()
        try:
            connection.cursor().execute("VACUUM INTO ?", [str(path)])
        finally:
            connection.close()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def to_json(value: Any) -> str:
    """JSON as columns hold it."""
    return msgspec.json.encode(value).decode()


def _configure(engine: sa.Engine, durability: Durability) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={durability}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB[durability]}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("assay_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def rows_as(kind: type[T], result: sa.Result[Any]) -> list[T]:
    """Every row of a result as a value of `kind`, a dataclass with the columns for its fields."""
    names = tuple(result.keys())
    rows = result.all()
    if names == getattr(kind, "__match_args__", ()):  # in the same order: thrice as fast
        in_order: Callable[..., T] = kind
        return [in_order(*row) for row in rows]
    return [kind(**dict(zip(names, row, strict=True))) for row in rows]
