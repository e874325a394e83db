"""Models and runs as answers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from assay.core import ranking
from assay.core.claim import Claim, Reporter, State
from assay.core.permission import Reader
from assay.core.policy import BEST_EVIDENCE
from assay.errors import NotFoundError, RepoNotFoundError
from assay.formats.terms import bounds_of
from assay.hub import discussions, pulls
from assay.hub.answers import BrokenFile, Lineage, Model, PullSummary, RunAnswer, TaskClaims
from assay.hub.open import Hub
from assay.hub.repos import find as find_repo
from assay.hub.results import RUNS, read_limited
from assay.storage.database import benchmarks as benchmark_rows
from assay.storage.database import boards as board_rows
from assay.storage.database import claims as claim_rows
from assay.storage.database import profiles as profile_rows
from assay.storage.database.benchmarks import TaskRow
from assay.storage.database.boards import BoardRow, Subject
from assay.storage.database.discussions import Discussion
from assay.storage.database.engine import Connection
from assay.storage.database.ledger_rows import RepoRow
from assay.storage.database.profiles import Edge

# Of the models derived from one, as its answer lists them.
MOST_DERIVED = 200


def model(hub: Hub, reader: Reader, full_name: str) -> Model:
    """A model repository and everything claimed about it.

    Raises:
        RepoNotFoundError: There is none, or it is hidden from the reader.
    """
    record = find_repo(hub, reader, "model", full_name)
    with hub.index.read() as db:
        row = benchmark_rows.find_repo(db, reader, "model", record.namespace, record.name)
        if row is None:
            raise RepoNotFoundError(f"there is no model repository '{full_name}' here")
        claims = claim_rows.claims_of_repo(db, reader, record.id)
        tasks = _by_task(db, reader, claims)
        broken = benchmark_rows.broken_files(db, record.id)
        bases = profile_rows.bases_of(db, reader, record.id)
        count, derived = profile_rows.derived_from(db, reader, record.id, limit=MOST_DERIVED)
    return Model(
        id=record.full_name,
        private=record.private,
        claimed=row.claimed,
        commit=row.main,
        sentence=_sentence(tasks, row),
        tasks=tasks,
        broken=[BrokenFile(filename=path, lane=lane, error=e) for lane, path, e in broken],
        pulls=[summary(pull) for pull in pulls.listing(hub, record)],
        mirror_of=row.mirror_of,
        bases=[_lineage(edge) for edge in bases],
        derived=[_lineage(edge) for edge in derived],
        derived_count=count,
    )


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


def _by_task(db: Connection, reader: Reader, claims: Sequence[Claim]) -> list[TaskClaims]:
    """Claims grouped by registered task; what nobody registered stands under its written name."""
    grouped: defaultdict[tuple[str, str], list[Claim]] = defaultdict(list)
    known = registered(db, reader, claims)
    places: dict[tuple[str, str], Registered] = {}
    for claim in claims:
        found = known.get((claim.dataset_id, claim.task_id))
        key = (claim.dataset_id, claim.task_id)
        if found is not None:
            key = (found.benchmark, found.task.task_id)
            places[key] = found
        grouped[key].append(claim)
    return [_task_claims(db, key, grouped[key], places.get(key)) for key in sorted(grouped)]


def _task_claims(
    db: Connection, key: tuple[str, str], claims: list[Claim], place: Registered | None
) -> TaskClaims:
    standing = next(iter(ranking.stand(claims)), None)
    ordered = sorted(claims, key=lambda c: (c.state is not State.LIVE, BEST_EVIDENCE.key(c)))
    rank = None
    if place is not None and standing is not None and not standing.chosen.private:
        task, value = place.task, standing.chosen.value
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
        standing=standing.chosen if standing else None,
        claims=ordered,
    )


def _sentence(tasks: Sequence[TaskClaims], row: RepoRow) -> str:
    live = [claim for task in tasks for claim in task.claims if claim.state is State.LIVE]
    if not live:
        copied = f" It is a mirror of {row.mirror_of}." if row.mirror_of is not None else ""
        return f"Nothing is claimed about this model yet.{copied}"
    authors = sum(claim.reporter is Reporter.AUTHOR for claim in live)
    count = f"{len(live)} claim" + ("s" if len(live) > 1 else "")
    on = f"{len(tasks)} task" + ("s" if len(tasks) > 1 else "")
    if row.mirror_of is not None:
        return f"{count} on {on}, none the author's: this is a mirror of {row.mirror_of}."
    if not row.claimed:
        return f"{count} on {on}, none the author's: nobody has claimed this namespace."
    return f"{count} on {on}: {authors} by the author, {len(live) - authors} by the community."


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
