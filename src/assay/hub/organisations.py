"""Organisations: namespaces that people share. Changed on the machine of the hub.

An organisation is claimed while somebody owns it: only then is what its repositories say on main
their author's word. So every change of membership is followed by a look at its repositories.
"""

from __future__ import annotations

from assay.core.permission import Role
from assay.errors import ConflictError, NotFoundError
from assay.hub import indexing, people
from assay.hub.open import Hub
from assay.storage.database import members as rows
from assay.storage.database import people as people_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database.engine import Connection
from assay.storage.database.members import Member


def add(hub: Hub, name: str, *, owner: str | None = None) -> None:
    """Make an organisation, with its first owner if one is named.

    Raises:
        InvalidError: The name cannot be used.
        ConflictError: The name is taken.
        NotFoundError: There is no such account.
    """
    people.need_usable_name(name)
    now = hub.now()
    with hub.durable.write() as db:
        people_rows.refuse_taken(db, name)
        people_rows.ensure_namespace(db, name, created=now)
        if owner is not None:
            people.need_account(db, owner)
            rows.put_member(db, name, owner, "owner", added=now)


def put_member(hub: Hub, name: str, account: str, role: Role) -> None:
    """Let an account belong to an organisation, or change as what it does.

    Raises:
        NotFoundError: There is no such organisation or account.
        ConflictError: Its last owner would be one no longer.
    """
    with hub.durable.write() as db:
        _need(db, name)
        people.need_account(db, account)
        if role != "owner":
            _keep_an_owner(db, name, account)
        rows.put_member(db, name, account, role, added=hub.now())
    _sync(hub, name)


def remove_member(hub: Hub, name: str, account: str) -> None:
    """Take an account out of an organisation; what it did there stays.

    Raises:
        NotFoundError: There is no such organisation, or the account does not belong to it.
        ConflictError: It is the last owner.
    """
    with hub.durable.write() as db:
        _need(db, name)
        if account not in {member.account for member in rows.members(db, name)}:
            raise NotFoundError(f"{account} does not belong to {name}")
        _keep_an_owner(db, name, account)
        rows.remove_member(db, name, account)
    _sync(hub, name)


def members(hub: Hub, name: str) -> list[Member]:
    """Who belongs to an organisation.

    Raises:
        NotFoundError: There is no such organisation.
    """
    with hub.durable.read() as db:
        _need(db, name)
        return rows.members(db, name)


def listing(hub: Hub) -> dict[str, list[Member]]:
    """Every organisation and who belongs to it."""
    with hub.durable.read() as db:
        return {name: rows.members(db, name) for name in rows.organisations(db)}


def memberships(hub: Hub, account: str) -> list[Member]:
    """What an account belongs to, and as what."""
    with hub.durable.read() as db:
        return rows.memberships(db, account)


def _need(db: Connection, name: str) -> None:
    if name not in rows.organisations(db):
        raise NotFoundError(f"there is no organisation '{name}'", hint=f"assay org add {name}")


def _keep_an_owner(db: Connection, name: str, account: str) -> None:
    """An organisation that has owners keeps one: or else nobody could answer for it."""
    owners = [member.account for member in rows.members(db, name) if member.role == "owner"]
    if owners == [account]:
        raise ConflictError(
            f"{account} is the last owner of {name}", hint="make somebody else an owner first"
        )


def _sync(hub: Hub, name: str) -> None:
    """Whose word a repository is may have changed with its owners."""
    with hub.durable.read() as db:
        ids = repo_rows.ids_in(db, name)
    for repo_id in ids:
        indexing.sync(hub, repo_id)
