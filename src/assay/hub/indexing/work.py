"""What is to be written of repositories: computed from git and the durable facts, then saved.

`compute` reads and decides, for one repository; it writes nothing, and what it gives can be handed
from one process to another. `save` writes what was computed of many, in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assay.core.ledger import Ledger
from assay.core.mirror_source import shown
from assay.core.permission import lane_of, pull_number
from assay.core.provenance import MAIN_LANE
from assay.formats.card import RepoType
from assay.hub.indexing.facts import STATUSES, Facts, add_pulls
from assay.hub.indexing.replay import LaneRows, Replay, Touched, TouchFiles
from assay.hub.open import Hub
from assay.hub.profiles import ProfileRows, read_profile
from assay.hub.results import ResultReader
from assay.hub.specs import BenchmarkRows, read_benchmark
from assay.storage.database import ledger_rows, profiles, record_rows, standings, tallies
from assay.storage.database.engine import Connection
from assay.storage.database.ledger_rows import RepoRow
from assay.storage.database.pushes import Push
from assay.storage.database.standings import Pair
from assay.storage.git import ZERO


@dataclass(frozen=True, slots=True)
class Work:
    """What a sync is going to write of one repository.

    Attributes:
        seen: What the index knew of it when this was computed.
        row: What it will know.
        renamed: Whether all its rows are to be removed first: run records name the model they are
            about, so all is weighed again.
        ledger: Its record.
        lanes: What stands at the tips that moved.
        pull_statuses: What became of its pull requests since.
        benchmark: What it is as a benchmark; None where that stays as it is.
        profile: What it says of itself, likewise.
    """

    seen: RepoRow | None
    row: RepoRow
    renamed: bool
    ledger: Ledger
    lanes: Mapping[str, LaneRows]
    pull_statuses: list[dict[str, Any]]
    benchmark: BenchmarkRows | None
    profile: ProfileRows | None

    @classmethod
    def of_damaged(cls, facts: Facts, seen: RepoRow | None, fault: str) -> Work:
        """For a repository that cannot be read: it stays behind, and everybody is told why."""
        row = replace(
            _row(facts, seen, ()),
            last_push=seen.last_push if seen else 0,
            last_event=seen.last_event if seen else 0,
            last_ruling=seen.last_ruling if seen else 0,
            main=seen.main if seen else None,
            claims=seen.claims if seen else 0,
            fault=fault,
        )
        ledger = Ledger(facts.record.id)
        return cls(seen, row, False, ledger, {}, [], None, None)  # noqa: FBT003 - a field's value

    @property
    def is_nothing(self) -> bool:
        """Whether the index says all that already."""
        return self.row == self.seen and not self.lanes and not self.ledger.changed_claims

    @property
    def is_fresh(self) -> bool:
        """Whether the index has no row of the repository yet."""
        return self.seen is None


def is_renamed(seen: RepoRow | None, facts: Facts) -> bool:
    """Whether the repository goes by other names than when it was last indexed."""
    if seen is None:
        return False
    return (f"{seen.namespace}/{seen.name}", seen.names) != (facts.record.full_name, facts.names)


Load = Callable[[Touched | None, TouchFiles], Ledger]
"""The record of a repository as the index has it, as far as it is touched; all of it for None.

