"""A commit over the API, from its first byte to the push door.

1. Permission is asked first, so that nobody sends a gigabyte in vain.
2. The body is read in pieces. A file's bytes wait in memory up to the threshold, then on disk; a
   file that has ended is a git blob in quarantine, or a large file behind a pointer.
3. Under the repository's lock the operations are held against the commit they are made on, and
   `.gitattributes` and the large files are brought to agree.
4. What changes nothing makes no commit. Everything else goes through `hub/push`.

Whatever ends it early, no trace is left: the quarantine and the files on disk are removed.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field

from assay.core.checks import bad_path_finding
from assay.core.files import ATTRIBUTES, attributes_line, stays_in_git
from assay.core.permission import Reader, may_write, pull_number
from assay.errors import (
    BadPathError,
    EntryNotFoundError,
    InvalidError,
    RevisionNotFoundError,
)
from assay.formats.commit_stream import (
    CommitReader,
    Content,
    DeletedFile,
    DeletedFolder,
    Event,
    FileBegins,
    FileEnds,
    Header,
    LfsFile,
)
from assay.formats.lfs_pointer import Pointer
from assay.hub import large, pulls
from assay.hub.large import Incoming
from assay.hub.open import Hub
from assay.hub.pulls import Committed, Proposal
from assay.hub.push import PushForbiddenError, refuse
from assay.hub.refusals import need_name, need_opener
from assay.hub.repos import is_unborn
from assay.storage.blobs import NewBlob
from assay.storage.database.repos import RepoRecord
from assay.storage.git import (
    ZERO,
    Change,
    Quarantine,
    RefUpdate,
    Repository,
    open_quarantine,
)

MAX_PATH_BYTES = 1024
MAX_NAME_BYTES = 255


@dataclass(frozen=True, slots=True)
class Target:
    """Where a commit goes: a ref, or (`ref` is None) a new pull request on top of a branch."""

    revision: str
    ref: str | None


def find_target(
    hub: Hub, reader: Reader, record: RepoRecord, revision: str, *, as_pull: bool
) -> Target:
    """Where a commit may go (step 1).

    Args:
        hub: The hub.
        reader: Who commits.
        record: The repository, found by `repos.find`.
        revision: A branch or `refs/pr/N`; for a pull request the branch it starts from.
        as_pull: Whether to open a pull request.

    Raises:
        UnauthenticatedError: A stranger asks.
        ForbiddenError: The reader may not.
        RevisionNotFoundError: There is no such branch.
    """
    need_name(reader, "commit")
    git = hub.git.open(record.id)
    if as_pull:
        need_opener(reader, record)
    ref = revision if revision.startswith("refs/") else f"refs/heads/{revision}"
    head = git.head(ref) if ref.startswith("refs/heads/") else None
    if head is None and not is_unborn(git, revision) and (as_pull or pull_number(ref) is None):
        raise RevisionNotFoundError(
            f"{record.full_name} has no branch '{revision}'", hint="create the branch first"
        )
    if as_pull:
        return Target(revision, None)
    reasons = refuse(hub, record, reader, [RefUpdate(ref, ZERO, head or "")])
    if reasons:
        raise PushForbiddenError("; ".join(reasons), hint="send create_pr=1 to open a pull request")
    return Target(revision, ref)


@dataclass(slots=True)
class _Draft:
    """The operations of a commit, in the order of the tree they make: removals, then files."""

    header: Header | None = None
    removed: list[DeletedFile | DeletedFolder] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)  # path → blob in quarantine
    sizes: dict[str, int] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)


class Upload:
    """One commit on its way in: `feed` it, `land` it, and `close` it. Its calls may block."""

    def __init__(self, hub: Hub, reader: Reader, record: RepoRecord, target: Target) -> None:
        self._hub, self._reader, self._record, self._target = hub, reader, record, target
        self._held = ExitStack()
        path = hub.git.path(record.id)
        self._quarantine: Quarantine = self._held.enter_context(open_quarantine(path))
        self._lines = CommitReader(hub.settings.files.operations + 1)
        self._draft = _Draft()
        self._buffer = bytearray()
        self._file: NewBlob | None = None
        self._file_bytes = 0
        self._body_bytes = 0
        self._remaining = large.remaining_bytes(hub, reader, record)
        self._incoming = Incoming(
            hub, record, reader.name or "", counted=not may_write(reader, record)
        )

    def close(self) -> None:
        """Remove what was not kept."""
        self._held.close()

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body (step 2).

        Raises:
            InvalidError: They cannot be read, or are too many.
            QuotaExceededError: A stranger to this repository brings too much.
        """
        self._body_bytes += len(data)
        if self._body_bytes > self._hub.settings.files.commit_bytes:
            raise InvalidError(
                f"a commit over the API has at most {self._hub.settings.files.commit_bytes} bytes",
                hint="make several commits, or push with git and git-lfs",
            )
        for event in self._lines.feed(data):
            self._take(event)

    def land(self, reader: Reader) -> Committed:
        """The body is whole: make the commit (steps 3 and 4).

        Args:
            reader: Who commits, as she is known now.

        Raises:
            PushForbiddenError: The reader may not (any more); nothing was changed.
            InvalidError: The commit cannot be made on what is there now.
            EntryNotFoundError: It removes what is not there.
            PushRefusedError: The push door refuses it; nothing was changed.
            StaleRefError: The ref is not where the commit says; nothing was changed.
        """
        self._reader = reader
        for event in self._lines.finish():
            self._take(event)
        header = self._draft.header
        assert header is not None  # noqa: S101 - the reader insists on one
        proposal = Proposal(
            title=header.summary.strip() or "Update files",
            description=header.description,
            plan=self._plan,
            incoming=self._incoming,
        )
        where = self._hub, self._reader, self._record
        parent = header.parent_commit
        if self._target.ref is None:
            return pulls.propose(
                *where, proposal, self._quarantine, base=self._target.revision, parent=parent
            )
        return pulls.commit(*where, self._target.ref, proposal, self._quarantine, parent=parent)

    # step 2

    def _take(self, event: Event) -> None:
        match event:
            case Header():
                self._draft.header = event
            case FileBegins():
                self._begin_file()
            case Content():
                self._write(event.data)
            case FileEnds():
                self._end_file(event)
            case LfsFile():
                self._refer(event)
            case DeletedFile() | DeletedFolder():
                _see_path(event.path, event.line)
                self._draft.removed.append(event)

    def _begin_file(self) -> None:
        self._buffer, self._file, self._file_bytes = bytearray(), None, 0

    def _write(self, data: bytes) -> None:
        limits = self._hub.settings.files
        self._file_bytes += len(data)
        if self._file_bytes > limits.file_bytes:
            raise InvalidError(
                f"a file in a commit over the API has at most {limits.file_bytes} bytes",
                hint="push larger ones with git and git-lfs",
            )
        if self._remaining is not None:
            self._remaining -= len(data)
            if self._remaining < 0:
                raise large.quota_error(self._hub, self._reader.name or "")
        if self._file is None and self._file_bytes > limits.large_bytes:
            self._file = self._new_file(bytes(self._buffer))
            self._buffer = bytearray()
        if self._file is None:
            self._buffer += data
        else:
            self._file.write(data)

    def _new_file(self, content: bytes) -> NewBlob:
        file = self._held.enter_context(self._hub.blobs.begin())
        file.write(content)
        return file

    def _end_file(self, event: FileEnds) -> None:
        self._name(event.path, event.line)
        if self._file is None:
            blob = self._quarantine.blob(bytes(self._buffer))
        elif not stays_in_git(event.path):
            blob = self._point(event.path, self._incoming.add(self._file))
        elif self._file_bytes <= self._hub.settings.files.blob_bytes:
            blob = self._quarantine.blob(self._file.written())
        else:
            raise InvalidError(
                f"line {event.line} of the commit: {event.path}: {self._file_bytes} bytes, and "
                f"such a file has at most {self._hub.settings.files.blob_bytes}"
            )
        self._draft.files[event.path] = blob
        self._draft.sizes[event.path] = self._file_bytes
        self._buffer, self._file = bytearray(), None

    def _refer(self, event: LfsFile) -> None:
        self._name(event.path, event.line)
        known = large.find_object(self._hub, self._record, event.oid)
        where = f"line {event.line} of the commit: {event.path}"
        if known is None:
            raise InvalidError(
                f"{where}: this repository has no large file {event.oid}",
                hint="upload it first, over the LFS API",
            )
        if event.size_bytes not in {None, known.size_bytes}:
            raise InvalidError(
                f"{where}: the size is {known.size_bytes} bytes, the commit says {event.size_bytes}"
            )
        if stays_in_git(event.path):
            raise InvalidError(
                f"{where}: this file is read by the hub and cannot be a large file",
                hint="send its content in the commit",
            )
        pointer = Pointer(event.oid, known.size_bytes)
        self._draft.files[event.path] = self._point(event.path, pointer)

    def _point(self, path: str, pointer: Pointer) -> str:
        self._draft.large.add(path)
        return self._quarantine.blob(pointer.render())

    def _name(self, path: str, line: int) -> None:
        _see_path(path, line)
        if path in self._draft.files:
            raise InvalidError(
                f"line {line} of the commit: the path '{path}' is named twice in one commit"
            )

    # step 3

    def _plan(self, git: Repository, parent: str) -> dict[str, Change]:
        """What becomes of each path on top of a commit; called under the repository's lock."""
        changes: dict[str, Change] = {}
        for event in self._draft.removed:
            changes |= dict.fromkeys(_removed(git, parent, event))
        changes |= self._draft.files
        is_mainline = self._target.ref is not None and self._target.ref.startswith("refs/heads/")
        by_writer = is_mainline and may_write(self._reader, self._record)
        taken = self._quarantine.lfs_paths(parent, changes, self._draft.files)
        for path in sorted(taken - self._draft.large):
            if self._draft.sizes[path] and not stays_in_git(path):
                changes[path] = self._enlarge(path)
        uncovered = sorted(self._draft.large - taken)
        if by_writer and uncovered:
            changes[ATTRIBUTES] = self._cover(git, parent, changes, uncovered)
        return changes

    def _enlarge(self, path: str) -> str:
        """Keep a small file as git-lfs would: else every checkout of it would look changed."""
        blob = self._draft.files[path]
        content = self._quarantine.read(blob)
        pointer = self._incoming.add(self._new_file(content))
        return self._quarantine.blob(pointer.render())

    def _cover(
        self, git: Repository, parent: str, changes: dict[str, Change], paths: list[str]
    ) -> bytes:
        """`.gitattributes` with a line for each path: without it git-lfs fetches only pointers."""
        item = git.find(parent, ATTRIBUTES)
        now = changes.get(ATTRIBUTES, item.oid if item is not None else b"")
        text = self._quarantine.read(now) if isinstance(now, str) else now or b""
        if text and not text.endswith(b"\n"):
            text += b"\n"
        return text + "".join(attributes_line(path) for path in paths).encode()


