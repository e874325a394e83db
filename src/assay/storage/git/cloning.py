"""Taking a history from elsewhere: any folder or address that git can fetch from."""

from __future__ import annotations

import os
import re
import subprocess
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.errors import UnavailableError
from assay.storage.git.process import OPTIONS, run
from assay.storage.git.repository import Repository

# None of them runs a command that the address names, as `ext` would.
PROTOCOLS = "file:git:http:https:ssh"
# What old and honest histories get wrong; it harms nobody.
_HARMLESS = ("badTimezone", "missingSpaceBeforeDate", "zeroPaddedFilemode")
_STRICT = ("hasDot", "hasDotdot", "hasDotgit", "emptyName", "fullPathname")
LINES_KEPT = 20
CHUNK_BYTES = 4096
_PERCENT = re.compile(rb"(Receiving objects|Resolving deltas): +(\d+)%")
_MAIN_NAMES = ("refs/heads/main", "refs/heads/master")
_TOKEN = "ASSAY_SOURCE_TOKEN"  # noqa: S105 - the name of a variable
# Asked by git once the server wants to know who is there: the token stands in no argument.
_HELPER = f'!f() {{ test "$1" = get && printf "username=hub\\npassword=%s\\n" "${_TOKEN}"; }}; f'

OnPercent = Callable[[str, int], None]
"""Called with what git is doing and the percentage done."""


@dataclass(frozen=True, slots=True)
class Clone:
    """A bare copy of a history: its branches and tags, and which branch it calls its main one."""

    path: Path
    refs: Mapping[str, str]
    main: str | None

    def open(self, known: Path | None) -> Repository:
        """The history, with only the objects that the known repository lacks as its quarantine."""
        (self.path / "objects" / "info" / "alternates").unlink(missing_ok=True)
        return Repository(known or self.path, quarantine=self.path / "objects")


@dataclass(frozen=True, slots=True)
class Credential:
    """A token, and the one `scheme://host` it may be given to."""

    origin: str
    token: str


def clone(
    source: str,
    into: Path,
    *,
    known: Path | None,
    credential: Credential | None = None,
    on_percent: OnPercent = lambda _stage, _percent: None,
) -> Clone:
    """Copy the branches and tags of a git repository, and no other refs; submodules stay named.

    An address is reached as the person at the terminal would reach it, with her proxies and her own
    credentials. The token is tried when that is refused.

    Args:
        source: A folder or an address, as `core.mirror_source` lets it through.
        into: Where the copy goes; not there yet.
        known: A repository whose objects need not be copied again.
        credential: What to say when the server asks who is there.
        on_percent: Told how far it is.

    Raises:
        UnavailableError: git cannot fetch from there, or what comes is damaged; in git's words.
    """
    borrowed = ("--reference", str(known)) if known is not None else ()
    # Not the short cut that copies a local folder's object files as they are: all is looked at.
    arguments = (
        "clone",
        "--bare",
        "--progress",
        "--no-local",
        "--reject-shallow",
        "--template=",
        *borrowed,
    )
    try:
        _fetch([*arguments, "--", source, str(into)], None, on_percent)
    except UnavailableError:
        if credential is None:
            raise
        _fetch([*arguments, "--", source, str(into)], credential, on_percent)
    return read_clone(into)


def read_clone(path: Path) -> Clone:
    """What a bare repository has, once its objects are there."""
    listed = run(
        path, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags"
    )
    pairs = [line.split(" ", 1) for line in listed.decode().splitlines()]
    refs = {ref: oid for oid, ref in pairs}
    head = (path / "HEAD").read_text().strip().removeprefix("ref: ")
    branches = [ref for ref in refs if ref.startswith("refs/heads/")]
    main = next((ref for ref in (head, *_MAIN_NAMES) if ref in refs), None)
    if main is None and len(branches) == 1:
        main = branches[0]
    return Clone(path, refs, main)


def lfs_folder(source: Path) -> Path:
    """Where git-lfs keeps the large files of a repository of this machine."""
    said = run(source, "rev-parse", "--git-common-dir").decode().rstrip("\n")
    return source / said / "lfs" / "objects"


def _fetch(arguments: list[str], credential: Credential | None, on_percent: OnPercent) -> None:
    """Run git in the caller's own surroundings; it never asks, and runs no stranger's command."""
    ours = [
        *OPTIONS,
        "fetch.fsckObjects=true",
        *(f"fetch.fsck.{name}=ignore" for name in _HARMLESS),
        *(f"fetch.fsck.{name}=error" for name in _STRICT),
    ]
    if credential is not None:
        place = f"credential.{credential.origin}"
        ours += [f"{place}.helper=", f"{place}.helper={_HELPER}"]
    options = [word for option in ours for word in ("-c", option)]
    with subprocess.Popen(
        ["git", *options, *arguments],
        env=_surroundings(credential),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        said = _follow(process, on_percent)
    if process.returncode:
        raise UnavailableError(f"git cannot fetch it: {' '.join(said)}")


def _follow(process: subprocess.Popen[bytes], on_percent: OnPercent) -> list[str]:
    """The last lines that git says; percentages are told on instead."""
    assert process.stderr is not None  # noqa: S101 - it was asked for
    said: deque[str] = deque(maxlen=LINES_KEPT)
    left = b""
    while chunk := process.stderr.read(CHUNK_BYTES):
        *lines, left = re.split(rb"[\r\n]", left + chunk)
        for line in filter(None, lines):
            percent = _PERCENT.search(line)
            if percent:
                on_percent(percent[1].decode().lower(), int(percent[2]))
            elif b"%" not in line and not line.startswith(b"Cloning into"):
                said.append(line.decode(errors="replace").strip())
    return list(said)


def _surroundings(credential: Credential | None) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    inherited |= {
        "GIT_ALLOW_PROTOCOL": PROTOCOLS,
        "GIT_ASKPASS": "",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    return inherited | ({_TOKEN: credential.token} if credential is not None else {})
