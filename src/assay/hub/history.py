"""The life of a claim as lines of history: one line an event, nothing said twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from assay.core.provenance import Beginning, beginning
from assay.core.ruling import RulingRow
from assay.hub.answers import HistoryLine
from assay.hub.discussions import Remark

Row = Mapping[str, Any]


def history_of(
    versions: Sequence[Row],
    episodes: Sequence[Row],
    events: Sequence[Remark],
    kept: Mapping[int, str],
    rulings: Sequence[RulingRow],
    pull: int | None,
) -> list[HistoryLine]:
    """All that happened to a claim, in the order in which the hub learned of it.

    Args:
        versions: Its versions (rows of `versions_of`), the first one first.
        episodes: What else happened (rows of `episodes_of`).
        events: What became of its pull request.
        kept: By the number of a push that rewrote history: the ref that has what was there before.
        rulings: What was ruled on it.
        pull: The number of the pull request that brought it.
    """
    lines = _of_versions(versions, {row["push"] for row in episodes if row["kind"] == "rewritten"})
    begun = {row["since_push"] for row in versions[1:]}
    for row in episodes:
        if row["kind"] == "moved":
            lines.append(_moved(row))
        else:
            changed = row["push"] in begun
            lines.append(_rewritten(row, kept.get(row["push"]), changed=changed))
    carried = [row for row in versions if row["carried_push"] is not None]
    merges = [remark for remark in events if carried and remark.event.kind == "merged"]
    reason = merges[-1].text if merges else ""
    lines += [_carried(row, pull, reason) for row in carried]
    lines += [event_line(remark) for remark in events if remark not in merges]
    lines += [_ruled(row) for row in rulings]
    return sorted(lines, key=lambda line: (line.at, line.kind != "history rewritten"))


def _of_versions(versions: Sequence[Row], rewriting: Collection[int]) -> list[HistoryLine]:
    """How each version began and ended; an end by rewriting is told by its episode."""
    lines = [_began(versions[0], "introduced", versions[0]["value_text"])]
    for before, row in pairwise(versions):
        kind = beginning(
            since=(row["since_commit"], row["since_push"]),
            until=(before["until_commit"], before["until_push"]),
        )
        if kind == "changed":
            how = ", by rewriting history" if before["until_push"] in rewriting else ""
            lines.append(_began(row, kind, f"{before['value_text']} → {row['value_text']}{how}"))
            continue
        if before["until_push"] not in rewriting:
            lines.append(_deleted(before))
        lines.append(_began(row, kind, row["value_text"]))
    if versions[-1]["until_push"] is not None and versions[-1]["until_push"] not in rewriting:
        lines.append(_deleted(versions[-1]))
    return lines


def _began(row: Row, kind: Beginning, text: str) -> HistoryLine:
    return HistoryLine(
        at=row["received"],
        kind=kind,
        actor=row["pusher"],
        text=text,
        commit=row["since_commit"],
        pull=None,
    )


def _deleted(row: Row) -> HistoryLine:
    return HistoryLine(
        at=row["until_received"],
        kind="deleted",
        actor=row["until_pusher"],
        text="the entry is no longer there",
        commit=row["until_commit"],
        pull=None,
    )


def _carried(row: Row, pull: int | None, reason: str) -> HistoryLine:
    by = "by a merge" if pull is None else f"by merging pull request {pull}"
    return HistoryLine(
        at=row["carried_received"],
        kind="carried to main",
        actor=row["carried_pusher"],
        text=f"{by}: {reason}" if reason else by,
        commit=row["carried_commit"],
        pull=pull,
    )


def _moved(row: Row) -> HistoryLine:
    return HistoryLine(
        at=row["received"],
        kind="moved",
        actor=row["pusher"],
        text=f"{row['before']} → {row['after']}",
        commit=row["commit"],
        pull=None,
    )


def _rewritten(row: Row, kept: str | None, *, changed: bool) -> HistoryLine:
    if not row["after"]:
        what = "the entry is no longer there"
    else:
        what = (
            "the entry changed with it" if changed else "the entry still stands, in other commits"
        )
    where = f"what was there before is kept as {kept}" if kept else "what was there was not kept"
    return HistoryLine(
        at=row["received"],
        kind="history rewritten",
        actor=row["pusher"],
        text=f"{what}; {where}",
        commit=row["commit"] or None,
        pull=None,
        note="unchanged" if row["after"] and not changed else "",
    )


def _ruled(row: RulingRow) -> HistoryLine:
    return HistoryLine(
        at=row.at,
        kind="ruling withdrawn" if row.kind == "withdrawn" else row.kind,
        actor=row.actor,
        text=row.reason,
        commit=None,
        pull=None,
    )


def event_line(remark: Remark, what: str = "pull request") -> HistoryLine:
    """What happened to a pull request (or to `what` else), as a line of history."""
    event = remark.event
    plain = event.kind in ("comment", "commit")
    renamed = event.kind == "renamed"
    return HistoryLine(
        at=event.at,
        kind=event.kind if plain else f"{what} {event.kind}",
        actor=event.actor or None,
        text=f"{event.about} → {event.text}" if renamed else remark.text,
        commit=event.about if event.kind == "commit" else None,
        pull=event.number,
        note="hidden" if remark.hidden else "edited" if remark.earlier else "",
    )
