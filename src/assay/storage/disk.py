"""What the operating system must be told so that a file survives a power cut, and a full disk."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from assay.errors import NoRoomError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# SQLite's own words are "database or disk is full", and "disk I/O error" at a quota.
_SQLITE = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
_POSTGRESQL = "53100"
# git and libgit2 pass the system's words on, or say that a ref's lock file was not written.
_WORDS = (*sorted(os.strerror(number) for number in _NO_ROOM), "couldn't write '")
HINT = "whoever runs this hub has to make room on its disk; then send it again"


def sync(path: Path) -> None:
    """Make a file durable, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def find_no_room(error: BaseException) -> NoRoomError | None:
    """What to say of an error that a full disk is behind; None if none is."""
    for cause in _causes(error):
        if isinstance(cause, NoRoomError):
            return cause
        if _is_no_room(cause):
            return NoRoomError(
                f"this hub has no room left to write to: nothing was changed ({_said(cause)})",
                hint=HINT,
            )
    return None


def says_no_room(answer: bytes) -> bool:
    """Whether git says to whoever pushes that it could not write."""
    return any(words.encode() in answer for words in _WORDS)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what it was raised from, and so on."""
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen:  # somebody may have made a circle
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _is_no_room(error: BaseException) -> bool:
    if getattr(error, "errno", None) in _NO_ROOM:
        return True
    if getattr(error, "sqlite_errorcode", None) in _SQLITE:
        return True
    if getattr(error, "sqlstate", None) == _POSTGRESQL:
        return True
    return any(words in str(error) for words in _WORDS)


def _said(error: BaseException) -> str:
    return str(error).partition("\n")[0]
