"""Both stores, both kinds: the same promises."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from tests.postgres import Postgres, rows_in

from assay.errors import ConflictError, InvalidError, UnavailableError
from assay.storage.database import people, pushes, repos
from assay.storage.database.durable_store import load_copy, need_empty, open_durable, save_copy
from assay.storage.database.durable_tables import metadata, push
from assay.storage.database.engine import Connection, Database
from assay.storage.database.index_store import IndexStore, open_index
from assay.storage.database.index_tables import repo_tag
from assay.storage.database.repos import RepoRecord

AT = "2026-11-23T10:00:00.000Z"


@pytest.fixture
def durable(tmp_path: Path, url: str | None) -> Iterator[Database]:
    with closing(open_durable(tmp_path, url)) as database:
        yield database


@pytest.fixture
def index(tmp_path: Path, url: str | None) -> Iterator[IndexStore]:
    with closing(open_index(tmp_path, url)) as store:
        store.create()
        yield store


def add_account(db: Connection, name: str) -> None:
    people.add_account(db, name, is_admin=False, created=AT)


def accounts(db: Connection) -> list[str]:
    return [name for name in ("ada", "bob", "eve") if people.has_account(db, name)]


def add_push(db: Connection, **facts: Any) -> int:
    usual: dict[str, Any] = {"repo_id": "r", "ref": "refs/heads/main", "old": "0", "new": "1"}
    return pushes.add_push(db, **{**usual, "actor": "ada", "pull": None, "received": AT, **facts})


# durable


def test_a_read_is_a_snapshot(durable: Database) -> None:
    with durable.write() as db:
        add_account(db, "ada")
    with durable.read() as before:
        assert accounts(before) == ["ada"]
        with durable.write() as db:
            add_account(db, "bob")
        assert accounts(before) == ["ada"]
        with durable.read() as after:
            assert accounts(after) == ["ada", "bob"]


def test_what_raises_leaves_nothing_and_no_gap_in_the_log(durable: Database) -> None:
    def fails() -> None:
        with durable.write() as db:
            add_push(db)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with durable.write() as db:
        assert [add_push(db), add_push(db)] == [1, 2]
    with durable.read() as db:
        assert [row.id for row in pushes.pushes(db, "r", states=("pending",))] == [1, 2]


def test_a_writer_waits_for_its_turn_before_it_looks(durable: Database) -> None:
    """Of many who look whether a name is free, in any case, one takes it."""
    start = threading.Barrier(8)

    def take(name: str) -> bool:
        start.wait()
        try:
            with durable.write() as db:
                add_account(db, name)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        took = list(pool.map(take, ["ada", "Ada", "ADA", "aDa"] * 2))
    assert sum(took) == 1


def test_two_openers_take_turns_too(tmp_path: Path, durable: Database, url: str | None) -> None:
    """As two processes would: neither loses what the other counts."""
    with closing(open_durable(tmp_path, url)) as other, ThreadPoolExecutor(8) as pool:

        def add(number: int) -> int:
            with (other if number % 2 else durable).write() as db:
                return add_push(db, new=str(number))

        assert sorted(pool.map(add, range(60))) == list(range(1, 61))


def test_names_are_told_apart_and_sorted_by_their_bytes(durable: Database) -> None:
    names = ["b", "a-b", "ab", "Z", "_", "a.b"]
    with durable.write() as db:
        add_account(db, "ada")
        for name in names:
            repos.add_repo(db, model_named(name))
        for name in ("B", "AB", "z"):
            with pytest.raises(ConflictError):
                repos.add_repo(db, model_named(name))
    with durable.read() as db:
        told = [repo.id.removeprefix("id-") for repo in repos.all_repos(db)]
        found = repos.repo_answering(db, "model", "ADA/z")
    assert told == sorted(names)
    assert found is not None
    assert found.name == "Z"


def model_named(name: str) -> RepoRecord:
    return RepoRecord(
        f"id-{name}", "model", "ada", name, private=False, created=AT, created_by="ada"
    )


def test_the_log_is_the_same_bytes_whatever_it_is_told(durable: Database) -> None:
    with durable.write() as db:
        add_push(db, ref="refs/heads/\u00e9\u2028", actor="a\0b")
    with durable.read() as db:
        [row] = pushes.pushes(db, "r", states=("pending",))
    assert row.canonical == (
        '{"actor":"a\\u0000b","id":1,"new":"1","old":"0","pull":null,'
        f'"received":"{AT}","ref":"refs/heads/\u00e9\u2028","repository":"r"}}'
    )
    assert row.digest == hashlib.sha256(row.canonical.encode()).hexdigest()


def test_numbers_beyond_32_bits_are_numbers(durable: Database) -> None:
    with durable.write() as db:
        db.execute(sa.insert(push).values(**a_row(2**40)))
    with durable.read() as db:
        assert pushes.find_push(db, 2**40).pull == 2**40


def a_row(number: int) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(push.c.keys(), "x")
    return {**row, "id": number, "pull": number}


def test_an_older_assay_leaves_a_newer_store_alone(
    tmp_path: Path, durable: Database, url: str | None
) -> None:
    with durable.write() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConflictError, match="newer Assay"):
        open_durable(tmp_path, url)


def test_a_copy_has_every_row_and_new_ones_count_on(
    tmp_path: Path, durable: Database, postgres: Postgres
) -> None:
    """From either kind to a file, and from there to either kind."""
    with durable.write() as db:
        for name in ("ada", "bob"):
            add_account(db, name)
        for _ in range(3):
            add_push(db)
    for kind in (None, postgres.new_database()):
        folder, other = tmp_path / f"copy-{kind is None}", tmp_path / f"other-{kind is None}"
        folder.mkdir()
        other.mkdir()
        save_copy(durable, folder)
        with closing(open_durable(other, kind)) as target:
            need_empty(target)
            load_copy(folder, target)
            assert all_rows(target) == all_rows(durable)
            with pytest.raises(ConflictError, match="holds a hub already"):
                need_empty(target)
            with target.write() as db:
                assert add_push(db) == 4


def all_rows(database: Database) -> list[list[tuple[Any, ...]]]:
    with database.read() as db:
        return [
            sorted(tuple(row) for row in db.execute(sa.select(t))) for t in metadata.sorted_tables
        ]


# index


def tags(index: IndexStore) -> list[str]:
    with index.read() as db:
        return list(db.execute(sa.select(repo_tag.c.tag).order_by(repo_tag.c.tag)).scalars())


def add_tag(index: IndexStore, tag: str) -> None:
    with index.write() as db:
        db.execute(sa.insert(repo_tag).values(tag=tag, repo_id="00"))


def test_an_index_is_empty_then_current(tmp_path: Path, url: str | None) -> None:
    with closing(open_index(tmp_path, url)) as index:
        assert (index.is_empty(), index.is_current()) == (True, False)
        index.create()
        assert (index.is_empty(), index.is_current()) == (False, True)
        index.create()
        index.need_answer()


def test_every_commit_of_anybody_changes_the_generation(
    tmp_path: Path, index: IndexStore, url: str | None
) -> None:
    with closing(open_index(tmp_path, url)) as other:
        seen = [index.generation()]
        assert index.generation() == seen[0]
        for store in (index, other, other, index):
            add_tag(store, f"tag-{len(seen)}")
            seen.append(index.generation())
        with index.building() as built:
            assert index.generation() == seen[-1]
            with index.exclusive():
                index.replace_with(built)
        seen.append(index.generation())
    assert len(set(seen)) == len(seen)


def test_a_built_index_serves_after_the_swap_and_readers_keep_theirs(
    tmp_path: Path, index: IndexStore, url: str | None
) -> None:
    add_tag(index, "old")
    with closing(open_index(tmp_path, url)) as other, ThreadPoolExecutor(1) as pool:
        with other.read() as before, index.building() as built:
            add_tag(built, "new")
            add_tag(index, "meanwhile")
            assert tags(index) == ["meanwhile", "old"]
            with index.exclusive():
                late = pool.submit(add_tag, other, "late")
                index.replace_with(built)
            late.result(30)
            assert tags(index) == ["late", "new"]
            query = sa.select(repo_tag.c.tag).order_by(repo_tag.c.tag)
            assert list(before.execute(query).scalars()) in (["old"], ["meanwhile", "old"])
        assert tags(other) == ["late", "new"]


def test_a_rebuild_that_breaks_off_changes_nothing(index: IndexStore) -> None:
    def breaks(tag: str) -> None:
        with index.building() as built:
            add_tag(built, tag)
            raise RuntimeError

    add_tag(index, "old")
    for tag in ("half", "other half"):
        with pytest.raises(RuntimeError):
            breaks(tag)
    assert tags(index) == ["old"]


def test_one_rebuild_at_a_time(tmp_path: Path, index: IndexStore, url: str | None) -> None:
    with (
        closing(open_index(tmp_path, url)) as other,
        index.building(),
        pytest.raises(ConflictError, match="another process is building"),
        other.building(),
    ):
        raise AssertionError


def test_text_with_nul_breaks_nothing_and_sorts_by_bytes(index: IndexStore) -> None:
    for tag in ("b", "B", "a-b", "ab", "nul\0", "\u00e9", "Z"):
        add_tag(index, tag)
    assert [tag for tag in tags(index) if not tag.startswith("nul")] == sorted(
        ("b", "B", "a-b", "ab", "\u00e9", "Z")
    )


# PostgreSQL alone


def test_the_migrated_schema_is_what_the_tables_say(tmp_path: Path, postgres: Postgres) -> None:
    url = postgres.new_database()
    open_durable(tmp_path, url).close()
    migrated = describe(url, "assay_hub")
    with closing(open_durable(tmp_path, url)) as database, database.write() as db:
        db.exec_driver_sql("CREATE SCHEMA made")
        db.exec_driver_sql("SET LOCAL search_path = made")
        metadata.create_all(db, checkfirst=False)
    made = describe(url, "made")
    assert len(made) > 60
    assert migrated == made
    plain = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'assay_hub' "
    plain += "AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
    assert rows_in(url, plain) == [(0,)]


def describe(url: str, schema: str) -> list[tuple[Any, ...]]:
    """Columns, indexes and constraints of a schema, without names that the server made up."""
    columns = """SELECT table_name, column_name, data_type, is_nullable, collation_name
        FROM information_schema.columns
        WHERE table_schema = %s AND table_name != 'alembic_version'"""
    indexes = """SELECT tablename,
        regexp_replace(indexdef, 'INDEX [a-z_0-9]+_(pkey|key) ', 'INDEX ')
        FROM pg_indexes WHERE schemaname = %s AND tablename != 'alembic_version'"""
    constraints = """SELECT c.relname, pg_get_constraintdef(k.oid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE k.connamespace = %s::regnamespace AND c.relname != 'alembic_version'
        AND k.contype != 'n'"""
    return sorted(
        tuple(str(value).replace(f"{schema}.", "") for value in row)
        for query in (columns, indexes, constraints)
        for row in rows_in(url, query, schema)
    )


def test_folder_and_database_belong_together(tmp_path: Path, postgres: Postgres) -> None:
    url, other = postgres.new_database(), postgres.new_database()
    ours, theirs, files = (tmp_path / name for name in ("ours", "theirs", "files"))
    for folder in (ours, theirs, files):
        (folder / "repos" / "ab" / "abcd.git").mkdir(parents=True)
    open_durable(ours, url).close()
    open_durable(ours, url).close()
    open_durable(theirs, other).close()
    open_durable(files).close()
    for folder, address, said in (
        (ours, other, "does not belong to the data folder"),
        (theirs, url, "does not belong to the data folder"),
        (tmp_path / "new", url, "does not belong to the data folder"),
        (ours, postgres.new_database(), "does not belong to the data folder"),
        (ours, None, "keeps its databases in PostgreSQL"),
        (files, url, "keeps its databases in the folder"),
    ):
        folder.mkdir(exist_ok=True)
        with pytest.raises(ConflictError, match=said):
            open_durable(folder, address)


@pytest.mark.parametrize(
    ("address", "error", "said"),
    [
        ("mysql://h/d", InvalidError, "of kind 'mysql' cannot keep a hub"),
        ("no address", InvalidError, "cannot be read"),
        ("postgresql://h", InvalidError, "names no database"),
        ("postgresql://u:secret@127.0.0.1:1/d", UnavailableError, "u:\\*\\*\\*@127.0.0.1:1/d"),
    ],
)
def test_a_database_that_is_none_is_named(
    tmp_path: Path, address: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as told:
        open_durable(tmp_path, address)
    assert "secret" not in str(told.value)


def test_a_missing_driver_is_named_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for opening in (open_durable, open_index):
        with pytest.raises(UnavailableError, match="driver psycopg") as told:
            opening(tmp_path, "postgresql://h/d")
        assert told.value.hint == 'pip install "assay[postgres]"'


def test_connections_that_the_server_closed_are_made_again(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.new_database()
    with (
        closing(open_durable(tmp_path, url)) as durable,
        closing(open_index(tmp_path, url)) as index,
    ):
        index.create()
        before = index.generation()
        with durable.write() as db:
            add_account(db, "ada")
        for _ in range(2):
            end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            rows_in(url, end + "WHERE pid <> pg_backend_pid() AND datname = current_database()")
            with durable.read() as db:
                assert accounts(db) == ["ada"]
            with durable.write() as db:
                add_push(db)
            assert index.generation() == before
            assert tags(index) == []


def test_a_fault_within_a_transaction_is_the_databases_own(durable: Database) -> None:
    def fails() -> None:
        with durable.read() as db:
            db.execute(sa.text("SELECT nothing FROM nowhere"))

    with pytest.raises((SQLAlchemyError, UnavailableError)):
        fails()
    durable.need_answer()