Files that turn out to be touched too are told to the second argument first.
"""


def compute(
    hub: Hub, facts: Facts, seen: RepoRow | None, load: Load, *, renamed: bool = False
) -> Work:
    """What follows from the pushes and events that the index has not seen.

    Args:
        hub: The hub.
        facts: With the pushes after the last one that was seen.
        seen: What the index knows; when the names are others now, None counts.
        load: Gives the repository's record, which is advanced.
        renamed: As in `Work`.
    """
    record = facts.record
    known = None if renamed else seen
    main = known.main if known else None
    lanes: Mapping[str, LaneRows] = {}
    benchmark = profile = replay = None
    if known is not None and known.fault is not None:
        _try(hub, record.id, main)
    on_main = [push for push in facts.pushes if lane_of(push.ref) == MAIN_LANE]
    # Not opened for nothing: most syncs of many repositories have nothing to read.
    git = hub.git.open(record.id) if facts.pushes or known is None else None
    if git is not None and record.type == "model" and facts.pushes:
        reader = ResultReader(git, hub.parsed)
        merged, fresh = facts.merged, known is None
        replay = Replay(git, record.full_name, facts.names, reader, main, merged, fresh)
        numbers = ((push, pull_number(push.ref)) for push in facts.pushes)
        # Of a pull request that is none, somebody made the ref on the disk.
        replay.plan(push for push, n in numbers if n is None or n in facts.pulls)
        main = replay.main
    elif git is not None and record.type == "dataset" and on_main:
        main = None if on_main[-1].new == ZERO else on_main[-1].new
        benchmark = read_benchmark(git, record.id, main)
        lanes = {MAIN_LANE: LaneRows(findings=benchmark.findings, broken=benchmark.broken)}
    if git is not None and (known is None or on_main):
        repo_type: RepoType = "model" if record.type == "model" else "dataset"
        profile = read_profile(hub, record.id, repo_type, git, main)
    if replay is None:
        ledger = load(_touched(facts, known, Touched()), lambda _paths: None)
    else:
        ledger = load(_touched(facts, known, replay.touched), replay.touch_files)
        lanes = replay.run(ledger)
    add_pulls(hub, facts, ledger.pulls())
    gone = record.deleted is not None
    mirror = record.mirror_of is not None
    ledger.settle(facts.pulls, namespace_claimed=facts.claimed, mirror=mirror, deleted=gone)
    ledger.rule(facts.rulings)
    row = replace(_row(facts, known, on_main), main=main, claims=ledger.count_live())
    return Work(seen, row, renamed, ledger, lanes, _pull_statuses(facts), benchmark, profile)


def _touched(facts: Facts, known: RepoRow | None, touched: Touched) -> Touched | None:
    """What may change of the record, by pushes, events and rulings; None for anything."""
    if known is None or touched.everything:
        return None
    stands = known.claimed, known.mirror_of is not None, known.deleted
    record = facts.record
    if stands != (facts.claimed, record.mirror_of is not None, record.deleted is not None):
        return None
    touched.lanes.update(f"pr/{event.number}" for event in facts.events)
    touched.claims.update(one for one, row in facts.ruled.items() if row > known.last_ruling)
    return touched


def _try(hub: Hub, repo_id: str, main: str | None) -> None:
    """Read what could not be read before; raises as it did then, if it still cannot."""
    git = hub.git.open(repo_id)
    if main is not None:
        ResultReader(git, hub.parsed).at(main)


def _row(facts: Facts, known: RepoRow | None, on_main: Sequence[Push]) -> RepoRow:
    record = facts.record
    last = facts.pushes[-1].id if facts.pushes else known.last_push if known else 0
    return RepoRow(
        repo_id=record.id,
        type=record.type,
        namespace=record.namespace,
        name=record.name,
        names=facts.names,
        private=record.private,
        gated=record.gated,
        deleted=record.deleted is not None,
        claimed=facts.claimed,
        mirror_of=shown(record.mirror_of) if record.mirror_of is not None else None,
        created=record.created,
        updated=on_main[-1].received if on_main else known.updated if known else record.created,
        last_push=last,
        last_event=facts.last_event,
        last_ruling=facts.last_ruling,
        main=None,
        fault=None,
        claims=0,
    )


def _pull_statuses(facts: Facts) -> list[dict[str, Any]]:
    return [
        {
            "repo_id": event.repo_id,
            "pull": event.number,
            "event": event.id,
            "at": event.at,
            "status": STATUSES[event.kind],
            "by_author": event.actor == facts.pulls[event.number].author,
        }
        for event in facts.events
    ]


def save(db: Connection, works: Sequence[Work]) -> None:
    """Write what was computed of different repositories, and what follows for boards.

    Args:
        db: A write transaction, in which the index still knows what the works say it knew.
        works: What was computed.
    """
    names = _names_concerned(db, works)
    pairs = _begin(db, works)
    ledger_rows.put_repo_rows(db, [work.row for work in works])
    for work in works:
        if work.benchmark is not None:
            pairs |= ledger_rows.put_benchmark(
                db,
                work.row.repo_id,
                benchmark=work.benchmark.benchmark,
                tasks=work.benchmark.tasks,
                names=work.benchmark.names,
                succession=work.benchmark.succession,
            )
        elif work.row.type == "dataset" and work.row != work.seen:
            standings.touch_boards(db, work.row.repo_id)
    pairs |= standings.resolve(db, names)
    record_rows.save_ledgers(db, [work.ledger for work in works])
    for fresh in (True, False):
        _save_lanes(db, [work for work in works if work.is_fresh == fresh], fresh=fresh)
    ledger_rows.put_pull_statuses(db, [row for work in works for row in work.pull_statuses])
    _save_profiles(db, works)
    changed = [identity for work in works for identity in work.ledger.changed_claims]
    tallies.refresh(db, changed)
    pairs |= standings.pairs_of_claims(db, changed)
    standings.refresh(db, pairs)
    for work in works:
        if work.benchmark is not None:
            standings.drop_boards(
                db, work.row.repo_id, [t["task_id"] for t in work.benchmark.tasks]
            )


def _names_concerned(db: Connection, works: Iterable[Work]) -> set[str]:
    """Names of datasets by which other tasks, or none, may be meant from now on."""
    names: set[str] = set()
    for work in works:
        if work.row.type != "dataset":
            continue
        seen, row = work.seen, work.row
        if (
            seen is None
            or work.benchmark is not None
            or work.renamed
            or seen.deleted != row.deleted
        ):
            names |= {*row.names, *ledger_rows.names_as_indexed(db, row.repo_id)}
    return names


def _begin(db: Connection, works: Iterable[Work]) -> set[Pair]:
    """Remove what is to be written anew; the rows of boards in which it was."""
    hidden = [
        work.row.repo_id
        for work in works
        if work.seen is not None and (work.renamed or _as_seen(work.seen) != _as_seen(work.row))
    ]
    pairs = standings.pairs_of(db, hidden)
    for work in works:
        if work.renamed:
            ledger_rows.forget_repo(db, work.row.repo_id)
    return pairs


def _as_seen(row: RepoRow) -> tuple[str, str, bool, str | None]:
    """What of a repository itself its rows on boards hang on."""
    return row.namespace, row.name, row.private or row.deleted, row.mirror_of


def _save_lanes(db: Connection, works: Sequence[Work], *, fresh: bool) -> None:
    lanes = {(work.row.repo_id, lane): rows for work in works for lane, rows in work.lanes.items()}
    if lanes:
        ledger_rows.put_lanes(
            db,
            {lane: rows.paths for lane, rows in lanes.items()},
            findings={lane: rows.findings for lane, rows in lanes.items()},
            broken={lane: rows.broken for lane, rows in lanes.items()},
            records={lane: rows.records for lane, rows in lanes.items()},
            removals={lane: rows.removals for lane, rows in lanes.items()},
            fresh=fresh,
        )


def _save_profiles(db: Connection, works: Iterable[Work]) -> None:
    found = [work.profile for work in works if work.profile is not None]
    words = {profile.repo_id: profile.words for profile in found}
    bases = {profile.repo_id: profile.bases for profile in found}
    profiles.put_profiles(db, [profile.profile for profile in found], words, bases)
