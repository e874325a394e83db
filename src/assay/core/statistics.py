"""The arithmetic of single scores. Formulas are those of the design's statistics, cited by name."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of proportions in [0, 1]."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def wilson_interval(proportion: float, n: int, z: float = Z_95) -> Interval:
    """The Wilson score interval of a binomial proportion (Wilson 1927).

    Args:
        proportion: Share of successes, in [0, 1].
        n: Number of trials, ≥ 1.
        z: Normal quantile; the default gives 95 %.

    Raises:
        ValueError: `proportion` or `n` is out of range.
    """
    if n < 1 or not 0 <= proportion <= 1:
        raise ValueError(f"no interval for {proportion} of {n}: expected 0 ≤ p ≤ 1 and n ≥ 1")
    denominator = 1 + z**2 / n
    centre = (proportion + z**2 / (2 * n)) / denominator
    spread = math.sqrt(proportion * (1 - proportion) / n + z**2 / (4 * n**2))
    half_width = z / denominator * spread
    return Interval(max(0.0, centre - half_width), min(1.0, centre + half_width))
