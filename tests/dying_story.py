"""Rounds of a story whose tellers are killed in the middle of it, and of what follows.

    python -m tests.dying_story FOLDER SEED ROUNDS

Each round forks a teller, who is killed after a random number of calls, or at a random moment:
while telling, within a sync, while a start sweeps what was left behind, or within a rebuild.
Whoever comes next sweeps, and must have what a rebuild makes of it. Prints how many died; fails
with the round and its seed. One process forks so that nobody has to be started; it has no hub open.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.story import Clock, Story, begin

from assay.hub import indexing
from assay.hub.open import Hub, open_hub
from assay.settings import HubSettings
from assay.storage.database import pushes as push_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database.pushes import APPLIED, FAILED, PENDING

STEPS = 4
ROUNDS_A_HUB = 24
DIED = -signal.SIGKILL


class Fuse:
    """Kills its process after so many calls of functions, Python's own and those in C."""

    def __init__(self, calls: int | None) -> None:
        self.calls, self.seen = calls, 0

    def __call__(self, _frame: Any, event: str, _arg: Any) -> None:
        if event in {"call", "c_call"}:
            self.seen += 1
            if self.seen == self.calls:
                os.kill(os.getpid(), signal.SIGKILL)

    def burning(self, work: Callable[..., None]) -> Callable[..., None]:
        """The same work, in which calls count."""

        def counted(*arguments: Any) -> None:
            sys.setprofile(self)
            try:
                work(*arguments)
            finally:
                sys.setprofile(None)

        return counted


@dataclass(frozen=True)
class Round:
    """One round: its number, the folder of its hub, and what is random in it."""

    number: int
    folder: Path
    seed: str

    def open(self, *, checks: bool = True) -> Hub:
        settings = HubSettings(data=self.folder, checks=checks)
        return open_hub(settings, clock=Clock(day=self.number))

    def tell(self, hub: Hub) -> None:
        story = Story(hub, random.Random(self.seed))  # noqa: S311 - a seed is the point
        story.recall()
        for _ in range(STEPS):
            story.step()


def telling(round_: Round, fuse: Fuse) -> None:
    with closing(round_.open()) as hub:
        fuse.burning(round_.tell)(hub)


def within_syncs(round_: Round, fuse: Fuse) -> None:
    modules = [sys.modules[f"assay.hub.indexing.{name}"] for name in ("sync", "catching_up")]
    counted = fuse.burning(modules[0].sync_into)
    for module in modules:
        vars(module)["sync_into"] = counted
    with closing(round_.open()) as hub:
        round_.tell(hub)


def sweeping(round_: Round, fuse: Fuse) -> None:
    with closing(round_.open(checks=False)) as hub:
        round_.tell(hub)
    with closing(round_.open()) as hub:
        fuse.burning(indexing.sweep)(hub)


def rebuilding(round_: Round, fuse: Fuse) -> None:
    with closing(round_.open()) as hub:
        round_.tell(hub)
        fuse.burning(lambda: indexing.rebuild(hub, workers=1))()


DEATHS = (telling, within_syncs, sweeping, rebuilding)


def expect_order(round_: Round) -> None:
    """After a start: nothing is pending, nobody unknown moved a ref, the index is as a new one."""
    with closing(round_.open()) as hub:
        indexing.sweep(hub)
        kept = list(indexing.dump(hub))
        with hub.durable.read() as db:
            for record in repo_rows.all_repos(db, deleted=True):
                states = (PENDING, APPLIED, FAILED)
                for push in push_rows.pushes(db, record.id, states=states):
                    assert push.state != PENDING, push
                    assert push.actor is not None, push
        assert not any(row.fault or row.pushes_behind for row in indexing.status(hub))
        indexing.rebuild(hub, workers=1)
        assert list(indexing.dump(hub)) == kept


def forked(work: Callable[[], None], *, killed_after_s: float | None = None) -> int:
    """Do something in a process of its own; how it ended."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - the process's edge
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if killed_after_s is not None:
        time.sleep(killed_after_s)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def begun(round_: Round) -> None:
    with closing(round_.open()) as hub:
        begin(hub)


@dataclass
class Measure:
    """How many calls a death has time for, and how many seconds."""

    calls: int
    seconds: float


def measure(round_: Round, death: Callable[[Round, Fuse], None]) -> Measure:
    """What is done until the end, on a copy."""
    copy = round_.folder.with_suffix(".copy")
    shutil.copytree(round_.folder, copy)
    tried, fuse = Round(round_.number, copy, round_.seed), Fuse(None)
    read, write = os.pipe()

    def work() -> None:
        death(tried, fuse)
        os.write(write, str(fuse.seen).encode())

    start = time.monotonic()
    assert forked(work) == 0, f"{death.__name__} failed unkilled, seed {round_.seed}"
    seconds = time.monotonic() - start
    calls = int(os.read(read, 100))
    os.close(read)
    os.close(write)
    shutil.rmtree(copy)
    return Measure(calls, seconds)


def main() -> None:
    folder, seed, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    died = 0
    measures: dict[str, Measure] = {}
    for number in range(rounds):
        round_ = Round(number, folder / f"hub-{number // ROUNDS_A_HUB}", f"{seed}/{number}")
        if number % ROUNDS_A_HUB == 0:
            measures.clear()
            assert forked(partial(begun, round_)) == 0
        chance = random.Random(f"death {round_.seed}")  # noqa: S311 - when to kill, no secret
        death = DEATHS[number % len(DEATHS)]
        if death.__name__ not in measures:
            measures[death.__name__] = measure(round_, death)
        most = measures[death.__name__]
        by_calls = number % (2 * len(DEATHS)) < len(DEATHS)
        fuse = Fuse(chance.randrange(1, most.calls) if by_calls else None)
        after_s = None if by_calls else chance.uniform(0, most.seconds)
        ended = forked(partial(death, round_, fuse), killed_after_s=after_s)
        said = f"round {number}, seed {round_.seed}, {death.__name__}, {fuse.calls=}, {after_s=}"
        assert ended in {0, DIED}, said
        died += ended == DIED
        assert forked(partial(expect_order, round_)) == 0, said
    print(f"{died} of {rounds} died")  # noqa: T201 - it is a script


if __name__ == "__main__":
    main()
