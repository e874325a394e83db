"""Claims as answers: who said what, when, on what evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from assay.core.claim import Claim, MovedTo, Reporter, State, badges
from assay.core.difference import differences
from assay.core.permission import MAIN, Reader
from assay.core.ruling import RulingRow
from assay.errors import NotFoundError
from assay.hub import board_rows, discussions, models
from assay.hub.answers import ClaimAnswer, Finding, RulingAnswer, Version
from assay.hub.board_pages import task_answer
from assay.hub.discussions import Remark
from assay.hub.history import history_of
from assay.hub.models import Registered
from assay.hub.open import Hub
from assay.hub.push import KEPT
from assay.hub.revisions import RevisionState, revision_state
from assay.storage.database import benchmarks as benchmark_rows
from assay.storage.database import beside
from assay.storage.database import claims as claim_rows
from assay.storage.database import pushes as push_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database import rulings as ruling_rows
from assay.storage.database.beside import Beside
from assay.storage.database.versions import episodes_of, versions_of
from assay.storage.git import Repository

MAX_YAML_CHARS = 8_000
# Of the other claims about a model and task, of those that give another value on the same branch,
# and of what the checks say about one file.
MOST_OTHERS = 100
MOST_AGAINST = 20
MOST_FINDINGS = 50


def claim(hub: Hub, reader: Reader, claim_id: str) -> ClaimAnswer:
    """A claim with its provenance.

    Raises:
        NotFoundError: There is no such claim, or it is hidden from the reader.
    """
    with hub.index.read() as db:
        found = claim_rows.find_claim(db, reader, claim_id)
        if found is None:
            raise NotFoundError(f"there is no claim {claim_id}")
        said, repo_id = found
        rows = versions_of(db, claim_id)
        episodes = episodes_of(db, claim_id)
        place = models.registered(db, reader, [said]).get((said.dataset_id, said.task_id))
        others = beside.claims_beside(db, reader, said, repo_id, limit=MOST_OTHERS)
        against = []
        if said.conflicts:
            against = beside.claims_against(db, reader, said, repo_id, limit=MOST_AGAINST)
        path = said.moved_to.path if said.moved_to else said.path
        _, findings = benchmark_rows.findings(
            db, repo_id, said.lane, path=path, limit=MOST_FINDINGS
        )
    git = hub.git.open(repo_id)
    events, kept = _events(hub, repo_id, said), _kept(hub, git, episodes)
    with hub.durable.read() as db:
        ruled = ruling_rows.rulings_of(db, repo_id, claim_id)
    task = task_answer(place.task, place.names) if place is not None else None
    return ClaimAnswer(
        claim=said,
        badges=badges(said),
        sentence=_claim_sentence(said, others),
        unit=place.task.unit if place is not None else None,
        benchmark_registered=place is not None,
        ref=_ref(said.lane),
        versions=_versions(rows),
        history=history_of(rows, episodes, events, kept, ruled, said.pull),
        conflicts_with=[other.claim_id for other in against],
        rulings=_rulings(ruled),
        others=others.claims + [one for one in against if one not in others.claims],
        other_count=others.count,
        chance=board_rows.chance_of(said, task) if task else None,
        yaml=_yaml(git, said),
        findings=[Finding(**row) for row in findings],
        revision=_revision(hub, said, place),
    )


def _revision(hub: Hub, said: Claim, place: Registered | None) -> RevisionState | None:
    if place is None:
        return None
    return revision_state(hub, place.board.repo_id, place.commit, said.dataset_revision)


def _ref(lane: str) -> str:
    return MAIN if lane == "main" else f"refs/{lane}"


def _events(hub: Hub, repo_id: str, said: Claim) -> list[Remark]:
    """What became of a claim's pull request; its commits and titles are not about the claim."""
    if said.pull is None:
        return []
    with hub.durable.read() as db:
        record = repo_rows.repo_by_id(db, repo_id)  # which may be deleted by now
    if record is None:
        return []
    found = discussions.remarks(hub, record, said.pull)
    return [remark for remark in found if remark.event.kind not in ("commit", "renamed")]


