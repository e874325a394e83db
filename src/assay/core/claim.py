"""A claim as everybody above the database sees it, and the words for where it stands."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Reporter(StrEnum):
    """Who speaks: the author only on main of a claimed namespace, and never in a mirror."""

    AUTHOR = "author"
    COMMUNITY = "community"


class State(StrEnum):
    """Whether a claim counts, and if not, why not."""

    LIVE = "live"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


class Attestation(StrEnum):
    """What a verifyToken is worth here. Until tokens can be checked, it changes nothing."""

    NONE = "none"
    NOT_CHECKED = "not checked here"


class Ruling(StrEnum):
    """What was ruled on a claim: the last that was not withdrawn (`core.ruling`)."""

    NONE = "none"
    DISPUTED = "disputed"
    UPHELD = "upheld"
    REFUTED = "refuted"


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where an entry says its number comes from."""

    url: str
    name: str | None = None
    user: str | None = None
    org: str | None = None


class MovedTo(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where an entry stands by now, with a commit that shows it there."""

    path: str
    line: int
    commit: str


class Claim(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thread of reports, with its latest version.

    Attributes:
        claim_id: Digest of its introduction (sha256 hex).
        model: `ns/name` of the model repository it stands in.
        private: Whether that repository is private.
        lane: `main` or `pr/N`: where it stands now.
        pull: Number of the pull request that brought it, also once merged.
        value: The number, in the unit of its task.
        value_text: The number as written.
        received: When the hub received the latest version (ISO 8601 UTC).
        first_received: When the hub received the first one.
        pusher: The account that pushed the latest version; None if it came in behind the hub.
        author_name: Who git says wrote it; not authenticated.
        samples: Items scored, where a matching run record says so.
        stderr: Standard error in the task's unit, likewise.
        contradicts: The claim on main that this one would replace.
        path: The file in which the latest version began, at `line` of `commit`.
        moved_to: Where it stands by now, if that is elsewhere or in another commit.
        conflicts: Whether another live claim of the same lane gives the same task another value.
        rewritten: Whether history that showed it was rewritten.
        ruling: What was ruled on it.
        evidence_level: 0 to 5, as the words in the documentation.
        mirror_of: Where the entry was copied from with its whole repository; None for what was
            said here.
    """

    claim_id: str
    model: str
    private: bool
    dataset_id: str
    task_id: str
    value: float
    value_text: str
    reporter: Reporter
    state: State
    attestation: Attestation
    lane: str
    pull: int | None
    path: str
    line: int
    commit: str
    date: str | None
    source: Source | None
    notes: str | None
    dataset_revision: str | None
    run_record: str | None
    samples: int | None
    stderr: float | None
    evidence_level: int
    received: str
    first_received: str
    first_push: int
    latest_push: int
    pusher: str | None
    author_name: str
    contradicts: str | None
    conflicts: bool = False
    rewritten: bool = False
    moved_to: MovedTo | None = None
    ruling: Ruling = Ruling.NONE
    mirror_of: str | None = None


def badges(claim: Claim) -> list[str]:
    """The words a claim is marked with, wherever it is shown.

    One function of reporter, origin, state, attestation, ruling and what happened to it; `private`
    is a word to those who may see it.
    """
    words = [str(claim.reporter)]
    if claim.mirror_of is not None:
        words.append("mirror")
    if claim.state is not State.LIVE:
        words.append(str(claim.state))
    if claim.attestation is not Attestation.NONE:
        words.append(str(claim.attestation))
    if claim.ruling is not Ruling.NONE:
        words.append(str(claim.ruling))
    if claim.conflicts:
        words.append("conflicting")
    if claim.rewritten:
        words.append("history rewritten")
    if claim.private:
        words.append("private")
    return words
