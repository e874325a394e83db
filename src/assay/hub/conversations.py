"""Discussions and pull requests as answers: what is said, and what would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from assay.core.permission import OPEN_STATUSES, Reader
from assay.hub import discussions, gates, models, pulls
from assay.hub.answers import (
    DiscussionAnswer,
    DiscussionPage,
    DiscussionSummary,
    FileChange,
    Finding,
    Removal,
)
from assay.hub.discussions import CLOSED_STATUSES, Remark
from assay.hub.history import event_line
from assay.hub.open import Hub
from assay.hub.pulls import NO_CHANGES, Changes
from assay.hub.repos import RepoType
from assay.hub.repos import find as find_repo
from assay.storage.database import benchmarks as benchmark_rows
from assay.storage.database import beside
from assay.storage.database.beside import OfPull
from assay.storage.database.discussions import Discussion, Wanted
from assay.storage.git import DiffLimits

Kind = Literal["all", "discussion", "pull_request"]
Status = Literal["all", "open", "closed"]
KINDS: dict[Kind, bool | None] = {"all": None, "pull_request": True, "discussion": False}
STATUSES: dict[Status, frozenset[str] | None] = {
    "all": None,
    "open": OPEN_STATUSES,
    "closed": CLOSED_STATUSES,
}
# What a page can hold; `hf discussions diff` and git tell more.
SHOWN = DiffLimits(file_bytes=48 * 1024, total_bytes=192 * 1024, files=200)
# Of the claims that a pull request adds, of the entries that it removes, of what checks say.
MOST_LISTED = 200


def listing(
    hub: Hub,
    reader: Reader,
    repo_type: RepoType,
    full_name: str,
    *,
    kind: Kind = "all",
    status: Status = "open",
    page: int = 0,
    up_to: int | None = None,
) -> DiscussionPage:
    """A page of a repository's discussions and pull requests.

    Args:
        hub: The hub.
        reader: Who asks.
        repo_type: Whether it is a model or a dataset.
        full_name: `ns/name`.
        kind: Which are wanted.
        status: Likewise.
        page: Counted from 0.
        up_to: The highest number that is wanted; None for all.

    Raises:
        RepoNotFoundError: There is no such repository, or it is hidden from the reader.
    """
    record = find_repo(hub, reader, repo_type, full_name)
    if up_to is None:
        up_to = discussions.last_number(hub, record)
    wanted = Wanted(KINDS[kind], STATUSES[status], up_to=up_to)
    found = discussions.listing(hub, record, wanted, page)
    open_pulls, open_talks = (
        discussions.count(hub, record, Wanted(is_pull, OPEN_STATUSES)) for is_pull in (True, False)
    )
    return DiscussionPage(
        repo=record.full_name,
        type=repo_type,
        private=record.private,
        sentence=_list_sentence(open_pulls, open_talks),
        kind=kind,
        status=status,
        discussions=[_summary(row) for row in found.rows],
        count=found.count,
        start=found.start,
        page_size=discussions.PAGE_SIZE,
        up_to=up_to,
    )


def _list_sentence(open_pulls: int, open_talks: int) -> str:
    if not open_pulls + open_talks:
        return "Nothing is open."
    what = f"{_count(open_pulls, 'pull request')} and {_count(open_talks, 'discussion')}"
    return f"{what[0].upper()}{what[1:]} are open."


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}" + "s" * (number != 1)


def _summary(row: Discussion) -> DiscussionSummary:
    return DiscussionSummary(
        number=row.number,
        is_pull=row.is_pull,
        title=row.title,
        author=row.author,
        status=models.shown_status(row.status),
        created=row.created,
    )


def discussion(
    hub: Hub,
    reader: Reader,
    repo_type: RepoType,
    full_name: str,
    number: int,
    *,
    only_pulls: bool = False,
) -> DiscussionAnswer:
    """A discussion or pull request, whole. Takes time: not in an event loop.

    Raises:
        RepoNotFoundError: There is no such repository, or it is hidden from the reader.
        PullNotFoundError: It has no pull request of that number, and only those are asked for.
        DiscussionNotFoundError: It has nothing of that number.
    """
    record = find_repo(hub, reader, repo_type, full_name)
    find = pulls.find if only_pulls else discussions.find
    found = find(hub, reader, record, number)
    lane = f"pr/{number}"
    limits = SHOWN if gates.is_let_in(hub, reader, record) else None
    changes = pulls.changes(hub, record, found, limits) if found.is_pull else NO_CHANGES
    with hub.index.read() as db:
        claims = beside.claims_of_pull(db, reader, record.id, number, limit=MOST_LISTED)
        removed, removals = benchmark_rows.removals(db, record.id, lane, limit=MOST_LISTED)
        said, findings = benchmark_rows.findings(db, record.id, lane, limit=MOST_LISTED)
    remarks = discussions.remarks(hub, record, number)
    reports = _pull_sentence(claims, removed, found.author)
    what = "pull request" if found.is_pull else "discussion"
    return DiscussionAnswer(
        repo=record.full_name,
        type=repo_type,
        number=number,
        is_pull=found.is_pull,
        title=found.title,
        description=_description(found, remarks),
        author=found.author,
        status=models.shown_status(found.status),
        created=found.created,
        sentence=_sentence(found, remarks, changes, reports if repo_type == "model" else ""),
        head=changes.head,
        base=changes.base,
        merge_commit=changes.merge_commit,
        conflicts=list(changes.conflicts),
        files=[
            FileChange(
                path=file.path,
                change=file.change,
                shown=file.shown,
                plus=file.plus,
                minus=file.minus,
                text=file.text,
            )
            for file in changes.difference.files
        ],
        more_files=changes.difference.more,
        claims=claims.claims,
        claim_count=claims.count,
        removals=[Removal(**row) for row in removals],
        removal_count=removed,
        findings=[Finding(**row) for row in findings],
        finding_count=said,
        history=[event_line(remark, what) for remark in remarks],
    )


def _description(found: Discussion, remarks: Sequence[Remark]) -> str:
    """The first comment as it reads now, if it was opened with one."""
    said = (remark.text for remark in remarks if remark.event.kind == "comment")
    return next(said, "") if found.description else ""


def _sentence(found: Discussion, remarks: Sequence[Remark], changes: Changes, reports: str) -> str:
    if not found.is_pull:
        comments = sum(remark.event.kind == "comment" for remark in remarks)
        people = len({remark.event.actor for remark in remarks if remark.event.kind == "comment"})
        if not comments:
            return f"{found.author} opened this, and nothing has been said yet."
        by = f"{people} people" if people > 1 else found.author if comments == 1 else "one person"
        return f"{_count(comments, 'comment')} by {by}."
    files = len(changes.difference.files) + changes.difference.more
    sentence = reports or f"{found.author} changes {_count(files, 'file')}."
    if changes.conflicts:
        sentence += f" It cannot be merged: main changed {_count(len(changes.conflicts), 'file')} "
        sentence += "of it differently."
    return sentence


def _pull_sentence(claims: OfPull, removed: int, author: str) -> str:
    if not claims.standing and not removed:
        return "This pull request adds no claims."
    would_go = f"merge would remove {removed} " + ("entry" if removed == 1 else "entries")
    if not claims.standing:
        return f"A {would_go}."
    sentence = f"{author} reports {claims.standing} result" + "s" * (claims.standing > 1)
    if claims.against:
        which = "" if claims.against == claims.standing else f"{claims.against} of them "
        sentence += f", {which}against what main says"
    return f"{sentence}; a {would_go}." if removed else f"{sentence}."
