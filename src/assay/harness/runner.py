"""Running a benchmark: from what somebody asks for to the files a model repository would take.

1. Plan (`assay.harness.plan`): the spec at one commit, checked before any of it is executed.
2. Run (`assay.harness.process`): a child process with an empty folder and hardly any environment.
   This process never imports Inspect.
3. Report (`assay.harness.report`): each finished task's log becomes a run record and an entry.
4. Write: the folder `out` mirrors the model repository, so that a clone of one may be named:

       .eval_results/DATASET--TASK.yaml      the entry, written last
       .eval_results/runs/SHA256.json        the run record it names
       eval_logs/SHA256.eval                 Inspect's log, which the record names

A task that fails writes nothing. Tasks of the same run that did finish are runs of their own: they
are written, and the error that reports the others carries them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assay.errors import AssayError, UnavailableError
from assay.formats.result import Entry, write_results
from assay.formats.run_record import RunRecord
from assay.harness.environment import child_environment
from assay.harness.eval_log import EvalLog, read_eval_log
from assay.harness.gguf import PATH_VARIABLE, find_gguf
from assay.harness.plan import RunPlan, RunRequest, TaskPlan, child_plan, plan_run
from assay.harness.process import run_child
from assay.harness.report import make_report, reported_unit

__all__ = ["Progress", "RunFailedError", "RunRequest", "RunResult", "run_benchmark", "run_plan"]

RESULTS_FOLDER = ".eval_results"
GGUF_MODEL = "assay/gguf"
SUCCESS = "success"
COMPLETE = "complete"
PARTIAL = "partial"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one task is.

    Attributes:
        stage: `loading`, `running`, or `finished`, however it ended.
        done: Samples that ended, over all epochs.
        total: Samples there will be; 0 while unknown.
        failed: Of those that ended, how many ended in an error.
    """

    task_id: str
    stage: str
    done: int = 0
    total: int = 0
    failed: int = 0


@dataclass(frozen=True)
class RunResult:
    """One finished task.

    Attributes:
        value_text: The score as the entry has it.
        unit: The unit it is in.
        n: Items it is over.
        is_unit_known: Whether the benchmark or the person who runs it named the unit.
        files: Path in the model repository to the file on this machine.
        status: `complete`, or `partial` where items were left out or failed.
    """

    task_id: str
    value_text: str
    unit: str
    is_unit_known: bool
    n: int
    entry: Entry
    record: RunRecord
    record_sha256: str
    files: Mapping[str, Path]
    status: str


