"""From a finished log to what is published: a run record and a result entry.

1. The metric reported is the benchmark's primary one, found in the log by its id, alone or as
   `scorer/metric`; where the log has one metric only, that; where no primary metric is declared,
   the one Inspect puts first.
2. Inspect's scores are proportions. A unit of percent multiplies by 100, any other changes nothing.
3. The value is rounded to `DECIMALS` places, and record and entry hold the same rounded number.
4. What limits the number is said in `notes`: settings, items left out, samples that failed.
"""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from assay import __version__
from assay.errors import InvalidError
from assay.formats.result import Entry, Source
from assay.formats.run_record import (
    RunBenchmark,
    RunFramework,
    RunLog,
    RunMetric,
    RunModel,
    RunRecord,
    RunSamples,
    RunUsage,
    write_run_record,
)
from assay.formats.terms import Metric, terms_for
from assay.harness.environment import provider_of
from assay.harness.eval_log import EvalLog, ScoredMetric
from assay.harness.plan import RunPlan, TaskPlan

PROPORTION = "proportion"
PERCENT = "percent"
DECIMALS = {PERCENT: 4}
DEFAULT_DECIMALS = 6
STDERR_DIGITS = 4
LOG_FOLDER = "eval_logs"
LOG_FORMAT = "inspect-eval"
_PACKAGES = ("inspect_ai", "datasets", "huggingface_hub", "xllamacpp")


@dataclass(frozen=True)
class Report:
    """What one finished task says.

    Attributes:
        value_text: The entry's value as written.
        n: Items it is over.
        unit: The unit it is in; proportion where none is declared or chosen.
        record_sha256: The record's name.
        record_bytes: The record as it is written.
    """

    value_text: str
    n: int
    unit: str
    entry: Entry
    record: RunRecord
    record_sha256: str
    record_bytes: bytes


def make_report(plan: RunPlan, task: TaskPlan, log: EvalLog, log_file: Path) -> Report:
    """Build the record and the entry of one finished task.

    Raises:
        InvalidError: The log has no score, or not the one the benchmark reports.
    """
    primary = primary_metric(plan, task)
    metric = find_metric(log, primary.id if primary else None)
    unit = reported_unit(plan, task) or PROPORTION
    text = value_text(metric.value, unit)
    record = _record(plan, task, log, log_file)
    digest, data = write_run_record(record)
    entry = Entry(
        index=0,
        line=1,
        dataset_id=str(plan.request.benchmark.dataset),
        task_id=task.spec.id,
        dataset_revision=plan.revision,
        value=float(text),
        value_text=text,
        date=(log.finished or log.started)[:10] or None,
        source=Source(f"{plan.request.endpoint}/runs/{digest}", "assay run"),
        notes="; ".join(notes(plan, task, log)) or None,
    )
    return Report(text, metric.n, unit, entry, record, digest, data)


def primary_metric(plan: RunPlan, task: TaskPlan) -> Metric | None:
    """The metric the benchmark ranks this task by, where it declares one."""
    return terms_for(plan.terms, task.spec.id).primary if plan.terms else None


def reported_unit(plan: RunPlan, task: TaskPlan) -> str | None:
    """The unit the benchmark declares, else the one asked for.

    Raises:
        InvalidError: Both are there and differ.
    """
    primary = primary_metric(plan, task)
    declared, asked = primary.unit if primary else None, plan.request.unit
    if declared and asked and declared != asked:
        raise InvalidError(
            f"Task {task.spec.id} is reported in {declared}, not in {asked}",
            hint="leave out --unit: the benchmark declares its own",
        )
    return declared or asked


def find_metric(log: EvalLog, metric_id: str | None) -> ScoredMetric:
    """Rule 1.

    Raises:
        InvalidError: The log has no such metric, or no finite value.
    """
    found = [
        metric
        for metric in log.metrics
        if metric_id in {metric.name, f"{metric.scorer}/{metric.name}"}
    ]
    if not found and metric_id is None:
        found = [each for each in log.metrics if (each.scorer, each.name) == log.headline]
        found = found or list(log.metrics)
    if not found and len(log.metrics) == 1:
        found = list(log.metrics)
    if not found:
        has = ", ".join(f"{each.scorer}/{each.name}" for each in log.metrics) or "none"
        raise InvalidError(
            f"The benchmark reports {metric_id or 'a metric'}; the log's metrics are: {has}"
        )
    if not math.isfinite(found[0].value):
        raise InvalidError(f"The log's {found[0].name} is {found[0].value}: no sample was scored")
    return found[0]


