"""The verbs of git-lfs: who may bring and fetch which object, and bytes that come by a link.

1. Objects are asked for in a batch, by somebody the hub knows (or by a stranger, of a public
   repository). Whoever may open a pull request may bring objects; those of people who may not write
   count against a quota of theirs.
2. The answer is links, each good for one act on one object of one repository, for a while.
3. What comes by a link is held against the size and sha256 it was promised to have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.core.permission import Reader, may_open_pull, may_write
from assay.core.signed_link import Act, Grant
from assay.errors import (
    EntryNotFoundError,
    ForbiddenError,
    InvalidError,
)
from assay.formats.lfs_pointer import Pointer
from assay.hub import large, repos
from assay.hub.large import Incoming
from assay.hub.open import Hub
from assay.hub.refusals import need_name
from assay.hub.repos import RepoType
from assay.storage.blobs import NewBlob
from assay.storage.database import lfs_objects as rows
from assay.storage.database import repos as repo_rows
from assay.storage.database.lfs_objects import LfsObject
from assay.storage.database.repos import RepoRecord


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be done about one object of a batch: nothing, what the grants say, or a fault."""

    object: Pointer
    grants: tuple[Grant, ...] = ()
    fault: str = ""


def ask_download(
    hub: Hub, reader: Reader, record: RepoRecord, objects: Sequence[Pointer]
) -> list[Answer]:
    """Links to the objects that a repository (found by `repos.find`) has."""
    known = _known(hub, record, objects)
    return [
        Answer(asked, (_grant(hub, reader, record, "download", asked),))
        if asked.oid in known
        else Answer(asked, fault=f"{record.full_name} has no large file {asked.oid}")
        for asked in objects
    ]


def ask_upload(
    hub: Hub,
    reader: Reader,
    record: RepoRecord,
    objects: Sequence[Pointer],
    *,
    in_parts: bool = False,
) -> list[Answer]:
    """Links to bring what the repository does not have; nothing is asked for what it has.

    Args:
        hub: The hub.
        reader: Who brings it.
        record: The repository, found by `repos.find`.
        objects: What is to come.
        in_parts: Whether the client can send larger files in parts.

    Raises:
        UnauthenticatedError: A stranger may bring nothing.
        ForbiddenError: Neither may this reader.
        QuotaExceededError: It is too much of somebody who may not write here.
    """
    account = need_name(reader, "upload")
    if not may_open_pull(reader, record):
        raise ForbiddenError(f"{account} may not upload to {record.full_name}")
    known = _known(hub, record, objects)
    wanted = [asked for asked in objects if asked.oid not in known]
    remaining = large.remaining_bytes(hub, reader, record)
    if remaining is not None and sum(asked.size_bytes for asked in wanted) > remaining:
        raise large.quota_error(hub, account)
    in_parts = in_parts and may_write(reader, record)
    return [_ask_for(hub, reader, record, known, asked, in_parts=in_parts) for asked in objects]


def _known(hub: Hub, record: RepoRecord, objects: Sequence[Pointer]) -> dict[str, LfsObject]:
    with hub.durable.read() as db:
        return rows.find_objects(db, record.id, [asked.oid for asked in objects])


def _ask_for(
    hub: Hub,
    reader: Reader,
    record: RepoRecord,
    known: dict[str, LfsObject],
    asked: Pointer,
    *,
    in_parts: bool,
) -> Answer:
    limits = hub.settings.files
    there = known.get(asked.oid)
    if there is not None:
        differs = there.size_bytes != asked.size_bytes
        return Answer(asked, fault=f"{asked.oid} has {there.size_bytes} bytes" if differs else "")
    if asked.size_bytes > limits.object_bytes:
        return Answer(asked, fault=f"a large file has at most {limits.object_bytes} bytes")
    verify = _grant(hub, reader, record, "verify", asked)
    if not in_parts or asked.size_bytes <= limits.part_bytes:
        return Answer(asked, (_grant(hub, reader, record, "upload", asked), verify))
    parts: list[Grant] = []
    for start in range(0, asked.size_bytes, limits.part_bytes):
        size = min(limits.part_bytes, asked.size_bytes - start)
        piece = Pointer(asked.oid, size)
        parts.append(_grant(hub, reader, record, "part", piece, part=len(parts) + 1))
    complete = _grant(hub, reader, record, "complete", asked, part=len(parts))
    return Answer(asked, (complete, verify, *parts))


