"""Models and runs as answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assay.core import ranking
from assay.core.claim import Claim, State
from assay.core.permission import Reader
from assay.core.policy import BEST_EVIDENCE
from assay.errors import NotFoundError, RepoNotFoundError
from assay.formats.names import parse_repo_id
from assay.formats.terms import bounds_of
from assay.hub import discussions
from assay.hub.answers import RunAnswer
from assay.hub.model_answers import BrokenFile, Lineage, Model, PullSummary, TaskClaims
from assay.hub.open import Hub
from assay.hub.repos import find as find_repo
from assay.hub.results import RUNS, read_limited
from assay.storage.database import benchmarks as benchmark_rows
from assay.storage.database import boards as board_rows
from assay.storage.database import profiles as profile_rows
from assay.storage.database import tallies
from assay.storage.database.benchmarks import TaskRow
from assay.storage.database.boards import BoardRow, Subject
from assay.storage.database.discussions import Discussion, Wanted
from assay.storage.database.engine import Connection
from assay.storage.database.ledger_rows import RepoRow
from assay.storage.database.profiles import Edge
from assay.storage.database.tallies import Narrowed, Tally, Totals

# Of the claims on a page.
PAGE_SIZE = 100
# Of the models derived from one, and of its files with errors, as its answer lists them.
MOST_DERIVED = 200
MOST_BROKEN = 100


def model(
    hub: Hub,
    reader: Reader,
    full_name: str,
    *,
    about: str | None = None,
    start: int = 0,
    limit: int = PAGE_SIZE,
    up_to: int | None = None,
) -> Model:
    """A model repository and a page of what is claimed about it.

    Args:
        hub: The hub.
        reader: Who asks.
        full_name: `ns/name` of the model.
        about: `ns/dataset` or `ns/dataset/task`, if only claims about that are wanted.
        start: How many claims to pass over.
        limit: How many claims at most.
        up_to: The number of the last push whose claims are wanted; None for all.

    Raises:
        RepoNotFoundError: There is none, or it is hidden from the reader.
        InvalidError: `about` is no name of a benchmark or task.
    """
    record = find_repo(hub, reader, "model", full_name)
    with hub.index.read() as db:
        row = benchmark_rows.find_repo(db, reader, "model", record.namespace, record.name)
        if row is None:
            raise RepoNotFoundError(f"there is no model repository '{full_name}' here")
        narrowed = _narrowed(db, reader, about) if about else None
        totals = tallies.totals(db, reader, record.id)
        count = tallies.count(db, record.id, narrowed, up_to)
        claims: list[Claim] = []
        if start < count:
            claims = tallies.page_of(
                db, reader, record.id, narrowed, start=start, limit=limit, up_to=up_to
            )
        tasks = _by_task(db, reader, record.id, claims)
        broken_count, broken = benchmark_rows.broken_files(db, record.id, limit=MOST_BROKEN)
        bases = profile_rows.bases_of(db, reader, record.id)
        derived_count, derived = profile_rows.derived_from(
            db, reader, record.id, limit=MOST_DERIVED
        )
    listed = discussions.listing(hub, record, Wanted(is_pull=True))
    return Model(
        id=record.full_name,
        private=record.private,
        claimed=row.claimed,
        commit=row.main,
        sentence=_sentence(totals, row),
        tasks=tasks,
        broken=[BrokenFile(filename=path, lane=lane, error=e) for lane, path, e in broken],
        pulls=[summary(pull) for pull in listed.rows],
        mirror_of=row.mirror_of,
        bases=[_lineage(edge) for edge in bases],
        derived=[_lineage(edge) for edge in derived],
        derived_count=derived_count,
        claims=totals.claims,
        live=totals.live,
        task_count=totals.tasks,
        broken_count=broken_count,
        pull_count=listed.count,
        count=count,
        start=start,
        page_size=limit,
        up_to=row.last_push if up_to is None else up_to,
        benchmark=about or None,
    )


def _narrowed(db: Connection, reader: Reader, about: str) -> Narrowed:
    """Claims about a dataset or task, and those that call what is here by other names."""
    namespace, _, rest = about.partition("/")
    name, _, task_id = rest.partition("/")
    dataset = parse_repo_id(f"{namespace}/{name}")
    found = benchmark_rows.find_benchmark(db, reader, dataset.namespace, dataset.name)
    boards: list[int] = []
    if found is not None and task_id:
        place = board_rows.find_place(db, reader, dataset.namespace, dataset.name, task_id)
        boards = [place.board.id] if place is not None else []
    elif found is not None:
        boards = [board.id for board in board_rows.boards_of(db, [found.repo_id]).values()]
    return Narrowed(str(dataset), task_id or None, boards)


def _lineage(edge: Edge) -> Lineage:
    return Lineage(model=edge.model, written=edge.written, relation=edge.relation)


def summary(pull: Discussion) -> PullSummary:
    """A pull request as a line of a list."""
    return PullSummary(
        number=pull.number,
        title=pull.title,
        author=pull.author,
        status=shown_status(pull.status),
        created=pull.created,
    )


def shown_status(status: str) -> discussions.ShownStatus:
    """A pull request's status as answers name it."""
    for known in discussions.SHOWN_STATUSES:
        if status == known:
            return known
    raise NotFoundError("the pull request is not there yet")


@dataclass(frozen=True, slots=True)
class Registered:
    """The board on which a claim stands: the benchmark with its main, the task with its names."""

    board: BoardRow
    benchmark: str
    commit: str
    task: TaskRow
    names: list[str]


