"""Reading one large repository: our two bulk readers beside git's own commands, and each other.

History: which commit brought each file below the root and which changed it last, along first
parents, beside one `git log --name-status`. Blobs: all files of the tip, beside one
`git cat-file --batch`. Answers are compared before anything is timed. Where the readers change over
from pygit2 to git is measured on blobs of the repository and on made-up ones.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

from _rounds import Row, cost, in_turn, speed
from assay.storage.git import Repository, TreePair, read_blobs, tree_changes
from assay.storage.git.contents import blobs_by_git
from assay.storage.git.process import command, environment
from assay.storage.git.trees import changes_by_git, changes_by_pygit2, is_now, was

Attribution = dict[str, tuple[str, str]]
"""By path: the commit that brought the file first, and the one that changed it last."""
Pairs = list[TreePair]
COUNTS = (10, 30, 100, 300, 1_000)
PIPE_BYTES = 1024 * 1024


def tree_rows(repository: Path, rounds: int) -> list[Row]:
    """All comparisons on a bare repository."""
    git = Repository(repository)
    head = subprocess.run(
        command("rev-parse", "HEAD"),
        cwd=repository,
        env=environment(),
        capture_output=True,
        check=True,
        text=True,
    ).stdout.strip()
    rows = [_history(git, head, rounds), _blobs(git, head, rounds)]
    oids = _present(git, head)
    with tempfile.TemporaryDirectory() as folder:
        rows += _blob_changeover("blobs of this repository", git, oids, 3 * rounds)
        for packed in (False, True):
            what = "packed" if packed else "loose"
            made, blobs = _made_up_blobs(Path(folder) / what, packed=packed)
            rows += _blob_changeover(f"{what} blobs of 400 bytes", made, blobs, 3 * rounds)
            for files in (10, 100, 1_000):
                stepped, pairs = _made_up_steps(
                    Path(folder) / f"{what}-{files}", files, packed=packed
                )
                rows += _step_changeover(f"{what}, {files} files", stepped, pairs, 3 * rounds)
    return rows


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _history(git: Repository, head: str, rounds: int) -> Row:
    ours, theirs = _attributed(git, head), _logged(git.path, head)
    if ours != theirs:
        odd = next(path for path in ours.keys() | theirs if ours.get(path) != theirs.get(path))
        raise SystemExit(f"{odd}: {ours.get(odd)} here, {theirs.get(odd)} says git log")
    sides = {
        "assay": lambda: _timed(lambda: _attributed(git, head)),
        "git log": lambda: _timed(lambda: _logged(git.path, head)),
    }
    what = f"history of {len(ours):,} files that are or were there"
    return cost(what, in_turn(sides, rounds), "assay", "git log", 1.5)


def _attributed(git: Repository, head: str) -> Attribution:
    """By our reader; as a reader of the repository's whole history would use it."""
    steps: defaultdict[TreePair, list[int]] = defaultdict(list)
    line, before = git.first_parents(head, since=None), None
    for at, commit in enumerate(line):
        after = git.tree_oid(commit.oid, "")
        if after != before:
            steps[TreePair("", before, after)].append(at)
        before = after
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for pair, changes in tree_changes(git, steps):
        begin, end = steps[pair][0], steps[pair][-1]
        for path, change in changes.items():
            if b"040000" in change[:13] and not _is_file(path, change):
                continue
            first[path] = min(begin, first.get(path, begin))
            last[path] = max(end, last.get(path, end))
    return {path: (line[at].oid, line[last[path]].oid) for path, at in first.items()}


def _is_file(path: str, change: bytes) -> bool:
    items = was(path, change), is_now(path, change)
    return any(item is not None and item.kind != "folder" for item in items)


def _logged(repository: Path, head: str) -> Attribution:
    """By one `git log`, parsed as simply as can be."""
    how = ("--first-parent", "-m", "--no-renames", "--name-status", "-z", "--format=%x01%H")
    argv = command("log", *how, head)
    said = subprocess.run(
        argv, cwd=repository, env=environment(), stdout=subprocess.PIPE, check=True
    ).stdout
    first: dict[bytes, bytes] = {}
    last: dict[bytes, bytes] = {}
    commit = b""
    tokens = iter(said.split(b"\0"))
    for token in tokens:
        part = token.lstrip(b"\n")
        if part.startswith(b"\1"):
            commit = part[1:]
        elif part:
            path = next(tokens)
            first[path] = commit  # the newest comes first
            last.setdefault(path, commit)
    return {
        path.decode("utf-8", "surrogateescape"): (at.decode(), last[path].decode())
        for path, at in first.items()
    }


def _present(git: Repository, head: str) -> list[str]:
    """Blobs of the tip that the repository has: a partial mirror lacks some."""
    found = []
    for oid in dict.fromkeys(i.oid for i in git.list(head, recursive=True) if i.kind == "file"):
        try:
            git.blob_size(oid)
        except KeyError:
            continue
        found.append(oid)
    return found


