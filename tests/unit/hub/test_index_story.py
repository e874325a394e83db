"""The index after anything that people do: as one built anew, with boards from claims alone.

Stories are random, from a seed, and told through the hub's own verbs against real repositories; one
fails with its seed and what was done.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assay.core import ranking
from assay.core.claim import Claim
from assay.core.permission import MAIN, STRANGER, Reader
from assay.core.policy import POLICIES, View
from assay.errors import AssayError
from assay.formats.terms import bounds_of
from assay.hub import boards, discussions, indexing, lifecycle, people, pulls, repos
from assay.hub.board_rows import rows_of
from assay.hub.large import Incoming
from assay.hub.open import Hub, open_hub
from assay.hub.pulls import Proposal
from assay.hub.push import land_commit
from assay.settings import HubSettings
from assay.storage.database import boards as board_rows
from assay.storage.database import claims as claim_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database import standings
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO, Identity, RefUpdate, open_quarantine

DATASETS = ("bench/quiz", "bench/puzzle", "bench/renamed", "nowhere/unregistered")
TASKS = ("main", "other", "aka")
FILES = tuple(f".eval_results/{name}.yaml" for name in "abc")
SPEC = "name: Q\nevaluation_framework: mteb\ntasks:\n"
TERMS = """supersedes: [bench/puzzle]
tasks:
  "*":
    metrics: [{id: acc, unit: %s, direction: %s}]
    items: 50
