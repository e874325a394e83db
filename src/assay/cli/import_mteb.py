"""`assay import-mteb`: the results of MTEB as repositories, on the machine of the hub."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.hub_options import data_option, opened
from assay.cli.output import print_json, print_table
from assay.formats.finding import printable

if TYPE_CHECKING:
    from assay.hub.imports import Imported

NAMES_SHOWN = 10
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    name="import-mteb",
    epilog="Example: assay import-mteb mteb_results.parquet --history mteb_score_history.parquet "
    "--tasks tasks.json --registry models.json",
)
@click.argument("results", metavar="RESULTS.parquet", type=_FILE)
@click.option("--history", type=_FILE, metavar="FILE", help="Earlier scores, as parquet.")
@click.option("--tasks", type=_FILE, metavar="FILE", help="MTEB's task registry, as JSON.")
@click.option("--registry", type=_FILE, metavar="FILE", help="Its model registry, as JSON.")
@click.option("--models", multiple=True, metavar="NS/NAME", help="Only these; * is anything.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N by name.")
@click.option(
    "--per",
    type=click.Choice(["task", "subset"]),
    default="task",
    show_default=True,
    help="An entry a task, or one for each split and subset as well.",
)
@click.option("--dry-run", "dry", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--by", metavar="NAME", help="The account on record for it [default: an admin].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_option
def import_mteb(
    results: Path,
    history: Path | None,
    tasks: Path | None,
    registry: Path | None,
    models: tuple[str, ...],
    limit: int | None,
    per: str,
    by: str | None,
    data: Path,
    *,
    dry: bool,
    as_json: bool,
) -> None:
    """Make a repository of every model in MTEB's results, and a benchmark of every task.

    One commit a submission, with its date and author. The repositories are mirrors: nothing in them
    counts as the author's word. The same line again brings them up to date. The hub may be running.
    """
    from assay.cli.progress import show_progress  # noqa: PLC0415
    from assay.core.mteb import OWN_NAMESPACE  # noqa: PLC0415
    from assay.harness.runner import Progress  # noqa: PLC0415
    from assay.hub import imports, indexing  # noqa: PLC0415 - the database is slow to import
    from assay.hub.mirror import actor_for  # noqa: PLC0415

    with opened(data) as hub, show_progress() as show:
        indexing.ensure(hub)
        done = imports.import_mteb(
            hub,
            actor_for(hub, f"{OWN_NAMESPACE}/any", by),
            imports.Files(results, history, tasks, registry),
            imports.Selection(models, limit, subsets=per == "subset"),
            dry=dry,
            on_progress=lambda stage, at, of: show(Progress("MTEB", stage, at, of)),
        )
    if as_json:
        print_json(_json(done))
    else:
        _say(done)


def _json(done: Imported) -> dict[str, Any]:
    return {**asdict(done), "left_out": dict(sorted(done.left_out.items()))}


def _say(done: Imported) -> None:
    if done.dry:
        click.echo("nothing was changed: this is what would be done")
    print_table(
        ["repositories", ">made", ">updated", ">unchanged", ">commits"],
        [
            [kind, *(str(count) for count in asdict(counts).values())]
            for kind, counts in (("models", done.models), ("benchmarks", done.benchmarks))
        ],
    )
    click.echo(f"{done.entries} entries of {done.tasks} tasks, from {done.rows} rows")
    if +done.left_out:
        click.echo("left out:")
    for reason, count in sorted(done.left_out.items(), key=lambda item: (-item[1], item[0])):
        names = done.names_left_out.get(reason, [])
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        listed = f": {', '.join(names[:NAMES_SHOWN])}{more}" if names else ""
        if count:
            click.echo(printable(f"  {count}  {reason}{listed}"))
    for name, written in sorted(done.respelled.items()):
        click.echo(printable(f"  {name} is written {written} here"))
