"""Who serves a data folder: any number of processes, and one that clears up before the first.

What a crash left can only be removed while nobody is at work: git's lock files, quarantines, files
half written. So whoever comes when nobody serves takes `serve.lock` for himself, clears up, makes
the file `serve.cleared`, and from then on shares the lock with all who come later. The kernel lets
go of a lock when its process dies.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from assay.errors import ConflictError
from assay.hub import indexing
from assay.hub.open import Hub

LOOK_AGAIN_S = 0.05


@contextmanager
def serving(hub: Hub) -> Iterator[None]:
    """Be one of those who serve this hub: it is in order, and stays so.

    Raises:
        ConflictError: Those who serve it are of another version of Assay.
    """
    with (hub.settings.data / "serve.lock").open("ab") as lock:
        has_cleared = _clears(hub, lock)
        while not _joins(hub, lock):
            time.sleep(LOOK_AGAIN_S)
            has_cleared = _clears(hub, lock) or has_cleared
        if not hub.index.is_current():
            raise ConflictError(
                f"another version of Assay serves {hub.settings.data}", hint="stop it first"
            )
        if not has_cleared:
            indexing.heal(hub)
        yield


def _clears(hub: Hub, lock: BinaryIO) -> bool:
    """Clear up, if nobody serves, and let go of the lock again."""
    if not _took(lock, fcntl.LOCK_EX):
        return False
    _mark(hub).unlink(missing_ok=True)
    hub.blobs.remove_unfinished()
    indexing.sweep(hub)
    _mark(hub).touch()
    fcntl.flock(lock, fcntl.LOCK_UN)
    return True


def _joins(hub: Hub, lock: BinaryIO) -> bool:
    """Share the lock with those who serve, unless who clears up is at it, or has died of it."""
    if not _took(lock, fcntl.LOCK_SH):
        return False
    if _mark(hub).exists():
        return True
    fcntl.flock(lock, fcntl.LOCK_UN)
    return False


def _mark(hub: Hub) -> Path:
    return hub.settings.data / "serve.cleared"


def _took(lock: BinaryIO, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
