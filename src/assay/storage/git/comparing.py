"""What differs between two commits, as a unified diff that cannot grow without end.

A file is shown if git takes it for text and neither side is longer than the limit. Any other file
is named with the reason, and so are the files after the limit of the whole diff. Files beyond the
limit of names are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pygit2
from pygit2.enums import DeltaStatus, DiffFlag, FileMode

from assay.storage.git.repository import ZERO

Shown = Literal["text", "binary", "too long"]
Change = Literal["added", "removed", "changed"]
_CHANGES: dict[DeltaStatus, Change] = {DeltaStatus.ADDED: "added", DeltaStatus.DELETED: "removed"}


@dataclass(frozen=True, slots=True)
class DiffLimits:
    """How much of a difference is shown.

    Attributes:
        file_bytes: Longest side of a file whose lines are shown.
        total_bytes: Longest diff in all.
        files: How many files are named.
    """

    file_bytes: int = 256 * 1024
    total_bytes: int = 1024 * 1024
    files: int = 500


@dataclass(frozen=True, slots=True)
class FileDifference:
    """One file that differs; `text` is its part of the diff.

    Attributes:
        shown: Whether `text` holds its lines (`text`), or why it does not.
        plus: Lines added, of a file that is shown.
        minus: Lines removed, likewise.
    """

    path: str
    change: Change
    shown: Shown
    plus: int
    minus: int
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Files that differ, by path; `more` counts those beyond the limit."""

    files: tuple[FileDifference, ...] = ()
    more: int = 0

    @property
    def text(self) -> str:
        """The unified diff."""
        text = "".join(file.text for file in self.files)
        return f"{text}… and {self.more} more files\n" if self.more else text


def compare(repository: Path, base: str | None, head: str, limits: DiffLimits) -> Difference:
    """What `head` changed since `base`; since nothing at all when that is None."""
    git = pygit2.Repository(str(repository))
    tree = git[head].peel(pygit2.Tree)
    if base is None:
        diff = tree.diff_to_tree(swap=True)
    else:
        diff = git[base].peel(pygit2.Tree).diff_to_tree(tree)
    files: list[FileDifference] = []
    left = limits.total_bytes
    for number, delta in enumerate(diff.deltas):
        if number == limits.files:
            return Difference(tuple(files), len(diff) - number)
        files.append(_file(git, diff, number, delta, min(limits.file_bytes, left), left))
        left -= len(files[-1].text) if files[-1].shown == "text" else 0
    return Difference(tuple(files))


def _file(
    git: pygit2.Repository,
    diff: pygit2.Diff,
    number: int,
    delta: pygit2.DiffDelta,
    longest: int,
    left: int,
) -> FileDifference:
    path = _readable(delta.new_file.raw_path)
    change = _CHANGES.get(delta.status, "changed")
    size = max(_size(git, delta.old_file), _size(git, delta.new_file))
    if size > longest:
        return _named(path, change, "too long", f"are too long to show ({size} bytes)")
    patch = diff[number]
    assert patch is not None  # noqa: S101 - `number` counts the deltas of this very diff
    if patch.delta.flags & DiffFlag.BINARY:
        return _named(path, change, "binary", "are binary and differ")
    text = patch.data.decode(errors="replace")
    if len(text) > left:
        return _named(path, change, "too long", "are too long to show with the files before them")
    _, plus, minus = patch.line_stats
    return FileDifference(path, change, "text", plus, minus, text)


def _named(path: str, change: Change, why: Shown, words: str) -> FileDifference:
    text = f"diff --git a/{path} b/{path}\nFiles a/{path} and b/{path} {words}\n"
    return FileDifference(path, change, why, 0, 0, text)


def _size(git: pygit2.Repository, side: pygit2.DiffFile) -> int:
    """The bytes of one side; none where it is missing, or a submodule."""
    if str(side.id) == ZERO or side.mode == FileMode.COMMIT:
        return 0
    return int(git.odb.read_header(side.id)[1])


def _readable(raw: bytes) -> str:
    """A path on one line, whatever its bytes are."""
    path = raw.decode(errors="backslashreplace")
    return path if path.isprintable() else path.encode("unicode_escape").decode()
