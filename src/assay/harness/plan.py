"""What to run: the benchmark's spec at one commit, checked before anything of it is executed.

1. The revision is resolved to a commit, so that this plan, Inspect's loader and the data it loads
   all see the same bytes.
2. `eval.yaml` must be valid and runnable by Inspect; a hostile argument is an error like any other.
3. A spec that uses tools runs only where tools are allowed, one that names a grader only where that
   very grader is named. Without a name the evaluated model grades itself, as Inspect has it.
4. `assay.yaml` at the same commit says in which unit the score is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assay.errors import (
    EntryNotFoundError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RepoNotFoundError,
    UnauthenticatedError,
)
from assay.formats.benchmark import SpecFile, TaskSpec, Use, parse_eval_yaml, used_models_and_tools
from assay.formats.finding import Finding, Severity
from assay.formats.names import BenchmarkRef, RepoId
from assay.formats.scalar import Json
from assay.formats.terms import AssayFile, parse_assay_yaml
from assay.harness.remote import fetch_file, fetch_json

DEFAULT_REVISION = "main"
DEFAULT_CONFIG = "default"  # Inspect's, where a task names none


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What somebody wants to run.

    Attributes:
        endpoint: The hub's address, without a trailing slash.
        benchmark: Without a task, all tasks of the benchmark.
        model: As Inspect names it: `PROVIDER/MODEL`.
        model_repo: The model repository the result is about.
        model_revision: The revision of that repository that was run, where the runner knows it.
        out: Where the files are written, laid out like the model repository.
        generation: Inspect's settings for the model: `temperature`, `max_tokens`, `seed`.
        model_args: Arguments of the provider.
        limit: Only the first so many items.
        unit: In which unit to report where the benchmark declares none.
        allow_tools: Whether a spec may use tools.
        grader_model: The model that grades, where the spec has answers graded by a model.
        token: The hub token; given to the run only where the benchmark cannot be read without.
    """

    endpoint: str
    benchmark: BenchmarkRef
    model: str
    model_repo: RepoId
    model_revision: str | None = None
    out: Path
    generation: Mapping[str, float | int] = field(default_factory=dict)
    model_args: Mapping[str, Any] = field(default_factory=dict)
    limit: int | None = None
    unit: str | None = None
    allow_tools: bool = False
    grader_model: str | None = None
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class TaskPlan:
    """One task to run: its spec, where it stands in the file, and what it uses."""

    spec: TaskSpec
    index: int
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class RunPlan:
    """Everything known before the run.

    Attributes:
        revision: The commit of the dataset repository.
        terms: The benchmark's `assay.yaml`; None where it has none.
        needs_token: Whether the benchmark can only be read with the token.
    """

    request: RunRequest
    revision: str
    spec_file: SpecFile
    terms: AssayFile | None
    tasks: tuple[TaskPlan, ...]
    needs_token: bool


def plan_run(request: RunRequest) -> RunPlan:
    """Read and check a benchmark's spec; nothing of it is executed.

    Raises:
        InvalidError: The spec is faulty, hostile, not runnable, or uses what was not allowed.
        NotFoundError: There is no such benchmark, revision or task.
        AssayError: The hub cannot be reached or refuses.
    """
    dataset = str(request.benchmark.dataset)
    revision, needs_token = _resolve(request)
    token = request.token if needs_token else None
    try:
        data = fetch_file(request.endpoint, dataset, "eval.yaml", revision=revision, token=token)
    except EntryNotFoundError as error:
        raise NotFoundError(
            f"{dataset} has no eval.yaml at {revision[:12]}: it is no benchmark"
        ) from error
    spec_file = parse_eval_yaml(data, "eval.yaml")
    _refuse_faults(dataset, spec_file.findings)
    if not spec_file.runnable.ok:
        raise InvalidError(
            f"Inspect cannot run {dataset}: {spec_file.runnable.reason}",
            hint="only benchmarks with an Inspect spec can be run here",
        )
    tasks = tuple(_tasks(request, spec_file))
    for task in tasks:
        _refuse_unallowed(request, task)
    terms = _terms(request, revision, token)
    return RunPlan(request, revision, spec_file, terms, tasks, needs_token)


