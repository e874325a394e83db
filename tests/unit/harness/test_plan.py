"""What is refused before anything runs, and what the run is then told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.harness.benchmarks import questions, request, task, write_benchmark
from tests.unit.harness.loopback_hub import LoopbackHub, folder_sha

from assay.errors import AssayError, InvalidError, NotFoundError, UnavailableError
from assay.harness.plan import RunPlan, child_plan, plan_run

HOSTILE = [
    "/etc/passwd",
    "~/.ssh/id_ed25519",
    "../secrets.txt",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data",
    "s3://bucket/key",
    "notes.txt",
]


@pytest.fixture
def planned(hub: LoopbackHub, tmp_path: Path) -> Any:
    """Plan a one-task benchmark with these changes to the task and the request."""

    def plan(changes: dict[str, Any] | None = None, **asked: Any) -> RunPlan:
        spec = task("even", **(changes or {}))
        write_benchmark(tmp_path / "even", [spec], {"even": questions(4)})
        hub.datasets["acme/even"] = tmp_path / "even"
        return plan_run(request(hub.endpoint, "acme/even", tmp_path / "out", **asked))

    return plan


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("argument", ["template", "params"])
def test_a_hostile_argument_is_refused(planned: Any, text: str, argument: str) -> None:
    args = {"template": text} if argument == "template" else {"template": "{prompt}", "x": [text]}
    solvers = [{"name": "prompt_template", "args": args}, {"name": "generate"}]
    with pytest.raises(InvalidError, match="will not be run"):
        planned({"solvers": solvers})


def test_tools_run_only_where_they_are_allowed(planned: Any) -> None:
    tools = {"name": "use_tools", "args": {"tools": ["bash"]}}
    changes = {"solvers": [tools, {"name": "generate"}]}
    with pytest.raises(InvalidError, match="bash") as caught:
        planned(changes)
    assert "--allow-tools" in caught.value.hint


def test_tools_that_are_allowed_are_named_in_the_plan(planned: Any) -> None:
    tools = {"name": "use_tools", "args": {"tools": ["bash"]}}
    plan = planned({"solvers": [tools, {"name": "generate"}]}, allow_tools=True)
    assert [(use.kind, use.name) for use in plan.tasks[0].uses] == [("tool", "bash")]


@pytest.mark.parametrize("grader", [None, "openai/other"])
def test_a_grader_runs_only_where_that_very_model_is_named(planned: Any, grader: str) -> None:
    scorers = [{"name": "model_graded_qa", "args": {"model": "openai/gpt-5"}}]
    with pytest.raises(InvalidError, match="openai/gpt-5") as caught:
        planned({"scorers": scorers}, grader_model=grader)
    assert "--grader-model openai/gpt-5" in caught.value.hint


def test_a_spec_inspect_cannot_run_says_why(planned: Any) -> None:
    with pytest.raises(InvalidError, match=r"Inspect cannot run acme/even.*nonsense"):
        planned({"solvers": [{"name": "nonsense"}]})


def test_the_plan_holds_one_commit_and_never_the_branch(planned: Any, tmp_path: Path) -> None:
    plan = planned()
    assert plan.revision == folder_sha(tmp_path / "even")
    told = child_plan(plan, log_dir=tmp_path, model_args={})
    assert told["revision"] == plan.revision
    assert told["tasks"][0]["spec"] == f"hf/acme/even/even@{plan.revision}"


def test_a_task_id_with_a_slash_is_found_by_its_place(hub: LoopbackHub, tmp_path: Path) -> None:
    tasks = [task("even"), task("a/b@c", config="even")]
    hub.datasets["acme/slash"] = write_benchmark(tmp_path / "s", tasks, {"even": questions(2)})
    plan = plan_run(request(hub.endpoint, "acme/slash/a/b@c@main", tmp_path / "out"))
    told = child_plan(plan, log_dir=tmp_path, model_args={})["tasks"][0]
    assert (told["task_id"], told["index"]) == ("a/b@c", 1)
    assert told["spec"] == f"hf/acme/slash@{plan.revision}"


@pytest.mark.parametrize(
    ("benchmark", "said"),
    [
        ("acme/nothing", "no such repository"),
        ("acme/even/odd", "no task 'odd'"),
        ("acme/even@v9", "no such revision v9"),
    ],
)
def test_what_is_not_there_is_named(
    hub: LoopbackHub, planned: Any, tmp_path: Path, benchmark: str, said: str
) -> None:
    planned()
    with pytest.raises(NotFoundError, match=said):
        plan_run(request(hub.endpoint, benchmark, tmp_path / "out"))


def test_a_dataset_without_a_spec_is_no_benchmark(hub: LoopbackHub, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    hub.datasets["acme/plain"] = tmp_path / "plain"
    with pytest.raises(NotFoundError, match=r"has no eval\.yaml"):
        plan_run(request(hub.endpoint, "acme/plain", tmp_path / "out"))


def test_only_a_private_benchmark_is_read_with_the_token(
    hub: LoopbackHub, planned: Any, tmp_path: Path
) -> None:
    assert not planned(token="right").needs_token
    hub.private.add("acme/even")
    try:
        asked = request(hub.endpoint, "acme/even", tmp_path / "out")
        with pytest.raises(NotFoundError):
            plan_run(asked)
        again = request(hub.endpoint, "acme/even", tmp_path / "out", token="right")
        assert plan_run(again).needs_token
    finally:
        hub.private.clear()


def test_a_hub_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"no answer from http://127\.0\.0\.1:9") as caught:
        plan_run(request("http://127.0.0.1:9", "acme/even", tmp_path))
    assert isinstance(caught.value, AssayError)
    assert "assay serve" in caught.value.hint
