"""The least that an index has to read of many repositories, with pygit2 and nothing of ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pygit2

FOLDER = ".eval_results"


def folders(root: Path) -> Iterator[str]:
    """Every repository below a hub's `repos`."""
    for shelf in os.scandir(root):
        for entry in os.scandir(shelf.path):
            yield entry.path


def read_all(root: Path) -> tuple[int, int]:
    """Refs, result files of their tips, and each file's last commit, of all repositories.

    Returns:
        How many repositories and how many (ref, file) pairs that was.
    """
    repositories = files = 0
    for path in folders(root):
        git = pygit2.Repository(path)
        repositories += 1
        for ref in git.references.objects:
            files += _read_ref(git, git[ref.target])
    return repositories, files


def _read_ref(git: pygit2.Repository, tip: pygit2.Object) -> int:
    commit = tip.peel(pygit2.Commit)
    now = _results(commit)
    for blob in now.values():
        git[blob].peel(pygit2.Blob).data  # noqa: B018 - to have read it is all
    waiting = dict(now)
    while waiting:
        parent = commit.parents[0] if commit.parents else None
        before = _results(parent) if parent is not None else {}
        for name in [name for name, blob in waiting.items() if before.get(name) != blob]:
            del waiting[name]
            str(commit.id), commit.author.name, commit.commit_time
        if parent is None:
            break
        commit = parent
    return len(now)


def _results(commit: pygit2.Commit) -> dict[str, pygit2.Oid]:
    try:
        folder = commit.tree[FOLDER].peel(pygit2.Tree)
    except KeyError:
        return {}
    return {str(item.name): item.id for item in folder if isinstance(item, pygit2.Blob)}


def look_at_all(paths: list[str]) -> int:
    """Two calls of `stat` a repository: the least that shows whether anything moved."""
    return sum(
        os.stat(path).st_mtime_ns > os.stat(f"{path}/objects").st_mtime_ns  # noqa: PTH116
        for path in paths
    )
