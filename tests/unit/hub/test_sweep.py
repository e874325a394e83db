"""What a start finds on disk: refs that moved behind the hub's back, and what a crash left."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hub_process import Work, entry

from assay.core.permission import Reader
from assay.hub import indexing, people, repos
from assay.hub.indexing import sweeping
from assay.hub.open import Hub, open_hub
from assay.hub.settling import LeftBehind, mend
from assay.settings import HubSettings
from assay.storage.database import pushes as push_rows
from assay.storage.database.catching_up import read_looks
from assay.storage.database.pushes import APPLIED, FAILED, Push
from assay.storage.git import ZERO, RefUpdate, update_refs

MAIN, SIDE = "refs/heads/main", "refs/heads/side"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    opened = open_hub(HubSettings(data=tmp_path / "data"))
    indexing.ensure(opened)
    people.add_account(opened, "ada", token="ada-token-0123456789")
    yield opened
    opened.close()


def ada(hub: Hub) -> Reader:
    return people.reader_of(hub, "ada-token-0123456789")


def new_model(hub: Hub, name: str) -> str:
    return repos.create(hub, ada(hub), "model", f"ada/{name}").id


def bring(hub: Hub, repo_id: str, folder: Path) -> str:
    """A commit in a repository that no ref names yet."""
    work = Work.new(folder)
    commit = work.commit({"README.md": folder.name})
    path = hub.git.path(repo_id)
    work.git("push", str(path), "main:refs/assay/kept/new")
    return commit


def log_of(hub: Hub, repo_id: str) -> list[Push]:
    with hub.durable.read() as db:
        return push_rows.pushes(db, repo_id, states=(APPLIED, FAILED))


def test_refs_that_moved_by_themselves_are_written_down_once(hub: Hub, tmp_path: Path) -> None:
    moved, untouched = new_model(hub, "moved"), new_model(hub, "untouched")
    commit = bring(hub, moved, tmp_path / "work")
    path = hub.git.path(moved)
    update_refs(path, [RefUpdate(MAIN, ZERO, commit), RefUpdate(SIDE, ZERO, commit)])
    indexing.sweep(hub)
    update_refs(path, [RefUpdate(SIDE, commit, ZERO)])
    indexing.sweep(hub)
    indexing.sweep(hub)
    told = [(push.ref, push.old, push.new, push.actor) for push in log_of(hub, moved)]
    assert told == [
        (MAIN, ZERO, commit, None),
        (SIDE, ZERO, commit, None),
        (SIDE, commit, ZERO, None),
    ]
    assert log_of(hub, untouched) == []


def test_a_pull_request_that_nobody_opened_says_nothing(hub: Hub, tmp_path: Path) -> None:
    model = new_model(hub, "made-by-hand")
    work = Work.new(tmp_path / "work")
    path = hub.git.path(model)
    work.commit({"README.md": "x"})
    work.git("push", str(path), "main:refs/heads/main")
    work.commit({".eval_results/a.yaml": entry("60")})
    work.git("push", str(path), "main:refs/pr/7")
    indexing.sweep(hub)
    assert {push.ref for push in log_of(hub, model)} == {MAIN, "refs/pr/7"}
    assert not any(table == "claim" for table, _ in indexing.dump(hub))


@pytest.mark.parametrize("lands", [True, False])
def test_a_pending_row_is_settled_by_where_its_ref_is(
    hub: Hub, tmp_path: Path, *, lands: bool
) -> None:
    model = new_model(hub, "cut-short")
    commit = bring(hub, model, tmp_path / "work")
    with hub.durable.write() as db:
        facts = {"repo_id": model, "ref": MAIN, "old": ZERO, "new": commit}
        push_rows.add_push(db, **facts, actor="ada", pull=None, received=hub.now())
    if lands:
        update_refs(hub.git.path(model), [RefUpdate(MAIN, ZERO, commit)])
    indexing.sweep(hub)
    assert [push.state for push in log_of(hub, model)] == [APPLIED if lands else FAILED]


def test_locks_that_a_crash_left_are_removed(hub: Hub) -> None:
    path = hub.git.path(new_model(hub, "locked"))
    left = [path / "packed-refs.lock", path / "refs" / "heads" / "deep" / "main.lock"]
    for lock in left:
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    indexing.sweep(hub)
    assert [lock.exists() for lock in left] == [False, False]
    assert (path / "assay.lock").exists()


def test_what_did_not_move_is_not_looked_into(hub: Hub, tmp_path: Path) -> None:
    """A later start finds every folder as it was: refs loose, packed, or none at all."""
    names = ("empty", "loose", "packed")
    ids = {name: new_model(hub, name) for name in names}
    for name in names[1:]:
        commit = bring(hub, ids[name], tmp_path / name)
        update_refs(hub.git.path(ids[name]), [RefUpdate(MAIN, ZERO, commit)])
    Work(tmp_path / "packed").git("-C", str(hub.git.path(ids["packed"])), "pack-refs", "--all")
    (hub.git.path(ids["packed"]) / "refs" / "heads").rmdir()
    indexing.sweep(hub)  # which leaves its lock files
    past = time.time() - 60
    for repo_id in ids.values():
        for folder in (".", "refs/heads", "refs/pr", "objects"):
            if (hub.git.path(repo_id) / folder).exists():
                os.utime(hub.git.path(repo_id) / folder, (past, past))
    indexing.sweep(hub)
    with hub.index.read() as db:
        assert all(read_looks(db)[repo_id] for repo_id in ids.values())
    before = {repo_id: hub.git.look(repo_id) for repo_id in ids.values()}
    indexing.sweep(hub)
    assert {repo_id: hub.git.look(repo_id) for repo_id in ids.values()} == before
    update_refs(hub.git.path(ids["packed"]), [RefUpdate(SIDE, ZERO, commit)])
    assert hub.git.look(ids["packed"]) != before[ids["packed"]]


def test_a_sweep_that_is_cut_short_goes_on_where_it_was(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [new_model(hub, name) for name in "abc"]
    indexing.sweep(hub)  # which leaves its lock files
    past = time.time() - 60
    for repo_id in ids:
        for folder in (".", "refs/heads", "refs/pr", "objects"):
            if (hub.git.path(repo_id) / folder).exists():
                os.utime(hub.git.path(repo_id) / folder, (past, past))
    mended: list[str] = []

    def dies_at_the_third(of: Hub, repo_id: str, left: LeftBehind) -> None:
        if len(mended) == 2:
            raise KeyboardInterrupt
        mended.append(repo_id)
        mend(of, repo_id, left)

    monkeypatch.setattr(sweeping, "PORTION", 1)
    monkeypatch.setattr(sweeping, "mend", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        indexing.sweep(hub)
    assert len(mended) == 2
    monkeypatch.setattr(sweeping, "mend", lambda *given: mended.append(given[1]))
    indexing.sweep(hub)
    assert sorted(mended) == sorted(ids)
