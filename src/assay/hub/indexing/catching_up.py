"""Finding what the index is behind with, without asking every repository.

1. The index remembers the last push and the last event up to which no repository was behind: only
   what came after them is looked at. A pending push keeps the mark before itself.
2. What no push tells (names, visibility, whose a namespace is, what was ruled) is compared for all
   repositories, in a few queries.
3. Repositories with a fault are tried again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assay.core.mirror_source import shown
from assay.hub.indexing.sync import sync_into
from assay.hub.open import Hub
from assay.storage.database import catching_up as rows
from assay.storage.database import people as people_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database import rulings as ruling_rows
from assay.storage.database.catching_up import Marks, Stands
from assay.storage.database.index_store import IndexStore


@dataclass(frozen=True, slots=True)
class Behind:
    """What an index is behind with, and how far it will be once that is done."""

    repo_ids: frozenset[str]
    marks: Marks


def find_behind(hub: Hub, index: IndexStore) -> Behind:
    """The repositories that an index is behind with."""
    with index.read() as db:
        marks = rows.read_marks(db)
        indexed = rows.standing_as_indexed(db)
    with hub.durable.read() as db:
        reached = rows.marks_now(db)
        moved = rows.repos_after(db, marks)
        standing = _standing(
            repo_rows.all_repos(db, deleted=True),
            repo_rows.all_names(db),
            people_rows.claimed_namespaces(db),
            ruling_rows.last_rulings(db),
        )
    differ = {repo_id for repo_id, stands in standing if indexed.get(repo_id) != stands}
    return Behind(frozenset(moved | differ), reached)


def _standing(
    records: Iterable[repo_rows.RepoRecord],
    names: dict[str, list[str]],
    claimed: frozenset[str],
    ruled: Mapping[str, int],
) -> Iterable[tuple[str, Stands]]:
    for record in records:
        yield (
            record.id,
            (
                record.namespace,
                record.name,
                names.get(record.id, []),
                record.private,
                record.gated,
                record.deleted is not None,
                record.namespace in claimed,
                shown(record.mirror_of) if record.mirror_of is not None else None,
                ruled.get(record.id, 0),
                None,
            ),
        )


def catch_up(hub: Hub, index: IndexStore) -> None:
    """Sync every repository that an index is behind with."""
    behind = find_behind(hub, index)
    sync_into(hub, index, behind.repo_ids)
    set_marks(index, behind.marks)


def set_marks(index: IndexStore, marks: Marks) -> None:
    """Remember how far the index is."""
    with index.read() as db:
        if rows.read_marks(db) == marks:
            return
    with index.write() as db:
        rows.put_marks(db, marks)