def child_plan(plan: RunPlan, *, log_dir: Path, model_args: Mapping[str, Any]) -> dict[str, Any]:
    """What `assay.harness.child` reads."""
    request = plan.request
    return {
        "dataset": str(request.benchmark.dataset),
        "revision": plan.revision,
        "tasks": [
            {
                "task_id": task.spec.id,
                "config": task.spec.config or DEFAULT_CONFIG,
                "texts": sorted(set(_texts(task.spec))),
                **inspect_task(str(request.benchmark.dataset), plan.revision, task),
            }
            for task in plan.tasks
        ],
        "model": request.model,
        "model_args": dict(model_args),
        "grader_model": request.grader_model,
        "generation": dict(request.generation),
        "limit": request.limit,
        "log_dir": str(log_dir),
    }


def inspect_task(dataset: str, revision: str, task: TaskPlan) -> dict[str, Any]:
    """The name by which Inspect loads a task, and which of the tasks it loads is the one.

    Inspect splits the name at slashes, so an id that holds one cannot be named: all tasks are
    loaded instead and one is taken. And it removes every `hf/` in the name, not only the first:
    one that belongs to the dataset's name is written so that removing leaves it.
    """
    escaped = dataset.replace("hf/", "hhf/f/")
    if "/" in task.spec.id or "@" in task.spec.id:
        return {"spec": f"hf/{escaped}@{revision}", "index": task.index}
    return {"spec": f"hf/{escaped}/{task.spec.id}@{revision}", "index": 0}


def _resolve(request: RunRequest) -> tuple[str, bool]:
    """The commit, and whether reading the benchmark takes the token."""
    dataset = request.benchmark.dataset
    revision = quote(request.benchmark.revision or DEFAULT_REVISION, safe="")
    path = f"/api/datasets/{dataset}/revision/{revision}"
    try:
        info = fetch_json(request.endpoint, path)
    except (RepoNotFoundError, UnauthenticatedError, ForbiddenError):
        if request.token is None:
            raise
        return str(fetch_json(request.endpoint, path, token=request.token)["sha"]), True
    return str(info["sha"]), bool(info.get("gated"))


def _refuse_faults(dataset: str, findings: tuple[Finding, ...]) -> None:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        lines = "\n".join(f"  {finding.render()}" for finding in errors)
        raise InvalidError(f"The spec of {dataset} has errors and will not be run:\n{lines}")


def _tasks(request: RunRequest, spec_file: SpecFile) -> Iterator[TaskPlan]:
    spec = spec_file.spec
    wanted = request.benchmark.task
    found = list(enumerate(spec.tasks if spec else ()))
    for index, task in found:
        if wanted in {None, task.id}:
            yield TaskPlan(task, index, used_models_and_tools(task))
    if wanted is not None and wanted not in {task.id for _, task in found}:
        raise NotFoundError(
            f"{request.benchmark.dataset} has no task {wanted!r}",
            hint="it has " + ", ".join(task.id for _, task in found[:20]),
        )


def _refuse_unallowed(request: RunRequest, task: TaskPlan) -> None:
    """Rule 3."""
    tools = [use.name for use in task.uses if use.kind == "tool"]
    if tools and not request.allow_tools:
        raise InvalidError(
            f"The spec of task {task.spec.id} lets the model use tools: {', '.join(tools)}",
            hint="pass --allow-tools if you want that on this machine",
        )
    for part in (*task.spec.solvers, *task.spec.scorers):
        for named in _strings(part.args.get("model")):
            if named != request.grader_model:
                raise InvalidError(
                    f"The spec of task {task.spec.id} has {part.name} call the model {named}",
                    hint=f"pass --grader-model {named} if you want to call it with your key",
                )


def _terms(request: RunRequest, revision: str, token: str | None) -> AssayFile | None:
    dataset = str(request.benchmark.dataset)
    try:
        data = fetch_file(request.endpoint, dataset, "assay.yaml", revision=revision, token=token)
    except EntryNotFoundError:
        return None
    return parse_assay_yaml(data, "assay.yaml")


def _texts(task: TaskSpec) -> Iterator[str]:
    """Every string in the task's arguments that Inspect might look up as a file."""
    for part in (*task.solvers, *task.scorers):
        for value in part.args.values():
            yield from _strings(value)


def _strings(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _strings(item)
        case dict():
            for item in value.values():
                yield from _strings(item)
        case _:
            return
