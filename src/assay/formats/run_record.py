"""Run records: `.eval_results/runs/<sha256>.json`. What was run and what came out of it.

1. Strict JSON (`assay.formats.strict_json`); anything else is an error.
2. The file is named by the SHA-256 of its canonical form (RFC 8785): it cannot be edited in place.
3. `benchmark.id` and `benchmark.task_id` are required; without them there is no record.
4. Everything else may be absent. What is of the wrong kind is a warning and kept as unknown.
5. Unknown keys are kept at every level and written back.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

import rfc8785

from assay.formats.finding import Finding, Severity
from assay.formats.rule import Findings, Rule, shorten
from assay.formats.scalar import Json
from assay.formats.strict_json import parse_object

SCHEMA = "assay.run/1"

NO_BENCHMARK = Rule(
    "AS507",
    Severity.WARNING,
    "No `benchmark.id` or `benchmark.task_id`: no record can be read",
    '{"benchmark": {}}',
)
WRONG_KIND = Rule(
    "AS508", Severity.WARNING, "A field of a run record is of the wrong kind", '{"started": 5}'
)
WRONG_NAME = Rule(
    "AS509",
    Severity.WARNING,
    "The file is not named by the digest of its canonical form",
    "an edited file",
)
UNKNOWN_SCHEMA = Rule(
    "AS510", Severity.INFO, f"A `schema` other than `{SCHEMA}`", '{"schema": "assay.run/9"}'
)
NO_METRICS = Rule("AS511", Severity.WARNING, "A run record without metrics", '{"metrics": []}')

RULES = (
    NO_BENCHMARK,
    WRONG_KIND,
    WRONG_NAME,
    UNKNOWN_SCHEMA,
    NO_METRICS,
)

_NAMED = re.compile(r"(?:.*/)?([0-9a-f]{64})\.json")

Extra = Mapping[str, Json]


@dataclass(frozen=True, kw_only=True)
class RunModel:
    """Which model: as a repository, as asked for, as the provider says it served."""

    repo: str | None = None
    revision: str | None = None
    requested_id: str | None = None
    served_id: str | None = None
    provider: str | None = None
    extra: Extra = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class RunBenchmark:
    """Which task, at which revision, by which spec."""

    id: str
    task_id: str
    revision: str | None = None
    spec_sha256: str | None = None
    extra: Extra = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class RunFramework:
    """What ran it."""

    name: str | None = None
    version: str | None = None
    task_version: str | None = None
    extra: Extra = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class RunSamples:
    """How many items there are and how many were scored; `items_sha256` says which."""

    total: int | None = None
    completed: int | None = None
    limit: int | None = None
    epochs: int | None = None
    reducer: str | None = None
    items_sha256: str | None = None
    extra: Extra = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class RunMetric:
    """One number with its uncertainty, in the metric's own unit; `ci` is an interval."""

    id: str
    value: float
    stderr: float | None = None
    ci: tuple[float, float] | None = None
    n: int | None = None
    extra: Extra = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class RunUsage:
    """What it took; `cost` is in US dollars."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    wall_s: float | None = None
    cost: float | None = None
    extra: Extra = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class RunLog:
    """Where the log is, and what it must hash to."""

    url: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    format: str | None = None
    extra: Extra = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run. `generation`, `variant` and `environment` are open sets of settings."""

    schema: str | None = SCHEMA
    model: RunModel
    benchmark: RunBenchmark
    framework: RunFramework = RunFramework()
    generation: Extra = field(default_factory=dict, hash=False)
    variant: Extra = field(default_factory=dict, hash=False)
    samples: RunSamples = RunSamples()
    metrics: tuple[RunMetric, ...] = ()
    usage: RunUsage = RunUsage()
    log: RunLog = RunLog()
    started: str | None = None
    finished: str | None = None
    environment: Extra = field(default_factory=dict, hash=False)
    extra: Extra = field(default_factory=dict, hash=False)


def write_run_record(record: RunRecord) -> tuple[str, bytes]:
    """The record's digest in hex, and its canonical bytes (RFC 8785).

    Raises:
        rfc8785.CanonicalizationError: It holds a number JSON cannot carry.
    """
    data = rfc8785.dumps(cast("Any", _to_json(record)))
    return hashlib.sha256(data).hexdigest(), data


def _to_json(value: Any) -> Json:
    """Absent fields and empty groups are left out, so that one run has one digest."""
    if not hasattr(value, "__dataclass_fields__"):
        return list(value) if isinstance(value, tuple) else cast("Json", value)
    written: dict[str, Json] = {}
    for item in fields(value):
        part = getattr(value, item.name)
        if item.name == "extra" or part is None:
            continue
        content = (
            [_to_json(metric) for metric in part] if item.name == "metrics" else _to_json(part)
        )
        if content not in ({}, []):  # an empty list must not hide metrics kept as unknown
            written[item.name] = content
    return {**value.extra, **written}


def parse_run_record(data: bytes, path: str) -> tuple[RunRecord | None, tuple[Finding, ...]]:
    """Read a run record; faults are findings, never exceptions.

    Returns:
        The record, or None when it cannot be one; and everything found.
    """
    findings = Findings(path)
    parsed = parse_object(data, findings)
    if parsed is None:
        return None, findings.found()
    value, canonical = parsed
    digest = hashlib.sha256(canonical).hexdigest()
    named = _NAMED.fullmatch(path)
    if named is None or named[1] != digest:
        findings.add(
            WRONG_NAME,
            "the file is not named by its digest: it was edited, or renamed",
            got=shorten(path.rpartition("/")[2]),
            expected=f"{digest}.json",
        )
    record = _find_record(_Group(value, "", findings))
    return record, findings.found()


