"""What one push does to the world: what lands, what is refused, and what stays on record."""

from __future__ import annotations

import itertools
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.hub_process import HubProcess, Work, assay, entry

NUMBERS = itertools.count()


@pytest.fixture
def model(hub: HubProcess) -> str:
    """A new model repository of ada's."""
    name = f"model-{next(NUMBERS)}"
    hub.create("ada", name)
    return f"ada/{name}"


def rows(hub: HubProcess, model: str, *, claims: bool = False) -> list[dict[str, object]]:
    path = "/api/v1/boards/bench/quiz/main" + ("?claims=all" if claims else "")
    return [row for row in hub.get(path)["rows"] if row["model"] == model]


def main_of(hub: HubProcess, model: str) -> str | None:
    return hub.main("ada", model)


def open_pull(hub: HubProcess, account: str, model: str) -> int:
    body = {"title": "A result", "description": "seen", "pullRequest": True}
    answer = hub.request("POST", f"/api/models/{model}/discussions", as_=account, json=body)
    assert answer.status_code == 200, answer.text
    number: int = answer.json()["num"]
    return number


def test_a_push_shows_on_the_very_next_board(hub: HubProcess, work: Work, model: str) -> None:
    commit = work.commit({".eval_results/quiz.yaml": entry("75.0")})
    assert work.push(hub.remote("ada", model)).returncode == 0
    [row] = rows(hub, model)
    claim = row["claim"]
    assert isinstance(claim, dict)
    assert (claim["value_text"], claim["commit"], claim["pusher"]) == ("75.0", commit, "ada")
    assert (claim["reporter"], claim["state"], claim["author_name"]) == ("author", "live", "Ada")


