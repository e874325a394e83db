"""A push whose git process dies before its turn has come."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from tests.hub_process import Work

from assay.core.permission import Reader
from assay.hub import indexing, people, repos
from assay.hub.git_push import GitPush
from assay.hub.open import Hub, open_hub
from assay.settings import HubSettings
from assay.storage.database import pushes as push_rows
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO, RefUpdate


def open_with_model(folder: Path) -> tuple[Hub, Reader, RepoRecord]:
    hub = open_hub(HubSettings(data=folder / "data"))
    indexing.ensure(hub)
    ada = people.reader_of(hub, people.add_account(hub, "ada"))
    return hub, ada, repos.create(hub, ada, "model", "ada/m")


def test_a_push_that_git_gave_up_leaves_the_repository_free(tmp_path: Path) -> None:
    hub, ada, record = open_with_model(tmp_path)
    work = Work.new(tmp_path / "work")
    commit = work.commit({"README.md": "x"})
    quarantine = hub.git.path(record.id) / "objects" / "tmp_objdir-test"
    (work.folder / ".git" / "objects").rename(quarantine)

    push = GitPush(hub, record, lambda: ada)
    update = RefUpdate("refs/heads/main", ZERO, commit)
    verdicts = []
    judging = threading.Thread(
        target=lambda: verdicts.append(push.judge((update,), quarantine, ()))
    )
    with hub.git.lock(record.id):  # another push is under way
        judging.start()
        while not push._judging:  # noqa: SLF001 - only this tells that it waits for the lock
            time.sleep(0.01)
        push.finish()  # must neither wait for the lock nor leave it to nobody
    judging.join(10)
    assert [verdict.ok for verdict in verdicts] == [True]
    with hub.git.lock(record.id), hub.durable.read() as db:
        assert [row.state for row in push_rows.pushes(db, record.id, states=("failed",))] == [
            "failed"
        ]
    hub.close()


def test_a_hook_that_asks_after_git_ended_is_refused(tmp_path: Path) -> None:
    hub, ada, record = open_with_model(tmp_path)
    push = GitPush(hub, record, lambda: ada)
    push.finish()
    verdict = push.judge((), hub.git.path(record.id) / "objects" / "x", ())
    assert (verdict.ok, verdict.lines) == (False, ("git ended before its push was judged",))
    hub.close()
