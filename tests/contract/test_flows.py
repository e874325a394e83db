"""Flows that other tests tell of a hub in a folder, on PostgreSQL: the `hub` here is such a one.

Their order is kept: what is said last is said of all that went before.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.flows.test_json_api import test_an_answer_is_sent_once_and_again_when_it_changed
from tests.flows.test_notifications import (
    test_an_owner_is_told_of_claims_and_an_author_of_their_fate,
)
from tests.flows.test_push_door import (
    model,
    test_a_branch_is_deleted_and_its_commits_are_kept,
    test_a_community_claim_is_shown_declined_and_never_forgotten,
    test_a_merge_carries_the_claim_to_main,
    test_a_pull_equal_to_main_and_one_that_deletes,
    test_a_push_shows_on_the_very_next_board,
    test_a_rebuilt_index_is_byte_identical,
    test_a_rewritten_pull_request_speaks_for_its_new_commits_only,
    test_a_stale_pull_request_keeps_its_claim_and_is_merged_only_if_git_can,
    test_a_strangers_push_and_another_owners_push_are_refused,
    test_lenient_pushes_keep_bad_files_and_their_good_entries,
    test_of_pushes_that_race_for_one_ref_one_wins,
    test_rewritten_history_is_kept_and_its_claims_stay_on_record,
)
from tests.hub_process import HubProcess, Work, assay, entry
from tests.postgres import Postgres

__all__ = [
    "model",
    "test_a_branch_is_deleted_and_its_commits_are_kept",
    "test_a_community_claim_is_shown_declined_and_never_forgotten",
    "test_a_merge_carries_the_claim_to_main",
    "test_a_pull_equal_to_main_and_one_that_deletes",
    "test_a_push_shows_on_the_very_next_board",
    "test_a_rebuilt_index_is_byte_identical",
    "test_a_rewritten_pull_request_speaks_for_its_new_commits_only",
    "test_a_stale_pull_request_keeps_its_claim_and_is_merged_only_if_git_can",
    "test_a_strangers_push_and_another_owners_push_are_refused",
    "test_an_answer_is_sent_once_and_again_when_it_changed",
    "test_an_owner_is_told_of_claims_and_an_author_of_their_fate",
    "test_lenient_pushes_keep_bad_files_and_their_good_entries",
    "test_of_pushes_that_race_for_one_ref_one_wins",
    "test_rewritten_history_is_kept_and_its_claims_stay_on_record",
]


def test_pushes_at_once_to_many_repositories_all_show(hub: HubProcess, tmp_path: Path) -> None:
    """More than there are connections; each is answered when its own push shows."""

    def push(number: int) -> str:
        name = f"at-once-{number}"
        hub.create("ada", name)
        work = Work.new(tmp_path / name)
        work.commit({".eval_results/quiz.yaml": entry(number)})
        assert work.push(hub.remote("ada", f"ada/{name}")).returncode == 0
        rows = hub.get("/api/v1/boards/bench/quiz/main")["rows"]
        [told] = [row["claim"]["value_text"] for row in rows if row["model"] == f"ada/{name}"]
        return str(told)

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(push, range(20))) == [str(number) for number in range(20)]


def test_a_private_model_is_absent_for_strangers(hub: HubProcess, work: Work) -> None:
    hub.create("ada", "secret", private=True)
    work.commit({".eval_results/quiz.yaml": entry("99"), "README.md": "---\ntags: [x]\n---\n"})
    assert work.push(hub.remote("ada", "ada/secret")).returncode == 0
    for account, status in (("ada", 200), ("eve", 404), (None, 404)):
        found = hub.request("GET", "/api/v1/models/ada/secret", as_=account).status_code
        assert found == status, account
    board = "/api/v1/boards/bench/quiz/main"
    assert "ada/secret" in json.dumps(hub.get(board, as_="ada"))
    assert "ada/secret" not in json.dumps(hub.get(board))
    body = {"private": False}
    assert hub.request("PUT", "/api/models/ada/secret/settings", as_="ada", json=body).is_success
    assert "ada/secret" in json.dumps(hub.get(board))


def test_lists_are_filtered_sorted_and_paged(hub: HubProcess) -> None:
    for name in ("alpha", "Beta", "beta-2", "_x"):
        hub.create("eve", name)
    query = "/api/models?author=eve&limit=2&sort=createdAt"
    first = hub.request("GET", query)
    following = re.search("<([^>]+)>", first.headers["link"])
    assert following
    path = following[1].removeprefix(hub.url)
    names = [row["id"] for row in (*first.json(), *hub.get(path))]
    assert names == ["eve/_x", "eve/beta-2", "eve/Beta", "eve/alpha"]
    found = [row["id"] for row in hub.get("/api/models?search=BETA")]
    assert sorted(found) == ["eve/Beta", "eve/beta-2"]


def test_what_nobody_could_count_to_is_not_found(hub: HubProcess) -> None:
    hub.create("ada", "counted")
    for number in (2**31, 2**40, 2**63, 10**30):
        path = f"/api/models/ada/counted/discussions/{number}"
        assert hub.request("GET", path).status_code in {400, 404}, number


def test_reads_and_pushes_go_on_while_the_index_is_rebuilt(
    hub: HubProcess, work: Work, model: str
) -> None:
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(rebuild_twice, hub.data)
        said = 0
        while not building.done() or said < 3:
            said += 1
            work.commit({".eval_results/quiz.yaml": entry(said)})
            assert work.push(hub.remote("ada", model)).returncode == 0
            rows = hub.get("/api/v1/boards/bench/quiz/main")["rows"]
            told = [row["claim"]["value_text"] for row in rows if row["model"] == model]
            assert told == [str(said)]
        building.result()
    test_a_rebuilt_index_is_byte_identical(hub)


def rebuild_twice(data: Path) -> None:
    for _ in range(2):
        assay("index", "rebuild", data=data)


def test_a_backup_is_the_same_hub_in_a_folder_and_in_another_database(
    hub: HubProcess, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "hub.tar"
    assay("backup", str(saved), data=hub.data)
    expected = assay("index", "dump", data=hub.data).stdout
    assert expected.count("\n") > 50
    refused = assay("restore", str(saved), data=tmp_path / "third", check=False)
    assert "does not belong to the data folder" in refused.stderr
    assert not (tmp_path / "third").exists()
    again = postgres.new_database()
    for name, url in (("files", None), ("database", again)):
        if url is None:
            monkeypatch.delenv("ASSAY_DATABASE_URL")
        else:
            monkeypatch.setenv("ASSAY_DATABASE_URL", url)
        data = tmp_path / name
        assay("restore", str(saved), data=data)
        assert (data / "hub.sqlite").exists() == (url is None)
        assert assay("index", "dump", data=data).stdout == expected
        restored = HubProcess(data)
        restored.start()
        try:
            board = "/api/v1/boards/bench/quiz/main"
            assert restored.get(board, as_="ada") == hub.get(board, as_="ada")
        finally:
            restored.stop()


def test_a_damaged_backup_leaves_the_database_as_it_was(
    hub: HubProcess, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "hub.tar"
    assay("backup", str(saved), data=hub.data)
    monkeypatch.setenv("ASSAY_DATABASE_URL", postgres.new_database())
    whole = saved.read_bytes()
    saved.write_bytes(whole[: len(whole) // 2])
    assert assay("restore", str(saved), data=tmp_path / "data", check=False).returncode == 1
    saved.write_bytes(whole)
    assay("restore", str(saved), data=tmp_path / "data")
