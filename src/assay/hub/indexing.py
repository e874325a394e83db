"""From git and the durable rows to the index. A job carries a name; running it twice is harmless.

`sync(repo)`: 1. Read what the index is current with: the last push it has seen. 2. Replay the
pushes after it, in the order of the log: each moves one lane from commit to commit. 3. Say of every
claim where it stands. 4. Write what differs, in one short transaction, if the index is still where
step 1 saw it; else begin again.

Replaying from the first push gives the same rows: that is a rebuild.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.core.ledger import Ledger, PullState, Step
from assay.core.mirror_source import shown
from assay.core.permission import lane_of
from assay.core.provenance import MAIN_LANE, PlacedEntry, own_entries, pull_difference
from assay.formats.card import RepoType
from assay.formats.finding import Finding
from assay.hub.open import Hub
from assay.hub.profiles import ProfileRows, card_findings, read_profile
from assay.hub.results import EMPTY, ResultReader, ResultTree, record_paths
from assay.hub.settling import find_left_behind, mend, settle
from assay.hub.specs import BenchmarkRows, read_benchmark
from assay.storage.database import discussions as discussion_rows
from assay.storage.database import ledger_rows
from assay.storage.database import people as people_rows
from assay.storage.database import pushes as push_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database.engine import Connection
from assay.storage.database.index_store import IndexStore
from assay.storage.database.ledger_rows import RepoRow
from assay.storage.database.pushes import Push
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO, Commit, Repository
from assay.storage.git_wire import wait_for_orphans

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class LaneTip:
    """What stands beside the claims at the tip of a lane."""

    tree: ResultTree
    records: dict[str, str]
    removals: list[dict[str, Any]] = field(default_factory=list)
    paths: frozenset[str] | None = None
    card: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Replay:
    """A repository's record under way from push to push."""

    git: Repository
    model: str
    former: Collection[str]
    ledger: Ledger
    reader: ResultReader
    main: str | None
    merged: Mapping[int, list[str]]
    tips: dict[str, LaneTip] = field(default_factory=dict)
    _main_tree: ResultTree | None = None

    def take(self, push: Push) -> None:
        """Move the lane that a push speaks in."""
        lane = lane_of(push.ref)
        if lane is None:
            return
        base = self.main if lane != MAIN_LANE else None
        for step, commit in self._steps(push, base):
            self._advance(lane, step, commit, base, push)
        tip = None if push.new == ZERO else push.new
        if lane == MAIN_LANE:
            self.main = tip
        self._see_tip(lane, tip, base)

    def _steps(self, push: Push, base: str | None) -> Iterator[tuple[Step, Commit | None]]:
        """The commits that a push brought to its lane, oldest first; None where the lane ended."""
        if push.new == ZERO:
            yield self._step(push, None, rewrites=True), None
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
            yield self._step(push, commit, rewrites=rewrites), commit

    @staticmethod
    def _step(push: Push, commit: Commit | None, *, rewrites: bool) -> Step:
        facts = Step(commit.oid if commit else "", push.id, push.received, push.actor, rewrites)
        if commit is None:
            return facts
        return Step(
            commit.oid,
            push.id,
            push.received,
            push.actor,
            rewrites,
            commit.author_name,
            commit.author_email,
            commit.authored_s,
            commit.committer_name,
            commit.committed_s,
        )

    def _advance(
        self, lane: str, step: Step, commit: Commit | None, base: str | None, push: Push
    ) -> None:
        tree = self.reader.at(commit.oid if commit else None)
        if lane == MAIN_LANE and tree is self._main_tree:
            return
        self._main_tree = tree if lane == MAIN_LANE else self._main_tree
        entries = tree.entries()
        if commit is not None and base is not None:
            entries = own_entries(entries, self._base_entries(base, commit.oid))
        carried = [
            thread
            for other in (self.merged.get(push.id, []) if lane == MAIN_LANE else [])
            for thread in self.ledger.threads(other)
        ]
        if entries or self.ledger.threads(lane):
            evidence = tree.evidence(self.model, former=self.former)
            self.ledger.advance(lane, step, entries, evidence=evidence, carried=carried)

    def _base_entries(self, base: str, commit: str) -> list[PlacedEntry]:
        return self.reader.at(self.git.merge_base(base, commit)).entries()

    def _see_tip(self, lane: str, tip: str | None, base: str | None) -> None:
        tree = self.reader.at(tip)
        records = dict.fromkeys(record_paths(self.git, tip), tip) if tip else {}
        fork = self.git.merge_base(base, tip) if base and tip else None
        card = card_findings(self.git, tip, "model", before=fork)
        self.tips[lane] = LaneTip(tree, records, card=card)
        if tip is None or lane == MAIN_LANE:
            return
        before = self.reader.at(fork) if fork else EMPTY
        difference = pull_difference(tree.entries(), before.entries())
        self.ledger.contradict(difference.changed, lane)
        self.tips[lane].removals = [_removal(placed) for placed in difference.removed]
        known = {id(file) for file in before.files}
        self.tips[lane].paths = frozenset(f.path for f in tree.files if id(f) not in known)


