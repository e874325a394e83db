"""What a client asks before it uploads: what is there already, and what is not wanted."""

from __future__ import annotations

from collections.abc import Sequence

from assay.errors import EntryNotFoundError, RevisionNotFoundError
from assay.hub.large import large_files
from assay.hub.open import Hub
from assay.storage.database.repos import RepoRecord
from assay.storage.git import find_ignored

IGNORE = ".gitignore"


def known_files(
    hub: Hub, record: RepoRecord, revision: str, paths: Sequence[str]
) -> dict[str, str]:
    """What git calls, or would call, the content of those paths that are files, by path.

    A client that is about to send the same content then sends nothing. There may be no such
    revision yet.
    """
    git = hub.git.open(record.id)
    try:
        head = git.resolve(revision)
    except RevisionNotFoundError:
        return {}
    found = [git.find(head, path) for path in paths]
    items = [item for item in found if item is not None and item.kind == "file"]
    stored = large_files(hub, record.id, git, items)
    return {
        item.path: stored[item.oid].object.git_oid if item.oid in stored else item.oid
        for item in items
    }


def ignored_paths(
    hub: Hub, record: RepoRecord, revision: str, paths: Sequence[str], text: str | None
) -> set[str]:
    """Those of many paths that a `.gitignore` keeps out.

    Args:
        hub: The hub.
        record: The repository.
        revision: Where its `.gitignore` is looked up.
        paths: From the root of the repository.
        text: A `.gitignore` that comes with them and is taken instead.
    """
    git = hub.git.open(record.id)
    if text is None:
        try:
            text = git.read(git.resolve(revision), IGNORE).decode(errors="replace")
        except (RevisionNotFoundError, EntryNotFoundError):
            return set()
    return find_ignored(text, paths)
