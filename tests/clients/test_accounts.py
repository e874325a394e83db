"""Accounts, tokens and organisations, as the public hub's own clients meet them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from tests.hub_process import HubProcess, Work, assay, entry

FILE = b"a few words\n"


def api(hub: HubProcess, name: str | None) -> HfApi:
    return HfApi(endpoint=hub.url, token=hub.token(name) if name else False)


def api_of(hub: HubProcess, token: str) -> HfApi:
    return HfApi(endpoint=hub.url, token=token)


def hf(hub: HubProcess, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The `hf` command with a home of its own and no token but what it stores there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment = {**kept, "HF_ENDPOINT": hub.url, "HF_HOME": str(home)}
    argv = [str(Path(sys.executable).with_name("hf")), *words]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


def new_token(hub: HubProcess, name: str, scope: str) -> str:
    return assay("token", "new", name, "--scope", scope, data=hub.data).stdout.strip()


def org(hub: HubProcess, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return assay("org", *words, data=hub.data, check=check)


@pytest.fixture(scope="module")
def lab(hub: HubProcess) -> str:
    """An organisation: ada owns it, eve may write, bench may read."""
    org(hub, "add", "lab", "--owner", "ada")
    org(hub, "member", "lab", "eve", "--role", "write")
    org(hub, "member", "lab", "bench", "--role", "read")
    hub.add("outsider")
    api(hub, "ada").create_repo("lab/secret", private=True)
    return "lab"


def test_whoami_names_organisations_and_what_the_token_may_do(hub: HubProcess, lab: str) -> None:
    who = api(hub, "eve").whoami()
    assert (who["type"], who["name"]) == ("user", "eve")
    assert [(o["name"], o["roleInOrg"]) for o in who["orgs"]] == [(lab, "write")]
    assert who["auth"]["accessToken"]["role"] == "write"
    reading = api_of(hub, new_token(hub, "eve", "read")).whoami()
    assert reading["auth"]["accessToken"]["role"] == "read"


def test_hf_logs_in_with_a_token_and_says_who_it_is(
    hub: HubProcess, lab: str, tmp_path: Path
) -> None:
    login = hf(hub, tmp_path, "auth", "login", "--token", hub.token("ada"))
    assert login.returncode == 0, login.stderr
    assert (tmp_path / "token").read_text() == hub.token("ada")
    who = hf(hub, tmp_path, "auth", "whoami")
    assert "ada" in who.stdout
    assert lab in who.stdout
    made = hf(hub, tmp_path, "repos", "create", "from-the-terminal")
    assert made.returncode == 0, made.stderr
    assert api(hub, None).repo_exists("ada/from-the-terminal")


def test_a_token_that_is_not_ours_is_refused_in_the_words_clients_know(hub: HubProcess) -> None:
    stranger = api_of(hub, "hf_not_a_token_of_this_hub")
    with pytest.raises(HfHubHTTPError, match="Invalid user token") as refused:
        stranger.whoami()
    assert refused.value.response.status_code == 401
    with pytest.raises(HfHubHTTPError) as refused:
        stranger.dataset_info("bench/quiz")
    assert not isinstance(refused.value, RepositoryNotFoundError)
    said = refused.value.response.headers["X-Error-Message"]
    assert said == "Invalid credentials in Authorization header"
    head = hub.request("HEAD", "/datasets/bench/quiz/resolve/main/eval.yaml", as_="nobody")
    assert (head.status_code, head.headers["X-Error-Code"]) == (401, "invalid-credentials")


def test_a_read_token_reads_and_changes_nothing(
    hub: HubProcess, work: Work, tmp_path: Path
) -> None:
    ada = api(hub, "ada")
    ada.create_repo("ada/read-only", private=True)
    ada.upload_file(path_or_fileobj=FILE, path_in_repo="a.txt", repo_id="ada/read-only")
    secret = new_token(hub, "ada", "read")
    reading = api_of(hub, secret)
    path = reading.hf_hub_download("ada/read-only", "a.txt", cache_dir=tmp_path / "cache")
    assert Path(path).read_bytes() == FILE
    reading.auth_check("ada/read-only")
    doors: dict[str, Callable[[], object]] = {
        "create": lambda: reading.create_repo("ada/other"),
        "commit": lambda: reading.upload_file(
            path_or_fileobj=b"b", path_in_repo="b.txt", repo_id="ada/read-only"
        ),
        "propose": lambda: reading.create_pull_request("ada/read-only", title="t"),
        "check": lambda: reading.auth_check("ada/read-only", write=True),
    }
    for name, door in doors.items():
        with pytest.raises(HfHubHTTPError, match="this access token may read") as refused:
            door()
        assert refused.value.response.status_code == 403, name
    remote = f"http://ada:{secret}@127.0.0.1:{hub.port}/ada/read-only"
    assert work.git("ls-remote", remote).stdout
    head = ada.model_info("ada/read-only").sha
    work.commit({"c.txt": "c"})
    assert work.push(remote, "main:other").returncode != 0
    assert ada.model_info("ada/read-only").sha == head


def test_a_revoked_token_stops_at_the_next_request(hub: HubProcess) -> None:
    secret = new_token(hub, "eve", "write")
    one, other = api_of(hub, secret), api(hub, "eve")
    one.create_repo("eve/revoked")
    listed = assay("token", "list", "eve", data=hub.data).stdout.splitlines()
    assert listed[0].split("\t") == ["id", "account", "scope", "made", "revoked"]
    name = one.whoami()["auth"]["accessToken"]["displayName"].removeprefix("token-")
    assert any(line.startswith(f"{name}\teve\twrite\t") for line in listed)
    assert assay("token", "revoke", "zzzz", data=hub.data, check=False).returncode == 1
    assay("token", "revoke", name, data=hub.data)
    with pytest.raises(HfHubHTTPError) as refused:
        one.upload_file(path_or_fileobj=FILE, path_in_repo="a.txt", repo_id="eve/revoked")
    assert refused.value.response.status_code == 401
    assert other.whoami()["name"] == "eve"


MAY = {  # who: (sees the private repository, writes, makes repositories)
    "ada": (True, True, True),
    "eve": (True, True, True),
    "bench": (True, False, False),
    "outsider": (False, False, False),
}


@pytest.mark.parametrize("who", MAY)
def test_roles_decide_in_an_organisation(hub: HubProcess, lab: str, who: str) -> None:
    sees, writes, makes = MAY[who]
    asking = api(hub, who)
    for check, write in ((sees, False), (writes, True)):
        if check:
            asking.auth_check(f"{lab}/secret", write=write)
            continue
        with pytest.raises(HfHubHTTPError) as refused:
            asking.auth_check(f"{lab}/secret", write=write)
        status = refused.value.response.status_code
        assert status == (403 if sees else 404)
        assert isinstance(refused.value, RepositoryNotFoundError) is not sees
    if makes:
        assert asking.create_repo(f"{lab}/of-{who}").repo_id == f"{lab}/of-{who}"
    else:
        with pytest.raises(HfHubHTTPError, match="may not create repositories under"):
            asking.create_repo(f"{lab}/of-{who}")


def test_an_organisation_speaks_as_author_while_somebody_owns_it(
    hub: HubProcess, work: Work
) -> None:
    org(hub, "add", "guild")
    org(hub, "member", "guild", "eve", "--role", "write")
    api(hub, "eve").create_repo("guild/model")
    work.commit({".eval_results/quiz.yaml": entry("31")})
    assert work.push(hub.remote("eve", "guild/model")).returncode == 0

    def reporter() -> str:
        rows = hub.get("/api/v1/boards/bench/quiz/main")["rows"]
        [row] = [row for row in rows if row["model"] == "guild/model"]
        said: str = row["claim"]["reporter"]
        return said

    assert reporter() == "community"
    org(hub, "member", "guild", "ada", "--role", "owner")
    assert reporter() == "author"
    kept = org(hub, "remove", "guild", "ada", check=False)
    assert "last owner" in kept.stderr
    assert reporter() == "author"
    org(hub, "member", "guild", "eve", "--role", "owner")
    org(hub, "remove", "guild", "ada")
    assert org(hub, "list", "guild").stdout.splitlines()[1:] == ["guild\teve\towner"]


@pytest.mark.parametrize("name", ["ADA", "Lab", "api", "a..b"])
def test_names_are_taken_once_whatever_their_case(hub: HubProcess, lab: str, name: str) -> None:
    del lab
    assert org(hub, "add", name, check=False).returncode == 1
    assert assay("user", "add", name, data=hub.data, check=False).returncode == 1