def _grant(
    hub: Hub, reader: Reader, record: RepoRecord, act: Act, asked: Pointer, *, part: int = 0
) -> Grant:
    return Grant(
        act=act,
        repo_id=record.id,
        oid=asked.oid,
        size_bytes=asked.size_bytes,
        account=reader.name or "",
        counted=act != "download" and not may_write(reader, record),
        expires_s=int(hub.clock().timestamp()) + hub.settings.files.link_s,
        part=part,
    )


def find_repo_of_link(hub: Hub, reader: Reader, repo_type: RepoType, full_name: str) -> RepoRecord:
    """The repository that a link names, whoever comes with it: the link itself is to be believed.

    Raises:
        RepoNotFoundError: There is none.
    """
    namespace, _, name = full_name.partition("/")
    with hub.durable.read() as db:
        found = repo_rows.find_repo(db, repo_type, namespace, name)
    return found if found is not None else repos.find(hub, reader, repo_type, full_name)


def need_good(
    hub: Hub, reader: Reader, repo_type: RepoType, full_name: str, grant: Grant | None, sig: str
) -> Grant:
    """A grant that this hub gave and that has not expired.

    Raises:
        RepoNotFoundError: It is not, and the reader may not see the repository.
        ForbiddenError: It is not.
    """
    is_good = grant is not None and grant.is_signed(hub.secret, sig)
    if grant is not None and is_good and grant.expires_s >= hub.clock().timestamp():
        return grant
    repos.find(hub, reader, repo_type, full_name)
    raise ForbiddenError(
        "this link is not one of ours, or it has expired", hint="ask for a new one, in a batch"
    )


def take(hub: Hub, record: RepoRecord, grant: Grant, blob: NewBlob) -> None:
    """Keep an object that came by a link.

    Raises:
        InvalidError: It is not the object that was promised; nothing was kept.
        QuotaExceededError: Meanwhile there came too much of somebody who may not write here.
    """
    if (blob.sha256, blob.size_bytes) != (grant.oid, grant.size_bytes):
        raise InvalidError(
            f"got {blob.size_bytes} bytes with sha256 {blob.sha256}, expected {grant.size_bytes} "
            f"bytes with sha256 {grant.oid}",
            hint="send the file again",
        )
    incoming = Incoming(hub, record, grant.account, counted=grant.counted)
    incoming.add(blob)
    incoming.keep()


def complete(hub: Hub, record: RepoRecord, grant: Grant) -> None:
    """Put the parts of an object together and keep it; doing it again changes nothing.

    Raises:
        InvalidError: A part is missing, or the whole is not the object that was promised.
    """
    if large.find_object(hub, record, grant.oid) is not None:
        return
    folder = hub.parts.folder(record.id, grant.account, grant.oid)
    pieces = hub.parts.read(folder, grant.part)
    if pieces is None:
        raise InvalidError(f"of {grant.part} parts not all have come", hint="send them, then this")
    with hub.blobs.begin() as blob:
        for piece in pieces:
            blob.write(piece)
        take(hub, record, grant, blob)
    hub.parts.remove(folder)


def take_part(hub: Hub, record: RepoRecord, grant: Grant, blob: NewBlob) -> None:
    """Keep one part of an object.

    Raises:
        InvalidError: It is not as long as it should be.
    """
    if blob.size_bytes != grant.size_bytes:
        raise InvalidError(
            f"part {grant.part} has {blob.size_bytes} bytes, expected {grant.size_bytes}"
        )
    folder = hub.parts.folder(record.id, grant.account, grant.oid)
    hub.parts.keep(folder, grant.part, blob)


def need_object(hub: Hub, record: RepoRecord, asked: Pointer) -> None:
    """See that an object has come.

    Raises:
        EntryNotFoundError: It has not.
    """
    found = large.find_object(hub, record, asked.oid)
    if found is None or found.size_bytes != asked.size_bytes:
        raise EntryNotFoundError(
            f"{record.full_name} has no large file {asked.oid} of {asked.size_bytes} bytes",
            hint="send it again",
        )
