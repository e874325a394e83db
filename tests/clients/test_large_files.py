"""Files of every size, brought and fetched with the public client as people use it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import pytest
from huggingface_hub import (
    CommitInfo,
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
)
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from tests.hub_process import ENVIRONMENT, HubProcess, Work, entry

NUMBERS = itertools.count()
CARD = b"---\nlicense: mit\n---\n# x\n"
SIX_MB = bytes(range(256)) * 24_000
LARGE_OID = hashlib.sha256(SIX_MB).hexdigest()


def git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


def api(hub: HubProcess, account: str) -> HfApi:
    return HfApi(endpoint=hub.url, token=hub.token(account))


@pytest.fixture
def model(hub: HubProcess) -> str:
    name = f"files-{next(NUMBERS)}"
    hub.create("ada", name)
    return f"ada/{name}"


def upload(
    client: HfApi,
    model: str,
    path: str,
    content: bytes,
    *,
    revision: str | None = None,
    create_pr: bool = False,
    parent_commit: str | None = None,
) -> CommitInfo:
    return client.upload_file(
        path_or_fileobj=content,
        path_in_repo=path,
        repo_id=model,
        revision=revision,
        create_pr=create_pr,
        parent_commit=parent_commit,
    )


def file_at(client: HfApi, model: str, path: str, revision: str = "main") -> RepoFile:
    [found] = client.get_paths_info(model, [path], revision=revision)
    assert isinstance(found, RepoFile)
    return found


def test_a_large_file_comes_back_as_it_went(hub: HubProcess, model: str, tmp_path: Path) -> None:
    client = api(hub, "ada")
    upload(client, model, "weights.dat", SIX_MB)
    upload(client, model, "small.txt", b"small\n")
    upload(client, model, "table.npz", b"small too")
    large = file_at(client, model, "weights.dat")
    assert large.size == len(SIX_MB)
    assert large.lfs is not None
    assert (large.lfs.sha256, large.lfs.size) == (LARGE_OID, len(SIX_MB))
    assert large.lfs.pointer_size < 200
    assert file_at(client, model, "small.txt").lfs is None
    assert file_at(client, model, "table.npz").lfs is not None  # as its attributes say
    for revision in ("main", client.model_info(model).sha):
        path = client.hf_hub_download(
            model, "weights.dat", revision=revision, cache_dir=tmp_path / "cache"
        )
        assert Path(path).read_bytes() == SIX_MB
        assert Path(path).resolve().name == LARGE_OID
    folder = Path(client.snapshot_download(model, cache_dir=tmp_path / "other"))
    assert (folder / "weights.dat").read_bytes() == SIX_MB
    assert (folder / "table.npz").read_bytes() == b"small too"
    by_name = {
        sibling.rfilename: sibling
        for sibling in client.model_info(model, files_metadata=True).siblings or []
    }
    assert by_name.keys() == {".gitattributes", "weights.dat", "small.txt", "table.npz"}
    lfs = by_name["weights.dat"].lfs
    assert lfs is not None
    assert (lfs.sha256, lfs.size) == (LARGE_OID, len(SIX_MB))
    assert by_name["small.txt"].lfs is None
    attributes = Path(client.hf_hub_download(model, ".gitattributes", cache_dir=tmp_path / "c"))
    assert "/weights.dat filter=lfs" in attributes.read_text()


def test_what_the_hub_reads_itself_is_never_a_pointer(hub: HubProcess, model: str) -> None:
    client = api(hub, "ada")
    text = b"# x\n" * 2_000_000
    names = ["README.md", "notes/readme.txt", "conf.yaml", ".eval_results/runs.txt"]
    files = [CommitOperationAdd(name, text) for name in names]
    with pytest.warns(UserWarning, match="AS708"):
        client.create_commit(model, files, commit_message="long ones")
    for name in names:
        found = file_at(client, model, name)
        assert (found.lfs, found.size, found.blob_id) == (None, len(text), git_oid(text))
        answer = httpx.get(f"{hub.url}/{model}/resolve/main/{name}", headers={"Range": "bytes=-5"})
        assert (answer.status_code, answer.content) == (206, text[-5:])


def test_sending_the_same_again_makes_no_commit(hub: HubProcess, model: str) -> None:
    client = api(hub, "ada")
    upload(client, model, "weights.dat", SIX_MB)
    before = upload(client, model, "a.txt", b"a\n").oid
    for path, content in (("weights.dat", SIX_MB), ("a.txt", b"a\n")):
        assert upload(client, model, path, content).oid == before
    lines: list[Line] = [
        {"key": "header", "value": {"summary": "again"}},
        {"key": "file", "value": {"content": "a\n", "path": "a.txt", "encoding": "utf-8"}},
    ]
    for count in (1, 2):  # nothing but a header, then a file that is there already
        answer = commit(hub, model, lines[:count])
        assert (answer.status_code, answer.json()["commitOid"]) == (200, before)
    assert client.model_info(model).sha == before


Line = Mapping[str, object]


def commit(
    hub: HubProcess, model: str, lines: Sequence[Line], *, as_: str = "ada"
) -> httpx.Response:
    body = "".join(json.dumps(line) + "\n" for line in lines)
    return httpx.post(
        f"{hub.url}/api/models/{model}/commit/main",
        content=body,
        headers={"Authorization": f"Bearer {hub.token(as_)}"},
    )


def test_a_commit_whose_answer_was_lost_is_made_once(hub: HubProcess, model: str) -> None:
    """`upload_folder` sends it again, with the parent that it knew."""
    client = api(hub, "ada")
    parent = upload(client, model, "a.txt", b"a").oid
    header = {"summary": "more", "description": "of it", "parentCommit": parent}
    content = base64.b64encode(SIX_MB).decode()
    lines: list[Line] = [
        {"key": "header", "value": header},
        {"key": "file", "value": {"content": content, "path": "w.bin", "encoding": "base64"}},
        {"key": "deletedFile", "value": {"path": "a.txt"}},
    ]
    first, again = commit(hub, model, lines), commit(hub, model, lines)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["commitOid"] == again.json()["commitOid"] == client.model_info(model).sha
    others: list[list[Line]] = [
        lines[:2],
        [{"key": "header", "value": {**header, "summary": "other words"}}, *lines[1:]],
    ]
    for other in others:
        assert commit(hub, model, other).status_code == 412


def test_a_folder_goes_up_by_owner_and_stranger(
    hub: HubProcess, model: str, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "train.parquet").write_bytes(SIX_MB)
    (folder / "README.md").write_bytes(CARD)
    (folder / ".gitignore").write_text("*.log\n")
    (folder / "noise.log").write_text("noise")
    client = api(hub, "ada")
    client.upload_folder(repo_id=model, folder_path=folder)
    wanted = {"README.md", "data/train.parquet", ".gitattributes", ".gitignore"}
    assert set(client.list_repo_files(model)) == wanted
    stranger = api(hub, "eve")
    (folder / "more.bin").write_bytes(SIX_MB[::-1])
    with pytest.raises(HfHubHTTPError, match="403"):
        stranger.upload_folder(repo_id=model, folder_path=folder)
    made = stranger.upload_folder(repo_id=model, folder_path=folder, create_pr=True)
    assert made.pr_revision is not None
    assert set(client.list_repo_files(model, revision=made.pr_revision)) == {*wanted, "more.bin"}
    assert set(client.list_repo_files(model)) == wanted
    found = file_at(client, model, "more.bin", made.pr_revision)
    assert found.lfs is not None
    assert found.lfs.sha256 == hashlib.sha256(SIX_MB[::-1]).hexdigest()


def test_a_stranger_sends_a_file_by_pull_request(
    hub: HubProcess, model: str, tmp_path: Path
) -> None:
    upload(api(hub, "ada"), model, "README.md", CARD)
    stranger = api(hub, "eve")
    with pytest.raises(HfHubHTTPError, match="403"):
        upload(stranger, model, "x.bin", SIX_MB)
    made = upload(stranger, model, "x.bin", SIX_MB, create_pr=True)
    assert made.pr_num == 1
    path = stranger.hf_hub_download(model, "x.bin", revision="refs/pr/1", cache_dir=tmp_path)
    assert Path(path).read_bytes() == SIX_MB
    more = upload(
        stranger, model, ".eval_results/q.yaml", entry("3").encode(), revision="refs/pr/1"
    )
    assert file_at(stranger, model, ".eval_results/q.yaml", more.oid).size


def test_copies_and_deletions(hub: HubProcess, model: str) -> None:
    client = api(hub, "ada")
    for path, content in (("w.dat", SIX_MB), ("d/a.txt", b"a"), ("d/b.txt", b"b")):
        upload(client, model, path, content)
    client.create_commit(
        model,
        [
            CommitOperationCopy("w.dat", "copy/w2.dat"),
            CommitOperationCopy("d/a.txt", "copy/a.txt"),
            CommitOperationDelete("d/"),
            CommitOperationDelete("w.dat"),
        ],
        commit_message="move",
    )
    assert set(client.list_repo_files(model)) == {".gitattributes", "copy/w2.dat", "copy/a.txt"}
    copied = file_at(client, model, "copy/w2.dat")
    assert copied.lfs is not None
    assert copied.lfs.sha256 == LARGE_OID
    with pytest.raises(EntryNotFoundError, match="A file with this name doesn't exist"):
        client.delete_file("w.dat", model)
    with pytest.raises(EntryNotFoundError):
        client.delete_folder("d", model)


def test_a_stale_parent_is_told(hub: HubProcess, model: str) -> None:
    client = api(hub, "ada")
    first = upload(client, model, "a.txt", b"1").oid
    second = upload(client, model, "a.txt", b"2", parent_commit=first[:7]).oid
    with pytest.raises(HfHubHTTPError, match="412"):
        upload(client, model, "a.txt", b"3", parent_commit=first)
    assert client.model_info(model).sha == second


BAD_PATHS = {
    "../x": "no checkout can hold",
    "/etc/x": "no checkout can hold",
    "a//b": "no checkout can hold",
    ".git/config": "no checkout can hold",
    "a/.GIT/x": "no checkout can hold",
    "a\nb": "no checkout can hold",
    "a" * 300: "between two slashes",
    "": "without a path",
    "README.md/x": "a file stands here",
    "d": "a folder stands here",
    "readme.md": "in nothing but case",
    "D/other.txt": "in nothing but case",
}


def test_impossible_paths_change_nothing(hub: HubProcess, model: str) -> None:
    client = api(hub, "ada")
    upload(client, model, "README.md", CARD)
    before = upload(client, model, "d/a.txt", b"a").oid
    header: Line = {"key": "header", "value": {"summary": "bad"}}
    for path, says in BAD_PATHS.items():
        line = {"key": "file", "value": {"content": "x", "path": path}}
        answer = commit(hub, model, [header, line])
        assert answer.status_code in {400, 409, 422}, path
        assert says in answer.json()["error"], path
        assert answer.headers["X-Error-Code"]
    twice = {"key": "file", "value": {"content": "x", "path": "t"}}
    assert "named twice" in commit(hub, model, [header, twice, twice]).json()["error"]
    one = {"key": "file", "value": {"content": "x", "path": "New.txt"}}
    other = {"key": "file", "value": {"content": "x", "path": "new.txt"}}
    assert commit(hub, model, [header, one, other]).status_code == 409
    assert client.model_info(model).sha == before
    renamed = [
        {"key": "deletedFile", "value": {"path": "README.md"}},
        {"key": "file", "value": {"content": "x", "path": "readme.md"}},
    ]
    assert commit(hub, model, [header, *renamed]).status_code == 200


def test_no_branch_comes_from_a_typing_error(hub: HubProcess, model: str) -> None:
    client = api(hub, "ada")
    upload(client, model, "a.txt", b"1")
    with pytest.raises(HfHubHTTPError, match="no branch 'mian'"):
        upload(client, model, "a.txt", b"2", revision="mian")


def test_a_digest_opens_no_other_repository(hub: HubProcess, model: str) -> None:
    """Neither as an operation nor as the text of a pointer."""
    hub.create("ada", f"{model[4:]}-private", private=True)
    content = SIX_MB + model.encode()
    upload(api(hub, "ada"), f"{model}-private", "secret.dat", content)
    oid = hashlib.sha256(content).hexdigest()
    hub.create("eve", model[4:])
    header: Line = {"key": "header", "value": {"summary": "mine"}}
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
    lines: list[Line] = [
        {"key": "lfsFile", "value": {"path": "x.dat", "oid": oid, "algo": "sha256"}},
        {"key": "file", "value": {"path": "x.dat", "content": pointer}},
    ]
    for line in lines:
        answer = commit(hub, f"eve/{model[4:]}", [header, line], as_="eve")
        assert answer.status_code == 400, answer.text
        assert "this repository" in answer.json()["error"]
    with pytest.raises(RepositoryNotFoundError):
        api(hub, "eve").hf_hub_download(f"{model}-private", "secret.dat")


def test_ranges_of_a_large_file(hub: HubProcess, model: str) -> None:
    upload(api(hub, "ada"), model, "w.dat", SIX_MB)
    url = f"{hub.url}/{model}/resolve/main/w.dat"
    head = httpx.head(url)
    assert head.headers["content-length"] == str(len(SIX_MB))
    assert head.headers["etag"] == head.headers["x-linked-etag"] == f'"{LARGE_OID}"'
    assert head.headers["x-linked-size"] == str(len(SIX_MB))
    assert len(head.headers["x-repo-commit"]) == 40
    for asked, start, end in (
        ("bytes=5-9", 5, 10),
        ("bytes=6143990-", 6143990, len(SIX_MB)),
        ("bytes=-7", len(SIX_MB) - 7, len(SIX_MB)),
        ("bytes=6143990-99999999", 6143990, len(SIX_MB)),
    ):
        part = httpx.get(url, headers={"Range": asked})
        assert part.status_code == 206
        assert part.content == SIX_MB[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(SIX_MB)}"
    over = httpx.get(url, headers={"Range": f"bytes={len(SIX_MB)}-"})
    assert (over.status_code, over.headers["content-range"]) == (416, f"bytes */{len(SIX_MB)}")
    other = httpx.get(url, headers={"Range": "bytes=0-1", "If-Range": '"of another version"'})
    assert (other.status_code, len(other.content)) == (200, len(SIX_MB))


SCRIPT = """
import sys
from huggingface_hub import HfApi, constants
assert constants.HF_HUB_DISABLE_XET == (sys.argv[4] == "1")
api = HfApi()
print(api.upload_file(path_or_fileobj=sys.argv[1], path_in_repo="w.dat", repo_id=sys.argv[2]).oid)
print(api.hf_hub_download(sys.argv[2], "w.dat", cache_dir=sys.argv[3]))
"""


@pytest.mark.parametrize("no_xet", ["0", "1"])
def test_with_and_without_xet(hub: HubProcess, model: str, tmp_path: Path, no_xet: str) -> None:
    source = tmp_path / "w"
    source.write_bytes(SIX_MB)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(source), model, str(tmp_path / "cache"), no_xet],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": hub.token("ada"),
            "HF_HUB_DISABLE_XET": no_xet,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.splitlines()[-1]).read_bytes() == SIX_MB


def test_an_empty_repository_can_be_read_and_then_be_pushed_to(
    hub: HubProcess, model: str, tmp_path: Path, work: Work
) -> None:
    """Clients look for a commit before the first one is made; git must find none in its way."""
    client = api(hub, "ada")
    blank = client.model_info(model).sha
    assert blank is not None
    assert client.list_repo_files(model) == client.list_repo_files(model, revision=blank)
    assert client.list_repo_files(model) == [".gitattributes"]
    client.snapshot_download(model, cache_dir=tmp_path)
    with pytest.raises(EntryNotFoundError):
        client.hf_hub_download(model, "README.md", cache_dir=tmp_path)
    work.commit({"README.md": "first"})
    assert work.push(hub.remote("ada", model)).returncode == 0
    with pytest.raises(HfHubHTTPError, match="412"):
        upload(client, model, "a.txt", b"a", parent_commit=blank)


# A stream that is left before its end keeps pyarrow's threads, and Python may then abort while it
# ends ("terminate called without an active exception"): it is left at once, all having been said.
PUSH = """
import os, sys, datasets
rows = {"q": ["a", "b"] * 100, "n": list(range(200))}
rows = datasets.Dataset.from_dict(rows)
rows.push_to_hub(sys.argv[1])
rows.select(range(5)).push_to_hub(sys.argv[1], create_pr=True)
assert datasets.load_dataset(sys.argv[1])["train"][199]["n"] == 199
streamed = datasets.load_dataset(sys.argv[1], streaming=True, revision="refs/pr/1")["train"]
assert next(iter(streamed)) == {"q": "a", "n": 0}
print("came back", flush=True)
os._exit(0)
"""


def test_datasets_go_up_and_come_back(hub: HubProcess, tmp_path: Path) -> None:
    pytest.importorskip("datasets", reason="datasets is not installed; it is part of assay[run]")
    done = subprocess.run(
        [sys.executable, "-c", PUSH, "ada/pushed"],
        env={
            **ENVIRONMENT,
            "HOME": str(tmp_path),
            "HF_HOME": str(tmp_path / "hf"),
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": hub.token("ada"),
            "HF_HUB_DISABLE_XET": "1",  # datasets insists on sending its files apart
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "came back"
