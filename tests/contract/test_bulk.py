"""Repositories made in bulk, on either kind of database."""

from __future__ import annotations

from pathlib import Path

from tests.mteb_tables import Tables

from assay.hub import imports, indexing, people
from assay.hub.imports import Counts, Files, Selection
from assay.hub.mirror import actor_for
from assay.hub.open import open_hub
from assay.settings import HubSettings
from assay.storage.database import pushes as push_rows


def test_an_import_is_made_brought_up_to_date_and_left_alone(
    tmp_path: Path, url: str | None
) -> None:
    hub = open_hub(HubSettings(data=tmp_path / "data", database_url=url))
    people.add_account(hub, "root", is_admin=True)
    indexing.ensure(hub)
    actor = actor_for(hub, "mteb-tasks/any", None)
    tables, files = Tables(), Files(tmp_path / "results.parquet", None, tmp_path / "tasks.json")
    tables.add("org/one", "Bank", 0.5)
    tables.write(tmp_path)
    made = imports.import_mteb(hub, actor, files, Selection())
    assert (made.models, made.benchmarks) == (Counts(1, 0, 0, 1), Counts(1, 0, 0, 1))
    tables.add("org/one", "Near", 0.5, "d")
    tables.write(tmp_path)
    assert imports.import_mteb(hub, actor, files, Selection()).models == Counts(0, 1, 0, 1)
    dump = list(indexing.dump(hub))
    assert imports.import_mteb(hub, actor, files, Selection()).models == Counts(0, 0, 1, 0)
    assert list(indexing.dump(hub)) == dump
    with hub.durable.read() as db:
        log = [push for repo_id in hub.git.ids() for push in push_rows.pushes(db, repo_id)]
        assert push_rows.repos_with_pending(db) == []
    assert sorted(push.id for push in log) == [1, 2, 3, 4]
    hub.close()
