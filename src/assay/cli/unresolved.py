"""`assay unresolved`: results that name a benchmark or task which is not there."""

from __future__ import annotations

import click

from assay.cli.client import ENDPOINT_HELP, find_token, get_json, resolve_endpoint
from assay.cli.output import print_json, print_table
from assay.formats.finding import printable


@click.command(epilog="Example: assay unresolved --limit 20")
@click.option("--start", default=0, show_default=True, help="How many rows to pass over.")
@click.option("--limit", default=100, show_default=True, help="How many rows at most.")
@click.option("--endpoint", help=ENDPOINT_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print the API's answer.")
def unresolved(start: int, limit: int, endpoint: str | None, *, as_json: bool) -> None:
    """List what results are about that no benchmark answers to, most claimed first."""
    answer = get_json(
        resolve_endpoint(endpoint),
        "/api/v1/unresolved",
        token=find_token(),
        params={"start": str(start), "limit": str(limit)},
    )
    if as_json:
        print_json(answer)
        return
    print_table(
        ["dataset", "task", ">models", ">claims", "why"],
        [
            [one["benchmark"], one["task"], str(one["models"]), str(one["claims"]), one["why"]]
            for one in answer["results"]
        ],
        title="Results on no board",
    )
    click.echo(printable(answer["sentence"]), err=True)
