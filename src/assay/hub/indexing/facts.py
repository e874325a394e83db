"""What the durable store says of repositories, read for many of them at one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from assay.core.claim import Ruling
from assay.core.permission import pull_number
from assay.core.record import PullState
from assay.core.ruling import RulingRow, rulings_on
from assay.hub.open import Hub
from assay.storage.database import discussions as discussion_rows
from assay.storage.database import people as people_rows
from assay.storage.database import pushes as push_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database import rulings as ruling_rows
from assay.storage.database.catching_up import Marks
from assay.storage.database.discussions import Discussion, Event
from assay.storage.database.engine import Connection
from assay.storage.database.pushes import Push
from assay.storage.database.repos import RepoRecord

# Of a repository that the index has not seen.
NOTHING = Marks(0, 0)
# What an event makes of a pull request.
STATUSES = {"opened": "open", "reopened": "open", "closed": "closed", "merged": "merged"}


@dataclass(slots=True)
class Facts:
    """What the durable store says of one repository.

    Attributes:
        record: The repository.
        names: Every name that leads to it.
        claimed: Whether its namespace is its author's.
        pushes: The applied rows of its push log after the one that was asked for.
        pulls: Its pull requests as they are: those of which something is new, and those that
            `add_pulls` was told of.
        events: What became of them after the event that was asked for, in order.
        last_event: Number of the last event of its discussions.
        merged: Lanes that one of the pushes merged, by the push's number.
        rulings: What was ruled on its claims, by id.
        ruled: Number of the last row about each of those.
        last_ruling: Number of the last row about any.
    """

    record: RepoRecord
    names: list[str]
    claimed: bool
    pushes: list[Push] = field(default_factory=list)
    pulls: dict[int, PullState] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    last_event: int = 0
    merged: dict[int, list[str]] = field(default_factory=dict)
    rulings: Mapping[str, Ruling] = field(default_factory=dict)
    ruled: Mapping[str, int] = field(default_factory=dict)
    last_ruling: int = 0


def read_facts(hub: Hub, after: Mapping[str, Marks]) -> dict[str, Facts]:
    """The facts of repositories, by id; those that do not exist are left out.

    Args:
        hub: The hub.
        after: Ids, with the last push and the last event that are known of each.
    """
    ids = sorted(after)
    pushed = {one: marks.last_push for one, marks in after.items()}
    happened = {one: marks.last_event for one, marks in after.items()}
    with hub.durable.read() as db:
        records = repo_rows.repos_by_id(db, ids)
        names = repo_rows.names_of_many(db, ids)
        claimed = people_rows.claimed_among(db, {record.namespace for record in records})
        facts = {
            record.id: Facts(record, names.get(record.id, []), record.namespace in claimed)
            for record in records
        }
        for push in push_rows.pushes_after(db, pushed):
            facts[push.repo_id].pushes.append(push)
        _read_rulings(facts, ruling_rows.rulings_of_repos(db, ids))
        last = discussion_rows.last_events(db, ids)
        if last:
            events = discussion_rows.events_among(db, happened, kinds=STATUSES)
            _read_pulls(db, facts, after, events)
            _read_events(facts, events)
    for repo_id, number in last.items():
        facts[repo_id].last_event = number
    return facts


def add_pulls(hub: Hub, facts: Facts, numbers: Collection[int]) -> None:
    """Read pull requests that turn out to matter, though nothing is new about them."""
    missing = set(numbers) - facts.pulls.keys()
    if missing:
        with hub.durable.read() as db:
            _read_numbered(db, facts, missing)


def _read_rulings(facts: Mapping[str, Facts], ruled: Collection[RulingRow]) -> None:
    by_repo: defaultdict[str, list[RulingRow]] = defaultdict(list)
    for row in ruled:
        by_repo[row.repo_id].append(row)
    for repo_id, rows in by_repo.items():
        facts[repo_id].rulings = rulings_on(rows)
        facts[repo_id].ruled = {row.claim_id: row.id for row in rows}
        facts[repo_id].last_ruling = rows[-1].id


def _read_pulls(
    db: Connection, facts: Mapping[str, Facts], after: Mapping[str, Marks], events: Sequence[Event]
) -> None:
    """All pull requests of repositories of which nothing is known, and of others what is new."""
    unknown = [one for one, marks in after.items() if marks == NOTHING]
    for pull in discussion_rows.pulls_of(db, unknown):
        _take(facts[pull.repo_id], pull, None)
    news: defaultdict[str, set[int]] = defaultdict(set)
    for event in events:
        news[event.repo_id].add(event.number)
    for repo_id, of in facts.items():
        if after[repo_id] != NOTHING:
            numbers = (pull_number(push.ref) for push in of.pushes)
            news[repo_id].update(number for number in numbers if number is not None)
            _read_numbered(db, of, news[repo_id])


def _read_numbered(db: Connection, of: Facts, numbers: Collection[int]) -> None:
    repo_id = of.record.id
    pulls = discussion_rows.pulls_numbered(db, repo_id, numbers) if numbers else []
    closed = [pull.number for pull in pulls if pull.status == "closed"]
    closers = discussion_rows.closers(db, repo_id, closed) if closed else {}
    for pull in pulls:
        if pull.status not in discussion_rows.OPENING:
            _take(of, pull, closers.get(pull.number))


def _take(of: Facts, pull: Discussion, closed_by: str | None) -> None:
    of.pulls[pull.number] = PullState(pull.author, pull.status, closed_by)
    if pull.merged_by_push is not None:
        of.merged.setdefault(pull.merged_by_push, []).append(f"pr/{pull.number}")


def _read_events(facts: Mapping[str, Facts], events: Collection[Event]) -> None:
    for event in events:
        of = facts[event.repo_id]
        pull = of.pulls.get(event.number)
        if pull is None:
            continue
        of.events.append(event)
        if event.kind == "closed":
            of.pulls[event.number] = PullState(pull.author, pull.status, event.actor)
