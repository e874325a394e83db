"""Repositories as lists and information pages show them."""

from __future__ import annotations

from dataclasses import replace

from assay.core.permission import Reader
from assay.errors import RepoNotFoundError
from assay.hub.open import Hub
from assay.hub.profiles import read_profile
from assay.hub.repos import At, RepoType
from assay.storage.database import profiles as rows
from assay.storage.database.profiles import OFFICIAL, Entry, Selection
from assay.storage.database.repos import RepoRecord


def entry(hub: Hub, reader: Reader, record: RepoRecord, at: At | None = None) -> Entry:
    """A repository (found by `repos.find`) with what it says of itself.

    Args:
        hub: The hub.
        reader: Who asks.
        record: The repository.
        at: The commit whose card speaks; None for main as it was last indexed.

    Raises:
        RepoNotFoundError: It is being made or deleted just now.
    """
    with hub.index.read() as db:
        found = rows.find_entry(db, reader, record.id, official=hub.settings.official)
    if found is None:
        raise RepoNotFoundError(f"there is no {record.type} repository '{record.full_name}' here")
    if at is None or at.commit == found.main:
        return found
    repo_type: RepoType = "model" if record.type == "model" else "dataset"
    read = read_profile(hub, record.id, repo_type, at.git, at.commit)
    return replace(found, **read.profile, main=at.commit)


def page(hub: Hub, reader: Reader, selection: Selection) -> tuple[list[Entry], bool]:
    """The repositories of a list that the reader may see, and whether there are more.

    Args:
        hub: The hub.
        reader: Who asks.
        selection: Which, in what order, how many.
    """
    with hub.index.read() as db:
        one_more = replace(selection, limit=selection.limit + 1)
        found = rows.select_entries(db, reader, one_more, official=hub.settings.official)
    return found[: selection.limit], len(found) > selection.limit


def tags(entry: Entry) -> list[str]:
    """All tags of a repository: what its card says, and whether it is an official benchmark."""
    return [*entry.tags, OFFICIAL] if entry.is_official else entry.tags
