"""The API of LFS: by the public client without xet, by git-lfs, and by people who mean no good."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, lfs
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import RepoFile
from tests.hub_process import ENVIRONMENT, HubProcess, Work

from assay.core.signed_link import find_grant

NUMBERS = itertools.count()
CONTENT = bytes(range(256)) * 5_000
PART = 500_000
QUOTA = 20_000_000


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub with small limits: parts of half a megabyte, 20 MB for people who may not write."""
    served = HubProcess(tmp_path_factory.mktemp("hub") / "data")
    for name in ("ada", "eve"):
        served.add(name)
    limits = (f"part_bytes={PART}", f"quota_bytes={QUOTA}", "blob_bytes=3000000")
    served.start(*(word for limit in limits for word in ("--limit", limit)))
    try:
        yield served
    finally:
        served.stop()


@pytest.fixture
def model(hub: HubProcess) -> str:
    name = f"lfs-{next(NUMBERS)}"
    hub.create("ada", name)
    return f"ada/{name}"


def oid_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def batch(
    hub: HubProcess,
    path: str,
    operation: str,
    content: bytes,
    *,
    as_: str | None = "ada",
    **more: object,
) -> httpx.Response:
    body = {"operation": operation, "objects": [{"oid": oid_of(content), "size": len(content)}]}
    return hub.request("POST", f"/{path}/info/lfs/objects/batch", as_=as_, json=body | more)


