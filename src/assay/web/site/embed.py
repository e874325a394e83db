"""A leaderboard for other people's pages: the one page that may stand in a frame. It has no script.

The parameters are those of the public hub's widget, so that its addresses work here.
"""

from __future__ import annotations

from starlette.responses import Response

from assay import __version__
from assay.errors import InvalidError
from assay.hub.leaderboard import Place, leaderboard, up_to
from assay.web import pages
from assay.web.pages import Site
from assay.web.parameters import flag
from assay.web.replies import EMBED_POLICY, page_reply
from assay.web.routing import Context, Route

BILLION = 10**9
SIZES = {f"{size}B": size * BILLION for size in (1, 3, 6, 12, 32, 128, 500)}
SHORT, LONG = 10, 500


def _embed(context: Context) -> Response:
    size = context.query("leaderboard_max_params")
    if size and size not in SIZES:
        raise InvalidError(
            f"leaderboard_max_params={size[:80]} is not known", hint=f"one of: {', '.join(SIZES)}"
        )
    found = leaderboard(
        context.hub,
        context.reader,
        context.repo,
        context.query("leaderboard_task_id") or None,
        narrow=up_to(SIZES[size]) if size else None,
    )
    most = LONG if flag(context, "leaderboard_is_expanded", default=False) else SHORT
    highlighted = context.query("eval_result")
    shown = [
        place
        for position, place in enumerate(found.places)
        if position < most or _is(place, highlighted)
    ]
    site = Site(context.hub.settings.public_url, None, __version__)
    html = pages.render_embed(
        found, shown, highlighted=highlighted, more=len(found.places) - len(shown), site=site
    )
    return page_reply(html, policy=EMBED_POLICY)


def _is(place: Place, model: str) -> bool:
    return place.row.model == model


def routes() -> list[Route]:
    """The widget."""
    return [Route("GET", "/datasets/{ns}/{name}/embed/leaderboard", _embed, cached=True)]
