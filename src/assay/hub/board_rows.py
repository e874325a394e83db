"""Rows of boards: from the standing rows that are kept, or from the claims themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    standings = ranking.stand(claims)
    if view == "claims":
        standings = _each_claim(standings)
    possible = [standing for standing in standings if not _outside(standing.chosen, task)]
    values = [standing.chosen.value for standing in possible]
    ranked = sorted(
        zip(ranking.ranks(values, direction), possible, strict=True),
        key=lambda pair: (pair[0], *_name(pair[1])),
    )
    rows = [_row(standing, task, rank=rank) for rank, standing in ranked]
    impossible = [standing for standing in standings if _outside(standing.chosen, task)]
    return rows + [_row(standing, task) for standing in sorted(impossible, key=_name)]


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
    standings = ranking.stand(hidden)
    rows = []
    for standing in standings if view == "models" else _each_claim(standings):
        key = ranking.rank_key(standing.chosen.value, task.direction or "higher")
        rows.append(_row(standing, task, would_rank=place(key)))
    return rows


def _each_claim(standings: Sequence[Standing[Claim]]) -> list[Standing[Claim]]:
    """One standing a live claim, beside all the others about its model."""
    return [
        Standing(claim, tuple(other for other in live if other is not claim), standing.declined)
        for standing in standings
        for live in [(standing.chosen, *standing.others)]
        for claim in live
    ]


def _name(standing: Standing[Claim]) -> tuple[str, str]:
    return standing.chosen.model, standing.chosen.claim_id


def _outside(said: Claim, task: Task) -> str:
    low, high = bounds_of(task.unit, task.minimum, task.maximum)
    return ranking.outside(said.value, low, high)


def _row(
    standing: Standing[Claim],
    task: Task,
    *,
    rank: int | None = None,
    would_rank: int | None = None,
) -> Row:
    claim = standing.chosen
    return Row(
        rank=rank,
        would_rank=would_rank,
        model=claim.model,
        claim=claim,
        badges=badges(claim),
        other_claims=len(standing.others),
        disagrees=standing.disagrees,
        declined=standing.declined,
        why=why(standing),
        outside=_outside(claim, task),
        chance=chance_of(claim, task),
    )


def why(standing: Standing[Claim]) -> str:
    """Why a claim speaks for its model, or which claim does so instead."""
    chosen, others = standing.chosen, standing.others
    best = min((chosen, *others), key=ranking.best_evidence)
    if best is not chosen:
        return f"{best.reporter} claim {best.value_text} speaks for the model"
    return _why(standing.reason, len(others))


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
