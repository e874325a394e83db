"""Pull requests: how anyone reports a result for a model that is not hers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from assay.core.permission import (
    MAIN,
    OPEN_STATUSES,
    Reader,
    may_close_pull,
    may_open_pull,
    may_see,
    may_write,
)
from assay.errors import (
    ConflictError,
    ForbiddenError,
    PullNotFoundError,
    StaleRefError,
    UnauthenticatedError,
)
from assay.hub import indexing
from assay.hub.open import Hub
from assay.hub.push import Report, land_commit
from assay.hub.settling import recover
from assay.storage.database import pulls as rows
from assay.storage.database.pulls import Pull, PullEvent
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO, Identity, RefUpdate, open_quarantine

ShownStatus = Literal["draft", "open", "closed", "merged"]
SHOWN_STATUSES: tuple[ShownStatus, ...] = ("draft", "open", "closed", "merged")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A commit to make: files to set (bytes) or to remove (None), by path."""

    title: str
    description: str
    changes: Mapping[str, bytes | None]

    @property
    def message(self) -> str:
        """The commit message."""
        return f"{self.title}\n\n{self.description}".strip() + "\n"


@dataclass(frozen=True, slots=True)
class Committed:
    """What came of a proposal. `pull` is the pull request it went to, if any."""

    commit: str
    pull: int | None
    report: Report


def find(hub: Hub, reader: Reader, record: RepoRecord, number: int) -> Pull:
    """A pull request the reader may see.

    Raises:
        PullNotFoundError: There is none of that number.
    """
    with hub.durable.read() as db:
        found = rows.find_pull(db, record.id, number)
    if found is None or found.status == "opening" or not may_see(reader, record):
        raise PullNotFoundError(f"{record.full_name} has no pull request {number}")
    return found


def listing(hub: Hub, record: RepoRecord) -> list[Pull]:
    """A repository's pull requests, the newest first."""
    with hub.durable.read() as db:
        return rows.all_pulls(db, record.id)[::-1]


def events(hub: Hub, record: RepoRecord, number: int) -> list[PullEvent]:
    """What happened to a pull request, in order."""
    with hub.durable.read() as db:
        return rows.pull_events(db, record.id, number)


def identity(hub: Hub, reader: Reader) -> Identity:
    """How a commit made by the hub names the account that asked for it."""
    host = hub.settings.public_url.partition("://")[2].partition("/")[0].partition(":")[0]
    name = reader.name or "assay"
    return Identity(name, f"{name}@users.noreply.{host}", int(hub.clock().timestamp()))


def commit(
    hub: Hub,
    reader: Reader,
    record: RepoRecord,
    ref: str,
    proposal: Proposal,
    *,
    parent: str | None = None,
) -> Committed:
    """Commit to a branch or to an open pull request.

    Args:
        hub: The hub.
        reader: Who commits.
        record: The repository, found by `repos.find`.
        ref: Full ref name.
        proposal: What to change.
        parent: If given, the (abbreviated) commit that the ref must point to.

    Raises:
        PushForbiddenError: The reader may not write there; nothing was changed.
        PushRefusedError: Errors in files; nothing was changed.
        StaleRefError: The ref does not point to `parent`; nothing was changed.
    """
    _need_account(reader)
    with hub.git.lock(record.id):
        recover(hub, record.id)
        head = hub.git.open(record.id).head(ref)
        if parent is not None and not (head or "").startswith(parent):
            raise StaleRefError(
                f"{ref} points to {head}, expected {parent}", hint="fetch it and commit on top"
            )
        return _commit_on(hub, reader, record, ref, head, head, proposal)


def propose(hub: Hub, reader: Reader, record: RepoRecord, proposal: Proposal) -> Committed:
    """Open a pull request with one commit on top of main.

    Raises:
        ForbiddenError: The reader may not open pull requests here.
        PushRefusedError: Errors in files; no pull request was opened.
    """
    _may_open(reader, record)
    with hub.git.lock(record.id):
        recover(hub, record.id)
        main = hub.git.open(record.id).head(MAIN)
        pull = _add(hub, reader, record, proposal.title, proposal.description)
        try:
            return _commit_on(hub, reader, record, f"refs/pr/{pull.number}", None, main, proposal)
        finally:
            with hub.durable.write() as db:  # settled ones are open by now
                rows.forget_opening(db, record.id)


def open_pull(hub: Hub, reader: Reader, record: RepoRecord, title: str, description: str) -> Pull:
    """Open a pull request without commits, at main; its author pushes to `refs/pr/N` next.

    Raises:
        ForbiddenError: The reader may not open pull requests here.
    """
    _may_open(reader, record)
    with hub.git.lock(record.id):
        recover(hub, record.id)
        main = hub.git.open(record.id).head(MAIN)
        if main is None:
            raise ConflictError(
                f"{record.full_name} is empty: there is nothing to branch from",
                hint="send the first commit along with the pull request",
            )
        pull = _add(hub, reader, record, title, description)
        land_commit(hub, record, reader, RefUpdate(f"refs/pr/{pull.number}", ZERO, main), None)
    return find(hub, reader, record, pull.number)


