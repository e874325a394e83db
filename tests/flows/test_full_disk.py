"""A hub whose disk is full: it says so, loses nothing, goes on being read, and mends itself.

The disk is a small one that is really filled, where this is permitted; everywhere, files of the
server may grow to some size and no further.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.hub_process import ROOT, HubProcess, Work, entry, quiz_hub
from tests.small_disk import SmallDisk, small_disk

MODEL, RESULT = "ada/m", ".eval_results/quiz.yaml"
# Room that is left: each lets a change come a little further.
LEFT_KIB = (0, 12, 28, 44, 60, 80, 110)
HINT = "has to make room on its disk"
# More than the largest file of a new hub has: none may grow beyond that.
MORE_KIB = 60
MOST_PUSHES = 60
# Runs a command whose files may grow so far.
LIMITED = (
    "import os, resource, sys; most = int(sys.argv[1]) * 1024;"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)); os.execv(sys.argv[2], sys.argv[2:])"
)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    with small_disk(tmp_path_factory.mktemp("small") / "disk", size="48m") as made:
        if made is None:
            pytest.skip("neither mounts nor namespaces are permitted here")
        yield made


@pytest.fixture(scope="module")
def small(disk: SmallDisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub on a disk of 48 MB."""
    folder = tmp_path_factory.mktemp("small-hub")
    with quiz_hub(folder, data=disk.mount_point / "data", within=disk.within) as hub:
        yield hub


class Scene:
    """A model of ada's, to which she pushes and for which eve proposes."""

    def __init__(self, hub: HubProcess, folder: Path) -> None:
        self.hub, self.work, self.said = hub, Work.new(folder), 0
        hub.create("ada", "m")
        self.work.commit({"README.md": "x"})
        assert self.push()[0]

    def push(self) -> tuple[bool, str]:
        pushed = self.work.push(self.hub.remote("ada", MODEL))
        return pushed.returncode == 0, pushed.stderr

    def change(self) -> None:
        """Another commit here, of a few kilobytes."""
        self.said += 1
        self.work.commit({RESULT: entry(self.said), "n": os.urandom(3000).hex()})

    def propose(self, value: int) -> tuple[bool, str]:
        content = base64.b64encode(entry(value).encode()).decode()
        file = {"path": f".eval_results/{value}.yaml", "content": content, "encoding": "base64"}
        lines = [{"key": "header", "value": {"summary": "S"}}, {"key": "file", "value": file}]
        answer = httpx.post(
            f"{self.hub.url}/api/models/{MODEL}/commit/main?create_pr=1",
            headers={"Authorization": f"Bearer {self.hub.token('eve')}"},
            content="\n".join(map(json.dumps, lines)),
            timeout=60,
        )
        if answer.status_code != 200:
            assert (answer.status_code, answer.headers["X-Error-Code"][:9]) == (507, "disk-full")
        return answer.status_code == 200, answer.text

    def values(self) -> dict[str, str]:
        """What is live: lane → value."""
        tasks = self.hub.get(f"/api/v1/models/{MODEL}")["tasks"]
        live = [one for task in tasks for one in task["claims"] if one["state"] == "live"]
        return {one["lane"]: one["value_text"] for one in live}

    def expect_reads(self) -> None:
        for path in ("/api/v1/boards/bench/quiz/main", f"/{MODEL}", f"/api/models/{MODEL}", "/"):
            assert self.hub.request("GET", path).status_code == 200, path

    def expect_order(self) -> None:
        """Refs are where the log says, nothing is pending, the index is as one built anew."""
        said = self.work.git("ls-remote", self.hub.remote("ada", MODEL), "refs/*").stdout
        refs = {ref: oid for oid, ref in map(str.split, said.splitlines())}
        assert heads_logged(self.hub) == {ref: oid for ref, oid in refs.items() if ref != "HEAD"}
        before = self.hub.assay("index", "dump").stdout
        self.hub.assay("index", "rebuild")
        assert self.hub.assay("index", "dump").stdout == before
        assert before.count('["claim"') >= 1


def heads_logged(hub: HubProcess) -> dict[str, str]:
    """Where the log leaves the refs of the model; run where the data folder is seen."""
    code = (
        "import sqlite3, sys, json; db = sqlite3.connect(sys.argv[1]);"
        'rows = db.execute("select ref, new, state from push where repo_id = (select id from'
        " repo where name = 'm') order by id\").fetchall(); print(json.dumps(rows))"
    )
    argv = [*hub.within, sys.executable, "-c", code, str(hub.data / "hub.sqlite")]
    rows = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    assert [row for row in rows if row[2] == "pending"] == []
    return {ref: new for ref, new, state in rows if state == "applied"}


