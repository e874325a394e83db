"""Terms: `assay.yaml` at the root of a dataset repository. What `eval.yaml` has no word for.

1. The file is a mapping; `tasks` maps a task id, or `"*"` for all of them, to terms. Beside it may
   stand which benchmarks this one `supersedes`, and by which it is `superseded_by`.
2. A task's own terms stand before those of `"*"`: a field it states replaces the shared one whole.
3. Absent means unknown, never a guess. What is wrong is a warning and counts as absent.
4. Unknown keys are kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from assay.formats.document import Items, parse_document
from assay.formats.finding import Finding, Severity
from assay.formats.getter import FieldReader, read_fields
from assay.formats.names import is_repo_id
from assay.formats.rule import Findings, Rule, shorten
from assay.formats.scalar import Json

SHARED = "*"

NOT_TERMS = Rule("AS301", Severity.ERROR, "assay.yaml is not a mapping", "- tasks")
UNKNOWN_KEY = Rule(
    "AS302", Severity.INFO, "A key of assay.yaml that we do not know; it is kept", "colour: red"
)
WRONG_KIND = Rule("AS303", Severity.WARNING, "A field of the wrong kind", "items: many")
NO_METRIC_ID = Rule(
    "AS304", Severity.WARNING, "A metric without an `id`", "metrics: [{name: Accuracy}]"
)
DUPLICATE_METRIC = Rule(
    "AS305", Severity.WARNING, "Two metrics of a task with one `id`", "metrics: [{id: a}, {id: a}]"
)
ODD_DIRECTION = Rule(
    "AS306", Severity.WARNING, "A `direction` other than higher or lower", "direction: up"
)
ODD_UNIT = Rule("AS307", Severity.WARNING, "A `unit` that we do not know", "unit: pct")
SEVERAL_PRIMARY = Rule(
    "AS308",
    Severity.WARNING,
    "More than one `primary` metric of a task",
    "[{id: a, primary: true}, {id: b, primary: true}]",
)
ODD_RANGE = Rule(
    "AS309",
    Severity.WARNING,
    "`min` above `max`, or `chance` or `ceiling` outside them",
    "{min: 1, max: 0}",
)
ODD_COMPARABILITY = Rule(
    "AS310",
    Severity.WARNING,
    "A `comparability` field that is no part of a method",
    "comparability: [colour]",
)
NOT_POSITIVE = Rule(
    "AS311", Severity.WARNING, "A count below 1, or a tolerance below 0", "items: 0"
)
SHARED_ALIAS = Rule(
    "AS312", Severity.WARNING, "An alias that another task has, or is", "{a: {aliases: [b]}, b: {}}"
)
EMPTY_ADVISORY = Rule(
    "AS313", Severity.WARNING, "An advisory without a `text`", "advisories: [{link: https://…}]"
)
ODD_VARIANT = Rule(
    "AS314", Severity.WARNING, "A variant axis that we do not know", "variants: [mood]"
)
NO_BENCHMARK = Rule(
    "AS315",
    Severity.WARNING,
    "A benchmark before or after this one that is no `NAMESPACE/NAME`",
    "superseded_by: GSM8K",
)

RULES = (
    NOT_TERMS,
    UNKNOWN_KEY,
    WRONG_KIND,
    NO_METRIC_ID,
    DUPLICATE_METRIC,
    ODD_DIRECTION,
    ODD_UNIT,
    SEVERAL_PRIMARY,
    ODD_RANGE,
    ODD_COMPARABILITY,
    NOT_POSITIVE,
    SHARED_ALIAS,
    EMPTY_ADVISORY,
    ODD_VARIANT,
    NO_BENCHMARK,
)

DIRECTIONS = ("higher", "lower")
UNITS = (
    "proportion",
    "percent",
    "points",
    "rating",
    "seconds",
    "minutes",
    "hours",
    "tokens",
    "count",
    "usd",
    "eur",
)
# Units that are shares of items: from 0 to this.
SCALES = {"proportion": 1.0, "percent": 100.0}
AXES = {
    "tools": "text",
    "reasoning_effort": "text",
    "shots": "integer",
    "chain_of_thought": "boolean",
    "context_limit": "integer",
    "attempts": "integer",
    "quantisation": "text",
    "judge": "text",
}
METHOD_FIELDS = ("spec", "dataset_revision", "subset", "epochs", *AXES)

_ROOT_KEYS = ("tasks", "supersedes", "superseded_by")
_TASK_KEYS = (
    "metrics",
    "items",
    "aliases",
    "variants",
    "comparability",
    "tolerance",
    "advisories",
    "source_policy",
)
_METRIC_KEYS = ("id", "name", "direction", "unit", "min", "max", "chance", "ceiling", "primary")
_ADVISORY_KEYS = ("text", "link", "revisions", "items")


@dataclass(frozen=True, slots=True)
class Metric:
    """One number a task reports. Bounds are in `unit`, as values in result files are."""

    id: str
    name: str | None = None
    direction: str | None = None
    unit: str | None = None
    min: float | None = None
    max: float | None = None
    chance: float | None = None
    ceiling: float | None = None
    primary: bool = False


def bounds_of(
    unit: str | None, low: float | None, high: float | None
) -> tuple[float | None, float | None]:
    """The least and the greatest value a metric can take: as declared, else as its unit allows."""
    scale = SCALES.get(unit or "")
    if scale is None:
        return low, high
    return 0.0 if low is None else low, scale if high is None else high


def bounds_text(low: float | None, high: float | None) -> str:
    """Bounds in words: `from 0 to 100`, `at least 0`, `at most 1`."""
    if low is not None and high is not None:
        return f"from {low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"


@dataclass(frozen=True, slots=True)
class Axis:
    """One way in which runs of a task vary; `values` are the ones the maintainers list."""

    name: str
    kind: str
    values: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Advisory:
    """Something known to be wrong with some revisions or items of the data."""

    text: str
    link: str | None = None
    revisions: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskTerms:
    """What the maintainers say of one task.

    Attributes:
        items: How many there are.
        aliases: Other ids of the task in the wild.
        comparability: The method fields that must match for two claims to be compared; None when
            not declared.
        tolerance: A replication counts within this, in the unit of the primary metric.
        source_policy: `author`, `community`, `run-record`, `signed`, or beginnings of addresses.
        extra: Unknown keys as JSON values.
    """

    metrics: tuple[Metric, ...] = ()
    items: int | None = None
    aliases: tuple[str, ...] = ()
    variants: tuple[Axis, ...] = ()
    comparability: tuple[str, ...] | None = None
    tolerance: float | None = None
    advisories: tuple[Advisory, ...] = ()
    source_policy: tuple[str, ...] = ()
    extra: Mapping[str, Json] = field(default_factory=dict)

    @property
    def primary(self) -> Metric | None:
        """The metric a board ranks by: the one marked, else the only one, else the first."""
        marked = (metric for metric in self.metrics if metric.primary)
        return next(marked, self.metrics[0] if self.metrics else None)


@dataclass(frozen=True)
class AssayFile:
    """One `assay.yaml`.

    Attributes:
        tasks: Terms by task id, `"*"` for all tasks.
        findings: What is wrong with the file.
        supersedes: The benchmarks that this one takes the place of.
        superseded_by: The benchmarks that have taken its place.
    """

    tasks: Mapping[str, TaskTerms]
    findings: tuple[Finding, ...]
    supersedes: tuple[str, ...] = ()
    superseded_by: tuple[str, ...] = ()


def terms_for(file: AssayFile, task_id: str) -> TaskTerms:
    """The terms of one task: its own, and for fields it leaves out those of `"*"`."""
    shared = file.tasks.get(SHARED, TaskTerms())
    own = file.tasks.get(task_id)
    if own is None:
        return replace(shared, aliases=())
    absent = TaskTerms()
    taken = {
        item.name: getattr(shared, item.name)
        for item in fields(TaskTerms)
        if item.name != "aliases" and getattr(own, item.name) == getattr(absent, item.name)
    }
    return replace(own, **taken)


def parse_assay_yaml(data: bytes, path: str) -> AssayFile:
    """Read an `assay.yaml`; faults are findings, never exceptions."""
    findings = Findings(path)
    root = parse_document(data, findings)
    reader = read_fields(root, "", findings, NOT_TERMS) if root is not None else None
    tasks: dict[str, TaskTerms] = {}
    succession: dict[str, tuple[str, ...]] = {}
    if reader is not None:
        _report_unknown(reader, _ROOT_KEYS)
        by_task = reader.child("tasks", WRONG_KIND)
        for task_id in by_task or ():
            task = by_task.child(task_id, WRONG_KIND) if by_task else None
            if task is not None:
                tasks[task_id] = _terms(task)
        if by_task is not None:
            _check_aliases(by_task, tasks)
        succession = {key: _benchmarks(reader, key) for key in ("supersedes", "superseded_by")}
    return AssayFile(tasks, findings.found(), **succession)


def _benchmarks(reader: FieldReader, key: str) -> tuple[str, ...]:
    """Names of benchmarks; what is none is left out."""
    found = []
    for name in dict.fromkeys(reader.texts(key, WRONG_KIND)):
        if is_repo_id(name):
            found.append(name)
            continue
        message = "no name of a benchmark; it is left out"
        reader.add(NO_BENCHMARK, message, key, got=shorten(name), expected="NAMESPACE/NAME")
    return tuple(found)


def _report_unknown(reader: FieldReader, known: tuple[str, ...]) -> dict[str, Json]:
    unknown = reader.unknown(known)
    for key in unknown:
        reader.add(UNKNOWN_KEY, f"{shorten(key)} is no key we know; it is kept", key)
    return unknown


def _check_aliases(reader: FieldReader, tasks: Mapping[str, TaskTerms]) -> None:
    owners = {task_id: task_id for task_id in tasks}
    for task_id, terms in tasks.items():
        for alias in terms.aliases:
            owner = owners.setdefault(alias, task_id)
            if owner != task_id or alias == task_id:
                message = f"the alias {shorten(alias)!r} already means task {shorten(owner)!r}"
                reader.add(SHARED_ALIAS, message, task_id)


def _terms(reader: FieldReader) -> TaskTerms:
    extra = _report_unknown(reader, _TASK_KEYS)
    items = reader.integer("items", WRONG_KIND)
    if items is not None and items < 1:
        reader.add(NOT_POSITIVE, "items is less than 1", "items", got=str(items))
        items = None
    tolerance = reader.number("tolerance", WRONG_KIND)
    if tolerance is not None and tolerance < 0:
        reader.add(NOT_POSITIVE, "tolerance is negative", "tolerance", got=str(tolerance))
        tolerance = None
    return TaskTerms(
        metrics=_metrics(reader),
        items=items,
        aliases=reader.texts("aliases", WRONG_KIND),
        variants=_variants(reader),
        comparability=_comparability(reader),
        tolerance=tolerance,
        advisories=_advisories(reader),
        source_policy=reader.texts("source_policy", WRONG_KIND),
        extra=extra,
    )


def _metrics(reader: FieldReader) -> tuple[Metric, ...]:
    metrics: dict[str, Metric] = {}
    has_primary = False
    for item in reader.children("metrics", WRONG_KIND):
        metric = _find_metric(item)
        if metric is None:
            continue
        if metric.id in metrics:
            item.add(DUPLICATE_METRIC, f"the id {shorten(metric.id)!r} occurs twice", "id")
            continue
        if metric.primary and has_primary:
            item.add(SEVERAL_PRIMARY, "another metric is primary already", "primary")
            metric = replace(metric, primary=False)
        has_primary = has_primary or metric.primary
        metrics[metric.id] = metric
    return tuple(metrics.values())


def _find_metric(reader: FieldReader) -> Metric | None:
    _report_unknown(reader, _METRIC_KEYS)
    metric_id = reader.text("id", WRONG_KIND)
    metric = Metric(
        id=metric_id or "",
        name=reader.text("name", WRONG_KIND),
        direction=_choice(reader, "direction", DIRECTIONS, ODD_DIRECTION),
        unit=_choice(reader, "unit", UNITS, ODD_UNIT, is_kept=True),
        min=reader.number("min", WRONG_KIND),
        max=reader.number("max", WRONG_KIND),
        chance=reader.number("chance", WRONG_KIND),
        ceiling=reader.number("ceiling", WRONG_KIND),
        primary=reader.boolean("primary", WRONG_KIND) or False,
    )
    if metric_id is None:
        reader.add(NO_METRIC_ID, "a metric without an id", expected="id: accuracy")
        return None
    if not _contradicts(metric):
        return metric
    reader.add(
        ODD_RANGE,
        "the bounds contradict each other, and count as unknown",
        expected="min ≤ max, with chance and ceiling between them",
    )
    return replace(metric, min=None, max=None, chance=None, ceiling=None)


def _contradicts(metric: Metric) -> bool:
    low = -math.inf if metric.min is None else metric.min
    high = math.inf if metric.max is None else metric.max
    inner = [bound for bound in (metric.chance, metric.ceiling) if bound is not None]
    return low > high or any(not low <= bound <= high for bound in inner)


def _choice(
    reader: FieldReader, key: str, known: tuple[str, ...], rule: Rule, *, is_kept: bool = False
) -> str | None:
    text = reader.text(key, WRONG_KIND)
    if text is None or text in known:
        return text
    reader.add(rule, f"an unknown {key}", key, got=shorten(text), expected=" or ".join(known))
    return text if is_kept else None


def _variants(reader: FieldReader) -> tuple[Axis, ...]:
    """A mapping of axes to their values, or a list of axes."""
    node = reader.node("variants")
    axes: list[Axis] = []
    if isinstance(node, Items):
        axes = [Axis(name, AXES.get(name, "text")) for name in reader.texts("variants", WRONG_KIND)]
    elif (mapping := reader.child("variants", WRONG_KIND)) is not None:
        for name in mapping:
            value = mapping.json(name)
            values = value if isinstance(value, list) else [] if value is None else [value]
            axes.append(Axis(name, AXES.get(name, "text"), tuple(values)))
    for axis in axes:
        if axis.name not in AXES:
            reader.add(
                ODD_VARIANT,
                "an unknown axis; it is kept as text",
                "variants",
                got=shorten(axis.name),
                expected=" or ".join(AXES),
            )
    return tuple(axes)


def _comparability(reader: FieldReader) -> tuple[str, ...] | None:
    if "comparability" not in reader:
        return None
    names = reader.texts("comparability", WRONG_KIND)
    for name in names:
        if name not in METHOD_FIELDS:
            reader.add(
                ODD_COMPARABILITY,
                "no field of a method",
                "comparability",
                got=shorten(name),
                expected=" or ".join(METHOD_FIELDS),
            )
    return tuple(name for name in names if name in METHOD_FIELDS)


def _advisories(reader: FieldReader) -> tuple[Advisory, ...]:
    advisories: list[Advisory] = []
    for item in reader.children("advisories", WRONG_KIND):
        _report_unknown(item, _ADVISORY_KEYS)
        text = item.text("text", WRONG_KIND)
        if not text:
            item.add(EMPTY_ADVISORY, "an advisory without a text", expected="text: what is wrong")
            continue
        advisories.append(
            Advisory(
                text=text,
                link=item.text("link", WRONG_KIND),
                revisions=item.texts("revisions", WRONG_KIND),
                items=item.texts("items", WRONG_KIND),
            )
        )
    return tuple(advisories)
