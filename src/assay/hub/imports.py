"""Results that lie elsewhere in bulk, made into repositories: `assay import-mteb`.

1. What is imported is copied: each repository is a mirror, so nothing in it is its author's word.
2. Its history follows from the data alone, commit by commit. What is there already and is part of
   that history gets the commits it lacks; if it is not part of it (older data said otherwise, or
   something else was imported), one commit on top says what the data say now; if it says so
   already, nothing happens.
3. A repository that is no such mirror is let be, as is a name that a deleted one had.
4. Datasets come first, so that results find their benchmarks. Whatever is broken off is finished
   by doing it again (`hub.bulk`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from itertools import chain
from pathlib import Path
from urllib.parse import quote

from assay.core import mteb as rules
from assay.core.mirror_source import is_same, parse_address
from assay.core.mteb import Task
from assay.core.permission import MAIN, Reader, may_create
from assay.errors import NotFoundError, UnavailableError
from assay.formats.card import RepoType
from assay.formats.names import is_repo_id, parse_repo_id
from assay.harness.importers import mteb
from assay.harness.importers.mteb import Results
from assay.harness.importers.mteb_rows import Submission
from assay.hub import bulk
from assay.hub.bulk import Maker, NewRepository
from assay.hub.mteb_files import (
    Step,
    dataset_step,
    list_tasks,
    model_steps,
    registry_identity,
)
from assay.hub.open import Hub
from assay.storage.database import bulk_rows
from assay.storage.database.bulk_rows import NewPush
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO, Identity, Pack, RefUpdate, Repository, TreeFiles
from assay.storage.workplace import workplace

OnProgress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is, and of how much (0 while unknown)."""
IMPORTER = Identity("assay import-mteb", "import-mteb@assay.invalid", 0)
NOT_A_MIRROR = "a repository of that name is here and is no mirror of these results"
DELETED = "a repository of that name was deleted here"
NOT_ALLOWED = "the account may not make repositories in that namespace"
OTHER_CASE = "the namespace is here in other letters"
SAME_NAME = "the name differs from another model's in nothing but case"
OLDER = "the data are older than what is here"
TOO_MANY_TASKS = "a split and subset of a dataset with more tasks than a benchmark may have"


@dataclass(frozen=True, slots=True)
class Files:
    """The files to import: results and what helps to read them, as `docs/importing.md` says."""

    results: Path
    history: Path | None = None
    tasks: Path | None = None
    models: Path | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What of it: models by name or pattern (all of them if none), at most so many of them."""

    models: Sequence[str] = ()
    limit: int | None = None
    subsets: bool = False


@dataclass(slots=True)
class Counts:
    """What became of the repositories of one kind."""

    made: int = 0
    updated: int = 0
    unchanged: int = 0
    commits: int = 0


@dataclass(slots=True)
class Imported:
    """What an import did.

    Attributes:
        models: What became of model repositories.
        benchmarks: What became of dataset repositories.
        tasks: How many tasks the results are of.
        entries: How many entries stand on main of the models, new or not.
        rows: How many rows the table of results has.
        left_out: How many were left out, by reason: files, tasks, names.
        names_left_out: Names of models and datasets that were left out, by reason.
        respelled: Names that are written otherwise here, with how.
        dry: Whether nothing was changed.
    """

    models: Counts = field(default_factory=Counts)
    benchmarks: Counts = field(default_factory=Counts)
    tasks: int = 0
    entries: int = 0
    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    names_left_out: dict[str, list[str]] = field(default_factory=dict)
    respelled: dict[str, str] = field(default_factory=dict)
    dry: bool = False

    def leave_out(self, name: str, reason: str) -> None:
        """Count a model or dataset that is left out, and keep its name."""
        self.left_out[reason] += 1
        self.names_left_out.setdefault(reason, []).append(name)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A repository as it should be; `steps` gives its commits, the oldest first."""

    type: RepoType
    name: str
    mirror_of: str
    steps: Callable[[], Iterable[Step]]


def import_mteb(
    hub: Hub,
    actor: Reader,
    files: Files,
    selection: Selection,
    *,
    dry: bool = False,
    on_progress: OnProgress = lambda _stage, _done, _of: None,
) -> Imported:
    """Import MTEB's results.

    Args:
        hub: The hub.
        actor: Whom the push log names; an admin, or only their own namespaces are imported.
        files: What to import.
        selection: How much of it.
        dry: Whether only to say what would be done.
        on_progress: Told what is done and how far it is.

    Raises:
        NotFoundError: There is no such file, or no such model in it.
        InvalidError: A file is something else.
        UnavailableError: pyarrow is not installed, or the disk is full.
        ConflictError: Another import is under way.
    """
    with workplace(hub.workplaces, "import-mteb") as work:
        on_progress("reading", 0, 0)
        tasks = mteb.read_tasks(files.tasks) if files.tasks else {}
        revisions = mteb.read_main_revisions(files.models) if files.models else {}
        results = mteb.read_results(
            files.results,
            tasks,
            revisions,
            with_parts=selection.subsets,
            history=files.history,
        )
        parse_address(results.source)
        job = _Job(hub, actor, work, dry, on_progress, results)
        placed = _place(job, tasks)
        models = list(_models(job, selection, placed))
        job.done.tasks = len(job.measured)
        datasets = list(_datasets(job, tasks, placed))
        try:
            job.write("writing benchmarks", datasets, job.done.benchmarks)
            job.write("writing models", models, job.done.models)
        except OSError as error:
            raise UnavailableError(
                f"repositories could not be written: {error.strerror}: {error.filename}",
                hint="make room on the disk and run the same command again",
            ) from error
        if not dry and hub.settings.checks:
            bulk.index(hub, job.changed, lambda at, of: on_progress("indexing", at, of))
    return job.done


