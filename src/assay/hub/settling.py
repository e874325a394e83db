"""Finishing what was begun: pending rows of the push log, and what a crash left on disk.

Everything here may run again at any time and then changes nothing. The caller holds the
repository's lock, so the only pending rows are those of a push that is over:

1. A row whose `new` is the ref, or in its history, is applied; any other is failed.
2. A pull request whose first push was applied is open; one whose first push failed never was.
3. A pull request whose head an applied push brought into main is merged by that push; what the
   commit of a merge made here says below its subject is the reason.
4. Each commit that an applied push brought to a pull request is an event of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice

from assay.core.permission import MAIN, OPEN_STATUSES, pull_number
from assay.errors import RepoNotFoundError
from assay.hub.happenings import record, record_opening
from assay.hub.open import Hub
from assay.hub.results import FOLDER
from assay.storage.database import discussions as rows
from assay.storage.database import pushes as push_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database.discussions import Discussion
from assay.storage.database.engine import Connection
from assay.storage.database.pushes import APPLIED, FAILED, Push
from assay.storage.git import ZERO, Commit, Repository

# A push that brings more to a pull request has only its newest named there; git has them all.
MAX_COMMITS_NAMED = 100
# Of the commits that a push brings to main, for which the log is asked who stood there.
MAX_COMMITS_LOOKED_UP = 2_000


@dataclass(frozen=True, slots=True)
class Brought:
    """What a push brought to a pull request: its commits, and whether it changed what it claims."""

    commits: tuple[Commit, ...]
    claims: bool


def settle(hub: Hub, repo_id: str) -> None:
    """Say of every pending row what became of it, with what follows (rules 1 to 4)."""
    with hub.durable.read() as db:
        pending = push_rows.pending_pushes(db, repo_id)
        if not pending and not rows.pulls_opening(db, repo_id):
            return
        pushed = {push.pull for push in pending if push.pull is not None}
        numbered = {pull.number: pull for pull in rows.pulls_numbered(db, repo_id, pushed)}
    hub.pushing.wait_for_orphans()  # one of them may be about to move a ref
    git = hub.git.open(repo_id)
    landed = [push for push in pending if _landed(git, push)]
    merged = [
        (pull, push, _merge_reason(git, push, pull))
        for push in landed
        for pull in _merged_by(hub, git, push)
    ]
    brought = {push.id: _brought(git, push) for push in landed if push.pull is not None}
    with hub.durable.write() as db:
        for push in pending:
            push_rows.settle_push(db, push.id, APPLIED if push in landed else FAILED)
        for push in landed:
            if push.pull in numbered:
                _note_push(hub, db, numbered[push.pull], push, brought[push.id])
        for pull, push, reason in merged:
            rows.set_status(db, repo_id, pull.number, "merged", merged_by_push=push.id)
            actor = push.actor or ""
            record(db, pull, "merged", actor=actor, at=hub.now(), text=reason)
        rows.forget_opening(db, repo_id)


def _note_push(hub: Hub, db: Connection, pull: Discussion, push: Push, brought: Brought) -> None:
    """Rules 2 and 4; whoever is to be told of claims is told by the opening or the last commit."""
    opens = pull.status in rows.OPENING
    if opens:
        rows.set_status(db, pull.repo_id, pull.number, rows.OPENING[pull.status])
        record_opening(db, pull, at=hub.now(), claims=brought.claims)
    for commit in brought.commits:
        record(
            db,
            pull,
            "commit",
            actor=push.actor or "",
            at=hub.now(),
            text=commit.subject,
            about=commit.oid,
            claims=brought.claims and not opens and commit is brought.commits[-1],
        )


def _brought(git: Repository, push: Push) -> Brought:
    """What a push did to its pull request."""
    if push.new == ZERO or not git.is_commit(push.new):
        return Brought((), claims=False)
    main = git.head(MAIN)
    base = git.merge_base(main, push.new) if main is not None else None
    before = base if push.old == ZERO else push.old
    results = git.tree_oid(push.new, FOLDER)
    same = any(old and git.tree_oid(old, FOLDER) == results for old in (base, before))
    nothing = results is None and base is None
    return Brought(tuple(_commits(git, push, base)), claims=not same and not nothing)


def _commits(git: Repository, push: Push, base: str | None) -> list[Commit]:
    """What a push brought to its pull request, oldest first: neither there before nor on main."""
    since = base if push.old == ZERO else git.merge_base(push.old, push.new)
    return git.first_parents(push.new, since=since)[-MAX_COMMITS_NAMED:]


def _merge_reason(git: Repository, push: Push, pull: Discussion) -> str:
    message = git.commit(push.new).message
    made_here = message.startswith(f"Merge pull request {pull.number}: ")
    return message.partition("\n\n")[2].strip() if made_here else ""


def _landed(git: Repository, push: Push) -> bool:
    head = git.head(push.ref)
    if push.new == ZERO or head is None:
        return head is None and push.new == ZERO
    if head == push.new:
        return True
    both_commits = git.is_commit(push.new) and git.is_commit(head)
    return both_commits and git.is_ancestor(push.new, head)


def _merged_by(hub: Hub, git: Repository, push: Push) -> list[Discussion]:
    """The open pull requests whose heads a push brought into main: they were not there before.

    There may be very many open ones, and few commits that are new to main: so the log is asked
    which of these a pull request stood at. For very many commits it is the other way round.
    """
    if push.ref != MAIN or push.new == ZERO:
        return []
    old = [] if push.old == ZERO else [push.old]
    brought = set(islice(git.between(push.new, hidden=old), MAX_COMMITS_LOOKED_UP + 1))
    is_all = len(brought) <= MAX_COMMITS_LOOKED_UP
    with hub.durable.read() as db:
        if is_all:
            refs = push_rows.refs_that_were_at(db, push.repo_id, brought)
            numbers = {number for ref in refs if (number := pull_number(ref)) is not None}
            pulls = rows.pulls_numbered(db, push.repo_id, numbers)
        else:
            pulls = rows.pulls_with_status(db, push.repo_id, OPEN_STATUSES)
    merged = []
    for pull in pulls:
        head = git.head(f"refs/pr/{pull.number}")
        if head is None or pull.status not in OPEN_STATUSES:
            continue
        if head in brought or (not is_all and _brings(git, push, head)):
            merged.append(pull)
    return merged


def _brings(git: Repository, push: Push, head: str) -> bool:
    was_there = push.old != ZERO and git.is_ancestor(head, push.old)
    return not was_there and git.is_ancestor(head, push.new)


def recover(hub: Hub, repo_id: str) -> None:
    """What a push does first: settle what a crash left, and remove git's stale lock files.

    Raises:
        RepoNotFoundError: The repository was deleted while the push waited for its lock.
    """
    with hub.durable.read() as db:
        found = repo_rows.repo_by_id(db, repo_id)
    if found is None or found.deleted is not None:
        raise RepoNotFoundError("this repository was deleted a moment ago")
    hub.git.remove_stale_locks(repo_id)
    settle(hub, repo_id)


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What the durable store says of many repositories at once, so that a start asks it once.

    Attributes:
        unsettled: Ids of those with a pending row, or a pull request that is being opened.
        heads: Where the push log says that the refs of each are, by id and full name.
    """

    unsettled: frozenset[str]
    heads: Mapping[str, Mapping[str, str]]


