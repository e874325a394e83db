"""What rows of the durable store say, whichever kind of database keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.permission import STRANGER
from assay.errors import ConflictError, ForbiddenError
from assay.storage.database import (
    access,
    bulk_rows,
    discussions,
    lfs_objects,
    members,
    notifications,
    people,
    pushes,
    repos,
)
from assay.storage.database.access import AccessRequest
from assay.storage.database.bulk_rows import NewPush
from assay.storage.database.discussions import Wanted
from assay.storage.database.durable_store import open_durable
from assay.storage.database.engine import Database
from assay.storage.database.lfs_objects import LfsObject
from assay.storage.database.pushes import APPLIED, FAILED, PENDING
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO

AT = "2026-11-23T10:00:00.000Z"
LATER = "2026-11-23T11:00:00.000Z"
TOKEN = "eve-token-0123456789"


def model_named(name: str, namespace: str = "ada") -> RepoRecord:
    return RepoRecord(
        f"id-{name}", "model", namespace, name, private=False, created=AT, created_by="ada"
    )


@pytest.fixture
def durable(tmp_path: Path, url: str | None) -> Iterator[Database]:
    """A store with ada, eve, and ada's model `m`."""
    with closing(open_durable(tmp_path, url)) as database:
        with database.write() as db:
            people.add_account(db, "ada", is_admin=True, created=AT)
            people.add_account(db, "eve", is_admin=False, created=AT)
            people.add_token(db, TOKEN, account_name="eve", created=AT, scope="read")
            repos.add_repo(db, model_named("m"))
        yield database


def test_a_token_speaks_until_it_is_revoked(durable: Database) -> None:
    with durable.write() as db:
        people.ensure_namespace(db, "lab", created=AT)
        members.put_member(db, "lab", "eve", "read", added=AT)
        members.put_member(db, "lab", "eve", "owner", added=LATER)
        assert people.is_claimed(db, "lab")
        with pytest.raises(ConflictError, match="written 'lab'"):
            people.ensure_namespace(db, "LAB", created=AT)
    with durable.read() as db:
        reader = people.find_reader(db, TOKEN)
        assert reader is not None
        assert (reader.name, reader.scope, reader.is_admin) == ("eve", "read", False)
        assert reader.namespaces == {"eve", "lab"}
        assert members.owners(db, "lab") == ["eve"]
        assert people.keepers_of(db, "lab") == ["ada", "eve"]
        [token] = people.tokens(db, "eve")
    with durable.write() as db:
        people.revoke_tokens(db, [token.digest], at=LATER)
        members.remove_member(db, "lab", "eve")
        assert not people.is_claimed(db, "lab")
    with durable.read() as db:
        assert people.find_reader(db, TOKEN) is None
    with pytest.raises(ConflictError, match="in use"), durable.write() as db:
        people.add_token(db, TOKEN, account_name="eve", created=AT)


def test_names_lead_on_until_another_takes_them(durable: Database) -> None:
    with durable.write() as db:
        record = repos.repo_by_id(db, "id-m")
        assert record is not None
        assert repos.rename_repo(db, record, namespace="eve", name="n") == []
    with durable.read() as db:
        for name in ("ada/m", "ADA/M", "eve/n", "Eve/N"):
            found = repos.repo_answering(db, "model", name)
            assert found is not None
            assert found.full_name == "eve/n"
        assert repos.names_of(db, "id-m") == ["ada/m", "eve/n"]
        assert [repo.id for repo in repos.find_repos(db, "model", ["eve/n", "ada/m"])] == ["id-m"]
    with durable.write() as db:
        assert repos.add_repo(db, model_named("M")) == ["id-m"]
        repos.mark_deleted(db, "id-M", by="ada", at=LATER)
    with durable.read() as db:
        assert repos.repo_answering(db, "model", "ada/m") is None
        assert repos.names_of(db, "id-m") == ["eve/n"]
    with pytest.raises(ForbiddenError), durable.write() as db:
        repos.add_repo(db, replace(model_named("m"), id="id-3"))
    with durable.write() as db:
        repos.add_repo(db, replace(model_named("m"), id="id-3"), by_admin=True)


