"""Boards whose values are equal: in order of names on whichever page they are looked at first."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.hub.claims_hub import FILE, claims_hub, entry

from assay.core.permission import STRANGER
from assay.core.policy import POLICIES, View
from assay.hub import boards, repos

VALUES = {"d": 50, "b": 70, "f": 50, "a": 50, "e": 70, "c": 50, "x": 900, "w": 900}
EXPECTED = ["b", "e", "a", "c", "d", "f", "w", "x"]  # the last two cannot be ranked
TERMS = {"assay.yaml": b"tasks: {main: {metrics: [{id: acc, unit: percent}]}}\n"}
LATEST = next(policy for policy in POLICIES if policy.name == "latest")


@pytest.mark.parametrize("view", ["models", "claims"])
@pytest.mark.parametrize("starts", [(0, 3, 6), (6, 3, 0), (3, 0, 6)])
def test_pages_agree_whichever_is_read_first(
    tmp_path: Path, view: View, starts: tuple[int, ...]
) -> None:
    with claims_hub(tmp_path) as told:
        quiz = repos.find(told.hub, told.reader("ada"), "dataset", "ada/quiz")
        told.land(quiz, TERMS, by="ada")
        for name, value in VALUES.items():
            told.land(told.make(f"ada/{name}"), {FILE: entry(value)})
        found: dict[int, list[tuple[str, int | None]]] = {}
        for start in starts:
            page = boards.board(
                told.hub, STRANGER, "ada/quiz", policy=LATEST, view=view, start=start, limit=3
            )
            found[start] = [(row.model.removeprefix("ada/"), row.rank) for row in page.rows]
    rows = [row for start in sorted(found) for row in found[start]]
    assert [name for name, _ in rows] == EXPECTED
    assert [rank for _, rank in rows] == [1, 1, 3, 3, 3, 3, None, None]