def actions(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    [item] = answer.json()["objects"]
    found: dict[str, Any] = item["actions"]
    return found


def fresh() -> bytes:
    return CONTENT + str(next(NUMBERS)).encode()


@pytest.mark.parametrize("kind", ["model", "dataset"])
@pytest.mark.parametrize("suffix", ["", ".git"])
def test_basic_upload_and_download(hub: HubProcess, kind: str, suffix: str) -> None:
    name = f"basic-{next(NUMBERS)}"
    hub.create("ada", name, kind, private=True)
    path = f"{'datasets/' if kind == 'dataset' else ''}ada/{name}{suffix}"
    content = fresh()
    links = actions(batch(hub, path, "upload", content))
    assert httpx.put(links["upload"]["href"], content=content).status_code == 200
    asked = {"oid": oid_of(content), "size": len(content)}
    assert httpx.post(links["verify"]["href"], json=asked).status_code == 200
    [item] = batch(hub, path, "upload", content).json()["objects"]
    assert "actions" not in item  # it is there
    link = actions(batch(hub, path, "download", content))["download"]["href"]
    assert httpx.get(link).content == content
    assert batch(hub, path, "download", content, as_="eve").status_code == 404
    assert batch(hub, path, "download", content, as_=None).status_code == 401


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # of the client's own code
def test_a_client_without_xet_sends_what_the_hub_asks_for(
    hub: HubProcess, model: str, tmp_path: Path
) -> None:
    """In parts where the file is larger than one: the client's own code for it, and its commit."""
    client = HfApi(endpoint=hub.url, token=hub.token("ada"))
    for content in (fresh()[:PART], fresh()):
        operation = CommitOperationAdd(f"{len(content)}.dat", content)
        [action], errors, transfer = lfs.post_lfs_batch_info(
            [operation.upload_info], hub.token("ada"), "model", model, "main", hub.url
        )
        assert (errors, transfer) == ([], "multipart" if len(content) > PART else "basic")
        lfs.lfs_upload(operation, action, hub.token("ada"), endpoint=hub.url)
        file = {"path": operation.path_in_repo, "oid": oid_of(content), "size": len(content)}
        lines = [{"key": "header", "value": {}}, {"key": "lfsFile", "value": file}]
        answer = httpx.post(
            f"{hub.url}/api/models/{model}/commit/main",
            content="\n".join(json.dumps(line) for line in lines),
            headers={"Authorization": f"Bearer {hub.token('ada')}"},
        )
        assert answer.status_code == 200, answer.text
        path = client.hf_hub_download(model, operation.path_in_repo, cache_dir=tmp_path)
        assert Path(path).read_bytes() == content


def test_other_bytes_are_refused(hub: HubProcess, model: str) -> None:
    content = fresh()
    upload = actions(batch(hub, model, "upload", content))["upload"]["href"]
    for other in (content[:-1], content[:-1] + b"!", content + b"!", b""):
        answer = httpx.put(upload, content=other)
        assert answer.status_code == 400, len(other)
        assert "bytes" in answer.json()["message"]
    assert batch(hub, model, "download", content).json()["objects"][0]["error"]["code"] == 404
    parts = actions(batch(hub, model, "upload", content, transfers=["basic", "multipart"]))
    done = httpx.post(parts["upload"]["href"], json={"oid": oid_of(content), "parts": []})
    assert (done.status_code, "parts" in done.text) == (400, True)
    assert not list((hub.data / "blobs" / "new").iterdir())


def test_a_link_is_good_for_one_thing_only(hub: HubProcess, model: str) -> None:
    content, other = fresh(), fresh()
    hub.create("ada", f"{model[4:]}-private", private=True)
    private = f"{model}-private"
    for sent in (content, other):
        links = actions(batch(hub, private, "upload", sent))
        assert httpx.put(links["upload"]["href"], content=sent).status_code == 200
    link = actions(batch(hub, private, "download", content))["download"]["href"]
    assert httpx.get(link).status_code == 200
    spoilt = [
        link.replace(oid_of(content), oid_of(other)),
        link.replace(private, model),
        link.replace("signature=", "signature=0"),
        link.replace("expires=", "expires=9"),
        link.replace(f"size={len(content)}", "size=5"),
        link.partition("?")[0],
    ]
    for bad in spoilt:
        assert httpx.get(bad).status_code in {403, 404}, bad
        assert httpx.get(bad).headers["X-Error-Code"]
        if private in bad:
            assert httpx.get(bad).status_code == 404, bad
    assert httpx.put(link, content=content).status_code == 404
    assert (hub.data / "secret").stat().st_mode & 0o777 == 0o600
    pointer = actions(batch(hub, model, "upload", content))
    assert pointer["upload"], "what another repository has must be sent again"


def repo_id(hub: HubProcess, model: str) -> str:
    """What a repository is called on the disk."""
    for config in hub.data.glob("repos/??/*.git/config"):
        if f"name = model {model}\n" in config.read_text():
            return config.parent.stem
    raise AssertionError(f"no folder of {model}")


@pytest.mark.parametrize(("left_s", "status"), [(60, 200), (-1, 403)])
def test_a_link_is_good_for_a_while(hub: HubProcess, model: str, left_s: int, status: int) -> None:
    """The same link, given by this hub, with its time still to come and over."""
    content = fresh()
    link = actions(batch(hub, model, "upload", content))["upload"]["href"]
    address, _, query = link.partition("?")
    grant = find_grant("upload", repo_id(hub, model), oid_of(content), 0, dict(parse_qsl(query)))
    assert grant is not None
    secret = (hub.data / "secret").read_bytes()
    assert grant.is_signed(secret, dict(parse_qsl(query))["signature"])
    timed = replace(grant, expires_s=int(time.time()) + left_s)
    answer = httpx.put(f"{address}?{urlencode(timed.query(secret))}", content=content)
    assert answer.status_code == status
    if status != 200:
        assert "expired" in answer.json()["error"]
        again = batch(hub, model, "upload", content)
        assert "upload" in actions(again), "nothing was kept"


def test_people_who_may_not_write_have_a_quota(hub: HubProcess, model: str) -> None:
    content = fresh()
    assert batch(hub, model, "upload", content, as_=None).status_code == 401
    links = actions(batch(hub, model, "upload", content, as_="eve"))
    assert httpx.put(links["upload"]["href"], content=content).status_code == 200
    body = {"operation": "upload", "objects": [{"oid": "0" * 64, "size": QUOTA}]}
    path = f"/{model}.git/info/lfs/objects/batch"
    answer = hub.request("POST", path, as_="eve", json=body)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (403, "quota-exceeded")
    assert hub.request("POST", path, as_="ada", json=body).status_code == 200
    client = HfApi(endpoint=hub.url, token=hub.token("eve"))
    with pytest.raises(HfHubHTTPError, match="may bring"):
        client.upload_file(
            path_or_fileobj=bytes(QUOTA),
            path_in_repo="x.dat",
            repo_id=model,
            create_pr=True,
        )
    with httpx.Client() as web:
        assert web.get(f"{hub.url}/api/models/{model}/discussions").json()["count"] == 0


def test_bad_batches_say_so(hub: HubProcess, model: str) -> None:
    path = f"/{model}.git/info/lfs/objects/batch"
    good = {"oid": "0" * 64, "size": 1}
    for body in (
        {"operation": "delete", "objects": [good]},
        {"operation": "upload", "objects": [{"oid": "../../etc/passwd", "size": 1}]},
        {"operation": "upload", "objects": [{"oid": "0" * 64, "size": -1}]},
        {"operation": "upload", "objects": [good] * 2000},
        {"operation": "upload", "objects": [good], "hash_algo": "md5"},
    ):
        answer = hub.request("POST", path, as_="ada", json=body)
        assert answer.status_code == 400, body
        assert answer.json()["message"]
    huge = {"operation": "upload", "objects": [{"oid": "0" * 64, "size": 10**15}]}
    [item] = hub.request("POST", path, as_="ada", json=huge).json()["objects"]
    assert item["error"]["code"] == 422
    assert hub.request("POST", f"/{model}.git/info/lfs/locks/verify", as_="ada").status_code == 404


# git


def test_a_pointer_to_nothing_is_refused(hub: HubProcess, model: str, work: Work) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'1' * 64}\nsize 12\n"
    work.commit({"deep/in/w.dat": pointer})
    work.commit({"README.md": "later"})
    pushed = work.push(hub.remote("ada", model))
    assert pushed.returncode == 1
    assert "deep/in/w.dat: an LFS pointer to a file that this repository does not" in pushed.stderr
    assert "git lfs push --all" in pushed.stderr


