"""Rulings: who may, what they do to a claim and its rows, and that all of it stays on record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.hub.claims_hub import FILE, Told, claims_hub, entry, kinds

from assay.core.permission import STRANGER
from assay.errors import (
    AssayError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from assay.hub import boards, lifecycle, rulings


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with claims_hub(tmp_path) as made:
        yield made


def claimed(told: Told, name: str = "bob/m", *, private: bool = False) -> str:
    """The id of bob's claim about his model, on ada's benchmark."""
    model = told.make(name, by="bob", private=private)
    told.land(model, {FILE: entry("60")}, by="bob")
    [answer] = told.claims(name)
    return answer.claim.claim_id


def test_a_claim_is_disputed_upheld_and_refuted_and_keeps_its_row(told: Told) -> None:
    claim_id = claimed(told)
    for by, kind in (("eve", "disputed"), ("ada", "upheld"), ("root", "refuted")):
        rulings.rule(told.hub, told.reader(by), claim_id, kind, reason=f"{by} says", evidence="x")  # type: ignore[arg-type]
        [row] = boards.board(told.hub, STRANGER, "ada/quiz").rows
        assert (row.claim.ruling, row.rank) == (kind, 1)
        assert row.badges == ["author", kind]
    answer = told.claim(claim_id)
    assert answer.badges == ["author", "refuted"]
    assert [(one.ruling, one.actor, one.reason, one.evidence) for one in answer.rulings] == [
        ("disputed", "eve", "eve says", "x"),
        ("upheld", "ada", "ada says", "x"),
        ("refuted", "root", "root says", "x"),
    ]
    assert kinds(answer) == ["introduced", "disputed", "upheld", "refuted"]
    told.expect_rebuilt()
    assert told.claim(claim_id).claim.ruling == "refuted"


def test_what_is_withdrawn_stays_on_record_and_counts_no_more(told: Told) -> None:
    claim_id = claimed(told)
    hub = told.hub
    rulings.rule(hub, told.reader("eve"), claim_id, "disputed", reason="a doubt")
    number = rulings.rule(hub, told.reader("ada"), claim_id, "refuted", reason="wrong split")
    with pytest.raises(ForbiddenError, match="only ada may withdraw"):
        rulings.withdraw(hub, told.reader("eve"), claim_id, number, reason="please")
    rulings.withdraw(hub, told.reader("ada"), claim_id, number, reason="I misread it")
    answer = told.claim(claim_id)
    assert answer.claim.ruling == "disputed"
    assert [(one.ruling, one.withdrawn is None) for one in answer.rulings] == [
        ("disputed", True),
        ("refuted", False),
    ]
    assert answer.rulings[1].withdrawn_because == "I misread it"
    assert kinds(answer)[-1] == "ruling withdrawn"
    with pytest.raises(NotFoundError, match=f"no ruling {number} stands"):
        rulings.withdraw(hub, told.reader("ada"), claim_id, number, reason="again")
    rulings.withdraw(hub, told.reader("eve"), claim_id, 1, reason="it is fine")
    assert told.claim(claim_id).badges == ["author"]
    told.expect_rebuilt()


@pytest.mark.parametrize("by", ["bob", "eve"])
def test_neither_the_author_nor_a_bystander_decides(told: Told, by: str) -> None:
    claim_id = claimed(told)
    with pytest.raises(ForbiddenError, match="the writers of the benchmark ada/quiz and admins"):
        rulings.rule(told.hub, told.reader(by), claim_id, "upheld", reason="it is right")
    assert told.claim(claim_id).rulings == []


def test_whoever_reported_a_claim_does_not_uphold_it(told: Told) -> None:
    model = told.make("bob/m", by="bob")
    told.land(model, {"README.md": b"x"}, by="bob")
    told.propose(model, {FILE: entry("61")}, by="ada")
    [answer] = told.claims("bob/m")
    claim_id = answer.claim.claim_id
    with pytest.raises(ForbiddenError, match="or reported it"):
        rulings.rule(told.hub, told.reader("ada"), claim_id, "upheld", reason="mine")
    rulings.rule(told.hub, told.reader("root"), claim_id, "upheld", reason="I ran it")
    assert told.claim(claim_id).badges == ["community", "upheld"]


def test_a_private_claim_is_absent_for_who_may_not_see_it(told: Told) -> None:
    claim_id = claimed(told, private=True)
    for by in ("ada", "eve"):
        with pytest.raises(NotFoundError, match="there is no claim"):
            rulings.rule(told.hub, told.reader(by), claim_id, "disputed", reason="?")
    with pytest.raises(NotFoundError):
        rulings.withdraw(told.hub, told.reader("ada"), claim_id, 1, reason="?")


def test_what_is_wrong_with_a_ruling_is_said(told: Told) -> None:
    claim_id = claimed(told)
    eve = told.reader("eve")
    faults: list[tuple[type[AssayError], str, str, str, str]] = [
        (UnauthenticatedError, "sign in to rule", claim_id, "why", ""),
        (NotFoundError, "there is no claim 00", "0" * 64, "why", ""),
        (NotFoundError, "there is no claim x", "x", "why", ""),
        (InvalidError, "no reason is given", claim_id, " \n\x00", ""),
        (InvalidError, "10001 characters; expected at most 10000", claim_id, "r" * 10_001, ""),
        (InvalidError, "the evidence has 2001", claim_id, "why", "e" * 2_001),
    ]
    for error, words, about, reason, evidence in faults:
        reader = STRANGER if error is UnauthenticatedError else eve
        with pytest.raises(error, match=words):
            rulings.rule(told.hub, reader, about, "disputed", reason=reason, evidence=evidence)
    rulings.rule(told.hub, eve, claim_id, "disputed", reason="why")
    with pytest.raises(ConflictError, match="eve has disputed this claim already"):
        rulings.rule(told.hub, eve, claim_id, "disputed", reason="why, again")


def test_a_ruling_outlives_its_model_and_changes_no_more(told: Told) -> None:
    claim_id = claimed(told)
    rulings.rule(told.hub, told.reader("eve"), claim_id, "disputed", reason="why")
    lifecycle.move(told.hub, told.reader("root"), told.record("bob/m"), "bob/other")
    assert told.claim(claim_id).claim.ruling == "disputed"
    lifecycle.delete(told.hub, told.reader("bob"), told.record("bob/other"))
    assert told.claim(claim_id).badges == ["author", "deleted", "disputed"]
    with pytest.raises(ConflictError, match="bob/other is deleted"):
        rulings.rule(told.hub, told.reader("root"), claim_id, "upheld", reason="why")
    told.expect_rebuilt()
