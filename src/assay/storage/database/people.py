"""Accounts, namespaces and tokens."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from assay.core.permission import STRANGER, Reader
from assay.errors import ConflictError
from assay.storage.database.durable_tables import account, namespace, token


def token_digest(secret: str) -> str:
    """What is stored of a token: it has ≥ 20 random characters, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def add_account(db: sa.Connection, name: str, *, is_admin: bool, created: str) -> None:
    """Add an account and claim the namespace of its name.

    Raises:
        ConflictError: The name is an account's or a namespace's already.
    """
    try:
        db.execute(sa.insert(account).values(name=name, is_admin=is_admin, created=created))
        db.execute(
            sa.insert(namespace).values(name=name, owner=name, claimed=True, created=created)
        )
    except IntegrityError as error:
        raise ConflictError(f"the name '{name}' is taken", hint="choose another") from error


def has_account(db: sa.Connection, name: str) -> bool:
    """Whether there is an account of that name."""
    return db.execute(sa.select(account.c.name).where(account.c.name == name)).first() is not None


def add_token(db: sa.Connection, secret: str, *, account_name: str, created: str) -> None:
    """Store a token's digest.

    Raises:
        ConflictError: The very same token exists.
    """
    try:
        db.execute(
            sa.insert(token).values(
                digest=token_digest(secret), account=account_name, created=created
            )
        )
    except IntegrityError as error:
        raise ConflictError("this token is in use already", hint="let the hub make one") from error


def find_reader(db: sa.Connection, secret: str) -> Reader | None:
    """Who a token speaks for, or None when it is not one of ours (or was revoked)."""
    query = (
        sa.select(account.c.name, account.c.is_admin)
        .join(token, token.c.account == account.c.name)
        .where(token.c.digest == token_digest(secret), token.c.revoked.is_(None))
    )
    found = db.execute(query).first()
    return reader_named(db, found.name) if found else None


def reader_named(db: sa.Connection, name: str) -> Reader:
    """The account as a reader with its rights; a stranger when there is none."""
    found = db.execute(sa.select(account).where(account.c.name == name)).first()
    if found is None:
        return STRANGER
    owned = db.execute(sa.select(namespace.c.name).where(namespace.c.owner == name)).scalars()
    return Reader(name=found.name, is_admin=found.is_admin, namespaces=frozenset(owned))


def is_claimed(db: sa.Connection, name: str) -> bool:
    """Whether somebody with the right to has said whose the namespace is."""
    query = sa.select(namespace.c.claimed).where(namespace.c.name == name)
    return bool(db.execute(query).scalar())


def claimed_namespaces(db: sa.Connection) -> frozenset[str]:
    """Every claimed namespace."""
    query = sa.select(namespace.c.name).where(namespace.c.claimed)
    return frozenset(db.execute(query).scalars())


def ensure_namespace(db: sa.Connection, name: str, *, created: str) -> None:
    """Make an unclaimed namespace where there is none; its repositories speak for nobody yet."""
    if db.execute(sa.select(namespace.c.name).where(namespace.c.name == name)).first() is None:
        db.execute(
            sa.insert(namespace).values(name=name, owner=None, claimed=False, created=created)
        )
