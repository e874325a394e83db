"""Building the index again, in several processes, while the old one serves.

1. A new index is made beside the one that serves. What a rebuild that was cut short had done is
   there still and is taken over: only what it is behind with is computed.
2. Benchmarks come first, so that results find their boards. Processes read git and decide; this one
   writes what they send, a portion a transaction.
3. While nobody may write, what was pushed meanwhile is added and the two are swapped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread

from assay.hub.collecting import collect_seldom, collecting_seldom
from assay.hub.indexing.catching_up import Behind, catch_up, find_behind, set_marks
from assay.hub.indexing.sync import PORTION, gather, gather_unseen, sync_into, write
from assay.hub.indexing.work import Work
from assay.hub.open import Hub, open_hub
from assay.settings import HubSettings
from assay.storage.database import catching_up as rows
from assay.storage.database import ledger_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database.index_store import IndexStore
from assay.storage.database.index_tables import metadata
from assay.storage.database.planning import count_roughly
from assay.storage.database.writing import portions

Progress = Callable[[int, int], None]
# A process takes a second to start: not worth it for fewer repositories.
FEW = 500


def rebuild(
    hub: Hub, *, workers: int | None = None, on_progress: Progress = lambda _done, _of: None
) -> None:
    """Build a new index beside the old one, which serves until they are swapped.

    Args:
        hub: The hub; other processes may be serving it.
        workers: How many processes read repositories; None for one a core.
        on_progress: Called with (repositories done, of how many).

    Raises:
        ConflictError: Another rebuild of this hub is under way.
    """
    with collecting_seldom(), hub.index.building() as built:
        behind = find_behind(hub, built)
        done, of = 0, len(behind.repo_ids)
        on_progress(done, of)
        for size, works in _computed(hub, built, behind, workers or os.cpu_count() or 1):
            sync_into(hub, built, write(built, works))
            done += size
            on_progress(done, of)
        set_marks(built, behind.marks)
        with built.write() as db:
            count_roughly(db, metadata)
        with hub.index.exclusive():
            catch_up(hub, built)
            _carry_looks(hub.index, built)
            hub.index.replace_with(built)


def _carry_looks(old: IndexStore, new: IndexStore) -> None:
    """What is known of folders is true of them whatever index says it, one of earlier code too."""
    with old.read() as db:
        looks = rows.read_looks(db) if rows.has_looks(db) else {}
    with new.write() as db:
        rows.put_looks(db, looks)


def _computed(
    hub: Hub, built: IndexStore, behind: Behind, workers: int
) -> Iterator[tuple[int, list[Work]]]:
    """What is to be written, in portions, with how many repositories each is about."""
    with built.read() as db:
        begun = behind.repo_ids & ledger_rows.all_indexed(db)
    for part in portions(sorted(begun), PORTION):
        yield len(part), gather(hub, built, part)
    fresh = behind.repo_ids - begun
    with hub.durable.read() as db:
        benchmarks = repo_rows.ids_of_type(db, "dataset")
    datasets, models = sorted(fresh & benchmarks), sorted(fresh - benchmarks)
    if workers == 1 or len(fresh) < FEW:
        for part in portions([*datasets, *models], PORTION):
            yield len(part), gather_unseen(hub, part)
        return
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_open, initargs=(hub.settings,)
    ) as pool:
        for ids in (datasets, models):
            yield from _in_order(pool, list(portions(ids, PORTION)), ahead=2 * workers)


def _in_order(
    pool: ProcessPoolExecutor, parts: Sequence[list[str]], *, ahead: int
) -> Iterator[tuple[int, list[Work]]]:
    """The parts' works in order, computed a few ahead of whoever takes them."""
    waiting: list[tuple[int, Future[list[Work]]]] = []
    for part in parts:
        waiting.append((len(part), pool.submit(_gather, part)))
        if len(waiting) >= ahead:
            size, future = waiting.pop(0)
            yield size, future.result()
    for size, future in waiting:
        yield size, future.result()


class _Process:
    """What a process of the pool keeps between portions."""

    hub: Hub


def _open(settings: HubSettings) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    collect_seldom()
    _Process.hub = open_hub(settings)


def _end_with_parent() -> None:
    """A process of the pool waits for more work for ever, also for one that was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _gather(repo_ids: list[str]) -> list[Work]:
    return gather_unseen(_Process.hub, repo_ids)
