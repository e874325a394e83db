"""Pages of boards, made once and kept while the board stays as it is.

What a page says to everybody follows from its board's generation, the policy, the view, the window
and the time asked for, and is kept under these. Of a policy other than `best-evidence`, and of
boards with a row a claim, the whole order is kept beside it, as numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from assay.core.permission import STRANGER, Reader
from assay.core.policy import BEST_EVIDENCE, Policy, View
from assay.formats.terms import bounds_of
from assay.hub.answers import Board, Direction, Row, Task
from assay.hub.board_rows import model_rows, ordered_rows, overlay_of
from assay.hub.board_sentence import (
    NOTHING,
    sentence,
    summary_of_board,
    summary_of_order,
)
from assay.hub.board_then import Then, board_then
from assay.hub.open import Hub
from assay.hub.revisions import with_revisions
from assay.storage.database import benchmarks as benchmark_rows
from assay.storage.database import boards as board_rows
from assay.storage.database import claims as claim_rows
from assay.storage.database.benchmarks import TaskRow
from assay.storage.database.boards import BoardRow, Place
from assay.storage.database.catching_up import Marks
from assay.storage.database.claims_then import claims_then
from assay.storage.database.engine import Connection
from assay.storage.database.policies import (
    Order,
    claims_about_models_of,
    order_under,
    put_by_name,
)

# A place in an order takes this part of what a row takes.
PLACES_A_ROW = 100


@dataclass
class Asked:
    """A board as somebody asked for it.

    Attributes:
        hub: The hub, which keeps the pages.
        db: Its index, as of one moment.
        place: The board, its task and its benchmark.
        policy: Which claim speaks for a model.
        view: One row a model, or one row a claim.
        then: The place in the record as of which it is wanted; None for the present.
    """

    hub: Hub
    db: Connection
    place: Place
    policy: Policy
    view: View
    then: Marks | None

    def page(self, start: int, limit: int, as_of: str | None) -> Board:
        """The public rows from `start` on, `limit` at most."""
        of = self.place.board
        return self.hub.kept.get(
            (of.id, of.generation, self.policy, self.view, start, limit, as_of, self.then),
            lambda: self._make(start, limit, as_of),
            weigh=lambda board: 1 + len(board.rows),
        )

    def overlay(self, reader: Reader, public: Board) -> list[Row]:
        """What only this reader may see, with the rank it would have among the public rows."""
        board = self.place.board.id
        if self.then is None:
            hidden = claim_rows.claims_on(self.db, reader, board, only_private=True)
        else:
            found = claims_then(self.db, reader, board, self.then, only_private=True)
            hidden = list(found.values())
        if not hidden:
            return []
        rows = overlay_of(hidden, public.task, self.view, self.policy, place=self._would_rank)
        row = self.place.benchmark
        return with_revisions(self.hub, row.repo_id, row.commit, rows)

    def _would_rank(self, rank_key: float) -> int:
        if self.then is not None:
            return self._past("models").order.place_of(rank_key)
        if self.policy == BEST_EVIDENCE:
            return board_rows.count_better(self.db, self.place.board.id, rank_key) + 1
        return self._order("models").place_of(rank_key)

    def _make(self, start: int, limit: int, as_of: str | None) -> Board:
        row, of, task = self.place.benchmark, self.place.board, self._task
        if self.then is not None:
            past = self._past(self.view)
            task = msgspec.structs.replace(task, models=past.models, claims=past.claims)
            count, rows = len(past.order.numbers), self._ordered(past.order, start, limit)
            said = sentence(past.summary, task, empty=self._empty)
        elif self.policy == BEST_EVIDENCE and self.view == "models":
            count, rows = of.models, model_rows(self.db, of, task, start=start, limit=limit)
            summary = summary_of_board(self.db, of, task, rows if start == 0 else ())
            said = sentence(summary, task)
        else:
            order = self._order(self.view)
            count, rows = len(order.numbers), self._ordered(order, start, limit)
            said = self._sentence_of_order()
        return Board(
            benchmark=row.full_name,
            title=row.title,
            private=row.private,
            task=task,
            policy=self.policy.name,
            policy_says=self.policy.says,
            view=self.view,
            direction=self._direction,
            direction_assumed=task.direction is None,
            unit=task.unit,
            commit=row.commit,
            sentence=said,
            rows=with_revisions(self.hub, row.repo_id, row.commit, rows),
            count=count,
            start=start,
            page_size=limit,
            as_of=as_of,
        )

    @property
    def _direction(self) -> Direction:
        return self._task.direction or "higher"

    @cached_property
    def _task(self) -> Task:
        row = self.place.task
        names = benchmark_rows.names(self.db, [row.repo_id])[row.repo_id]
        return task_answer(row, names[row.task_id], self.place.board)

    def _order(self, view: View) -> Order:
        of, task = self.place.board, self._task
        bounds = bounds_of(task.unit, task.minimum, task.maximum)
        return self.hub.kept.get(
            (of.id, of.generation, self.policy, view),
            lambda: order_under(
                self.db, of.id, self.policy, view, direction=self._direction, bounds=bounds
            ),
            weigh=lambda order: 1 + len(order.numbers) // PLACES_A_ROW,
        )

    def _sentence_of_order(self) -> str:
        """About models, whatever the view."""
        if self.policy == BEST_EVIDENCE:
            return sentence(summary_of_board(self.db, self.place.board, self._task), self._task)
        summary = summary_of_order(self.db, self._order("models"))
        return sentence(summary, self._task, empty=self._empty)

    @property
    def _empty(self) -> str:
        if self.policy == BEST_EVIDENCE:
            return NOTHING
        return "The policy admits no result that is here."

    def _past(self, view: View) -> Then:
        of, then = self.place.board, self.then
        assert then is not None  # noqa: S101 - asked for by those who have looked
        return self.hub.kept.get(
            (of.id, of.generation, self.policy, view, then),
            lambda: board_then(self.db, of.id, self._task, self.policy, view, then),
            weigh=lambda found: 1 + len(found.order.numbers) // PLACES_A_ROW,
        )

    def _ordered(self, order: Order, start: int, limit: int) -> list[Row]:
        window = slice(start, start + limit)
        put_by_name(self.db, order, window)
        numbers, board = order.numbers[window], self.place.board.id
        if self.then is None:
            claims = claims_about_models_of(self.db, board, numbers)
        else:
            claims = claims_then(self.db, STRANGER, board, self.then, about=numbers)
        return ordered_rows(claims, self._task, order, self.policy, window)


def task_answer(row: TaskRow, names: Sequence[str], board: BoardRow | None = None) -> Task:
    """A task, with counts where its board is given."""
    return Task(
        task_id=row.task_id,
        config=row.config,
        split=row.split,
        scorers=row.scorers,
        metric=row.metric,
        unit=row.unit,
        direction=direction_of(row.direction),
        minimum=row.minimum,
        maximum=row.maximum,
        chance=row.chance,
        items=row.items,
        aliases=[name for name in names if name != row.task_id],
        models=board.models if board is not None else 0,
        claims=board.claims if board is not None else 0,
    )


def direction_of(said: str | None) -> Direction | None:
    """A declared direction, or None."""
    return "lower" if said == "lower" else "higher" if said == "higher" else None