def find_unsettled(hub: Hub) -> frozenset[str]:
    """Ids of repositories with a pending row, or a pull request that is being opened."""
    with hub.durable.read() as db:
        return frozenset((*push_rows.repos_with_pending(db), *rows.repos_opening(db)))


def find_left_behind(hub: Hub, suspects: Collection[str]) -> LeftBehind:
    """What the durable store says of these; call it when nothing is under way."""
    with hub.durable.read() as db:
        heads = push_rows.heads_of(db, suspects)
    return LeftBehind(find_unsettled(hub), heads)


def mend(hub: Hub, repo_id: str, left: LeftBehind) -> None:
    """Settle one repository, remove what a crash left in its folder, and adopt refs that moved."""
    hub.git.remove_stale_locks(repo_id, older_than_s=0)
    hub.git.remove_quarantines(repo_id)
    if repo_id in left.unsettled:
        settle(hub, repo_id)
    if _heads(hub, repo_id) != left.heads.get(repo_id, {}):
        adopt(hub, repo_id)


def _heads(hub: Hub, repo_id: str) -> dict[str, str]:
    """Where a repository's refs are, but for the hub's own."""
    refs = hub.git.open(repo_id).refs()
    return {ref: oid for ref, oid in refs.items() if not ref.startswith("refs/assay/")}


def adopt(hub: Hub, repo_id: str) -> int:
    """Write down refs that moved behind the hub's back, with nobody as the actor.

    Returns:
        How many there were.
    """
    heads = _heads(hub, repo_id)
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
