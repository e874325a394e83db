"""Findings: what a check has to say about a file, as values.

A finding is a question or a fault with a place. Codes are `AS` and three digits, are listed in
`docs/findings.md`, and are never reused for another meaning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: an error refuses a push, the others are shown."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing found in one file.

    Attributes:
        path: The file, relative to its repository (or as the caller named it).
        line: 1-based line; 0 when the finding is about the file as a whole.
        column: 1-based column; 0 when unknown.
        code: `AS101` and so on.
        severity: Whether it refuses a push.
        where: The place in the document, e.g. `[0].dataset.task_id`; empty for the whole.
        message: What is wrong, in one sentence without a full stop.
        got: What stands there, shortened; empty when nothing does.
        expected: What should stand there; empty when `message` says it.
        hint: What to do.
    """

    path: str
    line: int
    column: int
    code: str
    severity: Severity
    where: str
    message: str
    got: str = ""
    expected: str = ""
    hint: str = ""

    def at_path(self, path: str) -> Finding:
        """The same finding about a file known by another name."""
        return replace(self, path=path)

    def render(self) -> str:
        """One line for a terminal, a push refusal or a page."""
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part)
        parts = [f"{place}: {self.severity} {self.code}", self.where, self.message]
        text = " ".join(part for part in parts if part)
        if self.got:
            text += f"; got {self.got}"
        if self.expected:
            text += f"; expected {self.expected}"
        return printable(f"{text}. {self.hint}" if self.hint else text)


def printable(text: str) -> str:
    """The text on one line that no terminal takes for a command: what cannot be seen is escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings would refuse a push."""
    return any(finding.severity is Severity.ERROR for finding in findings)
