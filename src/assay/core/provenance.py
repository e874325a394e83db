"""Which report is which: claims followed through the commits of a lane.

A lane is `main` or `pr/N` of one model repository. Its history is a line of steps, each the entries
that one commit holds. The rules:

1. An entry of a step is matched with one of the step before: first by equal content (same path
   preferred); else by the same dataset, task and path, in order; else by the same dataset and task,
   in order. What matches is about the same dataset and task; and what stands in a file that both
   steps have with the same bytes matches itself. So such files can be left out on both sides, and
   so can what is about other tasks: nothing else matches otherwise for it.
2. What is matched stays the same claim; if its content differs, it is a new version of it.
3. What is left in the new step is introduced: a new claim, whose id is the digest of where it came
   in (repository, lane, commit, path, index in the file).
4. What is left of the old step is deleted. Its claim stays on record.
5. On main, an entry that would be introduced and equals a live entry of a pull request merged there
   is not a new claim: the pull request's claim is carried to main.
6. A pull request's own entries at a commit are those that differ in content from the entries at the
   commit's merge base with main: what main says already is no second claim. Files that are the
   same in both say nothing, so that of equal entries the one in a changed file is its own.
7. A claim that was deleted returns when its lane goes back to where it was introduced. It is then
   introduced again, not changed: between its two versions nobody claimed it.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from assay.formats.result import Entry

MAIN_LANE = "main"
Subject = tuple[str, str]
"""A dataset and a task, as written."""


@dataclass(frozen=True, slots=True)
class PlacedEntry:
    """An entry and the file it stands in."""

    path: str
    entry: Entry

    @property
    def order(self) -> tuple[str, int]:
        """Entries of a commit in order: by file, then as written."""
        return self.path, self.entry.index

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return self.entry.dataset_id, self.entry.task_id


@dataclass(frozen=True, slots=True)
class Place:
    """What matching needs to know of an entry: where it stands and what it is about."""

    path: str
    index: int
    dataset_id: str
    task_id: str
    content_key: str

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return self.dataset_id, self.task_id


@dataclass(frozen=True, slots=True)
class Thread:
    """A live claim of a lane: its id and where its latest version stands."""

    claim_id: str
    place: Place


EventKind = Literal["introduced", "carried", "changed", "kept", "deleted"]


@dataclass(frozen=True, slots=True)
class Event:
    """What one step did to one claim.

    `kept` means equal content, perhaps at another line or in another file. `entry` is None only for
    `deleted`.
    """

    kind: EventKind
    claim_id: str
    entry: PlacedEntry | None


def claim_id(repo_id: str, lane: str, commit: str, path: str, index: int) -> str:
    """The id of a claim: sha256 (hex) over the five facts of its introduction (rule 3)."""
    facts = "\0".join((repo_id, lane, commit, path, str(index)))
    return hashlib.sha256(facts.encode()).hexdigest()


Beginning = Literal["introduced", "changed", "introduced again"]


def beginning(*, since: tuple[str, int], until: tuple[str | None, int | None]) -> Beginning:
    """How a later version of a claim began (rule 7).

    Args:
        since: Commit and push with which it began.
        until: Commit and push with which the version before it ended.
    """
    return "changed" if since == until else "introduced again"


def place_of(placed: PlacedEntry) -> Place:
    """The place of an entry."""
    entry = placed.entry
    return Place(placed.path, entry.index, entry.dataset_id, entry.task_id, entry.content_key)


def advance(
    threads: Sequence[Thread],
    entries: Iterable[PlacedEntry],
    *,
    name: Callable[[PlacedEntry], str],
    carried: Sequence[Thread] = (),
) -> list[Event]:
    """One step of a lane: what the entries of the next commit do to its live claims.

    Args:
        threads: The live claims before the step.
        entries: The entries of the commit, in any order.
        name: Gives the id of an introduced entry (`claim_id` with the lane's facts).
        carried: Live claims of pull requests merged by this step (rule 5).

    Returns:
        One event a live claim and one an introduced entry: kept, changed, introduced or carried in
        the order of the entries, then deleted.
    """
    after = sorted(entries, key=lambda placed: placed.order)
    before = sorted(threads, key=lambda thread: (thread.place.path, thread.place.index))
    matches = _match([thread.place for thread in before], [place_of(placed) for placed in after])
    merged = _by_content(carried)
    events = []
    for position, placed in enumerate(after):
        match = matches.get(position)
        if match is not None:
            thread = before[match]
            same = thread.place.content_key == placed.entry.content_key
            events.append(Event("kept" if same else "changed", thread.claim_id, placed))
        elif waiting := merged.get(placed.entry.content_key):
            events.append(Event("carried", waiting.pop(0).claim_id, placed))
        else:
            events.append(Event("introduced", name(placed), placed))
    matched = set(matches.values())
    gone = (thread for position, thread in enumerate(before) if position not in matched)
    return [*events, *(Event("deleted", thread.claim_id, None) for thread in gone)]


def live_after(events: Iterable[Event]) -> list[Thread]:
    """The live claims once a step's events have happened."""
    return [
        Thread(event.claim_id, place_of(event.entry)) for event in events if event.entry is not None
    ]


def own_entries(entries: Iterable[PlacedEntry], base: Iterable[PlacedEntry]) -> list[PlacedEntry]:
    """What a pull request itself says (rule 6): entries not in the merge base, by content.

    Args:
        entries: Those at its commit, in files that differ from the merge base's.
        base: Those of the merge base, in files that differ.
    """
    known = Counter(placed.entry.content_key for placed in base)
    own = []
    for placed in sorted(entries, key=lambda placed: placed.order):
        if known[placed.entry.content_key]:
            known[placed.entry.content_key] -= 1
        else:
            own.append(placed)
    return own


@dataclass(frozen=True, slots=True)
class PullDifference:
    """How a pull request's entries stand to those of its merge base.

    Attributes:
        changed: Pairs of (own entry, the base's entry that it would replace).
        removed: Entries of the base that the pull request takes away.
    """

    changed: tuple[tuple[PlacedEntry, PlacedEntry], ...]
    removed: tuple[PlacedEntry, ...]


def pull_difference(entries: Iterable[PlacedEntry], base: Iterable[PlacedEntry]) -> PullDifference:
    """Compare the tip of a pull request with its merge base, by the rules of matching."""
    after = sorted(entries, key=lambda placed: placed.order)
    before = sorted(base, key=lambda placed: placed.order)
    matches = _match([place_of(p) for p in before], [place_of(p) for p in after])
    changed = tuple(
        (after[new], before[old])
        for new, old in sorted(matches.items())
        if after[new].entry.content_key != before[old].entry.content_key
    )
    kept = set(matches.values())
    removed = tuple(placed for position, placed in enumerate(before) if position not in kept)
    return PullDifference(changed, removed)


# Rule 1, from the most to the least alike.
_LIKENESS: tuple[Callable[[Place], Hashable], ...] = (
    lambda place: (place.content_key, place.path),
    lambda place: place.content_key,
    lambda place: (place.dataset_id, place.task_id, place.path),
    lambda place: (place.dataset_id, place.task_id),
)


def _match(before: Sequence[Place], after: Sequence[Place]) -> dict[int, int]:
    """Positions in `after` → positions in `before`, each used at most once."""
    matches: dict[int, int] = {}
    free = set(range(len(before)))
    for likeness in _LIKENESS:
        waiting: defaultdict[Hashable, list[int]] = defaultdict(list)
        for position in sorted(free, reverse=True):
            waiting[likeness(before[position])].append(position)
        for position, place in enumerate(after):
            if position not in matches and waiting[likeness(place)]:
                matches[position] = waiting[likeness(place)].pop()
                free.discard(matches[position])
    return matches


def _by_content(threads: Iterable[Thread]) -> dict[str, list[Thread]]:
    found: defaultdict[str, list[Thread]] = defaultdict(list)
    for thread in threads:
        found[thread.place.content_key].append(thread)
    return dict(found)