def _see_path(path: str, line: int) -> None:
    where = f"line {line} of the commit"
    bad = bad_path_finding(path)
    if bad is not None:
        raise BadPathError(f"{where}: {bad.render()}")
    longest = max(len(part.encode(errors="replace")) for part in path.split("/"))
    if longest > MAX_NAME_BYTES or len(path.encode(errors="replace")) > MAX_PATH_BYTES:
        raise BadPathError(
            f"{where}: a path of at most {MAX_PATH_BYTES} bytes was expected, {MAX_NAME_BYTES} "
            f"between two slashes, got {path[:80]}…"
        )


def _removed(git: Repository, parent: str, event: DeletedFile | DeletedFolder) -> list[str]:
    """The files that a removal takes away. Clients name a folder as if it were a file.

    Raises:
        EntryNotFoundError: There are none; clients know this by its words.
    """
    item = git.find(parent, event.path)
    is_folder = isinstance(event, DeletedFolder)
    if item is None or (is_folder and item.kind != "folder"):
        kind = "folder" if is_folder else "file"
        raise EntryNotFoundError(f"A {kind} with this name doesn't exist: {event.path}")
    if item.kind != "folder":
        return [event.path]
    items = git.list(parent, event.path, recursive=True)
    return [item.path for item in items if item.kind != "folder"]
