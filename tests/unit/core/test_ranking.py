"""The policy `best-evidence`, ranks, and how a score stands to chance."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from assay.core.claim import Attestation, Claim, Reporter, State
from assay.core.policy import BEST_EVIDENCE, tier
from assay.core.ranking import (
    ChanceComparison,
    Direction,
    compare_with_chance,
    ranks,
    stand,
)

CLAIM = Claim(
    claim_id="c",
    model="ada/m",
    private=False,
    dataset_id="openai/gsm8k",
    task_id="main",
    value=50.0,
    value_text="50.0",
    reporter=Reporter.COMMUNITY,
    state=State.LIVE,
    attestation=Attestation.NONE,
    lane="main",
    pull=None,
    path=".eval_results/x.yaml",
    line=1,
    commit="0" * 40,
    date=None,
    source=None,
    notes=None,
    dataset_revision=None,
    run_record=None,
    samples=None,
    stderr=None,
    evidence_level=0,
    received="2026-01-15T10:00:00Z",
    first_received="2026-01-15T10:00:00Z",
    first_push=1,
    latest_push=1,
    pusher=None,
    author_name="Ada",
    contradicts=None,
)


def claim(claim_id: str, **changes: object) -> Claim:
    return msgspec.structs.replace(CLAIM, claim_id=claim_id, **changes)


AUTHOR = Reporter.AUTHOR
# From the best to the least; each differs from the next by one rule.
IN_ORDER = [
    claim("replicated", evidence_level=5),
    claim("signed, author", evidence_level=4, reporter=AUTHOR),
    claim("signed", evidence_level=4),
    claim("recomputed", evidence_level=3),
    claim("author, latest", reporter=AUTHOR, first_push=9, latest_push=9),
    claim("author, earlier but level 2", reporter=AUTHOR, latest_push=8, evidence_level=2),
    claim("author, earlier", reporter=AUTHOR, first_push=1, latest_push=7),
    claim("community, first", first_push=2, latest_push=99),
    claim("community, later but level 2", first_push=3, latest_push=3, evidence_level=2),
    claim("community, latest", first_push=4, latest_push=4),
    claim("community, latest, by id", first_push=4, latest_push=100),
]


@pytest.mark.parametrize(("better", "worse"), list(itertools.pairwise(IN_ORDER)))
def test_best_evidence(better: Claim, worse: Claim) -> None:
    assert BEST_EVIDENCE.key(better) < BEST_EVIDENCE.key(worse)


def test_the_order_does_not_depend_on_the_order_of_the_claims() -> None:
    for claims in (IN_ORDER, IN_ORDER[::-1], IN_ORDER[3:] + IN_ORDER[:3]):
        (standing,) = stand(claims)
        assert [standing.chosen, *standing.others] == IN_ORDER


@pytest.mark.parametrize(("level", "expected"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 3)])
def test_tiers(level: int, expected: int) -> None:
    assert tier(claim("x", evidence_level=level)) == expected


def test_dates_and_values_choose_nothing() -> None:
    dated = claim("a", date="2030-01-01", value=1.0)
    assert BEST_EVIDENCE.key(dated) == BEST_EVIDENCE.key(claim("a", date="1990-01-01", value=99.0))


@pytest.mark.parametrize("state", [state for state in State if state is not State.LIVE])
def test_only_live_claims_are_candidates(state: State) -> None:
    better = claim("a", state=state, evidence_level=5)
    (standing,) = stand([better, claim("b")])
    assert standing.chosen.claim_id == "b"
    assert standing.others == ()
    assert standing.declined == (state is State.DECLINED)
    assert stand([better]) == []


def test_models_stand_apart() -> None:
    standings = stand([claim("a"), claim("b", model="bob/m"), claim("c", model="bob/m")])
    assert {s.chosen.model: len(s.others) for s in standings} == {"ada/m": 0, "bob/m": 1}
    assert stand([]) == []


@pytest.mark.parametrize(("value", "disagrees"), [(50.0, False), (50.5, True)])
def test_whether_others_disagree(value: float, *, disagrees: bool) -> None:
    (standing,) = stand([claim("a"), claim("b", value=value, first_push=2)])
    assert standing.disagrees is disagrees


def test_a_declined_claim_is_no_disagreement() -> None:
    (standing,) = stand([claim("a"), claim("b", value=1.0, state=State.DECLINED)])
    assert not standing.disagrees


@pytest.mark.parametrize(
    ("values", "direction", "expected"),
    [
        ([], "higher", []),
        ([5], "higher", [1]),
        ([9, 7, 7, 5], "higher", [1, 2, 2, 4]),
        ([5, 7, 9, 7], "higher", [4, 2, 1, 2]),
        ([9, 7, 7, 5], "lower", [4, 2, 2, 1]),
        ([1, 1, 1], "lower", [1, 1, 1]),
        ([1, 1.0, 0], "higher", [1, 1, 3]),
    ],
)
def test_ranks(values: list[float], direction: Direction, expected: list[int]) -> None:
    assert ranks(values, direction) == expected


def compare(
    value: float,
    *,
    unit: str | None = "percent",
    chance: float | None = 25.0,
    items: int | None = 100,
    samples: int | None = None,
) -> ChanceComparison | None:
    return compare_with_chance(
        claim("a", value=value, samples=samples), chance=chance, unit=unit, items=items
    )


@pytest.mark.parametrize(
    ("value", "told_apart"), [(30.0, False), (25.0, False), (40.0, True), (10.0, True)]
)
def test_a_score_is_told_apart_from_chance_or_not(value: float, *, told_apart: bool) -> None:
    comparison = compare(value)
    assert comparison is not None
    assert comparison.told_apart is told_apart
    assert (comparison.n, comparison.n_source) == (100, "benchmark")
    assert comparison.low < value < comparison.high
    share = compare(value / 100, unit="proportion", chance=0.25)
    assert share is not None
    assert share.told_apart is told_apart
    assert share.low == pytest.approx(comparison.low / 100)


def test_the_interval_is_wilsons_in_the_tasks_unit() -> None:
    comparison = compare(30.0)
    assert comparison is not None
    assert comparison.low == pytest.approx(21.89, abs=0.01)
    assert comparison.high == pytest.approx(39.58, abs=0.01)


def test_the_items_scored_stand_before_the_items_there_are() -> None:
    comparison = compare(30.0, samples=10_000)
    assert comparison is not None
    assert (comparison.n, comparison.n_source) == (10_000, "run record")
    assert comparison.told_apart


@pytest.mark.parametrize(
    "comparison",
    [
        compare(30.0, chance=None),
        compare(30.0, unit=None),
        compare(30.0, unit="points"),
        compare(30.0, items=None),
        compare(30.0, items=0),
        compare(101.0),
        compare(-1.0),
        compare(30.0, unit="proportion"),
    ],
)
def test_without_what_it_needs_there_is_no_comparison(comparison: ChanceComparison | None) -> None:
    assert comparison is None
