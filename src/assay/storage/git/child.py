"""A git process that the event loop feeds and reads.

It is started by `subprocess`, not by the loop: uvloop forks, which copies the page tables of a
server that may hold much, while `subprocess` shares them until git begins (vfork). That is a few
milliseconds of every request of a clone, and more the larger the server has grown.

git speaks through two sockets, one a direction: when it ends with input unread, the kernel resets
the one it came by, and its answer must not be lost with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import UnavailableError

CHUNK_BYTES = 64 * 1024
# A process that has closed its output is about to end: it is looked at again after these pauses.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.0005, 0.05


@dataclass(frozen=True, slots=True)
class Child:
    """A running process. Whoever started it waits for its end, having killed it or not."""

    _process: subprocess.Popen[bytes]
    _output: asyncio.StreamReader
    _writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]

    async def read(self) -> bytes:
        """The next bytes of its output; none at its end."""
        return await self._output.read(CHUNK_BYTES)

    async def write(self, data: bytes) -> None:
        """Pass bytes on, waiting while it does not read them.

        Raises:
            BrokenPipeError: It reads no more.
            ConnectionResetError: It reads no more.
        """
        writer, _ = self._writers
        writer.write(data)
        await writer.drain()

    def end_input(self) -> None:
        """Say that there is no more; what was written is still passed on."""
        writer, _ = self._writers
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()

    async def wait(self) -> int:
        """Its exit status, once it has one. What it said and nobody read is gone then."""
        pause = FIRST_PAUSE_S
        while (status := self._process.poll()) is None:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        for writer in self._writers:
            writer.close()
        return status

    def kill(self) -> None:
        """End it now."""
        self._process.kill()


async def start(
    argv: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    pass_fds: Sequence[int] = (),
) -> Child:
    """Start a process.

    Args:
        argv: The program and its arguments.
        folder: Where it runs.
        environment: All of its environment.
        pass_fds: Descriptors that it inherits.

    Raises:
        UnavailableError: It could not be started.
    """
    (to_git, git_in), (from_git, git_out) = socket.socketpair(), socket.socketpair()
    try:
        process = subprocess.Popen(  # noqa: ASYNC220 - as quick as the loop's own, or quicker
            argv,
            cwd=folder,
            env=environment,
            stdin=git_in.fileno(),
            stdout=git_out.fileno(),
            stderr=subprocess.DEVNULL,
            pass_fds=pass_fds,
        )
    except OSError as error:
        to_git.close()
        from_git.close()
        raise UnavailableError(f"git could not be started in {folder}: {error}") from error
    finally:
        git_in.close()
        git_out.close()
    try:
        _, writer = await asyncio.open_connection(sock=to_git)
        output, other = await asyncio.open_connection(sock=from_git, limit=CHUNK_BYTES)
    except BaseException:  # nobody will wait for it
        process.kill()
        raise
    return Child(process, output, (writer, other))
