"""What models are derived from, and what is derived from them; and claims that follow a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.hub.claims_hub import FILE, Told, claims_hub, entry

from assay.core.permission import STRANGER, Reader
from assay.hub import lifecycle, models
from assay.storage.database.repos import RepoRecord


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with claims_hub(tmp_path) as made:
        yield made


def card(*bases: str, relation: str | None = None) -> dict[str, bytes]:
    said = "".join(f"- {base}\n" for base in bases)
    how = f"base_model_relation: {relation}\n" if relation else ""
    return {"README.md": f"---\nbase_model:\n{said}{how}---\n# A model\n".encode()}


def derived(
    told: Told, name: str, *bases: str, relation: str | None = None, private: bool = False
) -> RepoRecord:
    model = told.make(name, private=private)
    told.land(model, card(*bases, relation=relation))
    return model


def edges(told: Told, name: str, reader: Reader = STRANGER) -> tuple[list[str], list[str]]:
    """In short: what a model is derived from, and what from it."""
    answer = models.model(told.hub, reader, name)
    bases = [f"{one.relation} {one.model or '-'} {one.written}" for one in answer.bases]
    return bases, [f"{one.relation} {one.model}" for one in answer.derived]


def test_edges_are_read_from_both_ends(told: Told) -> None:
    told.make("ada/base")
    derived(told, "bob/tuned", "ada/base")
    derived(told, "bob/small", "ada/base", relation="quantized")
    derived(told, "eve/both", "bob/tuned", "bob/small", "elsewhere/x")
    assert edges(told, "ada/base") == ([], ["quantized bob/small", "finetune bob/tuned"])
    assert edges(told, "bob/small") == (["quantized ada/base ada/base"], ["merge eve/both"])
    assert edges(told, "eve/both")[0] == [
        "merge bob/small bob/small",
        "merge bob/tuned bob/tuned",
        "merge - elsewhere/x",
    ]
    told.expect_rebuilt()


def test_a_base_is_found_when_it_comes_and_by_every_name_it_has_had(told: Told) -> None:
    derived(told, "bob/tuned", "ada/base")
    assert edges(told, "bob/tuned") == (["finetune - ada/base"], [])
    base = told.make("ada/base")
    assert edges(told, "bob/tuned") == (["finetune ada/base ada/base"], [])
    lifecycle.move(told.hub, told.reader("root"), base, "ada/renamed")
    assert edges(told, "bob/tuned") == (["finetune ada/renamed ada/base"], [])
    assert edges(told, "ada/renamed") == ([], ["finetune bob/tuned"])
    told.expect_rebuilt()


def test_a_card_that_changes_takes_its_edges_along(told: Told) -> None:
    told.make("ada/base")
    model = derived(told, "bob/tuned", "ada/base")
    told.land(model, {"README.md": b"# None\n"})
    assert edges(told, "ada/base") == edges(told, "bob/tuned") == ([], [])
    told.land(model, card("bob/tuned", "x" * 201, "x" * 200, "ada/base", "ada/base"))
    assert edges(told, "bob/tuned")[1] == []
    assert len(edges(told, "bob/tuned")[0]) == 3
    told.expect_rebuilt()


def test_private_and_deleted_models_are_at_neither_end(told: Told) -> None:
    told.make("ada/hidden", private=True)
    told.make("ada/base")
    derived(told, "bob/open", "ada/hidden")
    gone = derived(told, "bob/gone", "ada/base")
    derived(told, "bob/secret", "ada/base", private=True)
    lifecycle.delete(told.hub, told.reader("root"), gone)
    for reader in (STRANGER, told.reader("eve")):
        assert edges(told, "ada/base", reader) == ([], [])
        assert models.model(told.hub, reader, "ada/base").derived_count == 0
        assert edges(told, "bob/open", reader)[0] == ["finetune - ada/hidden"]
    assert edges(told, "ada/base", told.reader("bob"))[1] == ["finetune bob/secret"]
    assert edges(told, "bob/open", told.reader("ada"))[0] == ["finetune ada/hidden ada/hidden"]


def test_a_model_that_moves_keeps_its_claims_and_their_history(told: Told) -> None:
    model = told.make("ada/m")
    told.land(model, {FILE: entry("60")}, by="ada")
    told.land(model, {FILE: entry("61")}, by="ada")
    number = told.propose(model, {FILE: entry("62")}, by="eve")
    before = told.claims("ada/m")
    lifecycle.move(told.hub, told.reader("root"), model, "bob/n")
    after = told.claims("bob/n")
    assert [one.claim.claim_id for one in after] == [one.claim.claim_id for one in before]
    assert [one.history for one in after] == [one.history for one in before]
    assert [len(one.versions) for one in after] == [2, 1]
    assert {one.claim.model for one in after} == {"bob/n"}
    assert after[1].claim.pull == number
    told.expect_rebuilt()
