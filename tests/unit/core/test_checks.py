"""Checks beyond parsing: places, what is no plain file, and files held against each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from assay.core.checks import (
    CHECKS,
    Kind,
    bad_path_finding,
    check_file,
    check_results,
    file_kind,
    special_entry_finding,
)
from assay.formats.finding import Finding, Severity
from assay.formats.result import ResultFile, parse_results
from assay.formats.run_record import RunBenchmark, RunMetric, RunModel, RunRecord
from assay.formats.terms import parse_assay_yaml

SHA = "ab" * 32


@pytest.mark.parametrize(
    ("path", "repo_type", "kind"),
    [
        ("eval.yaml", "dataset", Kind.BENCHMARK),
        ("assay.yaml", "dataset", Kind.TERMS),
        ("eval.yml", "dataset", None),
        ("sub/eval.yaml", "dataset", None),
        ("Eval.yaml", "dataset", None),
        (".eval_results/a.yaml", "dataset", None),
        ("eval.yaml", "model", None),
        ("assay.yaml", "model", None),
        (".eval_results/a.yaml", "model", Kind.RESULT),
        (".eval_results/a b.yml", "model", Kind.RESULT),
        (".eval_results/.yaml", "model", None),
        (".eval_results/.hidden.yaml", "model", Kind.RESULT),
        (".eval_results/a.YAML", "model", None),
        (".eval_results/a.yaml.bak", "model", None),
        (".eval_results/a.yaml\n", "model", None),
        (".eval_results/sub/a.yaml", "model", None),
        ("x/.eval_results/a.yaml", "model", None),
        (".eval_results/README.md", "model", None),
        (f".eval_results/runs/{SHA}.json", "model", Kind.RUN_RECORD),
        (f".eval_results/runs/{SHA.upper()}.json", "model", None),
        (f".eval_results/runs/{SHA[1:]}.json", "model", None),
        (f".eval_results/runs/x/{SHA}.json", "model", None),
        (f".eval_results/{SHA}.json", "model", None),
        ("", "model", None),
    ],
)
def test_a_file_is_known_by_name_and_place(
    path: str, repo_type: Literal["model", "dataset"], kind: Kind | None
) -> None:
    assert file_kind(path, repo_type) is kind


@pytest.mark.parametrize("kind", ["symlink", "submodule", "folder"])
def test_what_is_no_plain_file_is_an_error(kind: str) -> None:
    finding = special_entry_finding(".eval_results/x.yaml", kind)
    assert (finding.code, finding.severity) == ("AS605", Severity.ERROR)
    assert kind.removeprefix("sym") in finding.message
    assert finding.path == ".eval_results/x.yaml"


def test_where_the_folder_should_be_a_folder_is_asked_for() -> None:
    finding = special_entry_finding(".eval_results", "symlink")
    assert finding.expected == "a folder of files"


@pytest.mark.parametrize(
    ("path", "is_bad"),
    [
        (".eval_results/x.yaml", False),
        (".eval_results/.gitignore", False),
        ("a/…/b", False),
        ("a/../b", True),
        ("./a", True),
        ("a//b", True),
        ("/a", True),
        ("a/", True),
        ("", True),
        (".git/config", True),
        ("a/.GIT/config", True),
        ("a/.git. /config", True),
        ("git~1/config", True),
        ("a\\b", True),
        ("a\nb", True),
        ("a\x1b[31m", True),
        ("a\x7f", True),
    ],
)
def test_a_path_no_checkout_can_hold(path: str, *, is_bad: bool) -> None:
    finding = bad_path_finding(path)
    assert (finding is not None) is is_bad
    if finding is not None:
        assert (finding.code, finding.severity) == ("AS606", Severity.ERROR)


def test_each_kind_is_read_by_its_own_format() -> None:
    card = b"---\nbase_model: {}\n---\n"  # which is no field of a dataset's
    expected = {
        Kind.BENCHMARK: (b"[]", ["AS201"]),
        Kind.TERMS: (b"[]", ["AS301"]),
        Kind.RUN_RECORD: (b"[]", ["AS506"]),
        Kind.RESULT: (b"{}", ["AS401"]),
        Kind.MODEL_CARD: (card, ["AS703"]),
        Kind.DATASET_CARD: (card, []),
    }
    assert expected.keys() == set(Kind)
    for kind, (data, codes_found) in expected.items():
        assert codes(check_file(kind, data, "x"))[:1] == codes_found


def entries(*texts: str) -> ResultFile:
    lines = [f"- {{dataset: {{id: a/b, task_id: c}}, {text}}}\n" for text in texts]
    return parse_results("".join(lines).encode(), "f.yaml")


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("texts", "lines"),
    [
        (("value: 1",), []),
        (("value: 1", "value: 2"), [2]),
        (("value: 1", "value: 1.0"), []),
        (("value: 1", "value: 2", "value: 1", "value: 3"), [2, 4]),
    ],
)
def test_two_values_for_one_task_are_doubted_once_each(
    texts: tuple[str, ...], lines: list[int]
) -> None:
    found = check_results(entries(*texts))
    assert [finding.line for finding in found] == lines
    assert set(codes(found)) <= {"AS601"}


def test_two_tasks_may_have_two_values() -> None:
    entry = "- {{dataset: {{id: a/b, task_id: {}}}, value: {}}}\n"
    data = entry.format("c", 1) + entry.format("d", 2)
    assert check_results(parse_results(data.encode(), "f.yaml")) == ()


TERMS = """\
tasks:
  "*": {metrics: [{id: acc, unit: percent, min: 0, max: 100}]}
  open: {metrics: [{id: elo}]}
  half: {metrics: [{id: other, max: 1}, {id: acc, min: 50, primary: true}]}
