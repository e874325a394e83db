"""Two hubs that index the same push at the same moment: one result, whatever keeps it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.hub_process import Work, entry

from assay.core.permission import STRANGER
from assay.hub import boards, indexing, models, people, repos
from assay.hub.open import Hub, open_hub
from assay.settings import HubSettings
from assay.storage.database import pushes as push_rows
from assay.storage.database.pushes import APPLIED
from assay.storage.git import ZERO, RefUpdate, update_refs

ROUNDS = 8
MAIN = "refs/heads/main"
TOKEN = "ada-token-0123456789"


@pytest.fixture
def hubs(tmp_path: Path, url: str | None) -> Iterator[list[Hub]]:
    settings = HubSettings(data=tmp_path / "data", database_url=url)
    with closing(open_hub(settings)) as one, closing(open_hub(settings)) as other:
        indexing.sweep(one)
        people.add_account(one, "ada", token=TOKEN)
        yield [one, other]


def dumped(hub: Hub) -> list[tuple[str, dict[str, Any]]]:
    return list(indexing.dump(hub))


def test_of_two_that_sync_one_push_the_result_is_one(hubs: list[Hub], tmp_path: Path) -> None:
    one, other = hubs
    ada = people.reader_of(one, TOKEN)
    ids = [repos.create(one, ada, "model", f"ada/m{n}").id for n in range(2)]
    work = Work.new(tmp_path / "work")
    old = ZERO
    for number in range(ROUNDS):
        text = entry(number) + entry(number, task="other") * (number % 3)
        new = work.commit({".eval_results/quiz.yaml": text, f"n{number}": "x"})
        for repo_id in ids:
            move(one, repo_id, work, old, new)
        start = threading.Barrier(4)

        def sync(hub: Hub, order: int, start: threading.Barrier = start) -> None:
            start.wait()
            for repo_id in ids[::order]:
                indexing.sync(hub, repo_id)

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(sync, hub, order) for hub in hubs for order in (1, -1)]:
                done.result(60)
        for hub in hubs:
            claims = models.model(hub, STRANGER, "ada/m1")
            assert f"'{number}'" in repr(claims)
        old = new
    before = dumped(one)
    assert dumped(other) == before
    assert len(before) > ROUNDS
    indexing.rebuild(other)
    assert dumped(one) == before
    assert boards.home(one, STRANGER) == boards.home(other, STRANGER)


def move(hub: Hub, repo_id: str, work: Work, old: str, new: str) -> None:
    """A push that landed and that nobody has indexed yet."""
    path = hub.git.path(repo_id)
    work.git("push", "--quiet", str(path), f"+{new}:refs/assay/kept/new")
    update_refs(path, [RefUpdate(MAIN, old, new)])
    with hub.durable.write() as db:
        facts = {"repo_id": repo_id, "ref": MAIN, "old": old, "new": new, "actor": "ada"}
        push_rows.add_push(db, **facts, pull=None, received=hub.now(), state=APPLIED)
