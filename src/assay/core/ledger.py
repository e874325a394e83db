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

from assay.core.claim import Reporter, Ruling, State
from assay.core.provenance import (
    MAIN_LANE,
    Event,
    Place,
    PlacedEntry,
    Subject,
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


@dataclass(frozen=True, slots=True)
class Within:
    """What a step changed: files by path, and all that was or is said in them is about."""

    paths: Collection[str]
    subjects: Collection[Subject]

    def takes(self, threads: Iterable[Thread]) -> list[Thread]:
        """Those that stand in these files."""
        return [thread for thread in threads if thread.place.path in self.paths]

    def leaves(self, threads: Iterable[Thread]) -> list[Thread]:
        """Those that stand elsewhere."""
        return [thread for thread in threads if thread.place.path not in self.paths]


def _as_they_stand(thread: Thread) -> tuple[str, int]:
    return thread.place.path, thread.place.index


@dataclass(slots=True)
class Ledger:
    """The record of one repository, or all that it says about some subjects.

    What is said about one subject never hangs on what is said about another.

    Attributes:
        repo_id: The repository.
        claims: Its claims by id.
        latest: The latest version of each.
        changed_claims: Ids of claims that differ from when the ledger was opened.
        changed_versions: The versions that differ, by (claim, number).
        steps: The steps taken since then that began or ended something.
        episodes: What happened since then to claims without changing what they say.
        others_live: How many claims are live that are not here.
    """

    repo_id: str
    claims: dict[str, ClaimRecord] = field(default_factory=dict)
    latest: dict[str, VersionRecord] = field(default_factory=dict)
    changed_claims: set[str] = field(default_factory=set)
    changed_versions: dict[tuple[str, int], VersionRecord] = field(default_factory=dict)
    steps: dict[StepKey, Step] = field(default_factory=dict)
    episodes: list[Episode] = field(default_factory=list)
    others_live: int = 0
    _live: dict[str, dict[Subject, list[Thread]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for claim in self.claims.values():
            version = self.latest[claim.claim_id]
            if version.until is None:
                thread = Thread(claim.claim_id, version.place)
                about = self._live.setdefault(claim.lane, {})
                about.setdefault(thread.place.subject, []).append(thread)
        # As a step leaves them: which of two equal claims is which must not hang on when the
        # ledger was last saved.
        for of_lane in self._live.values():
            for threads in of_lane.values():
                threads.sort(key=_as_they_stand)

    def threads(self, lane: str) -> list[Thread]:
        """The live claims of a lane, in the order in which their entries stand."""
        found = [thread for threads in self._live.get(lane, {}).values() for thread in threads]
        return sorted(found, key=_as_they_stand)

    def naming(self, lane: str, records: Collection[str]) -> list[Place]:
        """Where a lane's live claims stand that name one of these run records."""
        threads = self.threads(lane) if records else []
        return [t.place for t in threads if self.latest[t.claim_id].run_record in records]

    def advance(
        self,
        step: Step,
        entries: Iterable[PlacedEntry],
        *,
        evidence: Mapping[tuple[str, int], Evidence],
        carried: Sequence[Thread] = (),
        within: Within | None = None,
    ) -> None:
        """Take one step of a lane.

        Args:
            step: The commit and its push.
            entries: What the commit says in the step's lane; with `within`, in those files.
            evidence: By (path, index in the file) of an entry.
            carried: Live claims of pull requests that this push merged.
            within: What the step changed; None for anything.
        """
        lane, entries = step.lane, list(entries)
        live = self._live.setdefault(lane, {})
        subjects = set(live if within is None else within.subjects)
        subjects.update(placed.subject for placed in entries)
        before: list[Thread] = []
        rest: dict[Subject, list[Thread]] = {}
        for subject in subjects:
            threads = live.get(subject, ())
            rest[subject] = [] if within is None else within.leaves(threads)
            before += threads if within is None else within.takes(threads)

        def name(placed: PlacedEntry) -> str:
            place = placed.path, placed.entry.index
            identity = claim_id(self.repo_id, lane, step.commit, *place)
            if self._is_live(identity):
                return claim_id(self.repo_id, lane, f"{step.commit}@{step.push}", *place)
            return identity

        events = advance(before, entries, name=name, carried=carried)
        for event in events:
            self._apply(step, event, evidence)
        for thread in live_after(events):
            rest[thread.place.subject].append(thread)
        for subject, threads in rest.items():
            live[subject] = sorted(threads, key=_as_they_stand)

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
        about = self._live[claim.lane]
        subject = claim.dataset_id, claim.task_id
        about[subject] = [thread for thread in about[subject] if thread.claim_id != identity]
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

    def pulls(self) -> set[int]:
        """The numbers of the pull requests in whose lanes claims are."""
        lanes = {claim.lane for claim in self.claims.values()} - {MAIN_LANE}
        return {int(lane.removeprefix("pr/")) for lane in lanes}

    def _find_conflicting(self, states: Mapping[str, State]) -> set[str]:
        """Live claims that share a lane, a dataset and a task with one of another value."""
        found = set()
        for of_lane in self._live.values():
            for threads in of_lane.values():
                live = [t.claim_id for t in threads if states[t.claim_id] is State.LIVE]
                if len({self.latest[identity].value for identity in live}) > 1:
                    found.update(live)
        return found

    def rule(self, rulings: Mapping[str, Ruling]) -> None:
        """Say of every claim what was ruled on it, by its id."""
        for claim in self.claims.values():
            now = rulings.get(claim.claim_id, Ruling.NONE)
            if now != claim.ruling:
                claim.ruling = now
                self.changed_claims.add(claim.claim_id)

    def count_live(self) -> int:
        """How many claims stand, of all."""
        live = sum(claim.state == State.LIVE for claim in self.claims.values())
        return self.others_live + live

    def contradict(self, pairs: Iterable[tuple[PlacedEntry, PlacedEntry]], lane: str) -> None:
        """Name, on each changed entry of a pull request, the claim on main that it contradicts."""
        own = {thread.place.content_key: thread.claim_id for thread in self.threads(lane)}
        for changed, base in pairs:
            claim = self.claims.get(own.get(changed.entry.content_key, ""))
            main = self._live.get(MAIN_LANE, {}).get(base.subject, [])
            exact = {thread.place.content_key: thread.claim_id for thread in main}
            target = exact.get(base.entry.content_key) or (main[0].claim_id if main else None)
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
