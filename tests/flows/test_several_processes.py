"""Several servers on one data folder: what one has acknowledged is what the others show next."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.hub_process import HubProcess, Work, assay, entry, quiz_hub
from tests.postgres import Postgres

from assay.storage.pushing import Pushing


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[HubProcess, HubProcess]]:
    """Two servers of one hub, on a port each."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            patch.setenv("ASSAY_DATABASE_URL", server.new_database())
        with quiz_hub(tmp_path_factory.mktemp("pair")) as first:
            second = HubProcess(first.data)
            second.start()
            try:
                yield first, second
            finally:
                second.stop()


def board(hub: HubProcess) -> dict[str, str]:
    rows = hub.get("/api/v1/boards/bench/quiz/main")["rows"]
    return {row["model"]: row["claim"]["value_text"] for row in rows}


def test_the_next_read_of_anybody_shows_a_push(
    pair: tuple[HubProcess, HubProcess], tmp_path: Path
) -> None:
    """With git and over the API, in turn by each: board, page, file and ref, kept or not."""
    pair[0].create("ada", "seen")
    work = Work.new(tmp_path / "work")
    path = ".eval_results/quiz.yaml"
    for number in range(8):
        writer, reader = pair if number % 2 else pair[::-1]
        board(reader)  # and keeps it
        content = entry(number)
        if number % 4 < 2:
            work.git("pull", "--quiet", writer.remote("ada", "ada/seen"), "main", check=False)
            commit = work.commit({path: content})
            assert work.push(writer.remote("ada", "ada/seen")).returncode == 0
        else:
            commit = commit_over_api(writer, "ada/seen", path, content)
        assert board(reader)["ada/seen"] == str(number)
        assert f'"value_text":"{number}"' in reader.request("GET", "/api/v1/models/ada/seen").text
        assert f">{number}<" in reader.request("GET", "/ada/seen").text
        assert reader.main("ada", "ada/seen") == commit
        assert reader.request("GET", f"/ada/seen/resolve/main/{path}").text == content


def commit_over_api(hub: HubProcess, model: str, path: str, content: str) -> str:
    file = {"path": path, "content": base64.b64encode(content.encode()).decode()}
    lines = [
        {"key": "header", "value": {"summary": "over the API"}},
        {"key": "file", "value": {**file, "encoding": "base64"}},
    ]
    headers = {"Authorization": f"Bearer {hub.token('ada')}"}
    answer = httpx.post(
        f"{hub.url}/api/models/{model}/commit/main",
        headers=headers,
        content="\n".join(json.dumps(line) for line in lines),
        timeout=60,
    )
    assert answer.is_success, answer.text
    return str(answer.json()["commitOid"])


def test_what_is_hidden_moved_revoked_or_closed_is_so_everywhere(
    pair: tuple[HubProcess, HubProcess], tmp_path: Path
) -> None:
    one, other = pair
    one.create("ada", "mine")
    work = Work.new(tmp_path / "work")
    work.commit({".eval_results/quiz.yaml": entry("77")})
    assert work.push(one.remote("ada", "ada/mine")).returncode == 0
    settings = "/api/models/ada/mine/settings"
    for hidden in (True, False):
        assert board(other).get("ada/mine") == (None if not hidden else "77")
        answer = one.request("PUT", settings, as_="ada", json={"private": hidden})
        assert answer.is_success
        status = other.request("GET", "/api/models/ada/mine").status_code
        assert status == (404 if hidden else 200)
        assert ("ada/mine" in board(other)) is not hidden
        one, other = other, one
    body: dict[str, str] = {"fromRepo": "ada/mine", "toRepo": "ada/ours", "type": "model"}
    assert one.request("POST", "/api/repos/move", as_="ada", json=body).is_success
    assert board(other)["ada/ours"] == "77"
    assert other.request("GET", "/api/models/ada/mine").status_code == 307
    assay("token", "new", "eve", data=one.data)
    listed = assay("token", "list", "eve", data=one.data).stdout
    known = listed.splitlines()[1].split()[0]
    assert other.request("GET", "/api/whoami-v2", as_="eve").is_success
    assay("token", "revoke", known, data=one.data)
    statuses = {hub.request("GET", "/api/whoami-v2", as_="eve").status_code for hub in pair}
    assert statuses == {401}
    body = {"name": "ours", "type": "model"}
    deleted = other.request("DELETE", "/api/repos/delete", as_="ada", json=body)
    assert deleted.is_success, deleted.text
    assert "ada/ours" not in board(one)
    assert one.request("GET", "/api/models/ada/ours").status_code == 404


def test_a_rebuild_goes_unnoticed_by_both(
    pair: tuple[HubProcess, HubProcess], tmp_path: Path
) -> None:
    pair[0].create("ada", "rebuilt")
    work = Work.new(tmp_path / "work")
    for number in range(2):
        assay("index", "rebuild", data=pair[0].data)
        work.commit({".eval_results/quiz.yaml": entry(number)})
        assert work.push(pair[number % 2].remote("ada", "ada/rebuilt")).returncode == 0
        assert [board(hub)["ada/rebuilt"] for hub in pair] == [str(number)] * 2


def test_what_a_killed_server_left_the_other_finishes(
    pair: tuple[HubProcess, HubProcess], tmp_path: Path
) -> None:
    """A push whose row is pending when its server dies is whole for the next push elsewhere."""
    one, other = pair
    one.create("ada", "orphan")
    remote = other.remote("ada", "ada/orphan")
    work = Work.new(tmp_path / "work")
    work.commit({".eval_results/quiz.yaml": entry("1")})
    assert work.push(remote).returncode == 0
    point = "before:assay.hub.push:Landing.finish"
    mortal = HubProcess(one.data)
    mortal.start(dies=point)
    (one.data / "armed").touch()
    work.commit({".eval_results/quiz.yaml": entry("2")})
    assert work.push(mortal.remote("ada", "ada/orphan")).returncode != 0
    (one.data / "armed").unlink()
    assert mortal.process is not None
    assert mortal.process.wait(30) == -signal.SIGKILL
    head = other.main("ada", "ada/orphan")
    landed = head == work.head()
    work.git("commit", "--quiet", "--allow-empty", "--message", "more")
    if not landed:
        work.git("reset", "--quiet", "--soft", str(head))
        work.git("commit", "--quiet", "--message", "again")
    pushed = work.push(remote)
    assert pushed.returncode == 0, pushed.stderr
    assert board(other)["ada/orphan"] == "2"


DYING = """
import os, signal, subprocess, sys
from pathlib import Path
from assay.storage.pushing import Pushing
with Pushing(Path(sys.argv[1])).alive() as lock:
    subprocess.Popen(["sleep", "1"], pass_fds=[lock])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_orphans_are_waited_for_and_the_living_are_not(tmp_path: Path) -> None:
    """The git process of a dead server may yet move a ref."""
    ours, others = Pushing(tmp_path), Pushing(tmp_path)
    with ours.alive(), others.alive():
        dead = subprocess.run([sys.executable, "-c", DYING, str(tmp_path)], check=False)
        assert dead.returncode == -signal.SIGKILL
        assert len(list(tmp_path.glob("*.alive"))) == 3
        started = time.monotonic()
        ours.wait_for_orphans()
        assert time.monotonic() - started > 0.5
        assert len(list(tmp_path.glob("*.alive"))) == 2
    others.close()
    ours.forget_dead()
    ours.close()
    assert list(tmp_path.iterdir()) == []
