"""Memory of the serving process while a very large file goes up and comes down.

The kernel keeps the most that a process had in memory since it was last told to forget it. It is
told so before each transfer; what is reported is that peak less what the process had before. The
client runs in a process of its own, for it may hold as much as it likes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from huggingface_hub import HfApi

from _served import ACCOUNT, TOKEN, Served

REPO = f"{ACCOUNT}/huge"
GOAL_MB = 50.0
PIECE_BYTES = 1024 * 1024
FORGET_PEAK = "5"
TIMEOUT_S = 600.0
_BY_CLIENT = """\
import sys
from huggingface_hub import HfApi
url, token, file, repo = sys.argv[1:]
HfApi(endpoint=url, token=token).upload_file(
    path_or_fileobj=file, path_in_repo="by-client.bin", repo_id=repo
)
"""


@dataclass(frozen=True, slots=True)
class Peak:
    """What one transfer did to the serving process, in MB.

    Attributes:
        what: The transfer.
        before_mb: What it had in memory before.
        peak_mb: The most it had meanwhile.
    """

    what: str
    before_mb: float
    peak_mb: float

    @property
    def grew_mb(self) -> float:
        """How much more than before."""
        return round(self.peak_mb - self.before_mb, 1)

    @property
    def met(self) -> bool:
        """Whether that is as little as it should be."""
        return self.grew_mb <= GOAL_MB


def can_measure() -> bool:
    """Whether this system tells what is needed (Linux does)."""
    return Path("/proc/self/clear_refs").exists()


def measure(hub: Served, root: Path, size_bytes: int) -> Iterator[Peak]:
    """A file goes up by the client and by LFS, and comes down by its path and by LFS."""
    HfApi(endpoint=hub.url, token=TOKEN).create_repo(REPO)
    by_client, by_lfs = root / "by-client.bin", root / "by-lfs.bin"
    client_sha, lfs_sha = _write(by_client, size_bytes), _write(by_lfs, size_bytes)
    small = root / "small.bin"
    small.write_bytes(os.urandom(8 * PIECE_BYTES))
    _upload(hub, small)  # what is loaded once is not what a transfer holds
    size = f"{size_bytes // 10**6} MB"
    yield _peak(hub, f"{size} up by upload_file", lambda: _upload(hub, by_client))
    yield _peak(hub, f"{size} up by LFS", lambda: _put(hub, by_lfs, lfs_sha, size_bytes))
    path = f"{hub.url}/{REPO}/resolve/main/by-client.bin"
    yield _peak(hub, f"{size} down by its path", lambda: _get(path, client_sha))
    link = _batch(hub, "download", lfs_sha, size_bytes)["download"]["href"]
    yield _peak(hub, f"{size} down by LFS", lambda: _get(link, lfs_sha))


def _peak(hub: Served, what: str, transfer: Callable[[], None]) -> Peak:
    process = Path("/proc") / str(hub.pid)
    (process / "clear_refs").write_text(FORGET_PEAK, encoding="ascii")
    before = _status_mb(process, "VmRSS")
    transfer()
    return Peak(what, before, _status_mb(process, "VmHWM"))


def _status_mb(process: Path, name: str) -> float:
    lines = (process / "status").read_text(encoding="ascii").splitlines()
    [kib] = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return round(int(kib) * 1024 / 10**6, 1)


def _write(file: Path, size_bytes: int) -> str:
    """Random bytes, and their sha256."""
    digest = hashlib.sha256()
    with file.open("wb") as out:
        for begin in range(0, size_bytes, PIECE_BYTES):
            piece = os.urandom(min(PIECE_BYTES, size_bytes - begin))
            digest.update(piece)
            out.write(piece)
    return digest.hexdigest()


def _upload(hub: Served, file: Path) -> None:
    argv = [sys.executable, "-c", _BY_CLIENT, hub.url, TOKEN, str(file), REPO]
    subprocess.run(argv, check=True, capture_output=True)


def _batch(hub: Served, operation: str, oid: str, size_bytes: int) -> dict[str, dict[str, str]]:
    """What LFS says is to be done about one object."""
    body = {
        "operation": operation,
        "transfers": ["basic"],
        "objects": [{"oid": oid, "size": size_bytes}],
    }
    with hub.client() as client:
        answer = client.post(f"/{REPO}.git/info/lfs/objects/batch", json=body)
    answer.raise_for_status()
    actions: dict[str, dict[str, str]] = answer.json()["objects"][0]["actions"]
    return actions


def _put(hub: Served, file: Path, oid: str, size_bytes: int) -> None:
    actions = _batch(hub, "upload", oid, size_bytes)

    def pieces() -> Iterator[bytes]:
        with file.open("rb") as opened:
            while piece := opened.read(PIECE_BYTES):
                yield piece

    headers = {"Content-Length": str(size_bytes)}
    with httpx.Client(timeout=TIMEOUT_S) as client:
        href = actions["upload"]["href"]
        client.put(href, content=pieces(), headers=headers).raise_for_status()
        verified = {"oid": oid, "size": size_bytes}
        client.post(actions["verify"]["href"], json=verified).raise_for_status()


def _get(url: str, sha256: str) -> None:
    digest = hashlib.sha256()
    with httpx.stream("GET", url, timeout=TIMEOUT_S) as answer:
        answer.raise_for_status()
        for piece in answer.iter_raw():
            digest.update(piece)
    if digest.hexdigest() != sha256:
        raise RuntimeError(f"{url} gave other bytes than were sent")
