"""Reading one bare repository, with pygit2 (17 times faster here than a git process a question).

A `Repository` is cheap to open and belongs to the thread that opened it. With a quarantine it also
sees objects of a push that has not been accepted, read only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import FileMode, ObjectType, SortMode

from assay.errors import EntryNotFoundError, RevisionNotFoundError

ZERO = "0" * 40
MIN_ABBREVIATION = 7
# Of the commits that a repository keeps at hand: questions about one come many at a time.
MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Commit:
    """What git says about a commit; none of it is authenticated.

    Times are seconds since the epoch, as the committer's clock claimed.
    """

    oid: str
    parents: tuple[str, ...]
    message: str
    author_name: str
    author_email: str
    authored_s: int
    committer_name: str
    committer_email: str
    committed_s: int

    @property
    def subject(self) -> str:
        """The message's first line."""
        return self.message.partition("\n")[0].strip()


@dataclass(frozen=True, slots=True)
class TreeItem:
    """One entry of a tree: `kind` is file, folder, symlink or submodule; `path` from the root."""

    path: str
    kind: str
    oid: str


# As libgit2 calls the objects that a tree names, but for blobs, which may be links.
_KINDS = {"tree": "folder", "commit": "submodule"}


class Repository:
    """A bare repository, read."""

    def __init__(self, path: Path, *, quarantine: Path | None = None) -> None:
        self.path = path
        self.quarantine = quarantine
        self._git = pygit2.Repository(str(path))
        if quarantine is not None:
            self._git.odb.add_disk_alternate(str(quarantine))
        self._commits: dict[str, pygit2.Commit] = {}
        self._roots: dict[str, pygit2.Tree] = {}

    # refs

    def head(self, ref: str) -> str | None:
        """The commit a full ref name points to, or None."""
        found = self._git.references.get(ref)
        return str(found.resolve().target) if found is not None else None

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Full ref names under a prefix and the objects they point to, sorted by name."""
        names = sorted(name for name in self._git.references if name.startswith(prefix))
        return {name: str(self._git.references[name].resolve().target) for name in names}

    def commit_of(self, ref: str) -> str | None:
        """The commit that a full ref name leads to, through a tag's object; None for no commit."""
        found = _reference(self._git, ref)
        return _peeled(found) if found is not None else None

    def resolve(self, revision: str) -> str:
        """The 40-hex commit of a branch, tag, full ref or (abbreviated, ≥ 7 hex) commit id.

        The hub's own refs (`refs/assay/*`) are not names a reader may use.

        Raises:
            RevisionNotFoundError: Nothing by that name.
        """
        for name in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}"):
            if name.startswith("refs/") and not name.startswith("refs/assay/"):
                found = self.commit_of(name)
                if found is not None:
                    return found
        if len(revision) >= MIN_ABBREVIATION and set(revision) <= set("0123456789abcdef"):
            named = self._git.get(revision) if len(revision) <= len(ZERO) else None
            if isinstance(named, pygit2.Commit):
                return str(named.id)
        raise RevisionNotFoundError(f"no branch, tag or commit '{revision}'")

    # commits

    def commit(self, oid: str) -> Commit:
        """One commit by its full id."""
        return _commit(self._peel(oid))

    def is_commit(self, oid: str) -> bool:
        """Whether the object exists and is a commit."""
        return isinstance(self._git.get(oid), pygit2.Commit)

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `old` is `new` or in its history."""
        if old == new or old in map(str, self._peel(new).parent_ids):
            return True  # by far the most common: one commit more
        return bool(self._git.descendant_of(new, old))

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, or None for unrelated histories."""
        if one == other or one in map(str, self._peel(other).parent_ids):
            return one  # by far the most common: one commit upon a branch that did not move
        base: pygit2.Oid | None = self._git.merge_base(one, other)  # typed as never None
        return str(base) if base is not None else None

    def first_parents(self, new: str, *, since: str | None) -> list[Commit]:
        """The first-parent line that ends in `new`, oldest first, without what `since` contains."""
        line = []
        current: str | None = new
        while current is not None and current != since:
            line.append(_commit(self._peel(current)))
            current = next(iter(line[-1].parents), None)
        if current == since:
            return line[::-1]
        # `since` is not on the line (it came in as a second parent, or history was rewritten).
        known = set(self.between(since, hidden=[])) if since is not None else set()
        return [commit for commit in reversed(line) if commit.oid not in known]

    def between(self, new: str, *, hidden: list[str]) -> Iterator[str]:
        """Ids of all commits reachable from `new` and from none of `hidden`."""
        walker = self._git.walk(new, SortMode.NONE)
        for oid in hidden:
            walker.hide(oid)
        return (str(commit.id) for commit in walker)

    # trees and blobs

    def tree_oid(self, commit: str, folder: str) -> str | None:
        """The id of a folder's tree at a commit, or None when there is no such folder."""
        item = self.find(commit, folder)
        return item.oid if item is not None and item.kind == "folder" else None

    def find(self, commit: str, path: str) -> TreeItem | None:
        """What stands at a path of a commit, or None."""
        tree = self._root(commit)
        try:
            return _item(path, tree[path]) if path else TreeItem("", "folder", str(tree.id))
        except (KeyError, ValueError):
            return None

    def list_tree(self, tree_oid: str, folder: str, *, recursive: bool = False) -> list[TreeItem]:
        """`list` of a tree that was found before; `folder` is where it stands."""
        return list(self._walk(tree_oid, f"{folder}/" if folder else "", recursive=recursive))

    def list(self, commit: str, folder: str = "", *, recursive: bool = False) -> list[TreeItem]:
        """The items of a folder, folders included, in git's order.

        Raises:
            EntryNotFoundError: There is no such folder.
        """
        oid = self.tree_oid(commit, folder)
        if oid is None:
            raise EntryNotFoundError(f"no folder '{folder}' at {commit[:MIN_ABBREVIATION]}")
        return self.list_tree(oid, folder, recursive=recursive)

    def _walk(self, tree_oid: str, prefix: str, *, recursive: bool) -> Iterator[TreeItem]:
        tree = self._git[tree_oid]
        assert isinstance(tree, pygit2.Tree)  # noqa: S101 - the caller found it as a folder
        for child in tree:
            item = _item(f"{prefix}{child.name}", child)
            yield item
            if recursive and item.kind == "folder":
                yield from self._walk(item.oid, f"{item.path}/", recursive=True)

    def blob(self, oid: str) -> bytes:
        """The bytes of a blob."""
        return bytes(self._git[oid].data)  # type: ignore[attr-defined]  # pygit2 types an Object

    def blob_size(self, oid: str) -> int:
        """The size of a blob, or of a tree as it is kept, in bytes, without reading it."""
        return int(self._git.odb.read_header(oid)[1])

    def new_blobs(self) -> Iterator[tuple[str, int]]:
        """Ids and sizes in bytes of the blobs in the quarantine; none without one."""
        if self.quarantine is None:
            return
        for oid in pygit2.Odb(str(self.quarantine)):
            kind, size_bytes = self._git.odb.read_header(oid)
            if kind == ObjectType.BLOB:
                yield str(oid), int(size_bytes)

    def read(self, commit: str, path: str) -> bytes:
        """The bytes of a file.

        Raises:
            EntryNotFoundError: There is no file at that path.
        """
        item = self.find(commit, path)
        if item is None or item.kind not in ("file", "symlink"):
            raise EntryNotFoundError(f"no file '{path}' at {commit[:MIN_ABBREVIATION]}")
        return self.blob(item.oid)

    def _peel(self, oid: str) -> pygit2.Commit:
        found = self._commits.get(oid)
        if found is None:
            named = self._git.get(oid)
            if not isinstance(named, pygit2.Commit):
                raise RevisionNotFoundError(f"no commit '{oid}'")
            if len(self._commits) >= MOST_KEPT:
                self._commits.clear()
            self._commits[oid] = found = named
        return found

    def _root(self, commit: str) -> pygit2.Tree:
        found = self._roots.get(commit)
        if found is None:
            if len(self._roots) >= MOST_KEPT:
                self._roots.clear()
            self._roots[commit] = found = self._peel(commit).tree
        return found


def is_ref_name(full_name: str) -> bool:
    """Whether git would have a ref of that full name."""
    return "\0" not in full_name and bool(pygit2.reference_is_valid_name(full_name))


def _peeled(found: pygit2.Reference) -> str | None:
    try:
        return str(found.peel(pygit2.Commit).id)
    except (ValueError, pygit2.GitError):  # a tag of a file or a folder
        return None


def _reference(git: pygit2.Repository, name: str) -> pygit2.Reference | None:
    try:
        return git.references.get(name)
    except (ValueError, pygit2.GitError):  # a name git would never accept
        return None


def _item(path: str, child: pygit2.Object) -> TreeItem:
    kind = _KINDS.get(child.type_str)
    if kind is None:
        kind = "symlink" if child.filemode == FileMode.LINK else "file"
    return TreeItem(path, kind, str(child.id))


def _commit(commit: pygit2.Commit) -> Commit:
    return Commit(
        oid=str(commit.id),
        parents=tuple(str(parent) for parent in commit.parent_ids),
        message=commit.message,
        author_name=commit.author.name,
        author_email=commit.author.email or "",
        authored_s=commit.author.time,
        committer_name=commit.committer.name,
        committer_email=commit.committer.email or "",
        committed_s=commit.commit_time,
    )
