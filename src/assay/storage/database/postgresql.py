"""A database on a PostgreSQL server: the promises of `engine`, kept by other means.

1. A snapshot is a transaction of isolation REPEATABLE READ that may only read.
2. A writer takes a lock that all writers of its store take, as the first thing its transaction
   does. It is READ COMMITTED, so it sees all that was committed before its turn; nothing it does
   can conflict, and nothing has to be tried again. In one process, writers queue for the one
   connection that writes, so that those who wait keep no connection from readers.
3. Columns of text have the collation "C" (`types.Text`). PostgreSQL keeps no NUL: each becomes
   U+FFFD on its way in.

Transactions are begun by statements of ours, all sent at once, so connections are in autocommit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import msgspec
import sqlalchemy as sa
from psycopg import Error as PsycopgError
from psycopg import OperationalError
from psycopg import connect as psycopg_connect
from psycopg.types.string import StrDumper
from sqlalchemy import Connection, event

from assay.errors import ConflictError, InvalidError, UnavailableError
from assay.storage.database.engine import BUSY_TIMEOUT_S, to_json
from assay.storage.disk import find_no_room

OLDEST_SERVER = 15
READERS, MORE_READERS = 4, 12
# Which lock of ours: the first number says that it is one, the second which (`Locks`).
LOCKS = 0x61737361
SETTINGS = (
    f"SET lock_timeout = '{BUSY_TIMEOUT_S:.0f}s'; SET client_min_messages = 'warning'; "
    "SET idle_in_transaction_session_timeout = 0"
)


@dataclass(frozen=True, slots=True)
class Beginning:
    """What transactions of a store begin with.

    Attributes:
        read: Statements; if the last one gives a row that ends with false, all is begun again.
        write: Statements that take the lock of writers, among others.
    """

    read: str
    write: str


READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresDatabase:
    """One store on a server.

    Args:
        url: `postgresql://USER@HOST/DATABASE`; the store's tables are there.
        beginning: What transactions begin with.
        schema: Where unqualified names lead, unless `beginning` says otherwise.
    """

    def __init__(self, url: str, beginning: Beginning, *, schema: str) -> None:
        self._url = parse_url(url)
        self._beginning = beginning
        self._readers = self._engine(schema, pool_size=READERS, max_overflow=MORE_READERS)
        self._writer = self._engine(schema, pool_size=1, max_overflow=0)
        self._turn = Lock()

    def _engine(self, schema: str, **pool: Any) -> sa.Engine:
        engine = sa.create_engine(
            self._url,
            isolation_level="AUTOCOMMIT",
            use_native_hstore=False,
            json_serializer=to_json,
            json_deserializer=msgspec.json.decode,
            connect_args={"application_name": "assay", "connect_timeout": 10},
            **pool,
        )

        @event.listens_for(engine, "connect", insert=True)  # before SQLAlchemy looks around
        def _connected(connection: Any, _record: Any) -> None:
            connection.autocommit = True
            connection.adapters.register_dumper(str, TextDumper)
            connection.execute(f"{SETTINGS}; SET search_path = {schema}", prepare=False)

        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot to read from."""
        with _clear_errors(self._url), self._begun(self._readers, self._beginning.read) as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction, at this writer's turn."""
        with (
            self._turn,
            _clear_errors(self._url),
            self._begun(self._writer, self._beginning.write) as db,
        ):
            yield db

    @contextmanager
    def _begun(self, engine: sa.Engine, beginning: str) -> Iterator[Connection]:
        with _begin(engine, beginning) as connection, connection.begin():
            yield connection

    def need_answer(self) -> None:
        """See that the server answers.

        Raises:
            UnavailableError: It does not.
        """
        with self.read() as db:
            db.exec_driver_sql("SELECT 1").scalar()

    def close(self) -> None:
        """Close every connection."""
        self._readers.dispose()
        self._writer.dispose()


def _begin(engine: sa.Engine, beginning: str) -> Connection:
    """A connection in a transaction. One that the server has closed meanwhile is made again."""
    for is_last in (False, True):
        connection = engine.connect()
        raw: Any = connection.connection.driver_connection
        try:
            while not _run(raw, beginning):
                raw.rollback()
        except OperationalError:
            is_gone = raw.closed
            connection.invalidate()
            connection.close()
            engine.dispose()  # the others in the pool were closed with it
            if is_last or not is_gone:
                raise
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise AssertionError  # the last round returns or raises


def _run(raw: Any, statements: str) -> bool:
    """Run statements at once; false only if the last one gives a row that ends so."""
    with raw.cursor() as cursor:
        cursor.execute(statements, prepare=False)
        while cursor.nextset():
            pass
        row = cursor.fetchone() if cursor.description else None
    return row is None or row[-1] is not False


@contextmanager
def clear_errors(url: str) -> Iterator[None]:
    """Say of a server that does not answer what it is, without the password."""
    with _clear_errors(parse_url(url)):
        yield


@contextmanager
def _clear_errors(url: sa.URL) -> Iterator[None]:
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError, OperationalError) as error:
        said = getattr(error, "orig", error)
        raise find_no_room(error) or _unavailable(url, said) from error


def _unavailable(url: sa.URL, error: object) -> UnavailableError:
    place = url.render_as_string(hide_password=True).replace("+psycopg", "", 1)
    said = " ".join(str(error).split())
    return UnavailableError(f"the database {place} cannot be used: {said}")


class TextDumper(StrDumper):
    """Text on its way to the server."""

    def dump(self, obj: str) -> Any:
        """Its bytes, without NUL."""
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


def parse_url(text: str) -> sa.URL:
    """The address of a database as SQLAlchemy takes it.

    Raises:
        InvalidError: It names no PostgreSQL database.
    """
    hint = "expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError as error:
        raise InvalidError("the address of the database cannot be read", hint=hint) from error
    if url.drivername not in {"postgresql", "postgres"}:
        raise InvalidError(f"a database of kind '{url.drivername}' cannot keep a hub", hint=hint)
    if not url.database:
        raise InvalidError("the address names no database", hint=hint)
    return url.set(drivername="postgresql+psycopg")


def connect(url: str) -> Any:
    """A connection of its own, in autocommit, for what is no transaction of a store.

    Raises:
        UnavailableError: There is none to be had, or the server is no good for a hub.
    """
    parsed = parse_url(url)
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        raw = psycopg_connect(plain, autocommit=True, application_name="assay", connect_timeout=10)
        raw.execute(SETTINGS, prepare=False)
        _need_good_server(raw)
    except PsycopgError as error:
        raise _unavailable(parsed, error) from error
    return raw


def _need_good_server(raw: Any) -> None:
    version = raw.info.server_version // 10_000
    if version < OLDEST_SERVER:
        raise UnavailableError(
            f"the server is PostgreSQL {version}, expected {OLDEST_SERVER} or later"
        )
    encoding = raw.execute("SHOW server_encoding").fetchone()[0]
    if encoding != "UTF8":
        raise ConflictError(
            f"the database keeps text as {encoding}, expected UTF8",
            hint="make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        )


def take_lock(number: int) -> str:
    """The statement that waits for a lock, and keeps it until its transaction ends."""
    return f"SELECT pg_advisory_xact_lock({LOCKS}, {number})"
