"""The bytes of many files of one repository, one after the other.

1. What is missing is found before anything is read: libgit2 tells sizes quickly, from any pack.
2. Few files, or files that are not in packs, are read with pygit2; many packed ones by one
   `git cat-file`. What either gives is held against its id.
3. What git does not answer, pygit2 is asked: it says what is wrong with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from assay.storage.git.asking import asked, count_packed
from assay.storage.git.repository import Repository

# Of packed ones. By `benchmarks/ledger.py --tree`, git takes 0.7 of the time of pygit2 for 300
# blobs of 17 KB kept as differences, and 0.3 for 1,000; of 400 bytes it takes 6 ms more for 300,
# and is even at 1,000. Loose ones pygit2 reads more than twice as fast, however many.
MANY_BLOBS = 300


def read_blobs(
    git: Repository, oids: Iterable[str], most_bytes: int | None = None
) -> Iterator[tuple[str, bytes | None]]:
    """Each blob once, with its bytes; one that is longer than `most_bytes` is not read: None.

    Raises:
        KeyError: An object is missing.
        pygit2.GitError: It cannot be read.
    """
    wanted = []
    for oid in dict.fromkeys(oids):
        size_bytes = git.blob_size(oid)
        if most_bytes is not None and size_bytes > most_bytes:
            yield oid, None
        else:
            wanted.append((oid, size_bytes))
    read = 0
    if len(wanted) >= MANY_BLOBS and count_packed(git.path) >= len(wanted):
        for oid, data in blobs_by_git(git, wanted):
            yield oid, data
            read += 1
    for oid, _ in wanted[read:]:
        yield oid, git.blob(oid)


def blobs_by_git(git: Repository, wanted: Sequence[tuple[str, int]]) -> Iterator[tuple[str, bytes]]:
    """Blobs of known sizes in this order, up to the first that git does not give as it should."""
    with (
        suppress(OSError),
        asked(git, "cat-file", "--batch", "--buffer", lines=(oid for oid, _ in wanted)) as answers,
    ):
        for oid, size_bytes in wanted:
            if answers.readline() != f"{oid} blob {size_bytes}\n".encode():
                return
            data = answers.read(size_bytes)
            digest = hashlib.sha1(b"blob %d\0" % size_bytes, usedforsecurity=False)
            digest.update(data)
            if digest.hexdigest() != oid or answers.read(1) != b"\n":
                return
            yield oid, data
