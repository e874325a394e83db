"""Discussions and pull requests through `HfApi`, `hf discussions` and git, as people drive them."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.community import DiscussionComment, DiscussionCommit, DiscussionTitleChange
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from tests.hub_process import HubProcess, Work, entry

# The client says so whenever a comment is hidden.
pytestmark = pytest.mark.filterwarnings("ignore:Hidden comments' content:UserWarning")

RESULT = ".eval_results/quiz.yaml"
NUMBERS = itertools.count()
As = Callable[[str], HfApi]


@pytest.fixture(scope="module")
def as_(hub: HubProcess) -> As:
    """The client of an account."""
    return lambda name: HfApi(endpoint=hub.url, token=hub.token(name))


@pytest.fixture
def model(hub: HubProcess, work: Work) -> str:
    """A new model of ada's that has a README and says 60."""
    name = f"talked-{next(NUMBERS)}"
    hub.create("ada", name)
    work.commit({"README.md": "x\n", RESULT: entry("60")})
    pushed = work.push(hub.remote("ada", f"ada/{name}"))
    assert pushed.returncode == 0, pushed.stderr
    return f"ada/{name}"


def add(path: str, content: str) -> CommitOperationAdd:
    return CommitOperationAdd(path_in_repo=path, path_or_fileobj=content.encode())


def propose(api: HfApi, model: str, value: str, title: str = "A result") -> int:
    """A pull request with a result in it; its number."""
    done = api.create_commit(
        model, [add(RESULT, entry(value))], commit_message=title, create_pr=True
    )
    assert done.pr_num is not None
    return done.pr_num


def refused(call: Callable[[], object], status: int) -> str:
    """What the hub says to a call that it must refuse with this status."""
    with pytest.raises(HfHubHTTPError) as caught:
        call()
    assert caught.value.response.status_code == status, caught.value
    assert caught.value.response.headers["x-error-code"]
    return str(caught.value.response.json()["error"])


def test_a_discussion_from_its_first_word_to_its_last(as_: As, model: str) -> None:
    ada, eve = as_("ada"), as_("eve")
    made = eve.create_discussion(model, "  Which\nprompt?  ", description="Page 4 says *two*.")
    assert (made.num, made.title, made.author) == (1, "Which prompt?", "eve")
    assert (made.status, made.is_pull_request, made.repo_type) == ("open", False, "model")
    assert (made.diff, made.target_branch, made.conflicting_files) == (None, None, None)
    [first] = made.events
    assert isinstance(first, DiscussionComment)
    assert (first.content, first.author, first.edited) == ("Page 4 says *two*.", "eve", False)
    said = ada.comment_discussion(model, 1, "The first.")
    assert (said.content, said.author) == ("The first.", "ada")
    edited = ada.edit_discussion_comment(model, 1, said.id, "The second.")
    assert (edited.content, edited.edited, edited.last_edited_by) == ("The second.", True, "ada")
    assert [version["raw"] for version in edited.edit_history] == ["The first.", "The second."]
    hidden = ada.hide_discussion_comment(model, 1, said.id)
    assert (hidden.hidden, hidden.content, hidden.edit_history) == (True, "", [])
    renamed = eve.rename_discussion(model, 1, "Which of the prompts?")
    assert (renamed.old_title, renamed.new_title) == ("Which prompt?", "Which of the prompts?")
    closed = eve.change_discussion_status(model, 1, "closed", comment="Found it.")
    assert (closed.new_status, closed.author) == ("closed", "eve")
    assert eve.change_discussion_status(model, 1, "open").new_status == "open"
    details = eve.get_discussion_details(model, 1)
    assert [event.type for event in details.events] == [
        "comment",
        "comment",
        "title-change",
        "comment",
        "status-change",
        "status-change",
    ]
    reason = details.events[3]
    assert isinstance(reason, DiscussionComment)
    assert reason.content == "Found it."
    refused(lambda: eve.edit_discussion_comment(model, 1, reason.id, "x"), 404)
    refused(lambda: ada.merge_pull_request(model, 1), 404)


