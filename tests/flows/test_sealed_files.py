"""What lies behind a gate stays there, whatever a pull request calls its own."""

from __future__ import annotations

import hashlib
import itertools
import subprocess

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.hf_api import RepoFile
from tests.hub_process import ENVIRONMENT, HubProcess, Work, entry

NUMBERS = itertools.count()
SEALED = b"the answers: 42\n"
WEIGHTS = b"weights" * 900_000


@pytest.fixture
def gated(hub: HubProcess, work: Work) -> str:
    """A gated model of ada's, with a sealed file in git and a large one."""
    ada = HfApi(endpoint=hub.url, token=hub.token("ada"))
    name = ada.create_repo(f"ada/sealed-{next(NUMBERS)}").repo_id
    work.commit({"answers.txt": SEALED.decode(), "README.md": "---\nlicense: mit\n---\n"})
    assert work.push(hub.remote("ada", name)).returncode == 0
    ada.upload_file(path_or_fileobj=WEIGHTS, path_in_repo="w.safetensors", repo_id=name)
    ada.update_repo_settings(name, gated="manual")
    return name


def feed(work: Work, text: str, *arguments: str) -> bytes:
    """What a git command makes of its standard input."""
    argv = ["git", *arguments]
    return subprocess.run(
        argv,
        cwd=work.folder,
        env=ENVIRONMENT,
        input=text.encode(),
        capture_output=True,
        check=True,
    ).stdout


def write(work: Work, kind: str, text: str) -> str:
    return feed(work, text, "hash-object", "-t", kind, "-w", "--stdin").decode().strip()


def tree_of(work: Work, line: str) -> str:
    return feed(work, f"{line}\n", "mktree", "--missing").decode().strip()


def commit_of(work: Work, tree: str, parent: str) -> str:
    who = "Eve <eve@example.com> 1700000000 +0000"
    lines = f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n\nx\n"
    return write(work, "commit", lines)


def push_objects(hub: HubProcess, model: str, command: str, pack: bytes) -> httpx.Response:
    """A push of just these objects, as no honest git sends it."""
    line = f"{command}\0report-status side-band-64k".encode()
    return httpx.post(
        f"{hub.url}/{model}/git-receive-pack",
        content=f"{len(line) + 4:04x}".encode() + line + b"0000" + pack,
        headers={"Content-Type": "application/x-git-receive-pack-request"},
        auth=("eve", hub.token("eve")),
    )


@pytest.mark.parametrize("place", ["README.md", ".eval_results/x.yaml", "gone again"])
def test_a_sealed_file_cannot_be_named_as_an_open_one(
    hub: HubProcess, work: Work, gated: str, place: str
) -> None:
    eve = HfApi(endpoint=hub.url, token=hub.token("eve"))
    pull = eve.create_pull_request(gated, title="An improvement", description="of the readme")
    ref = f"refs/pr/{pull.num}"
    old = eve.model_info(gated, revision=ref).sha
    [item] = eve.get_paths_info(gated, "answers.txt")
    assert isinstance(item, RepoFile)
    assert old is not None
    oid = item.blob_id
    if place == ".eval_results/x.yaml":
        inner = tree_of(work, f"100644 blob {oid}\tx.yaml")
        tree = tree_of(work, f"040000 tree {inner}\t.eval_results")
        trees = [inner, tree]
    else:
        tree = tree_of(work, f"100644 blob {oid}\tREADME.md")
        trees = [tree]
    leak = commit_of(work, tree, old)
    tip, objects = leak, [*trees, leak]
    if place == "gone again":
        blob = write(work, "blob", "nothing to see\n")
        clean = tree_of(work, f"100644 blob {blob}\tREADME.md")
        tip = commit_of(work, clean, leak)
        objects += [blob, clean, tip]
    pack = feed(work, "\n".join(objects) + "\n", "pack-objects", "--stdout", "-q")
    refused = push_objects(hub, gated, f"{old} {tip} {ref}", pack)
    assert (refused.status_code, refused.headers["X-Error-Code"]) == (403, "GatedRepo")
    assert SEALED.strip() not in refused.content
    assert eve.model_info(gated, revision=ref).sha == old
    path = "README.md" if place == "gone again" else place
    for revision in (ref.replace("/", "%2F"), leak):
        answer = hub.request("GET", f"/{gated}/resolve/{revision}/{path}", as_="eve")
        assert SEALED not in answer.content
    assert hub.request("GET", f"/{gated}/resolve/{leak}/{path}", as_="eve").status_code == 404


def test_a_pointer_to_a_sealed_file_opens_nothing(hub: HubProcess, gated: str) -> None:
    eve = HfApi(endpoint=hub.url, token=hub.token("eve"))
    pointer = (
        "version https://git-lfs.github.com/spec/v1\n"
        f"ext-0-mine sha256:{'0' * 64}\n"  # so that it is another blob than the one that is there
        f"oid sha256:{hashlib.sha256(WEIGHTS).hexdigest()}\nsize {len(WEIGHTS)}\n"
    )
    file = CommitOperationAdd(".eval_results/README.md", pointer.encode())
    made = eve.create_commit(gated, [file], commit_message="A result", create_pr=True)
    assert made.pr_num is not None
    path = f"/{gated}/resolve/refs%2Fpr%2F{made.pr_num}/.eval_results/README.md"
    answer = hub.request("GET", path, as_="eve")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (403, "GatedRepo")
    assert WEIGHTS not in answer.content


def test_an_honest_pull_request_on_a_gated_repository_lands(hub: HubProcess, gated: str) -> None:
    eve = HfApi(endpoint=hub.url, token=hub.token("eve"))
    made = eve.create_commit(
        gated,
        [CommitOperationAdd(".eval_results/quiz.yaml", entry("61").encode())],
        commit_message="A result",
        create_pr=True,
    )
    rows = hub.get("/api/v1/boards/bench/quiz/main")["rows"]
    assert [row["claim"]["value"] for row in rows if row["model"] == gated] == [61.0]
    more = eve.create_commit(
        gated,
        [CommitOperationAdd(".eval_results/quiz.yaml", entry("62").encode())],
        commit_message="Better",
        revision=f"refs/pr/{made.pr_num}",
    )
    assert more.oid != made.oid


def test_a_result_is_reported_again_over_the_api_and_by_git_once_let_in(
    hub: HubProcess, work: Work, gated: str
) -> None:
    eve = HfApi(endpoint=hub.url, token=hub.token("eve"))
    path, content = ".eval_results/quiz.yaml", entry("61").encode()
    one, other = (CommitOperationAdd(path, content) for _ in range(2))
    first = eve.create_commit(gated, [one], commit_message="A result", create_pr=True)
    assert first.pr_num is not None
    eve.change_discussion_status(gated, first.pr_num, "closed")
    again = eve.create_commit(gated, [other], commit_message="Again", create_pr=True)
    assert again.pr_num != first.pr_num
    pull = eve.create_pull_request(gated, title="By git", description="the same once more")
    work.git("fetch", "--quiet", hub.remote("ada", gated), f"refs/pr/{first.pr_num}")
    work.git("checkout", "--quiet", "FETCH_HEAD")
    work.git("commit", "--quiet", "--amend", "--message", "By git")
    by_git = f"+HEAD:refs/pr/{pull.num}"
    assert "403" in work.push(hub.remote("eve", gated), by_git).stderr
    HfApi(endpoint=hub.url, token=hub.token("ada")).grant_access(gated, "eve")
    assert work.push(hub.remote("eve", gated), by_git).returncode == 0
