"""The files of a mirror: plain folders made into commits, and large files brought from anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import Lock

from assay.core.files import ATTRIBUTES, attributes_line, stays_in_git
from assay.errors import InvalidError
from assay.formats import lfs_pointer
from assay.formats.lfs_pointer import Pointer
from assay.hub.open import Hub
from assay.settings import MIB
from assay.storage.blobs import READ_BYTES, NewBlob, WholeFile
from assay.storage.git import (
    Clone,
    FolderFile,
    Identity,
    commit_folder,
    init_beside,
    lfs_folder,
    list_folder,
    read_clone,
    uncovered,
)

OnProgress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is, and of how much (0 while unknown)."""
Fetch = Callable[[Sequence[Pointer], Path, Callable[[int], None]], list[Pointer]]
"""Brings objects into a folder, each whole and named by its sha256; returns those it has not."""


def is_repository(folder: Path) -> bool:
    """Whether a folder is a git repository, with a work tree or without."""
    return (folder / ".git").exists() or (
        (folder / "HEAD").is_file() and (folder / "objects").is_dir()
    )


@dataclass(frozen=True, slots=True)
class Base:
    """What a folder's commit stands on: a repository, and its main's commit; or nothing."""

    repository: Path | None
    commit: str | None


def take_folder(
    hub: Hub, folder: Path, into: Path, base: Base, author: Identity, say: OnProgress
) -> tuple[Clone, list[str]]:
    """The files of a folder as one more commit, and the repositories in it that are left out.

    Files over the threshold become large files, as those of an upload do.

    Args:
        hub: The hub.
        folder: The folder.
        into: Where the history goes; large files go to `objects` beside its folder.
        base: What it stands on.
        author: Of the commit.
        say: Told how far it is.

    Raises:
        InvalidError: There is nothing in it, or the whole hub, or a link leads out of it.
    """
    data = hub.settings.data.resolve()
    if data.is_relative_to(folder) or folder.is_relative_to(data):
        raise InvalidError(
            f"{folder} would copy data of this hub, which lie in {data}",
            hint="mirror another folder",
        )
    init_beside(into, base.repository)
    files, nested = list_folder(folder, into)
    if not files:
        raise InvalidError(f"{folder} holds no files", hint="there is nothing to mirror yet")
    _refuse_links_out(files)
    own = _attributes(files)
    small = uncovered(into, [file.path for file in files], own or b"")
    chosen = _choose(files, set(small), hub.settings.files.large_bytes)
    instead = _enlarge(hub, chosen, into.parent.parent / "objects", say)
    lines = [attributes_line(path) for path in small if path in instead]
    if lines:  # without them git-lfs would fetch only pointers
        gap = b"" if not own or own.endswith(b"\n") else b"\n"
        instead[ATTRIBUTES] = (own or b"") + gap + "".join(lines).encode()
    commit_folder(
        into,
        files,
        instead,
        parent=base.commit,
        message=f"Mirror the folder {folder.name}",
        author=author,
    )
    left_out = [f"{path}/: a git repository of its own; mirror it apart" for path in nested]
    return read_clone(into), left_out


def _refuse_links_out(files: Iterable[FolderFile]) -> None:
    """Nothing outside the folder is read, so a link out of it would lead nowhere here.

    Raises:
        InvalidError: There is such a link.
    """
    for file in files:
        if not file.is_link:
            continue
        target = file.read().decode(errors="replace")
        depth = len(PurePosixPath(file.path).parts) - 1
        for part in PurePosixPath(target).parts:
            depth += -1 if part == ".." else 1
            if depth < 0 or part == "/":
                raise InvalidError(
                    f"{file.path}: a symbolic link to {target[:200]}, out of the folder, expected "
                    "a file",
                    hint="mirror a copy with the files in their places: cp --recursive "
                    "--dereference",
                )


def _attributes(files: Iterable[FolderFile]) -> bytes | None:
    """The folder's own `.gitattributes`, if it has one."""
    own = next((file for file in files if file.path == ATTRIBUTES and not file.is_link), None)
    return own.read() if own is not None else None


