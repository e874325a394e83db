"""MTEB's tables as versions: what counts, what is left out, what was before."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.mteb_tables import COMMITS, Tables

from assay.core import mteb as rules
from assay.errors import InvalidError, NotFoundError, UnavailableError
from assay.harness.importers import mteb
from assay.harness.importers.mteb import Results
from assay.harness.importers.mteb_history import DISAGREES, NOBODY, PARTLY
from assay.harness.importers.mteb_rows import Version


def read(
    tables: Tables, folder: Path, *, history: bool = False, with_parts: bool = False
) -> Results:
    tables.write(folder)
    return mteb.read_results(
        folder / "results.parquet",
        mteb.read_tasks(folder / "tasks.json"),
        mteb.read_main_revisions(folder / "models.json"),
        with_parts=with_parts,
        history=folder / "history.parquet" if history else None,
    )


def said(versions: Sequence[Version]) -> list[tuple[str, float | None, str]]:
    return [(version.task, version.value, version.by.commit[0]) for version in versions]


@pytest.fixture
def tables() -> Tables:
    return Tables()


def test_a_value_is_the_mean_over_splits_and_subsets(tables: Tables, tmp_path: Path) -> None:
    tables.add("org/one", "Bank", 0.5)
    tables.add("org/one", "Talk", 0.1, subset="en")
    tables.add("org/one", "Talk", 0.2, subset="fr")
    tables.add("org/one", "Talk", 0.4, subset="de")
    tables.add("org/one", "TalkTwo", 0.2, split="dev")
    tables.add("org/one", "TalkTwo", 0.6, split="x")
    found = read(tables, tmp_path)
    assert said(found.models["org/one"]) == [
        ("Bank", 0.5, "a"),
        ("Talk", math.fsum([0.1, 0.2, 0.4]) / 3, "a"),
        ("TalkTwo", 0.4, "a"),
    ]
    assert (found.left_out, found.rows) == ({}, 6)
    assert found.ranges["Talk"] == (0.1, 0.4)


def test_other_splits_do_not_count_and_sums_count_as_a_whole(
    tables: Tables, tmp_path: Path
) -> None:
    tables.add("org/one", "Bank", 0.5)
    tables.add("org/one", "Bank", 0.9, split="train")
    tables.add("org/one", "Sum", 0.3, subset=None)
    tables.add("org/one", "Sum", 0.8, subset="part")
    tables.add("org/one", "Unknown", 0.1, split="any")
    tables.add("org/two", "Bank", 0.9, split="train")
    found = read(tables, tmp_path)
    assert said(found.models["org/one"]) == [
        ("Bank", 0.5, "a"),
        ("Sum", 0.3, "a"),
        ("Unknown", 0.1, "a"),
    ]
    assert "org/two" not in found.models
    assert found.left_out == {rules.NO_SPLIT_COUNTS: 1}


def test_what_is_missing_gives_no_value_and_is_counted(tables: Tables, tmp_path: Path) -> None:
    for subset in ("en", "fr"):
        tables.add("org/whole", "Talk", 0.5, subset=subset)
    tables.add("org/part", "Talk", 0.9, subset="en")
    tables.add("org/part", "TalkTwo", 0.9, split="dev")
    tables.add("org/nan", "Talk", math.nan, subset="en")
    tables.add("org/nan", "Talk", 0.9, subset="fr")
    tables.add("org/null", "Bank", None)
    tables.add("org/infinite", "Bank", math.inf)
    found = read(tables, tmp_path)
    assert list(found.models) == ["org/whole"]
    assert found.left_out == {
        rules.SUBSET_MISSING: 1,
        rules.SPLIT_MISSING: 1,
        rules.NOT_A_NUMBER: 3,
    }


def test_one_file_counts_and_experiments_do_not(tables: Tables, tmp_path: Path) -> None:
    tables.add("org/two", "Bank", 0.1, "b", revision="zzz")
    tables.add("org/two", "Bank", 0.2, revision="main-one", mteb_version=None)
    tables.add("org/one", "Bank", 0.3, revision="old", mteb_version="1.2.0")
    tables.add("org/one", "Bank", 0.4, revision="new", mteb_version="1.10.0")
    tables.add("org/one", "Talk", 0.9, experiment="experiments/wide")
    found = read(tables, tmp_path)
    assert said(found.models["org/two"]) == [("Bank", 0.2, "a")]
    assert said(found.models["org/one"]) == [("Bank", 0.4, "a")]
    assert found.left_out == {rules.OTHER_FILE: 2, rules.EXPERIMENT: 1}


def test_earlier_scores_become_earlier_versions(tables: Tables, tmp_path: Path) -> None:
    for subset, score in (("en", 0.7), ("fr", 0.5)):
        tables.add("org/one", "Talk", score, "b", subset=subset, n_modified=1)
    tables.before("org/one", "Talk", 0.1, "b", subset="en")
    tables.before("org/one", "Talk", 0.7, "d", subset="en")
    first, last = read(tables, tmp_path, history=True).models["org/one"]
    assert (first.value, first.by.commit, first.by.pull) == (0.3, "b" * 40, 12)
    assert (first.mteb_version, first.dataset_revision) == ("1.1.0", "e" * 40)
    assert (last.value, last.by.commit, last.blob) == (0.6, "d" * 40, "d" * 40)
    assert (last.by.when_s, last.by.offset_min, last.by.day) == (1769904000, 0, "2026-02-01")
    [alone] = read(tables, tmp_path).models["org/one"]
    assert (alone.value, alone.by.commit) == (0.6, "b" * 40)


def test_without_the_history_a_changed_file_is_shown_as_it_is_now(
    tables: Tables, tmp_path: Path
) -> None:
    tables.add("org/one", "Bank", 0.7, "b", n_modified=1, last_commit=COMMITS["d"][0])
    [version] = read(tables, tmp_path).models["org/one"]
    assert (version.by.commit, version.blob) == ("b" * 40, "d" * 40)


def test_an_earlier_file_speaks_until_the_one_that_counts_came(
    tables: Tables, tmp_path: Path
) -> None:
    tables.add("org/one", "Bank", 0.7, "c")
    tables.before("org/one", "Bank", 0.1, "a", revision="no_revision_available")
    tables.before("org/one", "Bank", 0.2, "b", revision="rev0")
    tables.before("org/one", "Bank", 0.3, "d", revision="rev0")
    tables.before("org/one", "Bank", 0.7, "c")
    found = read(tables, tmp_path, history=True)
    assert said(found.models["org/one"]) == [
        ("Bank", 0.1, "a"),
        ("Bank", 0.2, "b"),
        ("Bank", 0.7, "c"),
    ]


def test_what_the_history_cannot_tell_is_counted(tables: Tables, tmp_path: Path) -> None:
    for subset in ("en", "fr"):
        tables.add("org/one", "Talk", 0.7, "c", subset=subset)
    tables.before("org/one", "Talk", 0.1, "a", subset="en", revision="rev0")
    tables.add("org/two", "Bank", 0.7, "c")
    tables.before("org/two", "Bank", 0.5, "d")
    tables.before("org/gone", "Bank", 0.5, "a")
    found = read(tables, tmp_path, history=True)
    assert said(found.models["org/one"]) == [("Talk", 0.7, "c")]
    assert said(found.models["org/two"]) == [("Bank", 0.7, "d")]
    assert found.left_out == {PARTLY: 1, DISAGREES: 1, NOBODY: 1}


def test_splits_and_subsets_by_themselves(tables: Tables, tmp_path: Path) -> None:
    for subset, score in (("en", 0.7), ("fr", 0.5)):
        tables.add("org/one", "Talk", score, subset=subset)
    tables.add("org/part", "Talk", 0.9, subset="en")
    tables.add("org/nothing", "Talk", math.nan, subset="en")
    found = read(tables, tmp_path, with_parts=True)
    assert sorted(found.models) == ["org/one", "org/part"]
    [whole], [part] = found.models["org/one"], found.models["org/part"]
    assert (whole.value, whole.parts) == (0.6, (("test", "en", 0.7), ("test", "fr", 0.5)))
    assert (part.value, part.parts) == (None, (("test", "en", 0.9),))
    assert found.keys == {"Talk": [("test", "en"), ("test", "fr")]}


def test_the_order_of_rows_makes_no_difference(tables: Tables, tmp_path: Path) -> None:
    for model in ("org/one", "org/two"):
        for subset, score in (("en", 0.1), ("fr", 0.2), ("de", 0.3)):
            tables.add(model, "Talk", score, subset=subset)
    before = read(tables, tmp_path)
    tables.results.reverse()
    assert read(tables, tmp_path).models == before.models


def test_other_files_are_refused(tables: Tables, tmp_path: Path) -> None:
    tables.write(tmp_path)
    with pytest.raises(InvalidError, match="has no rows"):
        read(tables, tmp_path)
    with pytest.raises(InvalidError, match="has no columns author_handle, experiment"):
        mteb.read_results(tmp_path / "history.parquet", {}, {})
    with pytest.raises(InvalidError, match="cannot be read"):
        mteb.read_results(tmp_path / "tasks.json", {}, {})
    with pytest.raises(NotFoundError):
        mteb.read_results(tmp_path / "nothing", {}, {})
    with pytest.raises(InvalidError, match="expected JSON with a list 'tasks'"):
        mteb.read_tasks(tmp_path / "models.json")
    tables.add("org/one", "Bank", 0.1, commit_date="yesterday")
    with pytest.raises(InvalidError, match="'yesterday', expected ISO 8601"):
        read(tables, tmp_path)


def test_without_pyarrow_it_says_what_to_install(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.add("org/one", "Bank", 0.1)
    tables.write(tmp_path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UnavailableError, match="pyarrow") as refused:
        mteb.read_results(tmp_path / "results.parquet", {}, {})
    assert refused.value.hint == "pip install 'assay[bulk]'"
