"""One file that holds a folder: a plain tar whose last member says what every other one must be.

Written beside its target and renamed when it is complete, so that there is never half of one.
Reading trusts nothing: only plain files at plain places, each held against its size and sha256.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from assay.errors import ConflictError, InvalidError, UnavailableError

MANIFEST = "manifest.json"
FORMAT = 1
MAX_MANIFEST_BYTES = 1024 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_BLOCK_BYTES = 512

Progress = Callable[[int], None]
"""Called with the number of bytes that were just written."""


class ArchiveWriter:
    """Adds files to an archive; see `writing`."""

    def __init__(self, tar: tarfile.TarFile, on_bytes: Progress) -> None:
        self._tar = tar
        self._on_bytes = on_bytes
        self._files: dict[str, dict[str, Any]] = {}

    def add_file(self, name: str, source: Path) -> None:
        """Add the bytes that a file has now; one that grows meanwhile is cut at that size."""
        with source.open("rb") as stream:
            self._add(name, stream, os.fstat(stream.fileno()).st_size)

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a small file made here."""
        self._add(name, io.BytesIO(data), len(data))

    def finish(self, about: dict[str, Any]) -> None:
        """Write the manifest: what the archive is, and every file with its size and digest."""
        manifest = {"format": FORMAT, **about, "files": self._files}
        data = json.dumps(manifest, indent=1, sort_keys=True).encode()
        self._add(MANIFEST, io.BytesIO(data), len(data))

    def _add(self, name: str, stream: IO[bytes], size: int) -> None:
        hashing = _Hashing(stream, self._on_bytes)
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, hashing)
        self._files[name] = {"bytes": size, "sha256": hashing.digest.hexdigest()}


class _Hashing:
    """A stream that takes a digest of what passes."""

    def __init__(self, stream: IO[bytes], on_bytes: Progress) -> None:
        self._stream = stream
        self._on_bytes = on_bytes
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.digest.update(data)
        self._on_bytes(len(data))
        return data


@contextmanager
def writing(target: Path, *, on_bytes: Progress) -> Iterator[ArchiveWriter]:
    """Write an archive; it is at its target when the block ends, and nowhere when it raises.

    Raises:
        ConflictError: The target is there already.
        UnavailableError: It cannot be written.
    """
    if target.exists():
        raise ConflictError(f"{target} is there already", hint="give another file, or remove it")
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("xb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield ArchiveWriter(tar, on_bytes)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    except FileExistsError as error:
        raise ConflictError(
            f"{part} is there already: another backup is under way, or one was cut off",
            hint="wait for it, or remove that file",
        ) from error
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UnavailableError(f"{target} cannot be written: {error.strerror or error}") from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def extract(source: Path, folder: Path, *, on_bytes: Progress) -> dict[str, Any]:
    """Write every file of an archive below a folder, and return the manifest.

    Args:
        source: The archive.
        folder: An empty folder.
        on_bytes: Called with the bytes of the archive that were just read.

    Raises:
        InvalidError: It is no archive of ours, or a file in it is missing, changed or one too many.
    """
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(source, "r:") as tar:
            for member in tar:
                if manifest is not None:
                    raise InvalidError(f"{source}: '{member.name}' stands after the manifest")
                if member.name == MANIFEST:
                    manifest = _read_manifest(source, tar, member)
                else:
                    place = _place(source, folder, member)
                    found[member.name] = _write(tar, member, place)
                on_bytes(_BLOCK_BYTES + member.size)
    except (tarfile.TarError, OSError) as error:
        raise InvalidError(f"{source} cannot be read: {error}", hint="is it complete?") from error
    if manifest is None:
        raise InvalidError(
            f"{source} has no {MANIFEST} at its end", hint="it was cut off; take another backup"
        )
    _compare(source, found, manifest)
    return manifest


def _read_manifest(source: Path, tar: tarfile.TarFile, member: tarfile.TarInfo) -> dict[str, Any]:
    stream = tar.extractfile(member) if member.size <= MAX_MANIFEST_BYTES else None
    try:
        manifest = json.loads(stream.read()) if stream is not None else None
    except ValueError as error:
        raise InvalidError(f"{source}: {MANIFEST} is not JSON: {error}") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise InvalidError(f"{source}: {MANIFEST} does not list files")
    if manifest.get("format") != FORMAT:
        raise InvalidError(
            f"{source} has format {manifest.get('format')}, expected {FORMAT}",
            hint="read it with the version of Assay that wrote it, or a newer one",
        )
    return manifest


def _place(source: Path, folder: Path, member: tarfile.TarInfo) -> Path:
    """Where a member goes, if it is a plain file at a plain place."""
    path = PurePosixPath(member.name)
    is_plain = member.isreg() and not path.is_absolute() and path.as_posix() == member.name
    if not is_plain or ".." in path.parts or "\0" in member.name:
        raise InvalidError(f"{source}: '{member.name}' is not a plain file at a plain place")
    return folder.joinpath(*path.parts)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> dict[str, Any]:
    stream = tar.extractfile(member)
    assert stream is not None  # noqa: S101 - a regular file has one
    place.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with place.open("xb") as file:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return {"bytes": size, "sha256": digest.hexdigest()}


def _compare(source: Path, found: dict[str, dict[str, Any]], manifest: dict[str, Any]) -> None:
    listed = manifest["files"]
    names = found.keys() | listed.keys()
    wrong = sorted(name for name in names if found.get(name) != listed.get(name))
    if wrong:
        name = wrong[0]
        raise InvalidError(
            f"{source}: {len(wrong)} files are not what the manifest says; the first is '{name}': "
            f"got {found.get(name, 'nothing')}, expected {listed.get(name, 'nothing')}",
            hint="the archive was damaged; take another",
        )