class _Group:
    """An object being read: takes known keys out, keeps the rest as unknown."""

    def __init__(self, values: Mapping[str, Json], where: str, findings: Findings) -> None:
        self._left = dict(values)
        self._where = where
        self._findings = findings

    def _take(self, key: str, kinds: tuple[type, ...], expected: str) -> Any:
        value = self._left.get(key)
        if value is None:
            self._left.pop(key, None)  # a known key that is null is absent
            return None
        if isinstance(value, kinds) and not isinstance(value, bool):
            del self._left[key]
            return value
        got = shorten(json.dumps(value))
        self.add(WRONG_KIND, key, f"{key} is not {expected}", got=got, expected=expected)
        return None

    def add(self, rule: Rule, key: str, message: str, *, got: str = "", expected: str = "") -> None:
        where = f"{self._where}.{key}".strip(".")
        self._findings.add(rule, message, where=where, got=got, expected=expected)

    def text(self, key: str) -> str | None:
        return cast("str | None", self._take(key, (str,), "a string"))

    def integer(self, key: str) -> int | None:
        return cast("int | None", self._take(key, (int,), "an integer"))

    def number(self, key: str) -> float | None:
        return cast("float | None", self._take(key, (int, float), "a number"))

    def settings(self, key: str) -> dict[str, Json]:
        return cast("dict[str, Json]", self._take(key, (dict,), "an object") or {})

    def group(self, key: str) -> _Group:
        return _Group(self.settings(key), f"{self._where}.{key}".strip("."), self._findings)

    def interval(self, key: str) -> tuple[float, float] | None:
        value = self._left.get(key)
        if (
            isinstance(value, list)
            and len(value) == 2  # noqa: PLR2004 - an interval has two ends
            and all(type(bound) in {int, float} for bound in value)
        ):
            del self._left[key]
            return cast("tuple[float, float]", tuple(value))
        if value is not None:
            self.add(WRONG_KIND, key, f"{key} is no interval", expected="[low, high]")
        return None

    def metrics(self) -> tuple[RunMetric, ...]:
        """Each item or none of them: a list in part unknown is kept whole."""
        value = self._left.get("metrics")
        items = value if isinstance(value, list) else []
        metrics = []
        for index, item in enumerate(items):
            values = item if isinstance(item, dict) else {}
            metric = _find_metric(_Group(values, f"metrics[{index}]", self._findings))
            if metric is not None:
                metrics.append(metric)
        if value is not None and not isinstance(value, list):
            self.add(WRONG_KIND, "metrics", "metrics is not a list", expected="a list")
        elif len(metrics) == len(items):
            self._left.pop("metrics", None)
            return tuple(metrics)
        return ()

    def rest(self) -> dict[str, Json]:
        return self._left


def _find_metric(group: _Group) -> RunMetric | None:
    metric_id, value = group.text("id"), group.number("value")
    stderr, ci, n = group.number("stderr"), group.interval("ci"), group.integer("n")
    if metric_id is None or value is None:
        group.add(WRONG_KIND, "", "a metric without an id or a value", expected="id and value")
        return None
    return RunMetric(id=metric_id, value=value, stderr=stderr, ci=ci, n=n, extra=group.rest())


_TEXTS = {
    RunModel: ("repo", "revision", "requested_id", "served_id", "provider"),
    RunFramework: ("name", "version", "task_version"),
    RunSamples: ("reducer", "items_sha256"),
    RunUsage: (),
    RunLog: ("url", "sha256", "format"),
}
_INTEGERS = {
    RunSamples: ("total", "completed", "limit", "epochs"),
    RunUsage: ("input_tokens", "output_tokens"),
    RunLog: ("bytes",),
}
_NUMBERS = {RunUsage: ("wall_s", "cost")}


def _read(kind: Any, group: _Group) -> Any:
    values: dict[str, Any] = {key: group.text(key) for key in _TEXTS[kind]}
    values |= {key: group.integer(key) for key in _INTEGERS.get(kind, ())}
    values |= {key: group.number(key) for key in _NUMBERS.get(kind, ())}
    return kind(**values, extra=group.rest())


def _find_record(group: _Group) -> RunRecord | None:
    schema = group.text("schema")
    if schema != SCHEMA:
        group.add(UNKNOWN_SCHEMA, "schema", "an unknown schema", got=schema or "", expected=SCHEMA)
    benchmark = group.group("benchmark")
    dataset_id, task_id = benchmark.text("id"), benchmark.text("task_id")
    if dataset_id is None or task_id is None:
        group.add(NO_BENCHMARK, "benchmark", "id or task_id is missing", expected="both")
        return None
    metrics = group.metrics()
    if not metrics:
        group.add(NO_METRICS, "metrics", "no metrics", expected="at least one with id and value")
    return RunRecord(
        schema=schema,
        model=_read(RunModel, group.group("model")),
        benchmark=RunBenchmark(
            id=dataset_id,
            task_id=task_id,
            revision=benchmark.text("revision"),
            spec_sha256=benchmark.text("spec_sha256"),
            extra=benchmark.rest(),
        ),
        framework=_read(RunFramework, group.group("framework")),
        generation=group.settings("generation"),
        variant=group.settings("variant"),
        samples=_read(RunSamples, group.group("samples")),
        metrics=metrics,
        usage=_read(RunUsage, group.group("usage")),
        log=_read(RunLog, group.group("log")),
        started=group.text("started"),
        finished=group.text("finished"),
        environment=group.settings("environment"),
        extra=group.rest(),
    )
