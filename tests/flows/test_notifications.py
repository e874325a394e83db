"""Who is told of what: owners of claims, authors of their fate, and nobody of what is hidden."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import httpx
import pytest
from tests.hub_process import HubProcess, Work, assay, entry

RESULT = ".eval_results/quiz.yaml"
NUMBERS = itertools.count()


@pytest.fixture
def model(hub: HubProcess) -> str:
    """A new model of ada's; nobody has anything unread."""
    for name in ("ada", "eve", "bench"):
        mark(hub, name, until=2**53)
    name = f"told-{next(NUMBERS)}"
    hub.create("ada", name)
    return f"ada/{name}"


def mark(hub: HubProcess, account: str, **body: Any) -> int:
    answer = hub.request("POST", "/api/v1/notifications/read", as_=account, json=body)
    assert answer.status_code == 200, answer.text
    marked: int = answer.json()["marked"]
    return marked


def told(hub: HubProcess, account: str) -> list[tuple[str, str, int, str]]:
    """What an account has not read, oldest first: kind, repository, number, actor."""
    page = hub.get("/api/v1/notifications?unread=true", as_=account)
    assert page["count"] == page["unread"] == len(page["notifications"])
    return [
        (row["kind"], row["repo"], row["number"], row["actor"])
        for row in page["notifications"][::-1]
    ]


def set_private(hub: HubProcess, model: str, *, private: bool) -> None:
    body = {"visibility": "private" if private else "public"}
    answer = hub.request("PUT", f"/api/models/{model}/settings", as_="ada", json=body)
    assert answer.status_code == 200, answer.text


def post(hub: HubProcess, account: str, model: str, path: str, body: Any = None) -> None:
    url = f"/api/models/{model}/discussions{path}"
    answer = hub.request("POST", url, as_=account, json=body or {})
    assert answer.status_code == 200, answer.text


def propose(hub: HubProcess, account: str, model: str, path: str, content: str) -> int:
    file = {"path": path, "content": base64.b64encode(content.encode()).decode()}
    lines = [
        {"key": "header", "value": {"summary": "Mine", "description": "seen"}},
        {"key": "file", "value": {**file, "encoding": "base64"}},
    ]
    answer = httpx.post(
        f"{hub.url}/api/models/{model}/commit/main?create_pr=1",
        content="\n".join(json.dumps(line) for line in lines),
        headers={"Authorization": f"Bearer {hub.token(account)}"},
    )
    assert answer.status_code == 200, answer.text
    return int(answer.json()["pullRequestUrl"].rpartition("/")[2])


def test_an_owner_is_told_of_claims_and_an_author_of_their_fate(
    hub: HubProcess, model: str
) -> None:
    number = propose(hub, "eve", model, RESULT, entry("55"))
    assert told(hub, "ada") == [("claim", model, number, "eve")]
    assert told(hub, "eve") == []
    post(hub, "ada", model, f"/{number}/comment", {"comment": "how?"})
    post(hub, "bench", model, f"/{number}/comment", {"comment": "same here"})
    post(hub, "ada", model, f"/{number}/status", {"status": "closed", "comment": "no"})
    post(hub, "ada", model, f"/{number}/status", {"status": "open"})
    post(hub, "ada", model, f"/{number}/merge")
    assert told(hub, "eve") == [
        ("comment", model, number, "ada"),
        ("comment", model, number, "bench"),
        ("closed", model, number, "ada"),
        ("reopened", model, number, "ada"),
        ("merged", model, number, "ada"),
    ]
    assert told(hub, "ada")[1:] == [("comment", model, number, "bench")]
    assert told(hub, "bench") == []


def test_a_draft_is_told_when_it_opens_and_once_when_it_claims(
    hub: HubProcess, work: Work, model: str
) -> None:
    work.commit({"README.md": "x"})
    assert work.push(hub.remote("ada", model)).returncode == 0
    post(hub, "eve", model, "", {"title": "A draft", "pullRequest": True})
    assert told(hub, "ada") == [("opened", model, 1, "eve")]
    work.commit({"notes.md": "x"})
    assert work.push(hub.remote("eve", model), "main:refs/pr/1").returncode == 0
    assert told(hub, "ada")[1:] == []
    for value in ("55", "56"):
        work.commit({RESULT: entry(value)})
        assert work.push(hub.remote("eve", model), "main:refs/pr/1").returncode == 0
    assert told(hub, "ada")[1:] == [("claim", model, 1, "eve")]
    assert mark(hub, "ada", until=2**53) == 2
    work.commit({RESULT: entry("57")})
    assert work.push(hub.remote("eve", model), "main:refs/pr/1").returncode == 0
    assert told(hub, "ada") == [("claim", model, 1, "eve")]
    assert work.push(hub.remote("ada", model)).returncode == 0, "a merge by git"
    assert told(hub, "eve") == [("merged", model, 1, "ada")]


