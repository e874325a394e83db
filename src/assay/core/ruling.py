"""What people rule on a claim.

1. A claim is disputed by anybody who may see it; it is upheld or refuted by those who may rule
   (`core.permission.may_rule`). Each gives a reason, and may name evidence.
2. Nothing is taken out: whoever said something may withdraw it, which is one more row about it.
3. The ruling on a claim is the last that was not withdrawn; with none, there is none.

A ruling marks a claim. Boards rank by stated policies, so a refuted claim keeps its row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from assay.core.claim import Ruling

Kind = Literal["disputed", "upheld", "refuted", "withdrawn"]
KINDS: tuple[Kind, ...] = ("disputed", "upheld", "refuted", "withdrawn")


@dataclass(frozen=True, slots=True)
class RulingRow:
    """One row of the record: what somebody said of a claim, or that she takes back `about`."""

    id: int
    repo_id: str
    claim_id: str
    kind: str
    actor: str
    at: str
    reason: str
    evidence: str
    about: int | None


def standing(rows: Iterable[RulingRow]) -> list[RulingRow]:
    """The rows of one claim that were not withdrawn, in their order (rule 2)."""
    said = list(rows)
    withdrawn = {row.about for row in said if row.kind == "withdrawn"}
    return [row for row in said if row.kind != "withdrawn" and row.id not in withdrawn]


def rulings_on(rows: Iterable[RulingRow]) -> dict[str, Ruling]:
    """The ruling on each claim that has one (rule 3), from the rows of many, in order."""
    by_claim: defaultdict[str, list[RulingRow]] = defaultdict(list)
    for row in rows:
        by_claim[row.claim_id].append(row)
    kept = {claim_id: standing(of_claim) for claim_id, of_claim in by_claim.items()}
    return {claim_id: Ruling(left[-1].kind) for claim_id, left in kept.items() if left}


def is_repeated(rows: Iterable[RulingRow], kind: Kind, actor: str) -> bool:
    """Whether somebody says again what she said, and nobody ruled since."""
    for row in reversed(standing(rows)):
        if row.actor == actor and row.kind == kind:
            return True
        if row.kind != "disputed":
            return False
    return False
