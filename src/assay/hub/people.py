"""Accounts and tokens."""

from __future__ import annotations

import secrets

from assay.core.permission import STRANGER, Reader
from assay.errors import InvalidCredentialsError, InvalidError, NotFoundError
from assay.formats.names import MAX_NAME_CHARS, is_name
from assay.hub.open import Hub
from assay.storage.database import people as rows

MIN_TOKEN_LENGTH = 20
# Names that would shadow a page or a route of the hub.
RESERVED = frozenset(
    [
        "api",
        "assay",
        "benchmarks",
        "claims",
        "datasets",
        "docs",
        "healthz",
        "login",
        "models",
        "new",
        "oauth",
        "runs",
        "search",
        "settings",
        "spaces",
        "static",
    ]
)


def add_account(hub: Hub, name: str, *, is_admin: bool = False, token: str | None = None) -> str:
    """Add an account with its namespace and one token; returns the token, to be shown once.

    Raises:
        InvalidError: The name or the token cannot be used.
        ConflictError: The name or the token is taken.
    """
    if not is_name(name):
        raise InvalidError(
            f"'{name}' cannot be an account's name; expected letters, digits, '-', '_' and '.', "
            f"at most {MAX_NAME_CHARS}, with no '-' or '.' at an end, no '--' or '..'"
        )
    if name.lower() in RESERVED:
        raise InvalidError(f"the name '{name}' is reserved for the hub", hint="choose another")
    secret = _usable(token)
    now = hub.now()
    with hub.durable.write() as db:
        rows.add_account(db, name, is_admin=is_admin, created=now)
        rows.add_token(db, secret, account_name=name, created=now)
    return secret


def add_token(hub: Hub, name: str, *, token: str | None = None) -> str:
    """Make another token for an account; returns it, to be shown once.

    Raises:
        NotFoundError: There is no such account.
    """
    secret = _usable(token)
    with hub.durable.write() as db:
        if not rows.has_account(db, name):
            raise NotFoundError(f"there is no account '{name}'", hint=f"assay user add {name}")
        rows.add_token(db, secret, account_name=name, created=hub.now())
    return secret


def reader_of(hub: Hub, token: str | None) -> Reader:
    """Who a token speaks for; a stranger when there is none.

    Raises:
        InvalidCredentialsError: The token is not one of this hub's.
    """
    if not token:
        return STRANGER
    with hub.durable.read() as db:
        reader = rows.find_reader(db, token)
    if reader is None:
        raise InvalidCredentialsError(
            "this token is not known here", hint="ask whoever runs the hub for a new one"
        )
    return reader


def _usable(token: str | None) -> str:
    if token is None:
        return f"assay_{secrets.token_urlsafe(30)}"
    if len(token) < MIN_TOKEN_LENGTH or not token.isprintable() or " " in token:
        raise InvalidError(
            f"a token has at least {MIN_TOKEN_LENGTH} printable characters and no spaces, "
            f"got {len(token)}",
            hint="leave --token out, and the hub makes one",
        )
    return token
