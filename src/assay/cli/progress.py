"""How far a run is: a bar on a terminal, a line now and then when piped. On standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from assay.formats.finding import printable

if TYPE_CHECKING:
    from assay.harness.runner import Progress

LINES_A_TASK = 10


@contextmanager
def show_progress() -> Iterator[Callable[[Progress], None]]:
    """Yield what is to be called with every step."""
    if not sys.stderr.isatty():
        yield PlainLines()
        return
    from rich import progress as rich_progress  # noqa: PLC0415 - 50 ms that only a terminal needs
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415

    columns = (
        rich_progress.TextColumn("{task.description}"),
        rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TimeRemainingColumn(),
    )
    with rich_progress.Progress(*columns, console=Console(stderr=True)) as bars:
        rows = {}

        def show(state: Progress) -> None:
            if state.task_id not in rows:
                rows[state.task_id] = bars.add_task("", total=None)
            text = escape(printable(_description(state)))
            row = rows[state.task_id]
            bars.update(row, completed=state.done, total=state.total or None, description=text)

        yield show


class PlainLines:
    """Says when a task begins, each tenth of its samples, and when it ended."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, int]] = {}

    def __call__(self, state: Progress) -> None:
        """Print a line if there is something new to say."""
        step = LINES_A_TASK * state.done // state.total if state.total else 0
        if self._said.get(state.task_id) == (state.stage, step):
            return
        self._said[state.task_id] = (state.stage, step)
        counts = f" {state.done}/{state.total}" if state.total else ""
        click.echo(printable(f"{_description(state)}{counts}"), err=True)


def _description(state: Progress) -> str:
    failed = f" ({state.failed} failed)" if state.failed else ""
    return f"{state.task_id}: {state.stage}{failed}"
