"""Gated repositories: everybody sees them, and their files are for those who were let in.

A gate is `auto` (whoever asks is let in, and is written down) or `manual` (an owner decides). An
owner may let somebody in who never asked, and may change her mind at any time.
"""

from __future__ import annotations

from dataclasses import replace

from assay.core.permission import Reader, may_read_file
from assay.errors import (
    ConflictError,
    GatedError,
    GatedSignInError,
    InvalidError,
    NotFoundError,
)
from assay.hub.open import Hub
from assay.hub.refusals import need_administrator, need_name
from assay.storage.database import access as rows
from assay.storage.database import people as people_rows
from assay.storage.database.access import AccessRequest, AccessStatus
from assay.storage.database.engine import Connection
from assay.storage.database.repos import RepoRecord


def need_files(hub: Hub, reader: Reader, record: RepoRecord, path: str | None = None) -> None:
    """Refuse bytes of a gated repository to whoever was not let in.

    Args:
        hub: The hub.
        reader: Who asks; she sees the repository.
        record: The repository.
        path: The file; None for all of them at once.

    Raises:
        GatedSignInError: A stranger asks.
        GatedError: Somebody who was not let in.
    """
    if may_read_file(reader, record, path, let_in=False):
        return
    if reader.name is None:
        raise GatedSignInError(
            f"Access to {record.type} {record.full_name} is restricted to those who were let in: "
            "sign in first",
            hint="send an access token",
        )
    with hub.durable.read() as db:
        request = rows.find_request(db, record.id, reader.name)
    let_in = request is not None and request.status == "accepted"
    if not may_read_file(reader, record, path, let_in=let_in):
        prefix = "/datasets" if record.type == "dataset" else ""
        raise GatedError(
            f"Access to {record.type} {record.full_name} is restricted and you are not in the "
            f"authorized list: {reader.name} "
            + ("has not asked yet" if request is None else f"is {request.status}"),
            hint=f"ask for access: POST {prefix}/{record.full_name}/ask-access",
        )


def is_let_in(hub: Hub, reader: Reader, record: RepoRecord) -> bool:
    """Whether the reader may have every file of a repository she sees."""
    try:
        need_files(hub, reader, record)
    except (GatedError, GatedSignInError):
        return False
    return True


def ask(hub: Hub, reader: Reader, record: RepoRecord) -> AccessRequest:
    """Ask to be let in; at an `auto` gate that is enough. Asking again changes nothing.

    Raises:
        UnauthenticatedError: A stranger asks.
        InvalidError: There is no gate.
    """
    account = need_name(reader, "ask for access")
    _need_gate(record)
    status: AccessStatus = "accepted" if record.gated == "auto" else "pending"
    with hub.durable.write() as db:
        known = rows.find_request(db, record.id, account)
        if known is not None:
            return known
        made = AccessRequest(record.id, account, status, hub.now(), None, "")
        rows.put_request(db, made)
    return made


def requests(
    hub: Hub, reader: Reader, record: RepoRecord, status: AccessStatus
) -> list[AccessRequest]:
    """Who asked, or was let in, or was turned away.

    Raises:
        ForbiddenError: The reader does not own the namespace.
    """
    need_administrator(reader, record)
    with hub.durable.read() as db:
        return rows.requests(db, record.id, status)


def decide(
    hub: Hub,
    reader: Reader,
    record: RepoRecord,
    account: str,
    status: AccessStatus,
    *,
    reason: str = "",
) -> AccessRequest:
    """Let in, turn away, or put back among those who wait.

    Raises:
        ForbiddenError: The reader does not own the namespace.
        InvalidError: There is no gate.
        NotFoundError: That account never asked.
        ConflictError: It is so already.
    """
    need_administrator(reader, record)
    _need_gate(record)
    with hub.durable.write() as db:
        known = rows.find_request(db, record.id, account)
        if known is None:
            raise NotFoundError(f"{account} never asked for access to {record.full_name}")
        if known.status == status:
            raise ConflictError(f"the request of {account} is {status} already")
        changed = replace(known, status=status, decided_by=reader.name, reason=reason)
        rows.put_request(db, changed)
    return changed


def grant(hub: Hub, reader: Reader, record: RepoRecord, account: str) -> AccessRequest:
    """Let somebody in, asked or not.

    Raises:
        ForbiddenError: The reader does not own the namespace.
        InvalidError: There is no gate, or the account is in already.
        NotFoundError: There is no such account.
    """
    need_administrator(reader, record)
    _need_gate(record)
    with hub.durable.write() as db:
        _need_account(db, account)
        known = rows.find_request(db, record.id, account)
        if known is not None and known.status == "accepted":
            raise InvalidError(f"{account} has access to {record.full_name} already")
        asked = known.asked if known else hub.now()
        made = AccessRequest(record.id, account, "accepted", asked, reader.name, "")
        rows.put_request(db, made)
    return made


def _need_gate(record: RepoRecord) -> None:
    if record.gated is None:
        raise InvalidError(f"{record.full_name} is not gated: its files are open")


def _need_account(db: Connection, account: str) -> None:
    if not people_rows.has_account(db, account):
        raise NotFoundError(f"there is no account '{account}'")
