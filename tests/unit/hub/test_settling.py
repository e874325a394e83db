"""Which pull requests a push to main merges, whichever way they are looked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.hub.claims_hub import Told, claims_hub, entry

from assay.core.permission import MAIN
from assay.hub import discussions, settling
from assay.storage.database.discussions import Wanted


@pytest.fixture(params=[0, 2, settling.MAX_COMMITS_LOOKED_UP])
def told(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Told]:
    """Asked of the log, of every open pull request, and sometimes this and sometimes that."""
    monkeypatch.setattr(settling, "MAX_COMMITS_LOOKED_UP", request.param)
    with claims_hub(tmp_path) as hub:
        yield hub


def statuses(told: Told, name: str) -> dict[int, str]:
    listed = discussions.listing(told.hub, told.record(name), Wanted(is_pull=True))
    return {pull.number: pull.status for pull in listed.rows}


def test_a_push_to_main_merges_the_pull_requests_whose_heads_it_brings(told: Told) -> None:
    model = told.make("ada/pushed")
    told.land(model, {"README.md": b"a"})
    first, second, third, closed = (
        told.propose(model, {f".eval_results/{number}.yaml": entry(number)}, by="eve")
        for number in range(1, 5)
    )
    discussions.close(told.hub, told.reader("ada"), model, closed, "no")
    git = told.hub.git.open(model.id)
    heads = {number: git.head(f"refs/pr/{number}") for number in (first, second, closed)}
    # A pull request that goes on is not merged by what it was before.
    told.land(model, {"notes.txt": b"b"}, ref=f"refs/pr/{second}", by="eve")
    told.move(model, heads[first] or "")
    assert statuses(told, "ada/pushed") == {
        first: "merged",
        second: "open",
        third: "open",
        closed: "closed",
    }
    told.move(model, heads[second] or "")
    told.move(model, heads[closed] or "")
    told.move(model, git.head(f"refs/pr/{second}") or "")
    assert statuses(told, "ada/pushed")[second] == "merged"
    assert statuses(told, "ada/pushed")[closed] == "closed"


def test_what_was_on_main_before_is_merged_by_nobody(told: Told) -> None:
    model = told.make("ada/behind")
    base = told.land(model, {"README.md": b"a"})
    number = told.propose(model, {".eval_results/a.yaml": entry(1)}, by="eve")
    for text in (b"b", b"c", b"d"):
        told.land(model, {"README.md": text})
    told.move(model, base, ref=f"refs/pr/{number}", by="eve")
    told.land(model, {"README.md": b"e"})
    assert statuses(told, "ada/behind") == {number: "open"}
    told.move(model, told.land(model, {"x": b"x"}, ref="refs/heads/other"))
    assert statuses(told, "ada/behind") == {number: "open"}


def test_main_that_is_made_again_merges_what_it_brings(told: Told) -> None:
    model = told.make("ada/again")
    told.land(model, {"README.md": b"a"})
    number = told.propose(model, {".eval_results/a.yaml": entry(1)}, by="eve")
    head = told.hub.git.open(model.id).head(f"refs/pr/{number}")
    told.land(model, {"b": b"b"}, on=head)
    assert statuses(told, "ada/again") == {number: "merged"}
    assert told.hub.git.open(model.id).head(MAIN) != head
