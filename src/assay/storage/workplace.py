"""Folders for work that takes long: a process that dies leaves hers, and the next one goes on.

A folder has a key. Whoever works in it holds a lock, which the kernel takes back from the dead.
Folders that nobody has come back to are removed after a while.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assay.errors import ConflictError

KEPT_S = 2 * 24 * 3600


@contextmanager
def workplace(root: Path, *key: str) -> Iterator[Path]:
    """The folder of a key; gone when the work is done, kept when it is broken off.

    Raises:
        ConflictError: Another process works there.
    """
    root.mkdir(exist_ok=True)
    remove_abandoned(root)
    name = hashlib.sha256("\0".join(key).encode()).hexdigest()[:32]
    with (root / f"{name}.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(
                "another command is at this very work", hint="wait until it has ended"
            ) from error
        folder = root / name
        folder.mkdir(exist_ok=True)
        try:
            yield folder
        except BaseException:
            with suppress(OSError):
                folder.rmdir()  # only if there is nothing to go on with
            raise
        shutil.rmtree(folder)


def remove_abandoned(root: Path) -> None:
    """Remove the folders that nobody works in and that were last worked in long ago."""
    for folder in root.iterdir() if root.is_dir() else ():
        if not folder.is_dir() or time.time() - folder.stat().st_mtime < KEPT_S:
            continue
        with folder.with_suffix(".lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(folder, ignore_errors=True)
