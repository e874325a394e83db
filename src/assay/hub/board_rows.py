"""Rows of boards: from the standing rows that are kept, or from the claims themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from assay.core import ranking
from assay.core.claim import Claim, badges
from assay.core.policy import Policy, View
from assay.core.ranking import Reason, Standing
from assay.formats.terms import bounds_of
from assay.hub.answers import Chance, Row, Task
from assay.storage.database import boards as board_rows
from assay.storage.database.boards import BoardRow, StandingRow
from assay.storage.database.engine import Connection
from assay.storage.database.policies import Order


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


def ordered_rows(
    claims: Mapping[int, Claim], task: Task, order: Order, policy: Policy, window: slice
) -> list[Row]:
    """Some rows of a board whose order is known.

    Args:
        claims: Everything that is claimed about their models on the board, by number.
        task: What the board is about.
        order: Of the whole board.
        policy: Which claim speaks for a model.
        window: Which places of the order.
    """
    standings = {one.chosen.model: one for one in ranking.stand(claims.values(), policy)}
    rows = []
    for position, number in enumerate(order.numbers[window], start=window.start):
        said = claims[number]
        rows.append(_row((said, standings[said.model]), task, rank=order.rank_at(position)))
    return rows


def overlay_of(
    hidden: Sequence[Claim],
    task: Task,
    view: View,
    policy: Policy,
    *,
    place: Callable[[float], int],
) -> list[Row]:
    """What only some readers may see, unranked.

    Args:
        hidden: The private claims.
        task: What they are about.
        view: One row a model, or one row a claim.
        policy: Which of them speaks for a model.
        place: Tells the rank that a rank key would have among the public rows.
    """
    rows = []
    for one in _speaking(ranking.stand(hidden, policy), view):
        key = ranking.rank_key(one[0].value, task.direction or "higher")
        rows.append(_row(one, task, would_rank=place(key)))
    return rows


# A claim that has a row, and what stands for its model.
_Speaking = tuple[Claim, Standing[Claim]]


def _speaking(standings: Iterable[Standing[Claim]], view: View) -> list[_Speaking]:
    """One claim a model, or each that may speak."""
    found = []
    for standing in standings:
        said = [standing.chosen]
        if view == "claims":
            said += [claim for claim in standing.others if standing.policy.admits(claim)]
        found += [(claim, standing) for claim in said]
    return found


def _outside(said: Claim, task: Task) -> str:
    low, high = bounds_of(task.unit, task.minimum, task.maximum)
    return ranking.outside(said.value, low, high)


def _row(
    one: _Speaking, task: Task, *, rank: int | None = None, would_rank: int | None = None
) -> Row:
    said, standing = one
    return Row(
        rank=rank,
        would_rank=would_rank,
        model=said.model,
        claim=said,
        badges=badges(said),
        other_claims=len(standing.others),
        disagrees=standing.disagrees,
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
    if reason is Reason.ONLY:
        return "the only claim that stands"
    return f"{_WHY[reason]} {others} other{'s' if others > 1 else ''}"


_WHY = {
    Reason.ADMITTED: "the only claim that the policy admits, before",
    Reason.EVIDENCE: "better evidence than",
    Reason.AUTHOR: "the author's claim, before",
    Reason.AUTHORS_LATEST: "the author's latest claim, before",
    Reason.COMMUNITYS_FIRST: "the community's first claim, before",
    Reason.LATEST: "the latest claim, before",
}


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
