"""Large files: what stands in git is a pointer, the bytes are kept by their sha256.

An object is read and referenced only through a repository that has it (a row of `lfs_object`), so
nobody reaches another repository's file by naming its digest. A pointer to anything else is, for
readers, the few lines of text that it is; no push may bring one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from assay.core.permission import Reader, may_write
from assay.errors import QuotaExceededError
from assay.formats import lfs_pointer
from assay.formats.lfs_pointer import Pointer, find_pointer
from assay.hub.open import Hub
from assay.storage.blobs import NewBlob, WholeFile
from assay.storage.database import lfs_objects as rows
from assay.storage.database.engine import Connection
from assay.storage.database.lfs_objects import LfsObject
from assay.storage.database.repos import RepoRecord
from assay.storage.git import Repository, TreeItem

PATHS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Large:
    """A large file at some place: the object, and the size in bytes of the pointer in git."""

    object: LfsObject
    pointer_bytes: int


def large_files(
    hub: Hub, repo_id: str, git: Repository, items: Iterable[TreeItem]
) -> dict[str, Large]:
    """Which of these files are large ones, by the git id of their pointer."""
    pointers: dict[str, tuple[Pointer, int]] = {}
    for item in items:
        if item.kind == "file" and item.oid not in pointers:
            size_bytes = git.blob_size(item.oid)
            pointer = _pointer(git, item.oid, size_bytes)
            if pointer is not None:
                pointers[item.oid] = pointer, size_bytes
    if not pointers:
        return {}
    with hub.durable.read() as db:
        known = rows.find_objects(db, repo_id, [pointer.oid for pointer, _ in pointers.values()])
    return {
        blob: Large(known[pointer.oid], size_bytes)
        for blob, (pointer, size_bytes) in pointers.items()
        if pointer.oid in known and known[pointer.oid].size_bytes == pointer.size_bytes
    }


def _pointer(git: Repository, blob: str, size_bytes: int) -> Pointer | None:
    if not lfs_pointer.MIN_BYTES <= size_bytes <= lfs_pointer.MAX_BYTES:
        return None
    return find_pointer(git.blob(blob))


def find_pointers(git: Repository, blobs: Iterable[str]) -> dict[str, Pointer]:
    """The pointers among many blobs, by the id of the blob."""
    found = ((blob, _pointer(git, blob, git.blob_size(blob))) for blob in blobs)
    return {blob: pointer for blob, pointer in found if pointer is not None}


def missing_objects(hub: Hub, repo_id: str | None, pointers: Iterable[Pointer]) -> list[Pointer]:
    """Those objects that a repository does not have; all, where there is no repository yet."""
    wanted = {pointer.oid: pointer for pointer in pointers}
    if repo_id is not None:
        with hub.durable.read() as db:
            for oid in rows.find_objects(db, repo_id, wanted):
                del wanted[oid]
    return [wanted[oid] for oid in sorted(wanted)]


def find_object(hub: Hub, record: RepoRecord, oid: str) -> LfsObject | None:
    """An object that a repository (found by `repos.find`) has."""
    with hub.durable.read() as db:
        return rows.find_objects(db, record.id, [oid]).get(oid)


def remaining_bytes(hub: Hub, reader: Reader, record: RepoRecord) -> int | None:
    """How much the reader may still bring here; None when there is no limit."""
    if may_write(reader, record):
        return None
    with hub.durable.read() as db:
        used = rows.counted_bytes(db, reader.name or "")
    return max(0, hub.settings.files.quota_bytes - used)


def quota_error(hub: Hub, account: str) -> QuotaExceededError:
    """The refusal of somebody who has brought enough to other people's repositories."""
    return QuotaExceededError(
        f"{account} may bring {hub.settings.files.quota_bytes} bytes of files to repositories of "
        "others, and this is more",
        hint="put large files into a repository of your own, and name it in the pull request",
    )