def value_text(value: float, unit: str) -> str:
    """A score as it is written: rounded, without trailing zeros, with at least one decimal."""
    exact = Decimal(repr(value)) * (100 if unit == PERCENT else 1)
    places = DECIMALS.get(unit, DEFAULT_DECIMALS)
    text = f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def notes(plan: RunPlan, task: TaskPlan, log: EvalLog) -> Iterator[str]:
    """Rule 4, in short clauses."""
    for key, value in log.generation.items():
        yield f"{key.replace('_', ' ')} {value}"
    asked = min(log.limit or log.dataset_items, log.dataset_items)
    if asked < log.dataset_items:
        yield f"limit {asked} of {log.dataset_items} samples"
    if log.epochs > 1:
        yield f"{log.epochs} epochs"
    if log.completed < asked:
        yield f"partial: {asked - log.completed} of {asked} samples failed"
    judge = _judge(plan, task)
    if judge:
        yield f"judge {judge}"
    if reported_unit(plan, task) is None:
        yield "value is a proportion, the benchmark declares no unit"


def _judge(plan: RunPlan, task: TaskPlan) -> str | None:
    """The model that grades, where answers are graded by a model."""
    if not any(use.kind == "model" for use in task.uses):
        return None
    return plan.request.grader_model or plan.request.model


def _record(plan: RunPlan, task: TaskPlan, log: EvalLog, log_file: Path) -> RunRecord:
    request = plan.request
    log_sha256 = hashlib.sha256(log_file.read_bytes()).hexdigest()
    tools = [use.name for use in task.uses if use.kind == "tool"]
    variant = {"judge": _judge(plan, task), "tools": ", ".join(tools) or None}
    return RunRecord(
        model=RunModel(
            repo=str(request.model_repo),
            revision=request.model_revision,
            requested_id=request.model,
            served_id=log.served or None,
            provider=provider_of(request.model),
        ),
        benchmark=RunBenchmark(
            id=str(request.benchmark.dataset),
            task_id=task.spec.id,
            revision=plan.revision,
            spec_sha256=plan.spec_file.spec_sha256,
        ),
        framework=RunFramework(
            name="inspect-ai", version=log.framework_version, task_version=log.task_version
        ),
        generation=log.generation,
        variant={axis: value for axis, value in variant.items() if value},
        samples=RunSamples(
            total=log.dataset_items,
            completed=log.completed,
            limit=log.limit,
            epochs=log.epochs,
            reducer=log.reducer,
            items_sha256=log.items_sha256,
        ),
        metrics=tuple(_metrics(plan, task, log)),
        usage=_usage(log),
        log=RunLog(
            url=f"{LOG_FOLDER}/{log_sha256}.eval",
            sha256=log_sha256,
            bytes=log_file.stat().st_size,
            format=LOG_FORMAT,
        ),
        started=log.started or None,
        finished=log.finished or None,
        environment=_environment(),
    )


def _metrics(plan: RunPlan, task: TaskPlan, log: EvalLog) -> Iterator[RunMetric]:
    """Every metric in the reported unit, the reported one first and under its declared id."""
    primary = primary_metric(plan, task)
    reported = find_metric(log, primary.id if primary else None)
    unit = reported_unit(plan, task) or PROPORTION
    several = len({metric.scorer for metric in log.metrics}) > 1
    for metric in sorted(log.metrics, key=lambda each: each is not reported):
        if not math.isfinite(metric.value):
            continue
        own_id = f"{metric.scorer}/{metric.name}" if several else metric.name
        yield RunMetric(
            id=primary.id if primary and metric is reported else own_id,
            value=float(value_text(metric.value, unit)),
            stderr=_stderr(metric.stderr, unit),
            n=metric.n,
        )


def _stderr(stderr: float | None, unit: str) -> float | None:
    """To a few significant digits: more of them mean nothing."""
    if stderr is None or not math.isfinite(stderr):
        return None
    return float(f"{stderr * (100 if unit == PERCENT else 1):.{STDERR_DIGITS}g}")


def _usage(log: EvalLog) -> RunUsage:
    def total(key: str) -> Any:
        counts = [usage[key] for usage in log.usage.values() if usage.get(key) is not None]
        return sum(counts) if counts else None

    wall_s = None
    if log.started and log.finished:
        times = [datetime.fromisoformat(time) for time in (log.started, log.finished)]
        wall_s = (times[1] - times[0]).total_seconds()
    return RunUsage(
        input_tokens=total("input_tokens"),
        output_tokens=total("output_tokens"),
        wall_s=wall_s,
        cost=total("total_cost"),
    )


def _environment() -> dict[str, Any]:
    """Versions that may matter to somebody who runs it again; nothing about whose machine it is."""
    packages = {}
    for package in _PACKAGES:
        try:
            packages[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "assay": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": packages,
    }
