"""What differs between trees, for many pairs of them: the history of a folder, step by step.

1. Everything below a folder counts, its folders too: one changed when anything in it did.
2. Two items are the same if kind and content are; git's other modes of a file are no difference.
3. Few entries are compared with pygit2, many by one `git diff-tree`. What git does not answer as
   it should, pygit2 is asked: it says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from assay.storage.git.asking import asked
from assay.storage.git.repository import Repository, TreeItem

# Of all trees together: some 2,000 entries. pygit2 takes 3 microseconds for one; git takes 2 to 4
# milliseconds to begin, and little then. By `benchmarks/ledger.py --tree` they are even at 700 to
# 2,000 entries, loose or packed, and git takes 0.04 of the time for 300 steps of 1,000 files.
MANY_BYTES = 100_000

# git knows it in every repository, whether it is there or not.
_EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_MODES = {"folder": b"040000", "symlink": b"120000", "submodule": b"160000"}
_KINDS = {mode: kind for kind, mode in _MODES.items()}
_FILE, _ABSENT = b"100644", b"000000"
_NOTHING = _ABSENT, b"0" * 40
_CHUNK_BYTES = 256 * 1024
# git says back what is no pair: then it has answered all before.
_END = "end"

Change = bytes
"""What stood at a path and what stands there: modes and ids as in git's raw diffs, zeros for none.

Of very many changes few matter to whoever asks, and only those become items: `was` and `is_now`.
"""
Changes = Mapping[str, Change]
"""By path from the repository's root."""


@dataclass(frozen=True, slots=True)
class TreePair:
    """A folder, and the trees that it was and is: None where there was or is no such folder."""

    folder: str
    before: str | None
    after: str | None


def was(path: str, change: Change) -> TreeItem | None:
    """What stood at the path of a change."""
    return _item(path, change[:6], change[14:54])


def is_now(path: str, change: Change) -> TreeItem | None:
    """What stands at the path of a change."""
    return _item(path, change[7:13], change[55:])


def _item(path: str, mode: bytes, oid: bytes) -> TreeItem | None:
    return None if mode == _ABSENT else TreeItem(path, _KINDS.get(mode, "file"), oid.decode())


def tree_changes(git: Repository, pairs: Iterable[TreePair]) -> Iterator[tuple[TreePair, Changes]]:
    """Each pair of trees that are not one, once, in order, with what differs.

    Raises:
        KeyError: A tree is missing.
        pygit2.GitError: It cannot be read.
    """
    differing = list(dict.fromkeys(pair for pair in pairs if pair.before != pair.after))
    told = 0
    if _are_many(git, differing):
        for found in changes_by_git(git, differing):
            yield found
            told += 1
    yield from changes_by_pygit2(git, differing[told:])


def _are_many(git: Repository, pairs: Sequence[TreePair]) -> bool:
    trees = {tree for pair in pairs for tree in (pair.before, pair.after) if tree is not None}
    return sum(git.blob_size(tree) for tree in trees) >= MANY_BYTES


def changes_by_pygit2(
    git: Repository, pairs: Iterable[TreePair]
) -> Iterator[tuple[TreePair, Changes]]:
    """`tree_changes` in this process, of trees that differ."""
    listed: dict[tuple[str, str], dict[str, TreeItem]] = {}
    for pair in pairs:
        changes: dict[str, Change] = {}
        seen: dict[tuple[str, str], dict[str, TreeItem]] = {}
        left = [(pair.folder, pair.before, pair.after)]
        while left:
            folder, *trees = left.pop()
            for tree in filter(None, trees):  # one step begins where the one before ended
                items = listed.get((folder, tree))
                seen[folder, tree] = items or {i.path: i for i in git.list_tree(tree, folder)}
            before, after = (seen[folder, tree] if tree else {} for tree in trees)
            for path in before.keys() | after.keys():
                old, new = before.get(path), after.get(path)
                if old != new:
                    changes[path] = _change(old, new)
                    left.append((path, _tree(old), _tree(new)))
        listed = seen
        yield pair, changes


def _tree(item: TreeItem | None) -> str | None:
    return item.oid if item is not None and item.kind == "folder" else None


def _change(old: TreeItem | None, new: TreeItem | None) -> Change:
    (was_mode, was_id), (mode, oid) = (
        (_MODES.get(item.kind, _FILE), item.oid.encode()) if item is not None else _NOTHING
        for item in (old, new)
    )
    return b"%s %s %s %s" % (was_mode, mode, was_id, oid)


def changes_by_git(
    git: Repository, pairs: Sequence[TreePair]
) -> Iterator[tuple[TreePair, Changes]]:
    """`tree_changes` by a git process, up to the first pair that it does not answer well."""
    questions = [f"{pair.before or _EMPTY} {pair.after or _EMPTY}" for pair in pairs]
    # Whatever a `.gitmodules` in the repository says, a submodule that changed is one.
    how = ("--stdin", "-r", "-t", "--raw", "-z", "--no-renames", "--ignore-submodules=none")
    with suppress(OSError), asked(git, "diff-tree", *how, lines=[*questions, _END]) as answers:
        heads = [question.encode() for question in (*questions, _END)]
        changes: dict[str, Change] = {}
        at, prefix = -1, ""
        tokens = _tokens(answers)
        for token in tokens:
            record = token
            if not token.startswith(b":"):  # names are taken out below: what stands here is git's
                *begun, record = token.split(b"\n")
                for head in begun:
                    if at >= 0:
                        yield pairs[at], changes
                    at, changes = at + 1, {}
                    if at == len(pairs) or head != heads[at]:
                        return
                    prefix = f"{pairs[at].folder}/" if pairs[at].folder else ""
            path = prefix + next(tokens, b"").decode("utf-8", "surrogateescape")  # as pygit2 does
            change = record[1:96]
            if path in changes:  # a file that became a folder has two records
                change = _joined(changes.pop(path), change)
            if record[15:55] != record[56:96] or was(path, change) != is_now(path, change):
                changes[path] = change


def _joined(one: Change, other: Change) -> Change:
    old = other if one.startswith(_ABSENT) else one
    new = other if one[7:13] == _ABSENT else one
    return old[:7] + new[7:14] + old[14:55] + new[55:]


def _tokens(answers: BinaryIO) -> Iterator[bytes]:
    """What stands between NULs; what follows the last one too."""
    rest = b""
    while chunk := answers.read(_CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    yield rest
