"""Reading benchmarks, models, findings and run records from the index, for a reader."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.core.permission import Reader
from assay.storage.database.claims import visible
from assay.storage.database.engine import Connection, rows_as
from assay.storage.database.index_tables import (
    benchmark,
    broken_file,
    finding,
    removal,
    repo,
    repo_name,
    run_record,
    succession,
    task,
    task_name,
)
from assay.storage.database.ledger_rows import RepoRow
from assay.storage.database.writing import portions

OF_REPO = ("repo_id", "namespace", "name", "private", "mirror_of")


@dataclass(frozen=True, slots=True)
class BenchmarkRow:
    """A benchmark; fields are columns of the index."""

    repo_id: str
    namespace: str
    name: str
    private: bool
    mirror_of: str | None
    commit: str
    title: str
    description: str
    framework: str | None
    runnable: bool
    not_runnable_because: str
    spec_sha256: str

    @property
    def full_name(self) -> str:
        """`ns/name`."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task of a benchmark; fields are columns of the index."""

    repo_id: str
    task_id: str
    position: int
    config: str | None
    split: str
    scorers: list[str]
    metric: str | None
    unit: str | None
    direction: str | None
    minimum: float | None
    maximum: float | None
    chance: float | None
    items: int | None


def find_repo(
    db: Connection, reader: Reader, repo_type: str, namespace: str, name: str
) -> RepoRow | None:
    """A repository the reader may see, as last indexed."""
    query = sa.select(repo).where(
        repo.c.type == repo_type,
        repo.c.namespace == namespace,
        repo.c.name == name,
        visible(reader),
    )
    found = rows_as(RepoRow, db.execute(query))
    return found[0] if found else None


def benchmarks(db: Connection, reader: Reader) -> list[BenchmarkRow]:
    """All benchmarks the reader may see, by name."""
    return rows_as(BenchmarkRow, db.execute(_benchmarks(reader)))


def _benchmarks(reader: Reader) -> sa.Select[Any]:
    columns = [column for column in benchmark.c if column.name != "repo_id"]
    return (
        sa.select(*(repo.c[name] for name in OF_REPO), *columns)
        .join(repo, repo.c.repo_id == benchmark.c.repo_id)
        .where(visible(reader))
        .order_by(repo.c.namespace, repo.c.name)
    )


def find_benchmark(
    db: Connection, reader: Reader, namespace: str, name: str
) -> BenchmarkRow | None:
    """One benchmark, or None."""
    query = _benchmarks(reader).where(repo.c.namespace == namespace, repo.c.name == name)
    found = rows_as(BenchmarkRow, db.execute(query))
    return found[0] if found else None


def benchmarks_by_id(
    db: Connection, reader: Reader, repo_ids: Collection[str]
) -> list[BenchmarkRow]:
    """Those of these benchmarks that the reader may see."""
    return [
        row
        for part in portions(sorted(repo_ids))
        for row in rows_as(
            BenchmarkRow, db.execute(_benchmarks(reader).where(repo.c.repo_id.in_(part)))
        )
    ]


def tasks(db: Connection, repo_ids: Collection[str]) -> dict[str, list[TaskRow]]:
    """The tasks of benchmarks in the order of their specs, by the benchmark's id."""
    found: dict[str, list[TaskRow]] = {repo_id: [] for repo_id in repo_ids}
    for part in portions(sorted(repo_ids)):
        query = sa.select(task).where(task.c.repo_id.in_(part)).order_by(task.c.position)
        for row in rows_as(TaskRow, db.execute(query)):
            found[row.repo_id].append(row)
    return found


Names = dict[str, list[str]]

_NAMES = (
    sa.select(task_name.c.repo_id, task_name.c.task_id, task_name.c.written)
    .where(task_name.c.repo_id.in_(sa.bindparam("repo_ids", expanding=True)))
    .order_by(task_name.c.written)
)


def names(db: Connection, repo_ids: Collection[str]) -> dict[str, Names]:
    """Every task's names as results may write them, its own among them, by benchmark and task."""
    found: dict[str, Names] = {repo_id: {} for repo_id in repo_ids}
    for part in portions(sorted(repo_ids)):
        for repo_id, task_id, written in db.execute(_NAMES, {"repo_ids": part}):
            found[repo_id].setdefault(task_id, []).append(written)
    return found


@dataclass(frozen=True, slots=True)
class Said:
    """One benchmark's word on what comes before or after another.

    Attributes:
        other: The other benchmark, by its name now if it is here, else as it was written.
        is_here: Whether the other is a benchmark the reader may see.
        is_after: Whether the other takes the place of this one.
        by_other: Whether the other says so, and not this one.
    """

    other: str
    is_here: bool
    is_after: bool
    by_other: bool