def registered(
    db: Connection, reader: Reader, claims: Sequence[Claim]
) -> dict[Subject, Registered]:
    """Where claims stand, by what they write; those that nobody registered are left out."""
    boards = board_rows.boards_of_subjects(db, reader, {claim.dataset_id for claim in claims})
    ids = {board.repo_id for board in boards.values()}
    named = {row.repo_id: row for row in benchmark_rows.benchmarks_by_id(db, reader, ids)}
    tasks = {
        repo_id: {task.task_id: task for task in of_benchmark}
        for repo_id, of_benchmark in benchmark_rows.tasks(db, named).items()
    }
    names = benchmark_rows.names(db, named)
    return {
        subject: Registered(
            board,
            named[board.repo_id].full_name,
            named[board.repo_id].commit,
            tasks[board.repo_id][board.task_id],
            names[board.repo_id].get(board.task_id, []),
        )
        for subject, board in boards.items()
        if board.repo_id in named and board.task_id in tasks[board.repo_id]
    }


Key = tuple[str, str]


@dataclass(slots=True)
class _Group:
    """The claims of a page that are about one task, by whatever name they call it."""

    place: Registered | None
    claims: list[Claim] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)


def _by_task(
    db: Connection, reader: Reader, repo_id: str, claims: Sequence[Claim]
) -> list[TaskClaims]:
    """Claims grouped by registered task; what nobody registered stands under its written name."""
    known = registered(db, reader, claims)
    groups: dict[Key, _Group] = {}
    keys: dict[int | Subject, Key] = {}
    for claim in claims:
        subject = claim.dataset_id, claim.task_id
        place = known.get(subject)
        key = subject if place is None else (place.benchmark, place.task.task_id)
        keys[subject if place is None else place.board.id] = key
        groups.setdefault(key, _Group(place)).claims.append(claim)
    boards = [one for one in keys if isinstance(one, int)]
    subjects = [one for one in keys if not isinstance(one, int)]
    for tally in tallies.tallies_of(db, repo_id, subjects, boards):
        written = tally.dataset_id, tally.task_id
        named = written if written in keys or tally.board is None else tally.board
        groups[keys[named]].tallies.append(tally)
    numbers = {one.speaks for group in groups.values() for one in group.tallies}
    speaking = tallies.claims_numbered(db, reader, [one for one in numbers if one is not None])
    return [_task_claims(db, key, groups[key], speaking) for key in sorted(groups)]


def _task_claims(
    db: Connection, key: Key, group: _Group, speaking: Mapping[int, Claim]
) -> TaskClaims:
    place = group.place
    candidates = [speaking[one.speaks] for one in group.tallies if one.speaks is not None]
    standing = min(candidates, key=BEST_EVIDENCE.key, default=None)
    rank = None
    if place is not None and standing is not None and not standing.private:
        task, value = place.task, standing.value
        low, high = bounds_of(task.unit, task.minimum, task.maximum)
        if not ranking.outside(value, low, high):
            direction: ranking.Direction = "lower" if task.direction == "lower" else "higher"
            better = board_rows.count_better(db, place.board.id, ranking.rank_key(value, direction))
            rank = better + 1
    return TaskClaims(
        benchmark=key[0],
        task=key[1],
        registered=place is not None,
        unit=place.task.unit if place is not None else None,
        rank=rank,
        of=place.board.ranked if place is not None else 0,
        standing=standing,
        claims=sorted(
            group.claims, key=lambda c: (c.state is not State.LIVE, BEST_EVIDENCE.key(c))
        ),
        count=sum(one.claims for one in group.tallies),
    )


def _sentence(totals: Totals, row: RepoRow) -> str:
    if not totals.live:
        copied = f" It is a mirror of {row.mirror_of}." if row.mirror_of is not None else ""
        return f"Nothing is claimed about this model yet.{copied}"
    live, authors, tasks = totals.live, totals.authors, totals.tasks
    count = f"{live} claim" + ("s" if live > 1 else "")
    on = f"{tasks} task" + ("s" if tasks > 1 else "")
    if row.mirror_of is not None:
        return f"{count} on {on}, none the author's: this is a mirror of {row.mirror_of}."
    if not row.claimed:
        return f"{count} on {on}, none the author's: nobody has claimed this namespace."
    return f"{count} on {on}: {authors} by the author, {live - authors} by the community."


def run(hub: Hub, reader: Reader, sha256: str) -> RunAnswer:
    """A run record by the digest of its content, wherever it lies.

    Raises:
        NotFoundError: No repository the reader may see has it.
    """
    with hub.index.read() as db:
        place = benchmark_rows.find_run_record(db, reader, sha256)
    if place is None:
        raise NotFoundError(f"no run record {sha256} is here")
    git = hub.git.open(place.repo_id)
    path = f"{RUNS}/{sha256}.json"
    item = git.find(place.commit, path)
    if item is None:
        raise NotFoundError(f"no run record {sha256} is here")
    record = json.loads(read_limited(git, item.oid))
    log = record.get("log")
    url = log.get("url") if isinstance(log, dict) else None
    inside = isinstance(url, str) and git.find(place.commit, url) is not None
    return RunAnswer(
        sha256=sha256,
        model=f"{place.namespace}/{place.name}",
        lane=place.lane,
        commit=place.commit,
        path=path,
        log_path=url if inside else None,
        record=record,
    )
