"""From a benchmark on a hub to a row on its board: `assay run` and `assay submit` as people do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.hub_process import HubProcess, Work

from assay.harness.demo_data import write_demo_benchmark

BENCHMARK = "bench/small-talk"
TASK = f"{BENCHMARK}/popularity"


def assay(
    hub: HubProcess, folder: Path, *arguments: str, as_: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run an `assay` command as an account, or as nobody."""
    environment = {name: value for name, value in os.environ.items() if name != "HF_TOKEN"}
    environment |= {"ASSAY_ENDPOINT": hub.url, "HF_HOME": str(folder / "huggingface")}
    if as_:
        environment["HF_TOKEN"] = hub.token(as_)
    argv = [sys.executable, "-m", "assay", *arguments]
    return subprocess.run(
        argv, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )


def publish(hub: HubProcess, folder: Path, name: str, *, private: bool = False) -> str:
    """Push the demo benchmark under a name; return the commit."""
    hub.create("bench", name, "dataset", private=private)
    work = Work.new(folder / name)
    write_demo_benchmark(work.folder)
    commit = work.commit({})
    pushed = work.push(hub.remote("bench", f"datasets/bench/{name}"))
    assert pushed.returncode == 0, pushed.stderr
    return commit


def row_of(hub: HubProcess, model: str) -> dict[str, Any]:
    board = hub.get(f"/api/v1/boards/{TASK}")
    [row] = [row for row in board["rows"] if row["model"] == model]
    return dict(row)


@pytest.fixture(scope="module")
def commit(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The benchmark's head; models of ada's to report about."""
    for model in ("chance", "late"):
        hub.create("ada", model)
    return publish(hub, tmp_path_factory.mktemp("benchmark"), "small-talk")


def test_a_run_becomes_a_row_with_its_record(hub: HubProcess, commit: str, tmp_path: Path) -> None:
    arguments = ["--model", "assay/chance", "--as", "ada/chance", "--seed", "1", "--json"]
    done = assay(hub, tmp_path, "run", TASK, *arguments, "--submit", as_="eve")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    [result] = said["results"]
    assert said["pull_request"] == f"{hub.url}/ada/chance/discussions/1"
    row = row_of(hub, "ada/chance")
    claim = row["claim"]
    assert claim["value"] == result["value"]
    assert claim["reporter"] == "community"
    record = hub.get(f"/api/v1/runs/{result['run_record']}")
    assert commit in json.dumps(record)
    assert result["run_record"] in json.dumps(claim)


def test_what_was_kept_is_submitted_later(hub: HubProcess, commit: str, tmp_path: Path) -> None:
    del commit
    arguments = ["--model", "assay/chance", "--as", "ada/late", "--limit", "10", "--out", "out"]
    done = assay(hub, tmp_path, "run", TASK, *arguments)
    assert done.returncode == 0, done.stderr
    nobody = assay(hub, tmp_path, "submit", "out", "--to", "ada/late")
    assert nobody.returncode == 1
    assert "needs a token" in nobody.stderr
    sent = assay(hub, tmp_path, "submit", "out", "--to", "ada/late", as_="eve")
    assert sent.returncode == 0, sent.stderr
    assert f"{hub.url}/ada/late/discussions/1" in sent.stdout
    assert "limit 10 of 100 samples" in json.dumps(row_of(hub, "ada/late"))


def test_a_private_benchmark_runs_for_those_who_may_read_it(
    hub: HubProcess, tmp_path: Path
) -> None:
    publish(hub, tmp_path, "secret-talk", private=True)
    arguments = ["run", "bench/secret-talk/popularity", "--model", "assay/chance"]
    arguments += ["--as", "ada/chance", "--limit", "3"]
    for stranger in (None, "eve"):
        refused = assay(hub, tmp_path, *arguments, as_=stranger)
        assert refused.returncode == 1
        assert "secret-talk" in refused.stderr
    done = assay(hub, tmp_path, *arguments, as_="bench")
    assert done.returncode == 0, done.stderr


def test_a_model_that_is_not_there_is_said_before_the_run(
    hub: HubProcess, commit: str, tmp_path: Path
) -> None:
    del commit
    arguments = ["--model", "assay/chance", "--as", "ada/nothing", "--limit", "3", "--submit"]
    done = assay(hub, tmp_path, "run", TASK, *arguments, as_="eve")
    assert done.returncode == 1
    assert "ada/nothing" in done.stderr
    assert "running" not in done.stderr
    assert not (tmp_path / "assay-results").exists()
