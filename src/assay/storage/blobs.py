"""Large files, kept by what they contain: `blobs/<2 hex>/<2 hex>/<sha256>` in the data folder.

A file is hashed while it is written to a temporary place, and gets its name only when it is whole
and on disk. Who may read which object is not decided here: the durable rows of `lfs_object` say
which repository has it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from assay.errors import EntryNotFoundError, UnavailableError
from assay.storage.disk import sync

READ_BYTES = 1024 * 1024


class Blobs(Protocol):
    """Where large files are kept."""

    def begin(self) -> NewBlob:
        """A new file to write to."""

    def take(self, path: Path, oid: str) -> None:
        """Keep a file that is whole and on disk, as the object it is. The file may move."""

    def open(self, oid: str, offset: int = 0) -> BinaryIO:
        """An object to read from, at an offset in bytes.

        Raises:
            EntryNotFoundError: It is not here.
        """

    def remove_unfinished(self) -> None:
        """Remove what broken uploads left; call it when none is under way."""


class NewBlob:
    """A file that is being written. Use as a context manager: what was not kept is removed.

    Attributes:
        size_bytes: How much was written.
    """

    def __init__(self, store: Blobs, folder: Path) -> None:
        try:
            descriptor, name = tempfile.mkstemp(prefix=".", dir=folder)
        except OSError as error:
            raise UnavailableError(f"no file can be written in {folder}: {error}") from error
        self.size_bytes = 0
        self._path = Path(name)
        self._store = store
        self._file = os.fdopen(descriptor, "wb")
        self._sha256 = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Append.

        Raises:
            UnavailableError: The disk is full, or broken.
        """
        try:
            self._file.write(data)
        except OSError as error:
            raise UnavailableError(f"a file could not be written: {error.strerror}") from error
        self._sha256.update(data)
        self.size_bytes += len(data)

    @property
    def sha256(self) -> str:
        """Digest of what was written."""
        return self._sha256.hexdigest()

    def git_oid(self) -> str:
        """The id that git would give to this content as a blob."""
        return git_oid(self.written(), self.size_bytes)

    def written(self) -> Path:
        """The file, with everything in it that was written; nothing can be written any more.

        It is closed, for one commit may bring thousands.
        """
        try:
            self._file.close()
        except OSError as error:
            raise UnavailableError(f"a file could not be written: {error.strerror}") from error
        return self._path

    def keep(self) -> None:
        """Put the object where it belongs, durably. May be called once."""
        _keep(self._store, self.written(), self.sha256)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


class WholeFile:
    """A file that was written elsewhere on the disk of a store, and is whole; it may be kept."""

    def __init__(self, store: Blobs, path: Path, *, sha256: str, size_bytes: int) -> None:
        self.sha256, self.size_bytes = sha256, size_bytes
        self._store, self._path = store, path

    def git_oid(self) -> str:
        """As that of a `NewBlob`."""
        return git_oid(self._path, self.size_bytes)

    def keep(self) -> None:
        """Put the object where it belongs, durably. May be called once."""
        _keep(self._store, self._path, self.sha256)


def git_oid(path: Path, size_bytes: int) -> str:
    """The id that git would give to a file's content as a blob: it begins with the size."""
    digest = hashlib.sha1(b"blob %d\0" % size_bytes, usedforsecurity=False)
    with path.open("rb") as file:
        while data := file.read(READ_BYTES):
            digest.update(data)
    return digest.hexdigest()


def _keep(store: Blobs, path: Path, oid: str) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
    store.take(path, oid)


class LocalBlobs:
    """Objects in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._new = root / "new"
        self._new.mkdir(parents=True, exist_ok=True)

    def begin(self) -> NewBlob:
        """A new file to write to."""
        return NewBlob(self, self._new)

    def take(self, path: Path, oid: str) -> None:
        """Give a written file its name; two that bring the same bytes leave one object."""
        target = self._path(oid)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        for folder in (target.parent, target.parent.parent, self._root):
            sync(folder)

    def open(self, oid: str, offset: int = 0) -> BinaryIO:
        """An object to read from.

        Raises:
            EntryNotFoundError: It is not here.
        """
        try:
            file = self._path(oid).open("rb")
        except FileNotFoundError as error:
            raise EntryNotFoundError(
                f"the large file {oid} is missing from this hub's disk",
                hint="whoever runs the hub restores the folder 'blobs' from its backup",
            ) from error
        file.seek(offset)
        return file

    def remove_unfinished(self) -> None:
        """Remove what broken uploads left."""
        shutil.rmtree(self._new, ignore_errors=True)
        self._new.mkdir(parents=True, exist_ok=True)

    def _path(self, oid: str) -> Path:
        return self._root / oid[:2] / oid[2:4] / oid
