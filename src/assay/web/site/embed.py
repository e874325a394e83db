"""A leaderboard for other people's pages: the one page that may stand in a frame. It has no script.

The parameters are those of the public hub's widget, so that its addresses work here.
"""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from assay import __version__
from assay.errors import InvalidError
from assay.hub.leaderboard import leaderboard, up_to
from assay.web import pages
from assay.web.pages import Site
from assay.web.parameters import flag
from assay.web.replies import EMBED_POLICY, page_reply
from assay.web.routing import Context, Route

BILLION = 10**9
SIZES = {f"{size}B": size * BILLION for size in (1, 3, 6, 12, 32, 128, 500)}
SHORT, LONG = 10, 500


async def _embed(context: Context) -> Response:
    size = context.query("leaderboard_max_params")
    if size and size not in SIZES:
        raise InvalidError(
            f"leaderboard_max_params={size[:80]} is not known", hint=f"one of: {', '.join(SIZES)}"
        )
    most = LONG if flag(context, "leaderboard_is_expanded", default=False) else SHORT
    # Every row of a narrowed board is looked at: not in the event loop.
    return await asyncio.to_thread(_frame, context, size, most)


def _frame(context: Context, size: str, most: int) -> Response:
    hub, highlighted = context.hub, context.query("eval_result")
    narrow = up_to(SIZES[size]) if size else None
    asked = context.repo, context.query("leaderboard_task_id") or None
    shown, count = [], 0
    with leaderboard(hub, context.reader, *asked, narrow=narrow) as found:
        for place in found.places:
            if count < most or place.claim.model == highlighted:
                shown.append(place)
            count += 1
    html = pages.render_embed(
        found.board,
        shown,
        highlighted=highlighted,
        more=count - len(shown),
        left_out=found.ranked - count,
        site=Site(hub.settings.public_url, None, __version__),
    )
    return page_reply(html, policy=EMBED_POLICY)


def routes() -> list[Route]:
    """The widget."""
    return [Route("GET", "/datasets/{ns}/{name}/embed/leaderboard", _embed, cached=True)]
