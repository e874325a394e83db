"""Rulings as people make them: the command, the JSON API, and what everybody then reads."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from tests.hub_process import HubProcess, Work, entry


@pytest.fixture(scope="module")
def claim_id(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of ada's claim about her model, on bench's benchmark."""
    return claimed(hub, Work.new(tmp_path_factory.mktemp("work") / "m"), "m")


def claimed(hub: HubProcess, work: Work, name: str, *, private: bool = False) -> str:
    hub.create("ada", name, private=private)
    work.commit({".eval_results/quiz.yaml": entry("60")})
    assert work.push(hub.remote("ada", f"ada/{name}")).returncode == 0
    [task] = hub.get(f"/api/v1/models/ada/{name}", as_="ada")["tasks"]
    return str(task["claims"][0]["claim_id"])


def rule(hub: HubProcess, account: str | None, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN_PATH": os.devnull}
    environment.pop("HF_TOKEN", None)
    if account is not None:
        environment["HF_TOKEN"] = hub.token(account)
    argv = [sys.executable, "-m", "assay", "rule", *words]
    return subprocess.run(argv, env=environment, check=False, capture_output=True, text=True)


def test_a_claim_is_disputed_and_ruled_upon_by_command(hub: HubProcess, claim_id: str) -> None:
    page = f"{hub.url}/claims/{claim_id}"
    assert "Nobody disputes it" in hub.request("GET", f"/claims/{claim_id}").text
    words = ("--reason", "in the training data", "--evidence", "https://x.example/why")
    said = rule(hub, "eve", page, "disputed", *words)
    assert (said.returncode, said.stdout) == (0, "60 for ada/m: disputed\n"), said.stderr
    [row] = hub.get("/api/v1/boards/bench/quiz/main")["rows"]
    assert row["badges"] == ["author", "disputed"]
    html = hub.request("GET", f"/claims/{claim_id}").text
    assert "in the training data" in html
    assert 'href="https://x.example/why"' in html
    refused = rule(hub, "ada", claim_id, "upheld", "--reason", "it is right")
    assert refused.returncode == 1
    assert "but for those who write ada/m" in refused.stderr
    assert rule(hub, "bench", claim_id, "upheld", "--reason", "it is not").returncode == 0
    ruled = hub.get(f"/api/v1/claims/{claim_id}")["rulings"][-1]
    taken = rule(hub, "bench", claim_id, "withdrawn", "--about", str(ruled["id"]), "--reason", "hm")
    assert taken.stdout == "60 for ada/m: disputed\n"
    assert "withdrawn" in hub.request("GET", f"/claims/{claim_id}").text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nothing", "upheld", "--reason", "x"), "is no claim: expected an id"),
        (
            ("http://elsewhere.example/claims/" + "0" * 64, "upheld", "--reason", "x"),
            "if you trust",
        ),
        (("0" * 64, "upheld", "--reason", "x"), "there is no claim 00"),
        (("0" * 64, "right", "--reason", "x"), "'right' is not one of"),
        (("0" * 64, "upheld"), "Missing option '--reason'"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(
    hub: HubProcess, words: tuple[str, ...], says: str
) -> None:
    done = rule(hub, "eve", *words)
    assert done.returncode != 0
    assert says in done.stderr


def test_a_command_without_a_token_says_how_to_get_one(hub: HubProcess, claim_id: str) -> None:
    done = rule(hub, None, claim_id, "disputed", "--reason", "x")
    assert "needs a token" in done.stderr


BODIES: list[tuple[Any, int, str]] = [
    ({"ruling": "right", "reason": "x"}, 400, "ruling=right is not known; expected disputed"),
    ({"reason": "x"}, 400, "missing required field `ruling`"),
    ({"ruling": "disputed"}, 400, "no reason is given"),
    ({"ruling": "disputed", "reason": "x", "who": "eve"}, 400, "unknown field `who`"),
    ({"ruling": "disputed", "reason": 5}, 400, "Expected `str`"),
    ({"ruling": "withdrawn", "reason": "x"}, 400, "given with `withdrawn` alone"),
    ({"ruling": "upheld", "reason": "x", "about": 1}, 400, "given with `withdrawn` alone"),
    ({"ruling": "withdrawn", "reason": "x", "about": 10**6}, 404, "no ruling 1000000 stands"),
    ({"ruling": "withdrawn", "reason": "x", "about": -1}, 400, "Expected `int` >= 0"),
    ({"ruling": "upheld", "reason": "x"}, 403, "eve may not rule on this claim"),
]


@pytest.mark.parametrize(("body", "status", "says"), BODIES)
def test_a_body_that_cannot_be_taken_says_why(
    hub: HubProcess, claim_id: str, body: Any, status: int, says: str
) -> None:
    path = f"/api/v1/claims/{claim_id}/rulings"
    answer = hub.request("POST", path, as_="eve", json=body)
    assert (answer.status_code, says in answer.json()["error"]) == (status, True), answer.text
    assert hub.request("POST", path, json=body).status_code in {status, 401}


def test_a_private_claim_is_absent_for_who_may_not_see_it(hub: HubProcess, work: Work) -> None:
    hidden = claimed(hub, work, "secret", private=True)
    body = {"ruling": "disputed", "reason": "x"}
    for claim, account in ((hidden, "eve"), (hidden, "bench"), (hidden, None), ("0" * 64, "eve")):
        answer = hub.request("POST", f"/api/v1/claims/{claim}/rulings", as_=account, json=body)
        assert answer.status_code == 404
        assert "secret" not in answer.text
        assert answer.headers["X-Error-Code"] == "NotFound" or answer.json()["code"] == "not-found"
    mine = hub.request("POST", f"/api/v1/claims/{hidden}/rulings", as_="ada", json=body)
    assert mine.status_code == 200
    assert hub.get(f"/api/v1/claims/{hidden}", as_="ada")["claim"]["ruling"] == "disputed"
