"""Every route is walked as a stranger: nothing private may show, by name or by id."""

from __future__ import annotations

import pytest
from tests.hub_process import HubProcess, Work, entry

from assay.core.permission import Reader, may_see
from assay.hub.open import open_hub
from assay.settings import HubSettings
from assay.storage.database import repos as repo_rows
from assay.storage.database.benchmarks import find_repo
from assay.web.app import routes

SECRET = "classified-model"


@pytest.fixture(scope="module")
def secrets(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A private model with a claim; parameters that would reach it on every route."""
    work = Work.new(tmp_path_factory.mktemp("work") / "model")
    hub.create("ada", SECRET, private=True)
    commit = work.commit({".eval_results/quiz.yaml": entry("99.25")})
    assert work.push(hub.remote("ada", f"ada/{SECRET}")).returncode == 0
    board = hub.get("/api/v1/boards/bench/quiz/main", as_="ada")
    [row] = [row for row in board["rows"] if row["model"] == f"ada/{SECRET}"]
    assert row["would_rank"] == 1
    assert row["rank"] is None
    return {
        "ns": "ada",
        "name": SECRET,
        "claim": row["claim"]["claim_id"],
        "rev": commit,
        "number": "1",
        "comment": "1",
        "path": ".eval_results/quiz.yaml",
        "task": "main",
        "sha256": "0" * 64,
        "file": "assay.css",
        "rest": "x",
        "status": "pending",
        "branch": "main",
        "tag": "v1",
    }


def test_no_route_shows_a_stranger_anything_private(
    hub: HubProcess, secrets: dict[str, str]
) -> None:
    elsewhere = {**secrets, "ns": "bench", "name": "quiz", "claim": "0" * 64}
    walked = 0
    for route in routes():
        for params in (secrets, elsewhere):
            path = route.pattern.replace("*}", "}").format(**params)
            for reader in (None, "eve"):
                answer = hub.request(route.method, path, as_=reader, json={})
                assert "99.25" not in answer.text, path
                if SECRET in path:  # the name that was asked for may come back, and nothing else
                    assert answer.status_code in {400, 401, 404}, path
                else:
                    assert SECRET not in answer.text, path
                walked += 1
    assert walked > 100


def test_no_route_gives_gated_files_to_somebody_outside(
    hub: HubProcess, secrets: dict[str, str], work: Work
) -> None:
    """Names and results of a gated repository are everybody's; the bytes of its files are not."""
    hub.create("ada", "gated")
    work.commit({"a.txt": "first\n"})
    assert work.push(hub.remote("ada", "ada/gated")).returncode == 0
    body = {"title": "t", "description": "d", "pullRequest": True}
    opened = hub.request("POST", "/api/models/ada/gated/discussions", as_="ada", json=body)
    assert opened.is_success
    commit = work.commit({"a.txt": "behind-the-gate\n"})
    assert work.push(hub.remote("ada", "ada/gated"), "main:refs/pr/1").returncode == 0
    gated = {"gated": "manual"}
    settings = hub.request("PUT", "/api/models/ada/gated/settings", as_="ada", json=gated)
    assert settings.json() == {"private": False, "gated": "manual"}
    params = {**secrets, "name": "gated", "rev": commit, "path": "a.txt"}
    for route in routes():
        path = route.pattern.replace("*}", "}").format(**params)
        for reader in (None, "eve"):
            answer = hub.request(route.method, f"{path}?diff=1", as_=reader, json={})
            assert b"behind-the-gate" not in answer.content, path
    diff = hub.get("/api/models/ada/gated/discussions/1?diff=1", as_="ada")["diff"]
    assert "behind-the-gate" in diff
    for reader in ("eve", "bench"):
        assert work.git("fetch", hub.remote(reader, "ada/gated"), check=False).returncode != 0


def test_the_query_and_the_rule_agree(hub: HubProcess, secrets: dict[str, str]) -> None:
    del secrets
    opened = open_hub(HubSettings(data=hub.data))
    readers = [
        Reader(),
        Reader("eve", namespaces=frozenset({"eve"})),
        Reader("ada", namespaces=frozenset({"ada"})),
        Reader("wim", writes=frozenset({"ada"})),
        Reader("mo", reads=frozenset({"ada"})),
        Reader("mo", reads=frozenset({"ada"}), scope="read"),
        Reader(None, namespaces=frozenset({"ada"}), is_admin=True),
        Reader("root", is_admin=True),
    ]
    with opened.durable.read() as durable, opened.index.read() as index:
        for record in repo_rows.all_repos(durable):
            for reader in readers:
                row = find_repo(index, reader, record.type, record.namespace, record.name)
                assert (row is not None) == may_see(reader, record)
    opened.close()
