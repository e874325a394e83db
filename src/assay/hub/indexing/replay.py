"""A model repository's record, under way from push to push.

Each push moves one lane from commit to commit; what a commit says is matched with what its lane
said before (`core.provenance`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from assay.core.ledger import Ledger, Within
from assay.core.permission import lane_of
from assay.core.provenance import (
    MAIN_LANE,
    PlacedEntry,
    PullDifference,
    Subject,
    own_entries,
    pull_difference,
)
from assay.core.record import Step
from assay.formats.finding import Finding
from assay.hub.profiles import CARD, card_findings
from assay.hub.results import ResultReader, record_paths
from assay.storage.database.pushes import Push
from assay.storage.git import ZERO, Commit, Repository


@dataclass(frozen=True, slots=True)
class LaneRows:
    """What stands beside the claims at the tip of a lane.

    Attributes:
        paths: The files that findings and broken ones are of; None if of all that there are.
        findings: What the checks say.
        broken: Path of a file with errors → one sentence.
        records: Digest of a run record → a commit that has it.
        removals: Rows of entries that a pull request takes away.
    """

    paths: frozenset[str] | None = None
    findings: tuple[Finding, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, str] = field(default_factory=dict)
    removals: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Touched:
    """What of a record pushes and events can change; nothing else of it needs to be at hand.

    Attributes:
        subjects: What the entries that came, changed or went are about.
        lanes: Pull requests that moved, or of which something became.
        records: Run records of main that came, changed or went.
        claims: Ids of those on which somebody ruled.
        everything: Whether all may be touched.
    """

    subjects: set[Subject] = field(default_factory=set)
    lanes: set[str] = field(default_factory=set)
    records: set[str] = field(default_factory=set)
    claims: set[str] = field(default_factory=set)
    everything: bool = False


TouchFiles = Callable[[Collection[str]], None]


@dataclass(slots=True)
class Replay:
    """The record of one repository while pushes are taken: `plan` them, then `run` them.

    Attributes:
        git: The repository.
        model: Its name.
        former: All names that lead to it.
        reader: Reads its result files.
        main: Where main is.
        merged: Lanes that a push merged, by the push's number.
        fresh: Whether nothing is on record yet: then it does not matter what they touch.
        touched: What the planned pushes touch.
    """

    git: Repository
    model: str
    former: Collection[str]
    reader: ResultReader
    main: str | None
    merged: Mapping[int, list[str]]
    fresh: bool
    touched: Touched = field(default_factory=Touched)
    _began: str | None = field(init=False)
    _moves: list[_Move] = field(default_factory=list)
    _ends: dict[str, _End] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began = self.main

    def plan(self, pushes: Iterable[Push]) -> None:
        """See what pushes do to the lanes that they speak in."""
        self._moves = [
            self._move(push, lane) for push in pushes if (lane := lane_of(push.ref)) is not None
        ]
        strides = [stride for move in self._moves for stride in move.strides]
        self.reader.compare([stride.between for stride in strides])
        for stride in strides:
            stride.paths = self.reader.changed(*stride.between)
            if stride.step.lane == MAIN_LANE:
                stride.records = self.reader.changed_records(*stride.between)
        if self.fresh:
            return
        for stride in self._in_turn(strides):
            self.touched.subjects |= self._subjects(stride, stride.paths)
            self.touched.records |= stride.records

    def _move(self, push: Push, lane: str) -> _Move:
        base = self.main if lane != MAIN_LANE else None
        strides, before = [], self.main
        for step in self._steps(lane, push, base):
            at = step.commit or None
            if lane != MAIN_LANE:
                before = self.git.merge_base(base, at) if base and at else None
            strides.append(_Stride(step, before, at))
            before = at
        tip = None if push.new == ZERO else push.new
        fork = self.git.merge_base(base, tip) if base and tip else None
        if lane == MAIN_LANE:
            self.main = tip
            self.touched.lanes.update(self.merged.get(push.id, ()))
            self.touched.everything |= any(stride.step.rewrites for stride in strides)
        else:
            self.touched.lanes.add(lane)
        return _Move(push, lane, strides, _End(tip, fork))

    def _in_turn(self, strides: Sequence[_Stride]) -> Iterator[_Stride]:
        """Each stride, having read what it needs together with what the next ones need."""
        read = 0
        for at, stride in enumerate(strides):
            if at == read:
                read += self.reader.read_ahead(one.between for one in islice(strides, at, None))
            yield stride

    def _subjects(self, stride: _Stride, paths: Collection[str]) -> set[Subject]:
        """What all is about that was or is said in some files."""
        both = (self.reader.part(commit, paths) for commit in stride.between)
        return {placed.subject for tree in both for placed in tree.entries()}

    def touch_files(self, paths: Collection[str]) -> None:
        """Files of main as it was, which name run records that changed: they are weighed again."""
        self.touched.subjects |= {
            placed.subject for placed in self.reader.part(self._began, paths).entries()
        }

    def run(self, ledger: Ledger) -> dict[str, LaneRows]:
        """Do to the record what the pushes did; what stands at the tips of lanes that moved."""
        strides = self._in_turn([stride for move in self._moves for stride in move.strides])
        for move in self._moves:
            self._take(ledger, move, islice(strides, len(move.strides)))
            self._ends[move.lane] = move.end
            if move.end.tip is not None and move.lane != MAIN_LANE:
                # A later push may take the lane on, and then nobody asks.
                ledger.contradict(self._difference(move.end).changed, move.lane)
        return {lane: self._rows(ledger, lane, end) for lane, end in self._ends.items()}

    def _take(self, ledger: Ledger, move: _Move, strides: Iterable[_Stride]) -> None:
        rewrites = bool(move.strides) and move.strides[-1].step.rewrites
        stood = {
            identity: (version.number, version.commit)
            for identity, version in (ledger.standing(move.lane) if rewrites else {}).items()
        }
        for stride in strides:
            if move.lane == MAIN_LANE:
                self._advance_main(ledger, stride)
            else:
                self._advance_pull(ledger, stride)
        if stood:
            lost = self._lost(move.push, stood.values())
            ledger.rewrite(stood, move.strides[-1].step, lost)

    def _lost(self, push: Push, stood: Iterable[tuple[int, str]]) -> set[str]:
        """Of the commits at which claims stood, those that the lane has no more."""
        commits = {commit for _, commit in stood}
        if push.new == ZERO:
            return commits
        return {commit for commit in commits if not self.git.is_ancestor(commit, push.new)}

    def _steps(self, lane: str, push: Push, base: str | None) -> Iterator[Step]:
        """The commits that a push brought to its lane, oldest first; or that the lane ended."""
        if push.new == ZERO:
            yield Step(lane, "", push.id, push.received, push.actor, rewrites=True)
            return
        since, rewrites = None, False
        if push.old == ZERO:
            since = self.git.merge_base(base, push.new) if base else None
        elif self.git.is_ancestor(push.old, push.new):
            since = push.old
        else:
            since, rewrites = self.git.merge_base(push.old, push.new), True
        line = self.git.first_parents(push.new, since=since)
        if rewrites and not line:  # the ref went back to a commit that it had contained
            line = [self.git.commit(push.new)]
        for commit in line:
            yield _step(lane, push, commit, rewrites=rewrites)

    def _advance_main(self, ledger: Ledger, stride: _Stride) -> None:
        named = ledger.naming(MAIN_LANE, stride.records)
        paths = stride.paths | {place.path for place in named}
        if not paths:
            return
        tree = self.reader.part(stride.after, paths)
        lanes = self.merged.get(stride.step.push, [])
        carried = [thread for lane in lanes for thread in ledger.threads(lane)]
        evidence = tree.evidence(self.model, former=self.former)
        within = Within(paths, self._subjects(stride, paths))
        ledger.advance(
            stride.step, tree.entries(), evidence=evidence, carried=carried, within=within
        )

    def _advance_pull(self, ledger: Ledger, stride: _Stride) -> None:
        tree = self.reader.part(stride.after, stride.paths)
        base = self.reader.part(stride.before, stride.paths)
        entries = own_entries(tree.entries(), base.entries())
        if entries or ledger.threads(stride.step.lane):
            evidence = tree.evidence(self.model, former=self.former)
            ledger.advance(stride.step, entries, evidence=evidence)

    def _difference(self, end: _End) -> PullDifference:
        paths = self.reader.changed(end.fork, end.tip)
        tip, fork = self.reader.part(end.tip, paths), self.reader.part(end.fork, paths)
        return pull_difference(tip.entries(), fork.entries())

    def _rows(self, ledger: Ledger, lane: str, end: _End) -> LaneRows:
        removals: list[dict[str, Any]] = []
        if lane == MAIN_LANE:
            named = ledger.naming(lane, self.reader.changed_records(self._began, end.tip))
            paths = self.reader.changed(self._began, end.tip) | {place.path for place in named}
        else:
            paths = self.reader.changed(end.fork, end.tip)
            if end.tip is not None:
                removals = [_removal(placed) for placed in self._difference(end).removed]
        tree = self.reader.part(end.tip, paths)
        card = card_findings(self.git, end.tip, "model", before=end.fork)
        return LaneRows(
            paths=paths | {CARD} if lane == MAIN_LANE and self._began is not None else None,
            findings=(*tree.findings(self.model, former=self.former), *card),
            broken={file.path: file.error for file in tree.files if file.error},
            records=dict.fromkeys(record_paths(self.git, end.tip), end.tip) if end.tip else {},
            removals=removals,
        )


@dataclass(slots=True)
class _Stride:
    """A step, the commit that its lane is compared with, and what differs between the two.

    On main that is the commit before it, whatever history says of the two; in a pull request the
    commit of main that it forked from.
    """

    step: Step
    before: str | None
    after: str | None
    paths: frozenset[str] = frozenset()
    records: frozenset[str] = frozenset()

    @property
    def between(self) -> tuple[str | None, str | None]:
        """The two commits."""
        return self.before, self.after


@dataclass(frozen=True, slots=True)
class _Move:
    """A push in the lane that it speaks in, and where it left it."""

    push: Push
    lane: str
    strides: list[_Stride]
    end: _End


@dataclass(frozen=True, slots=True)
class _End:
    """Where a push left a lane, and the commit of main that it forked from then."""

    tip: str | None
    fork: str | None


def _step(lane: str, push: Push, commit: Commit, *, rewrites: bool) -> Step:
    return Step(
        lane,
        commit.oid,
        push.id,
        push.received,
        push.actor,
        rewrites,
        commit.author_name,
        commit.author_email,
        commit.authored_s,
        commit.committer_name,
        commit.committer_email,
        commit.committed_s,
    )


def _removal(placed: PlacedEntry) -> dict[str, Any]:
    return {
        "path": placed.path,
        "position": placed.entry.index,
        "dataset_id": placed.entry.dataset_id,
        "task_id": placed.entry.task_id,
        "value_text": placed.entry.value_text,
    }
