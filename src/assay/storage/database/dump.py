"""Every derived row by what it says, in one order for everybody: equal indexes give equal dumps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from assay.storage.database import index_tables as tables
from assay.storage.database.engine import Connection

# Numbers that the index gave out, and what stands for them: of a step its push and commit.
_NUMBERED = {
    "subject": ("subject", ("dataset_id", "task_id")),
    "board": ("board", ("repo_id", "task_id")),
    "claim": ("claim", ("claim_id",)),
    "speaks": ("claim", ("claim_id",)),
    **dict.fromkeys(
        ("introduced", "carried", "since", "until", "step"), ("step", ("push", "commit"))
    ),
}
# What says which row it is where the primary key is a number.
_KEYS = {
    "claim": ("claim_id",),
    "step": ("repo_id", "push", "commit"),
    "subject": ("dataset_id", "task_id"),
    "board": ("repo_id", "task_id"),
}
_LEFT_OUT = {"id", "generation"}
# What a dump has no lines of: how files looked, and what the index says of itself.
_OWN = (tables.looks, tables.stamp)


def dump_rows(db: Connection) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every derived row as (table, values), sorted by table and by what says which row it is."""
    for table in tables.metadata.sorted_tables:
        if table not in _OWN:
            for row in db.execute(_query(table)).mappings():
                yield table.name, dict(row)


def _query(table: sa.Table) -> sa.Select[Any]:
    """The columns of a table, with what its numbers stand for in their place."""
    keys = _KEYS.get(table.name) or table.primary_key.columns.keys()
    joined: sa.FromClause = table
    columns: list[sa.ColumnElement[Any]] = []
    order: list[sa.ColumnElement[Any]] = []
    for column in sorted(table.columns, key=lambda column: column.name):
        said: list[sa.ColumnElement[Any]] = [column]
        if column.name in _NUMBERED and column.name != table.name:
            name, parts = _NUMBERED[column.name]
            named = sa.alias(tables.metadata.tables[name], f"{column.name}_named")
            joined = joined.outerjoin(named, named.c.id == column)
            said = [named.c[part].label(f"{column.name}_{part}") for part in parts]
        columns += [] if column.name in _LEFT_OUT else said
        order += said if column.name in keys else []
    return sa.select(*columns).select_from(joined).order_by(*order)
