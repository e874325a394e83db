"""Rounds in which every side has its turn, and what they say together."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

Times = dict[str, list[float]]
"""Seconds of each side, one a round."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one comparison says.

    Attributes:
        what: What was timed.
        median_ms: Median milliseconds by side.
        ratio: Median of the rounds' ratios; what of what is said by `ratio_name`.
        low: A quarter of the ratios is below.
        high: A quarter of the ratios is above.
        ratio_name: What is divided by what.
        goal: What the ratio should be, in words.
        met: Whether it is.
    """

    what: str
    median_ms: dict[str, float]
    ratio: float
    low: float
    high: float
    ratio_name: str
    goal: str = ""
    met: bool | None = None

    def judged(self, goal: str, *, met: bool) -> Row:
        """The same row, held against another goal."""
        return replace(self, goal=goal, met=met)


def in_turn(sides: Mapping[str, Callable[[], float]], rounds: int, *, warm: bool = True) -> Times:
    """Run each side once a round, in an order that turns round.

    A first round warms everything and is dropped, but where it is not worth the minutes (`warm`).
    """
    times: Times = {side: [] for side in sides}
    names = list(sides)
    for turn in range(0 if warm else 1, rounds + 1):
        for side in names if turn % 2 else names[::-1]:
            seconds = sides[side]()
            if turn:
                times[side].append(seconds)
    return times


def medians(times: Times) -> dict[str, float]:
    """Median milliseconds by side."""
    return {side: round(statistics.median(seconds) * 1000, 1) for side, seconds in times.items()}


def spread(above: list[float], below: list[float]) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile of the rounds' ratios."""
    ratios = [one / other for one, other in zip(above, below, strict=True)]
    if len(ratios) == 1:
        return (ratios[0],) * 3
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return low, middle, high


def speed(what: str, times: Times, ours: str, theirs: str, goal: float | None = None) -> Row:
    """How fast we are, if the peer is 1: its seconds divided by ours."""
    low, ratio, high = spread(times[theirs], times[ours])
    said, met = ("", None) if goal is None else (f">= {goal}", ratio >= goal)
    ratios = round(ratio, 2), round(low, 2), round(high, 2)
    return Row(what, medians(times), *ratios, f"speed to {theirs}", said, met)


def cost(what: str, times: Times, ours: str, theirs: str, goal: float | None = None) -> Row:
    """How long we take, if the peer takes 1: our seconds divided by its."""
    low, ratio, high = spread(times[ours], times[theirs])
    said, met = ("", None) if goal is None else (f"<= {goal}", ratio <= goal)
    ratios = round(ratio, 2), round(low, 2), round(high, 2)
    return Row(what, medians(times), *ratios, f"time to {theirs}", said, met)
