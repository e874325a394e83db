"""A push to a repository that has very much: it costs what it changes, and everything stays true.

$ASSAY_GROWTH_ENTRIES, $ASSAY_GROWTH_PULLS and $ASSAY_GROWTH_REPOSITORIES give the real sizes:
100000, 10000 and 100000.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.hub_process import ROOT

from assay.core.permission import MAIN, STRANGER, Reader
from assay.hub import boards, indexing, people
from assay.hub.open import Hub, open_hub
from assay.hub.push import land_commit
from assay.settings import HubSettings
from assay.storage.database import repos as repo_rows
from assay.storage.database.repos import RepoRecord
from assay.storage.git import Identity, RefUpdate, open_quarantine

ENTRIES = int(os.environ.get("ASSAY_GROWTH_ENTRIES", "1200"))
PULLS = int(os.environ.get("ASSAY_GROWTH_PULLS", "150"))
REPOSITORIES = int(os.environ.get("ASSAY_GROWTH_REPOSITORIES", "300"))
OTHERS = 20
NEW = ".eval_results/one-more.yaml"


@contextmanager
def made(folder: Path, *options: str) -> Iterator[Hub]:
    argv = [sys.executable, "benchmarks/make_hub.py", str(folder), "--index", *options]
    subprocess.run(argv, check=True, cwd=ROOT, capture_output=True)
    with closing(open_hub(HubSettings(data=folder))) as hub:
        yield hub


def largest(hub: Hub) -> tuple[RepoRecord, Reader]:
    root = people.reader_of(hub, "root-token-0123456789")
    with hub.durable.read() as db:
        models = [one for one in repo_rows.all_repos(db) if one.type == "model"]
    return min(models, key=lambda one: one.name), root


def push_one(hub: Hub, value: str) -> None:
    record, root = largest(hub)
    git = hub.git.open(record.id)
    old = git.head(MAIN)
    assert old is not None
    text = f"- dataset: {{id: lab-000/benchmark-000, task_id: task-002}}\n  value: {value}\n"
    author = Identity("Ada", "ada@example.org", 1_700_000_000)
    with hub.git.lock(record.id), open_quarantine(git.path) as quarantine:
        made_ = quarantine.commit(
            parent=old, changes={NEW: text.encode()}, message="A\n", author=author
        )
        land_commit(hub, record, root, RefUpdate(MAIN, old, made_), quarantine)


def expect_rebuilt(hub: Hub) -> None:
    kept = list(indexing.dump(hub))
    indexing.rebuild(hub, workers=1)
    assert list(indexing.dump(hub)) == kept


def test_one_more_entry_of_very_many_reads_no_other_file(tmp_path: Path) -> None:
    shape = ("--shape", "one-big-model", "--models", str(OTHERS), "--claims", str(ENTRIES))
    with made(tmp_path / "data", *shape) as hub:
        record, _ = largest(hub)
        push_one(hub, "60")
        expect_rebuilt(hub)
        # Nothing but the new file is parsed for the next push.
        before = len(hub.parsed)
        push_one(hub, "61")
        assert len(hub.parsed) == before + 1
        row = next(one for one in indexing.status(hub) if one.name == record.full_name)
        assert (row.pushes_behind, row.fault) == (0, "")
        expect_rebuilt(hub)


def test_one_more_push_beside_very_many_pull_requests(tmp_path: Path) -> None:
    shape = ("--shape", "many-pulls", "--pulls", str(PULLS), "--claims", str(PULLS))
    with made(tmp_path / "data", *shape) as hub:
        push_one(hub, "60")
        board = boards.board(hub, STRANGER, "lab-000/benchmark-000", "task-002")
        assert len(board.rows) <= 100
        expect_rebuilt(hub)


def test_a_sweep_of_very_many_repositories_finds_the_one_that_moved(tmp_path: Path) -> None:
    shape = ("--models", str(REPOSITORIES), "--claims", str(REPOSITORIES), "--pulls", "3")
    with made(tmp_path / "data", *shape) as hub:
        indexing.sweep(hub)
        before = list(indexing.dump(hub))
        indexing.sweep(hub)
        assert list(indexing.dump(hub)) == before
        with closing(open_hub(HubSettings(data=tmp_path / "data", checks=False))) as other:
            push_one(other, "60")  # it landed, and nobody has indexed it
        assert list(indexing.dump(hub)) == before
        indexing.sweep(hub)
        assert len(list(indexing.dump(hub))) > len(before)
        expect_rebuilt(hub)