def test_what_was_hidden_or_edited_stays_on_record_and_is_shown_to_nobody(
    hub: HubProcess, as_: As, model: str
) -> None:
    content = [add(RESULT, entry("55"))]
    as_("eve").create_commit(
        model, content, commit_message="A", commit_description="my address", create_pr=True
    )
    comment = as_("eve").get_discussion_details(model, 1).events[0]
    as_("eve").hide_discussion_comment(model, 1, comment.id)
    paths = [f"/{model}/discussions/1", f"/api/models/{model}/discussions/1?diff=1"]
    [row] = [
        row
        for row in hub.get("/api/v1/boards/bench/quiz/main?claims=all")["rows"]
        if row["model"] == model and row["claim"]["lane"] == "pr/1"
    ]
    paths += [f"/api/v1/models/{model}/discussions/1", f"/claims/{row['claim']['claim_id']}"]
    for path in paths:
        answer = hub.request("GET", path, as_="ada")
        assert answer.status_code == 200, path
        assert "my address" not in answer.text, path


def test_who_may_change_what(as_: As, model: str) -> None:
    ada, eve, bench = as_("ada"), as_("eve"), as_("bench")
    eve.create_discussion(model, "Eve's", description="first")
    [first] = eve.get_discussion_details(model, 1).events
    refused(lambda: bench.edit_discussion_comment(model, 1, first.id, "x"), 403)
    refused(lambda: bench.hide_discussion_comment(model, 1, first.id), 403)
    refused(lambda: bench.rename_discussion(model, 1, "x"), 403)
    refused(lambda: bench.change_discussion_status(model, 1, "closed"), 403)
    number = propose(eve, model, "55")
    refused(lambda: eve.merge_pull_request(model, number), 403)
    stranger = HfApi(endpoint=ada.endpoint, token=False)
    refused(lambda: stranger.comment_discussion(model, 1, "x"), 401)
    refused(lambda: stranger.create_discussion(model, "x"), 401)
    assert ada.edit_discussion_comment(model, 1, first.id, "by its writer").content


def test_lists_count_exactly_over_pages_and_filters(as_: As, hub: HubProcess, model: str) -> None:
    ada, eve = as_("ada"), as_("eve")
    for number in range(53):
        (eve if number % 2 else ada).create_discussion(model, f"Number {number}")
    opened = propose(eve, model, "55")
    draft = ada.create_pull_request(model, "A draft").num
    merged = propose(ada, model, "58")
    ada.merge_pull_request(model, merged)
    ada.change_discussion_status(model, 1, "closed")
    numbers = [found.num for found in ada.get_repo_discussions(model)]
    assert numbers == list(range(56, 0, -1))

    def found(**query: Any) -> list[int]:
        return [one.num for one in ada.get_repo_discussions(model, **query)]

    assert found(discussion_type="pull_request") == [merged, draft, opened]
    assert len(found(discussion_type="discussion")) == 53
    assert found(discussion_status="closed") == [merged, 1]
    assert len(found(discussion_status="open")) == 54
    assert found(discussion_type="pull_request", discussion_status="open") == [draft, opened]
    assert found(author="eve", discussion_type="pull_request") == [opened]
    assert found(author="nobody") == []
    beyond = hub.get(f"/api/models/{model}/discussions?p=9")
    assert (beyond["discussions"], beyond["count"], beyond["start"]) == ([], 56, 450)
    for query in ("p=-1", "p=x", "p=99999999999999999999", "type=x", "status=x"):
        answer = hub.request("GET", f"/api/models/{model}/discussions?{query}")
        assert answer.status_code == 400, query


