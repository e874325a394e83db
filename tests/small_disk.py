"""A disk of a few megabytes that can be filled, in a mount namespace of its own.

Whoever may neither mount nor make a namespace has none; a limit on the size of files
(`RLIMIT_FSIZE`) then has to do.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MOUNT = 'mount -t tmpfs -o size="$2" none "$1" && echo ready && exec sleep infinity'


@dataclass(frozen=True)
class SmallDisk:
    """A mounted file system.

    Attributes:
        mount_point: Where it is, for whoever runs `within` the namespace.
        within: The command that runs others there.
        folder: How it is seen from outside.
    """

    mount_point: Path
    within: tuple[str, ...]
    folder: Path

    @property
    def free_kib(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize // 1024

    def fill(self, *, leave_kib: int) -> None:
        """Leave so much room and no more."""
        self.make_room()
        size_bytes = (self.free_kib - leave_kib) * 1024
        with self._ballast.open("wb") as file:
            if size_bytes > 0:
                os.posix_fallocate(file.fileno(), 0, size_bytes)

    def make_room(self) -> None:
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@contextmanager
def small_disk(mount_point: Path, *, size: str) -> Iterator[SmallDisk | None]:
    """A disk of a size (`32m`), or None where this is not permitted."""
    mount_point.mkdir(parents=True, exist_ok=True)
    mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
    argv = ["unshare", "--mount", *mapped, "sh", "-c", MOUNT, "sh", str(mount_point), size]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        try:
            mounted = holder.stdout.readline() == "ready\n"
            enter = ["nsenter", "--target", str(holder.pid), "--mount"]
            enter += ["--user", "--preserve-credentials"] if mapped else []
            seen = Path(f"/proc/{holder.pid}/root{mount_point}")
            yield SmallDisk(mount_point, tuple(enter), seen) if mounted else None
        finally:
            holder.kill()