def test_a_file_too_large_for_git_is_refused(hub: HubProcess, model: str, work: Work) -> None:
    work.commit({"big.dat": bytes(3_000_001)})
    work.commit({"big.dat": None, "README.md": "taken out again, and still in the history"})
    pushed = work.push(hub.remote("ada", model))
    assert pushed.returncode == 1
    assert "in an earlier commit: 3000001 bytes are too many for git" in pushed.stderr
    assert "git lfs track" in pushed.stderr


needs_git_lfs = pytest.mark.skipif(
    shutil.which("git-lfs") is None and not os.environ.get("CI"),  # there it fails
    reason="git-lfs is not on PATH; Debian: apt-get install git-lfs",
)


def git(folder: Path, *words: str) -> str:
    """git with git-lfs set up as `git lfs install` does it, and no other configuration."""
    argv = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    filters = {
        "clean": "git-lfs clean -- %f",
        "smudge": "git-lfs smudge -- %f",
        "process": "git-lfs filter-process",
        "required": "true",
    }
    for name, value in filters.items():
        argv += ["-c", f"filter.lfs.{name}={value}"]
    done = subprocess.run(
        [*argv, *words],
        cwd=folder,
        env={**ENVIRONMENT, "HOME": str(folder), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_git_lfs
@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_git_lfs_both_ways(hub: HubProcess, tmp_path: Path, kind: str) -> None:
    name = f"both-{next(NUMBERS)}"
    hub.create("ada", name, kind, private=True)
    remote = hub.remote("ada", f"{'datasets/' if kind == 'dataset' else ''}ada/{name}")
    content = fresh()
    mine = tmp_path / "mine"
    mine.mkdir()
    git(mine, "init", "--quiet", "--initial-branch=main")
    git(mine, "lfs", "install", "--local")
    git(mine, "lfs", "track", "*.dat")
    (mine / "w.dat").write_bytes(content)
    git(mine, "add", "--all")
    git(mine, "commit", "--quiet", "-m", "large")
    git(mine, "remote", "add", "origin", remote)
    git(mine, "push", "origin", "main")
    client = HfApi(endpoint=hub.url, token=hub.token("ada"))
    [found] = client.get_paths_info(f"ada/{name}", ["w.dat"], repo_type=kind)
    assert isinstance(found, RepoFile)
    assert found.lfs is not None
    assert found.lfs.sha256 == oid_of(content)
    operations = [CommitOperationAdd("odd [1] name.blob", bytes(6_000_000))]
    operations += [CommitOperationAdd("small.zip", b"PK"), CommitOperationAdd("x.txt", b"x")]
    client.create_commit(f"ada/{name}", operations, commit_message="by the API", repo_type=kind)
    git(tmp_path, "clone", "--quiet", remote, "theirs")
    theirs = tmp_path / "theirs"
    assert (theirs / "w.dat").read_bytes() == content
    assert (theirs / "odd [1] name.blob").read_bytes() == bytes(6_000_000)
    for file in theirs.iterdir():
        if file.is_file():
            file.touch()
    assert git(theirs, "status", "--short") == ""


@needs_git_lfs
def test_a_stranger_pushes_a_large_file_to_her_pull_request(
    hub: HubProcess, model: str, tmp_path: Path
) -> None:
    HfApi(endpoint=hub.url, token=hub.token("ada")).upload_file(
        path_or_fileobj=b"---\nlicense: mit\n---\n", path_in_repo="README.md", repo_id=model
    )
    body = {"title": "Weights", "description": "mine", "pullRequest": True}
    path = f"/api/models/{model}/discussions"
    number = hub.request("POST", path, as_="eve", json=body).json()["num"]
    git(tmp_path, "clone", "--quiet", hub.remote("eve", model), "work")
    work, content = tmp_path / "work", fresh()
    git(work, "lfs", "install", "--local")
    (work / "w.bin").write_bytes(content)
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "-m", "weights")
    git(work, "push", "origin", f"HEAD:refs/pr/{number}")
    answer = httpx.get(f"{hub.url}/{model}/resolve/refs%2Fpr%2F{number}/w.bin")
    assert answer.content == content


# memory

PEAK_MARGIN = 60_000_000
HUGE = 200_000_000
SEND = """
import sys
from huggingface_hub import HfApi
HfApi().upload_file(path_or_fileobj=sys.argv[1], path_in_repo="huge.dat", repo_id=sys.argv[2])
"""


def peak_bytes(hub: HubProcess) -> int:
    """The most memory the server has had so far."""
    assert hub.process is not None
    for line in Path(f"/proc/{hub.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="VmHWM is Linux's")
def test_memory_stays_flat_while_a_huge_file_passes(
    hub: HubProcess, model: str, tmp_path: Path
) -> None:
    huge = tmp_path / "huge"
    huge.write_bytes(CONTENT * (HUGE // len(CONTENT) + 1))
    HfApi(endpoint=hub.url, token=hub.token("ada")).upload_file(
        path_or_fileobj=fresh() * 5, path_in_repo="warm.dat", repo_id=model
    )
    before = peak_bytes(hub)
    argv = [sys.executable, "-c", SEND, str(huge), model]
    more = {"HF_ENDPOINT": hub.url, "HF_TOKEN": hub.token("ada"), "HOME": str(tmp_path)}
    subprocess.run(argv, env={**ENVIRONMENT, **more}, check=True, capture_output=True)
    digest = hashlib.sha256()
    with httpx.stream("GET", f"{hub.url}/{model}/resolve/main/huge.dat") as answer:
        for chunk in answer.iter_bytes():
            digest.update(chunk)
    with huge.open("rb") as file:
        assert digest.hexdigest() == hashlib.file_digest(file, "sha256").hexdigest()
    assert peak_bytes(hub) - before < PEAK_MARGIN
