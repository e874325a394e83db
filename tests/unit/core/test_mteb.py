"""The rules by which MTEB's results become entries."""

from __future__ import annotations

import pytest

from assay.core import mteb
from assay.core.mteb import Range, Task


def task(name: str, dataset: str | None, metric: str = "accuracy") -> Task:
    return Task(name, metric, dataset, ("test",))


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("accuracy", Range("proportion", 0, 1)),
        ("image_acc", Range("proportion", 0, 1)),
        ("ndcg_at_10", Range("proportion", 0, 1)),
        ("max_over_subqueries_map_at_1000", Range("proportion", 0, 1)),
        ("max_ap", Range("proportion", 0, 1)),
        ("cosine_spearman", Range(None, -1, 1)),
        ("ami", Range(None, None, 1)),
        ("p-MRR", Range()),
        ("avg_words_per_sec", Range()),
        ("robustness_at_10", Range()),
        (None, Range()),
    ],
)
def test_bounds_are_stated_only_where_the_definition_has_them(
    metric: str | None, expected: Range
) -> None:
    assert mteb.range_of(metric) == expected


@pytest.mark.parametrize(
    ("low", "high", "obeyed"), [(0, 1, True), (0, 1.01, False), (-0.1, 0.5, False), (0, 87, False)]
)
def test_values_beyond_the_definition_are_noticed(low: float, high: float, *, obeyed: bool) -> None:
    assert mteb.obeys(mteb.range_of("accuracy"), low, high) is obeyed
    assert mteb.obeys(Range(), low, high)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (("rev", "2.0.0", "main"), ("main", None, "main")),
        (("rev", None, None), ("external", "1.0.0", None)),
        (("external", "1.0.0", None), ("rev", "1.0.0", None)),
        (("rev", "1.9.0", None), ("rev", "1.38.4", None)),
        (("rev", "2.0.0.dev3", None), ("rev", "2.0.0", None)),
        (("rev", "no version", None), ("rev", "1.0", None)),
    ],
)
def test_the_file_that_counts(
    less: tuple[str, str | None, str | None], more: tuple[str, str | None, str | None]
) -> None:
    assert mteb.file_rank(*less) < mteb.file_rank(*more)


def test_versions_that_are_equal_compare_as_equal() -> None:
    assert mteb.version_key("1.2") == mteb.version_key("1.2.0") == mteb.version_key(" v1.2 ")


def test_tasks_are_placed() -> None:
    tasks = {
        "A": task("A", "mteb/pac"),
        "B": task("B", "mteb/PAC"),
        "Sum": task("Sum", "aggregate tasks do not have a path"),
    }
    placed = mteb.place_tasks(tasks, ["A", "Old", "no name!"])
    assert placed == {
        "A": "mteb/PAC",
        "B": "mteb/PAC",
        "Sum": "mteb-tasks/Sum",
        "Old": "mteb-tasks/Old",
        "no name!": None,
    }


def test_a_namespace_has_one_spelling() -> None:
    names = ["Bytedance/a", "ByteDance/b", "org/c", "org/d", "ORG/e"]
    assert mteb.spell_namespaces(names) == {
        "Bytedance/a": "ByteDance/a",
        "ByteDance/b": "ByteDance/b",
        "org/c": "org/c",
        "org/d": "org/d",
        "ORG/e": "org/e",
    }


def test_each_task_has_a_file_in_the_folder() -> None:
    names = ["STS12", "MIRACL.v2", "../../x", "a/b\n", "...", "DiaBLa", "DiaBla", "a~2"]
    assert mteb.result_files(names) == {
        "STS12": ".eval_results/STS12",
        "MIRACL.v2": ".eval_results/MIRACL.v2",
        "../../x": ".eval_results/%2f..%2fx",
        "a/b\n": ".eval_results/a%2fb%a",
        "...": ".eval_results/%",
        "DiaBLa": ".eval_results/DiaBLa",
        "DiaBla": ".eval_results/DiaBla~a7feeb6c",
        "a~2": ".eval_results/a%7e2",
    }
