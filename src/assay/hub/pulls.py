"""Pull requests: how anyone reports a result for a model that is not hers.

Their words are a discussion (`hub.discussions`); here is what concerns their code. One that is
opened with its first commit is open; one that is opened bare is a draft, and its author pushes to
`refs/pr/N` next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assay.core.permission import MAIN, OPEN_STATUSES, Reader, may_write, pull_number
from assay.errors import (
    ConflictError,
    DiscussionNotFoundError,
    ForbiddenError,
    NoRoomError,
    PullNotFoundError,
    StaleRefError,
)
from assay.hub import discussions
from assay.hub.happenings import record_opening
from assay.hub.large import Incoming
from assay.hub.open import Hub
from assay.hub.push import Report, land_commit
from assay.hub.refusals import need_account, need_opener
from assay.hub.repos import first_commit, resolve
from assay.hub.settling import recover, settle
from assay.storage.database import discussions as rows
from assay.storage.database import pushes as push_rows
from assay.storage.database.discussions import Discussion
from assay.storage.database.repos import RepoRecord
from assay.storage.git import (
    ZERO,
    Change,
    Difference,
    DiffLimits,
    Identity,
    Quarantine,
    RefUpdate,
    Repository,
    compare,
    open_quarantine,
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A commit to make.

    Attributes:
        title: The message's first line.
        description: The rest of it.
        plan: Says what becomes of each path on top of a commit; asked under the repository's lock.
        incoming: Large files that come with it.
    """

    title: str
    description: str
    plan: Callable[[Repository, str], Mapping[str, Change]]
    incoming: Incoming

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


@dataclass(frozen=True, slots=True)
class Changes:
    """What a pull request does to its repository.

    Attributes:
        head: Its last commit, or None when nothing was pushed yet.
        base: The commit of main that it started from, or None if it shares none with it.
        merge_commit: The commit of main that brought it in, once it is merged.
        conflicts: Files that keep it from being merged into main as it is now.
        difference: What it changes since its base.
    """

    head: str | None
    base: str | None
    merge_commit: str | None
    conflicts: tuple[str, ...]
    difference: Difference


NO_CHANGES = Changes(None, None, None, (), Difference())


def find(hub: Hub, reader: Reader, record: RepoRecord, number: int) -> Discussion:
    """A pull request the reader may see.

    Raises:
        PullNotFoundError: There is none of that number.
    """
    missing = PullNotFoundError(f"{record.full_name} has no pull request {number}")
    try:
        found = discussions.find(hub, reader, record, number)
    except DiscussionNotFoundError as error:
        raise missing from error
    if not found.is_pull:
        raise missing
    return found


