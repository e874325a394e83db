"""The page of what the reader is told. Her browser says who she is: an account, and a token."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

from starlette.responses import RedirectResponse, Response

from assay import __version__
from assay.errors import InvalidError, UnauthenticatedError
from assay.hub import notifications
from assay.web import pages
from assay.web.api.notifications import PRIVATE, told_of
from assay.web.hf_api.account import read_bytes
from assay.web.pages import Site, links
from assay.web.replies import CHALLENGE, page_reply
from assay.web.routing import Context, Route
from assay.web.site.errors import error_page


def _page(context: Context) -> Response:
    hub, reader = context.hub, context.reader
    try:
        told = told_of(context)
    except UnauthenticatedError as error:
        error.hint = "your account's name, and an access token of yours as the password"
        reply = error_page(hub, error)
        reply.headers.update(CHALLENGE)
        return reply
    site = Site(hub.settings.public_url, reader.name, __version__)
    reply = page_reply(pages.render_notifications(told, site))
    reply.headers.update(PRIVATE)
    return reply


async def _mark(context: Context) -> Response:
    """A form of that page: everything up to the newest one that it showed was read."""
    form = parse_qs((await read_bytes(context)).decode(errors="replace"))
    until = form.get("until", [""])[0]
    if not until.isdecimal() or len(until) > len(str(2**53)):
        raise InvalidError(f"until={until[:20]} is not the number of a notification")
    await asyncio.to_thread(notifications.mark_read, context.hub, context.reader, [], int(until))
    return RedirectResponse(links.NOTIFICATIONS, status_code=303)


def routes() -> list[Route]:
    """The page, and its one form."""
    return [
        Route("GET", links.NOTIFICATIONS, _page),
        Route("POST", links.NOTIFICATIONS_READ, _mark),
    ]
