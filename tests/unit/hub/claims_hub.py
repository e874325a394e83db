"""A hub to tell stories of claims on: accounts root (an admin), ada, bob, eve; `ada/quiz`, a task.

Everything goes through the hub's own verbs, against real repositories.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from assay.core.permission import MAIN, Reader
from assay.hub import indexing, models, people, provenance, pulls, push, repos
from assay.hub.answers import ClaimAnswer
from assay.hub.large import Incoming
from assay.hub.open import Hub, open_hub
from assay.hub.pulls import Proposal
from assay.settings import HubSettings
from assay.storage.database.index_tables import claim
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO, Identity, RefUpdate, open_quarantine

SPEC = {"eval.yaml": b"name: Q\nevaluation_framework: mteb\ntasks:\n  - id: main\n"}
FILE = ".eval_results/quiz.yaml"
ACCOUNTS = ("root", "ada", "bob", "eve")


class Clock:
    """A clock that goes on by a minute at every look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def entry(value: object, more: str = "", *, task: str = "main") -> bytes:
    """An entry of a result file about `ada/quiz`."""
    return f"- dataset: {{id: ada/quiz, task_id: {task}}}\n  value: {value}\n{more}".encode()


@dataclass
class Told:
    """A hub, and short ways to do things on it as somebody."""

    hub: Hub

    def reader(self, name: str) -> Reader:
        return people.reader_of(self.hub, f"{name}-token-0123456789")

    def make(
        self, name: str, *, by: str = "root", private: bool = False, mirror_of: str | None = None
    ) -> RepoRecord:
        who = self.reader(by)
        return repos.create(self.hub, who, "model", name, private=private, mirror_of=mirror_of)

    def record(self, name: str) -> RepoRecord:
        return repos.find(self.hub, self.reader("root"), "model", name)

    def land(
        self,
        record: RepoRecord,
        changes: Mapping[str, bytes | None],
        *,
        by: str = "root",
        ref: str = MAIN,
        on: str | None = None,
    ) -> str:
        """A commit on a ref; `on` another commit than its tip, it rewrites history."""
        git = self.hub.git.open(record.id)
        old = git.head(ref)
        author = Identity("Bob B", "bob@example.org", 1_700_000_000 + self.hub.clock().minute)
        with self.hub.git.lock(record.id), open_quarantine(git.path) as quarantine:
            made = quarantine.commit(
                parent=on or old, changes=dict(changes), message="A change\n", author=author
            )
            update = RefUpdate(ref, old or ZERO, made)
            is_copied = record.mirror_of is not None and ref == MAIN
            who = self.reader(by)
            push.land(self.hub, record, who, [update], quarantine, mirroring=is_copied)
        return made

    def move(self, record: RepoRecord, to: str, *, ref: str = MAIN, by: str = "root") -> None:
        """A ref is set to a commit that is there, or deleted (`ZERO`)."""
        old = self.hub.git.open(record.id).head(ref)
        assert old is not None
        with self.hub.git.lock(record.id):
            push.land(self.hub, record, self.reader(by), [RefUpdate(ref, old, to)], None)

    def propose(self, record: RepoRecord, changes: Mapping[str, bytes], *, by: str) -> int:
        """A pull request with one commit."""
        who = self.reader(by)
        with open_quarantine(self.hub.git.path(record.id)) as quarantine:
            proposal = Proposal(
                "A result",
                "",
                lambda _git, _parent: dict(changes),
                Incoming(self.hub, record, by, counted=False),
            )
            number = pulls.propose(self.hub, who, record, proposal, quarantine).pull
        assert number is not None
        return number

    def claims(self, name: str, *, as_: str = "root") -> list[ClaimAnswer]:
        """Every claim about a model, in the order in which they came."""
        answer = models.model(self.hub, self.reader(as_), name)
        found = [claim for task in answer.tasks for claim in task.claims]
        found.sort(key=lambda claim: (claim.first_push, claim.claim_id))
        return [self.claim(claim.claim_id, as_=as_) for claim in found]

    def first_claim(self, record: RepoRecord) -> ClaimAnswer:
        """The claim about a model that came first, also of one that is deleted."""
        with self.hub.index.read() as db:
            query = sa.select(claim.c.claim_id).where(claim.c.repo_id == record.id)
            ordered = query.order_by(claim.c.first_push, claim.c.claim_id)
            return self.claim(str(db.execute(ordered.limit(1)).scalar_one()))

    def by_value(self, name: str, *values: str) -> list[ClaimAnswer]:
        """The claims about a model that say these values, in this order."""
        found = {answer.claim.value_text: answer for answer in self.claims(name)}
        assert found.keys() == set(values)
        return [found[value] for value in values]

    def claim(self, claim_id: str, *, as_: str = "root") -> ClaimAnswer:
        return provenance.claim(self.hub, self.reader(as_), claim_id)

    def expect_rebuilt(self) -> None:
        """The index is what one built anew would be."""
        kept = list(indexing.dump(self.hub))
        indexing.rebuild(self.hub, workers=1)
        assert list(indexing.dump(self.hub)) == kept


def kinds(answer: ClaimAnswer) -> list[Any]:
    """The kinds of the lines of a claim's history."""
    return [line.kind for line in answer.history]


@contextmanager
def claims_hub(folder: Path) -> Iterator[Told]:
    """Such a hub."""
    opened = open_hub(HubSettings(data=folder / "data"), clock=Clock())
    indexing.ensure(opened)
    for name in ACCOUNTS:
        secret = f"{name}-token-0123456789"
        people.add_account(opened, name, token=secret, is_admin=name == "root")
    told = Told(opened)
    quiz = repos.create(opened, told.reader("ada"), "dataset", "ada/quiz")
    told.land(quiz, SPEC)
    yield told
    opened.close()
