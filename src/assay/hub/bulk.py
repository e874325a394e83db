"""Many repositories at once, each with its history: for imports and for hubs made up to measure.

A repository made here could not be pushed to before, so there is nothing to judge it against and
no ref that could move meanwhile. What remains of the door (`hub.push`) is this:

1. The actor may make repositories in each namespace; a name is one that nobody has or had.
2. Each is written whole, history and refs, where no id leads to yet: a work folder, from which it
   is moved to its place. Its place follows from what it is, so what a crash left is found again.
3. When all of that would survive a power cut, one transaction says that they exist, with their
   names, the rows of the push log and what was said about them.
4. The index is brought up to date (`index`), with whatever else it is behind with.

Before step 3 there is nothing that anybody can see; after it there is all of it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assay.core.permission import Reader, may_create
from assay.errors import ForbiddenError
from assay.hub import indexing
from assay.hub.indexing.rebuilding import FEW
from assay.hub.indexing.sync import PORTION, sync_into
from assay.hub.open import Hub
from assay.hub.push import Landing, PushForbiddenError, refuse
from assay.hub.settling import recover, settle
from assay.storage.database import bulk_rows as rows
from assay.storage.database import ledger_rows
from assay.storage.database.bulk_rows import NewPush
from assay.storage.database.discussions import Discussion, Event
from assay.storage.database.repos import RepoRecord
from assay.storage.database.writing import portions
from assay.storage.git import Pack, RefUpdate, update_refs, write_repository

BATCH = 200
"""Repositories a transaction: enough that the disk is waited for seldom."""
ID_CHARS = 24


@dataclass(frozen=True, slots=True)
class NewRepository:
    """A repository that is to be made with its history.

    Attributes:
        record: What it is; its id from `new_id`.
        pack: Its objects.
        refs: Where its refs are, by full name.
        pushes: How they came there, in order: what the push log is going to say.
        discussions: What is discussed in it; one that was merged names its push by its place in
            `pushes`, counted from 0.
        events: What happened to them, in order.
    """

    record: RepoRecord
    pack: Pack
    refs: Mapping[str, str]
    pushes: Sequence[NewPush]
    discussions: Sequence[Discussion] = ()
    events: Sequence[Event] = ()


def new_ids(hub: Hub, keys: Collection[str]) -> dict[str, str]:
    """Ids of repositories that are to be made: the same for the same keys, but for used ones."""
    found: dict[str, str] = {}
    number = 0
    with hub.durable.read() as db:
        while len(found) < len(keys):
            tried = {key: _id(key, number) for key in keys if key not in found}
            used = rows.used_ids(db, tried.values())
            found |= {key: repo_id for key, repo_id in tried.items() if repo_id not in used}
            number += 1
    return found


def _id(key: str, number: int) -> str:
    return hashlib.sha256(f"{number}\0{key}".encode()).hexdigest()[:ID_CHARS]


class Maker:
    """Makes repositories, some hundreds a transaction; `flush` makes those that are left.

    Args:
        hub: The hub.
        actor: In whose name.
        work: A folder beside the repositories, which nobody else works in.

    Attributes:
        made: How the folders of those that exist looked when nobody could know of them, by id.
    """

    def __init__(self, hub: Hub, actor: Reader, work: Path) -> None:
        self._hub, self._actor, self._work = hub, actor, work
        self._waiting: list[NewRepository] = []
        self.made: dict[str, str] = {}

    def add(self, new: NewRepository) -> None:
        """Write a repository to the work folder (steps 1 and 2).

        Raises:
            ForbiddenError: The actor may not make it.
        """
        record = new.record
        if not may_create(self._actor, record.namespace):
            raise ForbiddenError(
                f"{self._actor.name} may not create repositories under '{record.namespace}'",
                hint="ask the namespace's owner, or an admin",
            )
        folder = self._work / record.id
        if folder.exists():
            shutil.rmtree(folder)
        name = f"{record.type} {record.full_name}"
        write_repository(folder, repo_id=record.id, name=name, pack=new.pack, refs=new.refs)
        self._waiting.append(replace(new, pack=Pack()))  # its bytes are on the disk
        if len(self._waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Put what waits in its place, and say that it exists (steps 2 and 3).

        Raises:
            ConflictError: Somebody took one of the names meanwhile; nothing of these was made.
        """
        if not self._waiting:
            return
        new, self._waiting = self._waiting, []
        for one in new:
            _move(self._work / one.record.id, self._hub.git.path(one.record.id))
        os.sync()
        looks = {one.record.id: self._hub.git.look(one.record.id) or "" for one in new}
        created = self._hub.now()
        with self._hub.durable.write() as db:
            rows.add_namespaces(db, {one.record.namespace for one in new}, created=created)
            rows.add_repos(db, [one.record for one in new])
            numbers = iter(rows.add_pushes(db, [push for one in new for push in one.pushes]))
            for one in new:
                log = [next(numbers) for _ in one.pushes]
                found = [
                    each
                    if each.merged_by_push is None
                    else replace(each, merged_by_push=log[each.merged_by_push])
                    for each in one.discussions
                ]
                rows.add_discussions(db, found, one.events)
        self.made |= looks


