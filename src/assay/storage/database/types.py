"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

# Sorted by bytes wherever it lies, so that equal stores list and dump equally.
Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
# Of numbers that others chose, such as git's times: 32 bits are not enough.
BigInteger = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Hex(sa.TypeDecorator[str]):
    """A digest, which is hex everywhere above the database and bytes in it: half the size."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:  # noqa: ARG002, D102
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002, D102
        return None if value is None else value.hex()
