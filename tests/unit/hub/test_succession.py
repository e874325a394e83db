"""Benchmarks that take the place of others: who says so is told, and nobody's silence is assent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.hub.claims_hub import SPEC, Told, claims_hub

from assay.core.permission import STRANGER
from assay.hub import boards, lifecycle, repos
from assay.hub.answers import Succession


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with claims_hub(tmp_path) as found:
        yield found


def said(told: Told, name: str) -> tuple[list[Succession], list[Succession]]:
    found = boards.benchmark(told.hub, STRANGER, name)
    listed = next(one for one in boards.benchmarks(told.hub, STRANGER) if one.id == name)
    assert listed == found
    return found.supersedes, found.superseded_by


def test_each_side_says_it_for_itself(told: Told) -> None:
    root = told.reader("root")
    new = repos.create(told.hub, root, "dataset", "eve/quiz-2")
    assert said(told, "ada/quiz") == ([], [])

    told.land(new, {**SPEC, "assay.yaml": b"supersedes: [ada/quiz, ada/gone, ada/quiz]\n"})
    one_sided = Succession(id="eve/quiz-2", is_here=True, said_by=["eve/quiz-2"])
    assert said(told, "ada/quiz") == ([], [one_sided])
    assert said(told, "eve/quiz-2") == (
        [
            Succession(id="ada/gone", is_here=False, said_by=["eve/quiz-2"]),
            Succession(id="ada/quiz", is_here=True, said_by=["eve/quiz-2"]),
        ],
        [],
    )

    quiz = repos.find(told.hub, root, "dataset", "ada/quiz")
    told.land(quiz, {"assay.yaml": b"superseded_by: eve/quiz-2\n"})
    both = Succession(id="eve/quiz-2", is_here=True, said_by=["ada/quiz", "eve/quiz-2"])
    assert said(told, "ada/quiz") == ([], [both])

    lifecycle.move(told.hub, root, new, "ada/quiz-two")
    moved = Succession(id="ada/quiz-two", is_here=True, said_by=["ada/quiz", "ada/quiz-two"])
    assert said(told, "ada/quiz") == ([], [moved])

    told.land(new, {"assay.yaml": None, "eval.yaml": None})
    gone = Succession(id="eve/quiz-2", is_here=False, said_by=["ada/quiz"])
    assert said(told, "ada/quiz") == ([], [gone])


def test_a_private_successor_is_not_named_to_strangers(told: Told) -> None:
    root = told.reader("root")
    hidden = repos.create(told.hub, root, "dataset", "eve/secret", private=True)
    told.land(hidden, {**SPEC, "assay.yaml": b"supersedes: ada/quiz\n"})
    assert said(told, "ada/quiz") == ([], [])
    seen = boards.benchmark(told.hub, told.reader("eve"), "ada/quiz").superseded_by
    assert [one.id for one in seen] == ["eve/secret"]
