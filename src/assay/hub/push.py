"""The one door. A git push and a commit over the API become the same thing here: updates of refs.

1. Whoever holds the repository's lock may move its refs. What a crash left is settled first.
2. The updates are judged: permission, then formats and checks, on the tip of each ref against its
   old tip. Only files that the push adds or changes can refuse it, and then all of it.
3. Old tips that a rewrite would lose are kept under `refs/assay/kept/`.
4. One durable row an update, pending; then the refs move, by compare-and-swap; then the rows become
   applied (or failed), together with what follows from them for pull requests.
5. The index is brought up to date. Only then is anybody told that the push landed.

A process may die between any two steps: `settle` looks where the refs are and finishes the story.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.core.checks import bad_path_finding, check_file, file_kind, special_entry_finding
from assay.core.mirror_source import shown
from assay.core.permission import (
    MAIN,
    PullFacts,
    Reader,
    lane_of,
    pull_number,
    refuse_in_mirror,
    refuse_ref,
)
from assay.errors import ForbiddenError, InvalidError, NoRoomError, UnfinishedError
from assay.formats.card import RepoType
from assay.formats.finding import Finding, has_errors
from assay.hub import indexing
from assay.hub.large import Incoming, refuse_blobs
from assay.hub.open import Hub
from assay.hub.profiles import card_findings
from assay.hub.results import FOLDER, ResultReader, read_limited
from assay.hub.settling import settle
from assay.hub.specs import declared_by
from assay.storage.database import discussions as discussion_rows
from assay.storage.database import pushes as push_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO, Quarantine, RefUpdate, Repository, update_refs

KEPT = "refs/assay/kept/"
NOTHING: Mapping[str, int] = {}
SPEC_FILES = ("eval.yaml", "assay.yaml")


@dataclass(frozen=True, slots=True)
class Report:
    """What judging found.

    Attributes:
        reasons: Why the actor may not do it.
        faults: What git cannot hold or point to, whoever asks.
        findings: What the checks say about files.
        lenient: Whether errors among the findings are let through.
    """

    reasons: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    lenient: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the push may land."""
        if self.reasons or self.faults:
            return False
        return self.lenient or not has_errors(self.findings)


class PushRefusedError(InvalidError):
    """A change was refused; nothing of it remains. `findings` says why, file by file."""

    code = "push-refused"

    def __init__(self, report: Report) -> None:
        errors = sum(finding.severity == "error" for finding in report.findings)
        message = "; ".join(report.faults) or f"{errors} errors in the files of this change"
        super().__init__(message, hint="correct what is named and send it again")
        self.findings = report.findings


class PushForbiddenError(ForbiddenError):
    """A change of refs that is not the actor's to make; nothing of it remains."""

    code = "push-forbidden"


def judge(
    hub: Hub,
    record: RepoRecord,
    actor: Reader,
    updates: Sequence[RefUpdate],
    git: Repository,
    *,
    lenient: bool = False,
    mirroring: bool = False,
    brought: Mapping[str, int] = NOTHING,
) -> Report:
    """Step 2, without any effect.

    Args:
        hub: The hub.
        record: The repository, which the actor may see.
        actor: Who pushes.
        updates: The refs and where they are to move.
        git: The repository, with the new objects visible.
        lenient: Whether files with errors are to be kept all the same (`-o assay.lenient`).
        mirroring: Whether this is what the source of a mirror has.
        brought: Sizes in bytes of large files that come with the change, by sha256.
    """
    reasons = refuse(hub, record, actor, updates, mirroring=mirroring)
    for update in updates:
        if not update.deletes and lane_of(update.ref) and not git.is_commit(update.new):
            reasons.append(f"{update.ref}: points to something that is not a commit")
    if reasons:
        return Report(tuple(reasons))
    findings: list[Finding] = []
    for update in updates if hub.settings.checks else ():
        if lane_of(update.ref) and not update.deletes:
            findings += _check(hub, record, actor, update, git)
            lenient = lenient or _is_existing_clone(update, git)
    blobs = refuse_blobs(hub, record, git, [update.new for update in updates], brought)
    lenient = lenient or mirroring
    return Report(faults=tuple(blobs), findings=tuple(findings), lenient=lenient)


