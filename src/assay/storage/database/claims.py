"""Reading claims, the raw material of boards, for a reader: what she may not see is not there.

`visible` is `core.permission.may_see` said in SQL; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.core.claim import Attestation, Claim, MovedTo, Reporter, Ruling, Source, State
from assay.core.permission import Reader
from assay.core.provenance import MAIN_LANE
from assay.storage.database.engine import Connection, rows_as
from assay.storage.database.index_tables import (
    claim,
    repo,
    step,
    subject,
)
from assay.storage.database.writing import MOST_NAMED

SINCE, INTRODUCED = sa.alias(step, "since_step"), sa.alias(step, "introduced_step")
UNTIL, CARRIED = sa.alias(step, "until_step"), sa.alias(step, "carried_step")
_IDS = re.compile("[0-9a-f]{64}")


def visible(reader: Reader) -> sa.ColumnElement[bool]:
    """Whether the reader may see the repository of a row, and it has not been deleted."""
    return sa.and_(sa.not_(repo.c.deleted), may_see(reader))


def may_see(reader: Reader, of: sa.FromClause = repo) -> sa.ColumnElement[bool]:
    """Whether the reader may see a repository, also if it has been deleted."""
    if reader.name is None:
        return sa.not_(of.c.private)
    if reader.is_admin:
        return sa.true()
    return sa.or_(sa.not_(of.c.private), of.c.namespace.in_(sorted(reader.sees)))


# What a claim is shown by: its own columns, and those beside it. `claim_of` takes them in order.
SHOWN = (
    "claim_id",
    "lane",
    "pull",
    "state",
    "reporter",
    "contradicts",
    "conflicts",
    "rewritten",
    "ruling",
    "first_push",
    "latest_push",
    "path",
    "line",
    "at_path",
    "at_line",
    "at_commit",
    "value",
    "value_text",
    "date",
    "source",
    "notes",
    "dataset_revision",
    "verify_token",
    "run_record",
    "samples",
    "stderr",
    "evidence_level",
)
BESIDE = (
    claim.c.repo_id,
    repo.c.namespace,
    repo.c.name,
    repo.c.private,
    repo.c.mirror_of,
    subject.c.dataset_id,
    subject.c.task_id,
    SINCE.c.commit,
    SINCE.c.received,
    SINCE.c.pusher,
    SINCE.c.author_name,
    INTRODUCED.c.received.label("first_received"),
)
CLAIM = (
    sa.select(
        *(claim.c[name] for name in SHOWN),
        *BESIDE,
    )
    .select_from(claim)
    .join(repo, repo.c.repo_id == claim.c.repo_id)
    .join(subject, subject.c.id == claim.c.subject)
    .join(SINCE, SINCE.c.id == claim.c.since)
    .join(INTRODUCED, INTRODUCED.c.id == claim.c.introduced)
)
_WIDTH = len(CLAIM.selected_columns)
_REPORTERS = {str(one): one for one in Reporter}
_STATES = {str(one): one for one in State}
_RULINGS = {str(one): one for one in Ruling}


def claim_of(row: Any) -> Claim:
    """A claim, from a row of `CLAIM` (or of a query that adds columns to it).

    Long because boards are made of these, a hundred a page: a row is unpacked at once, since
    asking it for thirty names takes five times as long.
    """
    (
        claim_id,
        lane,
        pull,
        state,
        reporter,
        contradicts,
        conflicts,
        rewritten,
        ruling,
        first_push,
        latest_push,
        path,
        line,
        at_path,
        at_line,
        at_commit,
        value,
        value_text,
        date,
        source,
        notes,
        dataset_revision,
        verify_token,
        run_record,
        samples,
        stderr,
        evidence_level,
        _repo_id,
        namespace,
        name,
        private,
        mirror_of,
        dataset_id,
        task_id,
        commit,
        received,
        pusher,
        author_name,
        first_received,
    ) = row[:_WIDTH]
    return Claim(
        claim_id=claim_id,
        model=f"{namespace}/{name}",
        private=private,
        dataset_id=dataset_id,
        task_id=task_id,
        value=value,
        value_text=value_text,
        reporter=_REPORTERS[reporter],
        state=_STATES[state],
        attestation=Attestation.NOT_CHECKED if verify_token else Attestation.NONE,
        lane=lane,
        pull=pull,
        path=path,
        line=line,
        commit=commit,
        date=date,
        source=Source(**source) if source else None,
        notes=notes,
        dataset_revision=dataset_revision,
        run_record=run_record,
        samples=samples,
        stderr=stderr,
        evidence_level=evidence_level,
        received=received,
        first_received=first_received,
        first_push=first_push,
        latest_push=latest_push,
        pusher=pusher,
        author_name=author_name,
        contradicts=contradicts,
        conflicts=conflicts,
        rewritten=rewritten,
        ruling=_RULINGS[ruling],
        moved_to=MovedTo(path=at_path, line=at_line, commit=at_commit) if at_commit else None,
        mirror_of=mirror_of if lane == MAIN_LANE else None,
    )


def _read(db: Connection, query: sa.Select[Any]) -> list[Claim]:
    return [claim_of(row) for row in db.execute(query).all()]


def claims_on(
    db: Connection, reader: Reader, board: int, *, only_private: bool = False
) -> list[Claim]:
    """All claims about a board's task, in whatever state.

    Args:
        db: The index.
        reader: Who asks.
        board: The board's number.
        only_private: Whether only those about private models of which some are live are wanted.
    """
    of_board = CLAIM.where(subject.c.board == board, visible(reader))
    if not only_private:
        return _read(db, of_board)
    # There are few of those for most readers; what is said about the task may be very much.
    hidden = sa.select(repo.c.repo_id).where(
        repo.c.private, repo.c.claims > sa.literal(0, literal_execute=True), visible(reader)
    )
    found = db.execute(hidden.limit(MOST_NAMED + 1)).scalars().all()
    if len(found) > MOST_NAMED:
        return _read(db, of_board.where(repo.c.private))
    return _read(db, of_board.where(claim.c.repo_id.in_(found))) if found else []


_STANDS = ("path", "position")


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What a live claim says, as its file says it."""

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


