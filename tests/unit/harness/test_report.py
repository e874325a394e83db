"""Numbers from a log to an entry."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from assay.errors import InvalidError
from assay.harness.eval_log import EvalLog, ScoredMetric
from assay.harness.report import find_metric, value_text

LOG = EvalLog(
    status="success",
    error="",
    model="assay/chance",
    dataset_items=3,
    limit=None,
    epochs=1,
    reducer=None,
    generation={},
    metrics=(
        ScoredMetric("match", "accuracy", 0.5, 0.1, 3),
        ScoredMetric("f1", "mean", 0.25, None, 3),
        ScoredMetric("f1", "accuracy", 0.75, None, 3),
    ),
    headline=("f1", "mean"),
    usage={},
    started="",
    finished="",
    framework_version="0.3",
    task_version="0",
    samples=(),
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.5, "percent", "50.0"),
        (1.0, "percent", "100.0"),
        (1 / 3, "percent", "33.3333"),
        (2 / 3, "proportion", "0.666667"),
        (0.1 + 0.2, "percent", "30.0"),
        (0.0, "proportion", "0.0"),
        (-0.25, "points", "-0.25"),
        (1e-9, "proportion", "0.0"),
        (12345.5, "seconds", "12345.5"),
    ],
)
def test_a_value_is_rounded_once_and_has_a_decimal(value: float, unit: str, text: str) -> None:
    assert value_text(value, unit) == text


@pytest.mark.parametrize(
    ("metric_id", "scorer", "name"),
    [
        ("accuracy", "match", "accuracy"),
        ("f1/accuracy", "f1", "accuracy"),
        ("mean", "f1", "mean"),
        (None, "f1", "mean"),
    ],
)
def test_the_reported_metric_is_the_declared_one(
    metric_id: str | None, scorer: str, name: str
) -> None:
    found = find_metric(LOG, metric_id)
    assert (found.scorer, found.name) == (scorer, name)


def test_a_metric_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(InvalidError, match=r"reports elo.*match/accuracy, f1/mean"):
        find_metric(LOG, "elo")


def test_a_log_without_a_score_is_no_result() -> None:
    nothing = replace(LOG.metrics[0], value=math.nan)
    with pytest.raises(InvalidError, match="no sample was scored"):
        find_metric(replace(LOG, metrics=(nothing,)), None)
    with pytest.raises(InvalidError, match="metrics are: none"):
        find_metric(replace(LOG, metrics=()), None)
