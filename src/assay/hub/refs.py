"""Branches, tags and commits: what a repository's refs are, and how they are made and removed.

Every change goes through `hub.push`, as a push with git does, and stands in its log.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from assay.core.permission import MAIN, Reader
from assay.errors import ConflictError, ForbiddenError, InvalidError, RevisionNotFoundError
from assay.hub.open import Hub
from assay.hub.pulls import identity
from assay.hub.push import land_commit
from assay.hub.refusals import need_writer
from assay.hub.repos import resolve
from assay.hub.settling import recover
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO, Commit, RefUpdate, Repository, is_ref_name, open_quarantine

BRANCHES, TAGS, PULLS = "refs/heads/", "refs/tags/", "refs/pr/"
COMMITS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Ref:
    """A ref by its short and full name, and the commit it leads to."""

    name: str
    ref: str
    commit: str


def listing(hub: Hub, record: RepoRecord, prefix: str) -> list[Ref]:
    """The refs under a prefix that lead to a commit, by name."""
    git = hub.git.open(record.id)
    commits = {ref: git.commit_of(ref) for ref in git.refs(prefix)}
    if prefix == BRANCHES:
        commits[MAIN] = resolve(record, git, MAIN)
    return [Ref(ref.removeprefix(prefix), ref, oid) for ref, oid in sorted(commits.items()) if oid]


@dataclass(frozen=True, slots=True)
class CommitPage:
    """Some commits of a history, the newest first, and where the next page begins, if there is one.

    Attributes:
        head: The commit whose history it is: later pages are asked of it, not of a moving branch.
        commits: The commits of this page.
        following: How many commits stand before the next page; None on the last one.
    """

    head: str
    commits: list[Commit]
    following: int | None


def commits(hub: Hub, record: RepoRecord, revision: str, start: int) -> CommitPage:
    """A page of a revision's history. Takes time: not in an event loop.

    Raises:
        RevisionNotFoundError: There is no such revision.
    """
    git = hub.git.open(record.id)
    head = resolve(record, git, revision)
    end = start + COMMITS_A_PAGE
    found = list(islice(git.between(head, hidden=[]), start, end + 1))
    page = [git.commit(oid) for oid in found[:COMMITS_A_PAGE]]
    return CommitPage(head, page, end if len(found) > COMMITS_A_PAGE else None)


def create_branch(
    hub: Hub, reader: Reader, record: RepoRecord, name: str, start: str | None
) -> None:
    """Make a branch at a revision; at main if none is named.

    Raises:
        ForbiddenError: The reader may not.
        InvalidError: The name cannot be a branch's.
        ConflictError: There is such a branch.
        RevisionNotFoundError: There is nothing to begin at.
    """
    need_writer(reader, record)
    ref = _full(BRANCHES, name)
    with hub.git.lock(record.id):
        recover(hub, record.id)
        git = hub.git.open(record.id)
        _need_free(git, ref)
        commit = resolve(record, git, start or MAIN)
        land_commit(hub, record, reader, RefUpdate(ref, ZERO, commit), None)


def create_tag(
    hub: Hub, reader: Reader, record: RepoRecord, name: str, revision: str, message: str | None
) -> None:
    """Tag a revision; with a message the tag is an object of its own that says who made it.

    Raises as `create_branch` does.
    """
    need_writer(reader, record)
    resolve(record, hub.git.open(record.id), revision)  # told before anything about the name
    ref = _full(TAGS, name)
    with hub.git.lock(record.id):
        recover(hub, record.id)
        git = hub.git.open(record.id)
        _need_free(git, ref)
        commit = resolve(record, git, revision)
        if not message:
            land_commit(hub, record, reader, RefUpdate(ref, ZERO, commit), None)
            return
        with open_quarantine(git.path) as quarantine:
            made = quarantine.tag(commit, name, message=message, tagger=identity(hub, reader))
            land_commit(hub, record, reader, RefUpdate(ref, ZERO, made), quarantine)


def delete_branch(hub: Hub, reader: Reader, record: RepoRecord, name: str) -> None:
    """Remove a branch.

    Raises:
        ForbiddenError: The reader may not, or the branch is main.
        RevisionNotFoundError: There is none.
    """
    _delete(hub, reader, record, _full(BRANCHES, name))


def delete_tag(hub: Hub, reader: Reader, record: RepoRecord, name: str) -> None:
    """Remove a tag. Raises as `delete_branch` does."""
    _delete(hub, reader, record, _full(TAGS, name))


def _delete(hub: Hub, reader: Reader, record: RepoRecord, ref: str) -> None:
    need_writer(reader, record)
    if ref == MAIN:
        raise ForbiddenError(
            f"Cannot delete {ref}: claims stand on it", hint="to take results back, remove files"
        )
    with hub.git.lock(record.id):
        recover(hub, record.id)
        old = hub.git.open(record.id).head(ref)
        if old is None:
            raise RevisionNotFoundError(f"Invalid rev id: {record.full_name} has no {ref}")
        land_commit(hub, record, reader, RefUpdate(ref, old, ZERO), None)


def _full(prefix: str, name: str) -> str:
    """The full name of a branch or tag.

    Raises:
        InvalidError: git would not have it, or it would look like another kind of ref.
    """
    if name.startswith("refs/") or not is_ref_name(prefix + name):
        kind = "branch" if prefix == BRANCHES else "tag"
        raise InvalidError(f"'{name[:200]}' cannot be the name of a {kind}")
    return prefix + name


def _need_free(git: Repository, ref: str) -> None:
    """Refuse a name that is in use, or that git could not keep beside those that are."""
    for there in {MAIN, *git.refs(BRANCHES if ref.startswith(BRANCHES) else TAGS)}:
        if there == ref:
            raise ConflictError(f"Reference {ref} already exists")
        if there.startswith(f"{ref}/") or ref.startswith(f"{there}/"):
            raise ConflictError(f"{ref} cannot be beside {there}", hint="choose another name")