def test_a_pull_request_starts_as_a_draft_and_counts(
    as_: As, hub: HubProcess, work: Work, model: str
) -> None:
    eve = as_("eve")
    made = eve.create_pull_request(model, "Report 55", description="Seen in the paper")
    assert (made.status, made.git_reference) == ("draft", "refs/pr/1")
    assert (made.target_branch, made.conflicting_files, made.diff) == ("refs/heads/main", [], "")
    done = eve.create_commit(
        model, [add(RESULT, entry("55"))], commit_message="say 55", revision="refs/pr/1"
    )
    details = eve.get_discussion_details(model, 1)
    assert details.status == "draft"
    [commit] = [event for event in details.events if isinstance(event, DiscussionCommit)]
    assert (commit.summary, commit.oid, commit.author) == ("say 55", done.oid, "eve")
    assert details.diff is not None
    assert f"diff --git a/{RESULT} b/{RESULT}" in details.diff
    assert "-  value: 60\n+  value: 55" in details.diff
    [row] = [
        row
        for row in hub.get("/api/v1/boards/bench/quiz/main?claims=all")["rows"]
        if row["model"] == model and row["claim"]["lane"] == "pr/1"
    ]
    assert row["claim"]["value_text"] == "55"
    assert eve.change_discussion_status(model, 1, "open").new_status == "open"
    refused(lambda: eve.change_discussion_status(model, 1, "open"), 409)
    work.git("fetch", "--quiet", hub.remote("eve", model), "refs/pr/1")
    work.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    pushed = work.commit({"notes.md": "by git"}, "by git")
    assert work.push(hub.remote("eve", model), "HEAD:refs/pr/1").returncode == 0
    [_, second] = [
        event
        for event in eve.get_discussion_details(model, 1).events
        if isinstance(event, DiscussionCommit)
    ]
    assert (second.oid, second.summary) == (pushed, "by git")


def test_a_folder_and_a_file_by_somebody_without_the_right_to_write(
    as_: As, model: str, tmp_path: Path
) -> None:
    eve = as_("eve")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "quiz.yaml").write_text(entry("54"))
    done = eve.upload_folder(
        repo_id=model, folder_path=folder, path_in_repo=".eval_results", create_pr=True
    )
    assert done.pr_num == 1
    assert eve.get_discussion_details(model, 1).status == "draft"
    file = eve.upload_file(
        repo_id=model, path_or_fileobj=b"x", path_in_repo="x.txt", create_pr=True
    )
    assert file.pr_num == 2
    assert eve.get_discussion_details(model, 2).status == "open"
    refused(lambda: eve.upload_file(repo_id=model, path_or_fileobj=b"x", path_in_repo="y.txt"), 403)


def test_a_merge_says_by_whom_when_and_why(as_: As, model: str) -> None:
    ada = as_("ada")
    number = propose(as_("eve"), model, "55", title="Report 55")
    before = ada.get_discussion_details(model, number).diff
    ada.merge_pull_request(model, number, comment="Thank you,\n\nit is right.")
    details = ada.get_discussion_details(model, number)
    main = ada.model_info(model).sha
    assert (details.status, details.merge_commit_oid) == ("merged", main)
    assert details.diff == before
    reason, merged = details.events[-2:]
    assert (merged.type, merged.author) == ("status-change", "ada")
    assert isinstance(reason, DiscussionComment)
    assert reason.content == "Thank you,\n\nit is right."
    refused(lambda: ada.change_discussion_status(model, number, "open"), 409)
    refused(lambda: ada.change_discussion_status(model, number, "closed"), 409)
    refused(lambda: ada.merge_pull_request(model, number), 409)
    late = [add("late.txt", "x")]
    said = refused(
        lambda: ada.create_commit(model, late, commit_message="x", revision=f"refs/pr/{number}"),
        403,
    )
    assert "is merged; open a new one" in said


