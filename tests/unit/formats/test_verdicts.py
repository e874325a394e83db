"""The verdict on every real file from the wild, against a table made by hand and by Inspect."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from tests.unit.formats.inspect_model import find_model_fault
from tests.unit.formats.shared_data import SHARED, need_shared_data, read_verdicts

from assay.core.checks import Kind, check_file
from assay.formats.benchmark import parse_eval_yaml
from assay.formats.finding import Finding, Severity, has_errors
from assay.formats.result import parse_results

ROWS = read_verdicts()
SPECS = [row for row in ROWS if row["file"].startswith("eval_yaml/")]
RESULTS = [row for row in ROWS if row["file"].startswith("eval_results/")]

# What the table says in words, and the finding that says it here: code and severity.
WORDS = {
    "no evaluation_framework": ("AS207", Severity.WARNING),
    "unknown evaluation_framework": ("AS208", Severity.WARNING),
    "says inspect-ai but is not runnable": ("AS209", Severity.WARNING),
    "extra keys": ("AS210", Severity.WARNING),
    "unknown keys": ("AS210", Severity.WARNING),
    "two values": ("AS601", Severity.WARNING),
    "task without id": ("AS205", Severity.ERROR),
    # of tasks without ids the table also says that the ids are equal: that is the same fault
    "duplicate ids": ("AS205", Severity.ERROR),
    "no tasks list": ("AS203", Severity.ERROR),
    "no name": ("AS202", Severity.ERROR),
    "dataset.task_id": ("AS405", Severity.ERROR),
    "] value": ("AS406", Severity.ERROR),
}
# The specification's template has placeholders everywhere: its source counts too.
MORE_ERRORS = {"eval_results/_spec/hub-docs-eval_results.template.yaml": {"AS408"}}


def name_of(row: dict[str, str]) -> str:
    return row["file"]


def read(row: dict[str, str]) -> bytes:
    return (SHARED / row["file"]).read_bytes()


def why(row: dict[str, str]) -> str:
    return next(text for column, text in row.items() if column.startswith("why")) or ""


def check_against(row: dict[str, str], findings: tuple[Finding, ...]) -> None:
    shown = [finding.render() for finding in findings]
    assert has_errors(findings) is (row["verdict"] == "error"), shown
    found = {(finding.code, finding.severity) for finding in findings}
    named = {fault for words, fault in WORDS.items() if re.search(re.escape(words), why(row))}
    assert bool(named) is bool(why(row).strip()), f"no word of {why(row)!r} is known"
    assert named <= found, shown
    errors = {code for code, severity in found if severity is Severity.ERROR}
    expected = {code for code, severity in named if severity is Severity.ERROR}
    assert errors == expected | MORE_ERRORS.get(row["file"], set()), shown


def test_the_real_files_are_all_there() -> None:
    need_shared_data()
    assert (len(SPECS), len(RESULTS)) == (19, 42)
    assert [row["file"] for row in ROWS if not (SHARED / row["file"]).is_file()] == []


@pytest.mark.parametrize("row", SPECS, ids=name_of)
def test_a_real_spec_gets_its_verdict(row: dict[str, str]) -> None:
    check_against(row, parse_eval_yaml(read(row), "eval.yaml").findings)


@pytest.mark.parametrize("row", RESULTS, ids=name_of)
def test_a_real_results_file_gets_its_verdict(row: dict[str, str]) -> None:
    check_against(row, check_file(Kind.RESULT, read(row), "results.yaml"))


@pytest.mark.parametrize("row", SPECS, ids=name_of)
def test_a_real_spec_runs_or_does_not_as_the_table_says(row: dict[str, str]) -> None:
    runnable = parse_eval_yaml(read(row), "eval.yaml").runnable
    expected = row["runnable_with_inspect"]
    answer, _, place = expected.partition(": ")
    assert runnable.ok is (answer == "yes"), runnable.reason
    assert bool(runnable.reason) is not runnable.ok
    if place:
        assert runnable.reason.startswith(f"{place}:")


def load_tasks(row: dict[str, str]) -> list[Any]:
    tasks = yaml.safe_load(read(row)).get("tasks")
    return tasks if isinstance(tasks, list) else []


@pytest.mark.parametrize("row", SPECS, ids=name_of)
def test_inspect_itself_says_the_same_of_a_real_spec(row: dict[str, str]) -> None:
    tasks = load_tasks(row)
    faults = [place for task in tasks if (place := find_model_fault(task)) is not None]
    runnable = parse_eval_yaml(read(row), "eval.yaml").runnable
    assert runnable.ok is (bool(tasks) and not faults)
    if faults:
        assert runnable.reason.partition(":")[0] == faults[0]


@pytest.mark.parametrize("row", RESULTS, ids=name_of)
def test_what_is_read_of_a_real_results_file_is_what_pyyaml_reads(row: dict[str, str]) -> None:
    loaded = yaml.safe_load(read(row))
    entries = parse_results(read(row), "results.yaml").entries
    if row["verdict"] == "valid":
        assert len(entries) == len(loaded)
    for entry in entries:
        written = loaded[entry.index]
        assert entry.value == written["value"]
        assert str(entry.value_text) in read(row).decode()
        assert (entry.dataset_id, entry.task_id) == (
            written["dataset"]["id"],
            written["dataset"]["task_id"],
        )
        assert entry.date == (str(written["date"]) if "date" in written else None)
        assert entry.notes == written.get("notes")
        assert (entry.source.url if entry.source else None) == (written.get("source") or {}).get(
            "url"
        )
