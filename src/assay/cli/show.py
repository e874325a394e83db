"""`assay show`: what is claimed about a model."""

from __future__ import annotations

import click

from assay.cli.client import ENDPOINT_HELP, find_token, get_json, resolve_endpoint
from assay.cli.output import print_json, print_table, reported_by
from assay.formats.finding import printable
from assay.formats.names import parse_repo_id


@click.command(epilog="Example: assay show smol/SmolLM2-135M-Instruct")
@click.argument("model", metavar="NS/MODEL")
@click.option("--endpoint", help=ENDPOINT_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print the API's answer.")
def show(model: str, endpoint: str | None, *, as_json: bool) -> None:
    """Show what is claimed about a model, every claim with its state."""
    path = f"/api/v1/models/{parse_repo_id(model)}"
    answer = get_json(resolve_endpoint(endpoint), path, token=find_token())
    if as_json:
        print_json(answer)
        return
    print_table(
        ["benchmark", "task", ">value", "reporter", "state", "reported by", "received", "claim"],
        [
            [
                task["benchmark"],
                task["task"],
                claim["value_text"],
                claim["reporter"],
                claim["state"],
                reported_by(claim),
                claim["received"][:10],
                claim["claim_id"][:12],
            ]
            for task in answer["tasks"]
            for claim in task["claims"]
        ],
        title=answer["id"],
    )
    click.echo(printable(answer["sentence"]), err=True)
