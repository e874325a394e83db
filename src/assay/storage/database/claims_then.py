"""Claims as of a place in the record: from their versions, without replaying git.

What is not in versions is as today: names and terms of benchmarks, who may see what, and whose a
namespace is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from assay.core.claim import Claim, Reporter, Ruling, State
from assay.core.ledger import state_of
from assay.core.permission import STRANGER, Reader
from assay.core.provenance import MAIN_LANE
from assay.storage.database.catching_up import Marks
from assay.storage.database.claims import (
    BESIDE,
    CARRIED,
    INTRODUCED,
    SHOWN,
    SINCE,
    UNTIL,
    claim_of,
    visible,
)
from assay.storage.database.engine import Connection
from assay.storage.database.index_tables import claim, earlier, pull_status, repo, subject
from assay.storage.database.writing import portions


@dataclass(frozen=True, slots=True)
class Glance:
    """As much of a claim at a moment as a policy and a board's summary look at."""

    number: int
    claim_id: str
    model: str
    value: float
    samples: int | None
    reporter: Reporter
    state: State
    evidence_level: int
    first_push: int
    latest_push: int


def glances(db: Connection, board: int, moment: Marks) -> list[Glance]:
    """All public claims about a board's task that there were, in whatever state they were."""
    then, on_main = _read(db, _glance, moment, [subject.c.board == board, visible(STRANGER)])
    return [one.glance(on_main) for one in then]


def claims_then(
    db: Connection,
    reader: Reader,
    board: int,
    moment: Marks,
    *,
    only_private: bool = False,
    about: Collection[int] | None = None,
) -> dict[int, Claim]:
    """Claims about a board's task that there were, in whatever state they were, by number.

    Args:
        db: The index.
        reader: Who asks.
        board: The board's number.
        moment: The place in the record.
        only_private: Whether only those in private repositories are wanted.
        about: The numbers of some claims, if only what is about the same models is wanted.
    """
    where = [subject.c.board == board, visible(reader), *([repo.c.private] if only_private else [])]
    if about is None:
        then, on_main = _read(db, _whole, moment, where)
        return {one.number: one.claim(on_main) for one in then}
    found: dict[int, Claim] = {}
    for part in portions(about):
        models = sa.select(claim.c.repo_id).where(claim.c.id.in_(part)).scalar_subquery()
        then, on_main = _read(db, _whole, moment, [*where, claim.c.repo_id.in_(models)])
        found |= {one.number: one.claim(on_main) for one in then}
    return found


Columns = Callable[[sa.Table], Sequence[sa.ColumnElement[Any]]]


def _read(
    db: Connection, columns: Columns, moment: Marks, where: Sequence[sa.ColumnElement[bool]]
) -> tuple[list[_Then], set[tuple[str, str]]]:
    """The latest version by then of each claim, and what main said then, by repository."""
    latest: dict[int, Any] = {}
    for table in (claim, earlier):
        for row in db.execute(_as_of(table, columns(table), moment).where(*where)):
            if row.id not in latest or latest[row.id].number < row.number:
                latest[row.id] = row
    then = [_Then(row, moment) for row in latest.values()]
    return then, {one.says for one in then if one.lane == MAIN_LANE and not one.is_gone}


# What a version tells of itself; the rest is its claim's.
_AT = frozenset(SHOWN) & {column.name for column in earlier.c}


def _whole(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    return [*((table if name in _AT else claim).c[name] for name in SHOWN), *BESIDE]


def _glance(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    own = (claim.c.claim_id, claim.c.first_push, claim.c.repo_id)
    beside = (repo.c.namespace, repo.c.name, repo.c.mirror_of)
    return [*own, *beside, table.c.value, table.c.samples, table.c.evidence_level]


def _as_of(
    table: sa.Table, columns: Sequence[sa.ColumnElement[Any]], moment: Marks
) -> sa.Select[Any]:
    """Claims with the versions that had begun by then, of those in this table."""
    status = (
        sa.select(pull_status.c.status, pull_status.c.by_author)
        .where(
            pull_status.c.repo_id == claim.c.repo_id,
            pull_status.c.pull == claim.c.pull,
            pull_status.c.event <= moment.last_event,
        )
        .order_by(pull_status.c.event.desc())
        .limit(1)
    )
    query = (
        sa.select(
            *columns,
            claim.c.id,
            table.c.content_key,
            table.c.number,
            repo.c.claimed,
            SINCE.c.push.label("since_push"),
            SINCE.c.lane.label("since_lane"),
            CARRIED.c.push.label("carried_push"),
            UNTIL.c.push.label("until_push"),
            status.with_only_columns(pull_status.c.status).scalar_subquery().label("pull_then"),
            status.with_only_columns(pull_status.c.by_author).scalar_subquery().label("by_author"),
        )
        .select_from(claim)
        .join(repo, repo.c.repo_id == claim.c.repo_id)
        .join(subject, subject.c.id == claim.c.subject)
        .join(INTRODUCED, INTRODUCED.c.id == claim.c.introduced)
    )
    if table is earlier:
        query = query.join(earlier, earlier.c.claim == claim.c.id)
    return (
        query.join(SINCE, SINCE.c.id == table.c.since)
        .outerjoin(CARRIED, CARRIED.c.id == table.c.carried)
        .outerjoin(UNTIL, UNTIL.c.id == table.c.until)
        .where(SINCE.c.push <= moment.last_push)
    )


class _Then:
    """A claim at a moment, from its latest version by then (a row of `_as_of`)."""

    def __init__(self, row: Any, moment: Marks) -> None:
        self._row = row
        was_carried = row.carried_push is not None and row.carried_push <= moment.last_push
        self.lane: str = MAIN_LANE if was_carried else row.since_lane
        self.is_gone = row.until_push is not None and row.until_push <= moment.last_push
        self.says = (row.repo_id, row.content_key)

    @property
    def number(self) -> int:
        """The claim, as the index numbers it."""
        return int(self._row.id)

    @property
    def _reporter(self) -> Reporter:
        row, is_main = self._row, self.lane == MAIN_LANE
        is_author = is_main and row.claimed and row.mirror_of is None
        return Reporter.AUTHOR if is_author else Reporter.COMMUNITY

    def glance(self, on_main: Collection[tuple[str, str]]) -> Glance:
        """It, at a glance."""
        row = self._row
        return Glance(
            number=row.id,
            claim_id=row.claim_id,
            model=f"{row.namespace}/{row.name}",
            value=row.value,
            samples=row.samples,
            reporter=self._reporter,
            state=self._state(on_main),
            evidence_level=row.evidence_level,
            first_push=row.first_push,
            latest_push=row.since_push,
        )

    def claim(self, on_main: Collection[tuple[str, str]]) -> Claim:
        """What it said and where it stood. What is not in versions is today's, and left out."""
        row, is_main = self._row, self.lane == MAIN_LANE
        return msgspec.structs.replace(
            claim_of(row),
            lane=self.lane,
            state=self._state(on_main),
            reporter=self._reporter,
            latest_push=row.since_push,
            conflicts=False,
            rewritten=False,
            ruling=Ruling.NONE,
            moved_to=None,
            mirror_of=row.mirror_of if is_main else None,
        )

    def _state(self, on_main: Collection[tuple[str, str]]) -> State:
        is_main = self.lane == MAIN_LANE
        return state_of(
            gone=self.is_gone,
            pull=None if is_main else self._row.pull_then or "open",
            by_author=bool(self._row.by_author),
            on_main=self.says in on_main,
        )
