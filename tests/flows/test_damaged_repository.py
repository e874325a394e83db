"""A repository broken on the disk: its own answers say so, and everything else serves."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.hub_process import SPEC, TERMS, HubProcess, Work, entry

ODD = ".eval_results/quiz.yaml"


@pytest.fixture(scope="module")
def broken(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> HubProcess:
    """Models and benchmarks that are whole, and one of each for every way to be broken."""
    for way in ("whole", *WAYS):
        for kind, files in (
            ("model", {"README.md": "# M\n", ODD: entry("60")}),
            ("dataset", {"eval.yaml": SPEC, "assay.yaml": TERMS, "README.md": "# D\n"}),
        ):
            hub.create("ada", f"{kind}-{way}", kind)
            work = Work.new(tmp_path_factory.mktemp(f"{kind}-{way}") / "work")
            work.commit(files)
            place = "" if kind == "model" else "datasets/"
            assert work.push(hub.remote("ada", f"{place}ada/{kind}-{way}")).returncode == 0
            if way != "whole":
                WAYS[way](folder_of(hub, f"{kind}-{way}"), work.head())
    return hub


def folder_of(hub: HubProcess, name: str) -> Path:
    with closing(sqlite3.connect(f"file:{hub.data}/hub.sqlite?mode=ro", uri=True)) as db:
        (repo_id,) = db.execute("select id from repo where name = ?", [name]).fetchone()
    folder: Path = hub.data / "repos" / repo_id[:2] / f"{repo_id}.git"
    return folder


def garble(folder: Path, commit: str) -> None:
    place = folder / "objects" / commit[:2] / commit[2:]
    place.chmod(0o644)
    place.write_bytes(b"not zlib")


def empty(folder: Path, _commit: str) -> None:
    shutil.rmtree(folder / "objects")
    (folder / "objects").mkdir()


WAYS: dict[str, Callable[[Path, str], None]] = {
    "gone": lambda folder, _commit: shutil.rmtree(folder),
    "empty": empty,
    "garbled": garble,
}
PAGES = {
    "model": ("/{0}", "/{0}/tree/main", "/{0}/commits/main", "/{0}/discussions"),
    "dataset": ("/datasets/{0}", "/datasets/{0}/tree/main", "/datasets/{0}/leaderboard"),
}
ROUTES = {
    "model": (
        "/api/models/{0}",
        "/api/models/{0}/tree/main",
        "/api/models/{0}/commits/main",
        "/api/models/{0}/refs",
        "/{0}/resolve/main/README.md",
        "/api/v1/models/{0}",
    ),
    "dataset": (
        "/api/datasets/{0}",
        "/api/datasets/{0}/tree/main",
        "/api/datasets/{0}/refs",
        "/datasets/{0}/resolve/main/eval.yaml",
        "/api/v1/benchmarks/{0}",
        "/api/v1/boards/{0}/main",
    ),
}
# What cannot be answered without git.
NEED_GIT = ("/tree/main", "/commits/main", "/resolve/main/")


@pytest.mark.parametrize("kind", ["model", "dataset"])
@pytest.mark.parametrize("way", WAYS)
def test_what_is_damaged_says_so_itself(broken: HubProcess, kind: str, way: str) -> None:
    name = f"ada/{kind}-{way}"
    said = {}
    for path in (*PAGES[kind], *ROUTES[kind]):
        answer = broken.request("GET", path.format(name))
        whole = broken.request("GET", path.format(f"ada/{kind}-whole"))
        said[path] = answer.status_code
        assert answer.status_code in {whole.status_code, 503}, (path, answer.text)
        if answer.status_code == 503:
            assert answer.headers["X-Error-Code"] == "damaged-repository", path
            assert f"{name} is damaged" in answer.text, path
            assert "assay index status" in answer.text, path
        assert str(broken.data) not in answer.text
        assert "Traceback" not in answer.text
    assert all(said[path] in {404, 503} for path in said if any(end in path for end in NEED_GIT))
    assert 503 in said.values()


def test_all_else_serves_and_status_names_them(broken: HubProcess) -> None:
    for path in ("/", "/api/models", "/api/v1/benchmarks", "/api/v1/boards/bench/quiz/main"):
        assert broken.request("GET", path).status_code == 200, path
    board = broken.get("/api/v1/boards/bench/quiz/main")
    assert {row["model"] for row in board["rows"]} >= {f"ada/model-{way}" for way in WAYS}
    told = broken.assay("index", "status").stdout
    for way in WAYS:
        for kind in ("model", "dataset"):
            (line,) = [line for line in told.splitlines() if f"ada/{kind}-{way}" in line]
            assert len(line) > len(f"ada/{kind}-{way}") + 20, line