def refuse(
    hub: Hub,
    record: RepoRecord,
    actor: Reader,
    updates: Sequence[RefUpdate],
    *,
    mirroring: bool = False,
) -> list[str]:
    """Why the actor may not move these refs; nothing when she may."""
    numbers = {number for update in updates if (number := pull_number(update.ref)) is not None}
    with hub.durable.read() as db:
        known = discussion_rows.pulls_numbered(db, record.id, numbers)
    pulls = {pull.number: pull for pull in known}
    reasons = []
    for update in updates:
        pull = pulls.get(pull_number(update.ref) or 0)
        status = pull and discussion_rows.OPENING.get(pull.status, pull.status)
        facts = PullFacts(pull.author, status) if pull and status else None
        reasons.append(refuse_ref(actor, record, update.ref, facts, deletes=update.deletes))
        if record.mirror_of is not None and not mirroring:
            reasons.append(refuse_in_mirror(update.ref, shown(record.mirror_of)))
    return [reason for reason in reasons if reason]


def _is_existing_clone(update: RefUpdate, git: Repository) -> bool:
    """Whether this is the first push of a history: what is bad in it was so before."""
    return update.ref == MAIN and update.creates and bool(git.commit(update.new).parents)


def _check(
    hub: Hub, record: RepoRecord, actor: Reader, update: RefUpdate, git: Repository
) -> list[Finding]:
    before = _before(update, git)
    repo_type: RepoType = "model" if record.type == "model" else "dataset"
    card = card_findings(git, update.new, repo_type, before=before)
    if repo_type == "model":
        return [*_check_results(hub, record, actor, before, update.new, git), *card]
    return [*(_check_specs(before, update.new, git) if update.ref == MAIN else []), *card]


def _before(update: RefUpdate, git: Repository) -> str | None:
    """The commit to compare with: the old tip; for a new pull request its merge base with main."""
    if not update.creates:
        return update.old
    main = git.head(MAIN)
    if update.ref != MAIN and main is not None:
        return git.merge_base(main, update.new)
    return None


def _check_specs(before: str | None, after: str, git: Repository) -> list[Finding]:
    findings: list[Finding] = []
    for path in SPEC_FILES:
        item = git.find(after, path)
        old = git.find(before, path) if before else None
        kind = file_kind(path, "dataset")
        if item is None or kind is None or (old is not None and old.oid == item.oid):
            continue
        if item.kind != "file":
            findings.append(special_entry_finding(path, item.kind))
        else:
            findings += check_file(kind, read_limited(git, item.oid), path)
    return findings


def _check_results(
    hub: Hub, record: RepoRecord, actor: Reader, before: str | None, after: str, git: Repository
) -> list[Finding]:
    reader = ResultReader(git, hub.parsed)
    if before is not None and reader.tree_oid(before) == reader.tree_oid(after):
        return []
    folder = git.find(after, FOLDER)
    if folder is not None and folder.kind != "folder":
        return [special_entry_finding(FOLDER, folder.kind)]
    changed = _changed_paths(before, after, git)
    tree = reader.part(after, changed)
    # Told to the pusher and not kept: the benchmark may change its tasks and bounds at any time.
    declared = declared_by(hub, actor, tree.datasets())
    with hub.durable.read() as db:
        former = repo_rows.names_of(db, record.id)
    found = list(
        tree.findings(record.full_name, terms=declared.terms, tasks=declared.tasks, former=former)
    )
    for path in sorted(changed):
        found += filter(None, [bad_path_finding(path)])
        kind = file_kind(path, "model")
        item = git.find(after, path)
        if kind is not None and item is not None and path.endswith(".json"):
            found += check_file(kind, read_limited(git, item.oid), path)
    return found