"""
STEPS = 30
VIEWS: tuple[View, ...] = ("models", "claims")
ROOT = Reader("root", is_admin=True)
WAYS: dict[str, float] = {
    "push": 9,
    "propose": 7,
    "on_pull": 9,
    "rewrite": 5,
    "settle": 2,
    "specify": 5,
}
WAYS |= {"end": 0.4, "benchmark": 1.5}
RESULTS = {way: WAYS[way] for way in ("push", "propose", "on_pull", "rewrite")}


@dataclass
class Story:
    """A hub, and the random things that are done to it."""

    hub: Hub
    chance: random.Random
    told: list[str] = field(default_factory=list)
    history: dict[str, list[str]] = field(default_factory=dict)

    def reader(self, name: str) -> Reader:
        return people.reader_of(self.hub, f"{name}-token-0123456789")

    def there(self, kind: str) -> list[RepoRecord]:
        with self.hub.durable.read() as db:
            found = [one for one in repo_rows.all_repos(db) if one.type == kind]
        return sorted(found, key=lambda one: one.full_name)

    def results(self) -> bytes:
        """A result file; few subjects, values and sources, so that claims meet again and again."""
        lines = []
        for _ in range(self.chance.randint(0, 4)):
            dataset, task = self.chance.choice(DATASETS), self.chance.choice(TASKS)
            value = self.chance.choice((0, 1, 25.5, 60, 61, 250))
            lines.append(f"- dataset: {{id: {dataset}, task_id: {task}}}\n  value: {value}\n")
            if self.chance.random() < 0.3:
                lines.append("  source: {url: https://example.org/paper}\n")
            if self.chance.random() < 0.2:
                lines.append(f"  notes: {self.chance.choice(('5-shot', 'with tools'))}\n")
        return "".join(lines).encode() or b"[]\n"

    def change(self) -> dict[str, bytes]:
        found = {path: self.results() for path in FILES if self.chance.random() < 0.5}
        return found or {FILES[0]: self.results()}

    def land(
        self, record: RepoRecord, ref: str, changes: dict[str, bytes], *, on: str | None
    ) -> None:
        git = self.hub.git.open(record.id)
        old = git.head(ref)
        author = Identity("Ada", "ada@example.org", 1_700_000_000)
        with self.hub.git.lock(record.id), open_quarantine(git.path) as quarantine:
            made = quarantine.commit(
                parent=on, changes=changes, message=f"{len(self.told)}\n", author=author
            )
            update = RefUpdate(ref, old or ZERO, made)
            land_commit(self.hub, record, self.reader("root"), update, quarantine, lenient=True)
        self.history.setdefault(f"{record.id} {ref}", []).append(made)

    # What is done

    def push(self, record: RepoRecord) -> None:
        head = self.hub.git.open(record.id).head(MAIN)
        self.land(record, MAIN, self.change(), on=head)

    def rewrite(self, record: RepoRecord) -> None:
        """Main, or a pull request, goes where it does not come from."""
        known = [key for key in self.history if key.startswith(record.id)]
        if not known:
            return
        ref = self.chance.choice(known).split(" ")[1]
        head = self.hub.git.open(record.id).head(ref)
        place = self.chance.choice(self.history[f"{record.id} {ref}"])
        if head is None:
            return
        if self.chance.random() < 0.4:
            self.land(record, ref, self.change(), on=place)
            return
        target = ZERO if self.chance.random() < 0.3 else place
        if target != head:
            update = RefUpdate(ref, head, target)
            with self.hub.git.lock(record.id):
                land_commit(self.hub, record, self.reader("root"), update, None, lenient=True)

    def propose(self, record: RepoRecord) -> None:
        changes = self.change()
        who = self.reader(self.chance.choice(("ada", "eve", "root")))
        path = self.hub.git.path(record.id)
        with open_quarantine(path) as quarantine:
            proposal = Proposal(
                "A result",
                "",
                lambda _git, _parent: changes,
                Incoming(self.hub, record, who.name or "", counted=False),
            )
            made = pulls.propose(self.hub, who, record, proposal, quarantine)
        self.history.setdefault(f"{record.id} refs/pr/{made.pull}", []).append(made.commit)

    def on_pull(self, record: RepoRecord) -> None:
        """A pull request is merged, closed, opened again, or gets another commit."""
        listed = pulls.listing(self.hub, record)
        if not listed:
            return
        number = self.chance.choice(listed).number
        who = self.reader(self.chance.choice(("ada", "eve", "root")))
        act = self.chance.randrange(4)
        if act == 0:
            pulls.merge(self.hub, who, record, number)
        elif act == 1:
            discussions.close(self.hub, who, record, number, "no")
        elif act == 2:
            discussions.reopen(self.hub, who, record, number, "yes")
        else:
            ref = f"refs/pr/{number}"
            self.land(record, ref, self.change(), on=self.hub.git.open(record.id).head(ref))

    def settle(self, record: RepoRecord) -> None:
        """Another name, or another visibility."""
        root = self.reader("root")
        if self.chance.random() < 0.5:
            lifecycle.change_settings(self.hub, root, record, private=not record.private)
        else:
            name = f"{record.namespace}/{record.name}{self.chance.randrange(3)}"
            lifecycle.move(
                self.hub, root, record, name if record.type == "model" else "bench/renamed"
            )

    def specify(self, record: RepoRecord) -> None:
        """A benchmark says other things about its tasks."""
        tasks = self.chance.sample(("main", "other"), self.chance.randint(0, 2))
        spec = SPEC + "".join(f"  - id: {task}\n" for task in tasks) if tasks else "name: none\n"
        terms = TERMS % (
            self.chance.choice(("percent", "proportion", "points")),
            self.chance.choice(("higher", "lower")),
        )
        if self.chance.random() < 0.5:
            terms += "  main:\n    aliases: [aka]\n"
        if self.chance.random() < 0.5:
            terms = terms.replace("percent,", "percent, chance: 25,")
        head = self.hub.git.open(record.id).head(MAIN)
        self.land(record, MAIN, {"eval.yaml": spec.encode(), "assay.yaml": terms.encode()}, on=head)

    def end(self, record: RepoRecord) -> None:
        lifecycle.delete(self.hub, self.reader("root"), record)

    def step(self, ways: dict[str, float] = WAYS) -> None:
        models, benchmarks = self.there("model"), self.there("dataset")
        act = self.chance.choices(list(ways), list(ways.values()))[0]
        if act in {"specify", "benchmark"}:
            if not benchmarks:
                return
            act = "specify" if act == "specify" else "settle"
            record = self.chance.choice(benchmarks)
        else:
            record = self.chance.choice(models)
        self.told.append(f"{act} {record.full_name}")
        with suppress(
            AssayError
        ):  # such as a merge of what is closed: refused, and nothing changed
            getattr(self, act)(record)


class Clock:
    """A clock that goes on by a minute at every look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    opened = open_hub(HubSettings(data=tmp_path / "data"), clock=Clock())
    indexing.ensure(opened)
    for name in ("root", "ada", "eve", "bench"):
        secret = f"{name}-token-0123456789"
        people.add_account(opened, name, token=secret, is_admin=name == "root")
    root = people.reader_of(opened, "root-token-0123456789")
    for name in ("ada/one", "ada/two", "org/three"):
        repos.create(opened, root, "model", name)
    for name in DATASETS[:2]:
        repos.create(opened, root, "dataset", name)
    yield opened
    opened.close()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_index_is_what_a_rebuild_makes(hub: Hub, seed: int) -> None:
    story = Story(hub, random.Random(seed))  # noqa: S311 - a seed is the point
    for _ in range(STEPS):
        story.step()
        expect_pages_under_any_policy(hub, story)
    expect_boards_from_claims(hub, story)
    kept = list(indexing.dump(hub))
    indexing.rebuild(hub, workers=1)
    assert list(indexing.dump(hub)) == kept, f"seed {seed}: {story.told}"


