"""Rebuilding the index of a hub of some size: killed at random, by several processes, served."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.hub_process import ROOT, HubProcess, Work, assay, entry

ROUNDS = int(os.environ.get("ASSAY_REBUILD_ROUNDS", "4"))
# More repositories than are computed in one process.
MODELS, CLAIMS, TASKS, PULLS = "520", "900", "9", "60"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    data = tmp_path_factory.mktemp("rebuild") / "data"
    make = [sys.executable, "benchmarks/make_hub.py", str(data), "--models", MODELS]
    make += ["--claims", CLAIMS, "--tasks", TASKS, "--pulls", PULLS]
    subprocess.run(make, check=True, cwd=ROOT, capture_output=True)
    served = HubProcess(data)
    served.start()
    yield served
    served.stop()


def dump(hub: HubProcess) -> str:
    return assay("index", "dump", data=hub.data).stdout


def test_however_many_processes_the_index_is_the_same_to_the_byte(hub: HubProcess) -> None:
    found = dump(hub)
    assert found.count('["claim"') > int(CLAIMS) / 2
    for workers in ("1", "2"):
        assay("index", "rebuild", "--workers", workers, data=hub.data)
        assert dump(hub) == found


@pytest.mark.storm
def test_a_rebuild_killed_anywhere_goes_on_and_ends_the_same(
    hub: HubProcess, tmp_path: Path
) -> None:
    chance = random.Random(5)  # noqa: S311 - when to kill, not a secret
    argv = [sys.executable, "-m", "assay", "index", "rebuild", "--data", str(hub.data)]
    work = Work.new(tmp_path / "work")
    hub.create("root", "killed")
    board = f"{hub.url}/api/v1/benchmarks"
    for number in range(ROUNDS):
        building = subprocess.Popen(
            argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            building.wait(timeout=chance.uniform(0.3, 6))
        except subprocess.TimeoutExpired:
            os.killpg(building.pid, signal.SIGKILL)
            building.wait()
        assert httpx.get(board).status_code == 200
        work.commit({".eval_results/a.yaml": entry(str(number))})
        assert work.push(hub.remote("root", "root/killed")).returncode == 0
        claims = httpx.get(f"{hub.url}/api/v1/models/root/killed").json()["tasks"][0]["claims"]
        assert claims[0]["value_text"] == str(number)
    found = dump(hub)
    assay("index", "rebuild", data=hub.data)
    assert dump(hub) == found
    assert not (hub.data / "index.building.sqlite").exists()


def test_a_rebuild_that_is_killed_leaves_no_process_behind(hub: HubProcess) -> None:
    argv = [sys.executable, "-m", "assay", "index", "rebuild", "--workers", "2"]
    building = subprocess.Popen([*argv, "--data", str(hub.data)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(started := children_of(building.pid)) < 3:  # two, and one that tracks resources
        assert time.monotonic() < deadline
        assert building.poll() is None
        time.sleep(0.01)
    building.kill()
    building.wait()
    while any(Path(f"/proc/{pid}").exists() for pid in started):
        assert time.monotonic() < deadline, "processes outlive the rebuild"
        time.sleep(0.05)


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_the_second_of_two_rebuilds_is_told(hub: HubProcess) -> None:
    argv = [sys.executable, "-m", "assay", "index", "rebuild", "--data", str(hub.data)]
    both = [
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in "ab"
    ]
    said = [process.communicate()[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes[0] == 0
    # They may just have missed each other.
    assert codes[1] == 0 or "another process is building" in "".join(said)
