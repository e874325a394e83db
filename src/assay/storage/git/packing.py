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
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from assay.errors import InvalidError
from assay.storage.disk import sync_folder
from assay.storage.git.store import packed_refs
from assay.storage.git.writing import Identity

_COMMIT, _TREE, _BLOB = 1, 2, 3
_NAMES = {_COMMIT: b"commit", _TREE: b"tree", _BLOB: b"blob"}
_FILE, _FOLDER = b"100644 ", b"40000 "
# Fast rather than small: results are short texts, on which more effort saves a few bytes each.
_LEVEL = 1
_MAX_PACK_BYTES = 2**31 - 1
# More refs than this go into one file, as git itself would put them in time.
_MAX_LOOSE_REFS = 100
# What git strips from the ends of a name, or refuses within it.
_CRUD = ".,:;<>\"\\' \t"


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

    def tree(self, files: Mapping[str, str]) -> str:
        """Add the tree of these files, by path, and of the folders they are in; returns its id."""
        items: list[tuple[bytes, bytes]] = []
        folders: dict[str, dict[str, str]] = {}
        for path, blob in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(name, {})[rest] = blob
            else:
                raw = name.encode()
                items.append((raw, b"%s%s\0%s" % (_FILE, raw, bytes.fromhex(blob))))
        for name, inside in folders.items():
            raw = name.encode()
            entry = b"%s%s\0%s" % (_FOLDER, raw, bytes.fromhex(self.tree(inside)))
            items.append((raw + b"/", entry))  # git sorts a folder as if its name ended so
        return self._add(_TREE, b"".join(entry for _, entry in sorted(items)))

    def commit(
        self,
        files: Mapping[str, str],
        parents: Sequence[str],
        message: str,
        author: Identity,
        *,
        committer: Identity | None = None,
    ) -> str:
        """Add a commit of exactly these files (ids by path); returns its id.

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
            encoded = _size(kind, len(content)) + zlib.compress(content, _LEVEL)
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
        folder.mkdir(parents=True, exist_ok=True)
        body = _header(len(self._objects)) + b"".join(o[1] for o in self._objects.values())
        digest = hashlib.sha1(body, usedforsecurity=False)
        name = folder / f"pack-{digest.hexdigest()}"
        _write(name.with_suffix(".pack"), body + digest.digest(), durable=durable)
        _write(name.with_suffix(".idx"), self._index(digest.digest()), durable=durable)
        if durable:
            sync_folder(folder)

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
    """Write a file that is there whole or not at all."""
    part = path.with_name(f"tmp_{path.name}")
    with part.open("wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    part.chmod(0o444)
    part.replace(path)


def write_repository(
    path: Path, *, repo_id: str, name: str, pack: Pack, refs: Mapping[str, str]
) -> None:
    """Write a whole bare repository, as `GitStore.create` makes them, with its history and refs.

    It is not durable before `os.sync`.

    Args:
        path: Its folder, which is not there yet.
        repo_id: For its config.
        name: What its config says it is called.
        pack: Its objects.
        refs: Where its refs are, by full name.
    """
    for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (path / folder).mkdir(parents=True)
    (path / "HEAD").write_text("ref: refs/heads/main\n")
    (path / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
        f"[assay]\n\tid = {repo_id}\n\tname = {name}\n"
    )
    if len(refs) > _MAX_LOOSE_REFS:
        (path / "packed-refs").write_bytes(packed_refs(refs))
        refs = {}
    for ref, oid in refs.items():
        (path / ref).parent.mkdir(parents=True, exist_ok=True)
        (path / ref).write_text(f"{oid}\n")
    pack.write(path / "objects", durable=False)
