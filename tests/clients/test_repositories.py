"""The life of a repository, driven by the public hub's own client and by git."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi, HfFileSystem, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)
from tests.hub_process import SPEC, TERMS, HubProcess, Work, assay, entry

from assay.core.permission import STRANGER
from assay.hub import people, repos
from assay.hub.open import open_hub
from assay.settings import HubSettings
from assay.storage.database.repos import RepoRecord, add_repo

NUMBERS = itertools.count()


def api(hub: HubProcess, name: str | None = "ada") -> HfApi:
    return HfApi(endpoint=hub.url, token=hub.token(name) if name else False)


def status_of(act: Callable[[], object]) -> tuple[int, str]:
    """Status and `X-Error-Code` of the refusal that an act meets."""
    with pytest.raises(HfHubHTTPError) as refused:
        act()
    answer = refused.value.response
    return answer.status_code, answer.headers.get("X-Error-Code", "")


@pytest.fixture
def name() -> str:
    return f"thing-{next(NUMBERS)}"


@pytest.fixture(scope="module", autouse=True)
def lab(hub: HubProcess) -> None:
    assay("org", "add", "lab", "--owner", "ada", data=hub.data)
    assay("org", "member", "lab", "eve", "--role", "write", data=hub.data)
    assay("user", "add", "root", "--admin", "--token", hub.token("root"), data=hub.data)


def board(hub: HubProcess, benchmark: str) -> dict[str, str]:
    rows = hub.get(f"/api/v1/boards/{benchmark}/main")["rows"]
    return {row["model"]: row["claim"]["value_text"] for row in rows}


def test_create_exist_ok_private_and_for_an_organisation(hub: HubProcess, name: str) -> None:
    ada = api(hub)
    url = ada.create_repo(name, private=True)
    assert (str(url), url.repo_id) == (f"{hub.url}/ada/{name}", f"ada/{name}")
    assert ada.model_info(f"ada/{name}").private
    assert str(ada.create_repo(name, exist_ok=True)) == str(url)
    assert ada.create_repo(name.upper(), exist_ok=True).repo_id == f"ada/{name}"
    assert status_of(lambda: ada.create_repo(name)) == (409, "conflict")
    assert ada.create_repo(f"lab/{name}", repo_type="dataset").repo_id == f"lab/{name}"
    body = {"name": f"{name}-o", "private": True}  # as clients before 2.0 say it
    old = hub.request("POST", "/api/repos/create", as_="ada", json=body)
    assert old.json() == {"url": f"{hub.url}/ada/{name}-o"}
    assert hub.request("GET", f"/api/models/ada/{name}-o").status_code == 404
    assert status_of(lambda: api(hub, "eve").create_repo(f"ada/{name}-x")) == (403, "forbidden")
    # Somebody who may not make it still gets what is there.
    assert api(hub, "eve").create_repo("bench/quiz", repo_type="dataset", exist_ok=True)
    assert status_of(lambda: ada.create_repo(name, repo_type="space", space_sdk="static")) == (
        404,
        "RepoNotFound",
    )


def test_a_deleted_repository_leaves_the_boards_and_keeps_its_name(
    hub: HubProcess, work: Work, name: str
) -> None:
    ada, full = api(hub), f"ada/{name}"
    ada.create_repo(full)
    work.commit({".eval_results/quiz.yaml": entry("12.5")})
    assert work.push(hub.remote("ada", full)).returncode == 0
    rows = hub.get("/api/v1/boards/bench/quiz/main")["rows"]
    [claim] = [row["claim"]["claim_id"] for row in rows if row["model"] == full]

    assert status_of(lambda: api(hub, "eve").delete_repo(full)) == (403, "forbidden")
    ada.delete_repo(full)
    assert full not in board(hub, "bench/quiz")
    assert hub.get(f"/api/v1/claims/{claim}")["claim"]["state"] == "deleted"
    assert status_of(lambda: ada.delete_repo(full)) == (404, "RepoNotFound")
    ada.delete_repo(full, missing_ok=True)
    for path in (f"/{full}", f"/api/models/{full}", f"/{full}/resolve/main/README.md"):
        answer = hub.request("HEAD", path, as_="ada")
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RepoNotFound")
    assert work.push(hub.remote("ada", full), "main:again").returncode != 0

    assert status_of(lambda: ada.create_repo(full)) == (403, "forbidden")
    assert status_of(lambda: ada.create_repo(full, exist_ok=True)) == (403, "forbidden")
    assay("index", "rebuild", data=hub.data)
    assert full not in board(hub, "bench/quiz")
    assert hub.get(f"/api/v1/claims/{claim}")["claim"]["state"] == "deleted"
    assert api(hub, "root").create_repo(full).repo_id == full
    assert [commit.title for commit in ada.list_repo_commits(full)] == ["initial commit"]
    assert ada.list_repo_files(full) == [".gitattributes"]
    assert len(list((hub.data / "trash").glob("??/*.git"))) == 1


def done(act: Callable[[], object]) -> bool:
    """True for an act that raises nothing and has nothing to say."""
    act()
    return True


def calls(hub: HubProcess, old: str, cache: Path) -> dict[str, Callable[[], object]]:
    """Every kind of call by an old name; each gives something that is not empty."""
    ada = api(hub)
    files = HfFileSystem(endpoint=hub.url, token=hub.token("ada"), skip_instance_cache=True)
    return {
        "info": lambda: ada.model_info(old).sha,
        "revision": lambda: ada.model_info(old, revision="main").sha,
        "tree": lambda: list(ada.list_repo_tree(old)),
        "files": lambda: ada.list_repo_files(old),
        "exists": lambda: ada.file_exists(old, "a.txt"),
        "download": lambda: ada.hf_hub_download(old, "a.txt", cache_dir=cache / "one"),
        "snapshot": lambda: snapshot_download(
            old, endpoint=hub.url, token=hub.token("ada"), cache_dir=cache / "all"
        ),
        "filesystem": lambda: files.cat_file(f"{old}/a.txt"),
        "check": lambda: done(lambda: ada.auth_check(old, write=True)),
        "upload": lambda: ada.upload_file(
            path_or_fileobj=str(next(NUMBERS)).encode(), path_in_repo="n.txt", repo_id=old
        ),
        "folder": lambda: ada.upload_folder(repo_id=old, folder_path=Path(__file__).parent),
        "propose": lambda: ada.create_pull_request(old, title="t").num,
        "discussions": lambda: list(ada.get_repo_discussions(old)),
        "settings": lambda: done(lambda: ada.update_repo_settings(old, private=False)),
        "page": lambda: httpx.get(f"{hub.url}/{old}", follow_redirects=True).is_success,
    }


def test_every_kind_of_call_works_by_the_old_names(
    hub: HubProcess, work: Work, name: str, tmp_path: Path
) -> None:
    ada, first, second, third = api(hub), f"ada/{name}", f"ada/{name}-b", f"lab/{name}-c"
    ada.create_repo(first)
    work.commit({"a.txt": "a", ".eval_results/quiz.yaml": entry("44")})
    assert work.push(hub.remote("ada", first)).returncode == 0
    ada.move_repo(first, second)
    ada.move_repo(second, third)
    assert ada.model_info(third).id == third
    assert third in board(hub, "bench/quiz")
    for old in (first, second, third.upper()):
        for kind, call in calls(hub, old, tmp_path / old).items():
            assert call(), (old, kind)
        clone = work.git("clone", "--quiet", hub.remote("ada", old), str(tmp_path / old / "clone"))
        assert clone.returncode == 0
        pushed = work.push(hub.remote("ada", old), f"main:branch-{next(NUMBERS)}")
        assert pushed.returncode == 0, pushed.stderr
    moved = hub.request("GET", f"/api/models/{first}/tree/refs%2Fpr%2F1?recursive=true")
    assert moved.status_code == 307
    there = f"/api/models/{third}/tree/refs%2Fpr%2F1?recursive=true"
    assert moved.headers["Location"] == there

    ada.move_repo(third, first)  # back where it began
    assert ada.model_info(third).id == first
    assert ada.model_info(second).id == first
    assert ada.hf_hub_download(first, "a.txt", cache_dir=tmp_path / "back")
    # Nothing is deleted or moved by a name it no longer has.
    assert status_of(lambda: ada.delete_repo(second)) == (404, "RepoNotFound")
    # A new repository under an old name ends that name's lead.
    ada.create_repo(second)
    assert ada.model_info(second).id == second
    assert ada.model_info(third).id == first


def test_moves_that_are_refused(hub: HubProcess, name: str) -> None:
    ada, eve, full = api(hub), api(hub, "eve"), f"ada/{name}"
    ada.create_repo(full)
    ada.create_repo(f"{full}-taken")
    assert status_of(lambda: ada.move_repo(full, f"{full}-Taken")) == (409, "conflict")
    assert status_of(lambda: ada.move_repo(full, f"eve/{name}")) == (403, "forbidden")
    assert status_of(lambda: eve.move_repo(full, f"eve/{name}")) == (403, "forbidden")
    assert status_of(lambda: ada.move_repo(full, "ada/.bad"))[0] == 400
    ada.update_repo_settings(full, private=True)
    assert status_of(lambda: eve.move_repo(full, f"eve/{name}")) == (404, "RepoNotFound")
    ada.move_repo(full, f"{full}-hidden")
    assert status_of(lambda: eve.model_info(full)) == (404, "RepoNotFound")
    assert hub.request("GET", f"/api/models/{full}").status_code == 404


def test_a_benchmark_keeps_its_board_when_it_moves(
    hub: HubProcess, tmp_path: Path, name: str
) -> None:
    bench, old, new = api(hub, "ada"), f"ada/{name}", f"lab/{name}"
    bench.create_repo(old, repo_type="dataset")
    work = Work.new(tmp_path / "spec")
    work.commit({"eval.yaml": SPEC, "assay.yaml": TERMS})
    assert work.push(hub.remote("ada", f"datasets/{old}")).returncode == 0
    api(hub).create_repo(f"ada/{name}-m")
    model = Work.new(tmp_path / "model")
    model.commit({".eval_results/a.yaml": entry("50", dataset=old)})
    assert model.push(hub.remote("ada", f"ada/{name}-m")).returncode == 0

    bench.move_repo(old, new, repo_type="dataset")
    model.commit({".eval_results/b.yaml": entry("70", dataset=new)})
    assert model.push(hub.remote("ada", f"ada/{name}-m")).returncode == 0
    for _ in range(2):
        rows = hub.get(f"/api/v1/boards/{new}/main?claims=all")["rows"]
        assert sorted(row["claim"]["value_text"] for row in rows) == ["50", "70"]
        assert hub.get(f"/api/v1/benchmarks/{new}")["claims"] == 2
        [task] = hub.get(f"/api/v1/models/ada/{name}-m")["tasks"]
        assert (task["benchmark"], task["registered"], len(task["claims"])) == (new, True, 2)
        assay("index", "rebuild", data=hub.data)
    page = hub.request("GET", f"/datasets/{old}")
    assert (page.status_code, page.headers["Location"]) == (307, f"/datasets/{new}")


def test_a_gate_hides_files_and_opens_to_those_let_in(
    hub: HubProcess, work: Work, tmp_path: Path
) -> None:
    ada, eve, full = api(hub), api(hub, "bench"), "ada/gated"
    ada.create_repo(full, repo_type="dataset")
    work.commit({"eval.yaml": SPEC, "README.md": "# Gated\n", "test.jsonl": '{"a": 1}\n'})
    assert work.push(hub.remote("ada", f"datasets/{full}")).returncode == 0
    ada.update_repo_settings(full, repo_type="dataset", gated="manual")
    assert ada.dataset_info(full).gated == "manual"

    def download(who: HfApi, file: str = "test.jsonl") -> str:
        cache = tmp_path / str(next(NUMBERS))
        return str(who.hf_hub_download(full, file, repo_type="dataset", cache_dir=cache))

    for who, status in ((None, 401), ("bench", 403)):
        with pytest.raises(GatedRepoError) as refused:
            download(api(hub, who))
        assert refused.value.response.status_code == status
        with pytest.raises(GatedRepoError):
            api(hub, who).auth_check(full, repo_type="dataset")
        for open_file in ("README.md", "eval.yaml"):
            assert download(api(hub, who), open_file)
        assert api(hub, who).dataset_info(full).id == full
    assert hub.get(f"/api/v1/boards/{full}/main")["rows"] == []
    cloned = work.git("clone", hub.remote("bench", f"datasets/{full}"), "c", check=False)
    assert cloned.returncode != 0

    ask = f"/datasets/{full}/ask-access"
    assert hub.request("POST", ask).status_code == 401
    assert hub.request("POST", ask, as_="bench").json() == {"status": "pending"}
    [waiting] = ada.list_pending_access_requests(full, repo_type="dataset")
    assert waiting.username == "bench"
    assert status_of(lambda: list(eve.list_pending_access_requests(full, repo_type="dataset"))) == (
        403,
        "forbidden",
    )
    assert status_of(lambda: eve.grant_access(full, "bench", repo_type="dataset"))[0] == 403
    ada.accept_access_request(full, "bench", repo_type="dataset")
    assert Path(download(eve)).read_text() == '{"a": 1}\n'
    assert work.git("clone", hub.remote("bench", f"datasets/{full}"), "c").returncode == 0
    ada.reject_access_request(full, "bench", repo_type="dataset", rejection_reason="no")
    with pytest.raises(GatedRepoError):
        download(eve)
    ada.grant_access(full, "bench", repo_type="dataset")
    assert download(eve)
    assert status_of(lambda: ada.grant_access(full, "nobody", repo_type="dataset"))[0] == 404

    ada.update_repo_settings(full, repo_type="dataset", gated="auto")
    assert hub.request("POST", ask, as_="eve").json() == {"status": "accepted"}
    assert download(api(hub, "eve"))
    ada.update_repo_settings(full, repo_type="dataset", gated=False)
    assert download(api(hub, None))


def test_settings_are_the_owners(hub: HubProcess, name: str) -> None:
    eve, full = api(hub, "eve"), f"lab/{name}"
    eve.create_repo(full)  # a writer makes it, and may not open or hide it
    assert status_of(lambda: eve.update_repo_settings(full, private=True)) == (403, "forbidden")
    api(hub).update_repo_settings(full, visibility="private")
    assert status_of(lambda: api(hub, "bench").model_info(full)) == (404, "RepoNotFound")
    assert eve.model_info(full).private
    path = f"/api/models/{full}/settings"
    for body in ({"visibility": "protected"}, {"gated": True}, {"gated": "sometimes"}):
        assert hub.request("PUT", path, as_="ada", json=body).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/api/models/dummy",
        "/api/models/dummy/revision/main",
        "/api/models/dummy/tree/main",
        "/api/datasets/dummy/refs",
        "/dummy/resolve/main/config.json",
        "/datasets/dummy/resolve/main/a/b.json",
        "/api/spaces/ada/app",
        "/api/collections",
        "/spaces/ada/app/resolve/main/app.py",
        "/api/buckets/ada/b",
    ],
)
def test_what_cannot_be_here_is_a_repository_not_found(hub: HubProcess, path: str) -> None:
    for method in ("GET", "HEAD"):
        answer = hub.request(method, path)
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RepoNotFound")
    with pytest.raises(RepositoryNotFoundError):
        api(hub).model_info("dummy")


def test_names_are_found_fast_among_ten_thousand(tmp_path: Path) -> None:
    opened = open_hub(HubSettings(data=tmp_path))
    people.add_account(opened, "ada")
    with opened.durable.write() as db:
        for number in range(10_000):
            name, key = f"M-{number}", f"{number:024}"
            add_repo(
                db,
                RepoRecord(key, "model", "ada", name, private=False, created="", created_by="ada"),
            )
    began = time.perf_counter()
    for number in range(0, 10_000, 100):
        found = repos.current_name(opened, STRANGER, "model", f"ADA/m-{number}")
        assert found == f"ada/M-{number}"
    assert (time.perf_counter() - began) / 100 < 0.005  # a scan takes ten times that
    opened.close()
