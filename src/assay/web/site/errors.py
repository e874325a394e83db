"""Errors as pages."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from assay import __version__
from assay.errors import AssayError, InvalidCredentialsError
from assay.hub.open import Hub
from assay.web.pages import Site, render_error
from assay.web.replies import CHALLENGE, error_headers, page_reply, status_of


def error_page(hub: Hub, error: AssayError) -> Response:
    """What went wrong, for somebody with a browser."""
    status, _ = status_of(error)
    site = Site(hub.settings.public_url, None, __version__)
    title = HTTPStatus(status).phrase
    reply = page_reply(render_error(status, title, error.message, error.hint, site), status=status)
    for name, value in error_headers(error).items():
        # A browser that has sent no password would ask for one it has no use for.
        if name not in CHALLENGE or isinstance(error, InvalidCredentialsError):
            reply.headers[name] = value
    return reply
