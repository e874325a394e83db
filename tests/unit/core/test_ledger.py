"""The record of a repository: what steps do to it, and the table of states, row by row."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assay.core.ledger import Ledger
from assay.core.provenance import MAIN_LANE, PlacedEntry, claim_id
from assay.core.record import Evidence, PullState, Step, VersionRecord
from assay.formats.result import Entry, Source

REPO = "r1"


def placed(*said: str) -> list[PlacedEntry]:
    """Entries of one file in short: "TASK VALUE"."""
    found = []
    for index, line in enumerate(said):
        task, value = line.split()
        entry = Entry(
            index=index,
            line=index + 1,
            dataset_id="openai/gsm8k",
            task_id=task,
            value=float(value),
            value_text=value,
        )
        found.append(PlacedEntry("x.yaml", entry))
    return found


class Story:
    """A ledger, told push by push; keeps each version as the caller would write it."""

    def __init__(self) -> None:
        self.ledger = Ledger(REPO)
        self.pushes = 0
        self.written: dict[tuple[str, int], dict[str, Any]] = {}

    def push(
        self,
        lane: str,
        commit: str,
        *said: str,
        rewrites: bool = False,
        evidence: Mapping[tuple[str, int], Evidence] | None = None,
        merges: str | None = None,
    ) -> None:
        self.pushes += 1
        step = Step(
            lane,
            commit,
            self.pushes,
            f"2026-01-{self.pushes:02d}T00:00:00Z",
            "ada",
            rewrites,
            author_name="Ada",
            author_email="ada@example.org",
        )
        carried = self.ledger.threads(merges) if merges else []
        self.ledger.advance(step, placed(*said), evidence=evidence or {}, carried=carried)
        for key, version in self.ledger.changed_versions.items():
            self.written[key] = asdict(version)

    def settle(self, *, claimed: bool = True, mirror: bool = False, **pulls: PullState) -> None:
        by_number = {int(name.removeprefix("pr")): pull for name, pull in pulls.items()}
        self.ledger.settle(by_number, namespace_claimed=claimed, mirror=mirror)

    def states(self) -> dict[str, str]:
        """What stands on record: "TASK VALUE" of each claim's latest version, and its state."""
        return {
            f"{version.task_id} {version.value_text}": self.ledger.claims[identity].state
            for identity, version in self.ledger.latest.items()
        }

    def version(self, said: str) -> VersionRecord:
        (found,) = [
            version
            for version in self.ledger.latest.values()
            if f"{version.task_id} {version.value_text}" == said
        ]
        return found


OPEN = PullState("bob", "open", None)
CLOSED_BY_AUTHOR = PullState("bob", "closed", "bob")
CLOSED_BY_OTHER = PullState("bob", "closed", "ada")
CLOSED_BY_NOBODY = PullState("bob", "closed", None)
MERGED = PullState("bob", "merged", "ada")


def on_main(*, gone: bool) -> Story:
    story = Story()
    story.push(MAIN_LANE, "c1", "a 1")
    if gone:
        story.push(MAIN_LANE, "c2")
    return story


@pytest.mark.parametrize(("gone", "state"), [(False, "live"), (True, "deleted")])
def test_states_on_main(*, gone: bool, state: str) -> None:
    story = on_main(gone=gone)
    story.settle()
    assert story.states() == {"a 1": state}


# (the pull request, whether the entry is gone from it, whether main says the same): the state
STATES: dict[tuple[str, bool, bool], str] = {
    ("closed by author", False, False): "withdrawn",
    ("closed by author", True, False): "withdrawn",
    ("closed by author", False, True): "withdrawn",
    ("closed by author", True, True): "withdrawn",
    ("closed by other", False, False): "declined",
    ("closed by other", True, False): "declined",
    ("closed by other", False, True): "declined",
    ("closed by other", True, True): "declined",
    ("closed by nobody known", False, False): "declined",
    ("merged", False, False): "superseded",
    ("merged", True, False): "superseded",
    ("merged", False, True): "superseded",
    ("merged", True, True): "superseded",
    ("open", True, False): "deleted",
    ("open", True, True): "deleted",
    ("open", False, True): "superseded",
    ("open", False, False): "live",
    ("draft", False, False): "live",
    ("opening", False, False): "live",
}
PULLS = {
    "closed by author": CLOSED_BY_AUTHOR,
    "closed by other": CLOSED_BY_OTHER,
    "closed by nobody known": CLOSED_BY_NOBODY,
    "merged": MERGED,
    "open": OPEN,
    "draft": PullState("bob", "draft", None),
    "opening": PullState("bob", "opening", None),
}


