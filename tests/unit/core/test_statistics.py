from __future__ import annotations

import pytest

from assay.core.statistics import wilson_interval

# Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17
# (1998), table I, method 3 (score, no continuity correction), 95 %: successes, trials, limits.
NEWCOMBE_1998 = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("successes", "trials", "low", "high"), NEWCOMBE_1998)
def test_the_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    interval = wilson_interval(successes / trials, trials)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@pytest.mark.parametrize("proportion", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("n", [1, 7, 1_000_000])
def test_an_interval_holds_its_proportion_and_mirrors(proportion: float, n: int) -> None:
    interval, mirrored = wilson_interval(proportion, n), wilson_interval(1 - proportion, n)
    assert 0 <= interval.low <= interval.high <= 1
    assert interval.low - 1e-12 <= proportion <= interval.high + 1e-12
    assert mirrored.low == pytest.approx(1 - interval.high, abs=1e-12)


def test_more_items_make_it_narrower_and_more_certainty_wider() -> None:
    width = [wilson_interval(0.3, n).high - wilson_interval(0.3, n).low for n in (10, 100, 1000)]
    assert width == sorted(width, reverse=True)
    assert wilson_interval(0.3, 10, z=2.5758).low < wilson_interval(0.3, 10).low


def test_both_ends_belong_to_it() -> None:
    interval = wilson_interval(0.5, 10)
    assert interval.low in interval
    assert interval.high in interval
    assert interval.low - 1e-9 not in interval


@pytest.mark.parametrize(("p", "n"), [(0.5, 0), (0.5, -1), (-0.1, 5), (1.1, 5), (float("nan"), 5)])
def test_what_is_no_proportion_has_no_interval(p: float, n: int) -> None:
    with pytest.raises(ValueError, match="no interval"):
        wilson_interval(p, n)
