"""Organisations: namespaces that no account owns by its name, and who belongs to them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from assay.core.permission import Role
from assay.storage.database.durable_tables import member, namespace
from assay.storage.database.engine import rows_as


@dataclass(frozen=True, slots=True)
class Member:
    """An account in an organisation. `added` is ISO 8601 UTC."""

    namespace: str
    account: str
    role: Role
    added: str


def organisations(db: sa.Connection) -> list[str]:
    """Every organisation, by name; those without members too."""
    query = sa.select(namespace.c.name).where(namespace.c.owner.is_(None))
    return list(db.execute(query.order_by(namespace.c.name)).scalars())


def members(db: sa.Connection, organisation: str) -> list[Member]:
    """Who belongs to an organisation, by name."""
    query = sa.select(member).where(member.c.namespace == organisation)
    return rows_as(Member, db.execute(query.order_by(member.c.account)))


def owners(db: sa.Connection, namespace_name: str) -> list[str]:
    """The accounts that own a namespace: the one of its name, or an organisation's owners."""
    by_name = sa.select(namespace.c.owner).where(
        namespace.c.name == namespace_name, namespace.c.owner.is_not(None)
    )
    by_role = sa.select(member.c.account).where(
        member.c.namespace == namespace_name, member.c.role == "owner"
    )
    return sorted(db.execute(sa.union(by_name, by_role)).scalars())


def memberships(db: sa.Connection, account_name: str) -> list[Member]:
    """What an account belongs to, by name."""
    query = sa.select(member).where(member.c.account == account_name)
    return rows_as(Member, db.execute(query.order_by(member.c.namespace)))


def put_member(
    db: sa.Connection, organisation: str, account_name: str, role: Role, *, added: str
) -> None:
    """Give an account a role; the one it had is replaced."""
    where = [member.c.namespace == organisation, member.c.account == account_name]
    changed = db.execute(sa.update(member).where(*where).values(role=role)).rowcount
    if not changed:
        values = {"namespace": organisation, "account": account_name, "role": role, "added": added}
        db.execute(sa.insert(member).values(**values))
    _claim(db, organisation)


def remove_member(db: sa.Connection, organisation: str, account_name: str) -> None:
    """Take an account out of an organisation."""
    db.execute(
        sa.delete(member).where(
            member.c.namespace == organisation, member.c.account == account_name
        )
    )
    _claim(db, organisation)


def _claim(db: sa.Connection, organisation: str) -> None:
    """An organisation is claimed while somebody owns it."""
    owns = sa.select(member.c.account).where(
        member.c.namespace == organisation, member.c.role == "owner"
    )
    claimed = db.execute(owns.limit(1)).first() is not None
    db.execute(sa.update(namespace).where(namespace.c.name == organisation).values(claimed=claimed))
