"""The words and shapes of values: badges, evidence, numbers, times. Nothing here decides anything.

Badges and evidence always come as shape, word and colour together, so that none is needed alone.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any

from assay.hub.answers import Notification, NotificationPage

SHORT_COMMIT = 7


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge as drawn: `tone` is the name of its colour in the style sheet."""

    word: str
    shape: str
    tone: str
    says: str


_BADGES = {
    "author": Badge("author", "◆", "author", "reported on main by the model's own namespace"),
    "community": Badge("community", "◇", "community", "reported by somebody else"),
    "mirror": Badge(
        "mirror", "↻", "plain", "copied from elsewhere: a copy cannot show who said it there"
    ),
    "not checked here": Badge(
        "not checked here", "\N{EN DASH}", "plain", "carries a token that this hub cannot check"
    ),
    "disputed": Badge("disputed", "?", "warn", "somebody disputes it; nobody ruled on that yet"),
    "upheld": Badge("upheld", "✓", "author", "those who may rule on it looked, and uphold it"),
    "refuted": Badge("refuted", "✕", "warn", "those who may rule on it looked, and refute it"),
    "conflicting": Badge(
        "conflicting", "≠", "warn", "another claim of the same branch gives this task another value"
    ),
    "history rewritten": Badge(
        "history rewritten",
        "↶",
        "plain",
        "the branch was rewritten; the commits that showed this claim are kept",
    ),
    "private": Badge("private", "▣", "plain", "seen only by those who may read the repository"),
    "declined": Badge("declined", "✕", "warn", "its pull request was closed by the owner"),
    "withdrawn": Badge(
        "withdrawn", "\N{EN DASH}", "warn", "its pull request was closed by its own author"
    ),
    "superseded": Badge("superseded", "»", "plain", "a later entry took its place"),
    "deleted": Badge("deleted", "✕", "warn", "its entry was removed from the repository"),
}


def badge(word: str) -> Badge:
    """The badge of a word; a word from a newer hub is shown plainly rather than dropped."""
    return _BADGES.get(word) or Badge(word, "•", "plain", "")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A level of evidence: its word, what it means, and what it does not show."""

    level: int
    word: str
    means: str
    limits: str

    @property
    def label(self) -> str:
        """The five dots for those who cannot see them."""
        return f"Evidence level {self.level} of 5: {self.word}"


MAX_LEVEL = 5
_EVIDENCE = (
    ("bare", "a number without a source", "It shows only who reported it and when."),
    ("sourced", "names a source", "It does not show that the source says so."),
    (
        "well formed",
        "well formed and plausible: a run record here says the same",
        "It does not show that the run took place.",
    ),
    ("recomputed", "recomputed here from the attached log", "It does not show the log is true."),
    ("signed", "signed by a key this hub trusts", "It does not show that others get the same."),
    (
        "replicated",
        "replicated by a signed run of an independent party",
        "It does not show that the benchmark measures what it names.",
    ),
)


def evidence(level: int) -> Evidence:
    """The words of an evidence level; out of range counts as the nearest."""
    level = max(0, min(MAX_LEVEL, level))
    return Evidence(level, *_EVIDENCE[level])


def short(commit: str) -> str:
    """A commit as it is shown; its full name stands in the title."""
    return commit[:SHORT_COMMIT]


def day(time: str) -> str:
    """The day of an ISO time."""
    return time[:10]


def minute(time: str) -> str:
    """An ISO time in UTC, to the minute, for reading."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:[\d.]+)?(Z|\+00:00)", time)
    return f"{match[1]} {match[2]} UTC" if match else time


_DECIMALS = {"percent": 1, "proportion": 3}


def number(value: float, unit: str | None) -> str:
    """A computed number in a unit; numbers that people wrote are shown as written instead."""
    if unit in _DECIMALS:
        return f"{value:.{_DECIMALS[unit]}f}"
    return f"{value:.4g}"


def plain_number(value: float) -> str:
    """A declared number: as few digits as say it."""
    return f"{value:.10g}"


def unit_label(unit: str | None) -> str:
    """A unit as it stands in a column's heading."""
    return {"percent": "%", None: "unit not declared"}.get(unit, str(unit))


def unit_suffix(unit: str | None) -> str:
    """A unit as it follows a large number; proportions need none."""
    return {"percent": "%", "proportion": "", None: ""}.get(unit, str(unit))


def count(number_of: int, noun: str) -> str:
    """`1 claim`, `2 claims`."""
    return f"{number_of:,} {noun}" if number_of == 1 else f"{number_of:,} {noun}s"


_FROM_BASE = {
    "quantized": "quantized from",
    "finetune": "finetuned from",
    "adapter": "adapter of",
    "merge": "merged from",
}


def from_base(relation: str) -> str:
    """How a model comes from another, before that one's name."""
    return _FROM_BASE.get(relation, "derived from")


_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def unhidden(text: str) -> str:
    """Text with control and direction marks made visible: raw files must not read as they are not.

    The bytes themselves are one link away.
    """
    text = text.replace("\r\n", "\n")
    return _HIDDEN.sub(lambda found: f"⟦U+{ord(found[0]):04X}⟧", text)


def as_said(value: Any) -> str:
    """A value of a file as text: text as it is, anything else as JSON; what hides is shown."""
    return unhidden(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


_UPSETTING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def upright(text: str) -> str:
    """Text without control characters and direction overrides (`exe.png` for `gnp.exe`).

    Pages isolate every text that people wrote, so right-to-left names need no overrides.
    """
    return _UPSETTING.sub("", text)


MAX_LISTED_CHARS = 100


def brief(text: str) -> str:
    """A text in a list among others: one that is very long must not crowd them out."""
    return text if len(text) <= MAX_LISTED_CHARS else f"{text[: MAX_LISTED_CHARS - 1]}…"


def shell(*words: str) -> str:
    """A command to be copied: task ids are anybody's text, so each word is quoted."""
    return " ".join(shlex.quote(word) for word in words)


def notifications_sentence(page: NotificationPage) -> str:
    """How much the reader is told, and of what."""
    if not page.count:
        return (
            "Nothing yet. You are told when somebody reports a result for a model of yours, opens "
            "or says something on a repository of yours, or answers you."
        )
    return f"{page.unread} new of {page.count}." if page.unread else f"{page.count}, all read."


_HAPPENINGS = {
    "opened": "opened",
    "claim": "reports a result in",
    "comment": "commented on",
    "closed": "closed",
    "reopened": "reopened",
    "merged": "merged",
}


def happening(told: Notification) -> str:
    """What somebody did, before the title of where she did it."""
    where = "pull request" if told.is_pull else "discussion"
    return f"{_HAPPENINGS.get(told.kind, told.kind)} the {where}"
