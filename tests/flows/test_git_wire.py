"""git against the hub, as people use it: clone, fetch, push, with and without `.git`."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import httpx
import pytest
from tests.hub_process import HubProcess, Work, entry


@pytest.fixture(scope="module")
def model(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of two commits, and an open pull request of eve's."""
    hub.create("ada", "wired")
    work = Work.new(tmp_path_factory.mktemp("work") / "model")
    work.commit({"README.md": "one"})
    work.commit({"README.md": "two", "weights.bin": os.urandom(300_000)})
    assert work.push(hub.remote("ada", "ada/wired")).returncode == 0
    body = {"title": "Mine", "description": "seen", "pullRequest": True}
    assert hub.request("POST", "/api/models/ada/wired/discussions", as_="eve", json=body).is_success
    work.commit({".eval_results/quiz.yaml": entry("55")})
    assert work.push(hub.remote("eve", "ada/wired"), "main:refs/pr/1").returncode == 0
    return "ada/wired"


@pytest.mark.parametrize("suffix", ["", ".git", "/"])
@pytest.mark.parametrize("protocol", ["0", "2"])
def test_anybody_clones_what_is_public(
    hub: HubProcess, model: str, tmp_path: Path, suffix: str, protocol: str
) -> None:
    at = Work(tmp_path)
    url = f"{hub.url}/{model}{suffix}"
    at.git("-c", f"protocol.version={protocol}", "clone", "--quiet", url, "clone")
    assert (tmp_path / "clone" / "README.md").read_text() == "two"
    at.git("clone", "--quiet", f"{hub.url}/datasets/bench/quiz{suffix}", "quiz")
    assert (tmp_path / "quiz" / "eval.yaml").is_file()


def test_a_clone_may_be_shallow_or_without_files(
    hub: HubProcess, model: str, tmp_path: Path
) -> None:
    at = Work(tmp_path)
    at.git("clone", "--quiet", "--depth=1", f"{hub.url}/{model}", "shallow")
    shallow = Work(tmp_path / "shallow")
    assert shallow.git("rev-list", "--count", "HEAD").stdout.strip() == "1"
    url = f"{hub.url}/{model}"
    at.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", url, "lazy")
    missing = Work(tmp_path / "lazy").git("rev-list", "--objects", "--all", "--missing=print")
    assert "?" in missing.stdout


def test_a_pull_request_can_be_fetched_and_carried_on(
    hub: HubProcess, model: str, work: Work
) -> None:
    work.git("fetch", "--quiet", f"{hub.url}/{model}", "refs/pr/1")
    work.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    assert (work.folder / ".eval_results" / "quiz.yaml").read_text() == entry("55")
    work.commit({".eval_results/quiz.yaml": entry("56")})
    assert work.push(hub.remote("ada", model), "HEAD:refs/pr/1").returncode == 0


def test_a_push_of_megabytes_comes_in_chunks(hub: HubProcess, work: Work) -> None:
    hub.create("ada", "large")
    work.commit({f"{n}.bin": os.urandom(2_000_000) for n in range(10)})
    pushed = work.git(
        "-c", "http.postBuffer=65536", "push", hub.remote("ada", "ada/large.git"), "main"
    )
    assert pushed.returncode == 0
    again = Work.new(work.folder.parent / "again")
    again.git("pull", "--quiet", f"{hub.url}/ada/large", "main")
    assert (again.folder / "9.bin").read_bytes() == (work.folder / "9.bin").read_bytes()


@pytest.mark.parametrize("credentials", ["", "ada:not-a-token-of-this-hub@"])
def test_a_push_needs_a_token_of_this_hub(
    hub: HubProcess, model: str, work: Work, credentials: str
) -> None:
    work.commit({"README.md": "x"})
    url = f"http://{credentials}127.0.0.1:{hub.port}/{model}"
    pushed = work.push(url, "+main:main")
    assert pushed.returncode == 128
    assert "could not read Username" in pushed.stderr or "Authentication failed" in pushed.stderr


def test_a_private_repository_is_cloned_by_its_owner_alone(
    hub: HubProcess, work: Work, tmp_path: Path
) -> None:
    hub.create("ada", "hidden", private=True)
    work.commit({"README.md": "x"})
    assert work.push(hub.remote("ada", "ada/hidden")).returncode == 0
    at = Work(tmp_path)
    at.git("clone", "--quiet", hub.remote("ada", "ada/hidden"), "own")
    for url in (f"{hub.url}/ada/hidden", hub.remote("eve", "ada/hidden")):
        refused = at.git("clone", "--quiet", url, "other", check=False)
        assert refused.returncode == 128
        missing = at.git("clone", "--quiet", url.replace("hidden", "nothing"), "o", check=False)
        assert refused.stderr.replace("hidden", "nothing") == missing.stderr


GARBAGE = {
    "nothing": b"",
    "an end": b"0000",
    "no length": b"zzzz",
    "a length too small": b"0003",
    "a length too large": b"fff0" + b"a" * 50,
    "cut in a line": b"00a5" + b"0" * 40,
    "text": b"GET / HTTP/1.1\r\n\r\n",
    "zeros": b"\0" * 5000,
    "a gzip of nothing": gzip.compress(b""),
    "a command and no pack": b"0067" + b"0" * 40 + b" " + b"1" * 40 + b" refs/heads/main\0\n0000",
}


@pytest.mark.parametrize("name", GARBAGE)
@pytest.mark.parametrize("service", ["git-upload-pack", "git-receive-pack"])
def test_garbage_on_the_wire_changes_nothing(hub: HubProcess, service: str, name: str) -> None:
    before = hub.main("ada", "datasets/bench/quiz")
    answer = httpx.post(
        f"{hub.url}/datasets/bench/quiz/{service}",
        content=GARBAGE[name],
        headers={"Content-Type": f"application/x-{service}-request"},
        auth=("bench", hub.token("bench")),
        timeout=30,
    )
    assert answer.status_code < 500
    assert hub.main("ada", "datasets/bench/quiz") == before
    assert not list(hub.data.glob("repos/??/*.git/objects/tmp_objdir-*"))