def succession_of(
    db: Connection, reader: Reader, repo_ids: Collection[str]
) -> dict[str, list[Said]]:
    """What benchmarks and the others say of what comes before and after them, by id."""
    full_name = (repo.c.namespace + "/" + repo.c.name).label("full_name")
    seen = (
        sa.select(repo_name.c.written, full_name)
        .join(repo, repo.c.repo_id == repo_name.c.repo_id)
        .join(benchmark, benchmark.c.repo_id == repo.c.repo_id)
        .where(repo_name.c.type == "dataset", visible(reader))
        .subquery()
    )
    own = sa.select(
        succession.c.repo_id, succession.c.other, seen.c.full_name, succession.c.after
    ).outerjoin(seen, seen.c.written == succession.c.other)
    of_others = (
        sa.select(repo_name.c.repo_id, full_name, succession.c.after)
        .select_from(succession)
        .join(repo_name, repo_name.c.written == succession.c.other)
        .join(repo, repo.c.repo_id == succession.c.repo_id)
        .where(repo_name.c.repo_id != succession.c.repo_id, visible(reader))
        .distinct()
    )
    found: dict[str, list[Said]] = {repo_id: [] for repo_id in repo_ids}
    for part in portions(sorted(repo_ids)):
        for repo_id, written, here, after in db.execute(own.where(succession.c.repo_id.in_(part))):
            found[repo_id].append(
                Said(here or written, is_here=here is not None, is_after=after, by_other=False)
            )
        for repo_id, name, after in db.execute(of_others.where(repo_name.c.repo_id.in_(part))):
            found[repo_id].append(Said(name, is_here=True, is_after=not after, by_other=True))
    return found


_FINDING = [c for c in finding.c if c.name not in {"repo_id", "lane", "position"}]


def findings(
    db: Connection, repo_id: str, lane: str, *, limit: int, path: str | None = None
) -> tuple[int, list[dict[str, Any]]]:
    """What the checks say about the files at the tip of a lane, or one of them: how much; some."""
    own = [finding.c.repo_id == repo_id, finding.c.lane == lane]
    if path is not None:
        own.append(finding.c.path == path)
    query = sa.select(*_FINDING).where(*own).order_by(finding.c.path, finding.c.position)
    found = [dict(row) for row in db.execute(query.limit(limit)).mappings()]
    return _count(db, finding, own, found, limit), found


def _count(
    db: Connection,
    table: sa.Table,
    own: Sequence[sa.ColumnElement[bool]],
    found: Sequence[object],
    limit: int,
) -> int:
    """How many rows there are, if fewer than the limit were found all of those."""
    if len(found) < limit:
        return len(found)
    query = sa.select(sa.func.count()).select_from(table).where(*own)
    return int(db.execute(query).scalar_one())


def findings_on_main(db: Connection, repo_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """What the checks say about the files at main of repositories, by id."""
    found: dict[str, list[dict[str, Any]]] = {repo_id: [] for repo_id in repo_ids}
    for part in portions(sorted(repo_ids)):
        query = (
            sa.select(finding.c.repo_id, *_FINDING)
            .where(finding.c.repo_id.in_(part), finding.c.lane == "main")
            .order_by(finding.c.path, finding.c.position)
        )
        for row in db.execute(query).mappings():
            found[row["repo_id"]].append({c.name: row[c.name] for c in _FINDING})
    return found


def broken_files(
    db: Connection, repo_id: str, *, limit: int
) -> tuple[int, list[tuple[str, str, str]]]:
    """How many files of a repository have errors, and (lane, path, error) of the first of them."""
    columns = (broken_file.c.lane, broken_file.c.path, broken_file.c.error)
    query = (
        sa.select(*columns)
        .where(broken_file.c.repo_id == repo_id)
        .order_by(broken_file.c.lane, broken_file.c.path)
        .limit(limit)
    )
    found = [(row[0], row[1], row[2]) for row in db.execute(query)]
    return _count(db, broken_file, [broken_file.c.repo_id == repo_id], found, limit), found


def broken_on_main(
    db: Connection, reader: Reader, repo_ids: Collection[str]
) -> list[tuple[str, str, str]]:
    """(repository id, path, error) of every file with errors on main of many repositories."""
    query = (
        sa.select(broken_file.c.repo_id, broken_file.c.path, broken_file.c.error)
        .join(repo, repo.c.repo_id == broken_file.c.repo_id)
        .where(
            broken_file.c.repo_id.in_(sorted(repo_ids)),
            broken_file.c.lane == "main",
            visible(reader),
        )
        .order_by(broken_file.c.repo_id, broken_file.c.path)
    )
    return [(row[0], row[1], row[2]) for row in db.execute(query)]


def removals(
    db: Connection, repo_id: str, lane: str, *, limit: int
) -> tuple[int, list[dict[str, Any]]]:
    """How many entries a pull request takes away, and the first of them."""
    own = [removal.c.repo_id == repo_id, removal.c.lane == lane]
    query = (
        sa.select(removal.c.path, removal.c.dataset_id, removal.c.task_id, removal.c.value_text)
        .where(*own)
        .order_by(removal.c.path, removal.c.position)
        .limit(limit)
    )
    found = [dict(row) for row in db.execute(query).mappings()]
    return _count(db, removal, own, found, limit), found


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where a run record lies."""

    repo_id: str
    namespace: str
    name: str
    lane: str
    commit: str


def find_run_record(db: Connection, reader: Reader, sha256: str) -> RecordPlace | None:
    """A place of a run record that the reader may see: main before pull requests."""
    query = (
        sa.select(
            repo.c.repo_id, repo.c.namespace, repo.c.name, run_record.c.lane, run_record.c.commit
        )
        .join(repo, repo.c.repo_id == run_record.c.repo_id)
        .where(run_record.c.sha256 == sha256, visible(reader))
        .order_by(run_record.c.lane != "main", repo.c.repo_id, run_record.c.lane)
    )
    found = rows_as(RecordPlace, db.execute(query.limit(1)))
    return found[0] if found else None
