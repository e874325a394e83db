"""Results that name a revision of the data: current, stale once the data change, or unknown."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.hub.claims_hub import FILE, Told, claims_hub

from assay.core.permission import MAIN, STRANGER
from assay.hub import boards, provenance, repos

ENTRY = "- dataset: {id: ada/quiz, task_id: main, revision: %s}\n  value: 50\n"


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with claims_hub(tmp_path) as found:
        yield found


def states(told: Told) -> dict[str, str | None]:
    rows = boards.board(told.hub, STRANGER, "ada/quiz").rows
    for row in rows:
        claim = provenance.claim(told.hub, STRANGER, row.claim.claim_id)
        assert claim.revision == row.revision
    return {row.model: row.revision for row in rows}


def test_a_result_is_stale_once_the_data_are_others(told: Told) -> None:
    quiz = repos.find(told.hub, told.reader("ada"), "dataset", "ada/quiz")
    first = told.land(quiz, {"data/test.jsonl": b"1\n"})
    aside = told.land(quiz, {"data/test.jsonl": b"3\n"}, ref="refs/heads/aside", on=first)
    named = {"ada/full": first, "ada/short": first[:8], "ada/branch": "main"}
    named |= {"ada/aside": aside, "ada/elsewhere": "0" * 40, "ada/odd": "v1.0"}
    for model, revision in named.items():
        told.land(told.make(model), {FILE: (ENTRY % f'"{revision}"').encode()})
    told.land(
        told.make("ada/none"), {FILE: b"- dataset: {id: ada/quiz, task_id: main}\n  value: 1"}
    )
    unknown: dict[str, str | None] = dict.fromkeys(("ada/aside", "ada/elsewhere", "ada/odd"))
    unknown = dict.fromkeys(unknown, "unknown") | {"ada/none": None}
    current = dict.fromkeys(("ada/full", "ada/short", "ada/branch"), "current")
    assert states(told) == current | unknown

    told.land(quiz, {"README.md": b"# Said better\n", "assay.yaml": b"tasks: {}\n"})
    assert states(told) == current | unknown

    told.land(quiz, {"data/test.jsonl": b"2\n"})
    stale = {"ada/full": "stale", "ada/short": "stale", "ada/branch": "current"}
    assert states(told) == stale | unknown

    told.land(quiz, {"data/test.jsonl": b"1\n"})
    assert states(told) == current | unknown


def test_a_board_stands_without_its_benchmark_s_repository(told: Told) -> None:
    quiz = repos.find(told.hub, told.reader("ada"), "dataset", "ada/quiz")
    head = told.hub.git.open(quiz.id).head(MAIN)
    told.land(told.make("ada/one"), {FILE: (ENTRY % f'"{head}"').encode()})
    assert states(told) == {"ada/one": "current"}
    told.land(told.make("ada/two"), {FILE: (ENTRY % '"0000000"').encode()})
    shutil.rmtree(told.hub.git.path(quiz.id))
    assert states(told) == {"ada/one": "current", "ada/two": "unknown"}  # the first is remembered