def test_discussions_tell_too_and_nobody_is_told_what_she_did(hub: HubProcess, model: str) -> None:
    post(hub, "ada", model, "", {"title": "My own", "description": "words"})
    post(hub, "eve", model, "", {"title": "Why?", "description": "words"})
    post(hub, "eve", model, "/2/title", {"title": "Why then?"})
    post(hub, "eve", model, "/2/status", {"status": "closed"})
    assert told(hub, "ada") == [("opened", model, 2, "eve")]
    assert told(hub, "eve") == []
    [row] = hub.get("/api/v1/notifications?unread=true", as_="ada")["notifications"]
    assert (row["title"], row["is_pull"], row["type"], row["read"]) == (
        "Why then?",
        False,
        "model",
        None,
    )


def test_what_is_read_is_marked_and_only_ones_own(hub: HubProcess, model: str) -> None:
    for _ in range(3):
        post(hub, "eve", model, "", {"title": "One"})
    rows = hub.get("/api/v1/notifications", as_="ada")["notifications"]
    ids = [row["id"] for row in rows[:3]]
    assert mark(hub, "eve", ids=ids) == 0
    assert mark(hub, "ada", ids=ids[:1]) == 1
    assert mark(hub, "ada", ids=ids[:1]) == 0
    assert len(told(hub, "ada")) == 2
    assert mark(hub, "ada", until=ids[0]) == 2
    assert told(hub, "ada") == []
    page = hub.get("/api/v1/notifications", as_="ada")
    assert page["unread"] == 0
    assert page["notifications"][0]["read"].endswith("Z")


def test_what_makes_no_sense_is_refused(hub: HubProcess) -> None:
    path = "/api/v1/notifications"
    assert hub.request("GET", path).status_code == 401
    assert hub.request("POST", f"{path}/read", json={"ids": [1]}).status_code == 401
    bodies: list[Any] = [{}, {"ids": []}, {"ids": ["x"]}, {"ids": [10**30]}, {"all": True}]
    for body in bodies:
        answer = hub.request("POST", f"{path}/read", as_="ada", json=body)
        assert answer.status_code == 400, body
    for query in ("p=x", "unread=maybe"):
        assert hub.request("GET", f"{path}?{query}", as_="ada").status_code == 400, query


def test_a_repository_that_became_private_tells_strangers_nothing(
    hub: HubProcess, model: str
) -> None:
    post(hub, "eve", model, "", {"title": "A question"})
    post(hub, "ada", model, "/1/comment", {"comment": "an answer"})
    assert told(hub, "eve") == [("comment", model, 1, "ada")]
    set_private(hub, model, private=True)
    post(hub, "ada", model, "/1/comment", {"comment": "said in private"})
    page = hub.get("/api/v1/notifications", as_="eve")
    assert model not in str(page)
    assert page["count"] == len(page["notifications"])
    set_private(hub, model, private=False)
    assert told(hub, "eve") == [("comment", model, 1, "ada")], "told what happened in private"


def test_owners_of_an_organisation_are_told(hub: HubProcess, model: str) -> None:
    del model
    assay("org", "add", "lab", "--owner", "bench", data=hub.data)
    hub.create("bench", "lab/shared")
    post(hub, "eve", "lab/shared", "", {"title": "A question"})
    assert told(hub, "bench") == [("opened", "lab/shared", 1, "eve")]


def test_the_page_asks_who_is_there_and_tells_her(hub: HubProcess, model: str) -> None:
    number = propose(hub, "eve", model, RESULT, entry("41"))
    html = {"Accept": "text/html"}
    stranger = httpx.get(f"{hub.url}/notifications", headers=html)
    assert (stranger.status_code, stranger.headers["WWW-Authenticate"]) == (
        401,
        'Basic realm="assay"',
    )
    assert "WWW-Authenticate" not in httpx.get(f"{hub.url}/a/b/c/d", headers=html).headers
    as_ada = ("ada", hub.token("ada"))
    page = httpx.get(f"{hub.url}/notifications", headers=html, auth=as_ada)
    assert page.status_code == 200
    assert f"/{model}/discussions/{number}" in page.text
    assert "no-store" in page.headers["Cache-Control"]
    wrong = httpx.get(f"{hub.url}/", headers=html, auth=("ada", "a-token-that-is-gone-0123"))
    assert (wrong.status_code, "WWW-Authenticate" in wrong.headers) == (401, True)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1"])
def test_a_page_of_another_site_changes_nothing(hub: HubProcess, model: str, origin: str) -> None:
    """Browsers add the reader's password to whatever a page sends; they also say whose page."""
    propose(hub, "eve", model, RESULT, entry("41"))
    as_ada = ("ada", hub.token("ada"))
    newest = hub.request("GET", "/api/v1/notifications", as_="ada").json()["notifications"][0]
    form = {"until": str(newest["id"])}
    url = f"{hub.url}/notifications/read"
    refused = httpx.post(url, data=form, auth=as_ada, headers={"Origin": origin})
    assert (refused.status_code, refused.headers["X-Error-Code"]) == (403, "forbidden")
    unread = "/api/v1/notifications?unread=true"
    assert hub.request("GET", unread, as_="ada").json()["unread"] > 0
    done = httpx.post(url, data=form, auth=as_ada, headers={"Origin": hub.url})
    assert (done.status_code, done.headers["Location"]) == (303, "/notifications")
    assert hub.request("GET", unread, as_="ada").json()["unread"] == 0
    assert httpx.post(url, data={"until": "x"}, auth=as_ada).status_code == 400
