"""Reading claims, the raw material of boards, for a reader: what she may not see is not there.

`visible` is `core.permission.may_see` said in SQL; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.core.claim import Attestation, Claim, Reporter, Source, State
from assay.core.permission import Reader
from assay.core.provenance import MAIN_LANE
from assay.storage.database.engine import Connection, rows_as
from assay.storage.database.index_tables import (
    claim,
    repo,
    repo_name,
    task_name,
    version,
)


def visible(reader: Reader) -> sa.ColumnElement[bool]:
    """Whether the reader may see the repository of a row, and it has not been deleted."""
    return sa.and_(sa.not_(repo.c.deleted), _may_see(reader))


def _may_see(reader: Reader) -> sa.ColumnElement[bool]:
    if reader.name is None:
        return sa.not_(repo.c.private)
    if reader.is_admin:
        return sa.true()
    return sa.or_(sa.not_(repo.c.private), repo.c.namespace.in_(sorted(reader.sees)))


def names_of_dataset(db: Connection, dataset_id: str) -> list[str]:
    """Every name that results may call a dataset by: it keeps those it had before it was moved."""
    named = sa.select(repo_name.c.repo_id).where(
        repo_name.c.type == "dataset", repo_name.c.written == dataset_id
    )
    query = sa.select(repo_name.c.written).where(repo_name.c.repo_id.in_(named))
    return sorted({dataset_id, *db.execute(query).scalars()})


def _claims(reader: Reader) -> sa.Select[Any]:
    """Every claim the reader may see, with its latest version."""
    return _all_claims().where(visible(reader))


def _all_claims() -> sa.Select[Any]:
    return (
        sa.select(
            claim,
            repo.c.namespace,
            repo.c.name,
            repo.c.private,
            repo.c.mirror_of,
            *(column for column in version.c if column.name not in claim.c),
        )
        .join(repo, repo.c.repo_id == claim.c.repo_id)
        .join(
            version,
            sa.and_(version.c.claim_id == claim.c.claim_id, version.c.number == claim.c.latest),
        )
    )


def _read(db: Connection, query: sa.Select[Any]) -> list[Claim]:
    return [_claim(row) for row in db.execute(query)]


def _claim(row: sa.Row[Any]) -> Claim:
    return Claim(
        claim_id=row.claim_id,
        model=f"{row.namespace}/{row.name}",
        private=row.private,
        dataset_id=row.dataset_id,
        task_id=row.task_id,
        value=row.value,
        value_text=row.value_text,
        reporter=Reporter(row.reporter),
        state=State(row.state),
        attestation=Attestation.NOT_CHECKED if row.verify_token else Attestation.NONE,
        lane=row.lane,
        pull=row.pull,
        path=row.path,
        line=row.line,
        commit=row.since_commit,
        date=row.date,
        source=Source(**row.source) if row.source else None,
        notes=row.notes,
        dataset_revision=row.dataset_revision,
        run_record=row.run_record,
        samples=row.samples,
        stderr=row.stderr,
        evidence_level=row.evidence_level,
        received=row.received,
        first_received=row.introduced_received,
        first_push=row.introduced_push,
        latest_push=row.since_push,
        pusher=row.pusher,
        author_name=row.author_name,
        contradicts=row.contradicts,
        mirror_of=row.mirror_of if row.lane == MAIN_LANE else None,
    )


def claims_about(
    db: Connection, reader: Reader, dataset_id: str, written: Sequence[str]
) -> list[Claim]:
    """All claims about one task, under any of the names it goes by."""
    query = _claims(reader).where(
        claim.c.dataset_id.in_(names_of_dataset(db, dataset_id)),
        claim.c.task_id.in_(list(written)),
    )
    return _read(db, query)


def claims_of_repo(
    db: Connection, reader: Reader, repo_id: str, *, pull: int | None = None
) -> list[Claim]:
    """All claims of one model repository, or those that one of its pull requests introduced."""
    query = _claims(reader).where(claim.c.repo_id == repo_id)
    if pull is not None:
        query = query.where(claim.c.introduced_lane == f"pr/{pull}")
    return _read(db, query.order_by(claim.c.introduced_push, claim.c.claim_id))


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What a live claim says, as its file says it; fields are columns of the index."""

    repo_id: str
    lane: str
    pull: int | None
    path: str
    position: int
    dataset_id: str
    task_id: str
    dataset_revision: str | None
    value: float
    date: str | None
    source: dict[str, str] | None
    notes: str | None
    verify_token: str | None


