"""Who may do what: pure functions over a reader, a repository and a pull request.

1. Public repositories are seen by everybody; private ones by their namespace's owner, by every
   member of the organisation whose namespace it is, and by admins.
2. Branches, tags and files of a repository belong to the owners and writers of its namespace, and
   to admins. Its settings, its name and its end belong to the owners and to admins.
3. Whoever is signed in and sees a repository may open a pull request on it.
4. `refs/pr/N` is written by the pull request's author and by whoever may write main, only while it
   is open. `refs/assay/*` is written by nobody but the hub. No branch or tag has a name that could
   be a commit's: whoever pinned that commit would get something else.
   Branches and tags of a mirror follow its source: nobody pushes to them.
5. Repositories of a namespace are made by its owners and writers, and by admins.
6. A token of scope read changes nothing, whoever's it is. It sees what its account sees.
7. The files of a gated repository are for those who were let in, and for whoever would see it if it
   were private. What boards are made from, and what says how to ask, is open: `OPEN_FILES`.
8. Whoever is signed in and sees a model may dispute claims about it. They are upheld and refuted by
   the writers of the benchmark and by admins, but never by who may write the model, nor by who
   reported the claim.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal, Protocol

MAIN = "refs/heads/main"
PULL_REF = re.compile(r"refs/pr/([1-9][0-9]{0,8})")
_LIKE_A_COMMIT = re.compile(r"refs/(heads|tags)/[0-9a-fA-F]{40}")
PullStatus = Literal["opening", "draft", "open", "closed", "merged"]
OPEN_STATUSES: frozenset[str] = frozenset({"draft", "open"})
OPEN_FILES = re.compile(r"README\.md|eval\.yaml|assay\.yaml|\.eval_results/.+")
Role = Literal["owner", "write", "read"]
ROLES: tuple[Role, ...] = ("owner", "write", "read")
Scope = Literal["read", "write"]
SCOPES: tuple[Scope, ...] = ("read", "write")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks. Nobody in particular when `name` is None.

    Attributes:
        name: The account, or None for a stranger.
        is_admin: Whether the account runs this hub.
        namespaces: The namespaces the account owns: its own, and organisations it is owner of.
        writes: The organisations it may write in without owning them.
        reads: The organisations it may only read.
        scope: What the token it came with may do at most.
    """

    name: str | None = None
    is_admin: bool = False
    namespaces: frozenset[str] = field(default_factory=frozenset)
    writes: frozenset[str] = field(default_factory=frozenset)
    reads: frozenset[str] = field(default_factory=frozenset)
    scope: Scope = "write"

    @property
    def sees(self) -> frozenset[str]:
        """The namespaces whose private repositories the account may see."""
        return self.namespaces | self.writes | self.reads

    @property
    def may_act(self) -> bool:
        """Whether it may change anything at all (rule 6)."""
        return self.name is not None and self.scope == "write"


STRANGER = Reader()
ONLY_READS = "this access token may read and change nothing; it takes one of scope write"


class Placed(Protocol):
    """What permission needs to know of a repository."""

    @property
    def namespace(self) -> str: ...  # noqa: D102

    @property
    def private(self) -> bool: ...  # noqa: D102


class Gated(Placed, Protocol):
    """What permission needs to know of a repository that may have a gate."""

    @property
    def gated(self) -> str | None: ...  # noqa: D102


def may_see(reader: Reader, repo: Placed) -> bool:
    """Rule 1. The one place that decides what stays hidden."""
    if not repo.private:
        return True
    return reader.name is not None and (reader.is_admin or repo.namespace in reader.sees)


def may_read_file(reader: Reader, repo: Gated, path: str | None, *, let_in: bool) -> bool:
    """Rule 7, for a reader who sees the repository.

    Args:
        reader: Who asks.
        repo: The repository.
        path: The file; None for all of them at once, as a clone takes them.
        let_in: Whether the account was given access.
    """
    if repo.gated is None or (path is not None and OPEN_FILES.fullmatch(path)):
        return True
    member = reader.is_admin or repo.namespace in reader.sees
    return reader.name is not None and (let_in or member)


def may_write(reader: Reader, repo: Placed) -> bool:
    """Rule 2: branches, tags and files."""
    return may_create(reader, repo.namespace)


def may_administer(reader: Reader, repo: Placed) -> bool:
    """Rule 2: settings, name and end."""
    return reader.may_act and (reader.is_admin or repo.namespace in reader.namespaces)


def may_create(reader: Reader, namespace: str) -> bool:
    """Rule 5."""
    writes = namespace in reader.namespaces or namespace in reader.writes
    return reader.may_act and (reader.is_admin or writes)


def may_open_pull(reader: Reader, repo: Placed) -> bool:
    """Rule 3."""
    return reader.may_act and may_see(reader, repo)


def may_dispute(reader: Reader, model: Placed) -> bool:
    """Rule 8."""
    return reader.may_act and may_see(reader, model)


def may_rule(
    reader: Reader, *, model: Placed, benchmark: Placed | None, reporters: Collection[str | None]
) -> bool:
    """Rule 8: upholding and refuting.

    Args:
        reader: Who asks.
        model: The repository that the claim is about.
        benchmark: The one whose task it is about; None where no benchmark here has that.
        reporters: The accounts that pushed the claim's versions.
    """
    is_own = model.namespace in reader.namespaces | reader.writes or reader.name in reporters
    if is_own or not may_dispute(reader, model):
        return False
    return reader.is_admin or (benchmark is not None and may_write(reader, benchmark))


def may_close_pull(reader: Reader, repo: Placed, author: str) -> bool:
    """Whoever opened a pull request may withdraw it; writers may decline it."""
    return reader.may_act and (reader.name == author or may_write(reader, repo))


def refuse_in_mirror(ref: str, source: str) -> str | None:
    """Why nobody may move this ref of a mirror, or None if it may be moved (rule 4).

    Args:
        ref: The full ref name.
        source: What the mirror is a copy of, as readers are told.
    """
    if pull_number(ref) is not None:
        return None
    return f"{ref}: this is a mirror of {source} and follows it; change it there"


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
    if reader.scope == "read":
        return f"{ref}: {ONLY_READS}"
    number = pull_number(ref)
    if number is not None:
        return _refuse_pull_ref(reader, repo, number, pull, deletes=deletes)
    if not ref.startswith(("refs/heads/", "refs/tags/")):
        return f"{ref}: only branches, tags and pull requests (refs/pr/N) can be pushed here"
    return _refuse_branch_or_tag(reader, repo, ref, deletes=deletes)


def _refuse_branch_or_tag(reader: Reader, repo: Placed, ref: str, *, deletes: bool) -> str | None:
    if not may_write(reader, repo):
        return f"{ref}: only the owner of '{repo.namespace}' may push here; open a pull request"
    if _LIKE_A_COMMIT.fullmatch(ref) and not deletes:
        return f"{ref}: a name of 40 hexadecimal digits would be taken for a commit"
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
