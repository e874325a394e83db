"""`assay index`: what is derived from git and the durable store."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from assay.cli.hub_options import data_option, opened
from assay.cli.output import print_json, print_table


@click.group()
def index() -> None:
    """Rebuild, inspect or dump the index. The hub may be running."""


@index.command()
@click.option("--workers", type=click.IntRange(min=1), help="Processes; default: one a core.")
@data_option
def rebuild(workers: int | None, data: Path) -> None:
    """Build the index again from the repositories and the durable store, then swap it in.

    The old one serves meanwhile. A rebuild that was cut short goes on where it was.
    """
    from assay.hub import indexing  # noqa: PLC0415 - the database is slow to import

    with (
        opened(data) as hub,
        click.progressbar(length=1, label="indexing", show_pos=True) as bar,
    ):

        def progress(done: int, of: int) -> None:
            bar.length = max(of, 1)
            bar.update(done - bar.pos)

        indexing.rebuild(hub, workers=workers, on_progress=progress)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def status(data: Path, *, as_json: bool) -> None:
    """Say per repository what is indexed, what is behind and what has faults."""
    from assay.hub import indexing  # noqa: PLC0415

    with opened(data) as hub:
        indexing.ensure(hub)
        rows = indexing.status(hub)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    print_table(
        ["repository", "type", "indexed", "head", ">behind", ">errors", "fault"],
        [
            [
                row.name,
                row.type,
                (row.indexed or "-")[:12],
                (row.head or "-")[:12],
                str(row.pushes_behind),
                str(row.errors),
                row.fault,
            ]
            for row in rows
        ],
    )


@index.command()
@data_option
def dump(data: Path) -> None:
    """Print every derived row as a line of JSON: equal indexes print equal bytes."""
    from assay.hub import indexing  # noqa: PLC0415

    with opened(data) as hub:
        indexing.ensure(hub)
        for table, row in indexing.dump(hub):
            click.echo(json.dumps([table, row], sort_keys=True, ensure_ascii=False))
