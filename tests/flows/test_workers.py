"""`assay serve --workers N`, and servers that start at the same moment."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from tests.hub_process import HubProcess, Work, entry, free_port


def test_many_who_start_at_once_all_serve(tmp_path: Path) -> None:
    hubs = [HubProcess(tmp_path / "data", port=free_port()) for _ in range(3)]
    processes = []
    for hub in hubs:
        argv = [sys.executable, "-m", "assay", "serve", "--port", str(hub.port)]
        processes.append(subprocess.Popen([*argv, "--data", str(hub.data)]))
    try:
        for hub in hubs:
            wait_for(partial(answers, hub))
    finally:
        for process in processes:
            process.terminate()
            process.wait(30)


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answers(hub: HubProcess) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return hub.request("GET", "/healthz").is_success
    return False


# workers, as Linux shows them


@pytest.fixture
def many(tmp_path: Path) -> Iterator[HubProcess]:
    """A hub of three workers, with ada in it."""
    hub = HubProcess(tmp_path / "data")
    hub.add("ada")
    hub.start("--workers", "3")
    try:
        yield hub
    finally:
        hub.stop()


def workers(hub: HubProcess) -> list[int]:
    assert hub.process is not None
    pid = hub.process.pid
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def has_new_worker(hub: HubProcess, before: list[int]) -> bool:
    now = workers(hub)
    return len(now) == len(before) and now != before


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_dies_is_replaced(many: HubProcess, tmp_path: Path) -> None:
    many.create("ada", "m")
    work = Work.new(tmp_path / "work")
    for number in range(3):
        before = workers(many)
        assert len(before) == 3
        os.kill(before[0], signal.SIGKILL)
        wait_for(partial(has_new_worker, many, before))
        work.commit({".eval_results/quiz.yaml": entry(number)})
        assert work.push(many.remote("ada", "ada/m")).returncode == 0
        for _ in range(10):  # a connection each, dealt out among them
            said = many.request("GET", "/api/v1/models/ada/m").text
            assert f'"value_text":"{number}"' in said


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_who_looks_after_them(many: HubProcess, stop: signal.Signals) -> None:
    pids = workers(many)
    assert len(pids) == 3
    assert many.process is not None
    many.process.send_signal(stop)
    assert many.process.wait(30) in {0, -stop}
    wait_for(lambda: not any(is_there(pid) for pid in pids))
    many.start("--workers", "2")
    assert len(workers(many)) == 2
