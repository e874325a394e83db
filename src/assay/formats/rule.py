"""Rules: every fault a format knows, as values with a stable code.

A rule is what a finding is an instance of. Each module of `assay.formats` lists its own in `RULES`;
`docs/findings.md` has a row for each, and a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.formats.finding import Finding, Severity

# A hostile file must not make a hundred thousand findings; nobody reads more than these.
MAX_FINDINGS = 500
_SHOWN_CHARS = 80


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding.

    Attributes:
        code: `AS` and three digits, never reused.
        severity: Whether it refuses a push.
        meaning: What is wrong, for the table in the documentation.
        example: The shortest text that shows it; empty when it takes more than a line.
    """

    code: str
    severity: Severity
    meaning: str
    example: str = ""


MORE_FINDINGS = Rule(
    "AS100",
    Severity.INFO,
    f"More than {MAX_FINDINGS} findings in one file; the rest is not shown",
    "- 1 (six hundred times)",
)


class Findings:
    """What is found while one file is read; keeps the first `MAX_FINDINGS` and counts the rest."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.has_errors = False
        self._found: list[Finding] = []
        self._left_out = 0

    def leaves_out(self, rule: Rule) -> bool:
        """Whether there is no more room; then the instance is counted, and need not be worded."""
        if rule.severity is Severity.ERROR:
            self.has_errors = True
        is_full = len(self._found) >= MAX_FINDINGS
        self._left_out += is_full
        return is_full

    def add(
        self,
        rule: Rule,
        message: str,
        *,
        line: int = 0,
        column: int = 0,
        where: str = "",
        got: str = "",
        expected: str = "",
        hint: str = "",
    ) -> None:
        """Record one instance of a rule; an error counts even when it is no longer shown."""
        if self.leaves_out(rule):
            return
        self._found.append(
            Finding(
                path=self.path,
                line=line,
                column=column,
                code=rule.code,
                severity=rule.severity,
                where=where,
                message=message,
                got=got,
                expected=expected,
                hint=hint,
            )
        )

    def found(self) -> tuple[Finding, ...]:
        """Everything recorded so far, in the order of the file."""
        found = sorted(self._found, key=lambda finding: (finding.line, finding.column))
        if self._left_out:
            found.append(
                Finding(
                    path=self.path,
                    line=0,
                    column=0,
                    code=MORE_FINDINGS.code,
                    severity=MORE_FINDINGS.severity,
                    where="",
                    message=f"{self._left_out} more findings are not shown",
                )
            )
        return tuple(found)


def shorten(text: str) -> str:
    """The text, or its beginning and an ellipsis, short enough for one line."""
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 1]}…"


RULES = (MORE_FINDINGS,)
