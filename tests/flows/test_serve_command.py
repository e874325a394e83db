"""`assay serve` and `assay demo` where they cannot begin, and how serving ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.hub_process import HubProcess


def refused(*arguments: str) -> str:
    """What a command that must not begin says on standard error."""
    argv = [sys.executable, "-m", "assay", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_folder_is_served_by_a_second_process_too(hub: HubProcess) -> None:
    second = HubProcess(hub.data)
    second.start()
    second.stop()
    assert hub.request("GET", "/healthz").is_success


def test_a_port_is_taken_once_and_before_anything_is_made(hub: HubProcess, tmp_path: Path) -> None:
    said = refused("serve", "--data", str(tmp_path / "data"), "--port", str(hub.port))
    assert said.startswith(f"error: cannot listen on 127.0.0.1 port {hub.port}: ")
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refused("serve", "--data", str(tmp_path / "file" / "data"), "--port", "0")
    assert said.startswith(f"error: the data folder {tmp_path}/file/data cannot be used: ")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_quietly_and_leaves_the_folder_free(
    tmp_path: Path, stop: signal.Signals
) -> None:
    for _ in range(2):
        argv = [sys.executable, "-m", "assay", "serve", "--data", str(tmp_path), "--port", "0"]
        process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
        assert found
        while True:  # it says the address when it listens, and answers a moment later
            try:
                assert httpx.get(f"{found[0]}/healthz", timeout=60).is_success
                break
            except httpx.TransportError:
                continue
        process.send_signal(stop)
        _, rest = process.communicate(timeout=30)
        assert rest == ""
        assert process.returncode in {0, -stop}


def test_a_demo_replaces_nothing_but_a_demo(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    said = refused("demo", "--once", "--data", str(tmp_path))
    assert said.startswith(f"error: {tmp_path} holds something else than a demo")
    assert [path.name for path in tmp_path.iterdir()] == ["hub"]


def test_a_hub_is_not_made_by_a_slip_of_the_folder(tmp_path: Path) -> None:
    for words in (("index", "status"), ("token", "new", "ada"), ("backup", str(tmp_path / "b"))):
        said = refused(*words, "--data", str(tmp_path / "data"))
        assert said.startswith(f"error: there is no hub in {tmp_path}/data")
    assert list(tmp_path.iterdir()) == []
