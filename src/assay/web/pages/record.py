"""A run record as something to read: sections of pairs, and tables where it holds lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a record: pairs of label and text, or a table.

    Attributes:
        rows: Cells in the order of `columns`; empty text where a row has no such key.
    """

    title: str
    pairs: list[tuple[str, str]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


def sections(record: Mapping[str, Any]) -> list[Section]:
    """The record in its own order: its plain fields first, then a section for each part."""
    plain = Section("record")
    found = [plain]
    for key, value in record.items():
        if isinstance(value, dict):
            found.append(Section(key, pairs=list(_flat(value))))
        elif _is_table(value):
            found.append(_table(key, value))
        else:
            plain.pairs.append((key, _text(value)))
    return [section for section in found if section.pairs or section.rows]


def raw(record: Mapping[str, Any]) -> str:
    """The record as JSON for reading; its canonical bytes are the file."""
    return json.dumps(record, indent=2, ensure_ascii=False)


def find_text(record: Mapping[str, Any], *path: str) -> str | None:
    """The string at a path of the record; None if the record holds none there."""
    value: Any = record
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value else None


def find_metric(record: Mapping[str, Any]) -> tuple[str, str] | None:
    """Name and value of the record's first metric; None if it holds none."""
    metrics = record.get("metrics")
    if not _is_table(metrics) or "value" not in metrics[0]:
        return None
    return _text(metrics[0].get("id", "value")), _text(metrics[0]["value"])


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield from _flat(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", _text(inner)


def _is_table(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _table(title: str, rows: list[dict[str, Any]]) -> Section:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_text(row[key]) if key in row else "" for key in columns] for row in rows]
    return Section(title, columns=columns, rows=cells)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