def _removal(placed: PlacedEntry) -> dict[str, Any]:
    return {
        "path": placed.path,
        "position": placed.entry.index,
        "dataset_id": placed.entry.dataset_id,
        "task_id": placed.entry.task_id,
        "value_text": placed.entry.value_text,
    }


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the durable store says of a repository, read at one moment."""

    record: RepoRecord
    names: list[str]
    claimed: bool
    pushes: list[Push]
    pulls: dict[int, PullState]
    last_event: int
    merged: dict[int, list[str]]


def _read_facts(hub: Hub, repo_id: str, after: int) -> _Facts | None:
    with hub.durable.read() as db:
        record = repo_rows.repo_by_id(db, repo_id)
        if record is None:
            return None
        pulls = discussion_rows.all_pulls(db, repo_id)
        events = discussion_rows.events_of(db, repo_id)
        closed_by = {event.number: event.actor for event in events if event.kind == "closed"}
        merged: dict[int, list[str]] = {}
        for pull in pulls:
            if pull.merged_by_push is not None:
                merged.setdefault(pull.merged_by_push, []).append(f"pr/{pull.number}")
        return _Facts(
            record,
            repo_rows.names_of(db, repo_id),
            people_rows.is_claimed(db, record.namespace),
            push_rows.pushes(db, repo_id, after=after),
            {
                pull.number: PullState(pull.author, pull.status, closed_by.get(pull.number))
                for pull in pulls
            },
            events[-1].id if events else 0,
            merged,
        )


def sync(hub: Hub, repo_id: str) -> None:
    """Bring the index up to date with one repository; does nothing when nothing differs."""
    sync_into(hub, hub.index, repo_id)


def sync_into(hub: Hub, index: IndexStore, repo_id: str) -> None:
    """`sync` for an index that may not be the one that serves."""
    while True:
        with index.read() as db:
            seen = ledger_rows.find_repo_row(db, repo_id)
            ledger = ledger_rows.load_ledger(db, repo_id)
        facts = _read_facts(hub, repo_id, seen.last_push if seen else 0)
        if facts is None:
            return
        now = (facts.record.full_name, facts.names)
        renamed = seen is not None and now != (f"{seen.namespace}/{seen.name}", seen.names)
        if renamed:  # run records name the model they are about: all is weighed again
            facts, ledger = _read_facts(hub, repo_id, 0) or facts, Ledger(repo_id)
        work = _work(hub, facts, None if renamed else seen, ledger)
        if work.row == seen and not work.tips and not ledger.changed_claims:
            return
        with index.write() as db:
            if ledger_rows.find_repo_row(db, repo_id) == seen:
                if renamed:
                    ledger_rows.forget_repo(db, repo_id)
                work.save(db)
                return


@dataclass(frozen=True, slots=True)
class _Work:
    """What a sync is going to write."""

    row: RepoRow
    ledger: Ledger
    tips: Mapping[str, LaneTip]
    benchmark: BenchmarkRows | None
    profile: ProfileRows | None

    def save(self, db: Connection) -> None:
        ledger_rows.put_repo_row(db, self.row)
        ledger_rows.save_ledger(db, self.ledger)
        for lane, tip in self.tips.items():
            model = f"{self.row.namespace}/{self.row.name}"
            tree = tip.tree if tip.paths is None else tip.tree.only(tip.paths)
            ledger_rows.put_lane(
                db,
                self.row.repo_id,
                lane,
                findings=(*tree.findings(model, former=self.row.names), *tip.card),
                broken={file.path: file.error for file in tip.tree.files if file.error},
                records=tip.records,
                removals=tip.removals,
            )
        if self.benchmark is not None:
            self.benchmark.save(db)
        if self.profile is not None:
            self.profile.save(db)


def _work(hub: Hub, facts: _Facts, seen: RepoRow | None, ledger: Ledger) -> _Work:
    record = facts.record
    main = seen.main if seen else None
    tips: Mapping[str, LaneTip] = {}
    benchmark = profile = None
    on_main = [push for push in facts.pushes if lane_of(push.ref) == MAIN_LANE]
    if record.type == "model" and facts.pushes:
        git = hub.git.open(record.id)
        reader = ResultReader(git, hub.parsed)
        name, names = record.full_name, facts.names
        replay = Replay(git, name, names, ledger, reader, main, facts.merged)
        for push in facts.pushes:
            replay.take(push)
        main, tips = replay.main, replay.tips
    elif record.type == "dataset" and on_main:
        main = None if on_main[-1].new == ZERO else on_main[-1].new
        benchmark = read_benchmark(hub.git.open(record.id), record.id, main)
    if seen is None or on_main:
        repo_type: RepoType = "model" if record.type == "model" else "dataset"
        profile = read_profile(hub, record.id, repo_type, hub.git.open(record.id), main)
    gone = record.deleted is not None
    mirror = record.mirror_of is not None
    ledger.settle(facts.pulls, namespace_claimed=facts.claimed, mirror=mirror, deleted=gone)
    last = facts.pushes[-1].id if facts.pushes else seen.last_push if seen else 0
    row = RepoRow(
        repo_id=record.id,
        type=record.type,
        namespace=record.namespace,
        name=record.name,
        names=facts.names,
        private=record.private,
        gated=record.gated,
        deleted=gone,
        claimed=facts.claimed,
        mirror_of=shown(record.mirror_of) if record.mirror_of is not None else None,
        created=record.created,
        updated=on_main[-1].received if on_main else seen.updated if seen else record.created,
        last_push=last,
        last_event=facts.last_event,
        main=main,
    )
    return _Work(row, ledger, tips, benchmark, profile)


def sweep(hub: Hub) -> None:
    """Heal what a crash left: run it before serving. Waits for git processes that still run."""
    wait_for_orphans(hub.pushes_under_way)
    with hub.durable.read() as db:
        records = repo_rows.all_repos(db, deleted=True)
    left = find_left_behind(hub)
    for record in records:
        if record.deleted is not None:
            hub.git.discard(record.id)
            continue
        with hub.git.lock(record.id):
            mend(hub, record.id, left)
    ensure(hub)
    _catch_up(hub, hub.index)


def heal(hub: Hub) -> None:
    """What a running hub does every few minutes: settle and sync whatever was left behind."""
    with hub.durable.read() as db:
        broken = push_rows.repos_with_pending(db)
    for repo_id in broken:
        with hub.git.lock(repo_id):
            settle(hub, repo_id)
    _catch_up(hub, hub.index)


def ensure(hub: Hub) -> None:
    """Make sure that there is an index of this code's schema; an older one is rebuilt."""
    if not hub.index.is_current():
        if hub.index.is_empty():
            hub.index.create()
        else:
            rebuild(hub)


