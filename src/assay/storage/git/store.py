"""Where repositories lie: `repos/<2 hex>/<id>.git`. A move of a name touches no folder."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pygit2

from assay.errors import (
    DamagedRepositoryError,
    RepoNotFoundError,
    RevisionNotFoundError,
    UnavailableError,
)
from assay.storage.disk import find_no_room
from assay.storage.git.process import run
from assay.storage.git.repository import Repository

# A lock file older than this, seen while holding the repository's own lock, was left by a crash.
STALE_LOCK_S = 10.0
# Of a repository's folder: itself (with `packed-refs`), and where refs and objects are added.
_LOOKED_AT = ("", "refs/heads", "refs/pr", "objects")
# Whoever moves refs holds it; it lies in the folder from the beginning.
LOCK = "assay.lock"
# File systems tell times in steps of up to this.
STABLE_AFTER_NS = 2_000_000_000
_OBJECT = re.compile("[0-9a-f]{40}")


def packed_refs(refs: Mapping[str, str]) -> bytes:
    """Refs and their objects as git's `packed-refs` file."""
    return "".join(f"{oid} {ref}\n" for ref, oid in sorted(refs.items())).encode()


class GitStore:
    """The folder of all repositories."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.trash = root.parent / "trash"
        root.mkdir(parents=True, exist_ok=True)

    def path(self, repo_id: str) -> Path:
        """The folder of a repository, whether it exists or not."""
        return self.root / repo_id[:2] / f"{repo_id}.git"

    def readable_path(self, repo_id: str) -> Path:
        """The folder of a repository, in the trash if it is there."""
        path = self.path(repo_id)
        return path if path.exists() else self._trashed(repo_id)

    def _trashed(self, repo_id: str) -> Path:
        return self.trash / repo_id[:2] / f"{repo_id}.git"

    def discard(self, repo_id: str) -> None:
        """Move a repository's folder to the trash; does nothing when it is there already.

        Hold the repository's lock: whoever waits for it finds no repository.
        """
        path, target = self.path(repo_id), self._trashed(repo_id)
        if path.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)

    def rename(self, repo_id: str, *, name: str) -> None:
        """Say in a repository's own config what it is called now."""
        pygit2.Repository(str(self.path(repo_id))).config["assay.name"] = name

    def create(self, repo_id: str, *, name: str) -> None:
        """Make an empty bare repository whose HEAD is `main`; its config names what it is."""
        path = self.path(repo_id)
        path.parent.mkdir(exist_ok=True)
        run(self.root, "init", "-q", "--bare", "--template=", "--initial-branch=main", str(path))
        config = pygit2.Repository(str(path)).config
        config["assay.id"] = repo_id
        config["assay.name"] = name
        (path / LOCK).touch()

    def open(self, repo_id: str, *, quarantine: Path | None = None) -> Repository:
        """Open a repository for reading, a deleted one too.

        Raises:
            RepoNotFoundError: There is no such folder, or it is not a repository.
        """
        try:
            return Repository(self.readable_path(repo_id), quarantine=quarantine)
        except pygit2.GitError as error:
            raise RepoNotFoundError(f"repository {repo_id} cannot be opened: {error}") from error

    @contextmanager
    def reading(self, repo_id: str) -> Iterator[None]:
        """Say what is wrong with a repository that turns out to be unreadable.

        Raises:
            DamagedRepositoryError: Its folder is gone, or objects are missing or broken.
        """
        try:
            yield
        except (pygit2.GitError, RepoNotFoundError, RevisionNotFoundError, OSError) as error:
            if (full := find_no_room(error)) is not None:  # the disk's fault, not its own
                raise full from error
            raise DamagedRepositoryError(f"{self.path(repo_id)}: {error}") from error
        except KeyError as error:
            if not self.is_damage(error):
                raise
            raise DamagedRepositoryError(
                f"{self.path(repo_id)}: object {error.args[0]} is missing"
            ) from error

    def is_damage(self, error: Exception) -> bool:
        """Whether that is what reading a broken object ends with."""
        if isinstance(error, KeyError):  # so does pygit2 say that an object is missing
            return _OBJECT.fullmatch(str(error.args[0] if error.args else "")) is not None
        return isinstance(error, pygit2.GitError)

    def find_damage(self, repo_id: str) -> str | None:
        """Why a repository cannot be opened, or main and its folder not be read; None if they can.

        It is a look, not a search: `find_missing` walks everything.
        """
        try:
            with self.reading(repo_id):
                git = self.open(repo_id)
                head = git.head("refs/heads/main")
                if head is not None:
                    git.list(head)
        except DamagedRepositoryError as error:
            return error.message
        return None

    @contextmanager
    def lock(self, repo_id: str) -> Iterator[None]:
        """Hold the one right to move this repository's refs; waits for whoever holds it.

        The kernel lets go when the process dies, so a crash leaves no lock behind.

        Raises:
            RepoNotFoundError: There is no such folder, perhaps no longer.
        """
        try:
            file = (self.path(repo_id) / LOCK).open("ab")
        except FileNotFoundError as error:
            raise RepoNotFoundError(f"there is no repository {repo_id}") from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def look(self, repo_id: str) -> str | None:
        """How a repository's folder looks: another whenever main, a pull request or a pack moved.

        And when a push that was cut short left its quarantine, which is made among the objects.
        Four calls of the operating system and no look at git: cheap enough for all repositories.
        It is None where there is no folder.
        """
        path = f"{self.root}/{repo_id[:2]}/{repo_id}.git"
        found = []
        for name in _LOOKED_AT:
            try:
                one = os.stat(f"{path}/{name}")  # noqa: PTH116 - Path is slower
            except FileNotFoundError:
                if not name:
                    return None
                found.append("-")  # such as where all refs are packed
            else:
                found.append(f"{one.st_ino}:{one.st_mtime_ns}")
        return " ".join(found)

    def settled_look(self, repo_id: str) -> str | None:
        """`look`, or None for a folder changed so lately that a next change could look the same."""
        look = self.look(repo_id)
        if look is None:
            return None
        latest = max(int(part.partition(":")[2] or 0) for part in look.split())
        return look if time.time_ns() - latest > STABLE_AFTER_NS else None

    def remove_stale_locks(self, repo_id: str, *, older_than_s: float = STALE_LOCK_S) -> int:
        """Remove git's left `*.lock` files; call it holding `lock`. Returns how many."""
        path = self.path(repo_id)
        folders = [path, *(Path(folder) for folder, _, _ in os.walk(path / "refs"))]
        removed = 0
        for lock in [file for folder in folders for file in folder.iterdir()]:
            if lock.suffix != ".lock" or lock.name == LOCK:
                continue
            if time.time() - lock.stat().st_mtime >= older_than_s:
                lock.unlink(missing_ok=True)
                removed += 1
        return removed

    def remove_quarantines(self, repo_id: str) -> None:
        """Remove what refused or broken pushes left; call it when none is under way."""
        for folder in (self.path(repo_id) / "objects").glob("tmp_objdir-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def content(self, repo_id: str) -> Iterator[tuple[str, Path]]:
        """(relative name, file) of all that a repository is, but for its refs."""
        path = self.readable_path(repo_id)
        for name in ("HEAD", "config"):
            yield name, path / name
        objects = path / "objects"
        for file in sorted(objects.rglob("*")):
            relative = file.relative_to(objects)
            if file.is_file() and not any(part.startswith("tmp_") for part in relative.parts):
                yield f"objects/{relative.as_posix()}", file

    def complete(self, repo_id: str) -> None:
        """Make the folders that git expects in a repository, should they be missing."""
        for name in ("refs/heads", "refs/tags", "objects/info", "objects/pack"):
            (self.path(repo_id) / name).mkdir(parents=True, exist_ok=True)

    def find_missing(self, repo_id: str) -> str | None:
        """Walk all history from all refs; git's words about what is missing, or None."""
        try:
            run(self.path(repo_id), "rev-list", "--objects", "--all", "--quiet")
        except UnavailableError as error:
            return error.message
        return None

    def ids(self) -> list[str]:
        """The ids of all repositories on disk, sorted."""
        return sorted(
            entry.name.removesuffix(".git")
            for shelf in os.scandir(self.root)
            if shelf.is_dir()
            for entry in os.scandir(shelf.path)
            if entry.name.endswith(".git")
        )
