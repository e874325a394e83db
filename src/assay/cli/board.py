"""`assay board`: a board in the terminal."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from assay.cli.client import ENDPOINT_HELP, find_token, get_json, resolve_endpoint
from assay.cli.output import print_json, print_table, reported_by
from assay.formats.names import parse_benchmark_ref

COLUMNS = (">rank", "model", "standing", "reported by", "received", "other claims", "note")


@click.command(epilog="Example: assay board demo/small-talk/popularity --claims all")
@click.argument("benchmark", metavar="NS/DATASET[/TASK]")
@click.option("--claims", type=click.Choice(["all"]), help="One row a claim, not a model.")
@click.option("--policy", help="Which claim speaks for a model: `latest`, `author` and others.")
@click.option("--as-of", metavar="TIME", help="The board of a date or time in the past.")
@click.option("--start", default=0, show_default=True, help="How many rows to pass over.")
@click.option("--limit", default=100, show_default=True, help="How many rows at most.")
@click.option("--endpoint", help=ENDPOINT_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print the API's answer.")
def board(
    benchmark: str,
    claims: str | None,
    policy: str | None,
    as_of: str | None,
    start: int,
    limit: int,
    endpoint: str | None,
    *,
    as_json: bool,
) -> None:
    """Show the board of a benchmark (its first task, unless one is named)."""
    ref = parse_benchmark_ref(benchmark)
    path = f"/api/v1/boards/{ref.dataset}" + (f"/{quote(ref.task, safe='')}" if ref.task else "")
    asked = {"claims": claims, "policy": policy, "as_of": as_of}
    params = {"start": str(start), "limit": str(limit)}
    params |= {name: said for name, said in asked.items() if said}
    answer = get_json(resolve_endpoint(endpoint), path, token=find_token(), params=params)
    if as_json:
        print_json(answer)
        return
    unit = answer["unit"] or "unit not declared"
    print_table(
        [*COLUMNS[:2], f">{unit}", *COLUMNS[2:]],
        [_cells(row) for row in answer["rows"]],
        title=f"{answer['title']}: {answer['task']['task_id']} ({answer['policy']})",
    )
    click.echo(answer["sentence"], err=True)
    last = min(answer["start"] + answer["page_size"], answer["count"])
    if last < answer["count"]:
        shown = f"Rows {answer['start'] + 1} to {last} of {answer['count']}"
        click.echo(f"{shown}; --start {last} shows the next.", err=True)


def _cells(row: dict[str, Any]) -> list[str]:
    claim, chance = row["claim"], row["chance"]
    private = f"private: would rank {row['would_rank']}" if row["would_rank"] else "-"
    lost = chance is not None and not chance["told_apart"]
    return [
        str(row["rank"] or private),
        row["model"],
        claim["value_text"],
        ", ".join(row["badges"]),
        reported_by(claim),
        claim["received"][:10],
        str(row["other_claims"]),
        row["outside"] or ("cannot be told from chance" if lost else ""),
    ]
