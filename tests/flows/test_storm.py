"""Small pushes while the server is killed: none acknowledged is lost, none refused is shown."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from tests.hub_process import HubProcess, Work, assay, entry

ROUNDS = int(os.environ.get("ASSAY_STORM_ROUNDS", "20"))
PUSHES_A_ROUND = 10


@pytest.mark.storm
def test_no_acknowledged_push_is_lost(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path / "data")
    hub.add("ada")
    hub.start()
    hub.create("ada", "m")
    work = Work.new(tmp_path / "work")
    acknowledged: list[str] = []
    refused: list[str] = []
    chance = random.Random(7)  # noqa: S311 - when to kill, not a secret
    try:
        for _ in range(ROUNDS):
            _round(hub, work, acknowledged, refused, after_s=chance.uniform(0.05, 1.5))
        _check(hub, work, acknowledged, refused)
    finally:
        hub.stop()


def _round(
    hub: HubProcess, work: Work, acknowledged: list[str], refused: list[str], *, after_s: float
) -> None:
    killer = threading.Timer(after_s, hub.kill)
    killer.start()
    try:
        for number in range(PUSHES_A_ROUND):
            bad = number % 3 == 1
            value = ".nan" if bad else str(len(acknowledged))
            path = ".eval_results/bad.yaml" if bad else ".eval_results/quiz.yaml"
            commit = work.commit({path: entry(value), "n": f"{time.monotonic()}"})
            pushed = work.push(hub.remote("ada", "ada/m"))
            if pushed.returncode == 0:
                acknowledged.append(commit)
                continue
            if "refused: nothing was changed" in pushed.stderr:
                refused.append(commit)
            work.git("reset", "--quiet", "--hard", "HEAD~1", check=False)
            if killer.finished.is_set():
                break
    finally:
        killer.join()
    hub.start()
    if hub.main("ada", "ada/m") is not None:
        # A push that was cut off may have landed: go on from where main is.
        work.git("fetch", "--quiet", hub.remote("ada", "ada/m"), "main")
        work.git("reset", "--quiet", "--hard", "FETCH_HEAD")


def _check(hub: HubProcess, work: Work, acknowledged: list[str], refused: list[str]) -> None:
    assert acknowledged
    assert refused
    on_main = work.git("rev-list", "HEAD").stdout.split()
    assert set(acknowledged) <= set(on_main)
    assert not set(refused) & set(on_main)
    with sqlite3.connect(f"file:{hub.data}/hub.sqlite?mode=ro", uri=True) as db:
        query = "select old, new, actor from push where state = 'applied' and ref = ? order by id"
        log = db.execute(query, ["refs/heads/main"]).fetchall()
        pending = db.execute("select count(*) from push where state = 'pending'").fetchone()[0]
    db.close()
    assert pending == 0
    pushed_by: dict[str, str] = {}
    for old, new, actor in log:
        span = new if set(old) == {"0"} else f"{old}..{new}"
        for commit in work.git("rev-list", span).stdout.split():
            pushed_by.setdefault(commit, actor)
    assert {pushed_by.get(commit) for commit in on_main} == {"ada"}
    before = assay("index", "dump", data=hub.data).stdout
    assay("index", "rebuild", data=hub.data)
    assert assay("index", "dump", data=hub.data).stdout == before
