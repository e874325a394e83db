"""From claims to a board: which claim speaks for a model, and in which order models stand.

The policy `best-evidence`, in this order:

1. the higher tier: replicated, signed, recomputed, unchecked (evidence levels 0 to 2 are one tier);
2. an author's claim before the community's;
3. among an author's claims the last received; among the community's the first received, so that a
   later stranger displaces nobody.

`date` and git's times are shown, never used to choose. Only live claims are candidates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Literal, Protocol, TypeVar

from assay.core.claim import Claim, Reporter, State
from assay.core.statistics import wilson_interval
from assay.formats.terms import SCALES, bounds_text

POLICY = "best-evidence"
UNCHECKED_LEVEL = 2
Direction = Literal["higher", "lower"]


class Candidate(Protocol):
    """What a policy looks at: a whole claim, or just these fields of one."""

    @property
    def claim_id(self) -> str: ...  # noqa: D102 - as in Claim
    @property
    def value(self) -> float: ...  # noqa: D102
    @property
    def reporter(self) -> Reporter: ...  # noqa: D102
    @property
    def state(self) -> State: ...  # noqa: D102
    @property
    def evidence_level(self) -> int: ...  # noqa: D102
    @property
    def first_push(self) -> int: ...  # noqa: D102
    @property
    def latest_push(self) -> int: ...  # noqa: D102


C = TypeVar("C", bound=Candidate)


class Reason(StrEnum):
    """Why a claim speaks for its model."""

    ONLY = "only"
    EVIDENCE = "evidence"
    AUTHOR = "author"
    AUTHORS_LATEST = "author's latest"
    COMMUNITYS_FIRST = "community's first"


@dataclass(frozen=True, slots=True)
class Standing(Generic[C]):
    """What stands for one model: the chosen claim and all the others about the task.

    Attributes:
        chosen: The claim that speaks.
        others: The other live claims, in the policy's order.
        declined: How many claims were declined.
        disagrees: Whether a live claim of the others has another value than the chosen one.
    """

    chosen: C
    others: tuple[C, ...]
    declined: int

    @property
    def disagrees(self) -> bool:  # noqa: D102 - said above
        return any(other.value != self.chosen.value for other in self.others)

    @property
    def reason(self) -> Reason:
        """Why the first claim of the policy's order speaks."""
        if not self.others:
            return Reason.ONLY
        if tier(self.chosen) > max(tier(other) for other in self.others):
            return Reason.EVIDENCE
        if self.chosen.reporter is not Reporter.AUTHOR:
            return Reason.COMMUNITYS_FIRST
        if any(other.reporter is Reporter.AUTHOR for other in self.others):
            return Reason.AUTHORS_LATEST
        return Reason.AUTHOR


def tier(claim: Candidate) -> int:
    """The tier of a claim's evidence: 3 replicated, 2 signed, 1 recomputed, 0 unchecked."""
    return max(0, claim.evidence_level - UNCHECKED_LEVEL)


def best_evidence(claim: Candidate) -> tuple[int, int, int, str]:
    """Sort key of the policy, the best claim first. The id settles ties, the same for all."""
    is_author = claim.reporter is Reporter.AUTHOR
    received = -claim.latest_push if is_author else claim.first_push
    return -tier(claim), 0 if is_author else 1, received, claim.claim_id


def stand_for(of_model: Iterable[C]) -> Standing[C] | None:
    """What stands for one model, from all claims about it on one task; None if none is live."""
    claims = list(of_model)
    live = sorted((c for c in claims if c.state is State.LIVE), key=best_evidence)
    if not live:
        return None
    declined = sum(claim.state is State.DECLINED for claim in claims)
    return Standing(live[0], tuple(live[1:]), declined)


def stand(claims: Iterable[Claim]) -> list[Standing[Claim]]:
    """One standing a model that has a live claim, from all claims about one task."""
    by_model: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_model[claim.model].append(claim)
    standings = (stand_for(of_model) for of_model in by_model.values())
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


def would_rank(value: float, values: Sequence[float], direction: Direction) -> int:
    """The rank a value would have among others without being one of them."""
    if direction == "higher":
        return 1 + sum(other > value for other in values)
    return 1 + sum(other < value for other in values)


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
