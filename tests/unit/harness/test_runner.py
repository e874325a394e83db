"""Real runs by real Inspect. A run costs seconds, so those of a file are shared."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.unit.harness.benchmarks import (
    MODEL,
    files_in,
    needs_model,
    questions,
    request,
    task,
    write_benchmark,
)
from tests.unit.harness.loopback_hub import LoopbackHub, folder_sha

from assay.core.checks import check_results
from assay.formats.finding import Severity
from assay.formats.result import parse_results
from assay.formats.run_record import parse_run_record
from assay.harness.demo_data import write_demo_benchmark
from assay.harness.eval_log import read_eval_log
from assay.harness.runner import (
    COMPLETE,
    PARTIAL,
    Progress,
    RunFailedError,
    RunResult,
    run_benchmark,
)

IS_LINUX = sys.platform == "linux"
PERCENT = {"*": {"metrics": [{"id": "accuracy", "unit": "percent", "primary": True}]}}
TOO_LONG = {"question": "even " * 2000, "answer": "Yes"}
Faulty = tuple[RunFailedError, Path]
TINY = {"model": "assay/gguf", "model_args": {"context_tokens": 512}}


@dataclass
class Watch:
    """What was seen while a run ran."""

    states: list[Progress] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    folder: list[str] | None = None

    def __call__(self, state: Progress) -> None:
        self.states.append(state)
        if IS_LINUX and self.folder is None:
            child = Path("/proc", child_of(os.getpid()))
            pairs = child.joinpath("environ").read_bytes().decode().split("\0")
            self.environment = dict(pair.split("=", 1) for pair in pairs if pair)
            self.folder = os.listdir(child / "cwd")  # noqa: PTH208 - a link to a folder


def child_of(process_id: int) -> str:
    """The run's process among the children of a process."""
    for listed in Path(f"/proc/{process_id}/task").glob("*/children"):
        for child in listed.read_text().split():
            if b"assay.harness.child" in Path("/proc", child, "cmdline").read_bytes():
                return child
    raise AssertionError("no run is running")


@dataclass
class Whole:
    """A run of every item of the demo benchmark."""

    out: Path
    folder: Path
    endpoint: str
    results: dict[str, RunResult]
    watch: Watch


