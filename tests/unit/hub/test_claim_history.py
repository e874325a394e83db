"""What a claim's answer tells of its life: what changed, who brought it, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.hub.claims_hub import FILE, Told, claims_hub, entry, kinds

from assay.core.claim import MovedTo
from assay.core.permission import MAIN
from assay.hub import discussions, indexing, pulls
from assay.storage.git import ZERO, RefUpdate, update_refs


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with claims_hub(tmp_path) as made:
        yield made


def test_each_version_says_what_changed_and_who_git_names(told: Told) -> None:
    model = told.make("ada/m")
    told.land(model, {FILE: entry("60", "  notes: 5-shot\n  shots: 5\n")}, by="ada")
    later = "  source: {url: https://x.example/p, name: P}\n  shots: 0\n"
    told.land(model, {FILE: entry("61.0", later)}, by="ada")
    [answer] = told.claims("ada/m")
    first, second = answer.versions
    assert first.changed == []
    found = {one.field: (one.change, one.before, one.after) for one in second.changed}
    assert found == {
        "value": ("changed", "60", "61.0"),
        "source.url": ("added", None, "https://x.example/p"),
        "source.name": ("added", None, "P"),
        "notes": ("removed", "5-shot", None),
        "extra.shots": ("changed", 5, 0),
    }
    named = (second.pusher, second.author_email, second.committer_email)
    assert named == ("ada", "bob@example.org", "bob@example.org")


def test_a_moved_entry_is_followed_and_its_first_place_still_opens(told: Told) -> None:
    model = told.make("ada/m")
    first = told.land(model, {FILE: entry("60")}, by="ada")
    above = entry("1", task="other") + entry("60")
    second = told.land(model, {FILE: above}, by="ada")
    [answer] = [one for one in told.claims("ada/m") if one.claim.value_text == "60"]
    claim = answer.claim
    assert (claim.commit, claim.path, claim.line) == (first, FILE, 1)
    assert claim.moved_to == MovedTo(path=FILE, line=3, commit=second)
    assert answer.yaml == entry("60").decode().rstrip()
    assert kinds(answer) == ["introduced"]
    other = ".eval_results/other.yaml"
    third = told.land(model, {FILE: entry("1", task="other"), other: entry("60")}, by="ada")
    answer = told.claim(claim.claim_id)
    assert answer.claim.moved_to == MovedTo(path=other, line=1, commit=third)
    assert kinds(answer) == ["introduced", "moved"]
    moved = answer.history[-1]
    assert (moved.text, moved.actor, moved.commit) == (f"{FILE} → {other}", "ada", third)
    told.expect_rebuilt()


@pytest.mark.parametrize("is_ahead", [False, True])
def test_a_merge_that_carried_a_claim_is_named_once(told: Told, *, is_ahead: bool) -> None:
    model = told.make("ada/m")
    told.land(model, {"README.md": b"x"}, by="ada")
    number = told.propose(model, {FILE: entry("60")}, by="eve")
    if is_ahead:
        told.land(model, {"README.md": b"y"}, by="ada")
    pulls.merge(told.hub, told.reader("ada"), model, number)
    [answer] = told.claims("ada/m")
    [version] = answer.versions
    main = told.hub.git.open(model.id).head(MAIN)
    assert (version.carried_commit, version.carried_by) == (main, "ada")
    assert version.carried_push is not None
    assert version.carried_push > version.since_push
    assert kinds(answer) == ["introduced", "pull request opened", "carried to main"]
    line = answer.history[-1]
    assert (line.text, line.pull, line.actor) == ("by merging pull request 1", number, "ada")
    assert line.at == version.carried_received
    assert (answer.claim.pull, answer.claim.lane, version.pusher) == (number, "main", "eve")
    told.expect_rebuilt()


def test_two_values_on_one_branch_conflict_and_name_each_other(told: Told) -> None:
    model = told.make("ada/m")
    told.land(model, {FILE: entry("60") + entry("61") + entry("5", task="other")}, by="ada")
    one, other, apart = told.by_value("ada/m", "60", "61", "5")
    assert one.badges == other.badges == ["author", "conflicting"]
    assert one.conflicts_with == [other.claim.claim_id]
    assert other.conflicts_with == [one.claim.claim_id]
    assert (apart.badges, apart.conflicts_with) == (["author"], [])
    told.land(model, {FILE: entry("61") + entry("5", task="other")}, by="ada")
    assert not any("conflicting" in answer.badges for answer in told.claims("ada/m"))
    told.expect_rebuilt()


def test_what_does_not_count_any_more_conflicts_with_nothing(told: Told) -> None:
    model = told.make("ada/m")
    number = told.propose(model, {FILE: entry("60") + entry("61")}, by="eve")
    assert all(answer.claim.conflicts for answer in told.claims("ada/m"))
    discussions.close(told.hub, told.reader("ada"), model, number, "which?")
    assert not any(answer.claim.conflicts for answer in told.claims("ada/m"))


def test_rewriting_is_told_on_every_claim_whose_commits_it_lost(told: Told) -> None:
    model = told.make("ada/m")
    before = told.land(model, {FILE: entry("1", task="before")}, by="ada")
    stays = entry("1", task="before") + entry("2", task="stays")
    told.land(model, {FILE: stays + entry("3", task="changes") + entry("4", task="ends")}, by="ada")
    old = told.land(model, {"README.md": b"x"}, by="ada")
    new = told.land(model, {FILE: stays + entry("30", task="changes")}, by="ada", on=before)
    by_task = {answer.claim.task_id: answer for answer in told.claims("ada/m")}
    assert kinds(by_task["before"]) == ["introduced"]
    assert by_task["before"].badges == ["author"]
    stayed, changed, ended = (by_task[task] for task in ("stays", "changes", "ends"))
    for answer in (stayed, changed, ended):
        [line] = [line for line in answer.history if line.kind == "history rewritten"]
        assert (line.actor, line.commit) == ("ada", new)
        assert line.text.endswith(f"; what was there before is kept as refs/assay/kept/{old}")
        assert "history rewritten" in answer.badges
    assert kinds(stayed) == ["introduced", "history rewritten"]
    assert stayed.history[-1].note == "unchanged"
    assert stayed.claim.moved_to is not None
    assert stayed.claim.moved_to.commit == new
    assert kinds(changed) == ["introduced", "history rewritten", "changed"]
    assert kinds(ended) == ["introduced", "history rewritten"]
    assert (ended.claim.state, ended.history[-1].note) == ("deleted", "")
    told.expect_rebuilt()


def test_rewriting_the_same_tree_and_rewriting_it_again_are_told(told: Told) -> None:
    model = told.make("ada/m")
    root = told.land(model, {"README.md": b"x"}, by="ada")
    first = told.land(model, {FILE: entry("60")}, by="ada")
    second = told.land(model, {FILE: entry("60"), "README.md": b"y"}, by="ada", on=root)
    told.land(model, {FILE: entry("60"), "README.md": b"z"}, by="ada", on=second)
    told.land(model, {FILE: entry("60"), "README.md": b"zz"}, by="ada", on=second)
    [answer] = told.claims("ada/m")
    [line] = [line for line in answer.history if line.kind == "history rewritten"]
    assert line.text.endswith(first)
    told.land(model, {FILE: entry("60"), "README.md": b"!"}, by="ada", on=root)
    [answer] = told.claims("ada/m")
    assert kinds(answer) == ["introduced", "history rewritten", "history rewritten"]
    assert answer.claim.commit == first
    told.expect_rebuilt()


def test_a_pull_request_that_goes_back_is_told_too(told: Told) -> None:
    model = told.make("ada/m")
    told.land(model, {"README.md": b"x"}, by="ada")
    number = told.propose(model, {FILE: entry("60")}, by="eve")
    ref = f"refs/pr/{number}"
    head = told.hub.git.open(model.id).head(ref)
    assert head is not None
    told.land(model, {FILE: entry("60", "  notes: x\n")}, by="eve", ref=ref)
    told.move(model, head, ref=ref, by="eve")
    [answer] = told.claims("ada/m")
    assert kinds(answer) == [
        "introduced",
        "pull request opened",
        "changed",
        "history rewritten",
        "changed",
    ]
    assert answer.badges == ["community", "history rewritten"]
    told.expect_rebuilt()


def test_a_main_that_moved_behind_the_hub_is_told_without_a_name(told: Told) -> None:
    model = told.make("ada/m")
    root = told.land(model, {"README.md": b"x"}, by="ada")
    told.land(model, {FILE: entry("60")}, by="ada")
    git = told.hub.git.open(model.id)
    update_refs(git.path, [RefUpdate(MAIN, git.head(MAIN) or ZERO, root)])
    indexing.sweep(told.hub)
    [answer] = told.claims("ada/m")
    line = answer.history[-1]
    assert (line.kind, line.actor) == ("history rewritten", None)
    told.expect_rebuilt()
