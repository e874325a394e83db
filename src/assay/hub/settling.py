"""Finishing what was begun: pending rows of the push log, and what a crash left on disk.

Everything here may run again at any time and then changes nothing. The caller holds the
repository's lock, so the only pending rows are those of a push that is over:

1. A row whose `new` is the ref, or in its history, is applied; any other is failed.
2. A pull request whose first push was applied is open; one whose first push failed never was.
3. A pull request whose head an applied push brought into main is merged by that push.
"""

from __future__ import annotations

from assay.core.permission import MAIN, OPEN_STATUSES
from assay.hub.open import Hub
from assay.storage.database import pulls as pull_rows
from assay.storage.database import pushes as push_rows
from assay.storage.database.engine import Connection
from assay.storage.database.pulls import Pull
from assay.storage.database.pushes import APPLIED, FAILED, PENDING, Push
from assay.storage.git import ZERO, Repository


def settle(hub: Hub, repo_id: str) -> None:
    """Say of every pending row what became of it, with what follows (rules 1 to 3)."""
    with hub.durable.read() as db:
        pending = push_rows.pushes(db, repo_id, states=(PENDING,))
        pulls = pull_rows.all_pulls(db, repo_id, opening=True)
    if not pending and all(pull.status != "opening" for pull in pulls):
        return
    git = hub.git.open(repo_id)
    landed = [push for push in pending if _landed(git, push)]
    merged = [(pull, push) for push in landed for pull in pulls if _merges(git, push, pull)]
    with hub.durable.write() as db:
        for push in pending:
            push_rows.settle_push(db, push.id, APPLIED if push in landed else FAILED)
        for pull in pulls:
            if pull.status == "opening" and any(push.pull == pull.number for push in landed):
                pull_rows.set_pull_status(db, repo_id, pull.number, "open")
                _note(hub, db, pull, "opened", pull.author)
        for pull, push in merged:
            pull_rows.set_pull_status(db, repo_id, pull.number, "merged", merged_by_push=push.id)
            _note(hub, db, pull, "merged", push.actor or "")
        pull_rows.forget_opening(db, repo_id)


def _note(hub: Hub, db: Connection, pull: Pull, kind: str, actor: str) -> None:
    pull_rows.add_pull_event(db, pull.repo_id, pull.number, kind=kind, actor=actor, at=hub.now())


def _landed(git: Repository, push: Push) -> bool:
    head = git.head(push.ref)
    if push.new == ZERO or head is None:
        return head is None and push.new == ZERO
    if head == push.new:
        return True
    both_commits = git.is_commit(push.new) and git.is_commit(head)
    return both_commits and git.is_ancestor(push.new, head)


def _merges(git: Repository, push: Push, pull: Pull) -> bool:
    """Whether a push brought an open pull request's head into main: it was not there before."""
    head = git.head(f"refs/pr/{pull.number}")
    if push.ref != MAIN or push.new == ZERO or head is None or pull.status not in OPEN_STATUSES:
        return False
    was_there = push.old != ZERO and git.is_ancestor(head, push.old)
    return not was_there and git.is_ancestor(head, push.new)


def recover(hub: Hub, repo_id: str) -> None:
    """What a push does first: settle what a crash left, and remove git's stale lock files."""
    hub.git.remove_stale_locks(repo_id)
    settle(hub, repo_id)


def adopt(hub: Hub, repo_id: str) -> int:
    """Write down refs that moved behind the hub's back, with nobody as the actor.

    Returns:
        How many there were.
    """
    heads = {
        ref: oid
        for ref, oid in hub.git.open(repo_id).refs().items()
        if not ref.startswith("refs/assay/")
    }
    with hub.durable.read() as db:
        known = {push.ref: push.new for push in push_rows.pushes(db, repo_id)}
    known = {ref: oid for ref, oid in known.items() if oid != ZERO}
    moved = sorted(ref for ref in heads | known if heads.get(ref) != known.get(ref))
    if moved:
        with hub.durable.write() as db:
            for ref in moved:
                push_rows.add_push(
                    db,
                    repo_id=repo_id,
                    ref=ref,
                    old=known.get(ref, ZERO),
                    new=heads.get(ref, ZERO),
                    actor=None,
                    pull=None,
                    received=hub.now(),
                    state=APPLIED,
                )
    return len(moved)
