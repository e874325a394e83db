"""A claim's life in order: what happened, who the hub saw push it, and whom git names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from assay.hub.answers import ClaimAnswer, HistoryLine, Version

# Ends of kinds of line at which no content of the claim begins.
_OF_PULLS = ("opened", "closed", "reopened", "merged", "comment")
_RULINGS = ("disputed", "upheld", "refuted", "ruling withdrawn")
_NO_CONTENT = (*_OF_PULLS, *_RULINGS, "deleted", "rewritten", "moved", "carried to main")
_ENDS = ("closed", "deleted", "rewritten")
_CONTENT_BEGINS = ("introduced", "introduced again", "changed")
_BEGINS = (*_CONTENT_BEGINS, "pull request reopened")


@dataclass(frozen=True, slots=True)
class Moment:
    """One event, with the version of the claim that began there.

    Attributes:
        tone: `start`, `change`, `end` or `plain`: how much the event weighs.
        version: The content that began to hold; None if the event changed no content.
        apart: Whether git names another author or committer than the account that pushed.
    """

    at: str
    kind: str
    actor: str | None
    text: str
    commit: str | None
    pull: int | None
    tone: str
    version: Version | None
    apart: bool


def timeline(history: Iterable[HistoryLine], versions: Sequence[Version]) -> list[Moment]:
    """History and versions as one line, the oldest first.

    A version is told where its commit first appears in the history. One whose commit appears
    nowhere is told by itself: nothing that held is left out.
    """
    waiting: defaultdict[str, list[Version]] = defaultdict(list)
    for version in versions:
        waiting[version.since_commit].append(version)
    moments = []
    for line in history:
        begun = [] if line.kind.endswith(_NO_CONTENT) else waiting[line.commit or ""]
        moments.append(_moment(line, begun.pop(0) if begun else None))
    for left in chain.from_iterable(waiting.values()):
        kind = "introduced" if left.number == 1 else "changed"
        line = HistoryLine(
            at=left.received,
            kind=kind,
            actor=left.pusher,
            text="",
            commit=left.since_commit,
            pull=None,
        )
        moments.append(_moment(line, left))
    return sorted(moments, key=lambda moment: moment.at)


def ending(answer: ClaimAnswer) -> HistoryLine | None:
    """The line of the history that ended a claim, if it is not live: by whom, when and why."""
    if answer.claim.state == "live":
        return None
    turns = [line for line in answer.history if line.kind in _BEGINS or _is_end(line)]
    return turns[-1] if turns and _is_end(turns[-1]) else None


def _is_end(line: HistoryLine) -> bool:
    """Whether the claim stood no more after it: not so where it came through a rewriting."""
    return line.kind.endswith(_ENDS) and line.note != "unchanged"


def is_apart(version: Version) -> bool:
    """Whether git names somebody else than the account the hub authenticated."""
    return {version.author_name, version.committer_name} != {version.pusher}


def _moment(line: HistoryLine, version: Version | None) -> Moment:
    return Moment(
        at=line.at,
        kind=line.kind,
        actor=line.actor,
        # The text of an introduction is its value, which the version says already.
        text="" if version is not None and line.text == version.value_text else line.text,
        commit=line.commit,
        pull=line.pull,
        tone="end" if _is_end(line) else _tone(line.kind),
        version=version,
        apart=version is not None and is_apart(version),
    )


def _tone(kind: str) -> str:
    if kind in _CONTENT_BEGINS or kind.startswith("carried") or kind.endswith("merged"):
        return "change"
    return "plain"