class _Job:
    """One import under way."""

    def __init__(
        self,
        hub: Hub,
        actor: Reader,
        work: Path,
        dry: bool,  # noqa: FBT001 - passed on
        say: OnProgress,
        results: Results,
    ) -> None:
        self.hub, self.actor, self.results = hub, actor, results
        self._work, self._dry, self._say = work, dry, say
        self.done = Imported(rows=results.rows, left_out=Counter(results.left_out), dry=dry)
        self.changed: dict[str, str] = {}
        self.measured: set[str] = set()
        self.written: dict[str, str] = {}

    def write(self, stage: str, wanted: Sequence[_Wanted], counts: Counts) -> None:
        """Make or update repositories of one kind."""
        there = self._there(wanted)
        new = [one for one in wanted if there.get(one.name) is None]
        ids = bulk.new_ids(self.hub, [_key(one) for one in new])
        maker = Maker(self.hub, self.actor, self._work)
        for at, one in enumerate(wanted):
            self._say(stage, at, len(wanted))
            if one.name not in there:  # let be
                continue
            record = there[one.name]
            if record is None:
                self._make(maker, one, ids[_key(one)], counts)
            else:
                self._update(one, record, counts)
        maker.flush()
        self.changed |= maker.made
        self._say(stage, len(wanted), len(wanted))

    def _there(self, wanted: Sequence[_Wanted]) -> dict[str, RepoRecord | None]:
        """The mirror of each that is there already, or None; those that are let be are left out."""
        types = {one.type for one in wanted}
        namespaces = {parse_repo_id(one.name).namespace for one in wanted}
        with self.hub.durable.read() as db:
            known = {
                kind: bulk_rows.holders(db, kind, [one.name for one in wanted]) for kind in types
            }
            written = bulk_rows.namespaces_written(db, namespaces)
        found: dict[str, RepoRecord | None] = {}
        for one in wanted:
            namespace = parse_repo_id(one.name).namespace
            record = known[one.type].get(one.name.lower())
            if record is not None and record.deleted is not None:
                self.done.leave_out(one.name, DELETED)
            elif record is not None and not _is_its_mirror(record, one):
                self.done.leave_out(one.name, NOT_A_MIRROR)
            elif record is None and written.get(namespace.lower(), namespace) != namespace:
                self.done.leave_out(one.name, OTHER_CASE)
            elif not may_create(self.actor, record.namespace if record else namespace):
                self.done.leave_out(one.name, NOT_ALLOWED)
            else:
                found[one.name] = record
        return found

    def _make(self, maker: Maker, one: _Wanted, repo_id: str, counts: Counts) -> None:
        history = _History()
        for step in one.steps():
            history.take(step)
        if history.tip is None:
            return
        self.done.entries += sum(history.entries.values())
        counts.made += 1
        counts.commits += history.commits
        if self._dry:
            return
        name, now, actor = parse_repo_id(one.name), self.hub.now(), self.actor.name or ""
        record = RepoRecord(
            id=repo_id,
            type=one.type,
            namespace=name.namespace,
            name=name.name,
            private=False,
            created=now,
            created_by=actor,
            mirror_of=one.mirror_of,
        )
        pushed = NewPush(repo_id, MAIN, ZERO, history.tip, actor, None, now)
        maker.add(NewRepository(record, history.pack, {MAIN: history.tip}, [pushed]))

    def _update(self, one: _Wanted, record: RepoRecord, counts: Counts) -> None:
        """Rule 2."""
        git = self.hub.git.open(record.id)
        head = git.head(MAIN)
        if head is not None and git.commit(head).committed_s > self.results.newest.when_s:
            self.done.leave_out(one.name, OLDER)
            return
        history = _History(head)
        for step in one.steps():
            history.take(step)
        if head is not None and not history.met:
            history.say_now(git, head, registry_identity(self.results.newest))
        self.done.entries += sum(history.entries.values())
        if history.tip in (None, head):
            counts.unchanged += 1
            return
        counts.updated += 1
        counts.commits += history.commits
        if not self._dry and history.tip is not None:
            update = RefUpdate(MAIN, head or ZERO, history.tip)
            bulk.append(self.hub, self.actor, record, history.pack, [update])
            self.changed[record.id] = ""


