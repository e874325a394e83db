"""The leaderboard of a benchmark as the public hub's clients read it: a bare list, ranked."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from typing import Any

import msgspec
from starlette.responses import Response

from assay.core.claim import Source
from assay.hub import organisations
from assay.hub.answers import Board
from assay.hub.leaderboard import Place, is_base, leaderboard
from assay.web.parameters import flag
from assay.web.replies import json_reply
from assay.web.routing import Context, Route


async def _leaderboard(context: Context) -> Response:
    """`base_model` is true unless said otherwise: models derived from another are then left out.

    A board may be long, and clients want it whole: it is written in a thread, row by row. A
    stranger's answer is then kept as bytes until the index changes.
    """
    only_base = flag(context, "base_model", default=True)
    return json_reply(msgspec.Raw(await asyncio.to_thread(_write, context, only_base=only_base)))


def _write(context: Context, *, only_base: bool) -> bytearray:
    hub, public_url = context.hub, context.hub.settings.public_url
    shared, encoder = organisations.listing(hub), msgspec.json.Encoder()
    asked = context.repo, context.query("task_id") or None
    written = bytearray(b"[")
    narrow = is_base if only_base else None
    with leaderboard(hub, context.reader, *asked, narrow=narrow) as found:
        for place in found.places:
            written += encoder.encode(_entry(found.board, place, shared, public_url)) + b","
    if written.endswith(b","):
        written.pop()
    return written + b"]"


def _entry(board: Board, place: Place, shared: Container[str], public_url: str) -> dict[str, Any]:
    """A row; its `author` is the namespace of the model, which people may share."""
    claim = place.claim
    namespace = claim.model.partition("/")[0]
    kind = "org" if namespace in shared else "user"
    known = {
        "source": claim.source and _source(claim.source, public_url),
        "pullRequest": claim.pull if claim.lane != "main" else None,
        "notes": claim.notes,
        "date": claim.date,
        "num_parameters": place.facts.num_parameters,
    }
    return {
        "rank": place.rank,
        "modelId": claim.model,
        "value": claim.value,
        "filename": claim.moved_to.path if claim.moved_to else claim.path,
        "verified": False,
        "author": {"name": namespace, "fullname": namespace, "type": kind},
        "taskId": board.task.task_id,
        "lower_is_better": board.direction == "lower",
        **{name: value for name, value in known.items() if value is not None},
    }


def _source(source: Source, public_url: str) -> dict[str, Any]:
    """`name` is always there: clients print it in place of the address."""
    inside = source.url == public_url or source.url.startswith(f"{public_url}/")
    name = source.name or source.org or source.user or source.url
    return {"url": source.url, "name": name, "isExternal": not inside}


def routes() -> list[Route]:
    """The leaderboard of a benchmark."""
    path = "/api/datasets/{ns}/{name}/leaderboard"
    return [Route("GET", path, _leaderboard, cached=True)]