@pytest.mark.parametrize(("pull", "gone", "said_on_main"), STATES)
def test_states_in_a_pull_request(pull: str, *, gone: bool, said_on_main: bool) -> None:
    story = Story()
    story.push("pr/1", "p1", "a 1")
    if gone:
        story.push("pr/1", "p2")
    if said_on_main:
        story.push(MAIN_LANE, "c1", "a 1")
    story.settle(pr1=PULLS[pull])
    identity = claim_id(REPO, "pr/1", "p1", "x.yaml", 0)
    assert story.ledger.claims[identity].state == STATES[pull, gone, said_on_main]


@pytest.mark.parametrize(
    ("claimed", "mirror", "speakers"),
    [
        (True, False, ["author", "community"]),
        (False, False, ["community", "community"]),
        (True, True, ["community", "community"]),
        (False, True, ["community", "community"]),
    ],
)
def test_settling_says_who_speaks(*, claimed: bool, mirror: bool, speakers: list[str]) -> None:
    story = Story()
    story.push(MAIN_LANE, "c1", "a 1")
    story.push("pr/1", "p1", "b 2")
    story.settle(pr1=OPEN)
    story.settle(claimed=claimed, mirror=mirror, pr1=OPEN)
    assert [claim.reporter for claim in story.ledger.claims.values()] == speakers


def test_a_claim_is_introduced_with_all_that_is_known() -> None:
    story = Story()
    entry = Entry(
        index=0,
        line=7,
        dataset_id="openai/gsm8k",
        task_id="main",
        dataset_revision="r",
        value=1.0,
        value_text="1.0",
        date="2026-01-01",
        verify_token="t",
        source=Source("https://example.org/runs/" + "a" * 64, org="o"),
        notes="n",
        extra={"k": 1},
    )
    step = Step(
        "pr/12",
        "p1",
        4,
        "2026-01-04",
        "bob",
        rewrites=False,
        author_name="Bob",
        author_email="b@example.org",
        authored_s=5,
        committer_name="Hub",
        committed_s=6,
    )
    behind = {("x.yaml", 0): Evidence(level=1, samples=10, stderr=0.5)}
    story.ledger.advance(step, [PlacedEntry("x.yaml", entry)], evidence=behind)
    (claim,) = story.ledger.claims.values()
    assert claim.claim_id == claim_id(REPO, "pr/12", "p1", "x.yaml", 0)
    assert (claim.lane, claim.pull, claim.introduced) == ("pr/12", 12, (4, "p1"))
    assert story.ledger.steps == {(4, "p1"): step}
    version = story.ledger.latest[claim.claim_id]
    row = asdict(version)
    assert row["source"] == {"url": "https://example.org/runs/" + "a" * 64, "org": "o"}
    expected = {
        "number": 1,
        "content_key": entry.content_key,
        "line": 7,
        "dataset_revision": "r",
        "value_text": "1.0",
        "date": "2026-01-01",
        "notes": "n",
        "verify_token": "t",
        "extra": {"k": 1},
        "run_record": "a" * 64,
        "samples": 10,
        "stderr": 0.5,
        "evidence_level": 1,
        "since": (4, "p1"),
        "until": None,
    }
    assert {key: row[key] for key in expected} == expected


def test_a_change_ends_one_version_and_begins_the_next() -> None:
    story = Story()
    story.push(MAIN_LANE, "c1", "a 1")
    story.push(MAIN_LANE, "c2", "a 2")
    identity = claim_id(REPO, MAIN_LANE, "c1", "x.yaml", 0)
    assert list(story.ledger.claims) == [identity]
    first, second = story.written[identity, 1], story.written[identity, 2]
    assert first["until"] == second["since"] == (2, "c2")
    assert second["until"] is None
    assert story.ledger.steps[2, "c2"].pusher == "ada"
    assert story.ledger.claims[identity].latest == 2


