"""Results about what no benchmark here answers to: kept, and standing nowhere until one does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.core.claim import State
from assay.core.permission import Reader
from assay.storage.database.claims import may_see, visible
from assay.storage.database.engine import Connection, rows_as
from assay.storage.database.index_tables import benchmark, board, claim, repo, repo_name, subject

_BENCHMARK = sa.alias(repo, "of_board")


@dataclass(frozen=True, slots=True)
class UnresolvedRow:
    """A dataset and a task as results write them, and how much is said about them."""

    dataset_id: str
    task_id: str
    models: int
    claims: int


def unresolved(
    db: Connection, reader: Reader, *, start: int, limit: int
) -> tuple[int, list[UnresolvedRow]]:
    """How many subjects of live claims stand nowhere, and some of them, most claimed first.

    One that stands on a benchmark which the reader may not see stands nowhere for her.
    """
    nowhere = sa.or_(subject.c.board.is_(None), sa.not_(may_see(reader, _BENCHMARK)))
    claims = sa.func.count().label("claims")
    found = (
        sa.select(
            subject.c.dataset_id,
            subject.c.task_id,
            sa.func.count(claim.c.repo_id.distinct()).label("models"),
            claims,
        )
        .select_from(subject)
        .join(claim, claim.c.subject == subject.c.id)
        .join(repo, repo.c.repo_id == claim.c.repo_id)
        .outerjoin(board, board.c.id == subject.c.board)
        .outerjoin(_BENCHMARK, _BENCHMARK.c.repo_id == board.c.repo_id)
        .where(nowhere, claim.c.state == State.LIVE, visible(reader))
        .group_by(subject.c.id, subject.c.dataset_id, subject.c.task_id)
    )
    count = db.execute(sa.select(sa.func.count()).select_from(found.subquery())).scalar_one()
    order = (claims.desc(), subject.c.dataset_id, subject.c.task_id)
    page = found.order_by(*order).limit(limit).offset(start)
    return int(count), rows_as(UnresolvedRow, db.execute(page))


def datasets_here(db: Connection, reader: Reader, written: set[str]) -> dict[str, bool]:
    """Which names lead to a dataset the reader may see, and whether that is a benchmark."""
    query: sa.Select[Any] = (
        sa.select(repo_name.c.written, benchmark.c.repo_id.is_not(None))
        .join(repo, repo.c.repo_id == repo_name.c.repo_id)
        .outerjoin(benchmark, benchmark.c.repo_id == repo.c.repo_id)
        .where(
            repo_name.c.type == "dataset", repo_name.c.written.in_(sorted(written)), visible(reader)
        )
    )
    return {row[0]: bool(row[1]) for row in db.execute(query)}