"""


@pytest.mark.parametrize(
    ("task", "value", "expected"),
    [
        ("c", "0", None),
        ("c", "100", None),
        ("c", "100.5", "from 0 to 100"),
        ("c", "-1", "from 0 to 100"),
        ("open", "1500", None),
        ("half", "49", "at least 50"),
        ("half", "51", None),
    ],
)
def test_a_value_outside_the_bounds_is_doubted(task: str, value: str, expected: str | None) -> None:
    data = f"- {{dataset: {{id: a/b, task_id: {task}}}, value: {value}}}".encode()
    terms = {"a/b": parse_assay_yaml(TERMS.encode(), "assay.yaml")}
    found = check_results(parse_results(data, "f.yaml"), terms=terms)
    assert [(finding.code, finding.expected) for finding in found] == (
        [] if expected is None else [("AS602", expected)]
    )


def test_bounds_of_another_dataset_are_not_asked() -> None:
    terms = {"x/y": parse_assay_yaml(TERMS.encode(), "assay.yaml")}
    assert check_results(entries("value: 900"), terms=terms) == ()


RECORD = RunRecord(
    model=RunModel(repo="me/model"),
    benchmark=RunBenchmark(id="a/b", task_id="c"),
    metrics=(RunMetric(id="stderr", value=0.01), RunMetric(id="acc", value=0.7512)),
)
LINKED = f"source: {{url: 'https://hub.example/runs/{SHA}'}}"


def held(
    value: str, record: RunRecord | None, model: str | None = "me/model"
) -> tuple[Finding, ...]:
    return check_results(entries(f"value: {value}, {LINKED}"), records={SHA: record}, model=model)


@pytest.mark.parametrize("value", ["0.7512", "0.751", "0.75", "0.8", "0.01", "0.75120", "7.512e-1"])
def test_a_value_may_be_stated_rounded(value: str) -> None:
    assert held(value, RECORD) == ()


@pytest.mark.parametrize("value", ["0.7513", "0.752", "0.76", "0.7", "1", "0.75125", "7.5e-1"])
def test_another_value_than_the_record_is_doubted(value: str) -> None:
    found = held(value, RECORD)
    assert [(f.code, f.got, f.expected) for f in found] == [("AS604", value, "0.01, 0.7512")]


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (replace(RECORD, model=RunModel(repo="you/model")), "model"),
        (replace(RECORD, model=RunModel()), "model"),
        (replace(RECORD, benchmark=RunBenchmark(id="a/x", task_id="c")), "benchmark"),
        (replace(RECORD, benchmark=RunBenchmark(id="a/b", task_id="x")), "task"),
        (replace(RECORD, metrics=()), "value"),
    ],
)
def test_a_record_of_something_else_is_doubted(record: RunRecord, what: str) -> None:
    (finding,) = held("0.75", record)
    assert finding.code == "AS604"
    assert finding.message == f"the run record names another {what}"


def test_all_that_differs_is_said_at_once() -> None:
    other = RunRecord(model=RunModel(repo="x/y"), benchmark=RunBenchmark(id="x/y", task_id="z"))
    assert codes(held("0.75", other)) == ["AS604"] * 4


@pytest.mark.parametrize("model", [None, "Me/Model"])
def test_the_model_is_not_asked_when_unknown_and_its_case_does_not_count(model: str | None) -> None:
    assert held("0.75", RECORD, model) == ()


def test_a_missing_record_is_doubted() -> None:
    (finding,) = held("0.75", None)
    assert (finding.code, finding.expected) == ("AS603", f".eval_results/runs/{SHA}.json")
    (finding,) = check_results(entries(f"value: 1, {LINKED}"), records={})
    assert finding.code == "AS603"


def test_nothing_is_asked_about_records_nobody_looked_for() -> None:
    assert check_results(entries(f"value: 1, {LINKED}")) == ()
    assert check_results(entries("value: 1"), records={}, model="me/model") == ()


def test_a_finding_names_the_entry_as_the_file_counts_it() -> None:
    data = f"- bad\n- {{dataset: {{id: a/b, task_id: c}}, value: 1, {LINKED}}}\n"
    file = parse_results(data.encode(), "f.yaml")
    (finding,) = check_results(file, records={})
    assert (finding.path, finding.line, finding.where) == ("f.yaml", 2, "[1]")


def test_no_check_refuses_a_push() -> None:
    assert {check.rule.severity for check in CHECKS} == {Severity.WARNING}
    assert len({check.rule.code for check in CHECKS}) == len(CHECKS)
    assert all(check.question.endswith("?") for check in CHECKS)


UNITS = """
tasks:
  p: {metrics: [{id: acc, unit: percent}]}
  s: {metrics: [{id: acc, unit: proportion}]}
"""


@pytest.mark.parametrize(
    ("task", "value", "codes"),
    [
        ("p", "75", []),
        ("p", "0", []),
        ("p", "0.75", ["AS608"]),
        ("p", "140", ["AS602"]),
        ("s", "0.75", []),
        ("s", "75", ["AS602"]),
        ("other", "75", ["AS607"]),
    ],
)
def test_a_value_is_held_against_what_the_benchmark_declares(
    task: str, value: str, codes: list[str]
) -> None:
    data = f"- {{dataset: {{id: a/b, task_id: {task}}}, value: {value}}}".encode()
    terms = {"a/b": parse_assay_yaml(UNITS.encode(), "assay.yaml")}
    found = check_results(parse_results(data, "f.yaml"), terms=terms, tasks={"a/b": ["p", "s"]})
    assert [finding.code for finding in found] == codes
