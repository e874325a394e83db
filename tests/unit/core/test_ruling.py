"""What stands of what was ruled."""

from __future__ import annotations

import pytest

from assay.core.claim import Ruling
from assay.core.ruling import Kind, RulingRow, is_repeated, rulings_on, standing


def rows(*said: str) -> list[RulingRow]:
    """Rows of one claim in short: "ACTOR KIND", or "ACTOR withdrawn ID"; ids count from 1."""
    found = []
    for number, line in enumerate(said, 1):
        actor, kind, *about = line.split()
        of = int(about[0]) if about else None
        found.append(RulingRow(number, "r", "c", kind, actor, "", "", "", of))
    return found


@pytest.mark.parametrize(
    ("said", "ruling"),
    [
        ([], None),
        (["eve disputed"], Ruling.DISPUTED),
        (["eve disputed", "eve withdrawn 1"], None),
        (["eve disputed", "ada upheld"], Ruling.UPHELD),
        (["eve disputed", "ada upheld", "eve withdrawn 1"], Ruling.UPHELD),
        (["eve disputed", "ada refuted", "ada withdrawn 2"], Ruling.DISPUTED),
        (["ada refuted", "ada upheld"], Ruling.UPHELD),
        (["ada upheld", "eve disputed"], Ruling.DISPUTED),
        (["eve disputed", "bob disputed", "bob withdrawn 2"], Ruling.DISPUTED),
    ],
)
def test_the_last_that_was_not_withdrawn_counts(said: list[str], ruling: Ruling | None) -> None:
    assert rulings_on(rows(*said)).get("c") == ruling


def test_each_claim_has_its_own() -> None:
    one = RulingRow(1, "r", "a", "upheld", "x", "", "", "", None)
    other = RulingRow(2, "r", "b", "refuted", "x", "", "", "", None)
    assert rulings_on([one, other]) == {"a": Ruling.UPHELD, "b": Ruling.REFUTED}
    assert standing([one]) == [one]


@pytest.mark.parametrize(
    ("said", "kind", "repeats"),
    [
        ([], "disputed", False),
        (["eve disputed"], "disputed", True),
        (["bob disputed"], "disputed", False),
        (["eve disputed", "bob disputed"], "disputed", True),
        (["eve disputed", "ada upheld"], "disputed", False),
        (["eve disputed", "eve withdrawn 1"], "disputed", False),
        (["eve upheld", "bob disputed"], "upheld", True),
        (["eve upheld", "bob refuted"], "upheld", False),
        (["bob upheld"], "upheld", False),
    ],
)
def test_nobody_says_the_same_again_before_others_ruled(
    said: list[str], kind: Kind, *, repeats: bool
) -> None:
    assert is_repeated(rows(*said), kind, "eve") is repeats
