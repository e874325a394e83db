"""What a board says today (or said), in a few sentences about its models."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from assay.hub.answers import Row, Task
from assay.storage.database import boards as board_rows
from assay.storage.database.boards import BoardRow
from assay.storage.database.engine import Connection
from assay.storage.database.policies import Order, names_of_models, put_by_name

MOST_NAMED = 3
NOTHING = "Nobody has reported a result yet."
Some = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sentence about a board takes: counts of models, with the first of their names.

    Attributes:
        models: All of them.
        ranked: Those whose value is possible.
        leaders: Those that share the first rank.
        at_chance: Ranked ones that cannot be told from answering at random.
    """

    models: int
    ranked: int
    leaders: Some
    at_chance: Some


def summary_of_board(
    db: Connection, of: BoardRow, task: Task, first: Sequence[Row] = ()
) -> Summary:
    """From what is kept of the board, and its first rows where they are at hand."""
    leaders = _leaders(first, of.ranked)
    if leaders is None:
        leaders = board_rows.leaders(db, of.id, MOST_NAMED)
    lost: Some = (0, [])
    if task.chance is not None:
        lost = board_rows.at_chance(db, of.id, MOST_NAMED)
    return Summary(of.models, of.ranked, leaders, lost)


def _leaders(first: Sequence[Row], ranked: int) -> Some | None:
    """Who shares the first rank, if the first rows of a board hold all of them."""
    leading = [row.model for row in first if row.rank == 1]
    is_all = len(leading) == ranked or any((row.rank or 0) > 1 for row in first)
    return (len(leading), leading[:MOST_NAMED]) if is_all else None


def summary_of_order(db: Connection, order: Order) -> Summary:
    """From who stands in which order under a policy, one claim a model.

    How many cannot be told from chance is not counted: that takes every claim.
    """
    ranked = len(order.keys)
    leaders = bisect_right(order.keys, order.keys[0]) if ranked else 0
    put_by_name(db, order, slice(0, MOST_NAMED))
    named = names_of_models(db, order.numbers[: min(leaders, MOST_NAMED)])
    return Summary(len(order.numbers), ranked, (leaders, named), (0, []))


def some(names: Sequence[str]) -> Some:
    """How many these are, and the first of them by name."""
    return len(names), sorted(names)[:MOST_NAMED]


def sentence(board: Summary, task: Task, *, empty: str = NOTHING) -> str:
    """What there is to say; `empty` of a board without rows."""
    if not board.models:
        return empty
    parts = [_leader(board)] if board.ranked else []
    lost, named = board.at_chance
    if lost and lost == board.ranked:
        parts.append("No result here can be told from chance.")
    elif lost:
        parts.append(f"{_listed(named, lost)} cannot be told from chance.")
    if impossible := board.models - board.ranked:
        parts.append(f"{impossible} cannot be ranked: the value is not one the task can have.")
    if task.unit is None:
        parts.append("The unit is not declared; values are ranked as written.")
    return " ".join(parts)


def _leader(board: Summary) -> str:
    first, named = board.leaders
    if board.ranked == 1:
        return f"Only {named[0]} has a result here."
    verb = "leads" if first == 1 else "share the lead among"
    return f"{_listed(named, first)} {verb} {board.ranked} models."


def _listed(names: Sequence[str], count: int) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    if count > len(names):
        return f"{', '.join(names)} and {count - len(names)} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
