"""`assay run`: run a benchmark with Inspect, write the result's files, perhaps submit them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.client import ENDPOINT_HELP, find_token, get_json, resolve_endpoint
from assay.cli.output import print_json, print_table
from assay.cli.progress import show_progress
from assay.errors import InvalidError, UnauthenticatedError
from assay.formats.finding import printable
from assay.formats.names import parse_benchmark_ref, parse_repo_id

if TYPE_CHECKING:
    from assay.harness.plan import RunPlan, RunRequest
    from assay.harness.runner import RunResult

OUT_FOLDER = Path("assay-results")
EXAMPLES = """\
\b
Examples:
  assay run openai/gsm8k --model openai/gpt-5-mini --as acme/gpt-5-mini --limit 20
  assay run acme/small-talk/popularity --model assay/gguf --as acme/smollm2 --temperature 0
  assay run acme/small-talk@v2 --model assay/gguf -M path=my.gguf --as acme/my --submit
"""


@click.command(epilog=EXAMPLES)
@click.argument("benchmark", metavar="NS/DATASET[/TASK][@REV]")
@click.option(
    "--model",
    required=True,
    metavar="PROVIDER/MODEL",
    help="The model as Inspect names it; assay/gguf runs a local file, assay/chance draws answers.",
)
@click.option(
    "--as",
    "model_repo",
    required=True,
    metavar="NS/MODEL",
    help="The model repository the result is about.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N items.")
@click.option(
    "--max-tokens", type=click.IntRange(min=1), metavar="N", help="Longest answer, in tokens."
)
@click.option("--temperature", type=click.FloatRange(min=0), metavar="X")
@click.option("--seed", type=int, metavar="N", help="Seed of the model's draws.")
@click.option(
    "-M", "model_args", multiple=True, metavar="KEY=VALUE", help="Argument of the model's provider."
)
@click.option("--unit", metavar="U", help="Unit to report in, where the benchmark declares none.")
@click.option("--allow-tools", is_flag=True, help="Let the spec give the model tools.")
@click.option("--grader-model", metavar="M", help="Model that grades, where the spec asks for one.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the files go, laid out like the model repository [default: "
    f"{OUT_FOLDER}/NS/MODEL].",
)
@click.option("--endpoint", metavar="URL", help=ENDPOINT_HELP)
@click.option("--submit", is_flag=True, help="Open a pull request with the result.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def run(
    benchmark: str,
    model: str,
    model_repo: str,
    *,
    limit: int | None,
    max_tokens: int | None,
    temperature: float | None,
    seed: int | None,
    model_args: tuple[str, ...],
    unit: str | None,
    allow_tools: bool,
    grader_model: str | None,
    out: Path | None,
    endpoint: str | None,
    submit: bool,
    as_json: bool,
) -> None:
    """Run a benchmark with Inspect and report the result.

    The spec is read from the hub at one commit and checked; the run happens in a process of its own
    with an empty folder and no key but the model's. What comes out is a result, a run record and
    Inspect's log, as files a model repository takes. Needs `pip install "assay[run]"`.
    """
    from assay.harness.plan import RunRequest  # noqa: PLC0415 - httpx; not for --help

    settings = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed}
    repo = parse_repo_id(model_repo)
    request = RunRequest(
        endpoint=resolve_endpoint(endpoint),
        benchmark=parse_benchmark_ref(benchmark),
        model=model,
        model_repo=repo,
        out=out or OUT_FOLDER / repo.namespace / repo.name,
        generation={name: value for name, value in settings.items() if value is not None},
        model_args=dict(_argument(text) for text in model_args),
        limit=limit,
        unit=unit,
        allow_tools=allow_tools,
        grader_model=grader_model,
        token=find_token(),
    )
    _execute(request, submit=submit, as_json=as_json)


def _execute(request: RunRequest, *, submit: bool, as_json: bool) -> None:
    """Plan, announce, run, perhaps submit, and say what came out."""
    from assay.harness.plan import plan_run  # noqa: PLC0415 - as above

    if submit and request.token is None:
        raise UnauthenticatedError(
            "--submit needs a token", hint="set HF_TOKEN, or run `hf auth login`"
        )
    plan = plan_run(request)
    _require_units(plan, submit=submit)
    if submit:  # a model repository that is not there must not cost a run
        get_json(request.endpoint, f"/api/models/{request.model_repo}", token=request.token)
    _announce(plan)
    results = _run(plan, as_json=as_json)
    pull = _submit(plan, results) if submit else None
    if as_json:
        print_json({"results": [_to_json(result) for result in results], "pull_request": pull})
        return
    _print_results(results)
    if pull:
        click.echo(f"pull request: {pull}")
        return
    click.echo(f"files in {request.out}")
    click.echo(f"report them with: assay submit {request.out} --to {request.model_repo}")


def _argument(text: str) -> tuple[str, Any]:
    """KEY and VALUE; the value a number, true, false or null where it reads as one, else text."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise click.BadParameter(f"expected KEY=VALUE, got {text!r}", param_hint="-M")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _require_units(plan: RunPlan, *, submit: bool) -> None:
    """Refuse before the run what could not be submitted after it."""
    from assay.harness.report import reported_unit  # noqa: PLC0415 - as above

    unknown = [task.spec.id for task in plan.tasks if reported_unit(plan, task) is None]
    if not unknown:
        return
    tasks = ", ".join(unknown)
    hint = "name it with --unit, for example --unit percent, as the board's other results have it"
    if submit:
        raise InvalidError(
            f"The benchmark declares no unit for {tasks}: without one a score may be off by a "
            "factor of 100, so it is not submitted",
            hint=hint,
        )
    click.echo(printable(f"note: no unit declared for {tasks}; {hint}"), err=True)


