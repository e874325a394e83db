"""Writing: objects into a quarantine first, then refs by compare-and-swap.

A refused change leaves no object behind, because its objects never leave the quarantine.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import AttrCheck, FileMode, ObjectType

from assay.errors import ConflictError, StaleRefError, UnavailableError
from assay.storage.disk import sync
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
    """Who a commit made by the hub names: an account and its no-reply address.

    `when_s` is seconds since the epoch; `offset_min` is how many minutes the clock on the wall
    there is ahead of UTC.
    """

    name: str
    email: str
    when_s: int
    offset_min: int = 0


def write_root(repository: Path, files: Mapping[str, bytes], message: str, author: Identity) -> str:
    """A commit without a parent, which no ref names; the same words give the same commit.

    Args:
        repository: Its folder.
        files: Their content, by path.
        message: The commit message.
        author: Of the commit.
    """
    with open_quarantine(repository) as quarantine:
        made = quarantine.commit(parent=None, changes=files, message=message, author=author)
        quarantine.keep()
    return made


def _signature(one: Identity) -> pygit2.Signature:
    return pygit2.Signature(one.name, one.email, one.when_s, one.offset_min)


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


Change = bytes | str | None
"""What becomes of a path: new content, the id of a blob that is there already, or removal."""


class Quarantine:
    """A folder of new objects that a repository does not have yet. Use as a context manager."""

    def __init__(self, repository: Path) -> None:
        self._objects = repository / "objects"
        self.folder = Path(tempfile.mkdtemp(prefix="tmp_objdir-assay-", dir=self._objects))
        odb = pygit2.Odb(str(self.folder))
        odb.add_disk_alternate(str(self._objects))
        self._git = pygit2.Repository(str(repository))
        self._git.set_odb(odb)

    def blob(self, content: bytes | Path) -> str:
        """Write a blob, from memory or from a file; returns its id."""
        if isinstance(content, Path):
            return str(self._git.create_blob_fromdisk(str(content)))
        return str(self._git.create_blob(content))

    def read(self, blob: str) -> bytes:
        """The bytes of a blob."""
        return bytes(self._git[blob].data)  # type: ignore[attr-defined]  # pygit2 types an Object

    def drop(self, blob: str) -> None:
        """Take back a blob that no commit here will have."""
        (self.folder / blob[:2] / blob[2:]).unlink(missing_ok=True)

    def tag(self, target: str, name: str, *, message: str, tagger: Identity) -> str:
        """Write an annotated tag of a commit; no ref points to it yet."""
        lines = (
            f"object {target}",
            "type commit",
            f"tag {name}",
            f"tagger {tagger.name} <{tagger.email}> {tagger.when_s} +0000",
            "",
            message.strip() + "\n",
        )
        return str(self._git.write(ObjectType.TAG, "\n".join(lines).encode()))

    def commit(
        self,
        *,
        parent: str | None,
        changes: Mapping[str, Change],
        message: str,
        author: Identity,
    ) -> str:
        """Write a commit that is its parent with some files set or removed.

        Raises:
            ConflictError: A file to remove is not there, a file stands where a folder should, or
                two paths differ in nothing but case.
        """
        index = self._stage(parent, changes)
        return self._write(index, [parent] if parent else [], message, author)

    def lfs_paths(
        self, parent: str | None, changes: Mapping[str, Change], paths: Iterable[str]
    ) -> set[str]:
        """Those of many paths that git-lfs would take, as `.gitattributes` stand after a change."""
        self._stage(parent, changes)
        how = AttrCheck.INDEX_ONLY | AttrCheck.NO_SYSTEM
        return {path for path in paths if self._git.get_attr(path, "filter", how) == "lfs"}

    def same_tree(self, one: str, other: str) -> bool:
        """Whether two commits hold the same files."""
        return self._tree(one).id == self._tree(other).id

    def _stage(self, parent: str | None, changes: Mapping[str, Change]) -> pygit2.Index:
        index: pygit2.Index = self._git.index  # in memory: nothing writes it to the folder
        index.clear()
        if parent is not None:
            index.read_tree(self._tree(parent))
        for path, change in changes.items():
            if change is None:
                _remove(index, path)
        refuse_clashes(
            (entry.path for entry in index),
            [path for path, change in changes.items() if change is not None],
        )
        for path, change in changes.items():
            if change is not None:
                blob = change if isinstance(change, str) else self.blob(change)
                self._add(index, path, blob)
        return index

    def _add(self, index: pygit2.Index, path: str, blob: str) -> None:
        mode = FileMode.BLOB
        if path in index and index[path].mode == FileMode.BLOB_EXECUTABLE:
            mode = FileMode.BLOB_EXECUTABLE
        try:
            index.add(pygit2.IndexEntry(path, pygit2.Oid(hex=blob), mode))
        except (OSError, ValueError, pygit2.GitError) as error:
            raise ConflictError(f"{path}: cannot be changed as asked: {error}") from error

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
        signature = _signature(author)
        tree = index.write_tree(self._git)
        made = self._git.create_commit(None, signature, signature, message, tree, list(parents))
        return str(made)

    def adopt(self, objects: Path) -> None:
        """Take over the objects of another repository's `objects` folder, which loses them."""
        for source in _object_files(objects):
            target = self.folder / source.parent.name / source.name
            target.parent.mkdir(exist_ok=True)
            source.replace(target)

    def keep(self) -> None:
        """Move the objects into the repository, durably.

        libgit2 could see to the files itself, but lets no other thread work while the disk does.
        """
        sources = _object_files(self.folder)
        for source in sources:
            sync(source)
        touched = {self._objects} if sources else set()
        for source in sources:
            target = self._objects / source.parent.name / source.name
            target.parent.mkdir(exist_ok=True)
            source.replace(target)
            touched.add(target.parent)
        for folder in touched:
            sync(folder)

    def close(self) -> None:
        """Throw away what was not kept."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _conflicts(index: pygit2.Index) -> list[str]:
    return sorted(
        {side.path for entry in index.conflicts or () for side in entry if side is not None}
    )


def _remove(index: pygit2.Index, path: str) -> None:
    try:
        index.remove(path)
    except (OSError, pygit2.GitError) as error:
        raise ConflictError(f"{path}: is not there to be removed") from error


def refuse_clashes(existing: Iterable[str], added: Sequence[str]) -> None:
    """See that every added path can stand beside what is there, on any disk.

    Raises:
        ConflictError: A file stands where a folder should, the other way round, or a path differs
            from another in nothing but case. What stood so before is let be.
    """
    places: dict[str, dict[str, bool]] = {}  # folded → each spelling, and whether it is a file
    for path in added:
        for place, is_file in _places(path):
            if places.setdefault(place.casefold(), {}).setdefault(place, is_file) != is_file:
                raise ConflictError(f"{place}: cannot be a file and a folder")
    known: dict[str, set[str]] = {}
    for path in existing:
        for place, is_file in _places(path):
            here = places.get(place.casefold())
            if here is None:
                continue
            if here.get(place, is_file) != is_file:
                what = "a file" if is_file else "a folder"
                raise ConflictError(f"{place}: {what} stands here", hint="remove it first")
            known.setdefault(place.casefold(), set()).add(place)
    for folded, spellings in places.items():
        there = known.get(folded, set())
        new = spellings.keys() - there
        if new and len(new) + len(there) > 1:
            first, second = sorted(new | there)[:2]
            raise ConflictError(
                f"'{second}' and '{first}' differ in nothing but case: many disks hold only one",
                hint="use one spelling, or remove the other in the same commit",
            )


def _places(path: str) -> Iterator[tuple[str, bool]]:
    """A path and the folders above it, each with whether it is the file."""
    yield path, True
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path, False


def _object_files(objects: Path) -> list[Path]:
    """Loose objects and packs; a pack's index last, for it makes git believe in the pack."""
    packs = sorted(objects.glob("pack/pack-*"), key=lambda path: path.suffix == ".idx")
    return [*objects.glob("[0-9a-f][0-9a-f]/*"), *packs]


@contextmanager
def open_quarantine(repository: Path) -> Iterator[Quarantine]:
    """A quarantine that is gone when the block ends."""
    quarantine = Quarantine(repository)
    try:
        yield quarantine
    finally:
        quarantine.close()
