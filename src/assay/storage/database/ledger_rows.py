"""Reading and writing the derived rows of one repository: what `hub.indexing` computes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from assay.core.ledger import ClaimRecord, Ledger, VersionRecord
from assay.formats.finding import Finding
from assay.storage.database import index_tables as tables
from assay.storage.database.engine import Connection, rows_as
from assay.storage.database.writing import put


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
    main: str | None


def find_repo_row(db: Connection, repo_id: str) -> RepoRow | None:
    """The repository as last indexed, or None."""
    found = rows_as(RepoRow, db.execute(sa.select(tables.repo).where(_of(tables.repo, repo_id))))
    return found[0] if found else None


def put_repo_row(db: Connection, row: RepoRow) -> None:
    """Write what the index is current with."""
    _replace(db, tables.repo, [_of(tables.repo, row.repo_id)], [asdict(row)])
    names = [{"repo_id": row.repo_id, "written": name, "type": row.type} for name in row.names]
    _replace(db, tables.repo_name, [_of(tables.repo_name, row.repo_id)], names)


def forget_repo(db: Connection, repo_id: str) -> None:
    """Remove every row of a repository, to be written anew from its first push."""
    its_claims = sa.select(tables.claim.c.claim_id).where(_of(tables.claim, repo_id))
    db.execute(sa.delete(tables.version).where(tables.version.c.claim_id.in_(its_claims)))
    for table in tables.DUMPED:
        if "repo_id" in table.c:
            db.execute(sa.delete(table).where(_of(table, repo_id)))


def all_repo_rows(db: Connection) -> dict[str, RepoRow]:
    """Every repository as last indexed, by id."""
    return {row.repo_id: row for row in rows_as(RepoRow, db.execute(sa.select(tables.repo)))}


def load_ledger(db: Connection, repo_id: str) -> Ledger:
    """The record of a repository: its claims and the latest version of each."""
    claims = rows_as(
        ClaimRecord,
        db.execute(
            sa.select(tables.claim)
            .where(_of(tables.claim, repo_id))
            .order_by(tables.claim.c.introduced_push, tables.claim.c.claim_id)
        ),
    )
    latest = rows_as(
        VersionRecord,
        db.execute(
            sa.select(tables.version)
            .join(tables.claim, tables.claim.c.claim_id == tables.version.c.claim_id)
            .where(_of(tables.claim, repo_id), tables.version.c.number == tables.claim.c.latest)
        ),
    )
    return Ledger(
        repo_id,
        claims={claim.claim_id: claim for claim in claims},
        latest={version.claim_id: version for version in latest},
    )


def save_ledger(db: Connection, ledger: Ledger) -> None:
    """Write the claims and versions that changed, and only those."""
    claims = [ledger.claims[identity] for identity in sorted(ledger.changed_claims)]
    versions = [version for _, version in sorted(ledger.changed_versions.items())]
    _put(db, tables.claim, claims)
    _put(db, tables.version, versions)


def put_lane(
    db: Connection,
    repo_id: str,
    lane: str,
    *,
    findings: Iterable[Finding],
    broken: Mapping[str, str],
    records: Mapping[str, str],
    removals: Iterable[Mapping[str, Any]],
) -> None:
    """Replace what stands beside the claims at the tip of a lane.

    Args:
        db: A write transaction.
        repo_id: The repository.
        lane: `main` or `pr/N`.
        findings: What the checks say.
        broken: Path of a file with errors → one sentence.
        records: Digest of a run record → a commit that has it.
        removals: Rows of entries that a pull request takes away.
    """
    key = {"repo_id": repo_id, "lane": lane}
    finding_rows = [
        {**key, "position": position, **asdict(finding)}
        for position, finding in enumerate(sorted(findings))
    ]
    broken_rows = [{**key, "path": path, "error": error} for path, error in broken.items()]
    record_rows = [{**key, "sha256": sha, "commit": commit} for sha, commit in records.items()]
    removal_rows = [{**key, **removal} for removal in removals]
    for table, rows in (
        (tables.finding, finding_rows),
        (tables.broken_file, broken_rows),
        (tables.run_record, record_rows),
        (tables.removal, removal_rows),
    ):
        _replace(db, table, [_of(table, repo_id), table.c.lane == lane], rows)


def put_benchmark(
    db: Connection,
    repo_id: str,
    *,
    benchmark: Mapping[str, Any] | None,
    tasks: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
) -> None:
    """Replace a benchmark: its row (None when the repository is none), tasks and their names."""
    name_rows = [
        {"repo_id": repo_id, "written": written, "task_id": task_id}
        for written, task_id in names.items()
    ]
    benchmark_rows = [] if benchmark is None else [benchmark]
    for table, rows in (
        (tables.benchmark, benchmark_rows),
        (tables.task, tasks),
        (tables.task_name, name_rows),
    ):
        _replace(db, table, [_of(table, repo_id)], rows)


def count_errors(db: Connection) -> dict[str, int]:
    """How many errors the checks found in every repository that has some."""
    query = (
        sa.select(tables.finding.c.repo_id, sa.func.count())
        .where(tables.finding.c.severity == "error")
        .group_by(tables.finding.c.repo_id)
    )
    return {row[0]: row[1] for row in db.execute(query)}


def dump_rows(db: Connection) -> Iterable[tuple[str, dict[str, Any]]]:
    """Every derived row as (table, values), in one order for everybody."""
    for table in tables.DUMPED:
        for row in db.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings():
            yield table.name, dict(row)


def _of(table: sa.Table, repo_id: str) -> sa.ColumnElement[bool]:
    return table.c.repo_id == repo_id


def _replace(
    db: Connection,
    table: sa.Table,
    where: Sequence[sa.ColumnElement[bool]],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    db.execute(sa.delete(table).where(*where))
    _insert(db, table, rows)


def _put(
    db: Connection, table: sa.Table, records: Sequence[ClaimRecord] | Sequence[VersionRecord]
) -> None:
    """Write records, whose fields are named as the columns are, over those with the same key.

    One statement for all, since a push may change hundreds; and not `asdict`, which copies deeply.
    """
    names = table.columns.keys()
    put(db, table, [{name: getattr(record, name) for name in names} for record in records])


def _insert(db: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        db.execute(sa.insert(table), [dict(row) for row in rows])
