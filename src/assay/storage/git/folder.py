"""A folder that is no git repository, as a history of commits of its files.

1. git lists the files, and leaves out what the folder's own `.gitignore` names and what lies in a
   git repository inside it.
2. Nothing outside the folder is ever read: a symbolic link is named as what it is, not followed.
3. The commit holds exactly what was listed. When that is what its parent holds, there is none.
"""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from assay.errors import InvalidError, UnavailableError
from assay.storage.git.process import command, environment, run
from assay.storage.git.writing import Identity

LINK, EXECUTABLE, PLAIN = b"120000", b"100755", b"100644"


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file or symbolic link of a folder; `path` is from the folder, `place` on the disk."""

    path: str
    place: Path
    mode: bytes
    size_bytes: int

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return self.mode == LINK

    def read(self) -> bytes:
        """What git keeps of it: its bytes; of a link where it points.

        Raises:
            UnavailableError: It cannot be read, or is something else by now.
        """
        try:
            if self.is_link:
                return os.fsencode(self.place.readlink())
            with self.open() as file:
                return file.read()
        except OSError as error:
            raise UnavailableError(f"{self.path}: cannot be read: {error.strerror}") from error

    def open(self) -> BinaryIO:
        """Its bytes; not those of a link that it has become since it was listed."""
        return os.fdopen(os.open(self.place, os.O_RDONLY | os.O_NOFOLLOW), "rb")


def list_folder(folder: Path, scratch: Path) -> tuple[list[FolderFile], list[str]]:
    """The files of a folder by path, and the repositories in it that are left out (rule 1).

    Args:
        folder: An absolute path.
        scratch: An empty bare repository, for git to work in.

    Raises:
        InvalidError: The name of a file is no text.
    """
    at = (f"--git-dir={scratch}", f"--work-tree={folder}")
    listed = run(folder, *at, "ls-files", "-z", "--others", "--exclude-standard")
    files, nested = [], []
    for raw in filter(None, listed.split(b"\0")):
        try:
            path = raw.decode()
        except UnicodeDecodeError as error:
            raise InvalidError(f"{raw!r}: the name is no UTF-8", hint="rename the file") from error
        if path.endswith("/"):
            nested.append(path.rstrip("/"))
        else:
            files.append(_file(folder, path))
    return sorted(files, key=lambda file: file.path), nested


def _file(folder: Path, path: str) -> FolderFile:
    place = folder / path
    try:
        found = place.lstat()
    except OSError as error:
        raise UnavailableError(f"{path}: cannot be read: {error.strerror}") from error
    if stat.S_ISLNK(found.st_mode):
        return FolderFile(path, place, LINK, found.st_size)
    mode = EXECUTABLE if found.st_mode & stat.S_IXUSR else PLAIN
    return FolderFile(path, place, mode, found.st_size)


def init_beside(into: Path, known: Path | None) -> None:
    """Make an empty bare repository that sees the objects of another."""
    run(into.parent, "init", "-q", "--bare", "--template=", "--initial-branch=main", str(into))
    if known is not None:
        (into / "objects" / "info").mkdir(exist_ok=True)
        (into / "objects" / "info" / "alternates").write_text(f"{known.resolve() / 'objects'}\n")


def commit_folder(
    into: Path,
    files: Iterable[FolderFile],
    instead: Mapping[str, bytes],
    *,
    parent: str | None,
    message: str,
    author: Identity,
) -> None:
    """Put a commit of these files on main of a repository that `init_beside` made (rule 3).

    Args:
        into: The repository.
        files: What the commit holds.
        instead: Contents that stand for those of some files; and files beside the listed ones.
        parent: The commit to stand on, which `into` sees; None for a first one.
        message: Of the commit.
        author: Of the commit.

    Raises:
        UnavailableError: A file cannot be read, or git did not do it.
    """
    argv = command("fast-import", "--quiet", "--done")
    with subprocess.Popen(
        argv,
        cwd=into,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - they were asked for
        assert process.stderr is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):  # git says why
            _tell(process.stdin, files, instead, parent, _head(message, author))
            process.stdin.close()
        said = process.stderr.read().decode(errors="replace").strip()
    if process.returncode:
        raise UnavailableError(f"git could not commit the folder: {said[:2000]}")
    made = run(into, "rev-parse", "refs/heads/import^{tree}").strip()
    same = parent is not None and made == run(into, "rev-parse", f"{parent}^{{tree}}").strip()
    run(into, "update-ref", "refs/heads/main", (parent or "") if same else "refs/heads/import")
    run(into, "update-ref", "-d", "refs/heads/import")


def _head(message: str, author: Identity) -> bytes:
    said = message.encode()
    who = f"committer {author.name} <{author.email}> {author.when_s} +0000"
    return b"commit refs/heads/import\n%s\ndata %d\n%s\n" % (who.encode(), len(said), said)


def _tell(
    git: IO[bytes],
    files: Iterable[FolderFile],
    instead: Mapping[str, bytes],
    parent: str | None,
    head: bytes,
) -> None:
    git.write(head)
    if parent is not None:
        git.write(b"from %s\n" % parent.encode())
    git.write(b"deleteall\n")
    left = dict(instead)
    for file in files:
        content = left.pop(file.path, None)
        _tell_file(git, file.path, file.mode, file.read() if content is None else content)
    for path, content in left.items():
        _tell_file(git, path, PLAIN, content)
    git.write(b"done\n")


def _tell_file(git: IO[bytes], path: str, mode: bytes, content: bytes) -> None:
    quoted = path.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    git.write(b'M %s inline "%s"\ndata %d\n' % (mode, quoted, len(content)))
    git.write(content)
    git.write(b"\n")


def uncovered(into: Path, paths: Iterable[str], attributes: bytes) -> list[str]:
    """Those of many paths that a `.gitattributes` at the root does not give to git-lfs."""
    wanted = sorted(paths)
    if not wanted:
        return []
    work = into.parent / "attributes"
    work.mkdir(exist_ok=True)
    (work / ".gitattributes").write_bytes(attributes)
    at = (f"--git-dir={into}", f"--work-tree={work}")
    asked = b"".join(path.encode() + b"\0" for path in wanted)
    said = run(work, *at, "check-attr", "-z", "--stdin", "filter", stdin=asked).split(b"\0")
    return [
        path.decode() for path, value in zip(said[::3], said[2::3], strict=False) if value != b"lfs"
    ]