class RunFailedError(UnavailableError):
    """A task did not finish.

    Attributes:
        results: The tasks of the same run that did; their files are written.
    """

    code = "run-failed"

    def __init__(self, message: str, results: tuple[RunResult, ...], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.results = results


OnProgress = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """Say nothing."""


def run_benchmark(
    request: RunRequest, *, on_progress: OnProgress = ignore_progress
) -> tuple[RunResult, ...]:
    """Plan and run a benchmark.

    Raises:
        RunFailedError: A task failed, was cancelled or has no score; says which and why.
        AssayError: The spec is refused, or the hub cannot be read.
    """
    return run_plan(plan_run(request), on_progress=on_progress)


def run_plan(plan: RunPlan, *, on_progress: OnProgress = ignore_progress) -> tuple[RunResult, ...]:
    """Run what was planned and write the files of every task that finished.

    Returns:
        One result a task, in the order of the spec.

    Raises:
        RunFailedError: A task failed, was cancelled or has no score; says which and why.
        AssayError: The child process broke, or the unit asked for is not the benchmark's.
    """
    for task in plan.tasks:
        reported_unit(plan, task)  # a contradiction must not cost a run
    with tempfile.TemporaryDirectory(prefix="assay-run-", ignore_cleanup_errors=True) as name:
        finished = _run(plan, Path(name), on_progress)
        return _write_all(plan, finished)


def _run(plan: RunPlan, scratch: Path, on_progress: OnProgress) -> dict[str, dict[str, Any]]:
    """The `finished` event of each task by its id."""
    request = plan.request
    model_args, variables = _model_arguments(request)
    environment = variables | child_environment(
        os.environ,
        scratch=scratch,
        endpoint=request.endpoint,
        models=[request.model, *([request.grader_model] if request.grader_model else [])],
        token=request.token if plan.needs_token else None,
    )
    states: dict[str, Progress] = {}
    finished: dict[str, dict[str, Any]] = {}

    def on_event(event: dict[str, Any]) -> None:
        task_id = event["task_id"]
        before = states.get(task_id, Progress(task_id, "loading"))
        states[task_id] = _advance(before, event)
        if event["event"] == "finished":
            finished[task_id] = event
        on_progress(states[task_id])

    run_child(
        child_plan(plan, log_dir=scratch / "logs", model_args=model_args),
        environment=environment,
        scratch=scratch,
        on_event=on_event,
    )
    return finished


def _advance(state: Progress, event: dict[str, Any]) -> Progress:
    match event["event"]:
        case "started":
            return replace(state, stage="running", total=event["total"])
        case "sample":
            failed = state.failed + bool(event["failed"])
            return replace(state, done=state.done + 1, failed=failed)
        case "finished":
            return replace(state, stage="finished")
        case _:
            return state


def _model_arguments(request: RunRequest) -> tuple[dict[str, Any], dict[str, str]]:
    """The model's arguments, and variables that stand for what a log should not hold.

    A model file is found before the run, from the folder the command was given in, and the log,
    which is published, holds its name without the way to it.
    """
    arguments = dict(request.model_args)
    if request.model != GGUF_MODEL or not arguments.get("path"):
        return arguments, {}
    file = find_gguf(str(arguments["path"])).resolve()
    return arguments | {"path": file.name}, {PATH_VARIABLE: str(file)}


def _write_all(plan: RunPlan, finished: Mapping[str, dict[str, Any]]) -> tuple[RunResult, ...]:
    results: list[RunResult] = []
    failures: dict[str, str] = {}
    for task in plan.tasks:
        event = finished.get(task.spec.id, {"status": "missing", "error": "it was never reported"})
        if event["status"] != SUCCESS:
            failures[task.spec.id] = event["error"] or event["status"]
            continue
        try:
            results.append(_write(plan, task, Path(event["log"])))
        except AssayError as error:
            failures[task.spec.id] = str(error)
    if failures:
        reasons = "\n".join(f"  {task_id}: {why}" for task_id, why in failures.items())
        kept = f"; {len(results)} finished and lie in {plan.request.out}" if results else ""
        raise RunFailedError(
            f"{len(failures)} of {len(plan.tasks)} tasks did not finish{kept}\n{reasons}",
            tuple(results),
        )
    return tuple(results)


def _write(plan: RunPlan, task: TaskPlan, log_file: Path) -> RunResult:
    """Write one task's files, the one that names the others last."""
    log = read_eval_log(log_file)
    report = make_report(plan, task, log, log_file)
    out = plan.request.out
    # make_report names the log by its digest, relative to the repository.
    log_path = str(report.record.log.url)
    record_path = f"{RESULTS_FOLDER}/runs/{report.record_sha256}.json"
    entry_path = f"{RESULTS_FOLDER}/{result_name(plan, task)}"
    files = {path: out / path for path in (entry_path, record_path, log_path)}
    for file in files.values():
        file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(log_file, files[log_path])
    files[record_path].write_bytes(report.record_bytes)
    files[entry_path].write_bytes(write_results([report.entry]))
    return RunResult(
        task_id=task.spec.id,
        value_text=report.value_text,
        unit=report.unit,
        is_unit_known=reported_unit(plan, task) is not None,
        n=report.n,
        entry=report.entry,
        record=report.record,
        record_sha256=report.record_sha256,
        files=files,
        status=PARTIAL if _is_partial(log) else COMPLETE,
    )


def _is_partial(log: EvalLog) -> bool:
    return log.completed < log.dataset_items


def result_name(plan: RunPlan, task: TaskPlan) -> str:
    """The results file's name: dataset and task.

    Where a task id holds other than name characters, a digest tells apart what would read the same
    without them.
    """
    name = f"{plan.request.benchmark.dataset.name}--{task.spec.id}"
    safe = _UNSAFE.sub("-", name)
    if safe != name:
        safe += f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"{safe}.yaml"
