"""The derived store on a PostgreSQL server.

1. Every index that is built has a schema of its own, `assay_index_N`. The one row of
   `assay_index.state` says which serves, and counts changes. A swap is an update of that row.
2. Whoever writes updates the row first, and so holds its lock until the transaction ends: writers
   come one by one, and none while a swap is being prepared. Readers wait for nobody.
3. A reader holds a shared lock named by N while it reads. An index that no longer serves is dropped
   by whoever gets that lock alone; a reader who was late begins again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Self

import psycopg

from assay.storage.database.durable_store import LOCK_OF_MAKING
from assay.storage.database.engine import Connection
from assay.storage.database.index_store import (
    Generation,
    IndexStore,
    already_building,
    has_current_stamp,
    make_tables,
)
from assay.storage.database.index_tables import metadata
from assay.storage.database.postgresql import (
    LOCKS,
    READ,
    Beginning,
    PostgresDatabase,
    clear_errors,
    connect,
    take_lock,
)

LOCK_OF_BUILDER = 3
# The class of the locks that readers hold; the second number is that of the index.
LOCKS_OF_READERS = LOCKS + 1
# How long an index that was swapped out waits for its readers before the next rebuild drops it.
LAST_READERS_S = 1
# How long a writer waits for a swap, which may have much to catch up with.
PATIENCE_S = 600

_EXISTS = "SELECT to_regclass('assay_index.state') IS NOT NULL"
_HOME = (
    "CREATE SCHEMA assay_index",
    "CREATE SEQUENCE assay_index.number AS integer",
    # With room on its page, so that it never moves.
    """CREATE TABLE assay_index.state (id integer PRIMARY KEY CHECK (id = 1),
        serving integer NOT NULL, generation bigint NOT NULL) WITH (fillfactor = 10)""",
    "INSERT INTO assay_index.state VALUES (1, 0, 0)",
)
_WATCH = "SELECT serving, generation FROM assay_index.state"
# Numbers go up: one above that which serves was begun and not finished, one below has served.
_BEGUN = """SELECT number FROM assay_index.state, (SELECT substr(nspname, 13)::integer AS number
    FROM pg_namespace WHERE nspname ~ '^assay_index_[0-9]+$') AS made
    WHERE number > serving ORDER BY number"""
_OLD = """SELECT number FROM assay_index.state, (SELECT substr(nspname, 13)::integer AS number
    FROM pg_namespace WHERE nspname ~ '^assay_index_[0-9]+$') AS made
    WHERE number < serving ORDER BY number"""
_LOOK = "SELECT set_config('search_path', 'assay_index_' || serving, true)"
_HOLD = f"pg_try_advisory_xact_lock_shared({LOCKS_OF_READERS}, serving)"
_IS_THERE = "to_regnamespace('assay_index_' || serving) IS NOT NULL"
_SERVING = Beginning(
    f"{READ}; {_LOOK}, CASE WHEN {_HOLD} THEN {_IS_THERE} ELSE false END FROM assay_index.state",
    "; ".join(
        (
            f"BEGIN; SET LOCAL lock_timeout = '{PATIENCE_S}s'",
            "UPDATE assay_index.state SET generation = generation + 1",
            f"{_LOOK} FROM assay_index.state",
        )
    ),
)


def _numbered(number: int) -> Beginning:
    """Of an index that does not serve: what it gets need not survive a crash of the server."""
    place = f"SET LOCAL search_path = assay_index_{number}"
    turn = "UPDATE stamp SET generation = generation + 1"
    return Beginning(
        f"{READ}; {place}", f"BEGIN; SET LOCAL synchronous_commit = off; {place}; " + turn
    )


class PostgresIndex:
    """The index that serves, or the one of that number."""

    def __init__(self, url: str, number: int | None = None) -> None:
        self._url = url
        self.number = number
        beginning = _SERVING if number is None else _numbered(number)
        self._database = PostgresDatabase(url, beginning, schema="assay_index")
        self._watch: Any = None
        self._swapping: Any = None

    def is_current(self) -> bool:
        """Whether it has tables of the schema this code knows."""
        if self.is_empty():
            return False
        with self._database.read() as db:
            return has_current_stamp(db)

    def is_empty(self) -> bool:
        """Whether there has never been an index."""
        with _connected(self._url) as raw:
            return not raw.execute(_EXISTS).fetchone()[0]

    def create(self) -> None:
        """Make a first index, which is empty."""
        with _making(self._url, take_lock(LOCK_OF_MAKING)) as db:
            if not db.exec_driver_sql(_EXISTS).scalar():
                for statement in _HOME:
                    db.exec_driver_sql(statement)
                _make(db, 0)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot of the index."""
        with self._database.read() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction on the index."""
        with self._database.write() as db:
            yield db

    def need_answer(self) -> None:
        """See that the server answers.

        Raises:
            UnavailableError: It does not.
        """
        self._database.need_answer()

    def generation(self) -> Generation:
        """Which index serves, and how often any was changed. One question to the server.

        Raises:
            UnavailableError: It does not answer.
        """
        if self._watch is not None:
            with contextlib.suppress(psycopg.OperationalError):  # the server closed it meanwhile
                return _generation(self._watch)
        with clear_errors(self._url):
            self._watch = connect(self._url)
            return _generation(self._watch)

    @contextmanager
    def building(self) -> Iterator[Self]:
        """An index beside this one; what a broken rebuild left of one is taken over.

        Raises:
            ConflictError: Another process is building.
        """
        with _connected(self._url) as raw:
            lock = f"SELECT pg_try_advisory_lock({LOCKS}, {LOCK_OF_BUILDER})"
            if not raw.execute(lock).fetchone()[0]:
                raise already_building()
            try:
                with closing(self._begun(raw) or self._new(raw)) as built:
                    yield built
                _count_rows(raw, built.number)
            finally:
                _drop_old(raw)

    def _begun(self, raw: Any) -> Self | None:
        """What a broken rebuild left, if it can be gone on with; else that is dropped."""
        for (number,) in raw.execute(_BEGUN).fetchall():
            left = type(self)(self._url, number)
            if left.is_current():
                return left
            left.close()
            _drop(raw, number)
        return None

    def _new(self, raw: Any) -> Self:
        number = raw.execute("SELECT nextval('assay_index.number')").fetchone()[0]
        with _making(self._url) as db:
            _make(db, number)
        return type(self)(self._url, number)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep everybody from writing, by the lock of the row that writers update first."""
        with _connected(self._url) as raw, raw.transaction():
            raw.execute("SELECT 1 FROM assay_index.state FOR UPDATE")
            self._swapping = raw
            try:
                yield
            finally:
                self._swapping = None

    def replace_with(self, built: IndexStore) -> None:
        """Let another index serve as soon as `exclusive` ends."""
        if not isinstance(built, PostgresIndex) or built.number is None:
            raise TypeError(f"an index of a server is replaced with a built one, got {built!r}")
        swap = "UPDATE assay_index.state SET serving = %s, generation = generation + 1"
        self._swapping.execute(swap, [built.number])

    def close(self) -> None:
        """Close every connection."""
        if self._watch is not None:
            self._watch.close()
        self._database.close()


