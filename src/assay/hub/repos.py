"""Repositories: making, finding, reading. Every verb takes the reader first of all."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from assay.core.files import ATTRIBUTES, DEFAULT_ATTRIBUTES
from assay.core.permission import MAIN, Reader, may_create, may_see
from assay.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    RepoNotFoundError,
)
from assay.formats.names import parse_repo_id
from assay.hub import indexing
from assay.hub.open import Hub
from assay.hub.refusals import need_name
from assay.storage.database import people as people_rows
from assay.storage.database import repos as rows
from assay.storage.database.repos import RepoRecord
from assay.storage.git import Commit, Identity, Repository, TreeItem, write_root

RepoType = Literal["model", "dataset"]


def find(hub: Hub, reader: Reader, repo_type: RepoType, full_name: str) -> RepoRecord:
    """A repository the reader may see.

    Raises:
        RepoNotFoundError: There is none, or it is hidden from the reader: the two look the same.
    """
    missing = RepoNotFoundError(f"there is no {repo_type} repository '{full_name}' here")
    try:
        name = parse_repo_id(full_name)
    except InvalidError as error:
        raise missing from error
    with hub.durable.read() as db:
        record = rows.find_repo(db, repo_type, name.namespace, name.name)
    if record is None or not may_see(reader, record):
        raise missing
    return record


def current_name(hub: Hub, reader: Reader, repo_type: RepoType, full_name: str) -> str | None:
    """What a repository is called now that was asked for by an old name, or in another case.

    None when the name is its own, when nothing answers to it, and when the reader may not see it.
    """
    with hub.durable.read() as db:
        record = rows.repo_answering(db, repo_type, full_name)
    if record is None or record.full_name == full_name or not may_see(reader, record):
        return None
    return record.full_name


def _refuse_what_is_there(hub: Hub, reader: Reader, repo_type: RepoType, full_name: str) -> None:
    """Say that a repository exists rather than that it may not be made: clients then go on."""
    with hub.durable.read() as db:
        there = rows.repo_answering(db, repo_type, full_name)
    if there is not None and may_see(reader, there):
        raise ConflictError(f"A {repo_type} repository called '{there.full_name}' already exists")


def create(
    hub: Hub,
    reader: Reader,
    repo_type: RepoType,
    full_name: str,
    *,
    private: bool = False,
    mirror_of: str | None = None,
) -> RepoRecord:
    """Make an empty repository.

    An admin may make one in a namespace that nobody owns; such a namespace stays unclaimed, and
    nothing in it counts as its author's word.

    Args:
        hub: The hub.
        reader: Who makes it.
        repo_type: Of the repository.
        full_name: `ns/name`.
        private: Whether only the namespace's own see it.
        mirror_of: What it is going to be a copy of (`hub.mirror`).

    Raises:
        UnauthenticatedError: A stranger asks.
        ForbiddenError: The namespace is somebody else's, or the name was a deleted repository's.
        ConflictError: The name is taken.
    """
    name = parse_repo_id(full_name)
    account = need_name(reader, "create a repository")
    if not may_create(reader, name.namespace):
        _refuse_what_is_there(hub, reader, repo_type, full_name)
        raise ForbiddenError(
            f"{account} may not create repositories under '{name.namespace}'",
            hint="ask the namespace's owner, or an admin",
        )
    now = hub.now()
    record = RepoRecord(
        id=secrets.token_hex(12),
        type=repo_type,
        namespace=name.namespace,
        name=name.name,
        private=private,
        created=now,
        created_by=account,
        mirror_of=mirror_of,
    )
    with hub.durable.write() as db:
        people_rows.ensure_namespace(db, name.namespace, created=now)
        # First: a name that is taken makes no folder.
        losers = rows.add_repo(db, record, by_admin=reader.is_admin)
        hub.git.create(record.id, name=f"{repo_type} {record.full_name}")
    for repo_id in (*losers, record.id):
        indexing.sync(hub, repo_id)
    return record


@dataclass(frozen=True, slots=True)
class At:
    """A repository at one commit, for reading."""

    record: RepoRecord
    git: Repository
    commit: str

    def list(self, folder: str = "", *, recursive: bool = False) -> list[TreeItem]:
        """The items of a folder."""
        return self.git.list(self.commit, folder, recursive=recursive)

    def info(self) -> Commit:
        """The commit itself."""
        return self.git.commit(self.commit)


def at_revision(hub: Hub, record: RepoRecord, revision: str) -> At:
    """Open a repository (found by `find`) at a branch, tag, ref or commit.

    Raises:
        RevisionNotFoundError: There is no such revision.
    """
    git = hub.git.open(record.id)
    return At(record, git, resolve(record, git, revision))


def resolve(record: RepoRecord, git: Repository, revision: str) -> str:
    """The commit of a branch, tag, ref or commit id; of main in an empty repository its first one.

    Raises:
        RevisionNotFoundError: There is no such revision.
    """
    return first_commit(record, git) if is_unborn(git, revision) else git.resolve(revision)


def first_commit(record: RepoRecord, git: Repository) -> str:
    """What main is where nobody has committed; the same for ever.

    Clients expect every repository to have a commit. No ref names this one before something stands
    on it, so that whoever pushes a history of her own finds none in her way.
    """
    made_s = int(datetime.fromisoformat(record.created).timestamp())
    who = record.created_by
    author = Identity(who, f"{who}@users.noreply.localhost", made_s)
    return write_root(git.path, {ATTRIBUTES: DEFAULT_ATTRIBUTES}, "initial commit\n", author)


def is_unborn(git: Repository, revision: str) -> bool:
    """Whether this means main, and nobody has committed to it."""
    return revision in {"main", MAIN} and git.head(MAIN) is None
