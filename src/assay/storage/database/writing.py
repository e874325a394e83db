"""Writing many rows at once, in one statement a table, on either kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from assay.storage.database.engine import Connection

Row = Mapping[str, Any]
T = TypeVar("T")
# Of the values that one query may name.
MOST_NAMED = 500


def columns_of(value: Any) -> dict[str, Any]:
    """The fields of a dataclass with slots; `asdict` would copy each, which takes longer."""
    return {name: getattr(value, name) for name in value.__slots__}


def insert(db: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Add rows; all have the same columns."""
    if rows:
        _execute_many(db, _adding(db.dialect, table, tuple(rows[0])), rows)


def put(db: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Write rows over those with the same primary key.

    Args:
        db: A write transaction.
        table: Where to.
        rows: All with the same columns.
    """
    if rows:
        _execute_many(db, _putting(db.dialect, table, tuple(rows[0])), rows)


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement as its database takes it.

    Attributes:
        text: Its words.
        ways: Its parameters in order, with what becomes of each on its way to the driver.
        is_positional: Whether it has places for them, or else their names.
    """

    text: str
    ways: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    is_positional: bool

    def values(self, row: Row) -> Any:
        """The parameters for a row."""
        if self.is_positional:
            return tuple(row[name] if way is None else way(row[name]) for name, way in self.ways)
        return {name: row[name] if way is None else way(row[name]) for name, way in self.ways}


# To put such a statement together takes longer than to write a few rows with it.
@lru_cache(maxsize=256)
def _adding(dialect: sa.Dialect, table: sa.Table, names: tuple[str, ...]) -> _Statement:
    return _compiled(dialect, sa.insert(table), table, names)


@lru_cache(maxsize=256)
def _putting(dialect: sa.Dialect, table: sa.Table, names: tuple[str, ...]) -> _Statement:
    keys = [column.name for column in table.primary_key.columns]
    kind = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    statement = kind(table)
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    if changed:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    return _compiled(dialect, statement, table, names)


def _compiled(
    dialect: sa.Dialect, statement: Any, table: sa.Table, names: tuple[str, ...]
) -> _Statement:
    compiled = statement.compile(dialect=dialect, column_keys=names)
    order = compiled.positiontup if compiled.positional else names
    ways = {
        name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names
    }
    return _Statement(
        str(compiled), tuple((name, ways[name]) for name in order), bool(compiled.positional)
    )


def _execute_many(db: Connection, statement: _Statement, rows: Sequence[Row]) -> None:
    """`db.execute(statement, rows)` at half its price, for very many rows.

    SQLAlchemy puts the parameters of every row together anew; here their order and what becomes of
    each on its way to the driver are found once.
    """
    db.exec_driver_sql(statement.text, [statement.values(row) for row in rows])


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