def test_a_conflict_is_named_before_and_at_the_merge(
    as_: As, hub: HubProcess, work: Work, model: str
) -> None:
    ada = as_("ada")
    number = propose(as_("eve"), model, "55")
    assert ada.get_discussion_details(model, number).conflicting_files == []
    moved = work.commit({RESULT: entry("61"), "other.md": "x"})
    assert work.push(hub.remote("ada", model)).returncode == 0
    assert ada.get_discussion_details(model, number).conflicting_files == [RESULT]
    said = refused(lambda: ada.merge_pull_request(model, number), 409)
    assert RESULT in said
    assert "other.md" not in said
    assert ada.model_info(model).sha == moved
    details = ada.get_discussion_details(model, number)
    assert details.status == "open"
    assert details.diff is not None
    assert "61" not in details.diff, "a diff against main instead of the merge base"


def test_a_long_or_binary_file_is_named_and_not_shown(as_: As, model: str) -> None:
    files = [
        add("long.txt", "line\n" * 200_000),
        CommitOperationAdd("pic\u202e.bin", b"\0\1\2" * 99),
        add("short.txt", "short\n"),
    ]
    done = as_("eve").create_commit(model, files, commit_message="files", create_pr=True)
    diff = as_("eve").get_discussion_details(model, done.pr_num or 0).diff or ""
    assert "Files a/long.txt and b/long.txt are too long to show (1000000 bytes)" in diff
    assert "are binary and differ" in diff
    assert "\u202e" not in diff
    assert "+short\n" in diff
    assert len(diff) < 2_000


def test_of_two_merges_that_race_one_wins(as_: As, model: str) -> None:
    ada = as_("ada")
    number = propose(as_("eve"), model, "55")

    def merge(_: int) -> int:
        try:
            ada.merge_pull_request(model, number)
        except HfHubHTTPError as error:
            return error.response.status_code
        return 200

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(merge, range(6))) == [200, 409, 409, 409, 409, 409]
    kinds = [event.type for event in ada.get_discussion_details(model, number).events]
    assert kinds.count("status-change") == 1


def test_merges_while_main_moves_lose_nothing(
    as_: As, hub: HubProcess, work: Work, model: str
) -> None:
    ada = as_("ada")
    done = as_("eve").create_commit(
        model, [add("from-eve.md", "x")], commit_message="x", create_pr=True
    )
    with ThreadPoolExecutor(2) as pool:
        merge = pool.submit(ada.merge_pull_request, model, done.pr_num or 0)
        for number in range(5):
            work.commit({f"n{number}": "x"})
            if work.push(hub.remote("ada", model)).returncode:
                work.git("pull", "--quiet", "--rebase", hub.remote("ada", model), "main")
                assert work.push(hub.remote("ada", model)).returncode == 0
        merge.result()
    files = set(ada.list_repo_files(model))
    assert {"from-eve.md", "n0", "n1", "n2", "n3", "n4"} <= files


def test_what_makes_no_sense_is_refused_in_a_sentence(as_: As, hub: HubProcess, model: str) -> None:
    eve = as_("eve")
    eve.create_discussion(model, "One")
    for title in ("", " \n ", "x" * 501):
        assert "the title has" in refused(lambda t=title: eve.create_discussion(model, t), 400)  # type: ignore[misc]
        refused(lambda t=title: eve.rename_discussion(model, 1, t), 400)  # type: ignore[misc]
    assert "is empty" in refused(lambda: eve.comment_discussion(model, 1, "  "), 400)
    said = refused(lambda: eve.comment_discussion(model, 1, "x" * 65_537), 400)
    assert "65537 characters; expected at most 65536" in said
    [first] = eve.get_discussion_details(model, 1).events
    refused(lambda: eve.edit_discussion_comment(model, 1, first.id, ""), 400)
    refused(lambda: eve.edit_discussion_comment(model, 1, "deadbeef", "x"), 404)
    refused(lambda: eve.comment_discussion(model, 7, "x"), 404)
    refused(lambda: eve.get_discussion_details(model, 10**30), 404)
    refused(lambda: eve.merge_pull_request(model, 10**30), 404)
    eve.change_discussion_status(model, 1, "closed")
    assert "is closed already" in refused(
        lambda: eve.change_discussion_status(model, 1, "closed"), 409
    )
    path = f"/api/models/{model}/discussions"
    bodies: list[Any] = [{}, {"title": 1}, []]
    for body in bodies:
        assert hub.request("POST", path, as_="eve", json=body).status_code == 400, body
    for content in (b"", b"{", b'{"title": "\\ud800"}', b'{"title": "\xff"}'):
        headers = {"Authorization": f"Bearer {hub.token('eve')}"}
        answer = httpx.post(hub.url + path, content=content, headers=headers)
        assert answer.status_code == 400, content
    with pytest.raises(RepositoryNotFoundError):
        eve.create_discussion("ada/not-there", "x")


