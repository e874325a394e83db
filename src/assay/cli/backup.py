"""`assay backup` and `assay restore`: a whole hub in one file, and back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli.hub_options import data_option, database_url, opened
from assay.cli.output import print_json
from assay.settings import HubSettings

if TYPE_CHECKING:
    from assay.hub.backup import BackupSummary

MIB = 1024 * 1024


@click.command(epilog="Example: assay backup hub-2026-11-23.tar --data ./assay-data")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_option
def backup(file: Path, data: Path, *, as_json: bool) -> None:
    """Write the whole hub to a new FILE: repositories, large files, people and the push log.

    The hub may be running; the backup is the hub at the moment the command began. The index is
    left out: it is made again.
    """
    from assay.hub.backup import back_up  # noqa: PLC0415 - the database is slow to import

    with opened(data) as hub, _bar("backing up") as progress:
        summary = back_up(hub, file, on_progress=progress)
    _say(summary, f"wrote {file}", as_json=as_json)


@click.command(epilog="Example: assay restore hub-2026-11-23.tar --data ./restored")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_option
def restore(file: Path, data: Path, *, as_json: bool) -> None:
    """Make an empty data folder the hub that FILE holds, and build its index.

    Every file is held against its digest and every ref against its history first; a damaged FILE
    leaves nothing behind.
    """
    from assay.hub.backup import restore as restore_hub  # noqa: PLC0415

    with _bar("restoring") as progress:
        settings = HubSettings(data=data, database_url=database_url())
        summary = restore_hub(file, settings, on_progress=progress)
    _say(summary, f"restored {data}", as_json=as_json)


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar in MiB on a terminal; nothing when piped."""
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def progress(done: int, of: int) -> None:
            bar.length = max(of // MIB, 1)
            bar.update(done // MIB - bar.pos)

        yield progress


def _say(summary: BackupSummary, done: str, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(summary))
        return
    click.echo(
        f"{done}: {summary.repositories} repositories as of {summary.created}, "
        f"{summary.bytes / MIB:.1f} MiB"
    )