def test_an_unchanged_entry_writes_nothing() -> None:
    story = Story()
    story.push(MAIN_LANE, "c1", "a 1")
    story.settle()
    story.ledger.changed_claims.clear()
    story.ledger.changed_versions.clear()
    story.push(MAIN_LANE, "c2", "a 1")
    story.settle()
    assert story.ledger.changed_claims == set()
    assert story.ledger.changed_versions == {}


def test_another_place_or_evidence_is_written_and_is_no_new_version() -> None:
    story = Story()
    story.push(MAIN_LANE, "c1", "a 1")
    story.push(MAIN_LANE, "c2", "b 2", "a 1", evidence={("x.yaml", 1): Evidence(3, 10, 0.5)})
    version = story.version("a 1")
    assert (version.number, version.position, version.line) == (1, 0, 1)
    assert (version.stands, version.commit) == (("x.yaml", 1, 2), "c2")
    assert (version.evidence_level, version.samples, version.stderr) == (3, 10, 0.5)
    assert version.since == (1, "c1")
    assert (version.claim_id, 1) in story.ledger.changed_versions


@pytest.mark.parametrize(("commit", "rewrites"), [("c2", False), ("", True)])
def test_what_is_gone_says_by_which_push(commit: str, *, rewrites: bool) -> None:
    story = Story()
    story.push(MAIN_LANE, "c1", "a 1")
    story.push(MAIN_LANE, commit, rewrites=rewrites)
    version = story.version("a 1")
    assert version.until == (2, commit)
    step = story.ledger.steps[2, commit]
    assert (step.received, step.rewrites) == ("2026-01-02T00:00:00Z", rewrites)


def test_a_merge_carries_the_claim_to_main_and_keeps_its_pull_request() -> None:
    story = Story()
    story.push("pr/1", "p1", "a 1", "b 2")
    story.push(MAIN_LANE, "m1", "a 1", merges="pr/1")
    story.settle(pr1=MERGED)
    assert story.states() == {"a 1": "live", "b 2": "superseded"}
    claim = story.ledger.claims[claim_id(REPO, "pr/1", "p1", "x.yaml", 0)]
    assert (claim.lane, claim.pull, claim.introduced) == (MAIN_LANE, 1, (1, "p1"))
    assert story.version("a 1").carried == (2, "m1")
    assert story.ledger.steps[claim.introduced].lane == "pr/1"
    assert claim.reporter == "author"
    assert [thread.claim_id for thread in story.ledger.threads("pr/1")] == [
        claim_id(REPO, "pr/1", "p1", "x.yaml", 1)
    ]
    assert story.version("a 1").until is None


def test_a_lane_that_goes_back_to_a_commit_brings_its_claims_back() -> None:
    story = Story()
    story.push(MAIN_LANE, "c1", "a 1")
    story.push(MAIN_LANE, "c2", "a 2")
    story.push(MAIN_LANE, "other", rewrites=True)
    story.push(MAIN_LANE, "c1", "a 1", rewrites=True)
    story.settle()
    identity = claim_id(REPO, MAIN_LANE, "c1", "x.yaml", 0)
    assert list(story.ledger.claims) == [identity]
    assert story.states() == {"a 1": "live"}
    claim = story.ledger.claims[identity]
    assert (claim.introduced[0], claim.latest) == (1, 3)
    spans = [
        (story.written[identity, n]["since"], story.written[identity, n]["until"])
        for n in (1, 2, 3)
    ]
    assert spans == [
        ((1, "c1"), (2, "c2")),
        ((2, "c2"), (3, "other")),
        ((4, "c1"), None),
    ]


def contradictions(story: Story) -> dict[str, str | None]:
    return {
        f"{story.ledger.latest[c.claim_id].task_id} {story.ledger.latest[c.claim_id].value_text}": (
            c.contradicts
        )
        for c in story.ledger.claims.values()
        if c.lane != MAIN_LANE
    }


def test_a_changed_entry_names_the_claim_it_contradicts() -> None:
    story = Story()
    story.push(MAIN_LANE, "c1", "a 1", "b 2")
    story.push("pr/1", "p1", "a 9", "c 3")
    main_a = claim_id(REPO, MAIN_LANE, "c1", "x.yaml", 0)
    pair = (placed("a 9")[0], placed("a 1")[0])
    story.ledger.contradict([pair], "pr/1")
    assert contradictions(story) == {"a 9": main_a, "c 3": None}