def test_closed_pull_requests_take_no_commits(
    as_: As, hub: HubProcess, work: Work, model: str
) -> None:
    eve = as_("eve")
    number = propose(eve, model, "55")
    eve.change_discussion_status(model, number, "closed", comment="mine was wrong")
    work.commit({"late.md": "x"})
    pushed = work.push(hub.remote("eve", model), f"+HEAD:refs/pr/{number}")
    assert f"pull request {number} is closed; open a new one" in pushed.stderr
    refused(lambda: as_("ada").merge_pull_request(model, number), 409)
    states = {
        claim["state"]
        for task in hub.get(f"/api/v1/models/{model}")["tasks"]
        for claim in task["claims"]
        if claim["lane"] == f"pr/{number}"
    }
    assert states == {"withdrawn"}
    eve.change_discussion_status(model, number, "open")
    assert work.push(hub.remote("eve", model), f"+HEAD:refs/pr/{number}").returncode == 0


def test_a_pull_request_on_an_empty_repository(as_: As, hub: HubProcess, work: Work) -> None:
    hub.create("ada", "bare-start")
    eve, ada = as_("eve"), as_("ada")
    made = eve.create_pull_request("ada/bare-start", "The first word")
    assert (made.status, made.conflicting_files, made.diff) == ("draft", [], "")
    refused(lambda: ada.merge_pull_request("ada/bare-start", made.num), 409)
    done = eve.create_commit(
        "ada/bare-start",
        [add(RESULT, entry("55"))],
        commit_message="first",
        revision=f"refs/pr/{made.num}",
    )
    diff = eve.get_discussion_details("ada/bare-start", made.num).diff
    assert diff is not None
    assert "new file mode" in diff
    work.git("fetch", "--quiet", hub.remote("eve", "ada/bare-start"), f"refs/pr/{made.num}")
    ada.merge_pull_request("ada/bare-start", made.num)
    details = eve.get_discussion_details("ada/bare-start", made.num)
    assert (details.status, details.merge_commit_oid, details.diff) == ("merged", done.oid, diff)


def test_datasets_have_them_too(as_: As, hub: HubProcess) -> None:
    eve, bench = as_("eve"), as_("bench")
    done = eve.create_commit(
        "bench/quiz",
        [add("data.jsonl", '{"question": 1}\n')],
        commit_message="A question",
        create_pr=True,
        repo_type="dataset",
    )
    number = done.pr_num or 0
    talk = eve.create_discussion("bench/quiz", "Licence?", repo_type="dataset")
    assert talk.num == number + 1
    assert talk.url == f"{hub.url}/datasets/bench/quiz/discussions/{talk.num}"
    bench.merge_pull_request("bench/quiz", number, repo_type="dataset")
    details = bench.get_discussion_details("bench/quiz", number, repo_type="dataset")
    assert (details.status, details.repo_type) == ("merged", "dataset")
    assert "data.jsonl" in bench.list_repo_files("bench/quiz", repo_type="dataset")


