"""One git process that is asked very much about a repository, for whoever reads it in bulk.

A process costs some milliseconds, and then answers several times as fast as libgit2 does from a
large pack. So few questions are pygit2's, and many are git's; the numbers stand beside each reader.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from assay.storage.git.process import command, environment
from assay.storage.git.repository import Repository

# git goes on while we look at what it said: into a pipe as large as Linux lets anybody have.
PIPE_BYTES = 1024 * 1024
# Where in the index of a pack (version 2) the number of its objects stands.
_COUNT_AT, _COUNT_BYTES = 8 + 255 * 4, 4


@contextmanager
def asked(git: Repository, *arguments: str, lines: Iterable[str]) -> Iterator[BinaryIO]:
    """What a git command answers to lines on its standard input; it is killed when the block ends.

    The lines stand in a file, so that git never waits for us to write while we wait for it.

    Args:
        git: The repository, with its quarantine.
        arguments: The command.
        lines: What is asked.

    Raises:
        OSError: git could not be started, or the lines not be written.
    """
    with tempfile.TemporaryFile() as questions:
        questions.writelines(f"{line}\n".encode() for line in lines)
        questions.seek(0)
        process = subprocess.Popen(
            command(*arguments),
            cwd=git.path,
            env=_environment(git),
            stdin=questions,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=PIPE_BYTES // 4,
            pipesize=PIPE_BYTES,
        )
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            with process.stdout as answers:
                yield answers  # type: ignore[misc]  # typed as IO, of bytes
        finally:
            process.kill()
            process.wait()


def _environment(git: Repository) -> dict[str, str]:
    if git.quarantine is None:
        return environment()
    # git takes a name in quotes as it stands, colons and all, but for these.
    name = str(git.quarantine).replace("\\", "\\\\").replace('"', '\\"')
    return {**environment(), "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{name}"'}


def count_packed(repository: Path) -> int:
    """How many objects a repository has in packs."""
    return sum(_count(file) for file in (repository / "objects" / "pack").glob("*.idx"))


def _count(index: Path) -> int:
    try:
        descriptor = os.open(index, os.O_RDONLY)
    except FileNotFoundError:  # packed anew meanwhile
        return 0
    try:
        return int.from_bytes(os.pread(descriptor, _COUNT_BYTES, _COUNT_AT))
    finally:
        os.close(descriptor)
