"""Uploads that end badly: each is told why, and the repository and the disk are as before."""

from __future__ import annotations

import base64
import itertools
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from huggingface_hub import HfApi
from tests.hub_process import HubProcess, Work, assay

NUMBERS = itertools.count()
SIX_MB = bytes(range(256)) * 24_000
HEADER = b'{"key": "header", "value": {"summary": "a commit"}}\n'
REMOVAL = b'{"key": "deletedFile", "value": {"path": "a"}}\n'
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def model(hub: HubProcess) -> str:
    """An empty model of ada's."""
    name = f"bad-uploads-{next(NUMBERS)}"
    hub.create("ada", name)
    return f"ada/{name}"


def file_line(path: str, content: bytes) -> bytes:
    value = {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}
    return json.dumps({"key": "file", "value": value}).encode() + b"\n"


def send(hub: HubProcess, model: str, body: bytes | Iterator[bytes], token: str) -> httpx.Response:
    headers = {**NDJSON, "Authorization": f"Bearer {token}"}
    url = f"{hub.url}/api/models/{model}/commit/main"
    return httpx.post(url, content=body, headers=headers, timeout=60)


def leftovers(hub: HubProcess) -> list[str]:
    """What no finished upload leaves on the disk."""
    waiting = list((hub.data / "blobs" / "new").iterdir())
    return [str(path) for path in [*waiting, *hub.data.glob("repos/??/*.git/objects/tmp_objdir-*")]]


def is_untouched(hub: HubProcess, model: str) -> bool:
    """Nobody has committed, git finds no fault in any repository, and nothing lies about."""
    repositories = list(hub.data.glob("repos/??/*.git"))
    assert repositories
    for repository in repositories:
        argv = ["git", f"--git-dir={repository}", "fsck", "--no-dangling", "--no-progress"]
        checked = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stdout) == (0, ""), checked.stderr
    deadline = time.monotonic() + 20
    while leftovers(hub) and time.monotonic() < deadline:
        time.sleep(0.05)  # who hung up is noticed a moment later
    assert leftovers(hub) == []
    return hub.main("ada", model) is None


BAD_BODIES = {
    "nothing": (b"", "header"),
    "no header": (file_line("a", b"a"), "header"),
    "half a line": (HEADER + file_line("w.dat", SIX_MB)[:-5_000_000], "line 2"),
    "not base64": (HEADER + file_line("a", b"abc").replace(b"YWJj", b"Y?Jj"), "base64"),
    "not JSON": (HEADER + b"path: a\n", "line 2"),
    "an unknown key": (HEADER + b'{"key": "rename", "value": {"path": "a"}}\n', "line 2"),
    "a path twice": (HEADER + file_line("a", b"1") * 2, "twice"),
    "too many operations": (HEADER + REMOVAL * 1_000_000, "20001"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_changes_nothing(hub: HubProcess, model: str, name: str) -> None:
    body, says = BAD_BODIES[name]
    answer = send(hub, model, body, hub.token("ada"))
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "invalid"), answer.text
    assert says in answer.json()["error"]
    assert is_untouched(hub, model)


def test_a_client_that_hangs_up_leaves_nothing(hub: HubProcess, model: str) -> None:
    body = HEADER + file_line("w.dat", SIX_MB)
    head = (
        f"POST /api/models/{model}/commit/main HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {hub.token('ada')}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", hub.port)) as connection:
        connection.sendall(head.encode() + body[:7_000_000])
    assert is_untouched(hub, model)


def test_a_token_revoked_while_a_file_comes_lands_nothing(hub: HubProcess, model: str) -> None:
    made = assay("token", "new", "ada", data=hub.data).stdout.split()
    token = next(word for word in made if len(word) > 20)

    def body() -> Iterator[bytes]:
        line = file_line("w.dat", SIX_MB)
        yield HEADER + line[:4_000_000]
        listed = assay("token", "list", "ada", data=hub.data).stdout.splitlines()
        assay("token", "revoke", listed[-1].split("\t")[0], data=hub.data)
        yield line[4_000_000:]

    answer = send(hub, model, body(), token)
    assert answer.status_code == 401, answer.text
    assert answer.headers["X-Error-Code"]
    assert is_untouched(hub, model)


def test_a_token_revoked_while_git_pushes_lands_nothing(
    hub: HubProcess, model: str, work: Work
) -> None:
    """The command is held back half way by hand: git itself is too quick to be interrupted."""
    made = assay("token", "new", "ada", data=hub.data).stdout.split()
    token = next(word for word in made if len(word) > 20)
    tip = work.commit({"a.txt": "a"})
    argv = ["git", "pack-objects", "--revs", "--stdout", "-q"]
    pack = subprocess.run(
        argv, cwd=work.folder, input=tip.encode(), capture_output=True, check=True
    ).stdout
    line = f"{'0' * 40} {tip} refs/heads/main\0report-status".encode()
    whole = f"{len(line) + 4:04x}".encode() + line + b"0000" + pack

    def body() -> Iterator[bytes]:
        yield whole[:-9]
        listed = assay("token", "list", "ada", data=hub.data).stdout.splitlines()
        assay("token", "revoke", listed[-1].split("\t")[0], data=hub.data)
        yield whole[-9:]

    answer = httpx.post(
        f"{hub.url}/{model}/git-receive-pack",
        content=body(),
        headers={"Content-Type": "application/x-git-receive-pack-request"},
        auth=("ada", token),
        timeout=60,
    )
    assert "refs/heads/main pre-receive hook declined" in answer.text
    assert is_untouched(hub, model)


def test_a_slow_client_keeps_nobody_waiting(hub: HubProcess, model: str) -> None:
    """Half a commit is on its way while another one to the same branch begins and ends."""
    goes_on = threading.Event()

    def body() -> Iterator[bytes]:
        line = file_line("slow.dat", SIX_MB)
        yield HEADER + line[:6_000_000]
        assert goes_on.wait(30)
        yield line[6_000_000:]

    answers: list[httpx.Response] = []
    slow = threading.Thread(
        target=lambda: answers.append(send(hub, model, body(), hub.token("ada")))
    )
    slow.start()
    time.sleep(0.2)
    client = HfApi(endpoint=hub.url, token=hub.token("ada"))
    quick = client.upload_file(path_or_fileobj=b"1", path_in_repo="quick.txt", repo_id=model)
    goes_on.set()
    slow.join(30)
    assert answers[0].status_code == 200, answers[0].text
    files = {"quick.txt", "slow.dat", ".gitattributes"}
    assert set(client.list_repo_files(model)) == files
    assert client.list_repo_commits(model)[1].commit_id == quick.oid