def hf(hub: HubProcess, account: str, home: Path, *words: str, check: bool = True) -> str:
    """`hf discussions …` as an account; what it prints."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": hub.token(account),
        "HF_HOME": str(home),
        "NO_COLOR": "1",
    }
    program = Path(sys.executable).with_name("hf")
    argv = [str(program), "discussions", *words]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == check, done.stderr
    return done.stdout if check else done.stderr


def test_every_command_of_hf_discussions(
    hub: HubProcess, as_: As, model: str, tmp_path: Path
) -> None:
    def eve(*words: str) -> str:
        return hf(hub, "eve", tmp_path, *words)

    def info(number: int) -> dict[str, Any]:
        return cast(
            "dict[str, Any]", json.loads(eve("info", model, str(number), "--format", "json"))
        )

    eve("create", model, "--title", "A question", "--body", "why?")
    eve("create", model, "--title", "A change", "--pr")
    assert (info(1)["status"], info(2)["status"]) == ("open", "draft")
    content = [add(RESULT, entry("57"))]
    as_("eve").create_commit(model, content, commit_message="57", revision="refs/pr/2")
    assert "+  value: 57" in eve("diff", model, "2")
    listed = json.loads(eve("list", model, "--format", "json"))
    assert [row["num"] for row in listed] == [2, 1]
    drafts = json.loads(eve("list", model, "--status", "draft", "--format", "json"))
    assert [row["num"] for row in drafts] == [2]
    eve("comment", model, "1", "--body", "anybody?")
    [_, said] = info(1)["events"]
    eve("edit", model, "1", said["id"], "--body", "anybody there?")
    assert info(1)["events"][1]["content"] == "anybody there?"
    eve("rename", model, "1", "A better question")
    eve("close", model, "1", "--comment", "answered", "--yes")
    eve("reopen", model, "1", "--yes")
    assert (info(1)["title"], info(1)["status"]) == ("A better question", "open")
    hf(hub, "ada", tmp_path, "merge", model, "2", "--comment", "thanks", "--yes")
    assert info(2)["status"] == "merged"
    merged = json.loads(eve("list", model, "--status", "merged", "--format", "json"))
    assert [row["num"] for row in merged] == [2]
    again = hf(hub, "ada", tmp_path, "merge", model, "2", "--yes", check=False)
    assert "pull request 2 is merged already" in again


def test_titles_of_a_change_are_the_old_and_the_new_one(as_: As, model: str) -> None:
    as_("eve").create_pull_request(model, "One")
    as_("ada").rename_discussion(model, 1, "Two")
    changes = [
        event
        for event in as_("eve").get_discussion_details(model, 1).events
        if isinstance(event, DiscussionTitleChange)
    ]
    assert [(change.old_title, change.new_title) for change in changes] == [("One", "Two")]


def test_the_pages_say_what_the_client_said(as_: As, hub: HubProcess, model: str) -> None:
    """JSON of a pull request that conflicts, and of the list it stands in."""
    number = propose(as_("eve"), model, "55", "Report 55")
    as_("ada").create_commit(model, [add(RESULT, entry("61"))], commit_message="61")
    as_("ada").create_discussion(model, "Why not 61?")
    answer = hub.get(f"/api/v1/models/{model}/discussions/{number}")
    assert answer["conflicts"] == [RESULT]
    assert "It cannot be merged" in answer["sentence"]
    [file] = answer["files"]
    assert (file["path"], file["change"], file["plus"], file["minus"]) == (RESULT, "changed", 1, 1)
    listed = hub.get(f"/api/v1/models/{model}/discussions")
    assert [row["number"] for row in listed["discussions"]] == [number + 1, number]
    assert listed["sentence"] == "1 pull request and 1 discussion are open."
    page = hub.request("GET", f"/{model}/discussions/{number}")
    assert "+  value: 55" in page.text
    assert hub.request("GET", f"/{model}/discussions").status_code == 200
