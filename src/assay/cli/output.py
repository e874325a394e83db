"""How commands print: JSON for scripts, a rich table on a terminal, plain tabs when piped."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import click

from assay.formats.finding import printable


def print_json(value: Any) -> None:
    """Print one JSON document, indented, with a final newline."""
    import msgspec  # noqa: PLC0415 - tables do without it

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
    """Print rows as a table: aligned and titled on a terminal, tab-separated when piped.

    Args:
        columns: Headings; a heading that starts with `>` is right-aligned.
        rows: Cells as text; control characters are made visible, since cells hold others' text.
        title: A line above the table, on a terminal only.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    headings = [column.removeprefix(">") for column in columns]
    if not sys.stdout.isatty():
        for row in [headings, *cells]:
            click.echo("\t".join(row))
        return
    from rich.console import Console  # noqa: PLC0415 - 50 ms that only a terminal needs
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=Text(title) if title else None, title_justify="left", box=None)
    for column, heading in zip(columns, headings, strict=True):
        justify: Literal["left", "right"] = "right" if column.startswith(">") else "left"
        table.add_column(heading, justify=justify, overflow="fold")  # never an ellipsis
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def reported_by(claim: Mapping[str, Any]) -> str:
    """Who brought a claim of a JSON answer here; of a mirror, where it was copied from."""
    mirror_of = claim.get("mirror_of")
    return f"mirror of {mirror_of}" if mirror_of else claim["pusher"] or "unknown"
