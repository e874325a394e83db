"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import UserDefinedType

# Sorted by bytes wherever it lies, so that equal stores list and dump equally.
Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
# Of numbers that others chose, such as git's times: 32 bits are not enough.
BigInteger = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Hex(UserDefinedType[str]):
    """A digest, which is hex everywhere above the database and bytes in it: half the size.

    Not a `TypeDecorator`, which takes five times as long for each value that is read.
    """

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:  # noqa: D102 - SQLAlchemy's own
        return "BLOB"

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any]:  # noqa: ARG002, D102
        return lambda value: None if value is None else bytes.fromhex(value)

    def result_processor(self, dialect: sa.Dialect, coltype: Any) -> Callable[[Any], Any]:  # noqa: ARG002, D102
        return lambda value: None if value is None else value.hex()


@compiles(Hex, "postgresql")
def _on_postgresql(_type: Hex, _compiler: Any, **_kw: Any) -> str:
    return "BYTEA"
