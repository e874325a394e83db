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
        _execute_many(db, sa.insert(table), table, rows)


def put(db: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Write rows over those with the same primary key.

    Args:
        db: A write transaction.
        table: Where to.
        rows: All with the same columns.
    """
    if not rows:
        return
    names = [column.name for column in table.primary_key.columns]
    kind = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    statement = kind(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in names}
    if changed:
        statement = statement.on_conflict_do_update(index_elements=names, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=names)
    _execute_many(db, statement, table, rows)


def _execute_many(db: Connection, statement: Any, table: sa.Table, rows: Sequence[Row]) -> None:
    """`db.execute(statement, rows)` at half its price, for very many rows.

    SQLAlchemy puts the parameters of every row together anew; here their order and what becomes of
    each on its way to the driver are found once.
    """
    names = list(rows[0])
    compiled = statement.compile(dialect=db.dialect, column_keys=names)
    ways = {
        name: table.c[name].type.dialect_impl(db.dialect).bind_processor(db.dialect)
        for name in names
    }
    if compiled.positional:
        order = [(name, ways[name]) for name in compiled.positiontup]
        values: Any = [
            tuple(row[name] if way is None else way(row[name]) for name, way in order)
            for row in rows
        ]
    else:
        values = [
            {name: row[name] if way is None else way(row[name]) for name, way in ways.items()}
            for row in rows
        ]
    db.exec_driver_sql(str(compiled), values)


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