def rebuild(hub: Hub, *, on_progress: Progress = lambda _done, _of: None) -> None:
    """Build a new index beside the old one, which serves until they are swapped.

    Args:
        hub: The hub; another process may be serving it.
        on_progress: Called with (repositories done, of how many).
    """
    with hub.index.building() as built:
        with hub.durable.read() as db:
            ids = [record.id for record in repo_rows.all_repos(db, deleted=True)]
        for done, repo_id in enumerate(ids):
            on_progress(done, len(ids))
            sync_into(hub, built, repo_id)
        on_progress(len(ids), len(ids))
        with hub.index.exclusive():
            _catch_up(hub, built)
            hub.index.replace_with(built)


def _catch_up(hub: Hub, index: IndexStore) -> None:
    """Sync every repository that the index is behind with."""
    with hub.durable.read() as db:
        pushes, events = push_rows.last_pushes(db), discussion_rows.last_events(db)
        records = repo_rows.all_repos(db, deleted=True)
        names = repo_rows.all_names(db)
        claimed = people_rows.claimed_namespaces(db)
    with index.read() as db:
        rows = ledger_rows.all_repo_rows(db)
    for record in records:
        row = rows.get(record.id)
        if row is None or (row.last_push, row.last_event, _standing(row)) != (
            pushes.get(record.id, 0),
            events.get(record.id, 0),
            (
                record.full_name,
                names.get(record.id, []),
                record.private,
                record.gated,
                record.deleted is not None,
                record.namespace in claimed,
            ),
        ):
            sync_into(hub, index, record.id)


def _standing(row: RepoRow) -> tuple[str, list[str], bool, str | None, bool, bool]:
    """What the index believes of a repository that no push tells."""
    name = f"{row.namespace}/{row.name}"
    return name, row.names, row.private, row.gated, row.deleted, row.claimed


@dataclass(frozen=True, slots=True)
class RepoStatus:
    """How far the index is with one repository."""

    name: str
    type: str
    indexed: str | None
    head: str | None
    pushes_behind: int
    faults: int


def status(hub: Hub) -> list[RepoStatus]:
    """Per repository: what is indexed at which commit, what is behind, what has faults."""
    with hub.durable.read() as db:
        records = repo_rows.all_repos(db)
        log = {record.id: push_rows.pushes(db, record.id) for record in records}
    with hub.index.read() as db:
        rows = ledger_rows.all_repo_rows(db)
        faults = ledger_rows.count_errors(db)
    found = []
    for record in sorted(records, key=lambda record: (record.type, record.full_name)):
        row = rows.get(record.id)
        found.append(
            RepoStatus(
                name=record.full_name,
                type=record.type,
                indexed=row.main if row else None,
                head=hub.git.open(record.id).head("refs/heads/main"),
                pushes_behind=sum(p.id > (row.last_push if row else 0) for p in log[record.id]),
                faults=faults.get(record.id, 0),
            )
        )
    return found


def dump(hub: Hub) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every derived row in one order for everybody: equal indexes give equal dumps."""
    with hub.index.read() as db:
        yield from ledger_rows.dump_rows(db)
