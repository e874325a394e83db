"""All claims about one model and task on one axis: do they agree?"""

from __future__ import annotations

from dataclasses import dataclass

from assay.hub.answers import ClaimAnswer
from assay.web.pages.axis import Axis, axis_for


@dataclass(frozen=True, slots=True)
class ClaimStrip:
    """The claim of a page among the others of its model and task.

    Attributes:
        others: Places of the other claims' values.
        low: Place of the interval's lower end; None without an interval.
    """

    axis: Axis
    dot: str
    others: list[str]
    low: str | None
    high: str | None
    chance: str | None


def view_claims(answer: ClaimAnswer) -> ClaimStrip:
    """Lay out a claim and its others."""
    chance = answer.chance
    drawn = [answer.claim.value, *(other.value for other in answer.others)]
    if chance is not None:
        drawn += [chance.low, chance.high, chance.level]
    axis = axis_for(drawn, unit=answer.unit)
    return ClaimStrip(
        axis=axis,
        dot=axis.at(answer.claim.value),
        others=[axis.at(other.value) for other in answer.others],
        low=axis.at(chance.low) if chance else None,
        high=axis.at(chance.high) if chance else None,
        chance=axis.at(chance.level) if chance else None,
    )
