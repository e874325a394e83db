"""The leaderboard as the public hub's clients know it: a board without its private rows.

It is the board of the site under the same policy. Only one thing is added: rows may be narrowed,
to models without a declared base or up to a size, and are then ranked among themselves.

Clients want it whole, however long it is. So it is walked along its standing rows a portion at a
time, as of one moment, and whoever walks keeps of it what is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from assay.core.claim import Claim
from assay.core.permission import Reader
from assay.core.policy import BEST_EVIDENCE
from assay.hub import boards
from assay.hub.answers import Board
from assay.hub.board_pages import Asked
from assay.hub.open import Hub
from assay.storage.database import boards as board_rows
from assay.storage.database import profiles as profile_rows
from assay.storage.database.boards import BoardRow
from assay.storage.database.engine import Connection
from assay.storage.database.profiles import ModelFacts

# Of the rows that are in memory at once.
PORTION = 2_000
UNKNOWN = ModelFacts(has_base=False, num_parameters=None)
Narrowing = Callable[[ModelFacts], bool]


@dataclass(frozen=True, slots=True)
class Place:
    """One row: its rank among the rows that are shown, and what is known of the model."""

    rank: int
    claim: Claim
    facts: ModelFacts


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The places of a board, the best first.

    Attributes:
        board: The board they come from, with the first of its rows at most.
        ranked: How many of its rows have a rank, whatever is narrowed.
        places: The rows that are shown; they can be walked once.
    """

    board: Board
    ranked: int
    places: Iterator[Place]


def is_base(facts: ModelFacts) -> bool:
    """Whether a model is derived from no other, as far as its card says."""
    return not facts.has_base


def up_to(most_parameters: int) -> Narrowing:
    """Models known to have at most so many parameters; of an unknown size is not known to."""

    def fits(facts: ModelFacts) -> bool:
        return facts.num_parameters is not None and facts.num_parameters <= most_parameters

    return fits


@contextmanager
def leaderboard(
    hub: Hub, reader: Reader, dataset: str, task_id: str | None, *, narrow: Narrowing | None = None
) -> Iterator[Leaderboard]:
    """The ranked public rows of a task, to be walked in this context. Not in an event loop.

    Args:
        hub: The hub.
        reader: Who asks; private claims are in nobody's leaderboard.
        dataset: `ns/name` of the benchmark.
        task_id: The task, or one of its aliases; None for the benchmark's first.
        narrow: Which models to keep; None for all.

    Raises:
        NotFoundError: No such benchmark or task.
    """
    with hub.index.read() as db:
        place = boards.find_place(db, reader, dataset, task_id)
        asked = Asked(hub, db, place, BEST_EVIDENCE, "models", None)
        board = asked.page(0, 1, None)
        facts = profile_rows.facts_of_board(db, place.board.id)
        yield Leaderboard(board, place.board.ranked, _places(db, place.board, facts, narrow))


def _places(
    db: Connection, of: BoardRow, facts: Mapping[str, ModelFacts], narrow: Narrowing | None
) -> Iterator[Place]:
    """The ranked rows that are kept; equal values share the rank of the first of them."""
    kept, rank, last = 0, 0, None
    for start in range(0, of.ranked, PORTION):
        limit = min(PORTION, of.ranked - start)
        for row in board_rows.page_of(db, of, start=start, limit=limit):
            known = facts.get(row.claim.model, UNKNOWN)
            if narrow is not None and not narrow(known):
                continue
            kept += 1
            if row.rank_key != last:
                rank, last = kept, row.rank_key
            yield Place(rank, row.claim, known)
