"""A model repository's record, under way from push to push.

Each push moves one lane from commit to commit; what a commit says is matched with what its lane
said before (`core.provenance`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.core.ledger import Ledger
from assay.core.permission import lane_of
from assay.core.provenance import (
    MAIN_LANE,
    PlacedEntry,
    PullDifference,
    own_entries,
    pull_difference,
)
from assay.core.record import Step
from assay.formats.finding import Finding
from assay.hub.profiles import card_findings
from assay.hub.results import ResultReader, ResultTree, record_paths
from assay.storage.database.pushes import Push
from assay.storage.git import ZERO, Commit, Repository


@dataclass(frozen=True, slots=True)
class LaneRows:
    """What stands beside the claims at the tip of a lane.

    Attributes:
        findings: What the checks say.
        broken: Path of a file with errors → one sentence.
        records: Digest of a run record → a commit that has it.
        removals: Rows of entries that a pull request takes away.
    """

    findings: tuple[Finding, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, str] = field(default_factory=dict)
    removals: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Replay:
    """The record of one repository while pushes are taken.

    Attributes:
        git: The repository.
        model: Its name.
        former: All names that lead to it.
        ledger: Its record.
        reader: Reads its result files.
        main: Where main is.
        merged: Lanes that a push merged, by the push's number.
    """

    git: Repository
    model: str
    former: Collection[str]
    ledger: Ledger
    reader: ResultReader
    main: str | None
    merged: Mapping[int, list[str]]
    _ends: dict[str, _End] = field(default_factory=dict)
    _main_tree: ResultTree | None = None

    def take(self, push: Push) -> None:
        """Move the lane that a push speaks in."""
        lane = lane_of(push.ref)
        if lane is None:
            return
        base = self.main if lane != MAIN_LANE else None
        stood = {
            identity: (version.number, version.commit)
            for identity, version in self.ledger.standing(lane).items()
        }
        steps = list(self._steps(lane, push, base))
        for step in steps:
            self._advance(step, base)
        if stood and steps and steps[-1].rewrites:
            self.ledger.rewrite(stood, steps[-1], self._lost(push, stood.values()))
        tip = None if push.new == ZERO else push.new
        if lane == MAIN_LANE:
            self.main = tip
        self._see_tip(lane, tip, base)

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

    def _advance(self, step: Step, base: str | None) -> None:
        tree = self.reader.at(step.commit or None)
        if step.lane == MAIN_LANE and tree is self._main_tree:
            return
        self._main_tree = tree if step.lane == MAIN_LANE else self._main_tree
        entries = tree.entries()
        if step.commit and base is not None:
            entries = own_entries(entries, self._base_entries(base, step.commit))
        lanes = self.merged.get(step.push, []) if step.lane == MAIN_LANE else []
        carried = [thread for lane in lanes for thread in self.ledger.threads(lane)]
        if entries or self.ledger.threads(step.lane):
            evidence = tree.evidence(self.model, former=self.former)
            self.ledger.advance(step, entries, evidence=evidence, carried=carried)

    def _base_entries(self, base: str, commit: str) -> list[PlacedEntry]:
        return self.reader.at(self.git.merge_base(base, commit)).entries()

    def _see_tip(self, lane: str, tip: str | None, base: str | None) -> None:
        """Name what a pull request's entries contradict; what else stands there waits for the end.

        A later push may take the lane on, and then nobody asks.
        """
        self._ends[lane] = _End(tip, self.git.merge_base(base, tip) if base and tip else None)
        if tip is not None and lane != MAIN_LANE:
            self.ledger.contradict(self._difference(self._ends[lane]).changed, lane)

    def _difference(self, end: _End) -> PullDifference:
        return pull_difference(
            self.reader.at(end.tip).entries(), self.reader.at(end.fork).entries()
        )

    def tips(self) -> dict[str, LaneRows]:
        """What stands at the tips of the lanes that moved."""
        return {lane: self._rows(lane, end) for lane, end in self._ends.items()}

    def _rows(self, lane: str, end: _End) -> LaneRows:
        tree, told, removals = self.reader.at(end.tip), self.reader.at(end.tip), []
        if end.tip is not None and lane != MAIN_LANE:
            removals = [_removal(placed) for placed in self._difference(end).removed]
            known = {id(file) for file in self.reader.at(end.fork).files}
            told = tree.only({file.path for file in tree.files if id(file) not in known})
        card = card_findings(self.git, end.tip, "model", before=end.fork)
        return LaneRows(
            findings=(*told.findings(self.model, former=self.former), *card),
            broken={file.path: file.error for file in tree.files if file.error},
            records=dict.fromkeys(record_paths(self.git, end.tip), end.tip) if end.tip else {},
            removals=removals,
        )


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
