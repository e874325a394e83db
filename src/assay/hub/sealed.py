"""What somebody who was not let in may bring to a gated repository: nothing of what is in it.

Some files of a gated repository are open (`permission.OPEN_FILES`), in pull requests too. The ids
of all others stand in its listings: whoever could call one her README would read what is sealed.
"""

from __future__ import annotations

from collections.abc import Iterator

from assay.core.permission import OPEN_FILES, Reader
from assay.hub import gates
from assay.hub.open import Hub
from assay.storage.database.repos import RepoRecord
from assay.storage.git import Repository, TreeItem

BRANCHES, PULLS = "refs/heads/", "refs/pr/"


def refuse_sealed(hub: Hub, record: RepoRecord, actor: Reader, git: Repository) -> list[str]:
    """Why the new commits of a push cannot land: their open files are others that were here before.

    Args:
        hub: The hub.
        record: The repository, which the actor may see.
        actor: Who pushes.
        git: The repository with the push's quarantine.
    """
    if record.gated is None or gates.is_let_in(hub, actor, record):
        return []
    brought = {oid for oid, _ in git.new_blobs()}
    suspects: list[tuple[str, TreeItem]] = []
    for commit in git.new_commits():
        known = {item.oid for parent in commit.parents for item in _open_files(git, parent)}
        suspects += [
            (commit.oid, item)
            for item in _open_files(git, commit.oid)
            if item.oid not in brought and item.oid not in known
        ]
    if not suspects:
        return []
    # What is open elsewhere already may be said again: then it is here, and nobody sends it anew.
    heads = {git.commit_of(ref) for prefix in (BRANCHES, PULLS) for ref in git.refs(prefix)}
    is_open = {item.oid for head in heads if head for item in _open_files(git, head)}
    return [
        f"{item.path} in {commit[:12]}: not a file of this push, and what is in "
        f"{record.full_name} is for those who were let in; ask for access first"
        for commit, item in suspects
        if item.oid not in is_open
    ]


def _open_files(git: Repository, commit: str) -> Iterator[TreeItem]:
    for item in git.list(commit):
        if item.kind == "folder" and OPEN_FILES.fullmatch(f"{item.path}/x"):
            inside = git.list(commit, item.path, recursive=True)
            yield from (each for each in inside if each.kind != "folder")
        elif item.kind != "folder" and OPEN_FILES.fullmatch(item.path):
            yield item