def _kept(hub: Hub, git: Repository, episodes: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """By the push that rewrote history: the ref under which what was there before is kept."""
    numbers = sorted({row["push"] for row in episodes if row["kind"] == "rewritten"})
    if not numbers:
        return {}
    with hub.durable.read() as db:
        refs = {number: KEPT + push_rows.find_push(db, number).old for number in numbers}
    return {number: ref for number, ref in refs.items() if git.head(ref) is not None}


def _rulings(ruled: Sequence[RulingRow]) -> list[RulingAnswer]:
    """What was ruled, each with its withdrawal."""
    withdrawn = {row.about: row for row in ruled if row.kind == "withdrawn"}
    found = []
    for row in ruled:
        if row.kind == "withdrawn":
            continue
        taken_back = withdrawn.get(row.id)
        found.append(
            RulingAnswer(
                id=row.id,
                ruling=cast("Any", row.kind),
                actor=row.actor,
                at=row.at,
                reason=row.reason,
                evidence=row.evidence,
                withdrawn=taken_back.at if taken_back else None,
                withdrawn_because=taken_back.reason if taken_back else "",
            )
        )
    return found


def _versions(rows: Sequence[Mapping[str, Any]]) -> list[Version]:
    """Versions as answers; each says in which fields it differs from the one before."""
    versions = []
    for position, row in enumerate(rows):
        versions.append(
            Version(
                number=row["number"],
                value_text=row["value_text"],
                path=row["path"],
                line=row["line"],
                moved_to=_moved_to(row),
                date=row["date"],
                source=row["source"],
                notes=row["notes"],
                dataset_revision=row["dataset_revision"],
                verify_token=row["verify_token"],
                run_record=row["run_record"],
                changed=differences(rows[position - 1], row) if position else [],
                since_commit=row["since_commit"],
                since_push=row["since_push"],
                received=row["received"],
                pusher=row["pusher"],
                author_name=row["author_name"],
                author_email=row["author_email"],
                authored=_iso(row["authored_s"]),
                committer_name=row["committer_name"],
                committer_email=row["committer_email"],
                committed=_iso(row["committed_s"]),
                until_commit=row["until_commit"],
                until_push=row["until_push"],
                carried_commit=row["carried_commit"],
                carried_push=row["carried_push"],
                carried_received=row["carried_received"],
                carried_by=row["carried_pusher"],
            )
        )
    return versions


def _moved_to(row: Mapping[str, Any]) -> MovedTo | None:
    if row["at_commit"] is None:
        return None
    return MovedTo(path=row["at_path"], line=row["at_line"], commit=row["at_commit"])


def _iso(seconds: int) -> str:
    """A git time; one beyond the calendar stays a number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _claim_sentence(said: Claim, others: Beside) -> str:
    parts = [f"{_speaker(said)} claims {said.value_text} for {said.model}"]
    if said.state is not State.LIVE:
        parts.append(f"the claim is {said.state}")
    if not others.live:
        parts.append("nobody else has reported this task")
    elif others.differing:
        verb = "claims say" if others.differing > 1 else "claim says"
        parts.append(f"{others.differing} other {verb} something else")
    else:
        parts.append("the other claims say the same")
    return "; ".join(parts) + "."


def _speaker(said: Claim) -> str:
    if said.mirror_of is not None:
        return f"A mirror of {said.mirror_of}"
    return "The author" if said.reporter is Reporter.AUTHOR else said.pusher or "Somebody"


def _yaml(git: Repository, said: Claim) -> str:
    """The entry as it stands in its file: from its line to where the next item begins."""
    item = git.find(said.commit, said.path)
    if item is None or item.kind != "file":
        return ""
    lines = git.blob(item.oid).decode(errors="replace").splitlines()[said.line - 1 :]
    taken: list[str] = []
    for line in lines:
        if taken and line.startswith("-"):
            break
        taken.append(line)
    return "\n".join(taken)[:MAX_YAML_CHARS].rstrip()
