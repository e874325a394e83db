"""What a start and a running hub do to find and mend what was left behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from assay.errors import DamagedRepositoryError, NoRoomError, RepoNotFoundError
from assay.hub.indexing.catching_up import catch_up
from assay.hub.indexing.rebuilding import rebuild
from assay.hub.indexing.sync import sync
from assay.hub.open import Hub
from assay.hub.settling import LeftBehind, find_left_behind, find_unsettled, mend, settle
from assay.storage.database import catching_up as rows
from assay.storage.database import durable_tables, index_tables
from assay.storage.database import pushes as push_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database.planning import count_roughly
from assay.storage.database.writing import portions

# Of the repositories that a sweep mends before it remembers them.
PORTION = 1000


def sweep(hub: Hub) -> None:
    """Heal what a crash left: run it before serving. Waits for git processes that still run.

    Repositories whose folders look as they did when a sweep last found nothing are not opened. One
    that cannot be read is named in the index; everything else goes on.
    """
    hub.pushing.forget_dead()
    ensure(hub)
    suspects = _find_suspects(hub)
    left = find_left_behind(hub, suspects)
    faults: dict[str, str] = {}
    for part in portions(suspects, PORTION):
        faults |= _mend_all(hub, part, left)
    catch_up(hub, hub.index)
    if faults:
        with hub.index.write() as db:
            rows.put_faults(db, faults)
    _count_roughly(hub)


def _mend_all(hub: Hub, repo_ids: Iterable[str], left: LeftBehind) -> dict[str, str]:
    """Mend repositories, and remember how they look then; why some cannot be read, by id.

    A sweep of very many that is cut short has not been for nothing. What the index still lacks of
    them is no matter of looks: the push log tells.
    """
    looks: dict[str, str] = {}
    faults: dict[str, str] = {}
    for repo_id in repo_ids:
        try:
            with hub.git.reading(repo_id), hub.git.lock(repo_id):
                mend(hub, repo_id, left)
                looks[repo_id] = hub.git.settled_look(repo_id) or ""
        except DamagedRepositoryError as error:
            faults[repo_id] = error.message
    remember_looks(hub, looks)
    return faults


def remember_looks(hub: Hub, looks: Mapping[str, str]) -> None:
    """Remember how repositories' folders look that are in order, by id: no start opens those."""
    if looks:
        with hub.index.write() as db:
            rows.put_looks(db, looks)


def _find_suspects(hub: Hub) -> list[str]:
    """Repositories whose folders look otherwise than when they were last in order."""
    with hub.durable.read() as db:
        there, deleted = repo_rows.all_ids(db)
    with hub.index.read() as db:
        known = rows.read_looks(db)
    for repo_id in deleted:
        hub.git.discard(repo_id)
    unsettled = find_unsettled(hub)
    return [
        repo_id
        for repo_id in there
        if repo_id in unsettled or hub.git.look(repo_id) != known.get(repo_id, "")
    ]


def heal(hub: Hub) -> None:
    """What a running hub does every few minutes: settle and sync whatever was left behind."""
    with hub.durable.read() as db:
        broken = push_rows.repos_with_pending(db)
    for repo_id in broken:
        with hub.git.lock(repo_id):
            settle(hub, repo_id)
    catch_up(hub, hub.index)
    _count_roughly(hub)


def _count_roughly(hub: Hub) -> None:
    """Not worth a start, or a try to mend, that fails on a full disk."""
    with suppress(NoRoomError):
        with hub.index.write() as db:
            count_roughly(db, index_tables.metadata)
        with hub.durable.write() as db:
            count_roughly(db, durable_tables.metadata)


def finish_unfinished(hub: Hub) -> None:
    """Settle and index what a push of this process could not finish, such as on a full disk."""
    for repo_id in tuple(hub.unfinished):
        with suppress(RepoNotFoundError), hub.git.lock(repo_id):
            settle(hub, repo_id)
            sync(hub, repo_id)
        hub.unfinished.discard(repo_id)


def ensure(hub: Hub) -> None:
    """Make sure that there is an index of this code's schema; an older one is rebuilt."""
    if not hub.index.is_current():
        if hub.index.is_empty():
            hub.index.create()
        else:
            rebuild(hub)
