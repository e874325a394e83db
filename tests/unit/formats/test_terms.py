"""`assay.yaml`: what is read, and whose word stands. Bad files stand in `test_corpus`."""

from __future__ import annotations

import pytest

from assay.formats.terms import (
    Advisory,
    AssayFile,
    Axis,
    Metric,
    TaskTerms,
    parse_assay_yaml,
    terms_for,
)

FULL = """\
tasks:
  main:
    metrics:
      - id: accuracy
        name: Accuracy
        direction: higher
        unit: percent
        min: 0
        max: 100
        chance: 25
        ceiling: 98.5
        primary: true
    items: 1319
    aliases: [gsm8k, default]
    variants: {tools: [none, search], shots: 5, chain_of_thought: }
    comparability: [spec, shots]
    tolerance: 1.5
    advisories:
      - {text: wrong, link: "https://example.org", revisions: abc, items: [1, "2"]}
    source_policy: author
    licence: mit
"""


def parse(text: str) -> AssayFile:
    return parse_assay_yaml(text.encode(), "assay.yaml")


def of_main(body: str) -> TaskTerms:
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    return parse(f"tasks:\n  main:\n{indented}").tasks["main"]


def test_every_key_is_read() -> None:
    file = parse(FULL)
    assert [finding.code for finding in file.findings] == ["AS302"]
    assert file.tasks == {
        "main": TaskTerms(
            metrics=(
                Metric("accuracy", "Accuracy", "higher", "percent", 0, 100, 25, 98.5, primary=True),
            ),
            items=1319,
            aliases=("gsm8k", "default"),
            variants=(
                Axis("tools", "text", ("none", "search")),
                Axis("shots", "integer", (5,)),
                Axis("chain_of_thought", "boolean"),
            ),
            comparability=("spec", "shots"),
            tolerance=1.5,
            advisories=(Advisory("wrong", "https://example.org", ("abc",), ("1", "2")),),
            source_policy=("author",),
            extra={"licence": "mit"},
        )
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("items: many", "items"),
        ("items: -1", "items"),
        ("items: 1.5", "items"),
        ("items: true", "items"),
        ("tolerance: .nan", "tolerance"),
        ("tolerance: -1", "tolerance"),
        ("metrics: accuracy", "metrics"),
        ("metrics: [accuracy]", "metrics"),
        ("aliases: {a: b}", "aliases"),
        ("variants: 5", "variants"),
        ("advisories: [{link: x}]", "advisories"),
    ],
)
def test_what_is_wrong_counts_as_absent(body: str, field: str) -> None:
    assert getattr(of_main(body), field) == getattr(TaskTerms(), field)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("{id: a, direction: up}", Metric("a")),
        ("{id: a, unit: pct}", Metric("a", unit="pct")),
        ("{id: a, min: 2, max: 1, chance: 1.5}", Metric("a")),
        ("{id: a, min: 0, chance: 0, ceiling: 0}", Metric("a", min=0, chance=0, ceiling=0)),
        ("{id: a, max: 1, chance: 25}", Metric("a")),
        ("{id: a, min: .inf}", Metric("a")),
    ],
)
def test_bounds_and_words_of_a_metric(metric: str, expected: Metric) -> None:
    assert of_main(f"metrics: [{metric}]").metrics == (expected,)


@pytest.mark.parametrize(
    ("metrics", "primary"),
    [
        ("[]", None),
        ("[{id: a}]", "a"),
        ("[{id: a}, {id: b}]", "a"),
        ("[{id: a}, {id: b, primary: true}]", "b"),
        ("[{id: a, primary: true}, {id: b, primary: true}]", "a"),
        ("[{id: a}, {id: a, primary: true}]", "a"),
    ],
)
def test_the_metric_a_board_ranks_by(metrics: str, primary: str | None) -> None:
    metric = of_main(f"metrics: {metrics}").primary
    assert (metric and metric.id) == primary


SHARED = parse("""\
tasks:
  "*":
    items: 10
    aliases: [everything]
    tolerance: 1
    comparability: [spec]
    metrics: [{id: accuracy, unit: percent}]
  main:
    items: 20
    comparability: []
    metrics: [{id: f1}]
  bare: {}
  empty:
""")


def test_a_tasks_own_terms_stand_before_the_shared_ones() -> None:
    terms = terms_for(SHARED, "main")
    assert terms.items == 20
    assert terms.comparability == ()
    assert terms.metrics == (Metric("f1"),)  # replaced whole, not merged
    assert terms.tolerance == 1


@pytest.mark.parametrize("task", ["bare", "empty", "not named at all"])
def test_what_a_task_leaves_out_is_as_for_all(task: str) -> None:
    terms = terms_for(SHARED, task)
    assert (terms.items, terms.tolerance, terms.comparability) == (10, 1, ("spec",))
    assert terms.aliases == ()  # an alias is of one task


def test_nothing_declared_is_nothing_known() -> None:
    assert terms_for(parse("{}"), "main") == TaskTerms()
    assert terms_for(parse("- not a mapping"), "main") == TaskTerms()
