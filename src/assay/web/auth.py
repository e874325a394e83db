"""Who asks: a token in the Authorization header, as Bearer (API) or as Basic's password (git)."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlsplit

from starlette.requests import Request

from assay.core.permission import ONLY_READS, Reader
from assay.errors import ForbiddenError, InvalidCredentialsError
from assay.hub import people
from assay.hub.open import Hub


def reader_of(hub: Hub, request: Request) -> Reader:
    """The reader of a request.

    Raises:
        InvalidCredentialsError: The header holds no token of this hub.
    """
    return people.reader_of(hub, token_of(request))


def token_of(request: Request) -> str | None:
    """The token that came with a request, whoever it speaks for; None when there is none.

    Raises:
        InvalidCredentialsError: The header cannot be read.
    """
    header = request.headers.get("authorization", "")
    scheme, _, value = header.partition(" ")
    match scheme.lower():
        case "":
            return None
        case "bearer":
            return value.strip()
        case "basic":
            return _password(value)
    raise InvalidCredentialsError(f"the Authorization scheme '{scheme}' is not known here")


def need_scope(reader: Reader) -> None:
    """Refuse a token that may only read, before anything is done with it.

    Raises:
        ForbiddenError: The token is of scope read.
    """
    if reader.scope == "read":
        raise ForbiddenError(ONLY_READS, hint="assay token new NAME --scope write")


def need_own_page(hub: Hub, request: Request) -> None:
    """Refuse what a page of another site makes a browser send, which adds the reader's password.

    Browsers name the page's origin with everything that may change something; other clients do not.

    Raises:
        ForbiddenError: The page is not of this hub.
    """
    origin = request.headers.get("origin")
    own = {urlsplit(hub.settings.public_url).netloc, request.headers.get("host", "")}
    if origin is not None and urlsplit(origin).netloc not in own - {""}:
        raise ForbiddenError("a page of another site may change nothing here", hint="use a client")


def _password(value: str) -> str | None:
    """The password of Basic credentials; git's user name is ignored. Empty means a stranger."""
    try:
        _, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidCredentialsError("the Authorization header cannot be read") from error
    return password or None
