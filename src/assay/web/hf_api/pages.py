"""Answers in pages: the next one stands in a `Link` header, as an absolute address.

The address carries every parameter of the request, since clients send nothing beside it.
"""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from assay.errors import InvalidError
from assay.web.routing import Context

CURSOR = "cursor"


def next_link(context: Context, path: str, cursor: str) -> dict[str, str]:
    """The header that leads to the next page.

    Args:
        context: The request.
        path: Of the next page, encoded.
        cursor: Where it begins.
    """
    asked = context.request.query_params.multi_items()
    query = urlencode([*((k, v) for k, v in asked if k != CURSOR), (CURSOR, cursor)])
    return {"Link": f'<{context.hub.settings.public_url}{path}?{query}>; rel="next"'}


def write_place(*place: str) -> str:
    """A place in a list as one word."""
    return msgspec.json.encode(place).hex()


def read_place(context: Context) -> tuple[str, str] | None:
    """The place that the cursor names; None for the first page.

    Raises:
        InvalidError: It is no cursor of this hub's.
    """
    text = context.query(CURSOR)
    if not text:
        return None
    try:
        return msgspec.json.decode(bytes.fromhex(text), type=tuple[str, str])
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidError("the cursor cannot be read", hint="begin with the first page") from error
