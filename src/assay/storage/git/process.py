"""The git program: one environment and one set of options for every process we start."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from assay.errors import UnavailableError

# What one push may not contain, beyond git's own defaults: names that leave the tree.
_FSCK_ERRORS = ("hasDot", "hasDotdot", "hasDotgit", "emptyName", "fullPathname")

OPTIONS: tuple[str, ...] = (
    "core.fsync=committed",
    "core.fsyncMethod=fsync",
    "gc.auto=0",
    "receive.advertisePushOptions=true",
    "receive.autogc=false",
    "receive.denyDeleteCurrent=refuse",
    "receive.fsckObjects=true",
    *(f"receive.fsck.{name}=error" for name in _FSCK_ERRORS),
    "receive.keepAlive=0",
    "transfer.hideRefs=refs/assay",
    "uploadpack.allowFilter=true",
    "uploadpack.allowReachableSHA1InWant=true",
    "safe.directory=*",
)


def environment() -> dict[str, str]:
    """What a git process inherits: no configuration but ours, nothing that could make it ask."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_NO_REPLACE_OBJECTS": "1",  # who asks for an object gets that one, as by pygit2
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",  # what git says is read
        "HOME": os.devnull,
    }


def command(*arguments: str, options: Sequence[str] = ()) -> list[str]:
    """The argv of a git process with our options before its own arguments."""
    argv = ["git"]
    for option in (*OPTIONS, *options):
        argv += ["-c", option]
    return [*argv, *arguments]


def run(repository: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Run one short git process in a repository and return what it printed.

    Raises:
        UnavailableError: git could not be started, or ended with a failure.
    """
    try:
        done = subprocess.run(
            command(*arguments),
            cwd=repository,
            env=environment(),
            input=stdin,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise UnavailableError(f"git could not be started in {repository}: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise UnavailableError(f"git {arguments[0]} failed in {repository}: {said}")
    return done.stdout
