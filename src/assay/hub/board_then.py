"""A board as of a place in the record: who stood there in which order, and what was to be said."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assay.core import ranking
from assay.core.claim import State
from assay.core.policy import Policy, View
from assay.formats.terms import bounds_of
from assay.hub.answers import Task
from assay.hub.board_sentence import Summary, some
from assay.storage.database.catching_up import Marks
from assay.storage.database.claims_then import Glance, glances
from assay.storage.database.engine import Connection
from assay.storage.database.policies import Order


@dataclass(frozen=True, slots=True)
class Then:
    """What there was of a board.

    Attributes:
        order: The claims that had a row, as the view has them.
        summary: Of the models.
        models: How many had a live claim.
        claims: How many claims were live.
    """

    order: Order
    summary: Summary
    models: int
    claims: int


def board_then(
    db: Connection, board: int, task: Task, policy: Policy, view: View, moment: Marks
) -> Then:
    """Look at all public claims that there were about a task."""
    every = glances(db, board, moment)
    live = [one for one in every if one.state is State.LIVE]
    chosen = [standing.chosen for standing in ranking.stand(every, policy)]
    speaking = chosen if view == "models" else [one for one in live if policy.admits(one)]
    return Then(
        order=_order(speaking, task),
        summary=_summary(chosen, task),
        models=len({one.model for one in live}),
        claims=len(live),
    )


def _order(speaking: Iterable[Glance], task: Task) -> Order:
    keyed = [
        (_rank_key(one, task), one.model, one.first_push, one.claim_id, one.number)
        for one in speaking
    ]
    keyed.sort(key=lambda place: (place[0] is None, place[0] or 0.0, *place[1:]))
    return Order(
        array("q", [place[-1] for place in keyed]),
        array("d", [place[0] for place in keyed if place[0] is not None]),
    )


def _rank_key(one: Glance, task: Task) -> float | None:
    low, high = bounds_of(task.unit, task.minimum, task.maximum)
    if ranking.outside(one.value, low, high):
        return None
    return ranking.rank_key(one.value, task.direction or "higher")


def _summary(chosen: Sequence[Glance], task: Task) -> Summary:
    keys = {one.model: _rank_key(one, task) for one in chosen}
    ranked = {model: key for model, key in keys.items() if key is not None}
    best = min(ranked.values(), default=None)
    return Summary(
        models=len(keys),
        ranked=len(ranked),
        leaders=some([model for model, key in ranked.items() if key == best]),
        at_chance=some([one.model for one in chosen if one.model in ranked and _lost(one, task)]),
    )


def _lost(one: Glance, task: Task) -> bool:
    found = ranking.compare_with_chance(one, chance=task.chance, unit=task.unit, items=task.items)
    return found is not None and not found.told_apart