def wait_for(told: Callable[[], object], expected: object) -> None:
    """Until the hub has finished what it could not."""
    deadline = time.monotonic() + 20
    while told() != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert told() == expected


@pytest.fixture(scope="module")
def scene(small: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(small, tmp_path_factory.mktemp("work") / "work")


@pytest.mark.parametrize("left", LEFT_KIB)
def test_a_push_to_a_full_disk_is_whole_or_never_was(
    scene: Scene, disk: SmallDisk, left: int
) -> None:
    scene.change()
    disk.fill(leave_kib=left)
    before = scene.values()
    landed, said = scene.push()
    scene.expect_reads()
    if landed and "no room left" not in said:
        assert scene.values() == {**before, "main": str(scene.said)}
    else:
        assert HINT in said, said
        assert scene.values() == before
        assert landed or "remote rejected" in said
    disk.make_room()
    assert scene.push()[0]
    wait_for(lambda: scene.values().get("main"), str(scene.said))


@pytest.mark.parametrize("left", LEFT_KIB)
def test_a_proposal_to_a_full_disk_is_whole_or_never_was(
    scene: Scene, disk: SmallDisk, left: int
) -> None:
    value = 100 + left
    disk.fill(leave_kib=left)
    made, said = scene.propose(value)
    scene.expect_reads()
    landed = made or "has landed" in said
    assert landed or "nothing was changed" in said
    assert made or HINT in said
    disk.make_room()
    if not landed:
        assert str(value) not in scene.values().values()
        assert scene.propose(value)[0]
    wait_for(lambda: list(scene.values().values()).count(str(value)), 1)


def test_what_was_filled_so_often_is_in_order(scene: Scene, disk: SmallDisk) -> None:
    """And a rebuild that finds no room leaves the index that serves."""
    disk.make_room()
    shown = scene.hub.assay("index", "dump").stdout
    for left in (0, 100):
        disk.fill(leave_kib=left)
        built = scene.hub.assay("index", "rebuild", check=False)
        assert (built.returncode, HINT in built.stderr) == (1, True), built.stderr
        assert "Traceback" not in built.stderr
        scene.expect_reads()
    disk.make_room()
    assert scene.hub.assay("index", "dump").stdout == shown
    scene.expect_order()


def test_a_start_on_a_full_disk_says_so_and_a_later_one_mends(
    scene: Scene, disk: SmallDisk
) -> None:
    """A server dies when its push has moved the ref; the next one finds no room to say so."""
    hub = scene.hub
    hub.stop()
    hub.start(dies="before:assay.hub.push:Landing.finish")
    (disk.folder / "data" / "armed").touch()
    scene.change()
    assert not scene.push()[0]
    assert hub.process is not None
    assert hub.process.wait(30) == -signal.SIGKILL
    (disk.folder / "data" / "armed").unlink()
    for left in (0, 24):
        disk.fill(leave_kib=left)
        served = subprocess.run(
            [*hub.within, sys.executable, "-m", "assay", "serve", "--data", str(hub.data)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (served.returncode, HINT in served.stderr) == (1, True), served.stderr
        assert "Traceback" not in served.stderr
    disk.make_room()
    hub.start()
    assert scene.values()["main"] == str(scene.said)
    scene.expect_order()


def test_files_that_may_not_grow_are_as_a_full_disk(tmp_path: Path) -> None:
    with quiz_hub(tmp_path) as hub:
        scene = Scene(hub, tmp_path / "work")
        hub.stop()
        largest = max(file.stat().st_size for file in hub.data.rglob("*") if file.is_file())
        limit = largest // 1024 + MORE_KIB
        hub.within = (sys.executable, "-c", LIMITED, str(limit))
        hub.start()
        for _ in range(MOST_PUSHES):
            before = scene.values()
            scene.change()
            landed, said = scene.push()
            made, why = scene.propose(1000 + scene.said)
            if HINT in said or HINT in why:
                break
        assert HINT in said or HINT in why
        assert landed or HINT in said
        scene.expect_reads()
        assert scene.values().keys() >= before.keys()
        hub.stop()
        hub.within = ()
        hub.start()
        assert scene.push()[0]
        assert made or "has landed" in why or scene.propose(1000 + scene.said)[0]
        values = scene.values()
        assert values["main"] == str(scene.said)
        assert list(values.values()).count(str(1000 + scene.said)) == 1
        scene.expect_order()
