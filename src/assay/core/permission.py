"""Who may do what: pure functions over a reader, a repository and a pull request.

1. Public repositories are seen by everybody, private ones by their namespace's owner and admins.
2. Branches, tags and settings of a repository belong to its namespace's owner and admins.
3. Whoever is signed in and sees a repository may open a pull request on it.
4. `refs/pr/N` is written by the pull request's author and by whoever may write main, only while it
   is open. `refs/assay/*` is written by nobody but the hub.
5. A namespace's first repository may be made by its owner or by an admin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, Protocol

MAIN = "refs/heads/main"
PULL_REF = re.compile(r"refs/pr/([1-9][0-9]{0,8})")
PullStatus = Literal["opening", "draft", "open", "closed", "merged"]
OPEN_STATUSES: frozenset[str] = frozenset({"draft", "open"})


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks. Nobody in particular when `name` is None.

    Attributes:
        name: The account, or None for a stranger.
        is_admin: Whether the account runs this hub.
        namespaces: The namespaces whose owner the account is.
    """

    name: str | None = None
    is_admin: bool = False
    namespaces: frozenset[str] = field(default_factory=frozenset)


STRANGER = Reader()


class Placed(Protocol):
    """What permission needs to know of a repository."""

    @property
    def namespace(self) -> str: ...  # noqa: D102

    @property
    def private(self) -> bool: ...  # noqa: D102


def may_see(reader: Reader, repo: Placed) -> bool:
    """Rule 1. The one place that decides what stays hidden."""
    return not repo.private or may_write(reader, repo)


def may_write(reader: Reader, repo: Placed) -> bool:
    """Rule 2."""
    return may_create(reader, repo.namespace)


def may_create(reader: Reader, namespace: str) -> bool:
    """Rule 5."""
    return reader.name is not None and (reader.is_admin or namespace in reader.namespaces)


def may_open_pull(reader: Reader, repo: Placed) -> bool:
    """Rule 3."""
    return reader.name is not None and may_see(reader, repo)


def may_close_pull(reader: Reader, repo: Placed, author: str) -> bool:
    """Whoever opened a pull request may withdraw it; writers may decline it."""
    return reader.name is not None and (reader.name == author or may_write(reader, repo))


def pull_number(ref: str) -> int | None:
    """The N of `refs/pr/N`, or None for any other ref."""
    match = PULL_REF.fullmatch(ref)
    return int(match[1]) if match else None


def lane_of(ref: str) -> str | None:
    """The lane a ref speaks in (`main`, `pr/N`), or None for a ref that carries no claims."""
    if ref == MAIN:
        return "main"
    return ref.removeprefix("refs/") if PULL_REF.fullmatch(ref) else None


@dataclass(frozen=True, slots=True)
class PullFacts:
    """What permission needs to know of a pull request."""

    author: str
    status: str


def refuse_ref(
    reader: Reader, repo: Placed, ref: str, pull: PullFacts | None, *, deletes: bool
) -> str | None:
    """Why the reader may not move this ref, or None if she may (rules 2 and 4).

    Args:
        reader: Who pushes.
        repo: The repository pushed to; the reader is known to see it.
        ref: The full ref name.
        pull: The pull request of `refs/pr/N`, if there is one.
        deletes: Whether the update deletes the ref.
    """
    number = pull_number(ref)
    if number is not None:
        return _refuse_pull_ref(reader, repo, number, pull, deletes=deletes)
    if not ref.startswith(("refs/heads/", "refs/tags/")):
        return f"{ref}: only branches, tags and pull requests (refs/pr/N) can be pushed here"
    if not may_write(reader, repo):
        return f"{ref}: only the owner of '{repo.namespace}' may push here; open a pull request"
    if ref == MAIN and deletes:
        return f"{ref}: main cannot be deleted; to take results back, remove their files"
    return None


def _refuse_pull_ref(
    reader: Reader, repo: Placed, number: int, pull: PullFacts | None, *, deletes: bool
) -> str | None:
    if pull is None:
        return f"refs/pr/{number}: there is no pull request {number}; open one first"
    if pull.status not in OPEN_STATUSES:
        return f"refs/pr/{number}: pull request {number} is {pull.status}; open a new one"
    if reader.name != pull.author and not may_write(reader, repo):
        return f"refs/pr/{number}: pull request {number} belongs to {pull.author}"
    if deletes:
        return f"refs/pr/{number}: close the pull request instead; what was claimed stays on record"
    return None
