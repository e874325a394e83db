"""New histories as one pack each: many repositories are written this way in the time of a few.

An object is put together, hashed and compressed in memory and written once. git would start a
process for each repository, and libgit2 would first write every object as a file of its own.

1. Objects are those git itself would write for the same content: the same ids.
2. Nothing is stored as a difference from another object; `git gc` may do so later.
3. The index of the pack is written last: it is what makes git believe in the pack.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from assay.errors import InvalidError
from assay.storage.disk import sync
from assay.storage.git.store import LOCK, packed_refs
from assay.storage.git.writing import Identity

_COMMIT, _TREE, _BLOB = 1, 2, 3
_NAMES = {_COMMIT: b"commit", _TREE: b"tree", _BLOB: b"blob"}
_FILE, _FOLDER = b"100644 ", b"40000 "
# Fast rather than small: results are short texts, on which more effort saves a few bytes each.
_LEVEL = 1
# To set up zlib for its largest window takes eight times as long as to compress a short text in a
# small one, and the result is the same.
_SMALL_WINDOW_BITS, _SMALL_MEMORY = 12, 4
_MAX_PACK_BYTES = 2**31 - 1
# What git strips from the ends of a name, or refuses within it.
_CRUD = ".,:;<>\"\\' \t"


class TreeFiles:
    """Files by path, put together into trees; only what changed since is put together again.

    So they belong to one pack, or to packs that know the objects of those before.

    Args:
        blobs: The id of each file's content, by path.
    """

    def __init__(self, blobs: Mapping[str, str] | None = None) -> None:
        self._entries: dict[bytes, bytes] = {}
        self._folders: dict[str, TreeFiles] = {}
        self.changed = True
        for path, blob in (blobs or {}).items():
            self[path] = blob

    def __setitem__(self, path: str, blob: str) -> None:
        """Set a file."""
        self.changed = True
        name, slash, rest = path.partition("/")
        if slash:
            self._folders.setdefault(name, TreeFiles())[rest] = blob
        else:
            raw = name.encode()
            self._entries[raw] = b"%s%s\0%s" % (_FILE, raw, bytes.fromhex(blob))

    def __delitem__(self, path: str) -> None:
        """Remove a file, and the folder it was the last in."""
        self.changed = True
        name, slash, rest = path.partition("/")
        if not slash:
            del self._entries[name.encode()]
            return
        del self._folders[name][rest]
        if not self._folders[name]:
            del self._folders[name]
            self._entries.pop(name.encode() + b"/", None)

    def __bool__(self) -> bool:
        return bool(self._entries or self._folders)

    def add_to(self, add: Callable[[int, bytes], str]) -> str:
        """Put trees together and hand each to `add`; returns the id of the outermost."""
        for name, inside in self._folders.items():
            if inside.changed:
                raw = name.encode()
                entry = b"%s%s\0%s" % (_FOLDER, raw, bytes.fromhex(inside.add_to(add)))
                self._entries[raw + b"/"] = entry  # git sorts a folder as if its name ended so
        self.changed = False
        return add(_TREE, b"".join([self._entries[name] for name in sorted(self._entries)]))


class Pack:
    """Objects that are to become one pack.

    Args:
        known: Ids of objects that need not be written again.
    """

    def __init__(self, known: Collection[str] = ()) -> None:
        self._known = frozenset(known)
        self._objects: dict[str, tuple[int, bytes, int]] = {}  # id → (offset, encoded, its crc)
        self._size_bytes = len(_header(0))

    def __len__(self) -> int:
        return len(self._objects)

    @property
    def ids(self) -> frozenset[str]:
        """All objects that need not be written again after this pack."""
        return self._known | self._objects.keys()

    def blob(self, content: bytes) -> str:
        """Add a file's content; returns its id."""
        return self._add(_BLOB, content)

    def tree(self, files: TreeFiles) -> str:
        """Add the tree of these files and of the folders they are in; returns its id."""
        return files.add_to(self._add)

    def commit(
        self,
        files: TreeFiles,
        parents: Sequence[str],
        message: str,
        author: Identity,
        *,
        committer: Identity | None = None,
    ) -> str:
        """Add a commit of exactly these files; returns its id.

        Args:
            files: All files of the commit.
            parents: Commits it stands on.
            message: Its message; ends in a newline.
            author: Who is named as author.
            committer: Who is named as committer; the author if nobody is.
        """
        lines = [f"tree {self.tree(files)}", *(f"parent {parent}" for parent in parents)]
        lines.append(f"author {_signed(author)}")
        lines.append(f"committer {_signed(committer or author)}")
        said = message.replace("\0", "")
        return self._add(_COMMIT, "\n".join([*lines, "", said]).encode(errors="replace"))

    def _add(self, kind: int, content: bytes) -> str:
        oid = hashlib.sha1(b"%s %d\0" % (_NAMES[kind], len(content)), usedforsecurity=False)
        oid.update(content)
        name = oid.hexdigest()
        if name not in self._objects and name not in self._known:
            encoded = _size(kind, len(content)) + _deflate(content)
            self._objects[name] = (self._size_bytes, encoded, zlib.crc32(encoded))
            self._size_bytes += len(encoded)
        return name

    def write(self, objects: Path, *, durable: bool = True) -> None:
        """Write the pack and its index into a repository's `objects` folder.

        Args:
            objects: The folder.
            durable: Whether to wait until it would survive a power cut. Who writes many
                repositories waits once for all of them (`os.sync`).

        Raises:
            InvalidError: It is larger than a pack may be here, 2 GiB.
        """
        if not self._objects:
            return
        if self._size_bytes > _MAX_PACK_BYTES:
            raise InvalidError(
                f"a history of {self._size_bytes} bytes, expected {_MAX_PACK_BYTES} at most",
                hint="bring it in parts",
            )
        folder = objects / "pack"
        if not folder.is_dir():
            folder.mkdir(parents=True)
        body = _header(len(self._objects)) + b"".join(o[1] for o in self._objects.values())
        digest = hashlib.sha1(body, usedforsecurity=False)
        name = folder / f"pack-{digest.hexdigest()}"
        _write(name.with_suffix(".pack"), body + digest.digest(), durable=durable)
        _write(name.with_suffix(".idx"), self._index(digest.digest()), durable=durable)
        if durable:
            sync(folder)

    def _index(self, digest: bytes) -> bytes:
        """The pack's index, version 2: ids in order, with how many begin with each byte or less."""
        ids = sorted(self._objects)
        counts = [0] * 256
        for oid in ids:
            counts[int(oid[:2], 16)] += 1
        index = b"".join(
            [
                b"\377tOc" + struct.pack(">I", 2) + struct.pack(">256I", *accumulate(counts)),
                bytes.fromhex("".join(ids)),
                struct.pack(f">{len(ids)}I", *(self._objects[oid][2] for oid in ids)),
                struct.pack(f">{len(ids)}I", *(self._objects[oid][0] for oid in ids)),
                digest,
            ]
        )
        return index + hashlib.sha1(index, usedforsecurity=False).digest()


