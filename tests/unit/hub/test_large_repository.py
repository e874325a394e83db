"""A model repository with very many results and a long history: read by git, indexed the same."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.story import RECORDS
from tests.unit.hub.claims_hub import Told, claims_hub, entry

from assay.hub import indexing, results
from assay.storage.git import contents, trees
from assay.storage.git.process import run

FOLDER = ".eval_results"
FILES = 2 * contents.MANY_BLOBS
NEVER = sys.maxsize
Dumped = tuple[Told, list[tuple[str, dict[str, Any]]]]
STARTED: list[str] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "subprocess.Popen":
        STARTED.append(str(arguments[1]))


sys.addaudithook(_note)


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dumped]:
    """A hub, and its index as many small pushes made it, one by one."""
    with claims_hub(tmp_path_factory.mktemp("large")) as told:
        large = told.make("ada/large", mirror_of="https://hub.example/ada/large")
        many = {f"{FOLDER}/{at:04}.yaml": entry(at) for at in range(FILES)}
        first = told.land(large, many)
        runs = {f"{FOLDER}/runs/{sha}.json": data for sha, data in RECORDS.items()}
        named = entry(60, f"  source: {{url: https://x.example/runs/{next(iter(RECORDS))}}}\n")
        told.land(large, {f"{FOLDER}/0001.yaml": named})
        told.land(large, runs)
        pull = told.propose(large, {f"{FOLDER}/from-eve.yaml": entry(99)}, by="eve")
        told.land(large, {f"{FOLDER}/0002.yaml": None, f"{FOLDER}/moved.yaml": entry(2)})
        told.land(large, {f"{FOLDER}/0003.yaml": entry("none at all")})
        told.land(large, {f"{FOLDER}/0003.yaml/inside.yaml": b"", f"{FOLDER}/0003.yaml": None})
        told.land(large, {f"{FOLDER}/big.yaml": entry(1) + b"#" * 300_000})
        told.land(large, {f"{FOLDER}/more-from-eve.yaml": entry(98)}, ref=f"refs/pr/{pull}")
        told.land(large, dict.fromkeys(runs))
        told.land(large, {f"{FOLDER}/0002.yaml": entry(2)})
        told.land(large, {f"{FOLDER}/0004.yaml": entry(400)}, on=first)
        told.land(large, many)
        kept = list(indexing.dump(told.hub))
        run(told.hub.git.path(large.id), "repack", "-adq")
        yield told, kept


def rebuild(told: Told) -> None:
    """As if the hub had just been started."""
    indexing.rebuild(replace(told.hub, parsed=results.ParsedFiles()), workers=1)


def test_git_reads_it_and_the_index_is_the_same(dump: Dumped) -> None:
    told, kept = dump
    STARTED.clear()
    rebuild(told)
    assert list(indexing.dump(told.hub)) == kept
    assert [name for name in ("cat-file", "diff-tree") if name in str(STARTED)] == [
        "cat-file",
        "diff-tree",
    ]


def test_pygit2_reads_it_and_the_index_is_the_same(
    dump: Dumped, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, kept = dump
    monkeypatch.setattr(contents, "MANY_BLOBS", NEVER)
    monkeypatch.setattr(trees, "MANY_BYTES", NEVER)
    STARTED.clear()
    rebuild(told)
    assert list(indexing.dump(told.hub)) == kept
    assert not [name for name in ("cat-file", "diff-tree") if name in str(STARTED)]


def test_what_there_is_no_room_for_is_read_again(
    dump: Dumped, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, kept = dump
    monkeypatch.setattr(results, "MOST_AHEAD_BYTES", 100)
    rebuild(told)
    assert list(indexing.dump(told.hub)) == kept