def test_discussions_are_numbered_and_what_happened_is_told(durable: Database) -> None:
    with durable.write() as db:
        for number in (1, 2, 3):
            made = discussions.add_discussion(
                db,
                "id-m",
                is_pull=number != 2,
                title=f"t{number}\0",
                description="",
                author="eve",
                status="opening" if number == 3 else "open",
                created=AT,
            )
            assert made.number == number
        facts = {"kind": "comment", "actor": "eve", "at": AT}
        ids = [discussions.add_event(db, "id-m", 1, **facts, text=word) for word in "abc"]
        events = discussions.events_of(db, "id-m", 1)
        assert [event.id for event in events] == sorted(ids)
        assert [event.text for event in events] == ["a", "b", "c"]
        for event in events:
            assert notifications.is_waiting(db, "ada", "said", event) is (event is not events[0])
            notifications.add_notification(db, "ada", "said", event)
    with durable.read() as db:
        assert [pull.number for pull in discussions.pulls_opening(db, "id-m")] == [3]
        assert [pull.number for pull in discussions.pulls_numbered(db, "id-m", range(9))] == [1, 3]
        assert [pull.number for pull in discussions.pulls_with_status(db, "id-m", {"open"})] == [1]
        wanted = Wanted(author="eve")
        found = discussions.page_of(db, "id-m", wanted, start=0, limit=1)
        assert (discussions.count_of(db, "id-m", wanted), [one.number for one in found]) == (2, [2])
        ada = people.reader_named(db, "ada")
        told = notifications.notifications(db, ada, unread=True, start=0, limit=9)
        assert [row.number for row in told] == [1, 1, 1]
        assert notifications.count_notifications(db, STRANGER, unread=True) == 0
    with durable.write() as db:
        assert notifications.mark_read(db, "ada", [told[0].id, 2**40], None, at=LATER) == 1
        assert notifications.mark_read(db, "ada", [], told[0].id, at=LATER) == 2
        discussions.forget_opening(db, "id-m")
        assert discussions.repos_opening(db) == []


def test_gates_and_large_files_are_counted(durable: Database) -> None:
    with durable.write() as db:
        for status in ("pending", "accepted"):
            access.put_request(db, AccessRequest("id-m", "eve", status, AT, None, ""))
        for number in range(3):
            row = LfsObject("id-m", f"{number}", 2**40, "g", "eve", counted=number > 0, created=AT)
            lfs_objects.add_object(db, row)
            lfs_objects.add_object(db, row)
    with durable.read() as db:
        assert access.requests(db, "id-m", "pending") == []
        assert [one.account for one in access.requests(db, "id-m", "accepted")] == ["eve"]
        assert sorted(lfs_objects.find_objects(db, "id-m", ["0", "2", "x"])) == ["0", "2"]
        assert lfs_objects.counted_bytes(db, "eve") == 2 * 2**40


def test_the_log_counts_on_through_single_pushes_and_many(durable: Database) -> None:
    facts = {"repo_id": "id-m", "ref": "refs/heads/main", "actor": "ada", "received": AT}
    with durable.write() as db:
        first = pushes.add_push(db, **facts, old=ZERO, new="1" * 40, pull=None)
        pushes.settle_push(db, first, FAILED)
        many = [NewPush(**facts, old=ZERO, new="2" * 40, pull=None)] * 600
        assert bulk_rows.add_pushes(db, many) == list(range(2, 602))
        last = pushes.add_push(db, **facts, old=ZERO, new="3" * 40, pull=None, state=PENDING)
        assert last == 602
    with durable.read() as db:
        assert pushes.repos_with_pending(db) == ["id-m"]
        rows = pushes.pushes(db, "id-m", states=(APPLIED, FAILED, PENDING))
        assert [row.id for row in rows] == list(range(1, 603))
        for row in (rows[0], rows[300], rows[-1]):
            told = {"repository": "id-m", **{name: getattr(row, name) for name in FACTS}}
            assert pushes.canonical_form(row.id, told)["digest"] == row.digest


FACTS = ("ref", "old", "new", "actor", "pull", "received")


def test_many_repositories_are_added_at_once(durable: Database) -> None:
    with durable.write() as db:
        bulk_rows.add_namespaces(db, ["ada", "new-2", "New-1"], created=AT)
        records = [model_named(f"b{number}", namespace="New-1") for number in range(700)]
        bulk_rows.add_repos(db, records)
    with durable.read() as db:
        assert len(bulk_rows.used_ids(db, [record.id for record in records])) == 700
        found = repos.repo_answering(db, "model", "new-1/B699")
        assert found == records[-1]
    with pytest.raises(ConflictError), durable.write() as db:
        bulk_rows.add_namespaces(db, ["NEW-2"], created=AT)
    with pytest.raises(ConflictError), durable.write() as db:
        bulk_rows.add_repos(db, [model_named("B0", namespace="New-1")])
