"""Repositories taken from elsewhere: copies that say so.

1. What a mirror's main claims is the community's word, whoever owns its namespace here: the author
   said it elsewhere, and a copy cannot show that.
2. A mirror follows its source: nobody else moves its branches and tags. Branches and tags are taken
   over, and nothing else; the source's main branch becomes main, whatever it is called there.
3. It is brought up to date by mirroring again. What is gone at the source goes; what a rewrite of
   main would lose is kept, as by any push.
4. Everything is fetched before anything is changed: the history, then the large files that it
   points to. Only then is a new repository made, and the push door asked. Errors in files are told
   and refuse nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assay.core.mirror_source import (
    is_dataset,
    is_folder,
    is_same,
    origin,
    parse_address,
    shown,
)
from assay.core.permission import MAIN, Reader, may_create, refuse_ref
from assay.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RepoNotFoundError,
    UnavailableError,
)
from assay.formats.finding import Finding
from assay.formats.lfs_pointer import Pointer
from assay.formats.names import parse_repo_id
from assay.hub import indexing, mirror_files, repos
from assay.hub.large import Incoming, find_pointers, missing_objects, paths_of
from assay.hub.mirror_files import Fetch, OnProgress
from assay.hub.open import Hub
from assay.hub.pulls import identity
from assay.hub.push import land
from assay.hub.repos import RepoType
from assay.hub.settling import recover
from assay.storage.database import people as people_rows
from assay.storage.database import repos as rows
from assay.storage.database.repos import RepoRecord
from assay.storage.git import (
    ZERO,
    Clone,
    Credential,
    RefUpdate,
    Repository,
    clone,
    open_quarantine,
)
from assay.storage.workplace import workplace

REPO_TYPES: tuple[RepoType, ...] = ("model", "dataset")
MIRRORED = ("refs/heads/", "refs/tags/")
NAMED = 5


@dataclass(frozen=True, slots=True)
class Moved:
    """A branch or tag and the objects it moved between; None is nowhere."""

    ref: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What came of a mirroring.

    Attributes:
        repo: `ns/name` of the mirror.
        type: Of the repository.
        mirror_of: Where from, as readers are told.
        is_new: Whether it was made now.
        main: The commit that main is at.
        moved: What moved; nothing when there was nothing new.
        left_out: Refs and folders of the source that have no place here, each with the reason.
        large_files: How many large files came.
        large_bytes: Their bytes.
        findings: What the checks say about the files that came; they refuse nothing.
    """

    repo: str
    type: str
    mirror_of: str
    is_new: bool
    main: str | None
    moved: tuple[Moved, ...]
    left_out: tuple[str, ...]
    large_files: int
    large_bytes: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a mirror comes from.

    Attributes:
        address: As it is stored: an address, or the absolute path of a folder.
        token: Shown to the address's own host when it asks who is there.
        fetch: Brings large files; a folder's own are found without.
    """

    address: str
    token: str | None = None
    fetch: Fetch | None = None

    @property
    def credential(self) -> Credential | None:
        """The token for git."""
        place = origin(self.address)
        return Credential(place, self.token) if place is not None and self.token else None


def name_source(text: str) -> str:
    """A source as it is stored, from what a person wrote.

    Raises:
        InvalidError: It is neither a folder nor an address, or holds a secret.
    """
    folder = Path(text).expanduser()
    return str(folder.resolve()) if folder.is_dir() else parse_address(text)


def actor_for(hub: Hub, name: str, by: str | None) -> Reader:
    """In whose name a mirror is kept: an admin, else an owner of its namespace.

    Args:
        hub: The hub.
        name: `ns/name` of the mirror.
        by: The account, if one was named.

    Raises:
        NotFoundError: There is no such account, or nobody at all who may.
        ForbiddenError: The account may not write there.
    """
    namespace = parse_repo_id(name).namespace
    with hub.durable.read() as db:
        known = [by] if by is not None else people_rows.keepers_of(db, namespace)
        actor = people_rows.reader_named(db, known[0]) if known else None
    if actor is None:
        raise NotFoundError(
            f"nobody here may make repositories under '{namespace}'",
            hint="assay user add NAME --admin",
        )
    if actor.name is None:
        raise NotFoundError(f"there is no account '{by}'", hint=f"assay user add {by}")
    if not may_create(actor, namespace):
        raise ForbiddenError(
            f"{actor.name} may not make repositories under '{namespace}'",
            hint="name an admin, or somebody who writes there, with --by",
        )
    return actor


def mirror(
    hub: Hub,
    actor: Reader,
    source: Source,
    name: str,
    *,
    repo_type: RepoType | None = None,
    private: bool = False,
    on_progress: OnProgress = lambda _stage, _done, _of: None,
) -> Mirrored:
    """Make or update the mirror of a folder, a git repository, or a repository of another hub.

    Args:
        hub: The hub.
        actor: Whom the push log names; from `actor_for`.
        source: Where from.
        name: `ns/name` here.
        repo_type: Of the repository; None to keep it, or of a new one to guess it.
        private: Whether a new mirror is private.
        on_progress: Told what is done and how far it is.

    Raises:
        ConflictError: A repository of that name is there and is no mirror of this source; or
            another command mirrors it now.
        InvalidError: There is nothing to take, or a large file is missing; nothing was changed.
        AssayError: The source cannot be reached or refuses; nothing was changed.
    """
    there = _find(hub, actor, name, repo_type, source.address)
    with workplace(hub.workplaces, name, source.address) as work:
        job = _Job(hub, actor, source, name, there, work, on_progress)
        try:
            return _mirror(job, repo_type, private=private)
        except OSError as error:
            raise UnavailableError(
                f"the mirror could not be written: {error.strerror}: {error.filename}",
                hint="make room on the disk and run the same command again",
            ) from error
        finally:  # what stays are large files, which the next try need not fetch again
            shutil.rmtree(work / "clone", ignore_errors=True)
            with suppress(OSError):
                (work / "objects").rmdir()


@dataclass(frozen=True, slots=True)
class _Job:
    """One mirroring under way: the parameters of `mirror`, what is there, and where to work."""

    hub: Hub
    actor: Reader
    source: Source
    name: str
    there: RepoRecord | None
    work: Path
    say: OnProgress

    @property
    def known(self) -> Path | None:
        """The mirror as it is: what it has need not come again."""
        return self.hub.git.path(self.there.id) if self.there is not None else None


def _mirror(job: _Job, repo_type: RepoType | None, *, private: bool) -> Mirrored:
    hub, actor, source, there = job.hub, job.actor, job.source, job.there
    taken, left_out = _take(job)
    if taken.main is None:
        raise InvalidError(
            f"{source.address} has no commits, or no branch that is its main one",
            hint="there is nothing to mirror yet",
        )
    git = taken.open(job.known)
    theirs, no_place = _refs_here(job, taken)
    pointers = find_pointers(git, (oid for oid, _ in git.new_blobs()))
    wanted = missing_objects(hub, there.id if there else None, pointers.values())
    objects = job.work / "objects"
    missing = mirror_files.bring(wanted, objects, source.fetch or _own_objects(source), job.say)
    if missing:
        raise _missing_error(git, theirs.values(), pointers, missing)
    record = there or repos.create(
        hub,
        actor,
        repo_type or _guess(source.address, git, theirs[MAIN]),
        job.name,
        private=private,
        mirror_of=source.address,
    )
    incoming = Incoming(hub, record, actor.name or "", counted=False)
    for file in mirror_files.whole(hub, wanted, objects):
        incoming.add(file)
    job.say("storing", 0, 0)
    moved, findings = _land(hub, actor, record, taken, theirs, incoming)
    return Mirrored(
        repo=record.full_name,
        type=record.type,
        mirror_of=shown(source.address),
        is_new=there is None,
        main=theirs[MAIN],
        moved=moved,
        left_out=(*left_out, *no_place),
        large_files=len(wanted),
        large_bytes=sum(pointer.size_bytes for pointer in wanted),
        findings=findings,
    )


def _find(
    hub: Hub, actor: Reader, name: str, repo_type: RepoType | None, source: str
) -> RepoRecord | None:
    """The mirror that is there already.

    Raises:
        ConflictError: Something else is there, or it is not clear which is meant.
    """
    found: list[RepoRecord] = []
    others: list[str] = []
    for one in (repo_type,) if repo_type is not None else REPO_TYPES:
        try:
            record = repos.find(hub, actor, one, name)
        except RepoNotFoundError:
            _refuse_old_name(hub, one, name)
            continue
        if record.mirror_of is not None and is_same(record.mirror_of, source):
            found.append(record)
        else:
            of = f"a mirror of {record.mirror_of}" if record.mirror_of else "not a mirror"
            others.append(f"the {one} {name} is there and is {of}")
    if others and (not found or repo_type is not None):
        raise ConflictError(others[0], hint="choose another name, or say --type")
    if len(found) > 1:
        raise ConflictError(f"{name} is a model and a dataset", hint="say which with --type")
    return found[0] if found else None


def _refuse_old_name(hub: Hub, repo_type: RepoType, name: str) -> None:
    with hub.durable.read() as db:
        now = rows.repo_answering(db, repo_type, name)
    if now is not None:
        raise ConflictError(
            f"the {repo_type} {name} is called {now.full_name} now", hint=f"--as {now.full_name}"
        )


def _take(job: _Job) -> tuple[Clone, list[str]]:
    """What the source has, in the work folder, and what is left out of it."""
    shutil.rmtree(job.work / "clone", ignore_errors=True)
    (job.work / "clone").mkdir()
    into = job.work / "clone" / "copy.git"
    folder = Path(job.source.address)
    if is_folder(job.source.address) and not mirror_files.is_repository(folder):
        parent = job.hub.git.open(job.there.id).head(MAIN) if job.there is not None else None
        base = mirror_files.Base(job.known, parent)
        author = identity(job.hub, job.actor)
        return mirror_files.take_folder(job.hub, folder, into, base, author, job.say)
    job.say("fetching", 0, 0)
    taken = clone(
        job.source.address,
        into,
        known=job.known,
        credential=job.source.credential,
        on_percent=lambda stage, percent: job.say(stage, percent, 100),
    )
    return taken, []


def _own_objects(source: Source) -> Fetch:
    """The large files of a repository on this machine; other sources without LFS have none."""
    folder = Path(source.address)
    if is_folder(source.address) and mirror_files.is_repository(folder):
        return mirror_files.local_objects(folder)
    return lambda wanted, _folder, _on_bytes: list(wanted)


def _guess(source: str, git: Repository, main: str) -> RepoType:
    if not is_folder(source) and is_dataset(source):
        return "dataset"
    return "dataset" if git.find(main, "eval.yaml") is not None else "model"


def _refs_here(job: _Job, taken: Clone) -> tuple[dict[str, str], list[str]]:
    """Where the source's branches and tags belong, and why some have no place (rule 2)."""
    theirs = dict(taken.refs)
    main = theirs.pop(taken.main or "")
    kept, left_out = {MAIN: main}, []
    namespace = parse_repo_id(job.name).namespace
    for ref, oid in sorted(theirs.items()):
        reason = refuse_ref(job.actor, _Somewhere(namespace), ref, None, deletes=False)
        if ref == MAIN or ref.startswith(f"{MAIN}/"):
            reason = f"{ref}: main is taken by {taken.main}, the main branch of the source"
        if reason is None:
            kept[ref] = oid
        else:
            left_out.append(reason)
    return kept, left_out