def _changed_paths(before: str | None, after: str, git: Repository) -> set[str]:
    def items(commit: str | None) -> set[tuple[str, str, str]]:
        if commit is None or git.tree_oid(commit, FOLDER) is None:
            return set()
        return {(i.path, i.kind, i.oid) for i in git.list(commit, FOLDER, recursive=True)}

    return {path for path, _, _ in items(after) - items(before)}


@dataclass(slots=True)
class Landing:
    """Steps 3 to 5 for one push, between taking the repository's lock and letting it go."""

    hub: Hub
    record: RepoRecord
    actor: Reader

    def prepare(self, updates: Sequence[RefUpdate], git: Repository) -> None:
        """Steps 3 and 4, up to where the refs may move."""
        lost = [update for update in updates if _rewrites(update, git)]
        keep = [
            RefUpdate(f"{KEPT}{update.old}", ZERO, update.old)
            for update in lost
            if git.head(f"{KEPT}{update.old}") is None
        ]
        if keep:
            update_refs(git.path, list({update.ref: update for update in keep}.values()))
        received = self.hub.now()
        with self.hub.durable.write() as db:
            for update in updates:
                push_rows.add_push(
                    db,
                    repo_id=self.record.id,
                    ref=update.ref,
                    old=update.old,
                    new=update.new,
                    actor=self.actor.name,
                    pull=pull_number(update.ref),
                    received=received,
                )

    def finish(self) -> None:
        """The rest of step 4, and step 5. What cannot be done now is tried again before long."""
        with self.hub.to_be_finished(self.record.id):
            settle(self.hub, self.record.id)
            if self.hub.settings.checks:
                indexing.sync(self.hub, self.record.id)


def _rewrites(update: RefUpdate, git: Repository) -> bool:
    """Whether the ref would no longer contain its old tip, which claims may stand on."""
    if update.creates or lane_of(update.ref) is None:
        return False
    return update.deletes or not git.is_ancestor(update.old, update.new)


def land_commit(
    hub: Hub,
    record: RepoRecord,
    actor: Reader,
    update: RefUpdate,
    quarantine: Quarantine | None,
    *,
    lenient: bool = False,
    incoming: Incoming | None = None,
) -> Report:
    """The door for changes that the hub itself made; hold the repository's lock.

    Args:
        hub: The hub.
        record: The repository, which the actor may see.
        actor: Who asked for the change.
        update: The ref and where it moves.
        quarantine: Where the new objects are; None when the repository has them already.
        lenient: Whether files with errors are kept all the same.
        incoming: Large files that come with the change.

    Raises:
        PushForbiddenError: The actor may not move this ref; nothing was changed.
        PushRefusedError: Errors in files; nothing was changed.
        StaleRefError: The ref moved meanwhile; nothing was changed.
    """
    return land(hub, record, actor, [update], quarantine, lenient=lenient, incoming=incoming)


def land(
    hub: Hub,
    record: RepoRecord,
    actor: Reader,
    updates: Sequence[RefUpdate],
    quarantine: Quarantine | None,
    *,
    lenient: bool = False,
    mirroring: bool = False,
    incoming: Incoming | None = None,
) -> Report:
    """`land_commit` for several refs at once: all of them move, or none.

    What comes from the source of a mirror is kept with all its errors (`mirroring`).
    """
    git = hub.git.open(record.id, quarantine=quarantine.folder if quarantine else None)
    brought = incoming.sizes() if incoming else NOTHING
    report = judge(
        hub, record, actor, updates, git, lenient=lenient, mirroring=mirroring, brought=brought
    )
    if report.reasons:
        raise PushForbiddenError("; ".join(report.reasons))
    if not report.accepted:
        raise PushRefusedError(report)
    if incoming is not None:
        incoming.keep()
    if quarantine is not None:
        quarantine.keep()
    landing = Landing(hub, record, actor)
    landing.prepare(updates, git)
    try:
        update_refs(git.path, updates)
    except BaseException:
        landing.finish()
        raise
    try:
        landing.finish()
    except NoRoomError as error:
        raise UnfinishedError from error
    return report
