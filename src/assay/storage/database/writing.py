"""Writing many rows at once, in one statement a table, on either kind of database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from assay.storage.database.engine import Connection

Row = Mapping[str, Any]
T = TypeVar("T")
# Of the values that one query may name.
MOST_NAMED = 500


def insert(db: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Add rows; all have the same columns."""
    if rows:
        db.execute(sa.insert(table), list(rows))


def put(db: Connection, table: sa.Table, rows: Sequence[Row], key: Sequence[str] = ()) -> None:
    """Write rows over those with the same key.

    Args:
        db: A write transaction.
        table: Where to.
        rows: All with the same columns.
        key: The columns that say which row it is; the primary key's if none are named.
    """
    if not rows:
        return
    names = list(key) or [column.name for column in table.primary_key.columns]
    kind = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    statement = kind(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in names}
    if changed:
        statement = statement.on_conflict_do_update(index_elements=names, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=names)
    db.execute(statement, list(rows))


def replace(
    db: Connection, table: sa.Table, where: Sequence[sa.ColumnElement[bool]], rows: Sequence[Row]
) -> None:
    """Put rows in the place of all those that fit."""
    db.execute(sa.delete(table).where(*where))
    insert(db, table, rows)


def next_number(db: Connection, table: sa.Table) -> int:
    """The first free number of a table whose rows are numbered here; one transaction writes."""
    return int(db.execute(sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0))).scalar_one()) + 1


def portions(values: Iterable[T], size: int = MOST_NAMED) -> Iterator[list[T]]:
    """Values in lists of at most `size`, for queries that name each."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
