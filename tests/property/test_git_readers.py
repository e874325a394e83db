"""Either reader of many trees and blobs says what the other says, whatever history and names."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hub_process import ENVIRONMENT

from assay.storage.git import Repository, TreeItem, TreePair, is_now, read_blobs, was
from assay.storage.git.contents import blobs_by_git
from assay.storage.git.trees import Changes, changes_by_git, changes_by_pygit2

FOLDER = ".eval_results"
# What a parser of lines, of quotes or of text would stumble over; `:1` as git's records begin.
NAMES = [
    b"a.yaml",
    b"a",
    b"a.",
    b"a b\n:100644 000000",
    b'"q\t.yaml',
    b"\xff\xfe.yaml",
    b"\xc3\xbc.yaml",
    b"e\xcc\x81",
    b"runs",
    b"end",
    b"4b825dc642cb6eb9a060e54bf8d69288fbee4904 ",
    b"\\",
]
MODES = [b"100644", b"100755", b"120000"]
names = st.sampled_from(NAMES)
paths = st.lists(names, min_size=1, max_size=3).map(
    lambda parts: b"/".join([FOLDER.encode(), *parts])
)
contents = st.sampled_from([b"", b"one\n", b"two\n", b"\0\xff", b"x" * 3000])
submodule = st.tuples(st.just(b"S"), paths, st.just(b""), st.just(b""))
put = st.tuples(st.just(b"M"), paths, st.sampled_from(MODES), contents)
drop = st.tuples(st.just(b"D"), paths, st.just(b""), st.just(b""))
move = st.tuples(st.just(b"R"), paths, paths, st.just(b""))
edits = st.lists(st.one_of(put, put, put, drop, move, submodule), max_size=6)  # or none at all
commits = st.lists(st.tuples(edits, st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=9)


def quoted(path: bytes) -> bytes:
    return b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'


@dataclass
class Written:
    """A stream for `git fast-import`, and what is at each commit so far."""

    stream: list[bytes] = field(default_factory=list)
    files: list[set[bytes]] = field(default_factory=list)

    def commit(self, edits: list[tuple[bytes, ...]], parent: int, other: int) -> None:
        number = len(self.files) + 1
        self.stream.append(b"commit refs/heads/c%d\nmark :%d\n" % (number, number))
        self.stream.append(b"committer A <a@b> %d +0000\ndata 0\n" % (1_700_000_000 + number))
        there: set[bytes] = set()
        if self.files:
            parent, other = (one % len(self.files) for one in (parent, other))
            self.stream.append(b"from :%d\n" % (parent + 1))
            there = set(self.files[parent])
            if other != parent:
                self.stream.append(b"merge :%d\n" % (other + 1))
        for kind, path, more, data in edits:
            self._edit(there, kind, path, more, data)
        self.files.append(there)

    def _edit(self, there: set[bytes], kind: bytes, path: bytes, more: bytes, data: bytes) -> None:
        inside = {one for one in there if one == path or one.startswith(path + b"/")}
        if kind == b"R":
            old, new = path + b"/", more + b"/"
            if not inside or new.startswith(old) or old.startswith(new):
                return
            self.stream.append(b"R %s %s\n" % (quoted(path), quoted(more)))
            there -= inside
            self._replace(there, more)
            there |= {more + one[len(path) :] for one in inside}
            return
        there -= inside
        if kind == b"D":
            self.stream.append(b"D %s\n" % quoted(path))
            return
        self._replace(there, path)
        there.add(path)
        if kind == b"S":
            self.stream.append(b"M 160000 %s %s\n" % (b"1" * 40, quoted(path)))
        else:
            size = len(data)
            self.stream.append(b"M %s inline %s\ndata %d\n%s\n" % (more, quoted(path), size, data))

    @staticmethod
    def _replace(there: set[bytes], path: bytes) -> None:
        """A file in whose place a folder comes is gone, and the other way round."""
        for one in list(there):
            if (path + b"/").startswith(one + b"/") or one.startswith(path + b"/"):
                there.discard(one)


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    argv = ["git", *arguments]
    return subprocess.run(
        argv, cwd=folder, env=ENVIRONMENT, input=stdin, check=True, capture_output=True
    ).stdout


def told(changes: Changes) -> dict[str, tuple[TreeItem | None, TreeItem | None]]:
    return {path: (was(path, one), is_now(path, one)) for path, one in changes.items()}


def expected(
    read: Repository, pair: TreePair
) -> dict[str, tuple[TreeItem | None, TreeItem | None]]:
    before, after = (
        {i.path: i for i in read.list_tree(oid, pair.folder, recursive=True)} if oid else {}
        for oid in (pair.before, pair.after)
    )
    return {
        path: (before.get(path), after.get(path))
        for path in before.keys() | after.keys()
        if before.get(path) != after.get(path)
    }


@settings(max_examples=40, deadline=None)
@given(commits=commits, unpacked=st.sampled_from([0, 1000]))
def test_both_readers_say_the_same(
    commits: list[tuple[list[tuple[bytes, ...]], int, int]], unpacked: int
) -> None:
    written = Written()
    for edits, parent, other in commits:
        written.commit(edits, parent, other)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        git(folder, "init", "--quiet", "--bare")
        options = ("-c", f"fastimport.unpackLimit={unpacked}")
        git(folder, *options, "fast-import", "--quiet", stdin=b"".join(written.stream))
        read = Repository(folder)
        heads = [read.head(f"refs/heads/c{n}") for n in range(1, len(commits) + 1)]
        for name in ("", FOLDER):
            trees = [read.tree_oid(head, name) if head else None for head in heads]
            ends = [*pairwise([None, *trees]), *product(trees, [None, *trees[::3]])]
            pairs = list(dict.fromkeys(TreePair(name, *end) for end in ends if end[0] != end[1]))
            here = [(pair, told(changes)) for pair, changes in changes_by_pygit2(read, pairs)]
            there = [(pair, told(changes)) for pair, changes in changes_by_git(read, pairs)]
            assert here == there == [(pair, expected(read, pair)) for pair in pairs]
        items = [i for head in heads if head for i in read.list(head, recursive=True)]
        oids = sorted({i.oid for i in items if i.kind in ("file", "symlink")})
        sized = [(oid, read.blob_size(oid)) for oid in oids]
        blobs = [(oid, read.blob(oid)) for oid in oids]
        assert list(blobs_by_git(read, sized)) == blobs == list(read_blobs(read, oids))
        short = [(oid, data if len(data) <= 10 else None) for oid, data in blobs]
        assert dict(read_blobs(read, oids, 10)) == dict(short)