def _choose(files: Iterable[FolderFile], small: Collection[str], limit: int) -> list[FolderFile]:
    """The files that become large ones: over the limit, or given to git-lfs by the folder."""
    return [
        file
        for file in files
        if not (file.is_link or stays_in_git(file.path))
        and (file.size_bytes > limit or (file.path not in small and not _is_pointer(file)))
    ]


def _is_pointer(file: FolderFile) -> bool:
    """Whether a file stands for a large one already, or is empty: git-lfs leaves both alone."""
    if file.size_bytes > lfs_pointer.MAX_BYTES:
        return False
    return not file.size_bytes or lfs_pointer.find_pointer(file.read()) is not None


def _enlarge(
    hub: Hub, chosen: Sequence[FolderFile], objects: Path, say: OnProgress
) -> dict[str, bytes]:
    """Pointers for some files, whose bytes are copied to the folder `objects`."""
    objects.mkdir(exist_ok=True)
    count = _Counter("copying large files, MiB", sum(file.size_bytes for file in chosen), say)
    pointers = {}
    for file in chosen:
        with NewBlob(hub.blobs, objects) as blob, file.open() as source:
            while data := source.read(READ_BYTES):
                blob.write(data)
                count(len(data))
            pointer = Pointer(blob.sha256, blob.size_bytes)
            blob.written().replace(objects / pointer.oid)
        pointers[file.path] = pointer.render()
    return pointers


def bring(wanted: Sequence[Pointer], objects: Path, fetch: Fetch, say: OnProgress) -> list[Pointer]:
    """Bring large files into a folder, but for those that are there; returns what is missing."""
    objects.mkdir(exist_ok=True)
    here = {pointer.oid for pointer in wanted if _is_whole(objects / pointer.oid, pointer)}
    left = [pointer for pointer in wanted if pointer.oid not in here]
    if not left:
        return []
    total = sum(pointer.size_bytes for pointer in left)
    return fetch(left, objects, _Counter("fetching large files, MiB", total, say))


def whole(hub: Hub, wanted: Iterable[Pointer], objects: Path) -> Iterator[WholeFile]:
    """The large files of a folder, to be kept."""
    for pointer in wanted:
        yield WholeFile(
            hub.blobs, objects / pointer.oid, sha256=pointer.oid, size_bytes=pointer.size_bytes
        )


def local_objects(folder: Path) -> Fetch:
    """Large files that lie in a git repository of this machine, where git-lfs keeps them."""
    store = lfs_folder(folder)

    def fetch(
        wanted: Sequence[Pointer], target: Path, on_bytes: Callable[[int], None]
    ) -> list[Pointer]:
        missing = []
        for pointer in wanted:
            source = store / pointer.oid[:2] / pointer.oid[2:4] / pointer.oid
            part = target / f"{pointer.oid}.part"
            if not source.is_file():
                missing.append(pointer)
                continue
            with source.open("rb") as reading, part.open("wb") as writing:
                while data := reading.read(READ_BYTES):
                    writing.write(data)
                    on_bytes(len(data))
            if not _is_whole(part, pointer):
                raise InvalidError(
                    f"{source} is not the large file it is named for, of {pointer.size_bytes} "
                    "bytes",
                    hint="`git lfs fsck` in the source says more",
                )
            part.rename(target / pointer.oid)
        return missing

    return fetch


def _is_whole(path: Path, pointer: Pointer) -> bool:
    """Whether a file is the object: what a crash left may be cut short."""
    if not path.is_file() or path.stat().st_size != pointer.size_bytes:
        return False
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(READ_BYTES):
            digest.update(data)
    return digest.hexdigest() == pointer.oid


class _Counter:
    """Adds up bytes that come in several threads, for a progress bar."""

    def __init__(self, stage: str, total: int, say: OnProgress) -> None:
        self._stage, self._total, self._say = stage, total, say
        self._done = 0
        self._lock = Lock()

    def __call__(self, count: int) -> None:
        with self._lock:
            self._done = min(self._done + count, self._total)
            self._say(self._stage, self._done // MIB, max(self._total // MIB, 1))
