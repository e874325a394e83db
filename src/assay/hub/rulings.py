"""Ruling on claims: disputing, upholding, refuting, and taking that back (`core.ruling`)."""

from __future__ import annotations

from assay.core.claim import Claim
from assay.core.permission import Reader, may_dispute, may_rule
from assay.core.ruling import Kind, is_repeated, standing
from assay.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from assay.hub import discussions, indexing, models
from assay.hub.open import Hub
from assay.hub.refusals import need_account
from assay.storage.database import claims as claim_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database import rulings as rows
from assay.storage.database.repos import RepoRecord
from assay.storage.database.versions import versions_of

MAX_REASON_CHARS = 10_000
MAX_EVIDENCE_CHARS = 2_000
# What a script could add to one claim before somebody has to look.
MAX_ROWS = 500


def rule(
    hub: Hub, reader: Reader, claim_id: str, kind: Kind, *, reason: str, evidence: str = ""
) -> int:
    """Dispute, uphold or refute a claim; the next read shows it. Returns the row's number.

    Raises:
        NotFoundError: There is no such claim, or it is hidden from the reader.
        UnauthenticatedError: A stranger may not.
        ForbiddenError: She may not rule on this claim.
        ConflictError: She said so already, and nobody ruled since.
        InvalidError: No reason is given, or too much is said.
    """
    if kind == "withdrawn":
        raise InvalidError("what is withdrawn is not said", hint="name its number in `about`")
    said, repo_id = _find(hub, reader, claim_id)
    actor = need_account(reader, "rule on a claim")
    _need_right(hub, reader, said, repo_id, kind)
    reason, evidence = _fit(reason), _fit_evidence(evidence)
    with hub.durable.write() as db:
        before = rows.rulings_of(db, repo_id, claim_id)
        if is_repeated(before, kind, actor):
            raise ConflictError(
                f"{actor} has {kind} this claim already", hint="withdraw that to say it anew"
            )
        if len(before) >= MAX_ROWS:
            raise InvalidError(f"{MAX_ROWS} rulings are on this claim already, which is the most")
        number = rows.add_ruling(
            db,
            repo_id,
            claim_id,
            kind=kind,
            actor=actor,
            at=hub.now(),
            reason=reason,
            evidence=evidence,
        )
    indexing.sync(hub, repo_id)
    return number


def withdraw(hub: Hub, reader: Reader, claim_id: str, number: int, *, reason: str) -> int:
    """Take back what one said of a claim; it stays on record as withdrawn.

    Raises:
        NotFoundError: There is no such claim, or no ruling of that number on it that stands.
        UnauthenticatedError: A stranger may not.
        ForbiddenError: Somebody else said it.
        InvalidError: No reason is given, or too much is said.
    """
    _, repo_id = _find(hub, reader, claim_id)
    actor = need_account(reader, "withdraw a ruling")
    reason = _fit(reason)
    with hub.durable.write() as db:
        left = {row.id: row for row in standing(rows.rulings_of(db, repo_id, claim_id))}
        if number not in left:
            raise NotFoundError(f"no ruling {number} stands on this claim")
        if left[number].actor != actor:
            raise ForbiddenError(
                f"only {left[number].actor} may withdraw ruling {number}",
                hint="those who may rule on the claim can uphold or refute it instead",
            )
        made = rows.add_ruling(
            db,
            repo_id,
            claim_id,
            kind="withdrawn",
            actor=actor,
            at=hub.now(),
            reason=reason,
            about=number,
        )
    indexing.sync(hub, repo_id)
    return made


def _find(hub: Hub, reader: Reader, claim_id: str) -> tuple[Claim, str]:
    with hub.index.read() as db:
        found = claim_rows.find_claim(db, reader, claim_id)
    if found is None:
        raise NotFoundError(f"there is no claim {claim_id[:80]}")
    return found


def _need_right(hub: Hub, reader: Reader, said: Claim, repo_id: str, kind: Kind) -> None:
    with hub.index.read() as db:
        place = models.registered(db, reader, [said]).get((said.dataset_id, said.task_id))
        pushers = {row["pusher"] for row in versions_of(db, said.claim_id)}
    with hub.durable.read() as db:
        model = repo_rows.repo_by_id(db, repo_id)
        benchmark = repo_rows.repo_by_id(db, place.board.repo_id) if place is not None else None
    if model is None or model.deleted is not None:
        raise ConflictError(f"{said.model} is deleted; what was claimed there stays as it is")
    if kind == "disputed":
        if not may_dispute(reader, model):
            raise ForbiddenError(f"{reader.name} may not dispute claims about {said.model}")
        return
    reporters = frozenset() if said.mirror_of is not None else frozenset(pushers)
    if not may_rule(reader, model=model, benchmark=benchmark, reporters=reporters):
        raise ForbiddenError(
            f"{reader.name} may not rule on this claim: {_whose(benchmark)} may, "
            f"but for those who write {said.model} or reported it",
            hint="dispute it, and say why",
        )


def _whose(benchmark: RepoRecord | None) -> str:
    if benchmark is None:
        return "admins"
    return f"the writers of the benchmark {benchmark.full_name} and admins"


def _fit(reason: str) -> str:
    reason = discussions.fit_text(reason)
    if not reason:
        raise InvalidError("no reason is given", hint="say why, for those who read it later")
    if len(reason) > MAX_REASON_CHARS:
        raise InvalidError(
            f"the reason has {len(reason)} characters; expected at most {MAX_REASON_CHARS}",
            hint="put the rest where the evidence is, and name its address",
        )
    return reason


def _fit_evidence(evidence: str) -> str:
    evidence = discussions.fit_text(evidence)
    if len(evidence) > MAX_EVIDENCE_CHARS:
        raise InvalidError(
            f"the evidence has {len(evidence)} characters; expected at most {MAX_EVIDENCE_CHARS}",
            hint="name its address",
        )
    return evidence
