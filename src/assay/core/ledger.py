"""The record of one model repository: its claims and their versions, advanced push by push.

Pure: it is given what each commit says and who pushed it, and keeps count of what changed, so that
the caller writes just that. The same pushes in the same order give the same record, whether they
are followed one by one or all at once.

A lane may go back to a commit it had left. What that commit introduced then is the same claim, by
its id, and returns with a new version; unless the claim lives on in another entry: then it is a new
claim, whose id counts the push too. Nothing that was on record is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.core.claim import Reporter, State
from assay.core.provenance import (
    MAIN_LANE,
    Event,
    Place,
    PlacedEntry,
    Thread,
    advance,
    claim_id,
    live_after,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of a lane, or the removal of the lane (`commit` is then empty).

    Attributes:
        commit: The commit's id.
        push: Number of the push that brought it, with when it came and who sent it.
        rewrites: Whether that push rewrote the lane's history.
    """

    commit: str
    push: int
    received: str
    pusher: str | None
    rewrites: bool
    author_name: str = ""
    author_email: str = ""
    authored_s: int = 0
    committer_name: str = ""
    committed_s: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind an entry at a commit: level 0 to 5, items scored, standard error."""

    level: int
    samples: int | None = None
    stderr: float | None = None


@dataclass(slots=True)
class ClaimRecord:
    """A claim as the index keeps it; fields are columns."""

    claim_id: str
    repo_id: str
    introduced_lane: str
    introduced_commit: str
    introduced_push: int
    introduced_received: str
    lane: str
    pull: int | None
    state: str
    reporter: str
    contradicts: str | None
    dataset_id: str
    task_id: str
    latest: int


@dataclass(slots=True)
class VersionRecord:
    """One content of a claim as the index keeps it; fields are columns."""

    claim_id: str
    number: int
    content_key: str
    path: str
    position: int
    line: int
    dataset_id: str
    task_id: str
    dataset_revision: str | None
    value: float
    value_text: str
    date: str | None
    source: dict[str, Any] | None
    notes: str | None
    verify_token: str | None
    extra: dict[str, Any]
    run_record: str | None
    samples: int | None
    stderr: float | None
    evidence_level: int
    since_commit: str
    since_push: int
    received: str
    pusher: str | None
    author_name: str
    author_email: str
    authored_s: int
    committer_name: str
    committed_s: int
    until_commit: str | None = None
    until_push: int | None = None
    until_received: str | None = None
    until_actor: str | None = None
    until_rewrite: bool = False

    @property
    def place(self) -> Place:
        """Where it stands and what it is about, for matching."""
        return Place(self.path, self.position, self.dataset_id, self.task_id, self.content_key)


@dataclass(frozen=True, slots=True)
class PullState:
    """What the record needs to know of a pull request: its status, author, and who closed it."""

    author: str
    status: str
    closed_by: str | None


@dataclass(slots=True)
class Ledger:
    """The record of one repository.

    Attributes:
        repo_id: The repository.
        claims: All its claims by id.
        latest: The latest version of each.
        changed_claims: Ids of claims that differ from when the ledger was opened.
        changed_versions: The versions that differ, by (claim, number).
    """

    repo_id: str
    claims: dict[str, ClaimRecord] = field(default_factory=dict)
    latest: dict[str, VersionRecord] = field(default_factory=dict)
    changed_claims: set[str] = field(default_factory=set)
    changed_versions: dict[tuple[str, int], VersionRecord] = field(default_factory=dict)
    _live: dict[str, list[Thread]] = field(default_factory=dict)

    def threads(self, lane: str) -> list[Thread]:
        """The live claims of a lane, in the order in which their entries stand."""
        if lane not in self._live:
            found = [
                Thread(claim.claim_id, self.latest[claim.claim_id].place)
                for claim in self.claims.values()
                if claim.lane == lane and self.latest[claim.claim_id].until_push is None
            ]
            # As a step leaves them: which of two equal claims is which must not hang on when the
            # ledger was last saved.
            self._live[lane] = sorted(found, key=lambda one: (one.place.path, one.place.index))
        return self._live[lane]

    def advance(
        self,
        lane: str,
        step: Step,
        entries: Iterable[PlacedEntry],
        *,
        evidence: Mapping[tuple[str, int], Evidence],
        carried: Sequence[Thread] = (),
    ) -> list[Thread]:
        """Take one step of a lane; returns what is live after it.

        Args:
            lane: `main` or `pr/N`.
            step: The commit and its push.
            entries: What the commit says in this lane.
            evidence: By (path, index in the file) of an entry.
            carried: Live claims of pull requests that this push merged.
        """

        def name(placed: PlacedEntry) -> str:
            place = placed.path, placed.entry.index
            identity = claim_id(self.repo_id, lane, step.commit, *place)
            if self._is_live(identity):
                return claim_id(self.repo_id, lane, f"{step.commit}@{step.push}", *place)
            return identity

        events = advance(self.threads(lane), entries, name=name, carried=carried)
        for event in events:
            self._apply(lane, step, event, evidence)
        self._live[lane] = live_after(events)
        return self._live[lane]

    def _is_live(self, identity: str) -> bool:
        return identity in self.latest and self.latest[identity].until_push is None

    def _apply(
        self, lane: str, step: Step, event: Event, evidence: Mapping[tuple[str, int], Evidence]
    ) -> None:
        if event.entry is None:
            self._end(event.claim_id, step)
            return
        behind = evidence.get(event.entry.order, Evidence(level=0))
        if event.kind == "introduced":
            self._introduce(lane, step, event.claim_id, event.entry, behind)
        elif event.kind == "changed":
            self._end(event.claim_id, step)
            self._add_version(event.claim_id, step, event.entry, behind)
        else:
            if event.kind == "carried":
                self._live.pop(self.claims[event.claim_id].lane, None)
                self.claims[event.claim_id].lane = lane
                self.changed_claims.add(event.claim_id)
            self._keep(event.claim_id, event.entry, behind)

    def _introduce(
        self, lane: str, step: Step, identity: str, placed: PlacedEntry, behind: Evidence
    ) -> None:
        if identity in self.claims:
            self.claims[identity].lane = lane
            self._add_version(identity, step, placed, behind)
            return
        self.claims[identity] = ClaimRecord(
            claim_id=identity,
            repo_id=self.repo_id,
            introduced_lane=lane,
            introduced_commit=step.commit,
            introduced_push=step.push,
            introduced_received=step.received,
            lane=lane,
            pull=None if lane == MAIN_LANE else int(lane.removeprefix("pr/")),
            state=State.LIVE,
            reporter=Reporter.COMMUNITY,
            contradicts=None,
            dataset_id=placed.entry.dataset_id,
            task_id=placed.entry.task_id,
            latest=0,
        )
        self._add_version(identity, step, placed, behind)

    def _add_version(
        self, identity: str, step: Step, placed: PlacedEntry, behind: Evidence
    ) -> None:
        claim, entry = self.claims[identity], placed.entry
        claim.latest += 1
        version = VersionRecord(
            claim_id=identity,
            number=claim.latest,
            content_key=entry.content_key,
            path=placed.path,
            position=entry.index,
            line=entry.line,
            dataset_id=entry.dataset_id,
            task_id=entry.task_id,
            dataset_revision=entry.dataset_revision,
            value=entry.value,
            value_text=entry.value_text,
            date=entry.date,
            source=_source(placed),
            notes=entry.notes,
            verify_token=entry.verify_token,
            extra=dict(entry.extra),
            run_record=entry.run_record_sha,
            samples=behind.samples,
            stderr=behind.stderr,
            evidence_level=behind.level,
            since_commit=step.commit,
            since_push=step.push,
            received=step.received,
            pusher=step.pusher,
            author_name=step.author_name,
            author_email=step.author_email,
            authored_s=step.authored_s,
            committer_name=step.committer_name,
            committed_s=step.committed_s,
        )
        self.latest[identity] = version
        self._changed(version)

    def _keep(self, identity: str, placed: PlacedEntry, behind: Evidence) -> None:
        version, entry = self.latest[identity], placed.entry
        now = (placed.path, entry.index, entry.line, behind.samples, behind.stderr, behind.level)
        if now != (
            version.path,
            version.position,
            version.line,
            version.samples,
            version.stderr,
            version.evidence_level,
        ):
            version.path, version.position, version.line = placed.path, entry.index, entry.line
            version.samples, version.stderr = behind.samples, behind.stderr
            version.evidence_level = behind.level
            self._changed(version)

    def _end(self, identity: str, step: Step) -> None:
        version = self.latest[identity]
        version.until_commit = step.commit or None
        version.until_push = step.push
        version.until_received, version.until_actor = step.received, step.pusher
        version.until_rewrite = step.rewrites
        self._changed(version)

    def _changed(self, version: VersionRecord) -> None:
        self.changed_versions[version.claim_id, version.number] = version
        self.changed_claims.add(version.claim_id)

    def settle(
        self,
        pulls: Mapping[int, PullState],
        *,
        namespace_claimed: bool,
        mirror: bool = False,
        deleted: bool = False,
    ) -> None:
        """Say of every claim where it stands and who speaks.

        Args:
            pulls: The pull requests as they are.
            namespace_claimed: Whether the repository's namespace is its author's.
            mirror: Whether main is a copy. Then it is never the author's word, whoever owns the
                namespace: the author said it elsewhere, and a copy cannot show that.
            deleted: Whether the whole repository was deleted, and every claim with it.
        """
        on_main = {thread.place.content_key for thread in self.threads(MAIN_LANE)}
        for claim in self.claims.values():
            version = self.latest[claim.claim_id]
            author = claim.lane == MAIN_LANE and namespace_claimed and not mirror
            now = (
                State.DELETED if deleted else _state(claim, version, pulls, on_main),
                Reporter.AUTHOR if author else Reporter.COMMUNITY,
                version.dataset_id,
                version.task_id,
            )
            if now != (claim.state, claim.reporter, claim.dataset_id, claim.task_id):
                claim.state, claim.reporter, claim.dataset_id, claim.task_id = now
                self.changed_claims.add(claim.claim_id)

    def contradict(self, pairs: Iterable[tuple[PlacedEntry, PlacedEntry]], lane: str) -> None:
        """Name, on each changed entry of a pull request, the claim on main that it contradicts."""
        own = {thread.place.content_key: thread.claim_id for thread in self.threads(lane)}
        main = self.threads(MAIN_LANE)
        exact = {thread.place.content_key: thread.claim_id for thread in main}
        about = {(t.place.dataset_id, t.place.task_id): t.claim_id for t in reversed(main)}
        for changed, base in pairs:
            claim = self.claims.get(own.get(changed.entry.content_key, ""))
            target = exact.get(base.entry.content_key) or about.get(
                (base.entry.dataset_id, base.entry.task_id)
            )
            if claim is not None and claim.contradicts != target:
                claim.contradicts = target
                self.changed_claims.add(claim.claim_id)


def _source(placed: PlacedEntry) -> dict[str, Any] | None:
    source = placed.entry.source
    if source is None:
        return None
    fields = {"url": source.url, "name": source.name, "user": source.user, "org": source.org}
    return {key: value for key, value in fields.items() if value is not None}


def _state(
    claim: ClaimRecord, version: VersionRecord, pulls: Mapping[int, PullState], on_main: set[str]
) -> State:
    """The table of states, first row that fits.

    main: live while it stands there, deleted after. Pull requests: closed by their author →
    withdrawn, by somebody else → declined; merged without this entry → superseded; the entry gone
    from the pull request → deleted; main says the same by now → superseded; else live.
    """
    gone = version.until_push is not None
    if claim.lane == MAIN_LANE:
        return State.DELETED if gone else State.LIVE
    pull = pulls[int(claim.lane.removeprefix("pr/"))]
    if pull.status == "closed":
        return State.WITHDRAWN if pull.closed_by == pull.author else State.DECLINED
    if pull.status == "merged":
        return State.SUPERSEDED
    if gone:
        return State.DELETED
    return State.SUPERSEDED if version.content_key in on_main else State.LIVE
