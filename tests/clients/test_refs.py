"""Branches, tags, refs and commit lists, driven by the public hub's own client."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError
from tests.hub_process import HubProcess, Work

NUMBERS = itertools.count()


def api(hub: HubProcess, name: str | None = "ada") -> HfApi:
    return HfApi(endpoint=hub.url, token=hub.token(name) if name else False)


def status_of(act: Callable[[], object]) -> int:
    with pytest.raises(HfHubHTTPError) as refused:
        act()
    assert refused.value.response.headers["X-Error-Code"]
    return int(refused.value.response.status_code)


@pytest.fixture
def model(hub: HubProcess, work: Work) -> str:
    """A model of ada's with two commits on main."""
    name = f"ada/refs-{next(NUMBERS)}"
    api(hub).create_repo(name)
    work.commit({"a.txt": "1"}, "first")
    work.commit({"a.txt": "2"}, "second")
    assert work.push(hub.remote("ada", name)).returncode == 0
    return name


def log_of(hub: HubProcess, model: str, ref: str) -> list[tuple[str, str]]:
    """(actor, state) of every row of the push log about a ref."""
    repo_id = hub.get(f"/api/models/{model}")["_id"]
    with sqlite3.connect(hub.data / "hub.sqlite") as db:
        query = "select actor, state from push where repo_id = ? and ref = ? order by id"
        return list(db.execute(query, (repo_id, ref)))


@pytest.mark.parametrize("branch", ["dev", "feature/one", "ünï"])
def test_a_branch_comes_and_goes(hub: HubProcess, work: Work, model: str, branch: str) -> None:
    ada, first = api(hub), work.git("rev-parse", "HEAD~1").stdout.strip()
    ada.create_branch(model, branch=branch)
    assert status_of(lambda: ada.create_branch(model, branch=branch)) == 409
    ada.create_branch(model, branch=branch, exist_ok=True)
    ada.create_branch(model, branch="old", revision=first[:8])
    refs = ada.list_repo_refs(model)
    commits = {ref.name: ref.target_commit for ref in refs.branches}
    assert commits == {"main": work.head(), branch: work.head(), "old": first}
    assert {ref.ref for ref in refs.branches} >= {f"refs/heads/{branch}"}
    ada.upload_file(path_or_fileobj=b"3", path_in_repo="a.txt", repo_id=model, revision=branch)
    assert ada.model_info(model, revision=branch).sha != work.head()
    ada.delete_branch(model, branch=branch)
    assert {ref.name for ref in ada.list_repo_refs(model).branches} == {"main", "old"}
    assert status_of(lambda: ada.delete_branch(model, branch=branch)) == 404
    applied = ("ada", "applied")
    assert log_of(hub, model, f"refs/heads/{branch}") == [applied, applied, applied]


def test_a_tag_comes_and_goes(hub: HubProcess, work: Work, model: str) -> None:
    ada, first = api(hub), work.git("rev-parse", "HEAD~1").stdout.strip()
    ada.create_tag(model, tag="v1", tag_message="the first one", revision=first)
    ada.create_tag(model, tag="v2")
    assert status_of(lambda: ada.create_tag(model, tag="v1")) == 409
    ada.create_tag(model, tag="v1", exist_ok=True)
    with pytest.raises(RevisionNotFoundError):
        ada.create_tag(model, tag="v3", revision="nowhere")
    tags = {ref.name: ref.target_commit for ref in ada.list_repo_refs(model).tags}
    assert tags == {"v1": first, "v2": work.head()}
    assert ada.model_info(model, revision="v1").sha == first
    work.git("fetch", "--quiet", hub.remote("ada", model), "refs/tags/*:refs/tags/*")
    said = work.git("cat-file", "tag", "v1").stdout
    assert "tagger ada <ada@users.noreply." in said
    assert said.endswith("\n\nthe first one\n")
    assert work.git("fsck", "--strict").returncode == 0
    ada.delete_tag(model, tag="v1")
    with pytest.raises(RevisionNotFoundError):
        ada.delete_tag(model, tag="v1")
    assert log_of(hub, model, "refs/tags/v1") == [("ada", "applied"), ("ada", "applied")]


def test_refs_are_the_writers(hub: HubProcess, model: str) -> None:
    eve = api(hub, "eve")
    doors: list[Callable[[], object]] = [
        lambda: eve.create_branch(model, branch="x"),
        lambda: eve.create_tag(model, tag="x"),
        lambda: eve.delete_branch(model, branch="main"),
        lambda: eve.delete_tag(model, tag="x"),
    ]
    assert [status_of(door) for door in doors] == [403] * 4
    assert status_of(lambda: api(hub, None).create_branch(model, branch="x")) == 401
    assert status_of(lambda: api(hub).delete_branch(model, branch="main")) == 403
    assert len(api(hub).list_repo_refs(model).branches) == 1


