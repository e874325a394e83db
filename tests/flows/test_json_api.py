"""What programs rely on: answers as OpenAPI says, validators, errors, files that do nothing."""

from __future__ import annotations

import re
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.hub_process import HubProcess, Work, entry

RECORD = "https://hub.example/runs/" + "0" * 64


@pytest.fixture(scope="module")
def places(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Values for every parameter of every documented path, of a model with a contested claim."""
    work = Work.new(tmp_path_factory.mktemp("work") / "model")
    hub.create("ada", "m")
    source = f"  source:\n    url: {RECORD}\n    name: ada\n  notes: by hand\n"
    work.commit({".eval_results/quiz.yaml": entry("60", more=source), "page.html": "<script>"})
    assert work.push(hub.remote("ada", "ada/m")).returncode == 0
    body = {"title": "Mine", "description": "seen", "pullRequest": True}
    assert hub.request("POST", "/api/models/ada/m/discussions", as_="eve", json=body).is_success
    work.commit({".eval_results/quiz.yaml": entry("55")})
    assert work.push(hub.remote("eve", "ada/m"), "main:refs/pr/1").returncode == 0
    body = {"title": "Why?", "description": "I wonder"}
    path = "/api/datasets/bench/quiz/discussions"
    assert hub.request("POST", path, as_="eve", json=body).is_success
    board = hub.get("/api/v1/boards/bench/quiz/main")
    [claim] = [row["claim"]["claim_id"] for row in board["rows"] if row["model"] == "ada/m"]
    quiz = {"ns": "bench", "name": "quiz", "task": "main"}
    model = {"ns": "ada", "name": "m", "number": "1"}
    return {
        "benchmarks": quiz,
        "boards": quiz,
        "models": model,
        "claims": {"claim": claim},
        "datasets": {**quiz, "number": "1"},
        "notifications": {},
        "unresolved": {},
    }


def test_every_documented_answer_fits_its_schema(
    hub: HubProcess, places: dict[str, dict[str, str]]
) -> None:
    document = hub.get("/api/v1/openapi.json")
    asked = 0
    for pattern, operations in document["paths"].items():
        if pattern.startswith("/api/v1/runs/") or pattern == "/api/v1/openapi.json":
            continue  # a run record needs a run: tests/flows/test_run_command.py has one
        path = pattern.format(**places[pattern.split("/")[3]])
        schema = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        reader = "ada" if "/notifications" in pattern else None
        of_board = ("", "?claims=all", "?policy=latest", "?as_of=2020-01-01")
        for query in of_board if "/boards/" in pattern else ("",):
            answer = hub.get(path + query, as_=reader)
            check(answer, schema, document)
            asked += 1
    assert asked == 19


def check(answer: Any, schema: dict[str, Any], document: dict[str, Any]) -> None:
    """Against the schema, with no field beyond it."""
    whole = {**schema, "components": document["components"]}
    jsonschema.Draft202012Validator(whole).validate(answer)
    known = set(re.findall(r"'(\w+)'", str(document["components"]["schemas"])))
    assert names_in(answer) <= known


def names_in(answer: Any) -> set[str]:
    if isinstance(answer, list):
        return set().union(*map(names_in, answer)) if answer else set()
    if not isinstance(answer, dict):
        return set()
    return set(answer).union(*map(names_in, answer.values()))


def test_an_answer_is_sent_once_and_again_when_it_changed(hub: HubProcess, work: Work) -> None:
    url = f"{hub.url}/api/v1/boards/bench/quiz"
    first = httpx.get(url)
    assert first.headers["cache-control"] == "no-cache"
    again = httpx.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    hub.create("ada", "another")
    work.commit({".eval_results/quiz.yaml": entry("1")})
    assert work.push(hub.remote("ada", "ada/another")).returncode == 0
    changed = httpx.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/models/ada/nothing", 404, "repo-not-found"),
        ("/api/v1/boards/bench/quiz/nothing", 404, "not-found"),
        ("/api/v1/boards/bench/quiz?claims=some", 400, "invalid"),
        ("/api/v1/claims/" + "0" * 64, 404, "not-found"),
        ("/api/v1/models/ada/m/pulls/x", 404, "not-found"),
        ("/api/v1/models/ada/m/pulls/99", 404, "pull-not-found"),
        ("/api/v1/runs/" + "0" * 64, 404, "not-found"),
        ("/api/v1/nothing", 404, "not-found"),
    ],
)
@pytest.mark.usefixtures("places")
def test_an_error_says_what_and_what_to_do(
    hub: HubProcess, path: str, status: int, code: str
) -> None:
    answer = hub.request("GET", path)
    assert answer.status_code == status
    said = answer.json()
    assert set(said) == {"error", "code", "hint"}
    assert said["code"] == code
    assert said["error"]


@pytest.mark.usefixtures("places")
def test_a_file_of_a_repository_can_do_nothing_in_a_browser(hub: HubProcess) -> None:
    answer = hub.request("GET", "/ada/m/resolve/main/page.html", as_="ada")
    assert answer.text == "<script>"
    headers = answer.headers
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"] == "attachment"
    assert headers["content-type"] == "application/octet-stream"


def test_a_strange_host_header_makes_no_link(hub: HubProcess) -> None:
    for path in ("/", "/datasets/bench/quiz", "/api/v1/openapi.json", "/nothing"):
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        answer = httpx.get(hub.url + path, headers={**headers, "Accept": "text/html"})
        assert "evil.example" not in answer.text