@contextmanager
def _connected(url: str) -> Iterator[Any]:
    with clear_errors(url), closing(connect(url)) as raw:
        yield raw


@contextmanager
def _making(url: str, *first: str) -> Iterator[Connection]:
    """A transaction that makes tables."""
    turn = Beginning(READ, "; ".join(("BEGIN", *first)))
    with (
        closing(PostgresDatabase(url, turn, schema="pg_catalog")) as database,
        database.write() as db,
    ):
        yield db


def _generation(raw: Any) -> Generation:
    found = raw.execute(_WATCH, prepare=True).fetchone()
    return found[0], found[1]


def _make(db: Connection, number: int) -> None:
    """Make the tables of an index."""
    db.exec_driver_sql(f"CREATE SCHEMA assay_index_{number}")
    db.exec_driver_sql(f"SET LOCAL search_path = assay_index_{number}")
    make_tables(db)


def _count_rows(raw: Any, number: int | None) -> None:
    """Let the server look at tables that were filled at once, which it plans its queries by."""
    with raw.transaction():
        raw.execute(f"SET LOCAL search_path = assay_index_{number}")
        for table in metadata.sorted_tables:
            raw.execute(f"ANALYZE {table.name}")


def _drop_old(raw: Any) -> None:
    """Drop every index that has served and has no reader left; hold the lock of the builder."""
    for (number,) in raw.execute(_OLD).fetchall():
        _drop(raw, number)


def _drop(raw: Any, number: int) -> None:
    with contextlib.suppress(psycopg.errors.LockNotAvailable), raw.transaction():
        raw.execute(f"SET LOCAL lock_timeout = '{LAST_READERS_S}s'")
        raw.execute(f"SELECT pg_advisory_xact_lock({LOCKS_OF_READERS}, {number})")
        raw.execute(f"DROP SCHEMA assay_index_{number} CASCADE")
