"""What a client asks before it uploads: what is there already, and what is not wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.core.files import is_large_kind, stays_in_git
from assay.errors import EntryNotFoundError, RevisionNotFoundError
from assay.hub.large import large_files
from assay.hub.open import Hub
from assay.hub.repos import resolve
from assay.storage.database.repos import RepoRecord
from assay.storage.git import find_ignored

IGNORE = ".gitignore"


@dataclass(frozen=True, slots=True)
class Known:
    """The content of a file that is there.

    Attributes:
        git_oid: What git calls it, or would.
        sha256: Of a large file; None for one that stands in git.
    """

    git_oid: str
    sha256: str | None


def known_files(
    hub: Hub, record: RepoRecord, revision: str, paths: Sequence[str]
) -> dict[str, Known]:
    """The content of those paths that are files.

    A client that is about to send the same content then sends nothing. There may be no such
    revision yet.
    """
    git = hub.git.open(record.id)
    try:
        head = resolve(record, git, revision)
    except RevisionNotFoundError:
        return {}
    found = [git.find(head, path) for path in paths]
    items = [item for item in found if item is not None and item.kind == "file"]
    stored = {oid: large.object for oid, large in large_files(hub, record.id, git, items).items()}
    return {
        item.path: Known(stored[item.oid].git_oid, stored[item.oid].oid)
        if item.oid in stored
        else Known(item.oid, None)
        for item in items
    }


def is_large(hub: Hub, path: str, size_bytes: int) -> bool:
    """Whether a file that has yet to come is one to be kept beside git."""
    if size_bytes == 0 or stays_in_git(path):
        return False
    return size_bytes > hub.settings.files.large_bytes or is_large_kind(path)


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
            text = git.read(resolve(record, git, revision), IGNORE).decode(errors="replace")
        except (RevisionNotFoundError, EntryNotFoundError):
            return set()
    return find_ignored(text, paths)
