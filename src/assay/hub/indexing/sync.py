"""From git and the durable rows to the index. A job carries names; running it twice is harmless.

`sync(repo)`: 1. Read what the index is current with: the last push it has seen. 2. Replay the
pushes after it, in the order of the log: each moves one lane from commit to commit. 3. Say of every
claim where it stands. 4. Write what differs, with what follows for boards, in one short
transaction, if the index is still where step 1 saw it; else begin again.

Many repositories are done in portions, a transaction each. Replaying from the first push gives the
same rows: that is a rebuild. A repository that cannot be read keeps the rows it has, and a fault.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from assay.core.ledger import Ledger
from assay.core.permission import lane_of
from assay.core.provenance import MAIN_LANE
from assay.errors import DamagedRepositoryError, NoRoomError, UnfinishedError
from assay.hub.indexing.facts import NOTHING, Facts, read_facts
from assay.hub.indexing.replay import Touched, TouchFiles
from assay.hub.indexing.work import Work, compute, is_renamed, save
from assay.hub.open import Hub
from assay.storage.database import ledger_rows, record_rows
from assay.storage.database.catching_up import Marks
from assay.storage.database.engine import Connection
from assay.storage.database.index_store import IndexStore
from assay.storage.database.ledger_rows import RepoRow
from assay.storage.database.writing import portions

# Of the repositories that one transaction writes: short enough for whoever waits to write.
PORTION = 100


def sync(hub: Hub, repo_id: str) -> None:
    """Bring the index up to date with one repository; does nothing when nothing differs.

    Raises:
        UnfinishedError: The disk is full. It is tried again before long.
    """
    try:
        with hub.to_be_finished(repo_id):
            sync_into(hub, hub.index, [repo_id])
    except NoRoomError as error:
        raise UnfinishedError from error


def sync_into(hub: Hub, index: IndexStore, repo_ids: Collection[str]) -> None:
    """`sync` for many, and for an index that may not be the one that serves."""
    for part in portions(sorted(repo_ids), PORTION):
        waiting = part
        while waiting:
            waiting = write(index, gather(hub, index, waiting))


def gather(hub: Hub, index: IndexStore, repo_ids: Sequence[str]) -> list[Work]:
    """Steps 1 to 3 for some repositories."""
    with index.read() as db:
        seen = ledger_rows.find_repo_rows(db, repo_ids)
    return _gather(hub, repo_ids, seen, index)


def gather_unseen(hub: Hub, repo_ids: Sequence[str]) -> list[Work]:
    """`gather` for repositories that the index has no row of yet: it is not asked."""
    return _gather(hub, repo_ids, {}, None)


def _gather(
    hub: Hub,
    repo_ids: Sequence[str],
    seen: Mapping[str, RepoRow],
    index: IndexStore | None,
) -> list[Work]:
    facts = read_facts(hub, {one: _marks(seen.get(one)) for one in repo_ids})
    works = []
    for repo_id, known in facts.items():
        work = _compute(hub, known, seen.get(repo_id), index)
        if not work.is_nothing:
            works.append(work)
    return works


def _marks(seen: RepoRow | None) -> Marks:
    return Marks(seen.last_push, seen.last_event) if seen is not None else NOTHING


def _compute(hub: Hub, facts: Facts, seen: RepoRow | None, index: IndexStore | None) -> Work:
    renamed = is_renamed(seen, facts)
    if renamed:
        facts = read_facts(hub, {facts.record.id: NOTHING}).get(facts.record.id, facts)

    def load(touched: Touched | None, touch_files: TouchFiles) -> Ledger:
        if index is None or seen is None or renamed or facts.record.type != "model":
            return Ledger(facts.record.id)
        on_main = any(lane_of(push.ref) == MAIN_LANE for push in facts.pushes)
        with index.read() as db:
            return _load(db, seen, touched, touch_files, on_main=on_main)

    try:
        with hub.git.reading(facts.record.id):
            return compute(hub, facts, seen, load, renamed=renamed)
    except DamagedRepositoryError as error:
        return Work.of_damaged(facts, seen, error.message)


def _load(
    db: Connection,
    seen: RepoRow,
    touched: Touched | None,
    touch_files: TouchFiles,
    *,
    on_main: bool,
) -> Ledger:
    """A record as far as it is touched. If it has moved on since `seen`, `write` will tell.

    What main says anew may be what any pull request says. Where main did not move, a pull request
    changes nothing about the others, of which there may be very many on the same tasks.
    """
    repo_id = seen.repo_id
    if touched is None:
        return record_rows.load_ledger(db, repo_id)
    touch_files(record_rows.files_naming(db, repo_id, touched.records))
    subjects = record_rows.subjects_touched(
        db, repo_id, touched.subjects, lanes=touched.lanes, claims=touched.claims
    )
    lanes = None if on_main or touched.claims else {MAIN_LANE, *touched.lanes}
    ledger = record_rows.load_ledger(db, repo_id, subjects, lanes)
    ledger.others_live = seen.claims - ledger.count_live()
    return ledger


def write(index: IndexStore, works: Sequence[Work]) -> list[str]:
    """Step 4; ids of the repositories that somebody else has written meanwhile."""
    if not works:
        return []
    with index.write() as db:
        now = ledger_rows.find_repo_rows(db, [work.row.repo_id for work in works])
        same = [work for work in works if now.get(work.row.repo_id) == work.seen]
        save(db, same)
    return [work.row.repo_id for work in works if now.get(work.row.repo_id) != work.seen]