@pytest.fixture(scope="module")
def whole(hub: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Run with keys around that are none of its business, and with no way to the network."""
    folder, out = tmp_path_factory.mktemp("demo"), tmp_path_factory.mktemp("out")
    write_demo_benchmark(folder)
    hub.datasets["demo/small-talk"] = folder
    watch = Watch()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "not for you")
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            patch.setenv(name, "http://127.0.0.1:9")
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1")
        asked = request(
            hub.endpoint, "demo/small-talk", out, generation={"temperature": 0.0, "seed": 7}
        )
        results = run_benchmark(asked, on_progress=watch)
    by_task = {result.task_id: result for result in results}
    return Whole(out, folder, hub.endpoint, by_task, watch)


def test_a_run_leaves_what_a_model_repository_takes(whole: Whole) -> None:
    expected = {path for result in whole.results.values() for path in result.files}
    assert files_in(whole.out) == expected
    assert {path for path in expected if path.count("/") == 1 and path.endswith("yaml")} == {
        ".eval_results/small-talk--theory_of_mind.yaml",
        ".eval_results/small-talk--popularity.yaml",
    }
    for result in whole.results.values():
        assert all(whole.out / path == file for path, file in result.files.items())


@pytest.mark.parametrize("task_id", ["theory_of_mind", "popularity"])
def test_what_a_run_writes_has_no_finding(whole: Whole, task_id: str) -> None:
    result = whole.results[task_id]
    record_path = f".eval_results/runs/{result.record_sha256}.json"
    record, findings = parse_run_record((whole.out / record_path).read_bytes(), record_path)
    assert (record, findings) == (result.record, ())
    path = f".eval_results/small-talk--{task_id}.yaml"
    file = parse_results((whole.out / path).read_bytes(), path)
    records = {result.record_sha256: record}
    assert (*file.findings, *check_results(file, records=records, model=MODEL)) == ()
    assert file.entries[0].content_key == result.entry.content_key
    assert result.entry.source is not None
    assert result.entry.source.url == f"{whole.endpoint}/runs/{result.record_sha256}"
    assert result.entry.dataset_revision == folder_sha(whole.folder)


@pytest.mark.parametrize("task_id", ["theory_of_mind", "popularity"])
def test_value_and_error_are_in_the_declared_unit(whole: Whole, task_id: str) -> None:
    from inspect_ai.log import read_eval_log as inspect_reads  # noqa: PLC0415 - two seconds

    result = whole.results[task_id]
    record = result.record
    log = inspect_reads(str(whole.out / str(record.log.url)))
    assert log.results is not None
    metrics = log.results.scores[0].metrics
    primary = record.metrics[0]
    assert (result.unit, result.n, result.status) == ("percent", 100, COMPLETE)
    assert primary.id == "accuracy"
    assert primary.value == float(result.value_text) == result.entry.value
    assert primary.value == pytest.approx(metrics["accuracy"].value * 100)
    assert primary.stderr == pytest.approx(metrics["stderr"].value * 100, rel=1e-3)
    assert primary.n == 100


def test_chance_is_near_one_half_where_half_the_answers_are_yes(whole: Whole) -> None:
    assert 35 <= whole.results["popularity"].entry.value <= 65
    assert whole.results["theory_of_mind"].value_text == "0.0"


def test_the_record_says_what_was_run(whole: Whole) -> None:
    record = whole.results["popularity"].record
    assert (record.model.repo, record.model.requested_id) == (MODEL, "assay/chance")
    assert (record.model.provider, record.model.served_id) == ("assay", "chance")
    assert record.generation == {"temperature": 0.0, "seed": 7, "max_tokens": 4}
    assert (record.samples.total, record.samples.completed, record.samples.limit) == (
        100,
        100,
        None,
    )
    assert whole.results["popularity"].entry.notes == "temperature 0.0; max tokens 4; seed 7"


def test_progress_counts_every_sample(whole: Whole) -> None:
    last = {state.task_id: state for state in whole.watch.states}
    assert {(state.stage, state.done, state.total, state.failed) for state in last.values()} == {
        ("finished", 100, 100, 0)
    }


@pytest.mark.skipif(not IS_LINUX, reason="reads /proc")
def test_the_run_had_an_empty_folder_and_nobodys_keys(whole: Whole) -> None:
    assert whole.watch.folder == []
    assert whole.watch.environment["HF_ENDPOINT"] == whole.endpoint
    assert "not for you" not in whole.watch.environment.values()
    assert os.environ["HOME"] != whole.watch.environment["HOME"]


def test_the_log_is_read_as_inspect_reads_it(whole: Whole) -> None:
    from inspect_ai.log import read_eval_log as inspect_reads  # noqa: PLC0415

    for result in whole.results.values():
        path = whole.out / str(result.record.log.url)
        ours, theirs = read_eval_log(path), inspect_reads(str(path))
        assert theirs.results is not None
        assert theirs.samples is not None
        assert (ours.status, ours.model) == (theirs.status, theirs.eval.model)
        assert ours.dataset_items == theirs.eval.dataset.samples
        assert (ours.started, ours.finished) == (theirs.stats.started_at, theirs.stats.completed_at)
        assert ours.framework_version == theirs.eval.packages["inspect_ai"]
        [score] = theirs.results.scores
        [metric] = ours.metrics
        assert (metric.scorer, metric.name, metric.value, metric.stderr, metric.n) == (
            score.name,
            "accuracy",
            score.metrics["accuracy"].value,
            score.metrics["stderr"].value,
            score.scored_samples,
        )
        their_scores = {
            str(sample.id): {name: score.value for name, score in (sample.scores or {}).items()}
            for sample in theirs.samples
        }
        assert {sample.id: dict(sample.scores) for sample in ours.samples} == their_scores
        usage = theirs.stats.model_usage["assay/chance"]
        assert ours.usage["assay/chance"]["total_tokens"] == usage.total_tokens


def test_this_process_needs_no_inspect() -> None:
    code = (
        "import sys, assay.harness.runner, assay.harness.demo_data, pathlib, tempfile\n"
        "assay.harness.demo_data.write_demo_benchmark(pathlib.Path(tempfile.mkdtemp()))\n"
        "assert not {'inspect_ai', 'datasets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture(scope="module")
def faulty(hub: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    """One run by a real small model, of tasks that end each in its own way."""
    secret = tmp_path_factory.mktemp("secret") / "secret.jsonl"
    secret.write_text('{"question": "what is secret?", "answer": "this"}\n')
    tasks = [
        task("one_fails"),
        task("most_fail"),
        task("elsewhere"),
        task("pictures", field_spec={"input": "input", "target": "answer"}),
        task("all_well"),
    ]
    image = [{"type": "image", "image": str(secret)}]
    rows: dict[str, list[dict[str, Any]]] = {
        "one_fails": [*questions(11), TOO_LONG],
        "most_fail": [*questions(1), TOO_LONG, TOO_LONG],
        "pictures": [{"input": [{"role": "user", "content": image}], "answer": "this"}],
        "all_well": questions(3),
    }
    folder = tmp_path_factory.mktemp("faulty") / "repository"
    write_benchmark(folder, tasks, rows, terms=PERCENT, data_files={"elsewhere": str(secret)})
    hub.datasets["acme/faulty"] = folder
    out = tmp_path_factory.mktemp("out")
    asked = request(
        hub.endpoint, "acme/faulty", out, generation={"max_tokens": 2, "temperature": 0.0}, **TINY
    )
    with pytest.raises(RunFailedError) as caught:
        run_benchmark(asked)
    return caught.value, out


@needs_model
def test_each_failed_task_says_why_and_leaves_nothing(faulty: Faulty) -> None:
    error, out = faulty
    assert error.message.startswith("3 of 5 tasks did not finish; 2 finished and lie in")
    reasons = dict(line.strip().split(": ", 1) for line in error.message.splitlines()[1:])
    assert set(reasons) == {"most_fail", "elsewhere", "pictures"}
    assert "context" in reasons["most_fail"]
    # `datasets` refuses some such files itself, depending on its version.
    assert re.search("not in its repository|don't belong to acme/faulty", reasons["elsewhere"])
    assert "expected a data: URI" in reasons["pictures"]
    assert [result.task_id for result in error.results] == ["one_fails", "all_well"]
    assert files_in(out) == {path for result in error.results for path in result.files}


@needs_model
def test_a_few_failed_samples_make_a_run_partial_and_are_said(faulty: Faulty) -> None:
    partial, whole = faulty[0].results
    assert (partial.status, partial.n, whole.status) == (PARTIAL, 11, COMPLETE)
    assert (partial.record.samples.total, partial.record.samples.completed) == (12, 11)
    assert "partial: 1 of 12 samples failed" in str(partial.entry.notes)
    assert "partial" not in str(whole.entry.notes)


@needs_model
def test_a_model_file_counts_its_tokens_and_is_named_without_its_folder(faulty: Faulty) -> None:
    record = faulty[0].results[1].record
    assert record.model.served_id == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert record.usage.input_tokens
    assert record.usage.output_tokens == 6


def test_a_limit_is_said_in_record_and_notes(hub: LoopbackHub, tmp_path: Path) -> None:
    folder = write_benchmark(tmp_path / "b", [task("even")], {"even": questions(30)})
    hub.datasets["acme/limited"] = folder
    asked = request(hub.endpoint, "acme/limited/even", tmp_path / "out", limit=10)
    [result] = run_benchmark(asked)
    assert (result.status, result.unit, result.n) == (PARTIAL, "proportion", 10)
    assert not result.is_unit_known
    samples = result.record.samples
    assert (samples.total, samples.completed, samples.limit) == (30, 10, 10)
    assert "limit 10 of 30 samples" in str(result.entry.notes)
    assert "value is a proportion, the benchmark declares no unit" in str(result.entry.notes)
    path = ".eval_results/limited--even.yaml"
    findings = parse_results(result.files[path].read_bytes(), path).findings
    assert not [finding for finding in findings if finding.severity is Severity.ERROR]


@needs_model
@pytest.mark.skipif(not IS_LINUX, reason="reads /proc")
def test_ctrl_c_ends_the_run_and_leaves_nothing(hub: LoopbackHub, tmp_path: Path) -> None:
    folder = write_benchmark(tmp_path / "b", [task("even")], {"even": questions(500)})
    hub.datasets["acme/long"] = folder
    command = [
        "-c",
        "import assay.cli; assay.cli.main()",
        "run",
        "acme/long",
        "--model",
        "assay/gguf",
        "--as",
        MODEL,
    ]
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, *command, "--endpoint", hub.endpoint, "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    while "running" not in said:
        said = process.stderr.readline()
        assert said
    child = Path("/proc", child_of(process.pid))
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Aborted!" in rest
    assert not child.exists()
    assert not out.exists()
