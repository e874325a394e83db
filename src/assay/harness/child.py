"""The process a benchmark runs in: `python -m assay.harness.child`.

The first line of standard input is the plan (`assay.harness.plan.child_plan`); events go to
standard output, one JSON object a line:

    {"event": "loading", "task_id"}                   the spec and the data are being read
    {"event": "started", "task_id", "total"}          samples are about to run
    {"event": "sample", "task_id", "failed"}          one sample ended
    {"event": "finished", "task_id", "status", "error", "log"}

Whatever else is printed goes to standard error. When standard input closes, the parent is gone and
this process ends: a run never outlives the command that started it.

What the data may do: its files lie in the benchmark's own repository, and pictures and sounds are
`data:` URIs. Inspect and `datasets` would follow a path or an address to wherever it leads.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from datasets import load_dataset_builder
from inspect_ai import Task
from inspect_ai import eval as inspect_eval
from inspect_ai._eval.task.hf import task_create_from_hf
from inspect_ai.dataset import Sample
from inspect_ai.hooks import Hooks, SampleEnd, TaskStart, hooks
from inspect_ai.log import EvalLog

from assay.errors import InvalidError

PARENT_GONE = 3
# Above this share of failed samples a run counts as failed; below it, as partial.
MAX_FAILED_SHARE = 0.1
_MEDIA = ("image", "audio", "video", "document")

Emit = Callable[..., None]


def main() -> None:
    """Run the plan on standard input."""
    # The event channel is ours alone: Inspect and `datasets` print to standard output too.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def emit(event: str, **fields: Any) -> None:
        channel.write(json.dumps({"event": event} | fields) + "\n")
        channel.flush()

    plan = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    run(plan, emit)


def run(plan: dict[str, Any], emit: Emit) -> None:
    """Load every task of the plan, evaluate those that loaded, report each."""
    tasks: dict[str, Task] = {}
    for task_plan in plan["tasks"]:
        task_id = task_plan["task_id"]
        emit("loading", task_id=task_id)
        try:
            tasks[task_id] = load_task(plan["dataset"], plan["revision"], task_plan)
        except Exception as error:  # noqa: BLE001 - the edge: whatever a spec breaks is its outcome
            emit("finished", task_id=task_id, status="error", error=_sentence(error), log="")
    if not tasks:
        return
    report_progress({task.name: task_id for task_id, task in tasks.items()}, emit)
    try:
        logs = evaluate(plan, list(tasks.values()))
    except Exception as error:  # noqa: BLE001 - the edge, as above
        for task_id in tasks:
            emit("finished", task_id=task_id, status="error", error=_sentence(error), log="")
        return
    for task_id, log in zip(tasks, logs, strict=True):
        message = log.error.message if log.error else ""
        emit("finished", task_id=task_id, status=log.status, error=message, log=log.location)


def load_task(dataset: str, revision: str, task_plan: dict[str, Any]) -> Task:
    """The task, read by Inspect's own loader from the hub.

    Raises:
        InvalidError: The data lies elsewhere or refers to files or addresses.
    """
    refuse_paths(task_plan["texts"])
    refuse_foreign_files(dataset, revision, task_plan["config"])
    task: Task = task_create_from_hf(task_plan["spec"])[task_plan["index"]]
    refuse_foreign_media(task.dataset)
    return task


def refuse_paths(texts: Iterable[str]) -> None:
    """Refuse arguments that name an existing file: Inspect would put its content in their place.

    What only looks like a path was refused before; this asks the file system, from the empty folder
    that Inspect would ask it from.

    Raises:
        InvalidError: There is one.
    """
    for text in texts:
        # A text too long for a name, or with a NUL, is no path to anything: `lexists` says so.
        if os.path.lexists(text):
            raise InvalidError(f"an argument of the spec names a file on this machine: {text!r}")


def refuse_foreign_files(dataset: str, revision: str, config: str) -> None:
    """Refuse data files outside the dataset's repository at this revision.

    A dataset card may name any path or address as a data file, and `datasets` reads it.

    Raises:
        InvalidError: There is such a file.
    """
    builder = load_dataset_builder(dataset, name=config, revision=revision)
    inside = f"hf://datasets/{dataset}@{revision}/"
    for files in (builder.config.data_files or {}).values():
        for file in files:
            if not str(file).startswith(inside):
                raise InvalidError(
                    f"{dataset}: the card of this dataset names the data file {file}, "
                    "which is not in its repository"
                )


def refuse_foreign_media(samples: Iterable[Sample]) -> None:
    """Refuse pictures, sounds, films and documents that are not part of the data itself.

    Raises:
        InvalidError: There is one.
    """
    for sample in samples:
        for message in [] if isinstance(sample.input, str) else sample.input:
            for part in [] if isinstance(message.content, str) else message.content:
                media = [getattr(part, kind, None) for kind in _MEDIA]
                if any(isinstance(ref, str) and not ref.startswith("data:") for ref in media):
                    raise InvalidError(
                        f"sample {sample.id} refers to a file or an address; expected a data: URI"
                    )


def evaluate(plan: dict[str, Any], tasks: list[Task]) -> list[EvalLog]:
    """Evaluate the tasks one after the other with one model; logs in the order of the tasks."""
    grader = plan["grader_model"]
    return inspect_eval(
        tasks,
        model=plan["model"],
        model_args=plan["model_args"],
        model_roles={"grader": grader} if grader else None,
        limit=plan["limit"],
        fail_on_error=MAX_FAILED_SHARE,
        max_tasks=1,
        display="none",
        log_dir=plan["log_dir"],
        log_format="eval",
        log_realtime=False,  # nobody watches this log while it grows
        log_header_only=True,
        score_display=False,
        ctl_server=False,
        **plan["generation"],
    )


def report_progress(task_ids: dict[str, str], emit: Emit) -> None:
    """Have Inspect report starts and ends; `task_ids` maps its names for the tasks to ours."""

    @hooks(name="assay/progress", description="Reports samples to the command that runs them.")
    class Progress(Hooks):  # registered by the decorator
        def __init__(self) -> None:
            self.running: dict[str, str] = {}

        async def on_task_start(self, data: TaskStart) -> None:
            task_id = self.running[data.eval_id] = task_ids[data.spec.task]
            items = len(data.spec.dataset.sample_ids or [])
            emit("started", task_id=task_id, total=items * (data.spec.config.epochs or 1))

        async def on_sample_end(self, data: SampleEnd) -> None:
            failed = data.sample.error is not None
            emit("sample", task_id=self.running[data.eval_id], failed=failed)


def _end_with_parent() -> None:
    while sys.stdin.read(4096):
        pass
    os._exit(PARENT_GONE)


def _sentence(error: Exception) -> str:
    """An error as one line for the person who runs the command."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if isinstance(error, InvalidError) else f"{type(error).__name__}: {text}"


if __name__ == "__main__":
    main()