def changes(hub: Hub, record: RepoRecord, pull: Discussion, limits: DiffLimits | None) -> Changes:
    """What a pull request changes, and whether it can be merged. Takes time: not in an event loop.

    Args:
        hub: The hub.
        record: The repository.
        pull: The pull request, found by `find`.
        limits: How much of what it changes is asked for; None for nothing of it.
    """
    git = hub.git.open(record.id)
    head, main = git.head(f"refs/pr/{pull.number}"), resolve(record, git, MAIN)
    merge_commit = None
    if pull.merged_by_push is not None:
        with hub.durable.read() as db:
            push = push_rows.find_push(db, pull.merged_by_push)
        main = push.old if push.old != ZERO else first_commit(record, git)
        merge_commit = push.new
    if head is None:
        return Changes(None, None, merge_commit, (), Difference())
    base = git.merge_base(main, head)
    conflicts: list[str] = []
    if pull.status in OPEN_STATUSES and main != base:
        with open_quarantine(git.path) as quarantine:
            conflicts = quarantine.conflicts(main, head)
    difference = compare(git.path, base, head, limits) if limits else Difference()
    return Changes(head, base, merge_commit, tuple(conflicts), difference)


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
    quarantine: Quarantine,
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
        quarantine: Where its objects are.
        parent: If given, the (abbreviated) commit that the ref must point to.

    Raises:
        PushForbiddenError: The reader may not write there; nothing was changed.
        PushRefusedError: Errors in files; nothing was changed.
        RevisionNotFoundError: There is no such branch (any more).
        StaleRefError: The ref does not point to `parent`; nothing was changed.
    """
    need_account(reader)
    with hub.git.lock(record.id):
        recover(hub, record.id)
        git = hub.git.open(record.id)
        head = git.head(ref)
        on = head or resolve(record, git, ref)
        if parent is not None and not on.startswith(parent):
            if _is_the_same(git, on, parent, reader, proposal, quarantine):
                return Committed(on, pull_number(ref), Report())
            raise _stale(ref, on, parent)
        return _commit_on(hub, reader, record, ref, head, on, proposal, quarantine)


def propose(
    hub: Hub,
    reader: Reader,
    record: RepoRecord,
    proposal: Proposal,
    quarantine: Quarantine,
    *,
    base: str = "main",
    parent: str | None = None,
) -> Committed:
    """Open a pull request with one commit on top of a revision.

    Args:
        hub: The hub.
        reader: Who opens it.
        record: The repository, found by `repos.find`.
        proposal: What to change.
        quarantine: Where its objects are.
        base: The revision.
        parent: If given, the (abbreviated) commit that the base must be.

    Raises:
        ForbiddenError: The reader may not open pull requests here.
        PushRefusedError: Errors in files; no pull request was opened.
        StaleRefError: The base is not `parent`; no pull request was opened.
    """
    need_opener(reader, record)
    title = discussions.fit_title(proposal.title[: discussions.MAX_TITLE_CHARS])
    description = discussions.fit_text(proposal.description)
    with hub.git.lock(record.id):
        recover(hub, record.id)
        git = hub.git.open(record.id)
        on = resolve(record, git, base)
        if parent is not None and not on.startswith(parent):
            raise _stale(base, on, parent)
        pull = _add(hub, reader, record, title, description, status="opening")
        ref = f"refs/pr/{pull.number}"
        try:
            return _commit_on(hub, reader, record, ref, None, on, proposal, quarantine)
        except NoRoomError:  # whether it landed is seen when there is room
            hub.unfinished.add(record.id)
            raise
        except BaseException:
            settle(hub, record.id)  # it never was
            raise


def open_pull(
    hub: Hub, reader: Reader, record: RepoRecord, title: str, description: str
) -> Discussion:
    """Open a draft at main, without commits of its own.

    Raises:
        ForbiddenError: The reader may not open pull requests here.
        InvalidError: There is no title, or too much text.
    """
    need_opener(reader, record)
    title, description = discussions.fit_title(title), discussions.fit_text(description)
    with hub.git.lock(record.id):
        recover(hub, record.id)
        main = resolve(record, hub.git.open(record.id), MAIN)
        pull = _add(hub, reader, record, title, description, status="opening-draft")
        land_commit(hub, record, reader, RefUpdate(f"refs/pr/{pull.number}", ZERO, main), None)
    return pull


def merge(hub: Hub, reader: Reader, record: RepoRecord, number: int, text: str = "") -> str:
    """Merge an open pull request into main with a merge commit; returns its id.

    Args:
        hub: The hub.
        reader: Who merges.
        record: The repository.
        number: The pull request's.
        text: A reason; it stands in the merge commit, from where the event takes it.

    Raises:
        ForbiddenError: The reader may not write main.
        ConflictError: It is not open, has no commits, or both sides changed the same lines.
    """
    find(hub, reader, record, number)
    need_account(reader)
    if not may_write(reader, record):
        raise ForbiddenError(f"only the owner of '{record.namespace}' may merge here")
    text = discussions.fit_text(text)
    with hub.git.lock(record.id):
        recover(hub, record.id)
        pull = find(hub, reader, record, number)  # as it is now that nobody else can change it
        if pull.status not in OPEN_STATUSES:
            raise ConflictError(f"pull request {number} is {pull.status} already")
        git = hub.git.open(record.id)
        head, main = git.head(f"refs/pr/{number}"), git.head(MAIN)
        if head is None or git.is_ancestor(head, main or first_commit(record, git)):
            raise ConflictError(f"pull request {number} has no commits to merge")
        if main is None:
            land_commit(hub, record, reader, RefUpdate(MAIN, ZERO, head), None, lenient=True)
            return head
        if git.merge_base(main, head) is None:
            raise ConflictError(
                f"pull request {number} shares no history with main: merging would bring back "
                "results that it does not show",
                hint="its author can put its commits on top of main and push it again",
            )
        message = f"Merge pull request {number}: {pull.title}\n\n{text}".strip() + "\n"
        with open_quarantine(git.path) as quarantine:
            made = quarantine.merge(main, head, message=message, author=identity(hub, reader))
            land_commit(hub, record, reader, RefUpdate(MAIN, main, made), quarantine, lenient=True)
        return made


def _add(
    hub: Hub, reader: Reader, record: RepoRecord, title: str, description: str, *, status: str
) -> Discussion:
    """A pull request; one of `rows.OPENING` is seen by nobody until its first push has landed."""
    with hub.durable.write() as db:
        now = hub.now()
        made = rows.add_discussion(
            db,
            record.id,
            is_pull=True,
            title=title,
            description=description,
            author=reader.name or "",
            status=status,
            created=now,
        )
        if status not in rows.OPENING:
            record_opening(db, made, at=now)
    return made


def _stale(name: str, head: str, parent: str) -> StaleRefError:
    hint = "fetch it and commit on top"
    return StaleRefError(f"{name} points to {head}, expected {parent}", hint=hint)


def _is_the_same(
    git: Repository,
    there: str,
    parent: str,
    reader: Reader,
    proposal: Proposal,
    quarantine: Quarantine,
) -> bool:
    """Whether a commit is this very proposal: clients that lost the answer send it again.

    Args:
        git: The repository.
        there: The commit.
        parent: The (abbreviated) commit that the proposal is to stand on.
        reader: Who proposes.
        proposal: What to change.
        quarantine: Where its objects are.
    """
    found = git.commit(there)
    known = (found.author_name, found.message, len(found.parents))
    if known != (reader.name, proposal.message, 1) or not found.parents[0].startswith(parent):
        return False
    changes = proposal.plan(git, found.parents[0])
    author = Identity(found.author_name, found.author_email, found.authored_s)
    again = quarantine.commit(
        parent=found.parents[0], changes=changes, message=proposal.message, author=author
    )
    return quarantine.same_tree(again, there)


def _commit_on(
    hub: Hub,
    reader: Reader,
    record: RepoRecord,
    ref: str,
    head: str | None,
    parent: str,
    proposal: Proposal,
    quarantine: Quarantine,
) -> Committed:
    """Commit on top of `parent`; what changes nothing makes no commit."""
    made = quarantine.commit(
        parent=parent,
        changes=proposal.plan(hub.git.open(record.id), parent),
        message=proposal.message,
        author=identity(hub, reader),
    )
    number = pull_number(ref)
    if not quarantine.same_tree(made, parent):
        update = RefUpdate(ref, head or ZERO, made)
        report = land_commit(hub, record, reader, update, quarantine, incoming=proposal.incoming)
        return Committed(made, number, report)
    if head is None:
        land_commit(hub, record, reader, RefUpdate(ref, ZERO, parent), None)
    return Committed(parent, number, Report())
