"""Repositories broken on the disk, clocks that go back, and times that nobody has lived."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assay.core.permission import MAIN, STRANGER, Reader
from assay.hub import boards, indexing, people, provenance, repos
from assay.hub.open import Hub, open_hub
from assay.hub.push import land_commit
from assay.settings import HubSettings
from assay.storage.database.repos import RepoRecord
from assay.storage.git import ZERO, Identity, RefUpdate, open_quarantine

SPEC = {"eval.yaml": b"name: Q\nevaluation_framework: mteb\ntasks:\n  - id: main\n"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(tmp_path: Path, clock: Clock) -> Iterator[Hub]:
    opened = open_hub(HubSettings(data=tmp_path / "data"), clock=clock)
    indexing.ensure(opened)
    people.add_account(opened, "ada", token="ada-token-0123456789")
    land(opened, repos.create(opened, ada(opened), "dataset", "ada/quiz"), SPEC)
    yield opened
    opened.close()


def ada(hub: Hub) -> Reader:
    return people.reader_of(hub, "ada-token-0123456789")


def land(
    hub: Hub, record: RepoRecord, files: dict[str, bytes], *, when_s: int = 1_700_000_000
) -> str:
    git = hub.git.open(record.id)
    head = git.head(MAIN)
    author = Identity("Ada", "ada@example.org", when_s)
    with hub.git.lock(record.id), open_quarantine(git.path) as quarantine:
        made = quarantine.commit(parent=head, changes=files, message="A\n", author=author)
        land_commit(hub, record, ada(hub), RefUpdate(MAIN, head or ZERO, made), quarantine)
    return made


def says(value: str) -> dict[str, bytes]:
    text = f"- dataset: {{id: ada/quiz, task_id: main}}\n  value: {value}\n"
    return {".eval_results/quiz.yaml": text.encode()}


def model(hub: Hub, name: str, value: str) -> RepoRecord:
    record = repos.create(hub, ada(hub), "model", f"ada/{name}")
    land(hub, record, says(value))
    return record


def values(hub: Hub) -> dict[str, str]:
    board = boards.board(hub, STRANGER, "ada/quiz")
    return {row.model: row.claim.value_text for row in board.rows}


def faults(hub: Hub) -> dict[str, str]:
    return {row.name: row.fault for row in indexing.status(hub) if row.fault}


def test_a_repository_gone_from_the_disk_is_named_and_the_rest_serves(hub: Hub) -> None:
    lost, kept = model(hub, "lost", "60"), model(hub, "kept", "70")
    away = hub.git.path(lost.id).with_suffix(".away")
    hub.git.path(lost.id).rename(away)
    indexing.sweep(hub)
    land(hub, kept, says("71"))
    assert values(hub) == {"ada/lost": "60", "ada/kept": "71"}
    assert list(faults(hub)) == ["ada/lost"]
    assert str(hub.git.path(lost.id)) in faults(hub)["ada/lost"]
    away.rename(hub.git.path(lost.id))
    indexing.sweep(hub)
    assert faults(hub) == {}


def test_a_broken_object_is_named_until_it_is_mended(hub: Hub) -> None:
    broken, _ = model(hub, "broken", "60"), model(hub, "kept", "70")
    before = list(indexing.dump(hub))
    git = hub.git.open(broken.id)
    head = git.head(MAIN)
    tree = git.tree_oid(head or "", ".eval_results") or ""
    place = hub.git.path(broken.id) / "objects" / tree[:2] / tree[2:]
    saved = place.read_bytes()
    place.chmod(0o644)
    place.write_bytes(b"not zlib")
    indexing.rebuild(hub)  # nothing of it can be derived now, and nothing else suffers
    assert values(hub) == {"ada/kept": "70"}
    assert list(faults(hub)) == ["ada/broken"]
    place.write_bytes(saved)
    indexing.heal(hub)
    assert faults(hub) == {}
    assert list(indexing.dump(hub)) == before


def test_a_missing_object_is_named(hub: Hub) -> None:
    record = model(hub, "missing", "60")
    shutil.rmtree(hub.git.path(record.id) / "objects")
    (hub.git.path(record.id) / "objects").mkdir()
    indexing.rebuild(hub)
    assert list(faults(hub)) == ["ada/missing"]
    assert values(hub) == {}


def test_a_clock_that_goes_back_changes_no_order(hub: Hub, clock: Clock) -> None:
    record = model(hub, "m", "60")
    clock.now = NOW - timedelta(days=400)
    land(hub, record, says("61"))
    clock.now = NOW + timedelta(days=1)
    land(hub, record, says("62"))
    assert values(hub) == {"ada/m": "62"}
    (row,) = boards.board(hub, STRANGER, "ada/quiz").rows
    told = provenance.claim(hub, STRANGER, row.claim.claim_id).versions
    assert [version.value_text for version in told] == ["60", "61", "62"]
    kept = list(indexing.dump(hub))
    indexing.rebuild(hub)
    assert list(indexing.dump(hub)) == kept


@pytest.mark.parametrize("when_s", [0, 1, 4_102_444_799])
def test_a_commit_of_any_time_is_kept_as_git_says(hub: Hub, when_s: int) -> None:
    record = model(hub, "m", "60")
    land(hub, record, says("61"), when_s=when_s)
    (row,) = boards.board(hub, STRANGER, "ada/quiz").rows
    told = provenance.claim(hub, STRANGER, row.claim.claim_id).versions[-1]
    expected = datetime.fromtimestamp(when_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (told.authored, told.committed, told.value_text) == (expected, expected, "61")
    assert told.received.startswith("2026-01-01")