@dataclass(frozen=True, slots=True)
class _Somewhere:
    """What permission needs to know of a repository that may not be there yet."""

    namespace: str
    private: bool = False


def _missing_error(
    git: Repository,
    tips: Iterable[str],
    pointers: dict[str, Pointer],
    missing: Sequence[Pointer],
) -> InvalidError:
    oids = {pointer.oid for pointer in missing}
    blobs = [blob for blob, pointer in pointers.items() if pointer.oid in oids]
    paths = paths_of(git, tips, blobs)
    named = sorted(
        f"{paths.get(blob, 'a file of an earlier commit')} (sha256 {pointers[blob].oid}, "
        f"{pointers[blob].size_bytes} bytes)"
        for blob in blobs
    )
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return InvalidError(
        f"the source does not have the large files of {', '.join(named[:NAMED])}{more}; "
        "nothing was changed",
        hint="in a clone of your own, `git lfs fetch --all` brings them; then run this again",
    )


def _land(
    hub: Hub,
    actor: Reader,
    record: RepoRecord,
    taken: Clone,
    theirs: dict[str, str],
    incoming: Incoming,
) -> tuple[tuple[Moved, ...], tuple[Finding, ...]]:
    """Move the refs that differ. Those that go make room for others first: `a` before `a/b`."""
    with hub.git.lock(record.id):
        recover(hub, record.id)
        repository = hub.git.open(record.id)
        ours = {ref: oid for ref, oid in repository.refs().items() if ref.startswith(MIRRORED)}
        gone = [RefUpdate(ref, oid, ZERO) for ref, oid in ours.items() if ref not in theirs]
        moved = [
            RefUpdate(ref, ours.get(ref, ZERO), oid)
            for ref, oid in theirs.items()
            if ours.get(ref) != oid
        ]
        findings: tuple[Finding, ...] = ()
        if gone:
            land(hub, record, actor, gone, None, mirroring=True)
        if moved:
            with open_quarantine(repository.path) as quarantine:
                quarantine.adopt(taken.path / "objects")
                report = land(
                    hub, record, actor, moved, quarantine, mirroring=True, incoming=incoming
                )
                findings = report.findings
        indexing.sync(hub, record.id)  # also what a crash left behind
    changes = [
        Moved(u.ref, None if u.creates else u.old, None if u.deletes else u.new)
        for u in (*moved, *gone)
    ]
    return tuple(changes), findings
