"""Writing: objects into a quarantine first, then refs by compare-and-swap.

A refused change leaves no object behind, because its objects never leave the quarantine.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

from assay.errors import ConflictError, StaleRefError, UnavailableError
from assay.storage.git.process import run
from assay.storage.git.repository import ZERO


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """One ref and the two commits it moves between; `ZERO` means that the ref does not exist."""

    ref: str
    old: str
    new: str

    @property
    def creates(self) -> bool:
        """Whether the ref comes into being."""
        return self.old == ZERO

    @property
    def deletes(self) -> bool:
        """Whether the ref goes."""
        return self.new == ZERO


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a commit made by the hub names: an account and its no-reply address."""

    name: str
    email: str
    when_s: int


def update_refs(repository: Path, updates: Sequence[RefUpdate]) -> None:
    """Move refs, all or none, each only if it still points to its `old`.

    Raises:
        StaleRefError: One of them moved meanwhile; nothing was changed.
    """
    lines = "".join(
        f"delete {u.ref}\0{u.old}\0" if u.deletes else f"update {u.ref}\0{u.new}\0{u.old}\0"
        for u in updates
    )
    try:
        run(repository, "update-ref", "-z", "--stdin", stdin=lines.encode())
    except UnavailableError as error:
        if "cannot lock ref" in error.message:
            names = ", ".join(update.ref for update in updates)
            raise StaleRefError(
                f"{names} moved while this change was made",
                hint="fetch, look at what changed, and try again",
            ) from error
        raise


class Quarantine:
    """A folder of new objects that a repository does not have yet. Use as a context manager."""

    def __init__(self, repository: Path) -> None:
        self._objects = repository / "objects"
        self.folder = Path(tempfile.mkdtemp(prefix="tmp_objdir-assay-", dir=self._objects))
        odb = pygit2.Odb(str(self.folder))
        odb.add_disk_alternate(str(self._objects))
        self._git = pygit2.Repository(str(repository))
        self._git.set_odb(odb)

    def commit(
        self,
        *,
        parent: str | None,
        changes: Mapping[str, bytes | None],
        message: str,
        author: Identity,
    ) -> str:
        """Write a commit that is its parent with some files set (bytes) or removed (None).

        Raises:
            ConflictError: A file to remove is not there, or a file stands where a folder should.
        """
        index = pygit2.Index()
        if parent is not None:
            index.read_tree(self._tree(parent))
        for path, content in changes.items():
            try:
                if content is None:
                    index.remove(path)
                else:
                    blob = self._git.create_blob(content)
                    index.add(pygit2.IndexEntry(path, blob, FileMode.BLOB))
            except (OSError, ValueError, pygit2.GitError) as error:
                raise ConflictError(f"{path}: cannot be changed as asked: {error}") from error
        return self._write(index, [parent] if parent else [], message, author)

    def merge(self, ours: str, theirs: str, *, message: str, author: Identity) -> str:
        """Write the merge of two commits.

        Raises:
            ConflictError: The same lines were changed on both sides; the files are named.
        """
        index = self._git.merge_commits(ours, theirs)
        conflicts = _conflicts(index)
        if conflicts:
            raise ConflictError(
                f"cannot be merged: both sides changed {', '.join(conflicts)}",
                hint="merge main into the pull request's branch, resolve, and push it again",
            )
        return self._write(index, [ours, theirs], message, author)

    def conflicts(self, ours: str, theirs: str) -> list[str]:
        """Paths that both sides changed so that no merge can tell what is meant, sorted."""
        return _conflicts(self._git.merge_commits(ours, theirs))

    def _tree(self, commit: str) -> pygit2.Tree:
        return self._git[commit].peel(pygit2.Tree)

    def _write(
        self, index: pygit2.Index, parents: Sequence[str], message: str, author: Identity
    ) -> str:
        signature = pygit2.Signature(author.name, author.email, author.when_s, 0)
        tree = index.write_tree(self._git)
        made = self._git.create_commit(None, signature, signature, message, tree, list(parents))
        return str(made)

    def keep(self) -> None:
        """Move the objects into the repository, durably."""
        touched = {self._objects}
        for source in self.folder.glob("??/*"):
            target = self._objects / source.parent.name / source.name
            target.parent.mkdir(exist_ok=True)
            source.replace(target)
            touched.add(target.parent)
        for folder in touched:
            _sync_folder(folder)

    def close(self) -> None:
        """Throw away what was not kept."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _conflicts(index: pygit2.Index) -> list[str]:
    return sorted(
        {side.path for entry in index.conflicts or () for side in entry if side is not None}
    )


@contextmanager
def open_quarantine(repository: Path) -> Iterator[Quarantine]:
    """A quarantine that is gone when the block ends."""
    quarantine = Quarantine(repository)
    try:
        yield quarantine
    finally:
        quarantine.close()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
