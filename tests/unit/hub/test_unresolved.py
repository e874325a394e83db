"""Results about what is not here: kept, listed with the reason, and in place once it is here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.hub.claims_hub import FILE, Told, claims_hub

from assay.core.permission import STRANGER
from assay.hub import boards, repos
from assay.hub.unresolved import unresolved

ENTRY = "- dataset: {id: %s, task_id: %s}\n  value: %s\n"
NOT_HERE = "there is no such dataset here"
NO_BENCHMARK = "the dataset is no benchmark: it has no readable eval.yaml on main"
NO_TASK = "the benchmark has no task or alias of this name"
SPEC = b"name: E\nevaluation_framework: mteb\ntasks:\n  - id: far\n"


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with claims_hub(tmp_path) as found:
        yield found


def listed(told: Told, *, as_: str | None = None) -> dict[tuple[str, str], tuple[int, int, str]]:
    reader = told.reader(as_) if as_ else STRANGER
    page = unresolved(told.hub, reader)
    assert page.count == len(page.results)
    return {(one.benchmark, one.task): (one.models, one.claims, one.why) for one in page.results}


def test_what_stands_nowhere_is_listed_until_its_benchmark_is_here(told: Told) -> None:
    root = told.reader("root")
    entries = [("ada/else", "far", "1"), ("ada/else", "far", "1.0"), ("ada/quiz", "typo", "3")]
    text = "".join(ENTRY % one for one in [*entries, ("ada/quiz", "main", "4")])
    told.land(told.make("ada/one"), {FILE: text.encode()})
    told.land(told.make("ada/two"), {FILE: (ENTRY % ("ada/else", "far", 5)).encode()})
    hidden = told.make("ada/three", private=True)
    told.land(hidden, {FILE: (ENTRY % ("ada/nowhere", "x", 6)).encode()})
    assert listed(told) == {
        ("ada/else", "far"): (2, 3, NOT_HERE),
        ("ada/quiz", "typo"): (1, 1, NO_TASK),
    }
    assert ("ada/nowhere", "x") in listed(told, as_="ada")
    page = unresolved(told.hub, STRANGER, start=1, limit=1)
    assert [one.task for one in page.results] == ["typo"]
    assert page.count == 2

    benchmark = repos.create(told.hub, root, "dataset", "ada/else")
    assert listed(told)["ada/else", "far"] == (2, 3, NO_BENCHMARK)
    told.land(benchmark, {"eval.yaml": SPEC})
    assert ("ada/else", "far") not in listed(told)
    board = boards.board(told.hub, STRANGER, "ada/else")
    assert [(row.model, row.claim.value) for row in board.rows] == [("ada/two", 5), ("ada/one", 1)]


def test_a_private_benchmark_is_not_given_away_by_what_is_not_listed(told: Told) -> None:
    root = told.reader("root")
    secret = repos.create(told.hub, root, "dataset", "ada/secret", private=True)
    told.land(secret, {"eval.yaml": SPEC})
    told.land(told.make("eve/m"), {FILE: (ENTRY % ("ada/secret", "far", 1)).encode()})
    assert listed(told) == {("ada/secret", "far"): (1, 1, NOT_HERE)}
    assert listed(told, as_="eve") == listed(told)
    assert listed(told, as_="ada") == {}
