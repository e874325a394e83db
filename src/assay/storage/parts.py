"""Parts of large files that arrive one by one, until all are there.

A part is whole or not there, and may be sent again. Uploads that nobody finishes are removed after
a while.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from assay.storage.blobs import READ_BYTES, NewBlob

KEPT_S = 2 * 24 * 3600


class Parts:
    """The folder of unfinished uploads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(exist_ok=True)

    def folder(self, *key: str) -> Path:
        """Where the parts of one upload lie; who uploads what to where is the key."""
        folder = self._root / hashlib.sha256("\0".join(key).encode()).hexdigest()
        folder.mkdir(exist_ok=True)
        return folder

    def keep(self, folder: Path, number: int, part: NewBlob) -> None:
        """Keep a part that has been written."""
        part.written().replace(folder / str(number))

    def read(self, folder: Path, count: int) -> Iterator[bytes] | None:
        """The bytes of parts 1 to `count` in order, or None when one is missing."""
        paths = [folder / str(number) for number in range(1, count + 1)]
        return _read(paths) if all(path.is_file() for path in paths) else None

    def remove(self, folder: Path) -> None:
        """Forget an upload."""
        shutil.rmtree(folder, ignore_errors=True)

    def remove_old(self) -> None:
        """Forget the uploads that nobody has touched for two days."""
        for folder in self._root.iterdir():
            if time.time() - folder.stat().st_mtime > KEPT_S:
                self.remove(folder)


def _read(paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        with path.open("rb") as file:
            while data := file.read(READ_BYTES):
                yield data
