"""Leaderboards and evaluation results through `huggingface_hub` and `hf`, unmodified."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi, User
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from tests.hub_process import HubProcess, Work, entry
from tests.unit.web.strict_html import Page

TWO_TASKS = """\
name: Pair
evaluation_framework: inspect-ai
tasks:
  - id: speed
  - id: skill
"""
LOWER = "tasks: {speed: {metrics: [{id: time, unit: seconds, direction: lower, primary: true}]}}\n"
SOURCE = """\
  source: {url: https://example.com/logs, name: Logs}
  notes: by hand
  date: 2026-05-04
"""
FINE_TUNE = "---\nbase_model: ada/first\nlicense: mit\n---\n# Tuned\n"


def push(hub: HubProcess, owner: str, path: str, files: Mapping[str, str], folder: Path) -> None:
    """Make a repository and push one commit to it."""
    kind, _, name = path.rpartition("datasets/")
    hub.create(owner, name.partition("/")[2], "dataset" if kind or path != name else "model")
    work = Work.new(folder)
    work.commit(files)
    pushed = work.push(hub.remote(owner, path))
    assert pushed.returncode == 0, pushed.stderr


@pytest.fixture(scope="module")
def results(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> HubProcess:
    """Models ada/first (a base), ada/tuned (of it), eve/slow; a pull request that reports more."""
    folder = tmp_path_factory.mktemp("work")
    push(
        hub,
        "bench",
        "datasets/bench/pair",
        {"eval.yaml": TWO_TASKS, "assay.yaml": LOWER},
        folder / "pair",
    )
    speeds = {"ada/first": "2.5", "ada/tuned": "1.5", "eve/slow": "9"}
    for model, value in speeds.items():
        more = SOURCE if model == "ada/first" else ""
        files = {".eval_results/pair.yaml": entry(value, task="speed", dataset="bench/pair")}
        files[".eval_results/quiz.yaml"] = entry("60", more=more)
        if model == "ada/tuned":
            files["README.md"] = FINE_TUNE
        push(hub, model.partition("/")[0], model, files, folder / model.replace("/", "-"))
    HfApi(hub.url, token=hub.token("eve")).upload_file(
        path_or_fileobj=entry("77", task="skill", dataset="bench/pair").encode(),
        path_in_repo=".eval_results/skill.yaml",
        repo_id="ada/first",
        create_pr=True,
    )
    return hub


@pytest.fixture
def api(results: HubProcess) -> HfApi:
    return HfApi(results.url, token=False)


def test_a_leaderboard_is_ranked_and_leaves_out_fine_tunes(api: HfApi) -> None:
    rows = api.get_dataset_leaderboard("bench/quiz")
    assert [(row.rank, row.model_id, row.value) for row in rows] == [
        (1, "ada/first", 60),
        (1, "eve/slow", 60),
    ]
    first = rows[0]
    assert first.filename == ".eval_results/quiz.yaml"
    assert first.verified is False
    assert first.source == {"url": "https://example.com/logs", "name": "Logs", "isExternal": True}
    assert first.notes == "by hand"
    assert isinstance(first.author, User)
    assert first.author.username == "ada"
    assert first.pull_request is None
    ours = {"taskId": "main", "lower_is_better": False, "date": "2026-05-04"}
    assert ours.items() <= vars(first).items()


def test_a_leaderboard_shows_all_when_asked_and_ranks_them_anew(api: HfApi) -> None:
    rows = api.get_dataset_leaderboard("bench/pair", base_model_only=False)
    assert [(row.rank, row.model_id, row.value) for row in rows] == [
        (1, "ada/tuned", 1.5),
        (2, "ada/first", 2.5),
        (3, "eve/slow", 9),
    ]
    assert all(vars(row)["lower_is_better"] for row in rows)
    narrowed = api.get_dataset_leaderboard("bench/pair", base_model_only=True)
    assert [(row.rank, row.model_id) for row in narrowed] == [(1, "ada/first"), (2, "eve/slow")]


def test_a_result_of_an_open_pull_request_is_on_the_leaderboard(results: HubProcess) -> None:
    rows = results.get("/api/datasets/bench/pair/leaderboard?task_id=skill")
    assert [(row["modelId"], row["value"], row["pullRequest"]) for row in rows] == [
        ("ada/first", 77, 1)
    ]
    assert rows[0]["taskId"] == "skill"


def test_the_leaderboard_and_the_board_say_the_same(results: HubProcess) -> None:
    """One policy: the values of the site, in its order."""
    rows = results.get("/api/datasets/bench/pair/leaderboard?base_model=false&task_id=speed")
    board = results.get("/api/v1/boards/bench/pair/speed")
    assert [(row["rank"], row["modelId"], row["value"]) for row in rows] == [
        (row["rank"], row["model"], row["claim"]["value"]) for row in board["rows"]
    ]


def test_what_is_no_leaderboard_says_so(results: HubProcess, api: HfApi) -> None:
    results.create("ada", "words", "dataset")
    with pytest.raises(HfHubHTTPError, match="is not a benchmark") as plain:
        api.get_dataset_leaderboard("ada/words")
    assert plain.value.response.status_code == 404
    with pytest.raises(RepositoryNotFoundError):
        api.get_dataset_leaderboard("ada/nothing")
    for query, status in (("task_id=x", 404), ("base_model=maybe", 400)):
        answer = httpx.get(f"{results.url}/api/datasets/bench/pair/leaderboard?{query}")
        assert (answer.status_code, answer.json()["hint"] is None) == (status, False)


def test_hf_prints_the_leaderboard(results: HubProcess) -> None:
    hf = Path(sys.executable).with_name("hf")
    run = subprocess.run(
        [hf, "datasets", "leaderboard", "bench/quiz", "--format", "json"],
        env={**os.environ, "HF_ENDPOINT": results.url, "HF_HUB_DISABLE_UPDATE_CHECK": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    rows: list[dict[str, Any]] = json.loads(run.stdout)
    assert [row["model_id"] for row in rows] == ["ada/first", "eve/slow"]


def test_a_model_tells_its_results_main_and_pending(results: HubProcess, api: HfApi) -> None:
    info = api.model_info("ada/first", expand=["evalResults"])
    assert info.eval_results is not None
    found = {(e.dataset_id, e.task_id, e.value) for e in info.eval_results}
    assert found == {
        ("bench/pair", "speed", 2.5),
        ("bench/quiz", "main", 60),
        ("bench/pair", "skill", 77),
    }
    [quiz] = [e for e in info.eval_results if e.dataset_id == "bench/quiz"]
    assert (quiz.source_url, quiz.source_name) == ("https://example.com/logs", "Logs")
    assert (quiz.notes, quiz.date) == ("by hand", "2026-05-04")
    raw = results.get("/api/models/ada/first?expand=evalResults")
    assert raw.keys() == {"_id", "id", "evalResults"}
    assert [(item["filename"], item.get("pullRequest")) for item in raw["evalResults"]] == [
        (".eval_results/pair.yaml", None),
        (".eval_results/quiz.yaml", None),
        (".eval_results/skill.yaml", 1),
    ]


BROKEN = """\
- dataset: {id: bench/quiz}
  value: 1
- dataset: {id: bench/quiz, task_id: main}
  value: 2
  source: {name: no address}
- dataset: {id: bench/quiz, task_id: main}
  value: 3
"""


def test_a_malformed_file_is_named_and_harms_nothing(
    results: HubProcess, api: HfApi, work: Work
) -> None:
    results.create("eve", "messy")
    work.commit({".eval_results/bad.yaml": "value: [1", ".eval_results/half.yaml": BROKEN})
    remote = results.remote("eve", "eve/messy")
    assert work.git("push", "-o", "assay.lenient", remote, "main").returncode == 0
    info = api.model_info("eve/messy", expand=["evalResults"])
    assert info.eval_results is not None
    assert [entry.value for entry in info.eval_results] == [3]
    raw = results.get("/api/models/eve/messy?expand=evalResults")["evalResults"]
    errors = {item["filename"]: item["error"] for item in raw if "error" in item}
    assert set(errors) == {".eval_results/bad.yaml", ".eval_results/half.yaml"}
    assert all(errors.values())


def test_a_model_without_results_has_none(results: HubProcess, api: HfApi) -> None:
    results.create("eve", "blank")
    assert api.model_info("eve/blank", expand=["evalResults"]).eval_results is None


def test_nobody_sees_a_private_result(results: HubProcess, api: HfApi, work: Work) -> None:
    results.create("ada", "hidden", private=True)
    work.commit({".eval_results/quiz.yaml": entry("99.5")})
    assert work.push(results.remote("ada", "ada/hidden")).returncode == 0
    for who in (api, HfApi(results.url, token=results.token("ada"))):
        models = [row.model_id for row in who.get_dataset_leaderboard("bench/quiz")]
        assert "ada/hidden" not in models
    mine = HfApi(results.url, token=results.token("ada"))
    [own] = mine.model_info("ada/hidden", expand=["evalResults"]).eval_results or []
    assert own.value == 99.5
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("ada/hidden", expand=["evalResults"])


def embedded(hub: HubProcess, query: str) -> tuple[list[str], str]:
    """The models of the widget in their order, and its text."""
    answer = httpx.get(f"{hub.url}/datasets/bench/pair/embed/leaderboard?{query}")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert policy.startswith("default-src 'none'; style-src 'self'")
    page = Page(answer.text)
    assert page.faults == []
    assert all(link.attributes["target"] == "_blank" for link in page.all("a"))
    models = [e.text.replace(" ", "") for e in page.all("th") if e.attributes["scope"] == "row"]
    return models, answer.text


def test_the_leaderboard_can_be_framed(results: HubProcess) -> None:
    models, text = embedded(results, "leaderboard_task_id=speed&eval_result=eve/slow")
    assert models == ["ada/tuned", "ada/first", "eve/slow"]
    assert text.count('class="chosen"') == 1
    assert "<script" not in text
    models, text = embedded(results, "leaderboard_max_params=3B&leaderboard_is_expanded=true")
    assert models == []
    assert "3 left out" in text
    models, _ = embedded(results, "leaderboard_task_id=skill")
    assert models == ["ada/first"]
    for query in ("leaderboard_max_params=2B", "leaderboard_is_expanded=perhaps"):
        wrong = httpx.get(f"{results.url}/datasets/bench/pair/embed/leaderboard?{query}")
        assert wrong.status_code == 400