def _announce(plan: RunPlan) -> None:
    """Say what will run and what it uses, before it starts."""
    request = plan.request
    at = f"{request.benchmark.dataset} at {plan.revision[:12]}"
    lines = [f"{at}, model {request.model} as {request.model_repo}"]
    for task in plan.tasks:
        uses = [f"{use.kind} {use.name} (by {use.by})" for use in task.uses]
        lines.append(f"  {task.spec.id}: uses {', '.join(uses) or 'no tools and no other model'}")
    if request.grader_model:
        lines.append(f"  answers are graded by {request.grader_model}")
    for line in lines:
        click.echo(printable(line), err=True)


def _run(plan: RunPlan, *, as_json: bool) -> tuple[RunResult, ...]:
    """Run the plan; when a task fails, print those that finished before the error goes on."""
    from assay.harness.runner import RunFailedError, run_plan  # noqa: PLC0415 - as above

    try:
        with show_progress() as show:
            return run_plan(plan, on_progress=show)
    except RunFailedError as error:
        if as_json:
            results = [_to_json(result) for result in error.results]
            print_json({"results": results, "pull_request": None, "error": error.message})
        elif error.results:
            _print_results(error.results)
        raise


def _submit(plan: RunPlan, results: Iterable[RunResult]) -> str:
    from assay.cli.submission import submit_files  # noqa: PLC0415 - as above

    request = plan.request
    scores = ", ".join(f"{result.task_id} {result.value_text}" for result in results)
    return submit_files(
        request.endpoint,
        request.token,
        str(request.model_repo),
        {path: file for result in results for path, file in result.files.items()},
        f"Report {request.benchmark.dataset}: {scores}"[:200],
    )


def _print_results(results: Iterable[RunResult]) -> None:
    rows = [
        [
            result.task_id,
            result.value_text,
            "" if (stderr := result.record.metrics[0].stderr) is None else f"{stderr}",
            result.unit,
            str(result.n),
            result.status,
            result.record_sha256[:12],
        ]
        for result in results
    ]
    print_table(["task", ">score", ">stderr", "unit", ">n", "status", "run record"], rows)


def _to_json(result: RunResult) -> dict[str, Any]:
    return {
        "task_id": result.task_id,
        "value": result.entry.value,
        "value_text": result.value_text,
        "stderr": result.record.metrics[0].stderr,
        "unit": result.unit,
        "n": result.n,
        "status": result.status,
        "notes": result.entry.notes,
        "run_record": result.record_sha256,
        "files": {path: str(file) for path, file in result.files.items()},
    }
