"""Accounts, namespaces and tokens. Organisations are in `members`."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from assay.core.permission import STRANGER, Reader, Scope
from assay.errors import ConflictError
from assay.storage.database.durable_tables import account, member, namespace, token
from assay.storage.database.engine import rows_as
from assay.storage.database.writing import portions

TOKEN_ID_CHARS = 12
# Asked by every request that comes with a token, so put together once.
_IN_FORCE = sa.select(token).where(
    token.c.digest == sa.bindparam("digest"), token.c.revoked.is_(None)
)
_ACCOUNT = sa.select(account).where(account.c.name == sa.bindparam("account"))
_OWNED = sa.select(namespace.c.name).where(namespace.c.owner == sa.bindparam("account"))
_BELONGS = sa.select(member.c.namespace, member.c.role).where(
    member.c.account == sa.bindparam("account")
)


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token as the hub knows it; the secret itself is not kept. Times are ISO 8601 UTC."""

    digest: str
    account: str
    created: str
    revoked: str | None
    scope: Scope

    @property
    def id(self) -> str:
        """What a person calls it by: the beginning of its digest."""
        return self.digest[:TOKEN_ID_CHARS]


def token_digest(secret: str) -> str:
    """What is stored of a token: it has ≥ 20 random characters, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def add_account(db: sa.Connection, name: str, *, is_admin: bool, created: str) -> None:
    """Add an account and claim the namespace of its name.

    Raises:
        ConflictError: The name is an account's or a namespace's already, in whatever case.
    """
    refuse_taken(db, name)
    db.execute(sa.insert(account).values(name=name, is_admin=is_admin, created=created))
    db.execute(sa.insert(namespace).values(name=name, owner=name, claimed=True, created=created))


def refuse_taken(db: sa.Connection, name: str) -> None:
    """Refuse a namespace's name that is in use.

    Raises:
        ConflictError: It is; names that differ only in case count as the same.
    """
    found = namespace_named(db, name)
    if found is not None:
        raise ConflictError(f"the name '{found}' is taken", hint="choose another")


def namespace_named(db: sa.Connection, name: str) -> str | None:
    """The namespace of that name in whatever case, as it is written; None when there is none."""
    query = sa.select(namespace.c.name).where(sa.func.lower(namespace.c.name) == name.lower())
    return db.execute(query).scalars().first()


def has_account(db: sa.Connection, name: str) -> bool:
    """Whether there is an account of that name."""
    return db.execute(sa.select(account.c.name).where(account.c.name == name)).first() is not None


def add_token(
    db: sa.Connection, secret: str, *, account_name: str, created: str, scope: Scope = "write"
) -> None:
    """Store a token's digest.

    Raises:
        ConflictError: The very same token exists.
    """
    try:
        db.execute(
            sa.insert(token).values(
                digest=token_digest(secret), account=account_name, created=created, scope=scope
            )
        )
    except IntegrityError as error:
        raise ConflictError("this token is in use already", hint="let the hub make one") from error


def tokens(db: sa.Connection, account_name: str | None = None) -> list[TokenRecord]:
    """All tokens, or those of one account, the oldest first; revoked ones too."""
    query = sa.select(token).order_by(token.c.account, token.c.created, token.c.digest)
    if account_name is not None:
        query = query.where(token.c.account == account_name)
    return rows_as(TokenRecord, db.execute(query))


def find_token(db: sa.Connection, secret: str) -> TokenRecord | None:
    """The token in force that a secret stands for, or None."""
    found = rows_as(TokenRecord, db.execute(_IN_FORCE, {"digest": token_digest(secret)}))
    return found[0] if found else None


def revoke_tokens(db: sa.Connection, digests: Iterable[str], *, at: str) -> None:
    """Take tokens out of force for good."""
    db.execute(
        sa.update(token)
        .where(token.c.digest.in_(list(digests)), token.c.revoked.is_(None))
        .values(revoked=at)
    )


def find_reader(db: sa.Connection, secret: str) -> Reader | None:
    """Who a token speaks for, or None when it is not one of ours (or was revoked)."""
    found = find_token(db, secret)
    return reader_named(db, found.account, scope=found.scope) if found else None


def reader_named(db: sa.Connection, name: str, *, scope: Scope = "write") -> Reader:
    """The account as a reader with its rights; a stranger when there is none."""
    asked = {"account": name}
    found = db.execute(_ACCOUNT, asked).first()
    if found is None:
        return STRANGER
    owned = db.execute(_OWNED, asked).scalars()
    namespaces: dict[str, set[str]] = {"owner": set(owned), "write": set(), "read": set()}
    for row in db.execute(_BELONGS, asked):
        namespaces[row.role].add(row.namespace)
    return Reader(
        name=found.name,
        is_admin=found.is_admin,
        namespaces=frozenset(namespaces["owner"]),
        writes=frozenset(namespaces["write"]),
        reads=frozenset(namespaces["read"]),
        scope=scope,
    )


def keepers_of(db: sa.Connection, name: str) -> list[str]:
    """Who may keep repositories in a namespace: admins first, then its owner, then members."""
    admins = sa.select(account.c.name).where(account.c.is_admin).order_by(account.c.name)
    owner = sa.select(namespace.c.owner).where(
        namespace.c.name == name, namespace.c.owner.is_not(None)
    )
    owners = (
        sa.select(member.c.account)
        .where(member.c.namespace == name, member.c.role == "owner")
        .order_by(member.c.account)
    )
    return [found for query in (admins, owner, owners) for found in db.execute(query).scalars()]


def is_claimed(db: sa.Connection, name: str) -> bool:
    """Whether somebody with the right to has said whose the namespace is."""
    query = sa.select(namespace.c.claimed).where(namespace.c.name == name)
    return bool(db.execute(query).scalar())


def claimed_among(db: sa.Connection, names: Collection[str]) -> frozenset[str]:
    """Those of these namespaces that are claimed."""
    return frozenset(
        name
        for part in portions(sorted(names))
        for name in db.execute(
            sa.select(namespace.c.name).where(namespace.c.name.in_(part), namespace.c.claimed)
        ).scalars()
    )


def claimed_namespaces(db: sa.Connection) -> frozenset[str]:
    """Every claimed namespace."""
    query = sa.select(namespace.c.name).where(namespace.c.claimed)
    return frozenset(db.execute(query).scalars())


def ensure_namespace(db: sa.Connection, name: str, *, created: str) -> None:
    """Make an unclaimed namespace where there is none; its repositories speak for nobody yet.

    Raises:
        ConflictError: There is one whose name differs only in case.
    """
    found = namespace_named(db, name)
    if found is None:
        db.execute(
            sa.insert(namespace).values(name=name, owner=None, claimed=False, created=created)
        )
    elif found != name:
        raise ConflictError(f"the namespace is written '{found}' here, got '{name}'")