def live_entries(db: Connection, reader: Reader, repo_ids: Collection[str]) -> list[EntryRow]:
    """What stands in the files of many model repositories: main first, then open pull requests."""
    ours = {"repo_id", "lane", "pull", "dataset_id", "task_id"}
    columns = [(claim if name in ours else version).c[name] for name in EntryRow.__slots__]
    query = (
        sa.select(*columns)
        .join(repo, repo.c.repo_id == claim.c.repo_id)
        .join(
            version,
            sa.and_(version.c.claim_id == claim.c.claim_id, version.c.number == claim.c.latest),
        )
        .where(claim.c.repo_id.in_(sorted(repo_ids)), claim.c.state == State.LIVE, visible(reader))
        .order_by(
            claim.c.repo_id,
            claim.c.lane != "main",
            claim.c.pull,
            version.c.path,
            version.c.position,
            claim.c.claim_id,
        )
    )
    return rows_as(EntryRow, db.execute(query))


def find_claim(db: Connection, reader: Reader, claim_id: str) -> tuple[Claim, str] | None:
    """A claim and its repository's id, or None; one of a deleted repository too."""
    query = _all_claims().where(_may_see(reader), claim.c.claim_id == claim_id)
    row = db.execute(query).first()
    return (_claim(row), row.repo_id) if row is not None else None


def versions_of(db: Connection, claim_id: str) -> list[dict[str, Any]]:
    """Every version of a claim (found by `find_claim`), the first one first."""
    query = sa.select(version).where(version.c.claim_id == claim_id).order_by(version.c.number)
    return [dict(row) for row in db.execute(query).mappings()]


def latest_claims(db: Connection, reader: Reader, limit: int) -> list[Claim]:
    """The live claims that came last, on main or in open pull requests."""
    query = (
        _claims(reader)
        .where(claim.c.state == State.LIVE)
        .order_by(version.c.since_push.desc(), claim.c.claim_id)
        .limit(limit)
    )
    return _read(db, query)


def count_by_task(db: Connection, reader: Reader) -> dict[tuple[str, str], tuple[int, int]]:
    """(models, claims) that are live, by (dataset, task) as registered."""
    registered = sa.alias(repo, "registered")
    query = (
        sa.select(
            registered.c.namespace,
            registered.c.name,
            task_name.c.task_id,
            sa.func.count(sa.distinct(claim.c.repo_id)),
            sa.func.count(),
        )
        .select_from(claim)
        .join(repo, repo.c.repo_id == claim.c.repo_id)
        .join(
            repo_name,
            sa.and_(repo_name.c.type == "dataset", repo_name.c.written == claim.c.dataset_id),
        )
        .join(
            registered,
            sa.and_(
                registered.c.repo_id == repo_name.c.repo_id,
                sa.not_(registered.c.deleted),
            ),
        )
        .join(
            task_name,
            sa.and_(
                task_name.c.repo_id == registered.c.repo_id,
                task_name.c.written == claim.c.task_id,
            ),
        )
        .where(claim.c.state == State.LIVE, visible(reader))
        .group_by(registered.c.namespace, registered.c.name, task_name.c.task_id)
    )
    return {(f"{row[0]}/{row[1]}", row[2]): (row[3], row[4]) for row in db.execute(query)}


def count_live(db: Connection, reader: Reader) -> tuple[int, int]:
    """How many models have live claims, and how many claims those are."""
    query = (
        sa.select(sa.func.count(sa.distinct(claim.c.repo_id)), sa.func.count())
        .join(repo, repo.c.repo_id == claim.c.repo_id)
        .where(claim.c.state == State.LIVE, visible(reader))
    )
    row = db.execute(query).one()
    return row[0], row[1]
