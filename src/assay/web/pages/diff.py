"""A unified diff as lines with a tone, so that its colours never carry the meaning alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assay.hub.answers import FileChange
from assay.web.pages.words import unhidden

RESULTS = ".eval_results/"
# Beside these, a file is folded: results are what a reader came for.
MAX_OPEN_LINES = 120


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a diff; `tone` is plus, minus, place or plain."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class FileView:
    """A changed file as drawn.

    Attributes:
        lines: What is shown of it; empty if nothing is.
        is_open: Whether it is unfolded from the start.
    """

    file: FileChange
    lines: list[DiffLine]
    is_open: bool


def view_files(files: Iterable[FileChange]) -> list[FileView]:
    """Changed files, result files first."""
    views = [_view(file) for file in files]
    return sorted(views, key=lambda view: (not view.file.path.startswith(RESULTS), view.file.path))


def _view(file: FileChange) -> FileView:
    if file.shown != "text":
        return FileView(file, [], is_open=False)
    body = file.text.split("\n@@ ", 1)
    lines = [_line(text) for text in unhidden(f"@@ {body[1]}").split("\n")] if body[1:] else []
    if lines and not lines[-1].text:
        lines.pop()
    wanted = file.path.startswith(RESULTS) or len(lines) <= MAX_OPEN_LINES
    return FileView(file, lines, is_open=wanted and bool(lines))


def _line(text: str) -> DiffLine:
    tones = {"+": "plus", "-": "minus", "@": "place", "\\": "place"}
    return DiffLine(tones.get(text[:1], "plain"), text)