@dataclass(slots=True)
class Incoming:
    """Large files that a change brings: theirs when it is accepted, gone when it is not.

    Attributes:
        hub: The hub.
        record: The repository they are for.
        account: Who brings them.
        counted: Whether they count against the account's quota.
    """

    hub: Hub
    record: RepoRecord
    account: str
    counted: bool
    _files: dict[str, tuple[NewBlob | WholeFile, str]] = field(default_factory=dict)

    def add(self, blob: NewBlob | WholeFile) -> Pointer:
        """Take in a file that was written; it stays where it is until the change is over."""
        pointer = Pointer(blob.sha256, blob.size_bytes)
        if pointer.oid not in self._files:
            self._files[pointer.oid] = blob, blob.git_oid()
        return pointer

    def sizes(self) -> dict[str, int]:
        """Sizes in bytes, by sha256."""
        return {oid: blob.size_bytes for oid, (blob, _) in self._files.items()}

    def keep(self) -> None:
        """Make them the repository's: the bytes first, then the rows that give them away.

        Raises:
            QuotaExceededError: Others came in meanwhile, and together they are too many.
        """
        if not self._files:
            return
        for blob, _ in self._files.values():
            blob.keep()
        with self.hub.durable.write() as db:
            for oid, (blob, git_oid) in self._files.items():
                row = LfsObject(
                    repo_id=self.record.id,
                    oid=oid,
                    size_bytes=blob.size_bytes,
                    git_oid=git_oid,
                    account=self.account,
                    counted=self.counted,
                    created=self.hub.now(),
                )
                rows.add_object(db, row)
            self._hold_to_quota(db)

    def _hold_to_quota(self, db: Connection) -> None:
        allowed = self.hub.settings.files.quota_bytes
        if self.counted and rows.counted_bytes(db, self.account) > allowed:
            raise quota_error(self.hub, self.account)


def refuse_blobs(
    hub: Hub, record: RepoRecord, git: Repository, tips: Iterable[str], brought: Mapping[str, int]
) -> list[str]:
    """Why the new blobs of a push cannot land: too large for git, or pointers to nothing.

    Args:
        hub: The hub.
        record: The repository.
        git: The repository with the push's quarantine.
        tips: The commits that refs would move to, to name paths.
        brought: Sizes in bytes of large files that come with the change, by sha256.
    """
    limit = hub.settings.files.blob_bytes
    reasons: dict[str, str] = {}
    pointers: dict[str, Pointer] = {}
    for blob, size_bytes in git.new_blobs():
        pointer = _pointer(git, blob, size_bytes)
        if pointer is not None:
            pointers[blob] = pointer
        elif size_bytes > limit:
            reasons[blob] = (
                f"{size_bytes} bytes are too many for git, which holds files of up to {limit}; "
                "track it with `git lfs track` and rewrite the commit with `git lfs migrate import`"
            )
    with hub.durable.read() as db:
        known = rows.find_objects(db, record.id, [p.oid for p in pointers.values()])
    sizes = {oid: row.size_bytes for oid, row in known.items()} | dict(brought)
    for blob, pointer in pointers.items():
        if sizes.get(pointer.oid) != pointer.size_bytes:
            reasons[blob] = (
                f"an LFS pointer to a file that this repository does not have (sha256 "
                f"{pointer.oid}, {pointer.size_bytes} bytes); send it with `git lfs push --all`"
            )
    if not reasons:
        return []
    paths = paths_of(git, tips, set(reasons))
    named = [f"{paths.get(blob, 'in an earlier commit')}: {why}" for blob, why in reasons.items()]
    more = len(named) - PATHS_NAMED
    return sorted(named)[:PATHS_NAMED] + ([f"… and {more} more files like these"] * (more > 0))


def paths_of(git: Repository, tips: Iterable[str], blobs: Collection[str]) -> dict[str, str]:
    """A path at one of the tips for each of many blobs; those of earlier commits have none."""
    return {
        item.oid: item.path
        for tip in tips
        if git.is_commit(tip)
        for item in git.list(tip, recursive=True)
        if item.oid in blobs
    }
