"""A board as drawn: its rows with their marks on one shared axis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from assay.formats.terms import SCALES
from assay.hub.answers import Board, Chance, Row, Task
from assay.web.pages import links, words
from assay.web.pages.axis import Axis, axis_for


@dataclass(frozen=True, slots=True)
class Strip:
    """One value on an axis, with its interval and the chance level where they are known.

    Attributes:
        dot: Place of the value.
        low: Place of the interval's lower end; None without an interval.
        chance: Place of the chance level; None if nobody declared it.
        beyond: Whether the value lies beyond the axis and is drawn at its edge.
        label: All of it in words.
        unknown: Why there is no interval; empty when there is one.
    """

    dot: str
    low: str | None
    high: str | None
    chance: str | None
    beyond: bool
    label: str
    unknown: str


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A row of a board and how it is drawn."""

    row: Row
    strip: Strip
    anchor: str | None
    tied: bool
    overlay: bool


@dataclass(frozen=True, slots=True)
class BoardView:
    """The rows of a board with their axis, and what its legend counts.

    Attributes:
        board: The board.
        axis: Of all rows.
        rows: How they are drawn.
        compared: How many are compared with chance.
        not_told_apart: How many of those cannot be told from it.
    """

    board: Board
    axis: Axis
    rows: list[BoardRow]
    compared: int
    not_told_apart: int

    def page(self, **other: Any) -> str:
        """The address of this board, asked for otherwise: view, policy, as_of, start."""
        return links.task(self.board.benchmark, self.board.task.task_id, self._asked(other))

    def claims_of(self, model: str) -> str:
        """The address where all claims about a model are to be seen."""
        if self.board.task.claims > self.board.page_size:
            about = f"{self.board.benchmark}/{self.board.task.task_id}"
            return links.model(model, links.claims_query(benchmark=about))
        asked = self._asked({"view": "claims"})
        return links.task(self.board.benchmark, self.board.task.task_id, asked, model_id=model)

    @property
    def json(self) -> str:
        """The address of the same rows as JSON."""
        asked = self._asked({"start": self.board.start})
        return links.board_json(self.board.benchmark, self.board.task.task_id, asked)

    def _asked(self, other: dict[str, Any]) -> dict[str, str]:
        board = self.board
        here = {"view": board.view, "policy": board.policy, "as_of": board.as_of}
        return links.board_query(**(here | other))


def view_board(board: Board) -> BoardView:
    """Lay out a board."""
    task = board.task
    axis = axis_for(
        _drawn(board.rows, task.chance),
        unit=board.unit,
        minimum=task.minimum,
        maximum=task.maximum,
    )
    shared = Counter(row.rank for row in board.rows if row.rank is not None)
    seen: set[str] = set()
    rows = []
    for row in board.rows:
        rows.append(
            BoardRow(
                row=row,
                strip=strip(row, task, board.unit, axis),
                anchor=None if row.model in seen else row.model,
                # One model's claims share its rank without being ties of one another.
                tied=board.view == "models" and row.rank is not None and shared[row.rank] > 1,
                overlay=row.rank is None and row.would_rank is not None,
            )
        )
        seen.add(row.model)
    compared = [row.chance for row in board.rows if row.chance is not None]
    return BoardView(
        board, axis, rows, len(compared), sum(not chance.told_apart for chance in compared)
    )


def strip(row: Row, task: Task, unit: str | None, axis: Axis) -> Strip:
    """The marks of one row."""
    chance = row.chance
    level = chance.level if chance else task.chance
    return Strip(
        dot=axis.at(row.claim.value),
        low=axis.at(chance.low) if chance else None,
        high=axis.at(chance.high) if chance else None,
        chance=axis.at(level) if level is not None else None,
        beyond=not axis.holds(row.claim.value),
        label=strip_label(row.claim.value_text, chance, level, unit),
        unknown="" if chance else _why_no_interval(row, task, unit),
    )


def strip_label(value: str, chance: Chance | None, level: float | None, unit: str | None) -> str:
    """A strip in words."""
    parts = [value]
    if chance is not None:
        low, high = words.number(chance.low, unit), words.number(chance.high, unit)
        parts.append(f"95 % interval {low} to {high} (n = {chance.n})")
    else:
        parts.append("interval unknown")
    if level is not None:
        parts.append(f"chance {words.plain_number(level)}")
    return ", ".join(parts)


def _why_no_interval(row: Row, task: Task, unit: str | None) -> str:
    if row.outside:
        return row.outside
    if unit is None:
        return "unit not declared"
    if unit not in SCALES:
        return "spread unknown"
    if row.claim.samples is None and task.items is None:
        return "n unknown"
    return "chance not declared"


def _drawn(rows: Iterable[Row], chance: float | None) -> list[float]:
    drawn = [] if chance is None else [chance]
    for row in rows:
        drawn.append(row.claim.value)
        if row.chance is not None:
            drawn += (row.chance.low, row.chance.high)
    return drawn
