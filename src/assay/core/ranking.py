"""From claims to a board: who stands there under a policy, and in which order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Literal, Protocol, TypeVar

from assay.core.claim import Reporter, State
from assay.core.policy import BEST_EVIDENCE, Candidate, Policy, tier
from assay.core.statistics import wilson_interval
from assay.formats.terms import SCALES, bounds_text

Direction = Literal["higher", "lower"]


class OfModel(Candidate, Protocol):
    """A candidate that says which model it is about."""

    @property
    def model(self) -> str: ...  # noqa: D102 - as in Claim


C = TypeVar("C", bound=Candidate)
M = TypeVar("M", bound=OfModel)


class Reason(StrEnum):
    """Why a claim speaks for its model."""

    ONLY = "only"
    ADMITTED = "only one admitted"
    EVIDENCE = "evidence"
    AUTHOR = "author"
    AUTHORS_LATEST = "author's latest"
    COMMUNITYS_FIRST = "community's first"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Standing(Generic[C]):
    """What stands for one model: the chosen claim and all the others about the task.

    Attributes:
        chosen: The claim that speaks.
        others: The other live claims, in the policy's order; those that it leaves out come last.
        declined: How many claims were declined.
        policy: By what the claim was chosen.
        disagrees: Whether a live claim of the others has another value than the chosen one.
    """

    chosen: C
    others: tuple[C, ...]
    declined: int
    policy: Policy = BEST_EVIDENCE

    @property
    def disagrees(self) -> bool:  # noqa: D102 - said above
        return any(other.value != self.chosen.value for other in self.others)

    @property
    def reason(self) -> Reason:
        """Why the first claim of the policy's order speaks."""
        if not self.others:
            return Reason.ONLY
        considered = [other for other in self.others if self.policy.admits(other)]
        if not considered or self.policy.order == "latest":
            return Reason.LATEST if considered else Reason.ADMITTED
        if tier(self.chosen) > max(tier(other) for other in considered):
            return Reason.EVIDENCE
        if self.chosen.reporter is not Reporter.AUTHOR:
            return Reason.COMMUNITYS_FIRST
        if any(other.reporter is Reporter.AUTHOR for other in considered):
            return Reason.AUTHORS_LATEST
        return Reason.AUTHOR


def stand_for(of_model: Iterable[C], policy: Policy = BEST_EVIDENCE) -> Standing[C] | None:
    """What stands for one model, from all claims about it on one task; None if none may speak."""
    claims = list(of_model)
    live = [claim for claim in claims if claim.state is State.LIVE]
    live.sort(key=lambda claim: (not policy.admits(claim), policy.key(claim)))
    if not live or not policy.admits(live[0]):
        return None
    declined = sum(claim.state is State.DECLINED for claim in claims)
    return Standing(live[0], tuple(live[1:]), declined, policy)


def stand(claims: Iterable[M], policy: Policy = BEST_EVIDENCE) -> list[Standing[M]]:
    """One standing a model of which a claim may speak, from all claims about one task."""
    by_model: defaultdict[str, list[M]] = defaultdict(list)
    for claim in claims:
        by_model[claim.model].append(claim)
    standings = (stand_for(of_model, policy) for of_model in by_model.values())
    return [standing for standing in standings if standing is not None]


def rank_key(value: float, direction: Direction) -> float:
    """A number that is lower for a better value; never -0.0, which not every store keeps."""
    return 0.0 - value if direction == "higher" else 0.0 + value


def ranks(values: Sequence[float], direction: Direction) -> list[int]:
    """Competition ranks (1, 2, 2, 4) of values in any order; equal values share a rank."""
    ordered = sorted(values, reverse=direction == "higher")
    first: dict[float, int] = {}
    for position, value in enumerate(ordered, start=1):
        first.setdefault(value, position)
    return [first[value] for value in values]


def outside(value: float, low: float | None, high: float | None) -> str:
    """Why a value cannot be what the task measures, given its bounds; empty when it can."""
    if (low is None or value >= low) and (high is None or value <= high):
        return ""
    return f"not {bounds_text(low, high)}"


@dataclass(frozen=True, slots=True)
class ChanceComparison:
    """How a score stands to answering at random.

    Attributes:
        told_apart: Whether the 95 % Wilson interval excludes the chance level.
        low: Lower end of the interval, in the task's unit.
        high: Upper end, in the task's unit.
        n: Number of items.
        n_source: `run record` or `benchmark` (the number of items it declares).
    """

    told_apart: bool
    low: float
    high: float
    n: int
    n_source: Literal["run record", "benchmark"]


class Measured(Protocol):
    """A value and from how many items it was made, where that is known."""

    @property
    def value(self) -> float: ...  # noqa: D102 - as in Claim
    @property
    def samples(self) -> int | None: ...  # noqa: D102


def compare_with_chance(
    claim: Measured, *, chance: float | None, unit: str | None, items: int | None
) -> ChanceComparison | None:
    """Compare a score with its task's chance level; None when something needed is unknown.

    Args:
        claim: The claim; its value is in `unit`.
        chance: The chance level, in `unit`.
        unit: Only proportions and percents are shares of items.
        items: The benchmark's item count, used when no run record says how many were scored.
    """
    n = claim.samples or items
    if chance is None or unit not in SCALES or not n:
        return None
    scale = SCALES[unit]
    if not 0 <= claim.value <= scale:
        return None
    interval = wilson_interval(claim.value / scale, n)
    return ChanceComparison(
        told_apart=chance / scale not in interval,
        low=interval.low * scale,
        high=interval.high * scale,
        n=n,
        n_source="run record" if claim.samples else "benchmark",
    )
