"""Ruling on a claim over the JSON API; what was ruled stands in the claim's own answer."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from starlette.responses import Response

from assay.core.ruling import KINDS, Kind
from assay.errors import InvalidError
from assay.hub import provenance, rulings
from assay.web.hf_api.account import read_body
from assay.web.replies import json_reply
from assay.web.routing import Context, Route

PRIVATE = {"Cache-Control": "private, no-store"}


class Ruled(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody rules: `withdrawn` is about a ruling of hers, by its number."""

    ruling: str
    reason: str = ""
    evidence: str = ""
    about: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None


def kind_of(ruling: str) -> Kind:
    """The ruling of that name.

    Raises:
        InvalidError: There is none.
    """
    for kind in KINDS:
        if ruling == kind:
            return kind
    raise InvalidError(f"ruling={ruling[:40]} is not known; expected {', '.join(KINDS)}")


def _rule(context: Context, claim_id: str, asked: Ruled) -> None:
    hub, reader, kind = context.hub, context.reader, kind_of(asked.ruling)
    if (kind == "withdrawn") != (asked.about is not None):
        raise InvalidError(
            "`about` is the number of the ruling that is withdrawn: given with `withdrawn` alone",
            hint="the numbers stand in the claim's `rulings`",
        )
    if asked.about is not None:
        rulings.withdraw(hub, reader, claim_id, asked.about, reason=asked.reason)
        return
    rulings.rule(hub, reader, claim_id, kind, reason=asked.reason, evidence=asked.evidence)


async def _post(context: Context) -> Response:
    asked = await read_body(context, Ruled)
    claim_id = context.params["claim"]
    await asyncio.to_thread(_rule, context, claim_id, asked)
    answer = await asyncio.to_thread(provenance.claim, context.hub, context.reader, claim_id)
    return json_reply(answer, headers=PRIVATE)


def routes() -> list[Route]:
    """Rulings."""
    return [Route("POST", "/api/v1/claims/{claim}/rulings", _post)]
