"""Run records: what is read, written and named. Bad files stand in `test_corpus`."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785

from assay.formats.run_record import (
    SCHEMA,
    RunBenchmark,
    RunFramework,
    RunLog,
    RunMetric,
    RunModel,
    RunRecord,
    RunSamples,
    RunUsage,
    parse_run_record,
    write_run_record,
)

FULL = RunRecord(
    model=RunModel(
        repo="ada/m", revision="abc", requested_id="m", served_id="m-1", provider="local"
    ),
    benchmark=RunBenchmark(
        id="openai/gsm8k", task_id="main", revision="def", spec_sha256="0" * 64, extra={"n": 1}
    ),
    framework=RunFramework(name="inspect-ai", version="0.3.285", task_version="1"),
    generation={"temperature": 0.5, "seed": 7},
    variant={"shots": 0},
    samples=RunSamples(
        total=1319, completed=1319, limit=10, epochs=1, reducer="mean", items_sha256="1" * 64
    ),
    metrics=(
        RunMetric(id="accuracy", value=0.5, stderr=0.01, ci=(0.48, 0.52), n=1319),
        RunMetric(id="f1", value=7, extra={"macro": True}),
    ),
    usage=RunUsage(input_tokens=1, output_tokens=2, wall_s=3.5, cost=0.25),
    log=RunLog(url="https://example.org/l", sha256="2" * 64, bytes=123, format="eval"),
    started="2026-01-15T10:00:00Z",
    finished="2026-01-15T11:00:00Z",
    environment={"python": "3.12.1"},
    extra={"later": {"unknown": [None, 1]}},
)
SMALL: dict[str, Any] = {
    "schema": SCHEMA,
    "benchmark": {"id": "openai/gsm8k", "task_id": "main"},
    "metrics": [{"id": "accuracy", "value": 0.5}],
}


def parse(value: dict[str, Any]) -> tuple[RunRecord | None, list[str]]:
    data = rfc8785.dumps(value)
    path = f".eval_results/runs/{hashlib.sha256(data).hexdigest()}.json"
    record, findings = parse_run_record(data, path)
    return record, [f"{finding.code} {finding.where}" for finding in findings]


def test_what_is_written_is_read_as_it_was_and_named_by_its_digest() -> None:
    digest, data = write_run_record(FULL)
    assert digest == hashlib.sha256(data).hexdigest()
    assert parse_run_record(data, f".eval_results/runs/{digest}.json") == (FULL, ())


def test_the_digest_of_a_record_is_of_its_content() -> None:
    spread = json.dumps(json.loads(write_run_record(FULL)[1]), indent=4).encode()
    record, findings = parse_run_record(spread, f"{write_run_record(FULL)[0]}.json")
    assert findings == ()
    assert record is not None
    assert write_run_record(record) == write_run_record(FULL)


def test_what_is_absent_is_not_written() -> None:
    record, findings = parse(SMALL)
    assert findings == []
    assert record is not None
    assert json.loads(write_run_record(record)[1]) == SMALL


def test_nulls_and_empty_groups_make_no_other_record() -> None:
    nulls = SMALL | {"started": None, "usage": {"cost": None}, "variant": {}, "log": None}
    record, findings = parse(nulls)
    assert findings == []
    assert record == parse(SMALL)[0]


@pytest.mark.parametrize("path", ["record.json", "runs/" + "0" * 64 + ".json", ""])
def test_another_name_than_the_digest_is_said(path: str) -> None:
    record, findings = parse_run_record(write_run_record(FULL)[1], path)
    assert record == FULL
    assert [finding.code for finding in findings] == ["AS509"]


def test_one_changed_digit_shows() -> None:
    digest, data = write_run_record(FULL)
    edited = data.replace(b'"value":0.5', b'"value":0.9')
    assert edited != data
    assert [f.code for f in parse_run_record(edited, f"{digest}.json")[1]] == ["AS509"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"model": 5}, "model"),
        ({"model": {"repo": 5}}, "model.repo"),
        ({"samples": {"total": "10"}}, "samples.total"),
        ({"samples": {"total": 10.5}}, "samples.total"),
        ({"samples": {"total": True}}, "samples.total"),
        ({"usage": {"cost": "1"}}, "usage.cost"),
        ({"log": {"bytes": "1"}}, "log.bytes"),
        ({"generation": []}, "generation"),
        ({"started": 5}, "started"),
        ({"metrics": [{"id": "a", "value": 1, "ci": [1]}]}, "metrics[0].ci"),
        ({"metrics": [{"id": "a", "value": 1, "ci": [1, "2"]}]}, "metrics[0].ci"),
        ({"metrics": [{"id": "a", "value": 1, "ci": [True, 2]}]}, "metrics[0].ci"),
    ],
)
def test_what_is_of_the_wrong_kind_is_kept_as_unknown(change: dict[str, Any], where: str) -> None:
    record, findings = parse(SMALL | change)
    assert findings == [f"AS508 {where}"]
    assert record is not None
    assert json.loads(write_run_record(record)[1]) == SMALL | change


def test_a_list_of_metrics_that_is_in_part_unknown_is_kept_whole() -> None:
    metrics = [{"id": "a", "value": 1}, {"id": "b"}]
    record, findings = parse(SMALL | {"metrics": metrics})
    assert sorted(findings) == ["AS508 metrics[1]", "AS511 metrics"]
    assert record is not None
    assert record.metrics == ()
    assert record.extra == {"metrics": metrics}
    assert json.loads(write_run_record(record)[1])["metrics"] == metrics


@pytest.mark.parametrize("benchmark", [None, {}, {"id": "a/b"}, {"task_id": "c"}, {"id": 5}, "a/b"])
def test_without_a_benchmark_there_is_no_record(benchmark: object) -> None:
    record, findings = parse(SMALL | {"benchmark": benchmark})
    assert record is None
    assert "AS507 benchmark" in findings


def test_a_later_schema_is_read_and_kept() -> None:
    record, findings = parse(SMALL | {"schema": "assay.run/9"})
    assert findings == ["AS510 schema"]
    assert record is not None
    assert record.schema == "assay.run/9"


def test_a_number_json_cannot_carry_is_not_written() -> None:
    bad = RunRecord(
        model=RunModel(),
        benchmark=RunBenchmark(id="a/b", task_id="c"),
        metrics=(RunMetric(id="a", value=float("nan")),),
    )
    with pytest.raises(rfc8785.CanonicalizationError):
        write_run_record(bad)
