"""Rows of boards: from the standing rows that are kept, or from the claims themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from assay.core import ranking
from assay.core.claim import Claim, badges
from assay.core.ranking import Reason, Standing
from assay.formats.terms import bounds_of
from assay.hub.answers import Chance, Row, Task
from assay.storage.database import boards as board_rows
from assay.storage.database.boards import BoardRow, StandingRow
from assay.storage.database.engine import Connection

View = Literal["models", "claims"]


def model_rows(db: Connection, of: BoardRow, task: Task, *, start: int, limit: int) -> list[Row]:
    """A page of standing rows; equal values share the rank of the first of them."""
    page = board_rows.page_of(db, of, start=start, limit=limit)
    rows: list[Row] = []
    rank, last = 0, None
    for position, standing in enumerate(page, start=start + 1):
        if standing.rank_key is not None and standing.rank_key != last:
            is_first = last is None and start > 0
            rank = (
                board_rows.count_better(db, of.id, standing.rank_key) + 1 if is_first else position
            )
            last = standing.rank_key
        rows.append(_standing_row(standing, task, rank if standing.rank_key is not None else None))
    return rows


def _standing_row(standing: StandingRow, task: Task, rank: int | None) -> Row:
    said = standing.claim
    return Row(
        rank=rank,
        would_rank=None,
        model=said.model,
        claim=said,
        badges=badges(said),
        other_claims=standing.others,
        disagrees=standing.disagrees,
        declined=standing.declined,
        why=_why(standing.reason, standing.others),
        outside="" if rank is not None else _outside(said, task),
        chance=chance_of(said, task),
    )


def rows_of(claims: Sequence[Claim], task: Task, view: View) -> list[Row]:
    """All rows of a board, from everything that is claimed about its task."""
    direction = task.direction or "higher"
    speaking = _speaking(ranking.stand(claims), view)
    possible = [one for one in speaking if not _outside(one.said, task)]
    ranks = ranking.ranks([one.said.value for one in possible], direction)
    ranked = sorted(
        zip(ranks, possible, strict=True),
        key=lambda pair: (pair[0], pair[1].said.model, pair[1].said.claim_id),
    )
    rows = [_row(one, task, rank=rank) for rank, one in ranked]
    impossible = [one for one in speaking if _outside(one.said, task)]
    impossible.sort(key=lambda one: (one.said.model, one.said.claim_id))
    return rows + [_row(one, task) for one in impossible]


def overlay_of(
    hidden: Sequence[Claim], task: Task, view: View, *, place: Callable[[float], int]
) -> list[Row]:
    """What only some readers may see, unranked.

    Args:
        hidden: The private claims.
        task: What they are about.
        view: One row a model, or one row a claim.
        place: Tells the rank that a rank key would have among the public rows.
    """
    rows = []
    for one in _speaking(ranking.stand(hidden), view):
        key = ranking.rank_key(one.said.value, task.direction or "higher")
        rows.append(_row(one, task, would_rank=place(key)))
    return rows


@dataclass(frozen=True, slots=True)
class _Speaking:
    """A claim that has a row, what stands for its model, and whether another claim disagrees."""

    said: Claim
    standing: Standing[Claim]
    disagrees: bool


def _speaking(standings: Sequence[Standing[Claim]], view: View) -> list[_Speaking]:
    """One claim a model, or each live one."""
    found = []
    for standing in standings:
        if view == "models":
            found.append(_Speaking(standing.chosen, standing, standing.disagrees))
            continue
        live = (standing.chosen, *standing.others)
        # If any two differ, each differs from one of them.
        differ = len({claim.value for claim in live}) > 1
        found += [_Speaking(claim, standing, differ) for claim in live]
    return found


def _outside(said: Claim, task: Task) -> str:
    low, high = bounds_of(task.unit, task.minimum, task.maximum)
    return ranking.outside(said.value, low, high)


def _row(
    one: _Speaking, task: Task, *, rank: int | None = None, would_rank: int | None = None
) -> Row:
    said, standing = one.said, one.standing
    return Row(
        rank=rank,
        would_rank=would_rank,
        model=said.model,
        claim=said,
        badges=badges(said),
        other_claims=len(standing.others),
        disagrees=one.disagrees,
        declined=standing.declined,
        why=why(said, standing),
        outside=_outside(said, task),
        chance=chance_of(said, task),
    )


def why(said: Claim, standing: Standing[Claim]) -> str:
    """Why a claim speaks for its model, or which claim does so instead."""
    best = standing.chosen
    if said is not best:
        return f"{best.reporter} claim {best.value_text} speaks for the model"
    return _why(standing.reason, len(standing.others))


def _why(reason: Reason, others: int) -> str:
    count = f"{others} other" + ("s" if others > 1 else "")
    return {
        Reason.ONLY: "the only claim that stands",
        Reason.EVIDENCE: f"better evidence than {count}",
        Reason.AUTHOR: f"the author's claim, before {count}",
        Reason.AUTHORS_LATEST: f"the author's latest claim, before {count}",
        Reason.COMMUNITYS_FIRST: f"the community's first claim, before {count}",
    }[reason]


def chance_of(claim: Claim, task: Task) -> Chance | None:
    """How a claim stands to its task's chance level, where both are known."""
    found = ranking.compare_with_chance(claim, chance=task.chance, unit=task.unit, items=task.items)
    if found is None or task.chance is None:
        return None
    return Chance(
        level=task.chance,
        told_apart=found.told_apart,
        low=found.low,
        high=found.high,
        n=found.n,
        n_source=found.n_source,
    )
