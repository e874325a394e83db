"""Claims as of a place in the record: from their versions, without replaying git.

What is not in versions is as today: names and terms of benchmarks, who may see what, and whose a
namespace is.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
import sqlalchemy as sa

from assay.core.claim import Claim, Reporter, Ruling, State
from assay.core.ledger import state_of
from assay.core.permission import Reader
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


def claims_then(
    db: Connection, reader: Reader, board: int, moment: Marks, *, only_private: bool = False
) -> list[Claim]:
    """All claims about a board's task that there were, in whatever state they were.

    Args:
        db: The index.
        reader: Who asks.
        board: The board's number.
        moment: The place in the record.
        only_private: Whether only those in private repositories are wanted.
    """
    where = [subject.c.board == board, visible(reader), *([repo.c.private] if only_private else [])]
    queries = [_as_of(table, moment).where(*where) for table in (claim, earlier)]
    latest: dict[str, Any] = {}
    for row in (row for query in queries for row in db.execute(query)):
        if row.claim_id not in latest or latest[row.claim_id].number < row.number:
            latest[row.claim_id] = row
    then = [_Then(row, moment) for row in latest.values()]
    on_main = {one.says for one in then if one.lane == MAIN_LANE and not one.is_gone}
    return [one.claim(on_main) for one in then]


_AT = {
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
}
_AT |= {"verify_token", "run_record", "samples", "stderr", "evidence_level"}


def _as_of(table: sa.Table, moment: Marks) -> sa.Select[Any]:
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
            *((table if name in _AT else claim).c[name] for name in SHOWN),
            *BESIDE,
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

    def claim(self, on_main: Collection[tuple[str, str]]) -> Claim:
        """What it said and where it stood. What is not in versions is today's, and left out."""
        row, is_main = self._row, self.lane == MAIN_LANE
        is_author = is_main and row.claimed and row.mirror_of is None
        return msgspec.structs.replace(
            claim_of(row),
            lane=self.lane,
            state=self._state(on_main),
            reporter=Reporter.AUTHOR if is_author else Reporter.COMMUNITY,
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
