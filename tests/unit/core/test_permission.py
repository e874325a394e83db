"""Who may do what: the rules of `assay.core.permission` as tables."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from assay.core.permission import (
    MAIN,
    ONLY_READS,
    OPEN_STATUSES,
    STRANGER,
    PullFacts,
    Reader,
    lane_of,
    may_administer,
    may_close_pull,
    may_create,
    may_dispute,
    may_open_pull,
    may_read_file,
    may_rule,
    may_see,
    may_write,
    pull_number,
    refuse_ref,
)


@dataclass(frozen=True)
class Repo:
    namespace: str
    private: bool
    gated: str | None = None


READERS = {
    "stranger": STRANGER,
    "ada": Reader("ada", namespaces=frozenset({"ada"})),
    "bob": Reader("bob", namespaces=frozenset({"bob", "club"})),
    "admin": Reader("root", is_admin=True),
    # nobody in particular, whatever else is claimed of them
    "nameless admin": Reader(None, is_admin=True, namespaces=frozenset({"ada"})),
    # roles in an organisation, here called ada
    "writer": Reader("wim", namespaces=frozenset({"wim"}), writes=frozenset({"ada"})),
    "member": Reader("mo", namespaces=frozenset({"mo"}), reads=frozenset({"ada"})),
    "nameless member": Reader(None, writes=frozenset({"ada"}), reads=frozenset({"ada"})),
    # tokens of scope read
    "ada, reading": Reader("ada", namespaces=frozenset({"ada"}), scope="read"),
    "admin, reading": Reader("root", is_admin=True, scope="read"),
    "writer, reading": Reader("wim", writes=frozenset({"ada"}), scope="read"),
}
PUBLIC, PRIVATE = Repo("ada", private=False), Repo("ada", private=True)
# reader: (sees private, writes, administers, may open on public, may open on private)
TABLE = {
    "stranger": (False, False, False, False, False),
    "ada": (True, True, True, True, True),
    "bob": (False, False, False, True, False),
    "admin": (True, True, True, True, True),
    "nameless admin": (False, False, False, False, False),
    "writer": (True, True, False, True, True),
    "member": (True, False, False, True, True),
    "ada, reading": (True, False, False, False, False),
    "admin, reading": (True, False, False, False, False),
    "writer, reading": (True, False, False, False, False),
    "nameless member": (False, False, False, False, False),
}


@pytest.mark.parametrize("who", READERS)
def test_rules_1_2_3_5_and_6(who: str) -> None:
    reader = READERS[who]
    sees, writes, administers, opens, opens_private = TABLE[who]
    assert may_see(reader, PUBLIC)
    assert may_see(reader, PRIVATE) is sees
    assert may_write(reader, PUBLIC) is writes
    assert may_write(reader, PRIVATE) is writes
    assert may_administer(reader, PUBLIC) is administers
    assert may_create(reader, "ada") is writes
    assert may_open_pull(reader, PUBLIC) is opens
    assert may_open_pull(reader, PRIVATE) is opens_private


GATED = Repo("ada", private=False, gated="manual")
FILES = {"test.jsonl": False, "README.md": True, "eval.yaml": True, "assay.yaml": True}
FILES |= {".eval_results/a.yaml": True, "sub/README.md": False, "eval.yaml.bak": False, "": False}


@pytest.mark.parametrize("who", READERS)
def test_rule_7_a_gate_hides_files_from_those_outside(who: str) -> None:
    reader, inside = READERS[who], TABLE[who][0]  # whoever sees it when it is private
    for path, is_open in FILES.items():
        assert may_read_file(reader, GATED, path, let_in=False) is (inside or is_open), path
        assert may_read_file(reader, PUBLIC, path, let_in=False)
    assert may_read_file(reader, GATED, None, let_in=False) is inside
    assert may_read_file(reader, GATED, None, let_in=True) is (reader.name is not None)


def test_a_namespace_belongs_to_its_owner_whatever_the_account_is_called() -> None:
    assert may_create(READERS["bob"], "club")
    assert not may_create(Reader("club"), "club")
    assert not may_create(READERS["bob"], "Bob")


@pytest.mark.parametrize(
    ("who", "author", "may"),
    [
        ("bob", "bob", True),
        ("bob", "eve", False),
        ("ada", "bob", True),
        ("admin", "bob", True),
        ("stranger", "bob", False),
        ("nameless admin", "bob", False),
        ("writer", "bob", True),
        ("member", "bob", False),
        ("ada, reading", "ada", False),
    ],
)
def test_who_closes_a_pull_request(who: str, author: str, *, may: bool) -> None:
    assert may_close_pull(READERS[who], PUBLIC, author) is may


REFS = {
    "refs/heads/main": (None, "main"),
    "refs/heads/pr/1": (None, None),
    "refs/heads/main2": (None, None),
    "refs/tags/main": (None, None),
    "refs/pr/1": (1, "pr/1"),
    "refs/pr/999999999": (999_999_999, "pr/999999999"),
    "refs/pr/1000000000": (None, None),
    "refs/pr/0": (None, None),
    "refs/pr/01": (None, None),
    "refs/pr/-1": (None, None),
    "refs/pr/1/head": (None, None),
    "refs/pr/1\n": (None, None),
    "refs/pr/\u0661": (None, None),
    "refs/pr/": (None, None),
    "": (None, None),
}


@pytest.mark.parametrize("ref", REFS)
def test_the_lane_and_number_of_a_ref(ref: str) -> None:
    assert (pull_number(ref), lane_of(ref)) == REFS[ref]


WRITERS = ("ada", "admin", "writer")
OTHERS = ("stranger", "bob", "nameless admin", "member")
READING = ("ada, reading", "admin, reading", "writer, reading")


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/x/y", "refs/tags/v1"])
@pytest.mark.parametrize("deletes", [True, False])
def test_branches_and_tags_are_the_owners(ref: str, *, deletes: bool) -> None:
    for who in WRITERS:
        reason = refuse_ref(READERS[who], PUBLIC, ref, None, deletes=deletes)
        assert bool(reason) == (ref == MAIN and deletes)
    for who in OTHERS:
        reason = refuse_ref(READERS[who], PUBLIC, ref, None, deletes=deletes)
        assert reason == f"{ref}: only the owner of 'ada' may push here; open a pull request"
    for who in READING:
        reason = refuse_ref(READERS[who], PUBLIC, ref, None, deletes=deletes)
        assert reason == f"{ref}: {ONLY_READS}"


@pytest.mark.parametrize("ref", [f"refs/heads/{'a1' * 20}", f"refs/tags/{'A' * 40}"])
def test_no_branch_or_tag_is_named_as_a_commit(ref: str) -> None:
    for who in WRITERS:
        reason = refuse_ref(READERS[who], PUBLIC, ref, None, deletes=False)
        assert reason == f"{ref}: a name of 40 hexadecimal digits would be taken for a commit"
        assert refuse_ref(READERS[who], PUBLIC, ref, None, deletes=True) is None
        assert refuse_ref(READERS[who], PUBLIC, f"{ref}0", None, deletes=False) is None


@pytest.mark.parametrize(
    "ref", ["refs/assay/log", "refs/pr/0", "refs/pr/1/head", "refs/notes/x", "HEAD", "refs/heads"]
)
def test_other_refs_are_nobodys(ref: str) -> None:
    for who in (*WRITERS, *OTHERS):
        reason = refuse_ref(READERS[who], PUBLIC, ref, None, deletes=False)
        assert reason is not None
        assert "only branches, tags and pull requests" in reason


def refuse_pull(who: str, status: str, *, deletes: bool = False) -> str | None:
    pull = PullFacts("bob", status)
    return refuse_ref(READERS[who], PUBLIC, "refs/pr/3", pull, deletes=deletes)


@pytest.mark.parametrize("status", ["opening", "draft", "open", "closed", "merged"])
def test_a_pull_request_is_written_by_author_and_writers_while_open(status: str) -> None:
    for who in ("bob", *WRITERS):
        reason = refuse_pull(who, status)
        assert (reason is None) is (status in {"draft", "open"}), (who, reason)
    for who in ("stranger", "nameless admin", "member", *READING):
        assert refuse_pull(who, status) is not None


def test_the_open_statuses() -> None:
    assert set(OPEN_STATUSES) == {"draft", "open"}


def test_the_reasons_say_what_to_do() -> None:
    other = Reader("eve", namespaces=frozenset({"eve"}))
    pull = PullFacts("bob", "open")
    assert refuse_ref(other, PUBLIC, "refs/pr/3", pull, deletes=False) == (
        "refs/pr/3: pull request 3 belongs to bob"
    )
    assert refuse_ref(READERS["bob"], PUBLIC, "refs/pr/3", None, deletes=False) == (
        "refs/pr/3: there is no pull request 3; open one first"
    )
    assert refuse_pull("bob", "merged") == "refs/pr/3: pull request 3 is merged; open a new one"
    assert "close the pull request instead" in (refuse_pull("bob", "open", deletes=True) or "")
    assert "close the pull request instead" in (refuse_pull("ada", "open", deletes=True) or "")


# reader: (disputes public, disputes private, rules where bob's benchmark is, and where none is)
RULING = {
    "stranger": (False, False, False, False),
    "ada": (True, True, False, False),
    "bob": (True, False, True, False),
    "admin": (True, True, True, True),
    "nameless admin": (False, False, False, False),
    "writer": (True, True, False, False),
    "member": (True, True, False, False),
    "nameless member": (False, False, False, False),
    "ada, reading": (False, False, False, False),
    "admin, reading": (False, False, False, False),
    "writer, reading": (False, False, False, False),
}


@pytest.mark.parametrize("who", RULING)
def test_who_may_rule_on_claims_about_adas_model(who: str) -> None:
    reader, of_bob = READERS[who], Repo("club", private=False)
    found = (
        may_dispute(reader, PUBLIC),
        may_dispute(reader, PRIVATE),
        may_rule(reader, model=PUBLIC, benchmark=of_bob, reporters=()),
        may_rule(reader, model=PUBLIC, benchmark=None, reporters=()),
    )
    assert found == RULING[who]


def test_nobody_rules_on_a_model_or_a_report_of_her_own() -> None:
    ada, admin = READERS["ada"], READERS["admin"]
    own = Repo("ada", private=False)
    assert not may_rule(ada, model=own, benchmark=own, reporters=())
    others = Repo("bob", private=False)
    assert may_rule(ada, model=others, benchmark=own, reporters=("bob", None))
    assert not may_rule(ada, model=others, benchmark=own, reporters=("bob", "ada"))
    assert not may_rule(admin, model=others, benchmark=None, reporters=("root",))
    of_admin = Reader("root", is_admin=True, namespaces=frozenset({"root"}))
    assert not may_rule(of_admin, model=Repo("root", private=False), benchmark=own, reporters=())


def test_who_does_not_see_a_private_model_does_not_rule_on_it() -> None:
    own = Repo("club", private=False)
    assert not may_rule(READERS["bob"], model=PRIVATE, benchmark=own, reporters=())
