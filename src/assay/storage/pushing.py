"""Which git processes are at work on pushes, and which of them have lost their server.

Every push has a file that its git process inherits, open and locked: the kernel lets go of the lock
when the last of them has ended. It is named after its server, which keeps a lock of its own as long
as it lives. So an orphan is a push whose file is locked and whose server's is not.
"""

from __future__ import annotations

import contextlib
import fcntl
import secrets
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import BinaryIO


class Pushing:
    """The folder of these files, as one process sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = secrets.token_hex(8)
        self._held: BinaryIO | None = None
        self._turn = Lock()
        folder.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def alive(self) -> Iterator[int]:
        """Say that a push is under way; yields what its git process is to inherit."""
        self._say_who_serves()
        path = self._folder / f"{self._server}.{secrets.token_hex(8)}.alive"
        with path.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield file.fileno()
            finally:
                path.unlink(missing_ok=True)

    def _say_who_serves(self) -> None:
        with self._turn:
            if self._held is None:
                self._held = self._place(self._server).open("wb")
                fcntl.flock(self._held, fcntl.LOCK_EX)

    def _place(self, server: str) -> Path:
        return self._folder / f"{server}.server"

    def wait_for_orphans(self) -> None:
        """Wait until every git process that a dead server left has ended; then forget it."""
        for path in sorted(self._folder.glob("*.alive")):
            server = path.name.partition(".")[0]
            if server == self._server or self._lives(server):
                continue
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                path.unlink(missing_ok=True)

    def _lives(self, server: str) -> bool:
        try:
            with self._place(server).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def forget_dead(self) -> None:
        """Remove what servers left that are no more; call it when nobody serves."""
        self.wait_for_orphans()
        for path in self._folder.glob("*.server"):
            if not self._lives(path.name.partition(".")[0]):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Say that this process serves no longer."""
        with self._turn:
            if self._held is not None:
                self._place(self._server).unlink(missing_ok=True)
                self._held.close()
                self._held = None
