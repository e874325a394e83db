"""`assay rule`: dispute a claim, uphold or refute it, or take that back."""

from __future__ import annotations

import re

import click

from assay.cli.client import ENDPOINT_HELP, find_token, resolve_endpoint
from assay.cli.output import print_json
from assay.core.ruling import KINDS
from assay.errors import InvalidError, UnauthenticatedError
from assay.formats.finding import printable

_CLAIM = re.compile(r"(?:(https?://\S+?)/claims/)?([0-9a-f]{64})/?")


@click.command(
    epilog="""\b
Examples:
  assay rule CLAIM disputed --reason "the test set is in the training data" --evidence URL
  assay rule CLAIM upheld --reason "run again by us, within the error"
  assay rule CLAIM withdrawn --about 3 --reason "we had read the wrong table"
"""
)
@click.argument("claim", metavar="CLAIM")
@click.argument("ruling", metavar="RULING", type=click.Choice(KINDS))
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@click.option("--evidence", default="", metavar="TEXT", help="What shows it: an address, or words.")
@click.option("--about", type=int, metavar="NUMBER", help="The ruling that is withdrawn.")
@click.option("--endpoint", metavar="URL", help=ENDPOINT_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print the API's answer: the claim.")
def rule(
    claim: str,
    ruling: str,
    reason: str,
    evidence: str,
    about: int | None,
    endpoint: str | None,
    *,
    as_json: bool,
) -> None:
    """Rule on a claim: disputed, upheld, refuted or withdrawn.

    CLAIM is the id of a claim or the address of its page. Anybody who is signed in may dispute a
    claim; the writers of its benchmark and admins uphold and refute it. All stays on record.
    """
    from assay.harness.remote import send_json  # noqa: PLC0415 - httpx, which --help never needs

    found = _CLAIM.fullmatch(claim)
    if found is None:
        raise InvalidError(
            f"{claim!r} is no claim: expected an id (64 hexadecimal digits) or a page's address",
            hint="`assay show NS/MODEL --json` tells the ids",
        )
    token = find_token()
    if token is None:
        raise UnauthenticatedError(
            "Ruling on a claim needs a token",
            hint="set HF_TOKEN, or run `hf auth login`; `assay token` makes one",
        )
    body = {"ruling": ruling, "reason": reason, "evidence": evidence, "about": about}
    # The token goes to the hub that the reader chose, never to one that a pasted address names.
    hub = resolve_endpoint(endpoint)
    if found[1] is not None and found[1].rstrip("/") != hub:
        raise InvalidError(
            f"the claim is at {found[1]}, and the hub asked is {hub}",
            hint=f"if you trust it with your token: --endpoint {found[1]}",
        )
    answer = send_json(hub, f"/api/v1/claims/{found[2]}/rulings", body, token=token)
    if as_json:
        print_json(answer)
        return
    said = answer["claim"]
    click.echo(printable(f"{said['value_text']} for {said['model']}: {said['ruling']}"))
