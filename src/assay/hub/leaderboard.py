"""The leaderboard as the public hub's clients know it: a board without its private rows.

It is the board of the site under the same policy. Only one thing is added: rows may be narrowed,
to models without a declared base or up to a size, and are then ranked among themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assay.core import ranking
from assay.core.permission import Reader
from assay.hub import boards
from assay.hub.answers import Board, Row
from assay.hub.open import Hub
from assay.storage.database import profiles as profile_rows
from assay.storage.database.profiles import ModelFacts

UNKNOWN = ModelFacts(has_base=False, num_parameters=None)
Narrowing = Callable[[ModelFacts], bool]


@dataclass(frozen=True, slots=True)
class Place:
    """One row: its rank among the rows that are shown, and what is known of the model."""

    rank: int
    row: Row
    facts: ModelFacts


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The places of a board, the best first.

    Attributes:
        board: The board they come from.
        places: The rows that are shown.
        left_out: How many public rows the narrowing took away.
    """

    board: Board
    places: Sequence[Place]
    left_out: int


def is_base(facts: ModelFacts) -> bool:
    """Whether a model is derived from no other, as far as its card says."""
    return not facts.has_base


def up_to(most_parameters: int) -> Narrowing:
    """Models known to have at most so many parameters; of an unknown size is not known to."""

    def fits(facts: ModelFacts) -> bool:
        return facts.num_parameters is not None and facts.num_parameters <= most_parameters

    return fits


def leaderboard(
    hub: Hub, reader: Reader, dataset: str, task_id: str | None, *, narrow: Narrowing | None = None
) -> Leaderboard:
    """The ranked public rows of a task.

    Args:
        hub: The hub.
        reader: Who asks; private claims are in nobody's leaderboard.
        dataset: `ns/name` of the benchmark.
        task_id: The task, or one of its aliases; None for the benchmark's first.
        narrow: Which models to keep; None for all.

    Raises:
        NotFoundError: No such benchmark or task.
    """
    board = boards.board(hub, reader, dataset, task_id, limit=None)
    with hub.index.read() as db:
        facts = profile_rows.facts_of_board(db, board.benchmark, board.task.task_id)
    ranked = [row for row in board.rows if row.rank is not None]
    kept = [row for row in ranked if narrow is None or narrow(facts.get(row.model, UNKNOWN))]
    ranks = ranking.ranks([row.claim.value for row in kept], board.direction)
    places = [
        Place(rank, row, facts.get(row.model, UNKNOWN))
        for rank, row in zip(ranks, kept, strict=True)
    ]
    return Leaderboard(board, places, len(ranked) - len(kept))