def _move(folder: Path, place: Path) -> None:
    """Put a repository in its place; what lies there was left by a crash: no row leads to it."""
    if place.exists():
        shutil.rmtree(place)
    if not place.parent.is_dir():
        place.parent.mkdir(exist_ok=True)
    folder.rename(place)


def append(
    hub: Hub, actor: Reader, record: RepoRecord, pack: Pack, updates: Sequence[RefUpdate]
) -> None:
    """Bring new commits to a mirror, by the steps of any push; the index is the caller's to update.

    Args:
        hub: The hub.
        actor: In whose name.
        record: The repository.
        pack: Objects it does not have.
        updates: Where its refs move.

    Raises:
        PushForbiddenError: The actor may not move these refs; nothing was changed.
        StaleRefError: One of them moved meanwhile; nothing was changed.
    """
    with hub.git.lock(record.id):
        recover(hub, record.id)
        reasons = refuse(hub, record, actor, updates, mirroring=True)
        if reasons:
            raise PushForbiddenError("; ".join(reasons))
        git = hub.git.open(record.id)
        pack.write(git.path / "objects")
        landing = Landing(hub, record, actor)
        landing.prepare(updates, hub.git.open(record.id))
        try:
            update_refs(git.path, updates)
        finally:
            settle(hub, record.id)


def index(
    hub: Hub,
    changed: Mapping[str, str],
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> None:
    """Bring the index up to date with some repositories, and with all that an earlier call left.

    Where that is most of what there is, building the index anew takes a third of the time.

    Args:
        hub: The hub.
        changed: Ids, with how the folder of each looked when it was made (`Maker.made`): a later
            start opens none that looks so still. Of one that was there before, an empty text.
        on_progress: Called with (repositories done, of how many).
    """
    _bring_up_to_date(hub, list(changed), on_progress)
    indexing.remember_looks(
        hub, {one: look for one, look in changed.items() if look == hub.git.settled_look(one)}
    )


def _bring_up_to_date(
    hub: Hub, repo_ids: Sequence[str], on_progress: Callable[[int, int], None]
) -> None:
    with hub.index.read() as db:
        known = ledger_rows.all_indexed(db)
    if len(repo_ids) >= FEW and len(set(repo_ids) - known) > len(known):
        indexing.rebuild(hub, on_progress=on_progress)
        return
    done = 0
    for part in portions(repo_ids, PORTION):
        on_progress(done, len(repo_ids))
        sync_into(hub, hub.index, part)
        done += len(part)
    indexing.heal(hub)
    on_progress(done, len(repo_ids))