def test_a_contradiction_finds_main_though_it_moved_on() -> None:
    story = Story()
    story.push(MAIN_LANE, "c1", "a 1")
    story.push(MAIN_LANE, "c2", "a 5")
    story.push("pr/1", "p1", "a 9")
    pair = (placed("a 9")[0], placed("a 1")[0])
    story.ledger.contradict([pair], "pr/1")
    assert contradictions(story) == {"a 9": claim_id(REPO, MAIN_LANE, "c1", "x.yaml", 0)}


def test_nothing_on_main_is_contradicted_by_nobody() -> None:
    story = Story()
    story.push("pr/1", "p1", "a 9")
    story.ledger.contradict([(placed("a 9")[0], placed("a 1")[0])], "pr/1")
    assert contradictions(story) == {"a 9": None}


def test_what_lives_on_in_another_entry_does_not_come_back_twice() -> None:
    story = Story()
    story.push(MAIN_LANE, "c1", "a 1", "a 2")
    story.push(MAIN_LANE, "c2", "a 2")
    story.push(MAIN_LANE, "c3", "a 1")
    story.push(MAIN_LANE, "c1", "a 1", "a 2", rewrites=True)
    story.settle()
    first, second = (claim_id(REPO, MAIN_LANE, "c1", "x.yaml", index) for index in (0, 1))
    again = claim_id(REPO, MAIN_LANE, "c1@4", "x.yaml", 1)
    assert {
        identity: (claim.state, story.ledger.latest[identity].value_text)
        for identity, claim in story.ledger.claims.items()
    } == {first: ("deleted", "1"), second: ("live", "1"), again: ("live", "2")}


# A commit is what it says. A merged pull request is pushed to no more.
commits = st.lists(st.sampled_from(["a 1", "a 2", "b 1", "b 2"]), max_size=3)
pushes = st.lists(
    st.tuples(st.sampled_from([MAIN_LANE, "pr/1", "merge", "pr/2"]), commits), max_size=8
)


def tell(story: Story, history: list[tuple[str, list[str]]]) -> Iterator[None]:
    merged = False
    for lane, entries in history:
        if lane == "merge":
            story.push(MAIN_LANE, " ".join(entries), *entries, merges="pr/1")
            merged = True
        elif not (merged and lane == "pr/1"):
            story.push(lane, " ".join(entries), *entries)
        yield


def settle(story: Story) -> None:
    story.settle(pr1=OPEN, pr2=OPEN)


@given(pushes)
@example([("pr/1", ["b 2", "b 1"]), ("pr/1", ["b 1", "b 1"]), ("merge", ["b 1"])])
def test_one_by_one_or_all_at_once_gives_one_record(history: list[tuple[str, list[str]]]) -> None:
    """The same whether a ledger lives through all pushes, or is saved and opened after each."""
    through, saved = Story(), Story()
    for _ in tell(through, history):
        pass
    for _ in tell(saved, history):
        settle(saved)
        saved.ledger = Ledger(
            REPO, copy.deepcopy(saved.ledger.claims), copy.deepcopy(saved.ledger.latest)
        )
    settle(through)
    settle(saved)
    assert through.ledger.claims == saved.ledger.claims
    assert through.ledger.latest == saved.ledger.latest
    assert through.written == saved.written


@given(pushes)
def test_no_version_is_lost_and_each_thread_is_one_live_claim(
    history: list[tuple[str, list[str]]],
) -> None:
    story = Story()
    for _ in tell(story, history):
        for lane in (MAIN_LANE, "pr/1", "pr/2"):
            threads = [thread.claim_id for thread in story.ledger.threads(lane)]
            live = [
                version.claim_id
                for version in story.ledger.latest.values()
                if version.until is None and story.ledger.claims[version.claim_id].lane == lane
            ]
            assert sorted(threads) == sorted(live)
    for identity, claim in story.ledger.claims.items():
        versions = [story.written[identity, n] for n in range(1, claim.latest + 1)]
        for earlier, later in itertools.pairwise(versions):
            assert earlier["until"] is not None
            assert earlier["until"][0] <= later["since"][0]
