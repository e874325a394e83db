"""Policies: which of the claims about a model speaks for it on a board.

A policy is a value. The same rules are said in SQL by `storage.database.policies`; a test holds the
two together. Only live claims are candidates, whatever the policy. In this order:

1. Claims of reporters, or below a level of evidence, that the policy leaves out do not speak.
2. Under `evidence`: the higher tier (replicated, signed, recomputed, unchecked: levels 0 to 2 are
   one tier), then an author's claim before the community's, then among an author's claims the last
   received, among the community's the first received: a later stranger displaces nobody.
   Under `latest`: the last received.
3. Of those received at once: the claim that began first; then the id, the same for all.

`date` and git's times are shown, never used to choose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from assay.core.claim import Reporter, State
from assay.errors import InvalidError

UNCHECKED_LEVEL = 2
SIGNED_LEVEL = 4
Order = Literal["evidence", "latest"]
# A board has a row a model, or one a claim.
View = Literal["models", "claims"]


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


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule for boards.

    Attributes:
        name: What readers ask for it by.
        says: The rule, as boards tell it.
        order: Which of the candidates speaks.
        reporters: Whose claims may speak; None for everybody's.
        least_level: The least level of evidence of a claim that may speak.
    """

    name: str
    says: str
    order: Order = "evidence"
    reporters: frozenset[Reporter] | None = None
    least_level: int = 0

    def admits(self, claim: Candidate) -> bool:
        """Whether a claim may speak (rule 1)."""
        may = self.reporters is None or claim.reporter in self.reporters
        return may and claim.state is State.LIVE and claim.evidence_level >= self.least_level

    def key(self, claim: Candidate) -> tuple[int, int, int, int, str]:
        """Sort key of claims, the one that speaks first (rules 2 and 3)."""
        if self.order == "latest":
            return 0, 0, -claim.latest_push, claim.first_push, claim.claim_id
        is_author = claim.reporter is Reporter.AUTHOR
        received = -claim.latest_push if is_author else claim.first_push
        return -tier(claim), 0 if is_author else 1, received, claim.first_push, claim.claim_id


def tier(claim: Candidate) -> int:
    """The tier of a claim's evidence: 3 replicated, 2 signed, 1 recomputed, 0 unchecked."""
    return max(0, claim.evidence_level - UNCHECKED_LEVEL)


BEST_EVIDENCE = Policy(
    "best-evidence",
    "Replicated, signed and recomputed claims come before unchecked ones; then the author's before "
    "the community's; of an author's claims the last received, of the community's the first.",
)
POLICIES = (
    BEST_EVIDENCE,
    Policy(
        "verified-only",
        "Only claims signed by a key this hub trusts, or replicated; then as best-evidence.",
        least_level=SIGNED_LEVEL,
    ),
    Policy(
        "author",
        "Only what authors say of their own models: the best evidence, then the last received.",
        reporters=frozenset({Reporter.AUTHOR}),
    ),
    Policy(
        "community",
        "Only what others than the authors say: the best evidence, then the first received.",
        reporters=frozenset({Reporter.COMMUNITY}),
    ),
    Policy("latest", "The last received, whoever says it and on whatever evidence.", "latest"),
)


def find_policy(name: str) -> Policy:
    """The policy of a name.

    Raises:
        InvalidError: There is none.
    """
    for policy in POLICIES:
        if policy.name == name:
            return policy
    known = ", ".join(policy.name for policy in POLICIES)
    raise InvalidError(f"there is no policy '{name}'", hint=f"policies: {known}")