def count_entries(db: Connection, reader: Reader, repo_ids: Collection[str]) -> dict[str, int]:
    """How many live claims are made about model repositories, by id."""
    query = sa.select(repo.c.repo_id, repo.c.claims).where(
        repo.c.repo_id.in_(sorted(repo_ids)), visible(reader)
    )
    return {row[0]: row[1] for row in db.execute(query)}


def live_entries(
    db: Connection, reader: Reader, repo_ids: Collection[str], *, most: int | None = None
) -> list[EntryRow]:
    """What stands in the files of model repositories: main first, then open pull requests.

    Args:
        db: The index.
        reader: Who asks.
        repo_ids: The repositories.
        most: How many are read at most, in the order of an index; None for all.
    """
    live = claim.c.repo_id.in_(sorted(repo_ids)), claim.c.state == State.LIVE
    wanted: tuple[sa.ColumnElement[bool], ...] = live
    if most is not None:
        listed = (claim.c.repo_id, claim.c.subject, claim.c.first_push, claim.c.claim_id)
        wanted = (claim.c.id.in_(sa.select(claim.c.id).where(*live).order_by(*listed).limit(most)),)
    written = {"dataset_id", "task_id"}
    moved = {
        name: sa.func.coalesce(claim.c[f"at_{name}"], claim.c[name]).label(name) for name in _STANDS
    }
    columns = [
        moved.get(name, (subject if name in written else claim).c[name])
        for name in EntryRow.__slots__
    ]
    query = (
        sa.select(*columns)
        .join(repo, repo.c.repo_id == claim.c.repo_id)
        .join(subject, subject.c.id == claim.c.subject)
        .where(*wanted, visible(reader))
        .order_by(
            claim.c.repo_id,
            claim.c.lane != MAIN_LANE,
            claim.c.pull,
            *moved.values(),
            claim.c.claim_id,
        )
    )
    return rows_as(EntryRow, db.execute(query))


def find_claim(db: Connection, reader: Reader, claim_id: str) -> tuple[Claim, str] | None:
    """A claim and its repository's id, or None; one of a deleted repository too."""
    if not _IDS.fullmatch(claim_id):
        return None
    row = db.execute(CLAIM.where(may_see(reader), claim.c.claim_id == claim_id)).first()
    return (claim_of(row), row.repo_id) if row is not None else None


def latest_claims(db: Connection, reader: Reader, limit: int) -> list[Claim]:
    """The live claims that came last, on main or in open pull requests."""
    query = (
        CLAIM.where(claim.c.state == State.LIVE, visible(reader))
        .order_by(claim.c.latest_push.desc(), claim.c.claim_id)
        .limit(limit)
    )
    return _read(db, query)


def count_live(db: Connection, reader: Reader) -> tuple[int, int]:
    """How many models have live claims, and how many claims those are."""
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(repo.c.claims), 0)).where(
        repo.c.claims > sa.literal(0, literal_execute=True), visible(reader)
    )
    row = db.execute(query).one()
    return int(row[0]), int(row[1])
