"""Parquet tables as numpy columns, read only as far as they are needed.

pyarrow is an extra (`assay[bulk]`) and slow to import: it is loaded when a table is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.errors import InvalidError, NotFoundError, UnavailableError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MISSING = -1


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts: a code for each row, `MISSING` for null, and what the codes stand for."""

    codes: NDArray[np.int32]
    values: list[str]

    def at(self, row: int) -> str | None:
        """The text of a row, or None."""
        code = int(self.codes[row])
        return None if code == MISSING else self.values[code]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one length; numbers have NaN for null."""

    texts: dict[str, Texts]
    numbers: dict[str, NDArray[np.float64]]
    notes: dict[str, str]
    rows: int


def read_table(path: Path, texts: Sequence[str], numbers: Sequence[str]) -> Table:
    """Read some columns of a parquet file; `notes` is what its schema says about itself.

    Raises:
        NotFoundError: There is no such file.
        InvalidError: It is no parquet file, or lacks a column, or one is of another kind.
        UnavailableError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - see the module
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise UnavailableError(
            "tables are read with pyarrow, which is not installed here",
            hint="pip install 'assay[bulk]'",
        ) from error
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}", hint="name a parquet file")
    try:
        schema = pq.read_schema(path)
        lacking = sorted({*texts, *numbers} - set(schema.names))
        if lacking:
            raise InvalidError(
                f"{path} has no columns {', '.join(lacking)}",
                hint=f"expected {', '.join([*texts, *numbers])}",
            )
        file = pq.ParquetFile(path, read_dictionary=list(texts))
        table = file.read(columns=[*texts, *numbers]).unify_dictionaries()
        notes = {**(schema.metadata or {})}
        notes.pop(b"ARROW:schema", None)
        return Table(
            {name: _texts(table[name]) for name in texts},
            {name: _numbers(table[name]) for name in numbers},
            {key.decode(): value.decode() for key, value in notes.items()},
            table.num_rows,
        )
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InvalidError(f"{path} cannot be read: {error}", hint="expected parquet") from error


def _texts(column: Any) -> Texts:
    import pyarrow as pa  # noqa: PLC0415 - see the module

    merged = column.combine_chunks()
    if not pa.types.is_dictionary(merged.type):
        merged = merged.dictionary_encode()
    if isinstance(merged, pa.ChunkedArray):  # of no rows
        merged = pa.array([], pa.string()).dictionary_encode()
    values = [str(value) for value in merged.dictionary.to_pylist()]
    codes = merged.indices.fill_null(MISSING).to_numpy(zero_copy_only=False)
    return Texts(codes.astype("int32"), values)


def _numbers(column: Any) -> NDArray[np.float64]:
    import pyarrow as pa  # noqa: PLC0415 - see the module

    found: NDArray[np.float64] = column.cast(pa.float64()).to_numpy().astype("float64")
    return found
