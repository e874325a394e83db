"""Our copy of Inspect's model of a task, held against the model itself."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.formats.inspect_model import find_model_fault

from assay.formats.benchmark import parse_eval_yaml
from assay.formats.inspect_task import SCORERS, SOLVERS, task_faults

GOOD: dict[str, Any] = {
    "id": "main",
    "field_spec": {"input": "question", "target": "answer"},
    "solvers": [{"name": "generate"}],
    "scorers": [{"name": "match"}],
}
ABSENT = "(absent)"  # no test gives a key this value
KEYS: dict[str, list[Any]] = {
    "id": [None, "", 5, True, ["a"]],
    "config": [ABSENT, "x", None, 5, 1.5],
    "split": [ABSENT, "x", None, ["train"]],
    "field_spec": [
        ABSENT,
        None,
        {},
        "question",
        [],
        {"input": "q", "target": None},
        {"input": 5},
        {"input": "q", "target": "a", "choices": ["a", "b"]},
        {"input": "q", "target": "a", "choices": "options"},
        {"input": "q", "target": "a", "choices": ["a", 5]},
        {"input": "q", "target": "a", "metadata": ["a"]},
        {"input": "q", "target": "a", "metadata": "a"},
        {"input": "q", "input_image": "image"},
        {"input": "q", "input_image": None, "checkpoint": None, "description": "d"},
        {"input": "q", "id": None},
        {"input": "q", "sandbox": "s", "files": "f", "setup": "s"},
        {"input": "q", "unknown": "x"},
    ],
    "shuffle_choices": [None, True, False, 0, 1, 2, 1.0, "yes", "maybe", "ON", [], "true "],
    "epochs": [
        *(1, 0, -1, 4, True, False, 2.0, 2.5, "3", " 3 ", "3.0", "3.5", "1_0", "x", None),
        *([], "", "+3", "0", 10**30, 1e300, float("inf"), "3e1", "٣"),
    ],
    "epoch_reducer": [
        *(None, "mean", "median", "mode", "max", "pass_at_1", "at_least_12", "pass_at_", "min"),
        *("mean\n", "", 5, "pass_at_1x"),
    ],
    "solvers": [
        ABSENT,
        None,
        [],
        "generate",
        ["generate"],
        [{}],
        [{"name": "unknown"}],
        [{"name": None}],
        [{"name": "generate", "args": None}],
        [{"name": "generate", "args": []}],
        [{"name": "generate", "args": {"a": [1]}}],
        [{"name": "generate", "args": {1: 2}}],
        [{"name": "generate", "more": 1}],
        {"name": "generate"},
        *([{"name": name}] for name in SOLVERS),
        [{"name": "match"}],
        [{"name": "generate"}, {"name": "x"}],
    ],
    "scorers": [
        ABSENT,
        [],
        [{"name": "unknown"}],
        *([{"name": name}] for name in SCORERS),
        [{"name": "generate"}],
    ],
    "metrics": [["accuracy"], None],
}
CASES = [(key, value) for key, values in KEYS.items() for value in values]
NO_TASKS: list[Any] = [None, "main", 5, [], {}, [GOOD], {**GOOD, 5: 1}]


def find_our_fault(task: Any) -> str | None:
    return next((fault.place for fault in task_faults(task)), None)


def with_value(key: str, value: Any) -> dict[str, Any]:
    rest = {name: old for name, old in GOOD.items() if name != key}
    return rest if value is ABSENT else rest | {key: value}


@pytest.mark.parametrize(("key", "value"), CASES, ids=repr)
def test_one_key_of_a_task(key: str, value: Any) -> None:
    task = with_value(key, value)
    expected, found = find_model_fault(task), find_our_fault(task)
    assert (found is None) is (expected is None), (found, expected)
    if found and expected:
        # pydantic goes on into the alternatives of a union, by their types' names
        assert expected == found or expected.startswith(f"{found}."), (found, expected)


@pytest.mark.parametrize("task", NO_TASKS, ids=repr)
def test_what_is_no_task_at_all(task: Any) -> None:
    assert find_our_fault(task) is not None
    assert find_model_fault(task) is not None


def test_faults_come_in_the_order_of_the_model() -> None:
    bad = {"zzz": 1, "scorers": [], "epochs": 0, "solvers": [{"name": "x"}], "config": 5, "aaa": 1}
    places = [fault.place for fault in task_faults(bad)]
    assert places == [
        "config",
        "field_spec",
        "epochs",
        "solvers.0.name",
        "scorers",
        "zzz",
        "aaa",
    ]
    assert find_model_fault(bad) == places[0]


@pytest.mark.parametrize("keys", [("zzz", "config"), ("scorers", "epochs"), ("solvers", "id")])
def test_the_first_fault_is_the_models_first(keys: tuple[str, str]) -> None:
    bad = GOOD | dict.fromkeys(keys, 0.5)
    assert find_our_fault(bad) == find_model_fault(bad) == keys[1]


def reason(text: str) -> str:
    return parse_eval_yaml(text.encode(), "eval.yaml").runnable.reason


TASK = "{field_spec: {input: q}, solvers: [{name: generate}], scorers: [{name: match}]%s}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"tasks: [{TASK % ''}]", ""),
        (f"tasks: [{TASK % ', id: a'}, {TASK % ', id: b'}]", ""),
        (f"tasks: [{TASK % ', id: a'}, {TASK % ''}]", "id: missing, and there are several tasks"),
        (f"tasks: [{TASK % ', config: no'}]", "config: not text but bool False"),
        (f"tasks: [{TASK % ', config: 1:30'}]", "config: not text but int 90"),
        (f"tasks: [{TASK % ', split: 2026-01-15'}]", "split: not text but date 2026-01-15"),
        (f"tasks: [{TASK % ', config: 2026-99-99'}]", "YAML 1.1 cannot read '2026-99-99'"),
        (f"tasks: [{TASK % ', epochs: 010'}]", ""),
        ("tasks: main", "a task is not a mapping but text"),
        ("tasks: {a: b}", "a task is not a mapping but text"),
        ("tasks: []", "tasks: missing, empty or not a list"),
        ("name: N", "tasks: missing, empty or not a list"),
        ("- a", "the file is not a mapping"),
    ],
)
def test_inspect_reads_the_file_by_yaml_1_1(text: str, expected: str) -> None:
    assert reason(text) == expected
