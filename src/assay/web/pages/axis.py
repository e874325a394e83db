"""One axis for all rows of a board: where a value stands, in per cent of the width.

1. Declared bounds (minimum, maximum) are the axis. Without them a proportion runs 0 to 1 and per
   cent 0 to 100.
2. With neither, the axis spans what is drawn (values, intervals, chance) with a little air.
3. What lies beyond the axis is drawn at its edge and said to lie beyond.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assay.web.pages.words import plain_number

_NATURAL = {"proportion": (0.0, 1.0), "percent": (0.0, 100.0)}
_AIR = 0.06


@dataclass(frozen=True, slots=True)
class Axis:
    """A span of values, `low` < `high`."""

    low: float
    high: float

    def at(self, value: float) -> str:
        """The place of a value as an SVG length, kept within the axis."""
        return f"{100 * self._share(value):.2f}%"

    def holds(self, value: float) -> bool:
        """Whether the value lies on the axis."""
        return self.low <= value <= self.high

    def anchor(self, value: float) -> str:
        """How a label at the value is anchored so that it stays over the axis."""
        share = self._share(value)
        near_start, near_end = 0.2, 0.8
        return "start" if share < near_start else "end" if share > near_end else "middle"

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends, for reading."""
        return _tick(self.low), _tick(self.high)

    def _share(self, value: float) -> float:
        # Halved, because the difference of two finite numbers may not be finite.
        share = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return max(0.0, min(1.0, share))


def axis_for(
    drawn: Iterable[float],
    *,
    unit: str | None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Axis:
    """The axis of a board, from what is declared and what is drawn."""
    natural_low, natural_high = _NATURAL.get(unit or "", (None, None))
    low = minimum if minimum is not None else natural_low
    high = maximum if maximum is not None else natural_high
    drawn = list(drawn) or [0.0]
    air = _AIR * (max(drawn) / 2 - min(drawn) / 2) * 2 or max(abs(max(drawn)) * _AIR, 0.5)
    if low is None:
        low = _finite(min(drawn) - air)
    if high is None:
        high = _finite(max(drawn) + air)
    return Axis(low, high) if low < high else Axis(low, low + max(1.0, abs(low)))


def _finite(value: float) -> float:
    limit = 1.7e308
    return max(-limit, min(limit, value))


def _tick(value: float) -> str:
    return plain_number(float(f"{value:.3g}"))
