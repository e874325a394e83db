"""Reporter, state, attestation and ruling of a claim: every case of the words, told by the verbs.

A case does something to a model and looks at the first claim about it. All share one hub.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.unit.hub.claims_hub import FILE, Told, claims_hub, entry

from assay.core.permission import MAIN
from assay.core.ruling import Kind
from assay.hub import discussions, lifecycle, organisations, pulls, rulings
from assay.storage.database.repos import RepoRecord

README = {"README.md": b"x"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with claims_hub(tmp_path_factory.mktemp("hub")) as made:
        organisations.add(made.hub, "club", owner="bob")
        yield made


def says(value: object, more: str = "") -> dict[str, bytes]:
    return {FILE: entry(value, more)}


# What is done to a model


def on_main(told: Told, model: RepoRecord) -> None:
    told.land(model, says(60))


def with_token(told: Told, model: RepoRecord) -> None:
    told.land(model, says(60, "  verifyToken: abc\n"))


def moved_to_an_unclaimed_name(told: Told, model: RepoRecord) -> None:
    on_main(told, model)
    lifecycle.move(told.hub, told.reader("root"), model, f"nobody/{model.name}")


def entry_deleted(told: Told, model: RepoRecord) -> None:
    on_main(told, model)
    told.land(model, {FILE: b"[]\n"})


def entry_deleted_and_added_again(told: Told, model: RepoRecord) -> None:
    entry_deleted(told, model)
    told.land(model, says("60.0"))


def gone_back_to_where_it_was(told: Told, model: RepoRecord) -> None:
    commit = told.land(model, says(60))
    told.land(model, {FILE: b"[]\n"})
    told.move(model, commit)


def changed_and_reverted(told: Told, model: RepoRecord) -> None:
    on_main(told, model)
    told.land(model, says(61))
    told.land(model, says(60))


def rewritten_away(told: Told, model: RepoRecord) -> None:
    root = told.land(model, README)
    on_main(told, model)
    told.move(model, root)


def two_values(told: Told, model: RepoRecord) -> None:
    told.land(model, {FILE: entry(60) + entry(61)})


def model_deleted(told: Told, model: RepoRecord) -> None:
    on_main(told, model)
    lifecycle.delete(told.hub, told.reader("root"), model)


def proposed(told: Told, model: RepoRecord, more: str = "") -> int:
    told.land(model, README)
    return told.propose(model, says(60, more), by="eve")


def open_pull(told: Told, model: RepoRecord) -> None:
    proposed(told, model)


def draft_pull(told: Told, model: RepoRecord) -> None:
    told.land(model, README)
    number = pulls.open_pull(told.hub, told.reader("eve"), model, "A result", "").number
    told.land(model, says(60), ref=f"refs/pr/{number}", by="eve")


def open_pull_with_token(told: Told, model: RepoRecord) -> None:
    proposed(told, model, "  verifyToken: abc\n")


def open_pull_without_its_entry(told: Told, model: RepoRecord) -> None:
    number = proposed(told, model)
    told.land(model, {FILE: b"[]\n"}, ref=f"refs/pr/{number}", by="eve")


def rewritten_pull(told: Told, model: RepoRecord) -> None:
    number = proposed(told, model)
    root = told.hub.git.open(model.id).head(MAIN)
    told.land(model, says(60), ref=f"refs/pr/{number}", by="eve", on=root)


def closed_by_owner(told: Told, model: RepoRecord) -> None:
    discussions.close(told.hub, told.reader("bob"), model, proposed(told, model), "wrong split")


def closed_by_author(told: Told, model: RepoRecord) -> None:
    discussions.close(told.hub, told.reader("eve"), model, proposed(told, model), "")


def closed_and_opened_again(told: Told, model: RepoRecord) -> None:
    number = proposed(told, model)
    discussions.close(told.hub, told.reader("bob"), model, number, "")
    discussions.reopen(told.hub, told.reader("bob"), model, number, "")


def merged(told: Told, model: RepoRecord) -> None:
    pulls.merge(told.hub, told.reader("root"), model, proposed(told, model))


def merged_without_the_entry(told: Told, model: RepoRecord) -> None:
    open_pull_without_its_entry(told, model)
    pulls.merge(told.hub, told.reader("root"), model, 1)


def main_says_the_same(told: Told, model: RepoRecord) -> None:
    proposed(told, model)
    told.land(model, says(60))


def private_model(told: Told, model: RepoRecord) -> None:
    on_main(told, model)
    lifecycle.change_settings(told.hub, told.reader("root"), model, private=True)


def ruled(*said: tuple[str, Kind], take_back: bool = False) -> Callable[[Told, RepoRecord], None]:
    def tell(told: Told, model: RepoRecord) -> None:
        open_pull(told, model)
        claim_id = told.claims(model.full_name)[0].claim.claim_id
        for by, kind in said:
            number = rulings.rule(told.hub, told.reader(by), claim_id, kind, reason="why")
        if take_back:
            rulings.withdraw(told.hub, told.reader(said[-1][0]), claim_id, number, reason="why")

    return tell


TOKEN = "not checked here"
DOUBT: tuple[str, Kind] = ("bob", "disputed")
Case = tuple[str, Callable[[Told, RepoRecord], None], str, str, str, str, list[str]]
# Where, what is done; then reporter, state, attestation, ruling; and the badges beside those words.
CASES: list[Case] = [
    ("bob", on_main, "author", "live", "none", "none", []),
    ("club", on_main, "author", "live", "none", "none", []),
    ("nobody", on_main, "community", "live", "none", "none", []),
    ("mirror", on_main, "community", "live", "none", "none", ["mirror"]),
    ("bob", moved_to_an_unclaimed_name, "community", "live", "none", "none", []),
    ("bob", with_token, "author", "live", TOKEN, "none", []),
    ("nobody", with_token, "community", "live", TOKEN, "none", []),
    ("bob", private_model, "author", "live", "none", "none", ["private"]),
    ("bob", two_values, "author", "live", "none", "none", ["conflicting"]),
    ("bob", entry_deleted, "author", "deleted", "none", "none", []),
    ("bob", entry_deleted_and_added_again, "author", "deleted", "none", "none", []),
    ("bob", gone_back_to_where_it_was, "author", "live", "none", "none", []),
    ("bob", changed_and_reverted, "author", "live", "none", "none", []),
    ("bob", rewritten_away, "author", "deleted", "none", "none", ["history rewritten"]),
    ("bob", model_deleted, "author", "deleted", "none", "none", []),
    ("bob", open_pull, "community", "live", "none", "none", []),
    ("bob", draft_pull, "community", "live", "none", "none", []),
    ("mirror", open_pull, "community", "live", "none", "none", []),
    ("nobody", open_pull, "community", "live", "none", "none", []),
    ("bob", open_pull_with_token, "community", "live", TOKEN, "none", []),
    ("bob", open_pull_without_its_entry, "community", "deleted", "none", "none", []),
    ("bob", rewritten_pull, "community", "live", "none", "none", ["history rewritten"]),
    ("bob", closed_by_owner, "community", "declined", "none", "none", []),
    ("bob", closed_by_author, "community", "withdrawn", "none", "none", []),
    ("bob", closed_and_opened_again, "community", "live", "none", "none", []),
    ("bob", merged, "author", "live", "none", "none", []),
    ("nobody", merged, "community", "live", "none", "none", []),
    ("bob", merged_without_the_entry, "community", "superseded", "none", "none", []),
    ("bob", main_says_the_same, "community", "superseded", "none", "none", []),
    ("bob", ruled(("bob", "disputed")), "community", "live", "none", "disputed", []),
    ("bob", ruled(("ada", "upheld")), "community", "live", "none", "upheld", []),
    ("bob", ruled(("ada", "refuted")), "community", "live", "none", "refuted", []),
    ("bob", ruled(DOUBT, ("root", "upheld")), "community", "live", "none", "upheld", []),
    ("bob", ruled(("ada", "refuted"), DOUBT), "community", "live", "none", "disputed", []),
    ("bob", ruled(("ada", "refuted"), take_back=True), "community", "live", "none", "none", []),
]


@pytest.mark.parametrize(
    ("where", "tell", "reporter", "state", "attestation", "ruling", "more"),
    CASES,
    ids=[f"{number} {case[0]} {case[1].__name__}" for number, case in enumerate(CASES)],
)
def test_the_four_fields(
    told: Told,
    where: str,
    tell: Callable[[Told, RepoRecord], None],
    reporter: str,
    state: str,
    attestation: str,
    ruling: str,
    more: list[str],
    request: pytest.FixtureRequest,
) -> None:
    number = request.node.callspec.indices["where"]
    if where == "mirror":
        model = told.make(f"bob/m{number}", mirror_of="https://elsewhere.example/m")
    else:
        model = told.make(f"{where}/m{number}")
    tell(told, model)
    said = told.first_claim(model)
    fields = (said.claim.reporter, said.claim.state, said.claim.attestation, said.claim.ruling)
    assert fields == (reporter, state, attestation, ruling)
    words = [state if state != "live" else "none", attestation, ruling]
    expected = {reporter, *more, *(word for word in words if word != "none")}
    assert set(said.badges) == expected
    assert len(said.badges) == len(expected)


def test_what_was_deleted_stays_on_record_beside_what_came_later(told: Told) -> None:
    model = told.make("bob/again")
    entry_deleted_and_added_again(told, model)
    first, second = told.by_value("bob/again", "60", "60.0")
    assert (first.claim.state, second.claim.state) == ("deleted", "live")
