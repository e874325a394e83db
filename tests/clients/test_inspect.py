"""`inspect eval hf/NS/DATASET` with nothing but HF_ENDPOINT set, on real benchmark sets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.hub_process import HubProcess, Work
from tests.unit.formats.shared_data import SHARED, need_shared_data

TASKS = {"gsm8k": 1, "truthfulqa_mc1": 1, "bbh": 27, "mgsm": 11}


@pytest.mark.parametrize("name", TASKS)
def test_every_task_of_a_benchmark_set_runs(hub: HubProcess, work: Work, name: str) -> None:
    need_shared_data()
    shutil.copytree(SHARED / "benchmarks" / name, work.folder, dirs_exist_ok=True)
    work.commit({})
    hub.create("bench", name, "dataset")
    pushed = work.push(hub.remote("bench", f"datasets/bench/{name}"))
    assert pushed.returncode == 0, pushed.stderr
    home = work.folder.parent / "home"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "HOME": str(home),
        "HF_ENDPOINT": hub.url,
    }
    log = work.folder.parent / "log"
    argv = [str(Path(sys.executable).parent / "inspect"), "eval", f"hf/bench/{name}"]
    argv += ["--model", "assay/chance", "--limit", "1", "--display", "none"]
    done = subprocess.run(
        [*argv, "--log-dir", str(log), "--log-format", "json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    logs = [json.loads(path.read_bytes()) for path in log.glob("*.json")]
    assert [found["status"] for found in logs] == ["success"] * TASKS[name]
    assert all(found["results"]["completed_samples"] == 1 for found in logs)