def _blobs(git: Repository, head: str, rounds: int) -> Row:
    oids = _present(git, head)
    read = dict.fromkeys(oids, 0) | {oid: len(data or b"") for oid, data in read_blobs(git, oids)}
    if read != dict(_catted(git.path, oids)):
        raise SystemExit("git cat-file gives other sizes than our reader")
    sides = {
        "assay": lambda: _timed(lambda: [len(data or b"") for _, data in read_blobs(git, oids)]),
        "git cat-file": lambda: _timed(lambda: list(_catted(git.path, oids))),
    }
    what = f"{len(oids):,} blobs of {sum(read.values()) / 1e6:,.0f} MB"
    return speed(what, in_turn(sides, rounds), "assay", "git cat-file", 0.8)


def _catted(repository: Path, oids: Sequence[str]) -> Iterator[tuple[str, int]]:
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{oid}\n" for oid in oids).encode())
        asked.seek(0)
        with subprocess.Popen(
            command("cat-file", "--batch", "--buffer"),
            cwd=repository,
            env=environment(),
            stdin=asked,
            stdout=subprocess.PIPE,
            bufsize=PIPE_BYTES // 4,
            pipesize=PIPE_BYTES,
        ) as process:
            assert process.stdout is not None
            while head := process.stdout.readline():
                oid, _, size = head.split()
                data = process.stdout.read(int(size))
                process.stdout.read(1)
                yield oid.decode(), len(data)


def _blob_changeover(what: str, git: Repository, oids: Sequence[str], rounds: int) -> list[Row]:
    """From which number on is git the faster?"""
    rows = []
    for count in COUNTS:
        some = oids[:: max(1, len(oids) // count)][:count]
        wanted = [(oid, git.blob_size(oid)) for oid in some]
        sides = {
            "git": partial(_timed, partial(_by_git, git, wanted)),
            "pygit2": partial(_timed, partial(_by_pygit2, git, some)),
        }
        rows.append(cost(f"{count:,} {what}", in_turn(sides, rounds), "git", "pygit2"))
    return rows


def _step_changeover(what: str, git: Repository, pairs: Pairs, rounds: int) -> list[Row]:
    rows = []
    for count in (1, 3, *COUNTS[:4]):
        some = pairs[:count]
        sides = {
            "git": partial(_timed, partial(_all, changes_by_git, git, some)),
            "pygit2": partial(_timed, partial(_all, changes_by_pygit2, git, some)),
        }
        row = cost(f"{count:,} steps of {what}", in_turn(sides, rounds), "git", "pygit2")
        rows.append(row)
    return rows


def _by_git(git: Repository, wanted: list[tuple[str, int]]) -> int:
    return sum(1 for _ in blobs_by_git(git, wanted))


def _by_pygit2(git: Repository, oids: Sequence[str]) -> int:
    return sum(1 for oid in oids if git.blob(oid) is not None)


def _all(
    reader: Callable[[Repository, Pairs], Iterator[object]], git: Repository, pairs: Pairs
) -> int:
    return sum(1 for _ in reader(git, pairs))


def _made_up(folder: Path) -> pygit2.Repository:
    return pygit2.init_repository(str(folder), bare=True)


def _pack(folder: Path, names: Iterable[str]) -> None:
    """All these objects into one pack, with differences, as git keeps what it has had for long."""
    argv = command("pack-objects", "-q", "--window=10", f"{folder}/objects/pack/pack")
    said = "".join(f"{name}\n" for name in names).encode()
    subprocess.run(argv, cwd=folder, env=environment(), input=said, check=True, capture_output=True)
    subprocess.run(command("prune-packed"), cwd=folder, env=environment(), check=True)


def _made_up_blobs(folder: Path, *, packed: bool) -> tuple[Repository, list[str]]:
    made = _made_up(folder)
    text = "- dataset: {{id: lab/benchmark, task_id: t{0}}}\n  value: 0.{0}\n  notes: {1}\n"
    oids = [
        str(made.create_blob(text.format(at, f"result {at * 7919}, " * 22).encode()))
        for at in range(COUNTS[-1])
    ]
    if packed:
        _pack(folder, oids)
    return Repository(folder), oids


def _made_up_steps(folder: Path, files: int, *, packed: bool) -> tuple[Repository, Pairs]:
    """A folder of so many files, of which each step changes one."""
    made = _made_up(folder)
    blobs = [made.create_blob(f"{at}".encode()) for at in range(COUNTS[-2] + 1)]
    builder = made.TreeBuilder()
    for at in range(files):
        builder.insert(f"result-of-some-task-{at:05}.yaml", blobs[0], FileMode.BLOB)
    trees = [str(builder.write())]
    for at, blob in enumerate(blobs[1:]):
        builder.insert(f"result-of-some-task-{at % files:05}.yaml", blob, FileMode.BLOB)
        trees.append(str(builder.write()))
    if packed:
        _pack(folder, [*trees, *map(str, blobs)])
    pairs = [TreePair("results", old, new) for old, new in pairwise(trees)]
    return Repository(folder), pairs
