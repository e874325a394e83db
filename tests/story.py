"""Stories: random things that people do to a hub, from a seed, told through the hub's own verbs."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from assay.core.permission import MAIN, Reader
from assay.core.ruling import Kind
from assay.errors import AssayError
from assay.formats.run_record import (
    RunBenchmark,
    RunMetric,
    RunModel,
    RunRecord,
    RunSamples,
    write_run_record,
)
from assay.hub import discussions, indexing, lifecycle, people, pulls, repos, rulings
from assay.hub.large import Incoming
from assay.hub.open import Hub
from assay.hub.pulls import Proposal
from assay.hub.push import land_commit
from assay.storage.database import repos as repo_rows
from assay.storage.database import tallies
from assay.storage.database.discussions import Wanted
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
WAYS: dict[str, float] = {
    "push": 9,
    "propose": 7,
    "on_pull": 9,
    "rewrite": 5,
    "settle": 2,
    "specify": 5,
}
WAYS |= {"end": 0.4, "benchmark": 1.5, "rule": 3}
RESULTS = {way: WAYS[way] for way in ("push", "propose", "on_pull", "rewrite")}


def _records() -> dict[str, bytes]:
    """Run records by digest: of a run whose score some entries give, and of one they do not."""
    made = (
        RunRecord(
            model=RunModel(repo="ada/one"),
            benchmark=RunBenchmark(id="bench/quiz", task_id="main"),
            samples=RunSamples(total=50, completed=50),
            metrics=(RunMetric(id="acc", value=value),),
        )
        for value in (60, 12)
    )
    return dict(map(write_run_record, made))


RECORDS = _records()


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
                named = self.chance.choice(("paper", *(f"runs/{digest}" for digest in RECORDS)))
                lines.append(f"  source: {{url: https://example.org/{named}}}\n")
            if self.chance.random() < 0.2:
                lines.append(f"  notes: {self.chance.choice(('5-shot', 'with tools'))}\n")
        return "".join(lines).encode() or b"[]\n"

    def change(self) -> dict[str, bytes]:
        found = {path: self.results() for path in FILES if self.chance.random() < 0.4}
        if self.chance.random() < 0.3:  # a run record, or what is none where one was
            digest = self.chance.choice(tuple(RECORDS))
            said = RECORDS[digest] if self.chance.random() < 0.7 else b"{}"
            found[f".eval_results/runs/{digest}.json"] = said
        if self.chance.random() < 0.1:
            found["README.md"] = f"---\ntags: [{self.chance.choice('abc')}]\n---\n# M\n".encode()
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

    def recall(self) -> None:
        """Know what happened before this teller came."""
        for record in self.there("model"):
            git = self.hub.git.open(record.id)
            for ref, head in git.refs().items():
                if ref == MAIN or ref.startswith("refs/pr/"):
                    line = git.first_parents(head, since=None)
                    self.history[f"{record.id} {ref}"] = [commit.oid for commit in line]

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
        listed = discussions.listing(self.hub, record, Wanted(is_pull=True)).rows
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

    def rule(self, record: RepoRecord) -> None:
        """Somebody rules on a claim, or takes back what she ruled."""
        with self.hub.index.read() as db:
            found = tallies.page_of(
                db, self.reader("root"), record.id, None, start=0, limit=10**6, up_to=None
            )
        claims = sorted(found, key=lambda one: (one.first_push, one.claim_id))
        if not claims:
            return
        claim_id = self.chance.choice(claims).claim_id
        who = self.reader(self.chance.choice(("ada", "eve", "bench")))
        if self.chance.random() < 0.3:
            rulings.withdraw(self.hub, who, claim_id, self.chance.randint(1, 9), reason="no")
            return
        kind: Kind = self.chance.choice(("disputed", "upheld", "refuted"))
        rulings.rule(self.hub, who, claim_id, kind, reason="why")

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
        elif not models:
            return
        else:
            record = self.chance.choice(models)
        self.told.append(f"{act} {record.full_name}")
        with suppress(
            AssayError
        ):  # such as a merge of what is closed: refused, and nothing changed
            getattr(self, act)(record)


class Clock:
    """A clock that goes on by a minute at every look, from some day of a year on."""

    def __init__(self, *, day: int = 0) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def begin(hub: Hub) -> None:
    """People, three models and two benchmarks."""
    indexing.ensure(hub)
    for name in ("root", "ada", "eve", "bench"):
        secret = f"{name}-token-0123456789"
        people.add_account(hub, name, token=secret, is_admin=name == "root")
    root = people.reader_of(hub, "root-token-0123456789")
    for name in ("ada/one", "ada/two", "org/three"):
        repos.create(hub, root, "model", name)
    for name in DATASETS[:2]:
        repos.create(hub, root, "dataset", name)
