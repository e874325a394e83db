from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from assay.errors import UnavailableError
from assay.storage.git.child import Child, start

Answer = TypeVar("Answer")


def run(speaking: Coroutine[None, None, Answer]) -> Answer:
    """In a thread, for this one may have a loop: that of a browser whose tests ran before."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_run, speaking).result()


def _run(speaking: Coroutine[None, None, Answer]) -> Answer:
    with asyncio.Runner() as runner:  # Inspect, where it was imported, puts its own asyncio.run
        return runner.run(speaking)


async def read_all(child: Child) -> bytes:
    said = b""
    while chunk := await child.read():
        said += chunk
    return said


async def python(program: str, folder: Path) -> Child:
    argv = (sys.executable, "-I", "-S", "-c", program)
    return await start(argv, folder=folder, environment=dict(os.environ))


def test_what_goes_in_comes_out_and_the_status_is_told(tmp_path: Path) -> None:
    program = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1]); sys.exit(3)"

    async def speak() -> tuple[bytes, int]:
        child = await python(program, tmp_path)
        await child.write(b"abc")
        child.end_input()
        return await read_all(child), await child.wait()

    assert run(speak()) == (b"cba", 3)


def test_an_answer_given_before_the_input_was_read_is_not_lost(tmp_path: Path) -> None:
    async def speak() -> tuple[bytes, bool]:
        child = await python("import os; os.write(1, b'enough'); os.close(1)", tmp_path)
        cut = False
        try:
            for _ in range(1000):
                await child.write(b"x" * 65536)
        except (BrokenPipeError, ConnectionResetError):
            cut = True
        said = await read_all(child)
        await child.wait()
        return said, cut

    assert run(speak()) == (b"enough", True)


def test_one_that_is_killed_leaves_nothing_open(tmp_path: Path) -> None:
    def open_files() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    async def speak() -> tuple[int, int, int]:
        await asyncio.sleep(0)
        before = open_files()
        child = await python("import time; time.sleep(60)", tmp_path)
        child.kill()
        status = await child.wait()
        await asyncio.sleep(0.05)
        return before, open_files(), status

    before, after, status = run(speak())
    assert (after, status) == (before, -9)


def test_a_folder_that_is_not_there_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="gone"):
        run(python("pass", tmp_path / "gone"))
