"""`assay show`: what is claimed about a model."""

from __future__ import annotations

import click

from assay.cli.client import ENDPOINT_HELP, find_token, get_json, resolve_endpoint
from assay.cli.output import print_json, print_table, reported_by
from assay.formats.finding import printable
from assay.formats.names import parse_repo_id


@click.command(epilog="Example: assay show smol/SmolLM2-135M-Instruct")
@click.argument("model", metavar="NS/MODEL")
@click.option("--benchmark", metavar="NS/DATASET[/TASK]", help="Only claims about that.")
@click.option("--start", default=0, show_default=True, help="How many claims to pass over.")
@click.option("--limit", default=100, show_default=True, help="How many claims at most.")
@click.option("--up-to", type=int, help="Only claims that pushes up to this number brought.")
@click.option("--endpoint", help=ENDPOINT_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print the API's answer.")
def show(
    model: str,
    benchmark: str | None,
    start: int,
    limit: int,
    up_to: int | None,
    endpoint: str | None,
    *,
    as_json: bool,
) -> None:
    """Show what is claimed about a model, every claim with its state."""
    path = f"/api/v1/models/{parse_repo_id(model)}"
    params = {"start": str(start), "limit": str(limit)}
    params |= {"benchmark": benchmark} if benchmark else {}
    params |= {"up_to": str(up_to)} if up_to is not None else {}
    answer = get_json(resolve_endpoint(endpoint), path, token=find_token(), params=params)
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
    last = min(answer["start"] + answer["page_size"], answer["count"])
    if last < answer["count"]:
        shown = f"Claims {answer['start'] + 1} to {last} of {answer['count']}"
        more = f"--start {last} --up-to {answer['up_to']}"
        click.echo(f"{shown}; {more} shows the next.", err=True)
