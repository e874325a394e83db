"""The record of one model repository: its claims and their versions, advanced push by push.

Pure: it is given what each commit says and who pushed it, and keeps count of what changed, so that
the caller writes just that. The same pushes in the same order give the same record, whether they
are followed one by one or all at once.

A lane may go back to a commit it had left. What that commit introduced then is the same claim, by
its id, and returns with a new version; unless the claim lives on in another entry: then it is a new
claim, whose id counts the push too. Nothing that was on record is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.core.claim import Reporter, State
from assay.core.provenance import (
    MAIN_LANE,
    Event,
    PlacedEntry,
    Thread,
    advance,
    claim_id,
    live_after,
)
from assay.core.record import (
    ClaimRecord,
    Episode,
    EpisodeKind,
    Evidence,
    PullState,
    Step,
    StepKey,
    VersionRecord,
)


@dataclass(slots=True)
class Ledger:
    """The record of one repository.

    Attributes:
        repo_id: The repository.
        claims: All its claims by id.
        latest: The latest version of each.
        changed_claims: Ids of claims that differ from when the ledger was opened.
        changed_versions: The versions that differ, by (claim, number).
        steps: The steps taken since then that began or ended something.
        episodes: What happened since then to claims without changing what they say.
    """

    repo_id: str
    claims: dict[str, ClaimRecord] = field(default_factory=dict)
    latest: dict[str, VersionRecord] = field(default_factory=dict)
    changed_claims: set[str] = field(default_factory=set)
    changed_versions: dict[tuple[str, int], VersionRecord] = field(default_factory=dict)
    steps: dict[StepKey, Step] = field(default_factory=dict)
    episodes: list[Episode] = field(default_factory=list)
    _live: dict[str, list[Thread]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for claim in self.claims.values():
            version = self.latest[claim.claim_id]
            if version.until is None:
                thread = Thread(claim.claim_id, version.place)
                self._live.setdefault(claim.lane, []).append(thread)
        # As a step leaves them: which of two equal claims is which must not hang on when the
        # ledger was last saved.
        for threads in self._live.values():
            threads.sort(key=lambda one: (one.place.path, one.place.index))

    def threads(self, lane: str) -> list[Thread]:
        """The live claims of a lane, in the order in which their entries stand."""
        return self._live.get(lane, [])

    def advance(
        self,
        step: Step,
        entries: Iterable[PlacedEntry],
        *,
        evidence: Mapping[tuple[str, int], Evidence],
        carried: Sequence[Thread] = (),
    ) -> list[Thread]:
        """Take one step of a lane; returns what is live after it.

        Args:
            step: The commit and its push.
            entries: What the commit says in the step's lane.
            evidence: By (path, index in the file) of an entry.
            carried: Live claims of pull requests that this push merged.
        """
        lane = step.lane

        def name(placed: PlacedEntry) -> str:
            place = placed.path, placed.entry.index
            identity = claim_id(self.repo_id, lane, step.commit, *place)
            if self._is_live(identity):
                return claim_id(self.repo_id, lane, f"{step.commit}@{step.push}", *place)
            return identity

        events = advance(self.threads(lane), entries, name=name, carried=carried)
        for event in events:
            self._apply(step, event, evidence)
        self._live[lane] = live_after(events)
        return self._live[lane]

    def _is_live(self, identity: str) -> bool:
        return identity in self.latest and self.latest[identity].until is None

    def _apply(
        self, step: Step, event: Event, evidence: Mapping[tuple[str, int], Evidence]
    ) -> None:
        if event.entry is None:
            self._end(event.claim_id, step)
            return
        behind = evidence.get(event.entry.order, Evidence(level=0))
        if event.kind == "introduced":
            self._introduce(step, event.claim_id, event.entry, behind)
        elif event.kind == "changed":
            self._end(event.claim_id, step)
            self._add_version(event.claim_id, step, event.entry, behind)
        else:
            if event.kind == "carried":
                self._carry(step, event.claim_id)
            self._keep(step, event.claim_id, event.entry, behind)

    def _carry(self, step: Step, identity: str) -> None:
        claim = self.claims[identity]
        left = [thread for thread in self.threads(claim.lane) if thread.claim_id != identity]
        self._live[claim.lane] = left
        claim.lane = step.lane
        version = self.latest[identity]
        version.carried = self._taken(step)
        if version.at_commit is not None:
            version.at_commit = step.commit
        self._changed(version)

    def _taken(self, step: Step) -> StepKey:
        key = step.push, step.commit
        self.steps[key] = step
        return key

    def _introduce(self, step: Step, identity: str, placed: PlacedEntry, behind: Evidence) -> None:
        lane = step.lane
        if identity in self.claims:
            self.claims[identity].lane = lane
            self._add_version(identity, step, placed, behind)
            return
        self.claims[identity] = ClaimRecord(
            claim_id=identity,
            repo_id=self.repo_id,
            dataset_id=placed.entry.dataset_id,
            task_id=placed.entry.task_id,
            introduced=self._taken(step),
            lane=lane,
            pull=None if lane == MAIN_LANE else int(lane.removeprefix("pr/")),
            state=State.LIVE,
            reporter=Reporter.COMMUNITY,
            contradicts=None,
            conflicts=False,
            latest=0,
        )
        self._add_version(identity, step, placed, behind)

    def _add_version(
        self, identity: str, step: Step, placed: PlacedEntry, behind: Evidence
    ) -> None:
        claim, entry = self.claims[identity], placed.entry
        if identity in self.latest:
            self._changed(self.latest[identity])  # it is written among the earlier ones
        claim.latest += 1
        version = VersionRecord(
            claim_id=identity,
            dataset_id=entry.dataset_id,
            task_id=entry.task_id,
            number=claim.latest,
            content_key=entry.content_key,
            path=placed.path,
            position=entry.index,
            line=entry.line,
            dataset_revision=entry.dataset_revision,
            value=entry.value,
            value_text=entry.value_text,
            date=entry.date,
            source=_source(placed),
            notes=entry.notes,
            verify_token=entry.verify_token,
            extra=dict(entry.extra) or None,
            run_record=entry.run_record_sha,
            samples=behind.samples,
            stderr=behind.stderr,
            evidence_level=behind.level,
            since=self._taken(step),
        )
        self.latest[identity] = version
        self._changed(version)

    def _keep(self, step: Step, identity: str, placed: PlacedEntry, behind: Evidence) -> None:
        version, entry = self.latest[identity], placed.entry
        stood, stands = version.stands, (placed.path, entry.index, entry.line)
        if stood != stands:
            version.at_path, version.at_position, version.at_line = stands
            version.at_commit = step.commit
            self._changed(version)
            if stood[0] != placed.path:
                self._happened(identity, "moved", step, stood[0], placed.path)
        now = (behind.samples, behind.stderr, behind.level)
        if now != (version.samples, version.stderr, version.evidence_level):
            version.samples, version.stderr, version.evidence_level = now
            self._changed(version)

    def _happened(
        self, identity: str, kind: EpisodeKind, step: Step, before: str, after: str
    ) -> None:
        self.episodes.append(Episode(identity, kind, self._taken(step), before, after))
        self.changed_claims.add(identity)

    def standing(self, lane: str) -> dict[str, VersionRecord]:
        """The latest version of each live claim of a lane."""
        return {thread.claim_id: self.latest[thread.claim_id] for thread in self.threads(lane)}

    def rewrite(
        self, before: Mapping[str, tuple[int, str]], step: Step, lost: Collection[str]
    ) -> None:
        """Say of a lane's claims that the push which ends with this step rewrote its history.

        It touched those whose commit the lane has lost, and those that it changed or ended.

        Args:
            before: The claims that were live in the lane, with the number of the version that each
                had and the commit that showed it.
            step: The tip, or the end, that the push left the lane with.
            lost: Those commits that the lane no longer has.
        """
        for identity, (number, commit) in sorted(before.items()):
            version = self.latest[identity]
            is_same = version.number == number and version.until is None
            if is_same and commit not in lost:
                continue
            if is_same and version.commit == commit:
                version.at_path, version.at_position, version.at_line = version.stands
                version.at_commit = step.commit
            after = version.commit if version.until is None else ""
            self._happened(identity, "rewritten", step, commit, after)
            self.claims[identity].rewritten = True
            self._changed(version)

    def _end(self, identity: str, step: Step) -> None:
        version = self.latest[identity]
        version.until = self._taken(step)
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
        states = {
            identity: State.DELETED
            if deleted
            else _state(claim, self.latest[identity], pulls, on_main)
            for identity, claim in self.claims.items()
        }
        conflicting = self._find_conflicting(states)
        for claim in self.claims.values():
            author = claim.lane == MAIN_LANE and namespace_claimed and not mirror
            now = (
                states[claim.claim_id],
                Reporter.AUTHOR if author else Reporter.COMMUNITY,
                claim.claim_id in conflicting,
            )
            if now != (claim.state, claim.reporter, claim.conflicts):
                claim.state, claim.reporter, claim.conflicts = now
                self.changed_claims.add(claim.claim_id)

    def _find_conflicting(self, states: Mapping[str, State]) -> set[str]:
        """Live claims that share a lane, a dataset and a task with one of another value."""
        found = set()
        for threads in self._live.values():
            about: dict[tuple[str, str], list[str]] = {}
            for thread in threads:
                key = thread.place.dataset_id, thread.place.task_id
                if states[thread.claim_id] is State.LIVE:
                    about.setdefault(key, []).append(thread.claim_id)
            for together in about.values():
                if len({self.latest[identity].value for identity in together}) > 1:
                    found.update(together)
        return found

    def count_live(self) -> int:
        """How many claims stand."""
        return sum(claim.state == State.LIVE for claim in self.claims.values())

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
    gone = version.until is not None
    if claim.lane == MAIN_LANE:
        return state_of(gone=gone, pull=None, by_author=False, on_main=True)
    pull = pulls[int(claim.lane.removeprefix("pr/"))]
    by_author = pull.closed_by == pull.author
    said = version.content_key in on_main
    return state_of(gone=gone, pull=pull.status, by_author=by_author, on_main=said)


def state_of(*, gone: bool, pull: str | None, by_author: bool, on_main: bool) -> State:
    """The table of states, first row that fits.

    main: live while it stands there, deleted after. Pull requests: closed by their author →
    withdrawn, by somebody else → declined; merged without this entry → superseded; the entry gone
    from the pull request → deleted; main says the same by now → superseded; else live.

    Args:
        gone: Whether the entry stands there no longer.
        pull: The status of the pull request in whose lane it is; None on main.
        by_author: Whether the pull request's author closed it.
        on_main: Whether main says the same.
    """
    if pull == "closed":
        return State.WITHDRAWN if by_author else State.DECLINED
    if pull == "merged":
        return State.SUPERSEDED
    if gone:
        return State.DELETED
    return State.SUPERSEDED if pull is not None and on_main else State.LIVE