class _History:
    """Commits one on another; the pack has those objects that are not there yet.

    Args:
        head: The commit that is there, if there is one.
    """

    def __init__(self, head: str | None = None) -> None:
        self.pack = Pack()
        self.tip: str | None = None
        self.commits = 0
        self.met = False
        self.entries: dict[str, int] = {}
        self._head = head
        self._files = TreeFiles()
        self._contents: dict[str, bytes] = {}

    def take(self, step: Step) -> None:
        """Put a commit on top. When it is the one that is there, all so far is there."""
        for path, content in step.files.items():
            if content is None:
                del self._files[path]
                self._contents.pop(path, None)
            else:
                self._files[path] = self.pack.blob(content)
                if self._head is not None:
                    self._contents[path] = content
        self.entries |= step.entries
        self._commit([self.tip] if self.tip else [], step.message, step.author)
        if self.tip == self._head:
            self.met, self.commits, self.pack = True, 0, Pack(known=self.pack.ids)

    def _commit(self, parents: Sequence[str], message: str, author: Identity) -> None:
        committer = replace(IMPORTER, when_s=author.when_s, offset_min=author.offset_min)
        self.tip = self.pack.commit(self._files, parents, message, author, committer=committer)
        self.commits += 1

    def say_now(self, git: Repository, head: str, author: Identity) -> None:
        """One commit on what is there, with all files as they should be, unless they are."""
        self.pack, self.commits, self.tip = Pack(), 0, head
        blobs = {path: self.pack.blob(content) for path, content in self._contents.items()}
        self._files = TreeFiles(blobs)
        there = git.find(head, "")
        if there is not None and there.oid == self.pack.tree(self._files):
            return
        self._commit([head], "Bring up to date with what MTEB says now\n", author)


def _is_its_mirror(record: RepoRecord, one: _Wanted) -> bool:
    return record.mirror_of is not None and is_same(record.mirror_of, one.mirror_of)


def _key(one: _Wanted) -> str:
    """What the id of a new repository follows from."""
    return f"{one.type}\0{one.name}\0{one.mirror_of}"


def _place(job: _Job, tasks: Mapping[str, Task]) -> dict[str, str | None]:
    """The dataset of each task, as it is written here."""
    placed = rules.place_tasks(tasks, job.results.tasks)
    job.done.left_out[rules.NO_TASK_NAME] += sum(placed[task] is None for task in job.results.tasks)
    datasets = [dataset for dataset in placed.values() if dataset is not None]
    models = [name for name in job.results.models if is_repo_id(name)]
    job.written = rules.spell_namespaces([*models, *datasets])
    return {task: job.written[dataset] if dataset else None for task, dataset in placed.items()}


def _models(job: _Job, selection: Selection, placed: Mapping[str, str | None]) -> Iterator[_Wanted]:
    """The models that are wanted, by name."""
    results, taken = job.results, set[str]()
    names = sorted(results.models)
    if selection.models:
        names = [n for n in names if any(fnmatchcase(n, one) for one in selection.models)]
        if not names:
            raise NotFoundError(
                f"no model of the results is called {' or '.join(selection.models)}",
                hint="names are written NS/NAME; * stands for anything",
            )
    fit = [name for name in names if is_repo_id(name)]
    for name in names:
        if not is_repo_id(name):
            job.done.leave_out(name, rules.NO_REPO_NAME)
    for name in fit[: selection.limit]:
        written = job.written[name]
        if written.lower() in taken:
            job.done.leave_out(name, SAME_NAME)
            continue
        taken.add(written.lower())
        if written != name:
            job.done.respelled[name] = written
        versions = results.models[name]
        folder = versions[0].path.split("/")[1] if "/" in versions[0].path else name
        job.measured |= {version.task for version in versions}
        yield _Wanted(
            "model",
            written,
            f"{results.source}/tree/main/results/{quote(folder)}",
            partial(model_steps, versions, placed, results.source),
        )


def _datasets(
    job: _Job, tasks: Mapping[str, Task], placed: Mapping[str, str | None]
) -> Iterator[_Wanted]:
    """The datasets that the wanted models were measured on, each with all its tasks."""
    together: dict[str, list[str]] = {}
    for task, dataset in placed.items():
        if dataset is not None:
            together.setdefault(dataset, []).append(task)
    first: dict[str | None, Submission] = {}
    for version in chain.from_iterable(job.results.models.values()):
        dataset = placed[version.task]
        if dataset not in first or version.by.order < first[dataset].order:
            first[dataset] = version.by
    for dataset in sorted({placed[task] or "" for task in job.measured} - {""}):
        listed, too_many = list_tasks(together[dataset], tasks, job.results)
        job.done.left_out[TOO_MANY_TASKS] += too_many
        step = dataset_step(dataset, listed, first[dataset])
        yield _Wanted("dataset", dataset, rules.TASKS_URL, partial(_one, step))


def _one(step: Step) -> list[Step]:
    return [step]