@pytest.mark.parametrize(
    "name", ["refs/pr/1", "a..b", "a b", "-/.x", "a.lock", "x\0y", "refs/assay/kept/x", "@{"]
)
def test_names_that_git_or_readers_would_stumble_over(
    hub: HubProcess, model: str, name: str
) -> None:
    ada = api(hub)
    assert status_of(lambda: ada.create_branch(model, branch=name)) == 400
    assert status_of(lambda: ada.create_tag(model, tag=name)) == 400


def test_no_branch_is_taken_for_a_commit(hub: HubProcess, work: Work, model: str) -> None:
    ada, pinned = api(hub), work.git("rev-parse", "HEAD~1").stdout.strip()
    assert status_of(lambda: ada.create_branch(model, branch=pinned)) == 403
    pushed = work.push(hub.remote("ada", model), f"main:refs/tags/{pinned}")
    assert "would be taken for a commit" in pushed.stderr
    assert ada.model_info(model, revision=pinned).sha == pinned
    ada.create_branch(model, branch="a")
    assert status_of(lambda: ada.create_branch(model, branch="a/b")) == 409


def test_an_empty_repository_has_a_first_commit_to_stand_on(hub: HubProcess) -> None:
    ada = api(hub)
    name = ada.create_repo(f"refs-{next(NUMBERS)}").repo_id
    refs = ada.list_repo_refs(name, include_pull_requests=True)
    [main] = refs.branches
    assert (main.name, refs.tags, refs.converts, refs.pull_requests) == ("main", [], [], [])
    [first] = ada.list_repo_commits(name)
    assert main.target_commit == first.commit_id == ada.model_info(name).sha
    ada.create_branch(name, branch="x")
    ada.create_tag(name, tag="v0")
    pull = ada.create_pull_request(name, title="A draft", description="of nothing yet")
    made = ada.upload_file(path_or_fileobj=b"1", path_in_repo="a.txt", repo_id=name).oid
    assert [commit.commit_id for commit in ada.list_repo_commits(name)] == [made, first.commit_id]
    for revision in ("x", "v0", pull.git_reference):
        assert ada.model_info(name, revision=revision).sha == first.commit_id
    assert ada.list_repo_files(name, revision="x") == [".gitattributes"]


def test_a_first_push_finds_no_history_in_its_way(hub: HubProcess, work: Work) -> None:
    ada, eve = api(hub), api(hub, "eve")
    name = ada.create_repo(f"refs-{next(NUMBERS)}").repo_id
    pull = eve.create_pull_request(name, title="Early", description="before anything is there")
    work.commit({"config.json": "{}"})
    assert work.push(hub.remote("ada", name)).returncode == 0
    assert ada.list_repo_files(name) == ["config.json"]
    assert eve.get_discussion_details(name, pull.num).status == "draft"


def test_pull_requests_and_odd_tags_among_refs(hub: HubProcess, work: Work, model: str) -> None:
    ada = api(hub)
    number = ada.create_pull_request(model, title="t").num
    blob = work.git("rev-parse", "HEAD:a.txt").stdout.strip()
    assert work.push(hub.remote("ada", model), f"{blob}:refs/tags/blob").returncode == 0
    refs = ada.list_repo_refs(model, include_pull_requests=True)
    assert refs.pull_requests is not None
    assert [ref.ref for ref in refs.pull_requests] == [f"refs/pr/{number}"]
    assert refs.tags == []  # it leads to no commit
    assert ada.list_repo_refs(model).pull_requests is None
    with pytest.raises(RevisionNotFoundError):
        ada.model_info(model, revision="blob")


def test_commits_over_more_than_one_page(hub: HubProcess, work: Work, model: str) -> None:
    for number in range(120):
        work.git("commit", "--quiet", "--allow-empty", "--message", f"commit {number}")
    hostile = "<script>alert(1)</script>\n\nand <b>more</b>"
    work.git("commit", "--quiet", "--allow-empty", "--message", hostile)
    assert work.push(hub.remote("ada", model)).returncode == 0
    found = api(hub).list_repo_commits(model, formatted=True)
    assert [commit.commit_id for commit in found] == work.git("rev-list", "HEAD").stdout.split()
    assert len(found) == 123
    assert (found[-1].title, found[-1].authors, found[-1].message) == ("first", ["Ada"], "")
    assert found[-1].created_at.tzinfo is not None
    assert (found[0].title, found[0].message) == ("<script>alert(1)</script>", "and <b>more</b>")
    assert found[0].formatted_title == "&lt;script&gt;alert(1)&lt;/script&gt;"
    assert found[0].formatted_message == "and &lt;b&gt;more&lt;/b&gt;"
    assert len(api(hub).list_repo_commits(model, revision=found[100].commit_id)) == 23

    page = hub.request("GET", f"/api/models/{model}/commits/main?expand[]=formatted")
    link = page.headers["Link"]
    assert link.startswith(f"<{hub.url}/api/models/{model}/commits/{work.head()}?expand")
    assert "cursor=50" in link
    assert link.endswith('>; rel="next"')
    bad = hub.request("GET", f"/api/models/{model}/commits/main?cursor=-1")
    assert bad.status_code == 400