def _deflate(content: bytes) -> bytes:
    if len(content) >= 1 << _SMALL_WINDOW_BITS:
        return zlib.compress(content, _LEVEL)
    small = zlib.compressobj(_LEVEL, zlib.DEFLATED, _SMALL_WINDOW_BITS, _SMALL_MEMORY)
    return small.compress(content) + small.flush()


def _header(count: int) -> bytes:
    return b"PACK" + struct.pack(">II", 2, count)


def _size(kind: int, size: int) -> bytes:
    """An object's kind and size as a pack says it: four bits of the size, then seven at a time."""
    byte, size = (kind << 4) | (size & 15), size >> 4
    said = bytearray()
    while size:
        said.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    said.append(byte)
    return bytes(said)


def _signed(one: Identity) -> str:
    """A person and a moment as a commit names them; what would break the line is left out."""
    name = "".join(char for char in one.name if char.isprintable() and char not in "<>").strip(
        _CRUD
    )
    email = "".join(char for char in one.email if char.isprintable() and char not in "<> ")
    minutes = abs(one.offset_min)
    zone = f"{'-' if one.offset_min < 0 else '+'}{minutes // 60:02d}{minutes % 60:02d}"
    return f"{name or 'unknown'} <{email}> {one.when_s} {zone}"


def _write(path: Path, content: bytes, *, durable: bool) -> None:
    """Write a file that nobody is to change; a durable one is there whole or not at all."""
    part = path.with_name(f"tmp_{path.name}") if durable else path
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    if durable:
        part.replace(path)


def write_repository(
    path: Path, *, repo_id: str, name: str, pack: Pack, refs: Mapping[str, str]
) -> None:
    """Write a whole bare repository with its history and refs, packed as `git gc` would leave it.

    It has what `GitStore.create` gives one, but for folders that git makes when it needs them: to
    make one takes longer than to compress ten files. It is not durable before `os.sync`.

    Args:
        path: Its folder, which is not there yet.
        repo_id: For its config.
        name: What its config says it is called.
        pack: Its objects.
        refs: Where its refs are, by full name.
    """
    for folder in (path, path / "objects", path / "objects" / "pack", path / "refs"):
        folder.mkdir()
    (path / "HEAD").write_text("ref: refs/heads/main\n")
    (path / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
        f"[assay]\n\tid = {repo_id}\n\tname = {name}\n"
    )
    (path / "packed-refs").write_bytes(packed_refs(refs))
    (path / LOCK).touch()  # so that the first to take it does not change how the folder looks
    pack.write(path / "objects", durable=False)
