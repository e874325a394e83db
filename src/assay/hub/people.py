"""Accounts and tokens."""

from __future__ import annotations

import secrets

from assay.core.permission import STRANGER, Reader, Scope
from assay.errors import InvalidCredentialsError, InvalidError, NotFoundError
from assay.formats.names import MAX_NAME_CHARS, is_name
from assay.hub.open import Hub
from assay.storage.database import people as rows
from assay.storage.database.engine import Connection
from assay.storage.database.people import TokenRecord

MIN_TOKEN_LENGTH = 20
MIN_ID_CHARS = 4
# Names that would shadow a page or a route of the hub.
RESERVED = frozenset(
    [
        "api",
        "assay",
        "benchmarks",
        "buckets",
        "claims",
        "collections",
        "datasets",
        "docs",
        "healthz",
        "kernels",
        "login",
        "models",
        "new",
        "notifications",
        "oauth",
        "runs",
        "search",
        "settings",
        "spaces",
        "static",
    ]
)


def need_usable_name(name: str) -> None:
    """Refuse what cannot be the name of an account or an organisation.

    Raises:
        InvalidError: It is no name, or one that the hub needs for itself.
    """
    if not is_name(name):
        raise InvalidError(
            f"'{name}' cannot be an account's name; expected letters, digits, '-', '_' and '.', "
            f"at most {MAX_NAME_CHARS}, with no '-' or '.' at an end, no '--' or '..'"
        )
    if name.lower() in RESERVED:
        raise InvalidError(f"the name '{name}' is reserved for the hub", hint="choose another")


def add_account(hub: Hub, name: str, *, is_admin: bool = False, token: str | None = None) -> str:
    """Add an account with its namespace and one token; returns the token, to be shown once.

    Raises:
        InvalidError: The name or the token cannot be used.
        ConflictError: The name or the token is taken.
    """
    need_usable_name(name)
    secret = _usable(token)
    now = hub.now()
    with hub.durable.write() as db:
        rows.add_account(db, name, is_admin=is_admin, created=now)
        rows.add_token(db, secret, account_name=name, created=now)
    return secret


def add_token(hub: Hub, name: str, *, token: str | None = None, scope: Scope = "write") -> str:
    """Make another token for an account; returns it, to be shown once.

    Raises:
        NotFoundError: There is no such account.
    """
    secret = _usable(token)
    with hub.durable.write() as db:
        need_account(db, name)
        rows.add_token(db, secret, account_name=name, created=hub.now(), scope=scope)
    return secret


def need_account(db: Connection, name: str) -> None:
    """Refuse the name of an account that is not there.

    Raises:
        NotFoundError: There is none of that name.
    """
    if not rows.has_account(db, name):
        raise NotFoundError(f"there is no account '{name}'", hint=f"assay user add {name}")


def tokens(hub: Hub, name: str | None = None) -> list[TokenRecord]:
    """All tokens, or those of one account; revoked ones too.

    Raises:
        NotFoundError: There is no such account.
    """
    with hub.durable.read() as db:
        if name is not None:
            need_account(db, name)
        return rows.tokens(db, name)


def revoke_token(hub: Hub, token_id: str) -> TokenRecord:
    """Take a token out of force: it is refused from the next request on.

    Args:
        hub: The hub.
        token_id: The beginning of its digest, as `tokens` tells it.

    Raises:
        NotFoundError: No token in force begins so, or more than one does.
    """
    with hub.durable.write() as db:
        found = [
            token
            for token in rows.tokens(db)
            if token.revoked is None and token.digest.startswith(token_id.lower())
        ]
        if len(found) != 1 or len(token_id) < MIN_ID_CHARS:
            raise NotFoundError(
                f"'{token_id}' names {len(found)} tokens in force, expected the id of one",
                hint="assay token list",
            )
        rows.revoke_tokens(db, [found[0].digest], at=hub.now())
    return found[0]


def token_of(hub: Hub, secret: str) -> TokenRecord | None:
    """What the hub knows of a token in force, or None."""
    with hub.durable.read() as db:
        return rows.find_token(db, secret)


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
