"""Reading and writing the derived rows of one repository: what `hub.indexing` computes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from assay.formats.finding import Finding
from assay.storage.database import index_tables as tables
from assay.storage.database import standings
from assay.storage.database.engine import Connection, rows_as
from assay.storage.database.standings import Pair, Terms
from assay.storage.database.writing import columns_of, insert, portions, put, replace


@dataclass(frozen=True, slots=True)
class RepoRow:
    """What the index knows of a repository; fields are columns."""

    repo_id: str
    type: str
    namespace: str
    name: str
    names: list[str]
    private: bool
    gated: str | None
    deleted: bool
    claimed: bool
    mirror_of: str | None
    created: str
    updated: str
    last_push: int
    last_event: int
    last_ruling: int
    main: str | None
    fault: str | None
    claims: int


def find_repo_rows(db: Connection, repo_ids: Collection[str]) -> dict[str, RepoRow]:
    """Repositories as last indexed, by id."""
    return {
        row.repo_id: row
        for part in portions(repo_ids)
        for row in rows_as(
            RepoRow, db.execute(sa.select(tables.repo).where(tables.repo.c.repo_id.in_(part)))
        )
    }


def all_indexed(db: Connection) -> frozenset[str]:
    """The ids of all repositories that the index has a row of."""
    return frozenset(db.execute(sa.select(tables.repo.c.repo_id)).scalars())


def put_repo_rows(db: Connection, rows: Sequence[RepoRow]) -> None:
    """Write what the index is current with."""
    put(db, tables.repo, [columns_of(row) for row in rows])
    for part in portions([row.repo_id for row in rows]):
        db.execute(sa.delete(tables.repo_name).where(tables.repo_name.c.repo_id.in_(part)))
    names = [
        {"repo_id": row.repo_id, "written": name, "type": row.type}
        for row in rows
        for name in row.names
    ]
    insert(db, tables.repo_name, names)


def forget_repo(db: Connection, repo_id: str) -> None:
    """Remove every row of a repository, to be written anew from its first push."""
    its_claims = sa.select(tables.claim.c.id).where(_of(tables.claim, repo_id))
    for table in (tables.earlier, tables.episode):
        db.execute(sa.delete(table).where(table.c.claim.in_(its_claims)))
    for table in tables.metadata.sorted_tables:
        if "repo_id" in table.c and table not in (tables.board, tables.standing):
            db.execute(sa.delete(table).where(_of(table, repo_id)))
    claimed = sa.exists().where(tables.claim.c.subject == tables.subject.c.id)
    db.execute(sa.delete(tables.subject).where(sa.not_(claimed)))


Lane = tuple[str, str]


def put_lanes(
    db: Connection,
    lanes: Mapping[Lane, Collection[str] | None],
    *,
    findings: Mapping[Lane, Iterable[Finding]],
    broken: Mapping[Lane, Mapping[str, str]],
    records: Mapping[Lane, Mapping[str, str]],
    removals: Mapping[Lane, Iterable[Mapping[str, Any]]],
    fresh: bool,
) -> None:
    """Replace what stands beside the claims at the tips of lanes.

    Args:
        db: A write transaction.
        lanes: Repository and `main` or `pr/N`, with the files that findings and broken ones are
            of; None if of all.
        findings: What the checks say.
        broken: Path of a file with errors → one sentence.
        records: Digest of a run record → a commit that has it.
        removals: Rows of entries that a pull request takes away.
        fresh: Whether nothing stands there yet.
    """
    keys = {lane: {"repo_id": lane[0], "lane": lane[1]} for lane in sorted(lanes)}
    finding_rows = [
        {**key, "position": position, **columns_of(finding)}
        for lane, key in keys.items()
        for _, of_file in groupby(sorted(findings.get(lane, ())), key=lambda one: one.path)
        for position, finding in enumerate(of_file)
    ]
    broken_rows = [
        {**key, "path": path, "error": error}
        for lane, key in keys.items()
        for path, error in broken.get(lane, {}).items()
    ]
    record_rows = [
        {**key, "sha256": sha, "commit": commit}
        for lane, key in keys.items()
        for sha, commit in records.get(lane, {}).items()
    ]
    removal_rows = [
        {**key, **removal} for lane, key in keys.items() for removal in removals.get(lane, ())
    ]
    for table, rows in (
        (tables.finding, finding_rows),
        (tables.broken_file, broken_rows),
        (tables.run_record, record_rows),
        (tables.removal, removal_rows),
    ):
        if not fresh:
            by_file = table in (tables.finding, tables.broken_file)
            _clear_lanes(db, table, lanes if by_file else dict.fromkeys(lanes))
        insert(db, table, rows)


def _clear_lanes(
    db: Connection, table: sa.Table, lanes: Mapping[Lane, Collection[str] | None]
) -> None:
    of_lane = [table.c.repo_id == sa.bindparam("of"), table.c.lane == sa.bindparam("at")]
    whole = [{"of": lane[0], "at": lane[1]} for lane, paths in lanes.items() if paths is None]
    if whole:
        db.execute(sa.delete(table).where(*of_lane), whole)
    files = [
        {"of": lane[0], "at": lane[1], "file": path}
        for lane, paths in lanes.items()
        for path in paths or ()
    ]
    if files:
        db.execute(sa.delete(table).where(*of_lane, table.c.path == sa.bindparam("file")), files)


def put_benchmark(
    db: Connection,
    repo_id: str,
    *,
    benchmark: Mapping[str, Any] | None,
    tasks: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    succession: Sequence[Mapping[str, Any]],
) -> set[Pair]:
    """Replace a benchmark: its row (None when the repository is none), tasks and all names.

    Returns:
        The rows of boards that are to be refreshed, because terms are others now. Which results
        stand where is asked by `standings.resolve`, which comes after.
    """
    name_rows = [
        {"repo_id": repo_id, "written": written, "task_id": task_id}
        for written, task_id in names.items()
    ]
    terms = {
        row["task_id"]: Terms(**{name: row[name] for name in standings.TERMS}) for row in tasks
    }
    pairs = standings.put_boards(db, repo_id, terms)
    benchmark_rows = [] if benchmark is None else [benchmark]
    for table, rows in (
        (tables.benchmark, benchmark_rows),
        (tables.task, tasks),
        (tables.task_name, name_rows),
        (tables.succession, succession),
    ):
        replace(db, table, [_of(table, repo_id)], rows)
    return pairs


def names_as_indexed(db: Connection, repo_id: str) -> list[str]:
    """Every name that led to a repository when it was last indexed."""
    query = sa.select(tables.repo_name.c.written).where(_of(tables.repo_name, repo_id))
    return list(db.execute(query).scalars())


def put_pull_statuses(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what became of pull requests."""
    put(db, tables.pull_status, rows)


def count_errors(db: Connection) -> dict[str, int]:
    """How many errors the checks found in every repository that has some."""
    query = (
        sa.select(tables.finding.c.repo_id, sa.func.count())
        .where(tables.finding.c.severity == "error")
        .group_by(tables.finding.c.repo_id)
    )
    return {row[0]: row[1] for row in db.execute(query)}


def _of(table: sa.Table, repo_id: str) -> sa.ColumnElement[bool]:
    return table.c.repo_id == repo_id