BAD_FILES: dict[str, tuple[str | bytes, str]] = {
    "broken YAML": ("- dataset: [", "AS104"),
    "not a list": ("dataset: 1\n", "AS401"),
    "no task": ("- dataset:\n    id: a/b\n  value: 1\n", "AS405"),
    "a word for a value": (entry("most"), "AS406"),
    "a list for a dataset": ("- dataset: [a, b]\n  value: 1\n", "AS404"),
    "no value": (entry("").replace("  value: \n", ""), "AS406"),
    "not a number": (entry(".nan"), "AS407"),
    "infinite": (entry("1e999"), "AS407"),
    "duplicate keys": (entry("1") + "  value: 2\n", "AS111"),
    "deep": ("[" * 5000, "AS105"),
    "ten megabytes": ("[" * 10_000_000, "AS101"),
    "not UTF-8": (b"\xff\xfe\xfa", "AS102"),
    "an LFS pointer": (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 9\n",
        "AS117",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_one_bad_file_of_forty_refuses_the_whole_push(
    hub: HubProcess, work: Work, model: str, name: str
) -> None:
    content, code = BAD_FILES[name]
    work.commit({f".eval_results/good-{n}.yaml": entry(n) for n in range(39)})
    work.commit({".eval_results/bad.yaml": content})
    work.git("reset", "--quiet", "--soft", "HEAD~1")
    work.git("commit", "--quiet", "--amend", "--all", "--message", "forty files")
    pushed = work.push(hub.remote("ada", model))
    assert pushed.returncode == 1
    assert f"error {code} " in pushed.stderr
    assert "remote: .eval_results/bad.yaml" in pushed.stderr
    assert "refused: nothing was changed" in pushed.stderr
    assert main_of(hub, model) is None
    assert rows(hub, model) == []


def test_a_symlink_among_the_results_is_refused(hub: HubProcess, work: Work, model: str) -> None:
    (work.folder / ".eval_results").mkdir()
    (work.folder / ".eval_results" / "x.yaml").symlink_to("/etc/passwd")
    work.commit({"README.md": "x"})
    pushed = work.push(hub.remote("ada", model))
    assert pushed.returncode == 1
    assert "AS605" in pushed.stderr


def test_a_submodule_among_the_results_is_refused(hub: HubProcess, work: Work, model: str) -> None:
    first = work.commit({"README.md": "x"})
    assert work.push(hub.remote("ada", model)).returncode == 0
    link = f"160000,{first},.eval_results/x.yaml"
    work.git("update-index", "--add", "--cacheinfo", link)
    work.git("commit", "--quiet", "--message", "a submodule")
    pushed = work.push(hub.remote("ada", model))
    assert pushed.returncode == 1
    assert "error AS605 a submodule stands here" in pushed.stderr
    assert main_of(hub, model) == first


def commit_of_tree(work: Work, *entries: bytes) -> str:
    """A commit of a tree that git itself would not make."""
    made = work.folder / "tree"
    made.write_bytes(b"".join(entries))
    tree = work.git("hash-object", "-t", "tree", "-w", "--literally", str(made)).stdout.strip()
    return work.git("commit-tree", tree, "-m", "evil").stdout.strip()


@pytest.mark.parametrize("name", [b"..", b".", b".git", b"a/b"])
def test_a_path_that_leaves_the_tree_is_refused(
    hub: HubProcess, work: Work, model: str, name: bytes
) -> None:
    work.commit({"a": "x"})
    blob = bytes.fromhex(work.git("rev-parse", "HEAD:a").stdout.strip())
    commit = commit_of_tree(work, b"100644 " + name + b"\0" + blob)
    pushed = work.push(hub.remote("ada", model), f"{commit}:refs/heads/main")
    assert pushed.returncode == 1
    assert "fsck" in pushed.stderr  # git's own check of objects, which names the fault
    assert main_of(hub, model) is None


def test_a_result_file_no_checkout_can_hold_is_refused(
    hub: HubProcess, work: Work, model: str
) -> None:
    work.commit({".eval_results/a\\b.yaml": entry("1"), ".eval_results/a\x1b[2J.yaml": entry("1")})
    pushed = work.push(hub.remote("ada", model))
    assert pushed.returncode == 1
    assert pushed.stderr.count("error AS606 no checkout can hold this path") == 2
    assert "\x1b[2J" not in pushed.stderr
    assert main_of(hub, model) is None


def test_main_is_never_deleted(hub: HubProcess, work: Work, model: str) -> None:
    commit = work.commit({".eval_results/quiz.yaml": entry("75.0")})
    work.push(hub.remote("ada", model))
    pushed = work.push(hub.remote("ada", model), ":refs/heads/main")
    assert pushed.returncode == 1
    assert "main cannot be deleted" in pushed.stderr
    assert main_of(hub, model) == commit
    assert len(rows(hub, model)) == 1


def test_a_branch_is_deleted_and_its_commits_are_kept(
    hub: HubProcess, work: Work, model: str
) -> None:
    work.commit({"README.md": "x"})
    work.push(hub.remote("ada", model), "main", "main:refs/heads/idea")
    assert work.push(hub.remote("ada", model), ":refs/heads/idea").returncode == 0
    assert "idea" not in work.git("ls-remote", hub.remote("ada", model)).stdout


def test_a_value_beyond_the_declared_bounds_lands_with_a_warning(
    hub: HubProcess, work: Work, model: str
) -> None:
    work.commit({".eval_results/quiz.yaml": entry("140")})
    pushed = work.push(hub.remote("ada", model))
    assert pushed.returncode == 0
    assert "warning AS602 [0] a value that accuracy cannot take; got 140" in pushed.stderr
    board = hub.get("/api/v1/boards/bench/quiz/main")
    row = board["rows"][-1]
    assert (row["model"], row["rank"], row["outside"]) == (model, None, "not from 0 to 100")
    assert "cannot be ranked" in board["sentence"]
    work.commit({".eval_results/quiz.yaml": entry("14") + entry("0.75", task="man")})
    pushed = work.push(hub.remote("ada", model))
    assert "warning AS607 [1] bench/quiz has no such task" in pushed.stderr
    assert "AS602" not in pushed.stderr


def test_lenient_pushes_keep_bad_files_and_their_good_entries(
    hub: HubProcess, work: Work, model: str
) -> None:
    work.commit({".eval_results/mixed.yaml": entry("10") + entry(".nan")})
    pushed = work.git("push", "-o", "assay.lenient", hub.remote("ada", model), "main", check=False)
    assert pushed.returncode == 0, pushed.stderr
    answer = hub.get(f"/api/v1/models/{model}")
    assert [file["filename"] for file in answer["broken"]] == [".eval_results/mixed.yaml"]
    assert len(rows(hub, model)) == 1


def test_a_strangers_push_and_another_owners_push_are_refused(
    hub: HubProcess, work: Work, model: str
) -> None:
    work.commit({"README.md": "x"})
    assert work.push(f"{hub.url}/{model}").returncode != 0
    pushed = work.push(hub.remote("eve", model))
    assert "only the owner of 'ada' may push here" in pushed.stderr
    assert work.push(hub.remote("ada", model), "main:refs/assay/kept/x").returncode == 1
    assert main_of(hub, model) is None


def test_a_community_claim_is_shown_declined_and_never_forgotten(
    hub: HubProcess, work: Work, model: str
) -> None:
    work.commit({".eval_results/quiz.yaml": entry("60")})
    work.push(hub.remote("ada", model))
    number = open_pull(hub, "eve", model)
    work.commit({".eval_results/quiz.yaml": entry("55")})
    pushed = work.push(hub.remote("eve", model), f"main:refs/pr/{number}")
    assert pushed.returncode == 0, pushed.stderr
    [row] = rows(hub, model)
    assert (row["other_claims"], row["disagrees"]) == (1, True)
    [own, other] = sorted(rows(hub, model, claims=True), key=lambda r: str(r["badges"]))
    assert (own["badges"], other["badges"]) == (["author"], ["community"])
    claim = other["claim"]
    assert isinstance(claim, dict)
    assert isinstance(own["claim"], dict)
    assert claim["contradicts"] == own["claim"]["claim_id"]
    assert hub.close_pull("ada", model, number, "wrong prompt").status_code == 200
    [row] = rows(hub, model)
    assert (row["other_claims"], row["declined"]) == (0, 1)
    answer = hub.get(f"/api/v1/claims/{claim['claim_id']}")
    assert answer["claim"]["state"] == "declined"
    closed = [line for line in answer["history"] if line["kind"] == "pull request closed"]
    assert [(line["actor"], line["text"]) for line in closed] == [("ada", "wrong prompt")]
    again = work.push(hub.remote("eve", model), f"main:refs/pr/{number}", "--force")
    work.commit({"x": "y"})
    again = work.push(hub.remote("eve", model), f"main:refs/pr/{number}")
    assert again.returncode == 1
    assert "is closed" in again.stderr


def test_a_merge_carries_the_claim_to_main(hub: HubProcess, work: Work, model: str) -> None:
    work.commit({"README.md": "x"})
    work.push(hub.remote("ada", model))
    number = open_pull(hub, "eve", model)
    work.commit({".eval_results/quiz.yaml": entry("55")})
    work.push(hub.remote("eve", model), f"main:refs/pr/{number}")
    [before] = rows(hub, model)
    merge = f"/api/models/{model}/discussions/{number}/merge"
    assert hub.request("POST", merge, as_="eve", json={}).status_code == 403
    assert hub.request("POST", merge, as_="ada", json={}).status_code == 200
    [after] = rows(hub, model)
    assert isinstance(before["claim"], dict)
    assert isinstance(after["claim"], dict)
    assert after["claim"]["claim_id"] == before["claim"]["claim_id"]
    assert (after["claim"]["lane"], after["claim"]["pull"]) == ("main", number)
    assert after["badges"] == ["author"]


def test_a_pull_equal_to_main_and_one_that_deletes(hub: HubProcess, work: Work, model: str) -> None:
    work.commit({".eval_results/quiz.yaml": entry("60")})
    work.push(hub.remote("ada", model))
    equal, deletes = open_pull(hub, "eve", model), open_pull(hub, "eve", model)
    work.commit({".eval_results/quiz.yaml": None})
    assert work.push(hub.remote("eve", model), f"main:refs/pr/{deletes}").returncode == 0
    assert hub.get(f"/api/v1/models/{model}/pulls/{equal}")["claims"] == []
    answer = hub.get(f"/api/v1/models/{model}/pulls/{deletes}")
    assert (answer["claims"], len(answer["removals"])) == ([], 1)
    assert len(rows(hub, model)) == 1


def test_rewritten_history_is_kept_and_its_claims_stay_on_record(
    hub: HubProcess, work: Work, model: str
) -> None:
    work.commit({"README.md": "x"})
    old = work.commit({".eval_results/quiz.yaml": entry("60")})
    work.push(hub.remote("ada", model))
    [row] = rows(hub, model)
    assert isinstance(row["claim"], dict)
    claim_id = row["claim"]["claim_id"]
    work.git("reset", "--quiet", "--hard", "HEAD~1")
    work.commit({"README.md": "y"})
    pushed = work.push(hub.remote("ada", model), "+main:main")
    assert pushed.returncode == 0, pushed.stderr
    assert rows(hub, model) == []
    answer = hub.get(f"/api/v1/claims/{claim_id}")
    assert answer["claim"]["state"] == "deleted"
    assert "history rewritten" in [line["kind"] for line in answer["history"]]
    assert hub.get(f"/api/models/{model}/revision/{old}")["sha"] == old
    assert "refs/assay" not in work.git("ls-remote", hub.remote("ada", model)).stdout


def test_a_rewritten_pull_request_speaks_for_its_new_commits_only(
    hub: HubProcess, work: Work, model: str
) -> None:
    work.commit({"README.md": "x"})
    work.push(hub.remote("ada", model))
    number = open_pull(hub, "eve", model)
    old = work.commit({".eval_results/quiz.yaml": entry("55")})
    work.push(hub.remote("eve", model), f"main:refs/pr/{number}")
    [before] = rows(hub, model, claims=True)
    work.git("reset", "--quiet", "--hard", "HEAD~1")
    work.commit({".eval_results/other.yaml": entry("56")})
    assert work.push(hub.remote("eve", model), f"main:refs/pr/{number}").returncode == 1
    assert work.push(hub.remote("eve", model), f"+main:refs/pr/{number}").returncode == 0
    [after] = rows(hub, model, claims=True)
    assert isinstance(before["claim"], dict)
    assert isinstance(after["claim"], dict)
    assert (before["claim"]["value_text"], after["claim"]["value_text"]) == ("55", "56")
    answer = hub.get(f"/api/v1/claims/{before['claim']['claim_id']}")
    [changed] = [line for line in answer["history"] if line["kind"] == "changed"]
    assert changed["text"] == "55 → 56, by rewriting history"
    assert hub.get(f"/api/models/{model}/revision/{old}")["sha"] == old


def test_what_the_owner_closed_its_author_does_not_open_again(
    hub: HubProcess, work: Work, model: str
) -> None:
    work.commit({"README.md": "x"})
    work.push(hub.remote("ada", model))
    number = open_pull(hub, "eve", model)
    path = f"/api/models/{model}/discussions/{number}/status"
    assert hub.close_pull("ada", model, number, "no").is_success
    answer = hub.request("POST", path, as_="eve", json={"status": "open"})
    assert answer.status_code == 403
    assert "ada closed number" in answer.json()["error"]
    assert hub.request("POST", path, as_="ada", json={"status": "open"}).is_success
    for account in ("eve", "eve"):  # what she closed herself, she may open again
        assert hub.close_pull(account, model, number, "mine").is_success
        assert hub.request("POST", path, as_=account, json={"status": "open"}).is_success


def test_histories_without_a_common_commit_are_not_merged(
    hub: HubProcess, work: Work, model: str
) -> None:
    """The page shows what a pull request adds to its merge base; without one, too little."""
    work.commit({".eval_results/quiz.yaml": entry("60")})
    work.push(hub.remote("ada", model))
    number = open_pull(hub, "eve", model)
    work.commit({".eval_results/other.yaml": entry("55")})
    work.push(hub.remote("eve", model), f"main:refs/pr/{number}")
    work.git("checkout", "--quiet", "--orphan", "again")
    commit = work.commit({"README.md": "x"})
    assert work.push(hub.remote("ada", model), "+again:main").returncode == 0
    path = f"/api/models/{model}/discussions/{number}/merge"
    answer = hub.request("POST", path, as_="ada", json={})
    assert answer.status_code == 409
    assert "shares no history with main" in answer.json()["error"]
    assert main_of(hub, model) == commit


def test_a_stale_pull_request_keeps_its_claim_and_is_merged_only_if_git_can(
    hub: HubProcess, work: Work, model: str
) -> None:
    base = work.commit({".eval_results/quiz.yaml": entry("60")})
    work.push(hub.remote("ada", model))
    number = open_pull(hub, "eve", model)
    work.commit({".eval_results/quiz.yaml": entry("55")})
    work.push(hub.remote("eve", model), f"main:refs/pr/{number}")
    work.git("reset", "--quiet", "--hard", base)
    moved = work.commit({".eval_results/quiz.yaml": entry("61")})
    assert work.push(hub.remote("ada", model)).returncode == 0
    found = {str(row["badges"]): row["claim"] for row in rows(hub, model, claims=True)}
    values = {badges: claim["value_text"] for badges, claim in found.items()}  # type: ignore[index]
    assert values == {"['author']": "61", "['community']": "55"}
    path = f"/api/models/{model}/discussions/{number}/merge"
    answer = hub.request("POST", path, as_="ada", json={})
    assert answer.status_code == 409
    assert ".eval_results/quiz.yaml" in answer.json()["error"]
    assert main_of(hub, model) == moved
    assert hub.get(f"/api/v1/models/{model}/pulls/{number}")["status"] == "draft"


def test_of_pushes_that_race_for_one_ref_one_wins(hub: HubProcess, work: Work, model: str) -> None:
    base = work.commit({"README.md": "x"})
    work.push(hub.remote("ada", model))
    commits = []
    for value in range(6):
        work.git("reset", "--quiet", "--hard", base)
        commits.append(work.commit({".eval_results/quiz.yaml": entry(value)}))
    with ThreadPoolExecutor(6) as pool:
        remote = hub.remote("ada", model)
        pushes = list(pool.map(lambda sha: work.push(remote, f"{sha}:refs/heads/main"), commits))
    [winner] = [commits[n] for n, push in enumerate(pushes) if push.returncode == 0]
    assert main_of(hub, model) == winner
    [row] = rows(hub, model)
    assert isinstance(row["claim"], dict)
    assert row["claim"]["value_text"] == str(commits.index(winner))


def test_hostile_specs_are_refused(hub: HubProcess, work: Work) -> None:
    hub.create("bench", "hostile", "dataset")
    spec = (
        "name: X\nevaluation_framework: inspect-ai\ntasks:\n  - id: a\n    field_spec:\n"
        "      input: q\n      target: a\n    solvers:\n      - name: prompt_template\n"
        "        args:\n          template: {}\n    scorers:\n      - name: match\n"
    )
    for template in ("/etc/passwd", "https://example.com/t", "../secret.txt"):
        work.commit({"eval.yaml": spec.replace("{}", template)})
        pushed = work.push(hub.remote("bench", "datasets/bench/hostile"))
        assert pushed.returncode == 1, template
        work.git("update-ref", "-d", "HEAD")


def test_many_pushes_at_once_to_one_repository_all_land(
    hub: HubProcess, work: Work, model: str
) -> None:
    """More than the hub has threads: those that wait must not keep the first from finishing."""
    work.commit({f".eval_results/{n}.yaml": entry(n) * 900 for n in range(8)})
    assert work.push(hub.remote("ada", model)).returncode == 0
    main = work.head()
    commits = []
    for number in range(40):
        work.git("reset", "--quiet", "--hard", main)
        commits.append(work.commit({"n": str(number)}))

    def push(commit: str) -> subprocess.CompletedProcess[str]:
        return work.push(hub.remote("ada", model), f"{commit}:refs/heads/of-{commit}")

    with ThreadPoolExecutor(40) as pool:
        pushes = list(pool.map(push, commits))
    assert [push.stderr for push in pushes if push.returncode] == []
    for commit in commits:
        assert hub.get(f"/api/models/{model}/revision/{commit}")["sha"] == commit


def test_a_left_lock_file_does_not_stop_the_next_push(
    hub: HubProcess, work: Work, model: str
) -> None:
    work.commit({"README.md": "x"})
    work.push(hub.remote("ada", model))
    [folder] = [
        path
        for path in (hub.data / "repos").glob("*/*.git")
        if f"model {model}" in (path / "config").read_text()
    ]
    lock = folder / "refs" / "heads" / "main.lock"
    lock.touch()
    os.utime(lock, (0, 0))
    work.commit({"README.md": "y"})
    pushed = work.push(hub.remote("ada", model))
    assert pushed.returncode == 0, pushed.stderr


def test_a_rebuilt_index_is_byte_identical(hub: HubProcess) -> None:
    """Runs last: every state the tests above made is in it."""
    before = assay("index", "dump", data=hub.data).stdout
    assert before.count("\n") > 20
    assay("index", "rebuild", data=hub.data)
    assert assay("index", "dump", data=hub.data).stdout == before
    assert hub.get("/api/v1/benchmarks")