def expect_boards_from_claims(hub: Hub, story: Story) -> None:
    """Every standing row and every count follows from the public claims about that task."""
    with hub.index.read() as db:
        ids = [record.id for record in story.there("dataset")]
        found = board_rows.boards_of(db, ids)
        terms = standings.terms_of(db, [board.id for board in found.values()])
        for board in found.values():
            of = terms[board.id]
            low, high = bounds_of(of.unit, of.minimum, of.maximum)
            claims = claim_rows.claims_on(db, STRANGER, board.id)
            expected = ranking.stand(claims)
            ranked = [one for one in expected if not ranking.outside(one.chosen.value, low, high)]
            live = sum(1 + len(one.others) for one in expected)
            assert (board.models, board.ranked, board.claims) == (len(expected), len(ranked), live)
            ranked.sort(key=lambda one: (_sign(of.direction) * one.chosen.value, one.chosen.model))
            page = board_rows.page_of(db, board, start=0, limit=1000)
            got = [
                (row.claim, row.reason, row.others, row.disagrees, row.declined)
                for row in page
                if row.rank_key is not None
            ]
            assert got == [
                (one.chosen, one.reason, len(one.others), one.disagrees, one.declined)
                for one in ranked
            ], story.told


def expect_pages_under_any_policy(hub: Hub, story: Story) -> None:
    """Pages, which are kept from step to step, say what follows from the claims as they are."""
    for record in story.there("dataset"):
        with hub.index.read() as db:
            tasks = board_rows.boards_of(db, [record.id])
        for (_, task_id), of in tasks.items():
            with hub.index.read() as db:
                place = board_rows.find_place(db, ROOT, record.namespace, record.name, task_id)
                claims = claim_rows.claims_on(db, STRANGER, of.id)
            assert place is not None
            asked_anew = boards.benchmark(hub, ROOT, record.full_name)
            for policy, view in itertools.product(POLICIES, VIEWS):
                board = boards.board(
                    hub, ROOT, record.full_name, task_id, policy=policy, view=view, limit=None
                )
                expected = rows_of(claims, board.task, view, policy)
                public = [row for row in board.rows if row.would_rank is None]
                assert public == expected, story.told
                assert board.count == len(expected)
                assert (board.title, board.private) == (place.benchmark.title, record.private)
                assert board.task in asked_anew.tasks, story.told


def _sign(direction: str | None) -> int:
    return 1 if direction == "lower" else -1


@pytest.mark.parametrize("seed", range(149, 153))
def test_a_board_as_of_a_time_is_what_it_was_then(hub: Hub, seed: int) -> None:
    story = Story(hub, random.Random(seed))  # noqa: S311 - a seed is the point
    for record in story.there("dataset"):
        files = {"eval.yaml": f"{SPEC}  - id: main\n  - id: other\n".encode()}
        story.land(record, MAIN, files, on=None)
    seen: dict[str, list[Any]] = {}
    for _ in range(STEPS):
        story.step(RESULTS)
        seen[hub.now()] = shown(hub)
    assert len({str(rows) for rows in seen.values()}) > 4
    for time, rows in seen.items():
        assert shown(hub, as_of=time) == rows, f"seed {seed}, {time}: {story.told}"
    assert not any(rows for _, rows in shown(hub, as_of="2025-12-31"))


def shown(hub: Hub, *, as_of: str | None = None) -> list[tuple[str, list[Any]]]:
    """All boards, by what their rows and their sentences say."""
    found = []
    for dataset in DATASETS[:2]:
        for task in TASKS[:2]:
            board = boards.board(hub, STRANGER, dataset, task, as_of=as_of)
            rows: list[Any] = [
                (row.rank, row.why, row.declined, row.disagrees, *said(row.claim))
                for row in board.rows
            ]
            found.append((board.sentence if rows else "", rows))
    return found


def said(claim: Claim) -> tuple[Any, ...]:
    return claim.claim_id, claim.value_text, claim.reporter, claim.lane, claim.commit
