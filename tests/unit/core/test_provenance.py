"""Which report is which: each numbered rule of `assay.core.provenance`, and what always holds."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.provenance import (
    Event,
    PlacedEntry,
    Thread,
    advance,
    claim_id,
    live_after,
    own_entries,
    place_of,
    pull_difference,
)
from assay.formats.result import Entry

# A commit in short: "FILE TASK VALUE" an entry; entries of one file in this order.
Said = str


def placed(said: list[Said]) -> list[PlacedEntry]:
    indexes: Counter[str] = Counter()
    found = []
    for line in said:
        path, task, value = line.split()
        entry = Entry(
            index=indexes[path],
            line=indexes[path] + 1,
            dataset_id="openai/gsm8k",
            task_id=task,
            value=float(value),
            value_text=value,
        )
        indexes[path] += 1
        found.append(PlacedEntry(path, entry))
    return found


def say(item: PlacedEntry) -> Said:
    return f"{item.path} {item.entry.task_id} {item.entry.value_text}"


def step(
    threads: list[Thread], said: list[Said], *, number: int, carried: list[Thread] | None = None
) -> list[Event]:
    def name(item: PlacedEntry) -> str:
        return f"{number}:{item.path}:{item.entry.index}"

    return advance(threads, placed(said), name=name, carried=carried or [])


def tell(before: list[Said], after: list[Said]) -> list[tuple[str, str, str | None]]:
    """What a step does: (kind, the claim by what it said before, what it says now)."""
    first = step([], before, number=1)
    said = {event.claim_id: say(event.entry) for event in first if event.entry}
    return [
        (event.kind, said.get(event.claim_id, "new"), say(event.entry) if event.entry else None)
        for event in step(live_after(first), after, number=2)
    ]


STEPS: dict[str, tuple[list[Said], list[Said], list[tuple[str, str, str | None]]]] = {
    "nothing changes": (["x a 1"], ["x a 1"], [("kept", "x a 1", "x a 1")]),
    "another value": (["x a 1"], ["x a 2"], [("changed", "x a 1", "x a 2")]),
    "another decimal": (["x a 1"], ["x a 1.0"], [("changed", "x a 1", "x a 1.0")]),
    "a file renamed": (["x a 1"], ["y a 1"], [("kept", "x a 1", "y a 1")]),
    "renamed and changed": (["x a 1"], ["y a 2"], [("changed", "x a 1", "y a 2")]),
    "another task": (
        ["x a 1"],
        ["x b 1"],
        [("introduced", "new", "x b 1"), ("deleted", "x a 1", None)],
    ),
    "gone": (
        ["x a 1", "x b 2"],
        ["x b 2"],
        [("kept", "x b 2", "x b 2"), ("deleted", "x a 1", None)],
    ),
    "new beside it": (
        ["x a 1"],
        ["x a 1", "x a 2"],
        [("kept", "x a 1", "x a 1"), ("introduced", "new", "x a 2")],
    ),
    "new before it": (
        ["x a 1"],
        ["x a 2", "x a 1"],
        [("introduced", "new", "x a 2"), ("kept", "x a 1", "x a 1")],
    ),
    "two swapped": (
        ["x a 1", "x a 2"],
        ["x a 2", "x a 1"],
        [("kept", "x a 2", "x a 2"), ("kept", "x a 1", "x a 1")],
    ),
    "equal content: same path preferred": (
        ["x a 1", "y a 1"],
        ["y a 1"],
        [("kept", "y a 1", "y a 1"), ("deleted", "x a 1", None)],
    ),
    "equal content elsewhere before the same task and path": (
        ["x a 1", "y a 2"],
        ["x a 2"],
        [("kept", "y a 2", "x a 2"), ("deleted", "x a 1", None)],
    ),
    "same task and path before the same task elsewhere": (
        ["x a 1", "y a 2"],
        ["y a 3"],
        [("changed", "y a 2", "y a 3"), ("deleted", "x a 1", None)],
    ),
    "same task and path, in order": (
        ["x a 1", "x a 2"],
        ["x a 3", "x a 4"],
        [("changed", "x a 1", "x a 3"), ("changed", "x a 2", "x a 4")],
    ),
    "same task elsewhere, in order": (
        ["x a 1", "y a 2"],
        ["z a 3", "z a 4"],
        [("changed", "x a 1", "z a 3"), ("changed", "y a 2", "z a 4")],
    ),
    "all gone": (["x a 1"], [], [("deleted", "x a 1", None)]),
    "nothing at all": ([], [], []),
}


@pytest.mark.parametrize("name", STEPS)
def test_rules_1_to_4(name: str) -> None:
    before, after, expected = STEPS[name]
    assert tell(before, after) == expected


def test_equal_entries_are_told_apart_by_their_order() -> None:
    threads = live_after(step([], ["x a 1", "x a 1"], number=1))
    events = step(threads, ["x a 1", "x a 1"], number=2)
    assert [(event.kind, event.claim_id) for event in events] == [
        ("kept", threads[0].claim_id),
        ("kept", threads[1].claim_id),
    ]


def test_the_id_of_a_claim_is_the_digest_of_its_introduction() -> None:
    facts = b"ada/m\0main\0abc\0.eval_results/x.yaml\x007"
    assert claim_id("ada/m", "main", "abc", ".eval_results/x.yaml", 7) == (
        hashlib.sha256(facts).hexdigest()
    )
    ids = {
        claim_id(*facts, index)
        for index in (0, 1)
        for facts in [("r", "main", "c", "p"), ("r", "pr/1", "c", "p"), ("r", "main", "d", "p")]
    }
    assert len(ids) == 6


def pull_threads(*said: Said) -> list[Thread]:
    return [Thread(f"pull-{n}", place_of(item)) for n, item in enumerate(placed(list(said)))]


def test_rule_5_an_entry_of_a_merged_pull_request_is_carried() -> None:
    events = step([], ["y a 1", "y b 2"], number=2, carried=pull_threads("x a 1"))
    assert [(event.kind, event.claim_id) for event in events] == [
        ("carried", "pull-0"),
        ("introduced", "2:y:1"),
    ]


def test_rule_5_each_claim_is_carried_once() -> None:
    events = step([], ["x a 1", "y a 1"], number=2, carried=pull_threads("x a 1"))
    assert [event.kind for event in events] == ["carried", "introduced"]


def test_rule_5_is_of_entries_that_would_be_introduced() -> None:
    main = live_after(step([], ["x a 1"], number=1))
    events = step(main, ["x a 2"], number=2, carried=pull_threads("x a 2"))
    assert [event.kind for event in events] == ["changed"]


def test_rule_5_asks_for_equal_content() -> None:
    events = step([], ["x a 1.0"], number=2, carried=pull_threads("x a 1"))
    assert [event.kind for event in events] == ["introduced"]


@pytest.mark.parametrize(
    ("entries", "base", "own"),
    [
        (["x a 1"], [], ["x a 1"]),
        (["x a 1"], ["x a 1"], []),
        (["y a 1"], ["x a 1"], []),
        (["x a 1", "x a 1"], ["x a 1"], ["x a 1"]),
        (["x a 2", "x b 3"], ["x a 1", "x b 3"], ["x a 2"]),
        ([], ["x a 1"], []),
    ],
)
def test_rule_6_what_main_says_already_is_no_second_claim(
    entries: list[Said], base: list[Said], own: list[Said]
) -> None:
    assert [say(item) for item in own_entries(placed(entries), placed(base))] == own


@pytest.mark.parametrize(
    ("entries", "base", "changed", "removed"),
    [
        (["x a 1"], ["x a 1"], [], []),
        (["x a 2"], ["x a 1"], [("x a 2", "x a 1")], []),
        (["y a 1"], ["x a 1"], [], []),
        (["x b 2"], ["x a 1"], [], ["x a 1"]),
        ([], ["x a 1", "y b 2"], [], ["x a 1", "y b 2"]),
        (["x a 1", "x a 9"], ["x a 1"], [], []),
    ],
)
def test_how_a_pull_request_stands_to_its_base(
    entries: list[Said], base: list[Said], changed: list[tuple[Said, Said]], removed: list[Said]
) -> None:
    difference = pull_difference(placed(entries), placed(base))
    assert [(say(new), say(old)) for new, old in difference.changed] == changed
    assert [say(item) for item in difference.removed] == removed


# Few files, tasks and values: so that entries collide, which is where matching can go wrong.
commits = st.lists(
    st.tuples(st.sampled_from("xy"), st.sampled_from("ab"), st.sampled_from(["1", "1.0", "2"])).map(
        " ".join
    ),
    max_size=6,
)


@given(st.lists(commits, max_size=5))
def test_every_thread_is_matched_at_most_once_and_keeps_its_id(history: list[list[Said]]) -> None:
    threads: list[Thread] = []
    ever: set[str] = set()
    for number, said in enumerate(history):
        events = step(threads, said, number=number)
        before = {thread.claim_id for thread in threads}
        met = [event.claim_id for event in events if event.kind != "introduced"]
        assert sorted(met) == sorted(before)  # each once: kept, changed or deleted
        new = [event.claim_id for event in events if event.kind == "introduced"]
        assert not set(new) & ever
        ever |= set(new)
        spoken = [say(event.entry) for event in events if event.entry]
        assert sorted(spoken) == sorted(said)
        old = {thread.claim_id: thread.place for thread in threads}
        for event in events:
            if event.entry is not None and event.claim_id in old:
                place = old[event.claim_id]
                same = event.entry.entry.content_key == place.content_key
                assert event.kind == ("kept" if same else "changed")
                assert event.entry.entry.task_id == place.task_id
        threads = live_after(events)
        assert len({thread.claim_id for thread in threads}) == len(said)


@given(commits, commits)
def test_nothing_is_deleted_while_an_entry_of_its_task_is_introduced(
    before: list[Said], after: list[Said]
) -> None:
    told = tell(before, after)
    gone = {said.split()[1] for kind, said, _ in told if kind == "deleted"}
    new = {now.split()[1] for kind, _, now in told if kind == "introduced" and now}
    assert not gone & new


@given(commits, commits)
def test_equal_content_is_kept_as_often_as_it_stands_on_both_sides(
    before: list[Said], after: list[Said]
) -> None:
    def contents(said: list[Said]) -> Counter[str]:
        return Counter(line.split(maxsplit=1)[1] for line in said)

    kept = Counter(
        said.split(maxsplit=1)[1] for kind, said, _ in tell(before, after) if kind == "kept"
    )
    assert kept == contents(before) & contents(after)


@given(commits, st.randoms(use_true_random=False))
def test_the_order_in_which_entries_are_given_does_not_matter(
    said: list[Said], random: object
) -> None:
    entries = placed(said)
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def name(item: PlacedEntry) -> str:
        return f"{item.path}:{item.entry.index}"

    assert advance([], shuffled, name=name) == advance([], entries, name=name)
