"""Many repositories at once: the same facts as one at a time, and nothing for whoever may not."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from tests.hub_process import ROOT

from assay.core.permission import MAIN, Reader
from assay.errors import ConflictError, ForbiddenError
from assay.hub import bulk, indexing, people, repos
from assay.hub.bulk import Maker, NewRepository, new_ids
from assay.hub.indexing import sweeping
from assay.hub.open import Hub, open_hub
from assay.hub.push import land_commit
from assay.settings import HubSettings
from assay.storage.database import pushes as push_rows
from assay.storage.database.bulk_rows import NewPush
from assay.storage.database.index_tables import stamp
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO, Identity, Pack, RefUpdate, TreeFiles, open_quarantine

if TYPE_CHECKING:
    from _synthetic import Shape

ADA = Identity("Ada", "ada@example.com", 1_700_000_000)
ROOT_READER = Reader("root", is_admin=True)
TABLES = ("account", "namespace", "token", "repo", "repo_name", "push", "discussion")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    opened = open_hub(HubSettings(data=tmp_path / "data"))
    people.add_account(opened, "root", is_admin=True)
    (tmp_path / "data" / "work").mkdir()
    yield opened
    opened.close()


def repository(hub: Hub, name: str, repo_id: str | None = None) -> NewRepository:
    pack = Pack()
    tip = pack.commit(TreeFiles({"README.md": pack.blob(b"# One\n")}), [], "One\n", ADA)
    namespace, _, last = name.partition("/")
    found = repo_id or new_ids(hub, [name])[name]
    record = RepoRecord(found, "model", namespace, last, False, hub.now(), "root")  # noqa: FBT003
    pushed = NewPush(found, MAIN, ZERO, tip, "root", None, hub.now())
    return NewRepository(record, pack, {MAIN: tip}, [pushed])


def maker(hub: Hub, actor: Reader = ROOT_READER) -> Maker:
    return Maker(hub, actor, hub.settings.data / "work")


def rows(data: Path, table: str, what: str = "*") -> list[Any]:
    with sqlite3.connect(data / "hub.sqlite") as db:
        found = db.execute(f"select {what} from {table}").fetchall()  # noqa: S608
    db.close()
    return sorted(found, key=repr)


def test_a_push_is_logged_as_the_door_logs_it(hub: Hub) -> None:
    making, new = maker(hub), repository(hub, "org/one")
    making.add(new)
    assert hub.git.ids() == []
    making.flush()
    assert hub.git.ids() == list(making.made) == [new.record.id]
    with hub.durable.read() as db:
        [push] = push_rows.pushes(db, new.record.id)
    facts = json.loads(push.canonical)
    assert facts == {
        "id": push.id,
        "repository": new.record.id,
        "ref": MAIN,
        "old": ZERO,
        "new": new.refs[MAIN],
        "actor": "root",
        "pull": None,
        "received": push.received,
    }
    assert push.digest == hashlib.sha256(push.canonical.encode()).hexdigest()
    indexing.sweep(hub)
    with hub.durable.read() as db:
        assert len(push_rows.pushes(db, new.record.id)) == 1  # no ref had moved behind the log


@pytest.mark.parametrize("rebuilt", ["", "again", "because its schema is an earlier one"])
def test_a_start_opens_nothing_that_was_just_made(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, rebuilt: str
) -> None:
    indexing.ensure(hub)
    making = maker(hub)
    for name in ("org/same", "org/pushed"):
        making.add(repository(hub, name))
    past = time.time() - 60
    for folder in (hub.settings.data / "work").rglob("*"):
        os.utime(folder, (past, past))
    making.flush()
    bulk.index(hub, making.made)
    if rebuilt == "again":
        indexing.rebuild(hub)
    elif rebuilt:
        with hub.index.write() as db:
            db.execute(sa.update(stamp).values(schema=stamp.c.schema - 1))
        assert not hub.index.is_current()
    _, pushed = making.made
    (hub.git.path(pushed) / "refs" / "heads").mkdir()
    opened: list[str] = []
    monkeypatch.setattr(sweeping, "mend", lambda *given: opened.append(given[1]))
    indexing.sweep(hub)
    assert opened == [pushed]


def test_the_door_and_bulk_leave_the_same_behind(hub: Hub) -> None:
    indexing.ensure(hub)
    making, new = maker(hub), repository(hub, "org/bulk")
    making.add(new)
    making.flush()
    bulk.index(hub, making.made)
    record = repos.create(hub, ROOT_READER, "model", "org/door")
    with hub.git.lock(record.id), open_quarantine(hub.git.path(record.id)) as quarantine:
        changes = {"README.md": b"# One\n"}
        tip = quarantine.commit(parent=None, changes=changes, message="One\n", author=ADA)
        land_commit(hub, record, ROOT_READER, RefUpdate(MAIN, ZERO, tip), quarantine)
    assert hub.git.open(record.id).refs() == dict(new.refs)

    def said(one: Any, other: Any) -> Any:
        """A row without what is its own: its number, its id, its name, its times."""
        own = {record.id, new.record.id, "door", "bulk", "org/door", "org/bulk"}
        return [
            left
            for left, right in zip(one, other, strict=True)
            if left not in own
            and not (isinstance(left, str) and left.startswith("20"))
            and not (left != right and isinstance(left, int))
        ]

    for table in ("repo", "repo_name", "push"):
        one, other = rows(hub.settings.data, table)
        short = slice(None, -2) if table == "push" else slice(None)  # its digest is of the rest
        assert said(one[short], other[short]) == said(other[short], one[short]), table
    status = {row.name: row for row in indexing.status(hub)}
    door = replace(status["org/door"], name="org/bulk")
    assert door == status["org/bulk"]


def test_what_was_made_in_bulk_takes_pushes_like_any_other(hub: Hub) -> None:
    indexing.ensure(hub)
    making, new = maker(hub), repository(hub, "root/one")
    making.add(new)
    making.flush()
    path, first = hub.git.path(new.record.id), new.refs[MAIN]
    for number, ref in enumerate((MAIN, "refs/heads/idea", "refs/tags/v1")):
        with hub.git.lock(new.record.id), open_quarantine(path) as quarantine:
            changes = {"README.md": f"{number}".encode()}
            tip = quarantine.commit(parent=first, changes=changes, message="More\n", author=ADA)
            old = first if ref == MAIN else ZERO
            land_commit(hub, new.record, ROOT_READER, RefUpdate(ref, old, tip), quarantine)
        assert hub.git.open(new.record.id).head(ref) == tip
    assert hub.git.find_missing(new.record.id) is None
    with hub.durable.read() as db:
        assert len(push_rows.pushes(db, new.record.id)) == 4


def test_nobody_makes_what_is_not_hers_to_make(hub: Hub) -> None:
    making = maker(hub, Reader("eve"))
    with pytest.raises(ForbiddenError, match="eve may not create repositories under 'org'"):
        making.add(repository(hub, "org/one"))
    making.flush()
    assert hub.git.ids() == []


@pytest.mark.parametrize("name", ["org/one", "ORG/two", "org/ONE"])
def test_a_name_that_is_taken_makes_nothing(hub: Hub, name: str) -> None:
    first = maker(hub)
    first.add(repository(hub, "org/one"))
    first.flush()
    second = maker(hub)
    second.add(repository(hub, "other/free"))
    second.add(repository(hub, name, "0" * 24))
    with pytest.raises(ConflictError):
        second.flush()
    assert len(rows(hub.settings.data, "repo")) == 1
    assert second.made == {}


def test_what_lies_where_a_repository_belongs_and_is_none_makes_room(hub: Hub) -> None:
    new = repository(hub, "org/one")
    left = hub.git.path(new.record.id) / "objects"
    left.mkdir(parents=True)
    making = maker(hub)
    making.add(new)
    making.flush()
    assert hub.git.open(new.record.id).head(MAIN) == new.refs[MAIN]


def test_an_id_that_is_used_is_not_given_out_again(hub: Hub) -> None:
    making, new = maker(hub), repository(hub, "org/one")
    making.add(new)
    making.flush()
    again = new_ids(hub, ["org/one", "org/two"])
    assert new.record.id not in again.values()
    assert again == new_ids(hub, ["org/two", "org/one"])


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Shape]:
    """A hub that the generator made, and its shape."""
    if str(ROOT / "benchmarks") not in sys.path:
        sys.path.append(str(ROOT / "benchmarks"))
    from _synthetic import SHAPES  # noqa: PLC0415 - needs the path above
    from make_hub import make_hub  # noqa: PLC0415

    shape = replace(SHAPES["small"], models=60, claims=300, tasks=9, pulls=80, people=5, runs=0.2)
    folder = tmp_path_factory.mktemp("made-up")
    make_hub(folder / "one", shape, index=True)
    make_hub(folder / "same", shape)
    make_hub(folder / "other", replace(shape, seed=2))
    return folder, shape


def refs(data: Path) -> dict[str, dict[str, str]]:
    hub = open_hub(HubSettings(data=data))
    try:
        return {repo_id: hub.git.open(repo_id).refs() for repo_id in hub.git.ids()}
    finally:
        hub.close()


def test_the_same_seed_makes_the_same_hub(made_up: tuple[Path, Shape]) -> None:
    folder, _ = made_up
    for table in (*TABLES, "discussion_event"):
        assert rows(folder / "one", table) == rows(folder / "same", table), table
        if table not in {"account", "namespace", "token"}:
            assert rows(folder / "one", table) != rows(folder / "other", table), table
    assert refs(folder / "one") == refs(folder / "same") != refs(folder / "other")


def test_a_made_up_hub_is_in_order(made_up: tuple[Path, Shape]) -> None:
    folder, shape = made_up
    hub = open_hub(HubSettings(data=folder / "one"))
    try:
        before = [*rows(folder / "one", "push"), *rows(folder / "one", "discussion")]
        assert {hub.git.find_missing(repo_id) for repo_id in hub.git.ids()} == {None}
        dump = list(indexing.dump(hub))
        indexing.sweep(hub)
        indexing.rebuild(hub)
        assert list(indexing.dump(hub)) == dump
        after = [*rows(folder / "one", "push"), *rows(folder / "one", "discussion")]
        assert after == before
        assert sum(row.errors for row in indexing.status(hub)) == 0
    finally:
        hub.close()
    statuses = [status for (status,) in rows(folder / "one", "discussion", "status")]
    assert (len(statuses), set(statuses)) == (shape.pulls, {"open", "closed", "merged"})
    claims = {row["claim_id"] for _, row in dump if "claim_id" in row}
    assert 0.8 * shape.claims <= len(claims) <= 1.2 * shape.claims


def test_shapes_are_what_they_are_called(made_up: tuple[Path, Shape]) -> None:
    assert made_up
    from _synthetic import SHAPES, World  # noqa: PLC0415 - on the path by now

    assert World(SHAPES["one-big-model"]).claims[0] == 100_000
    assert World(SHAPES["many-pulls"]).pulls[0] == 10_000
    million = World(SHAPES["million"])
    assert len(million.claims) == 100_000
    assert sum(million.claims) + million.shape.pulls * 7 // 10 == 1_000_000


def test_bulk_indexes_what_an_earlier_call_left(made_up: tuple[Path, Shape]) -> None:
    folder, _ = made_up
    hub = open_hub(HubSettings(data=folder / "same"))
    try:
        indexing.ensure(hub)
        bulk.index(hub, dict.fromkeys(hub.git.ids()[:3], ""))
        one = open_hub(HubSettings(data=folder / "one"))
        assert list(indexing.dump(hub)) == list(indexing.dump(one))
        one.close()
    finally:
        hub.close()