def close(hub: Hub, reader: Reader, record: RepoRecord, number: int, reason: str) -> None:
    """Close an open pull request: withdrawn if by its author, declined if by a writer.

    Raises:
        ForbiddenError: The reader is neither.
        ConflictError: It is not open.
    """
    pull = find(hub, reader, record, number)
    if not may_close_pull(reader, record, pull.author):
        raise ForbiddenError(f"only {pull.author} and the owner may close pull request {number}")
    _change_status(hub, reader, pull, OPEN_STATUSES, "closed", reason)


def reopen(hub: Hub, reader: Reader, record: RepoRecord, number: int, reason: str) -> None:
    """Open a closed pull request again.

    Raises:
        ForbiddenError: The reader is neither its author nor a writer.
        ConflictError: It is not closed.
    """
    pull = find(hub, reader, record, number)
    if not may_close_pull(reader, record, pull.author):
        raise ForbiddenError(f"only {pull.author} and the owner may reopen pull request {number}")
    _change_status(hub, reader, pull, frozenset({"closed"}), "open", reason)


def merge(hub: Hub, reader: Reader, record: RepoRecord, number: int, text: str = "") -> str:
    """Merge an open pull request into main with a merge commit; returns its id.

    Raises:
        ForbiddenError: The reader may not write main.
        ConflictError: It is not open, has no commits, or both sides changed the same lines.
    """
    pull = find(hub, reader, record, number)
    if not may_write(reader, record):
        raise ForbiddenError(f"only the owner of '{record.namespace}' may merge here")
    if pull.status not in OPEN_STATUSES:
        raise ConflictError(f"pull request {number} is {pull.status}")
    with hub.git.lock(record.id):
        recover(hub, record.id)
        git = hub.git.open(record.id)
        head, main = git.head(f"refs/pr/{number}"), git.head(MAIN)
        if head is None or (main is not None and git.is_ancestor(head, main)):
            raise ConflictError(f"pull request {number} has no commits to merge")
        if main is None:
            land_commit(hub, record, reader, RefUpdate(MAIN, ZERO, head), None, lenient=True)
            return head
        message = f"Merge pull request {number}: {pull.title}\n\n{text}".strip() + "\n"
        with open_quarantine(git.path) as quarantine:
            made = quarantine.merge(main, head, message=message, author=identity(hub, reader))
            land_commit(hub, record, reader, RefUpdate(MAIN, main, made), quarantine, lenient=True)
        return made


def comment(hub: Hub, reader: Reader, record: RepoRecord, number: int, text: str) -> None:
    """Say something about a pull request.

    Raises:
        UnauthenticatedError: A stranger may not.
    """
    pull = find(hub, reader, record, number)
    _need_account(reader)
    with hub.durable.write() as db:
        rows.add_pull_event(
            db,
            pull.repo_id,
            number,
            kind="comment",
            actor=reader.name or "",
            at=hub.now(),
            text=text,
        )
    indexing.sync(hub, record.id)


def _need_account(reader: Reader) -> None:
    if reader.name is None:
        raise UnauthenticatedError("sign in first", hint="send an access token")


def _may_open(reader: Reader, record: RepoRecord) -> None:
    _need_account(reader)
    if not may_open_pull(reader, record):
        raise ForbiddenError(f"{reader.name} may not open pull requests on {record.full_name}")


def _add(hub: Hub, reader: Reader, record: RepoRecord, title: str, description: str) -> Pull:
    """A pull request that nobody sees until its first push has landed."""
    with hub.durable.write() as db:
        return rows.add_pull(
            db,
            record.id,
            title=title,
            description=description,
            author=reader.name or "",
            status="opening",
            created=hub.now(),
        )


def _commit_on(
    hub: Hub,
    reader: Reader,
    record: RepoRecord,
    ref: str,
    head: str | None,
    parent: str | None,
    proposal: Proposal,
) -> Committed:
    git = hub.git.open(record.id)
    with open_quarantine(git.path) as quarantine:
        made = quarantine.commit(
            parent=parent,
            changes=proposal.changes,
            message=proposal.message,
            author=identity(hub, reader),
        )
        number = int(ref.removeprefix("refs/pr/")) if ref.startswith("refs/pr/") else None
        report = land_commit(hub, record, reader, RefUpdate(ref, head or ZERO, made), quarantine)
    return Committed(made, number, report)


def _change_status(
    hub: Hub, reader: Reader, pull: Pull, expected: frozenset[str], status: str, reason: str
) -> None:
    """Change a status and its event together; the index follows from them."""
    with hub.durable.write() as db:
        now = rows.find_pull(db, pull.repo_id, pull.number)
        if now is None or now.status not in expected:
            found = now.status if now else "gone"
            raise ConflictError(f"pull request {pull.number} is {found}")
        rows.set_pull_status(db, pull.repo_id, pull.number, status)
        rows.add_pull_event(
            db,
            pull.repo_id,
            pull.number,
            kind="closed" if status == "closed" else "reopened",
            actor=reader.name or "",
            at=hub.now(),
            text=reason,
        )
    indexing.sync(hub, pull.repo_id)
