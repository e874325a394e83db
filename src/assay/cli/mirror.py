"""`assay mirror`: repositories taken from elsewhere, on the machine of the hub."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from assay.cli.hub_options import data_option, opened
from assay.cli.output import print_json
from assay.formats.finding import printable

if TYPE_CHECKING:
    from assay.hub.mirror import Mirrored
    from assay.hub.repos import RepoType

FINDINGS_SHOWN = 10
SHORT = 12
# Whoever runs the hub decides what is in it; the limits are for what others send.
NO_LIMIT = 2**62


@click.command(
    epilog="Example: assay mirror https://huggingface.co/datasets/openai/gsm8k --as openai/gsm8k"
)
@click.argument("source", metavar="DIR|URL")
@click.option("--as", "name", required=True, metavar="NS/NAME", help="Its name on this hub.")
@click.option(
    "--type",
    "repo_type",
    type=click.Choice(["model", "dataset"]),
    help="What it is [default: a dataset if it has an eval.yaml or the URL says so].",
)
@click.option("--private", is_flag=True, help="Make a new mirror private.")
@click.option("--by", metavar="NAME", help="The account on record for it [default: an admin].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_option
def mirror(
    source: str,
    name: str,
    repo_type: str | None,
    by: str | None,
    data: Path,
    *,
    private: bool,
    as_json: bool,
) -> None:
    """Copy a repository from a folder, a git server or another hub, or bring the copy up to date.

    History, files and large files come; the copy says what it is a mirror of, and nothing in it
    counts as the author's word. The hub may be running. To a server that asks who is there,
    $HF_TOKEN is shown.
    """
    from assay.cli.progress import show_progress  # noqa: PLC0415
    from assay.core.mirror_source import is_folder, lfs_address  # noqa: PLC0415
    from assay.harness.remote_lfs import RemoteObjects  # noqa: PLC0415 - httpx is slow to import
    from assay.harness.runner import Progress  # noqa: PLC0415
    from assay.hub import indexing  # noqa: PLC0415 - the database is slow to import
    from assay.hub import mirror as mirrors  # noqa: PLC0415
    from assay.settings import FileLimits  # noqa: PLC0415

    address = mirrors.name_source(source)
    token = os.environ.get("HF_TOKEN", "").strip() or None
    with ExitStack() as held:
        hub = held.enter_context(opened(data, files=FileLimits(blob_bytes=NO_LIMIT)))
        indexing.ensure(hub)
        fetch = None
        place = None if is_folder(address) else lfs_address(address)
        if place is not None:
            fetch = held.enter_context(RemoteObjects(place, token)).fetch
        actor = mirrors.actor_for(hub, name, by)
        show = held.enter_context(show_progress())
        done = mirrors.mirror(
            hub,
            actor,
            mirrors.Source(address, token, fetch),
            name,
            repo_type=cast("RepoType | None", repo_type),
            private=private,
            on_progress=lambda stage, at, of: show(Progress(name, stage, at, of)),
        )
    if as_json:
        print_json(_json(done))
    else:
        _say(done)


def _json(done: Mirrored) -> dict[str, Any]:
    return {**asdict(done), "findings": [asdict(finding) for finding in done.findings]}


def _say(done: Mirrored) -> None:
    where = f"the {done.type} {done.repo}, a mirror of {done.mirror_of}"
    if not done.moved:
        click.echo(printable(f"nothing new: {where}, is up to date"))
    else:
        click.echo(printable(f"{'made' if done.is_new else 'updated'} {where}"))
    for moved in done.moved:
        old, new = (oid[:SHORT] if oid else "-" for oid in (moved.old, moved.new))
        click.echo(printable(f"  {moved.ref}  {old} -> {new}"))
    if done.large_files:
        click.echo(f"  large files: {done.large_files}, {done.large_bytes} bytes")
    for reason in done.left_out:
        click.echo(printable(f"  left out: {reason}"))
    findings = sorted(done.findings, key=lambda finding: (finding.severity != "error", finding))
    for finding in findings[:FINDINGS_SHOWN]:
        click.echo(finding.render(), err=True)
    more = len(done.findings) - FINDINGS_SHOWN
    if more > 0:
        click.echo(f"… and {more} more findings; `assay check` on a clone lists them", err=True)
