"""MTEB's results as repositories: boards over HTTP, importing again, newer data, dying half-way."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from tests.hub_process import ROOT, HubProcess, Work, entry
from tests.mteb_tables import SOURCE, Tables
from tests.unit.formats.shared_data import SHARED, need_shared_data

from assay.errors import NotFoundError
from assay.formats.terms import parse_assay_yaml
from assay.hub import imports, indexing, people
from assay.hub.imports import Files, Imported, Selection
from assay.hub.mirror import actor_for
from assay.hub.open import open_hub
from assay.settings import HubSettings

KILLED = -9
REAL = SHARED / "mteb"
LEFT_OUT = "the model's name is none a repository may have"
OTHER_CASE = "the namespace is here in other letters"


def files(folder: Path) -> Files:
    names = ("results.parquet", "history.parquet", "tasks.json", "models.json")
    return Files(*(folder / name for name in names))


def command(data: Path, folder: Path, *options: str, dies: str | None = None) -> list[str]:
    program = ["tests.dying_server", dies] if dies else ["assay"]
    argv = [sys.executable, "-m", *program, "import-mteb", str(folder / "results.parquet")]
    argv += ["--history", str(folder / "history.parquet"), "--tasks", str(folder / "tasks.json")]
    return [*argv, "--registry", str(folder / "models.json"), "--data", str(data), *options]


def run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=ROOT, check=False, capture_output=True, text=True)


def imported(
    data: Path,
    folder: Path,
    *models: str,
    limit: int | None = None,
    subsets: bool = False,
    dry: bool = False,
) -> Imported:
    """An import in this process, as the command does it."""
    hub = open_hub(HubSettings(data=data))
    try:
        indexing.ensure(hub)
        actor = actor_for(hub, "mteb-tasks/any", None)
        wanted = Selection(models, limit, subsets=subsets)
        return imports.import_mteb(hub, actor, files(folder), wanted, dry=dry)
    finally:
        hub.close()


def made(data: Path) -> Path:
    """A data folder with an admin, and somebody whose name is a namespace in other letters."""
    hub = open_hub(HubSettings(data=data))
    people.add_account(hub, "root", is_admin=True)
    people.add_account(hub, "STS")
    hub.close()
    return data


def dump(data: Path, *, rebuilt: bool = False) -> list[Any]:
    hub = open_hub(HubSettings(data=data))
    try:
        if rebuilt:
            indexing.rebuild(hub)
        return list(indexing.dump(hub))
    finally:
        hub.close()


def heads(data: Path) -> dict[str, str | None]:
    """Where main of every repository is, by id."""
    hub = open_hub(HubSettings(data=data))
    try:
        return {repo_id: hub.git.open(repo_id).head("refs/heads/main") for repo_id in hub.git.ids()}
    finally:
        hub.close()


def counts(made: int = 0, updated: int = 0, unchanged: int = 0, commits: int = 0) -> imports.Counts:
    return imports.Counts(made, updated, unchanged, commits)


def first_tables() -> Tables:
    """Three models, one of them of three submissions, and one whose name cannot be used here."""
    tables = Tables()
    tables.add("org/one", "Bank", 0.5, author_handle="ada-l")
    tables.add("org/one", "Talk", 0.25, "b", subset="en", n_modified=1)
    tables.add("org/one", "Talk", 0.75, "b", subset="fr", n_modified=1)
    tables.before("org/one", "Talk", 0.1, "b", subset="en")
    tables.before("org/one", "Talk", 0.25, "c", subset="en")
    tables.add("org/two", "Bank", 0.75, "c", result_date="1786262939.7")
    tables.add("org/two", "Near", -0.25, "c")
    tables.add("org/two", "Old", 1.5, "c")
    tables.add("org/odd_(name=1)", "Bank", 0.9)
    tables.add("ORG/three", "Bank", 0.125)
    return tables


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubProcess, Path]]:
    """A served hub, and tables that are imported while it serves."""
    folder = tmp_path_factory.mktemp("mteb")
    hub = HubProcess(made(folder / "data"))
    hub.add("org")  # who owns the namespace here is not the author of what is copied
    hub.start()
    first_tables().write(folder / "tables")
    try:
        yield hub, folder / "tables"
    finally:
        hub.stop()


def log(hub: HubProcess, repo: str, folder: Path) -> list[str]:
    """Author, date, subject and files of each commit of a clone, the oldest first."""
    Work(folder).git("clone", "--quiet", f"{hub.url}/{repo}", "clone")
    form = "--format=%x00%an|%ae|%aI|%s%x01"
    said = Work(folder / "clone").git("log", "--reverse", "--name-only", form).stdout
    return [" ".join(part.replace("\x01", "").split("\n")).strip() for part in said.split("\0")[1:]]


def test_a_dry_run_changes_nothing(served: tuple[HubProcess, Path]) -> None:
    hub, tables = served
    said = imported(hub.data, tables, dry=True)
    assert (said.dry, said.models, said.benchmarks) == (
        True,
        counts(made=3, commits=5),
        counts(made=3, commits=3),
    )
    assert hub.get("/api/models") == []


def test_the_command_says_what_it_did(served: tuple[HubProcess, Path]) -> None:
    hub, tables = served
    done = run(command(hub.data, tables, "--json"))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["models"] == asdict(counts(made=3, commits=5))
    assert said["benchmarks"] == asdict(counts(made=3, commits=3))
    assert (said["tasks"], said["entries"], said["rows"]) == (4, 6, 8)
    assert said["names_left_out"] == {LEFT_OUT: ["org/odd_(name=1)"], OTHER_CASE: ["sts/near"]}
    assert said["respelled"] == {"ORG/three": "org/three"}
    assert "MTEB: writing models" in done.stderr
    again = run(command(hub.data, tables))
    assert again.returncode == 0, again.stderr
    assert "models\t0\t0\t3\t0" in again.stdout
    assert f"  1  {OTHER_CASE}: sts/near" in again.stdout
    assert "  ORG/three is written org/three here" in again.stdout


def test_each_submission_is_a_commit(served: tuple[HubProcess, Path], tmp_path: Path) -> None:
    hub, _ = served
    ada = "ada-l|ada-l@users.noreply.github.com|2024-07-06T17:23:39-04:00"
    bob = "a_bbbbbbbbbbbb|a_bbbbbbbbbbbb@authors.invalid|2024-08-14T17:54:13+02:00"
    cyd = "a_cccccccccccc|a_cccccccccccc@authors.invalid|2025-01-03T22:47:37+08:00"
    assert log(hub, "org/one", tmp_path) == [
        f"{ada}|MTEB results of 1 task (#11)  .eval_results/Bank.yaml",
        f"{bob}|MTEB results of 1 task (#12)  .eval_results/Talk.yaml",
        f"{cyd}|MTEB results of 1 task  .eval_results/Talk.yaml",
    ]


def test_the_boards_show_them(served: tuple[HubProcess, Path]) -> None:
    hub, _ = served
    board = hub.get("/api/v1/boards/mteb/bank/Bank")
    rows = [(row["model"], row["claim"]["value_text"], row["badges"]) for row in board["rows"]]
    assert rows == [
        ("org/two", "0.75", ["community", "mirror"]),
        ("org/one", "0.5", ["community", "mirror"]),
        ("org/three", "0.125", ["community", "mirror"]),
    ]
    assert hub.get("/api/v1/boards/mteb-tasks/Old/Old")["rows"][0]["claim"]["value_text"] == "1.5"
    answer = hub.get("/api/v1/models/org/one")
    [talk] = [task for task in answer["tasks"] if task["task"] == "Talk"]
    [claim] = talk["claims"]
    assert (claim["value_text"], claim["reporter"]) == ("0.5", "community")
    assert claim["source"]["url"].startswith(f"{SOURCE}/blob/{'c' * 40}/results/org__one/rev1/")
    assert answer["mirror_of"] == f"{SOURCE}/tree/main/results/org__one"


def test_files_say_what_is_known_and_no_more(served: tuple[HubProcess, Path]) -> None:
    hub, _ = served

    def read(path: str) -> str:
        return hub.request("GET", path).text

    assert read("/org/two/resolve/main/.eval_results/Bank.yaml") == (
        "- dataset:\n    id: mteb/bank\n    task_id: Bank\n"
        f'    revision: {"d" * 40}\n  value: 0.75\n  date: "2026-08-09T08:08:59Z"\n  source:\n'
        f"    url: {SOURCE}/blob/{'c' * 40}/results/org__two/rev1/Bank.json\n"
        '    name: MTEB\n    user: a_cccccccccccc\n  notes: "mteb 1.38.0, model revision rev1"\n'
    )
    assert read("/datasets/mteb/bank/resolve/main/eval.yaml") == (
        "name: Bank\nevaluation_framework: mteb\ntasks:\n  - id: Bank\n    split: test\n"
    )
    bank = parse_assay_yaml(read("/datasets/mteb/bank/resolve/main/assay.yaml").encode(), "a")
    [metric] = bank.tasks["Bank"].metrics
    said = (metric.id, metric.direction, metric.unit, metric.min, metric.max, metric.primary)
    assert said == ("accuracy", "higher", "proportion", 0.0, 1.0, True)
    assert hub.request("GET", "/datasets/mteb-tasks/Old/resolve/main/assay.yaml").status_code == 404
    both = read("/datasets/mteb/Talk/resolve/main/eval.yaml")
    assert both.count("- id:") == 2
    assert "split: dev+x" in both


def test_others_report_beside_them_by_pull_request(served: tuple[HubProcess, Path]) -> None:
    hub, tables = served
    hub.add("eve")
    api = HfApi(endpoint=hub.url, token=hub.token("eve"))
    report = entry(0.5, task="Bank", dataset="mteb/bank").encode()
    done = api.upload_file(
        path_or_fileobj=report,
        path_in_repo=".eval_results/mine.yaml",
        repo_id="org/two",
        create_pr=True,
    )
    assert done.pr_num == 1
    board = hub.get("/api/v1/boards/mteb/bank/Bank")
    [row] = [row for row in board["rows"] if row["model"] == "org/two"]
    assert (row["claim"]["value_text"], row["other_claims"], row["disagrees"]) == ("0.75", 1, True)
    assert imported(hub.data, tables).models == counts(unchanged=3)


def test_nothing_new_changes_nothing(served: tuple[HubProcess, Path]) -> None:
    hub, tables = served
    before = dump(hub.data)
    said = imported(hub.data, tables)
    assert (said.models, said.benchmarks) == (counts(unchanged=3), counts(unchanged=3))
    assert dump(hub.data) == before


def test_newer_data_come_as_new_commits(served: tuple[HubProcess, Path], tmp_path: Path) -> None:
    hub, tables = served
    newer = first_tables()
    newer.add("org/one", "Near", 0.5, "d")
    newer.add("org/new", "Bank", 0.25, "d")
    newer.results[0]["main_score"] = 0.625  # changed in the past, where no history says it
    newer.write(tmp_path / "newer")
    said = imported(hub.data, tmp_path / "newer")
    assert said.models == counts(made=1, updated=1, unchanged=2, commits=2)
    board = hub.get("/api/v1/boards/mteb/bank/Bank")
    rows = [(row["model"], row["claim"]["value_text"]) for row in board["rows"]]
    assert rows[:3] == [("org/two", "0.75"), ("org/one", "0.625"), ("org/new", "0.25")]
    before, last = log(hub, "org/one", tmp_path)[-2:]
    assert before.startswith("a_cccccccccccc|")
    assert last.startswith("MTEB|mteb@authors.invalid|2026-02-01T00:00:00+00:00|Bring up to date")
    assert last.endswith("  .eval_results/Bank.yaml .eval_results/Near.yaml")
    assert imported(hub.data, tmp_path / "newer").models == counts(unchanged=4)
    older = imported(hub.data, tables)
    assert older.models == counts(unchanged=2)
    assert older.names_left_out["the data are older than what is here"] == ["org/one"]


def test_what_is_no_mirror_is_let_be(served: tuple[HubProcess, Path], tmp_path: Path) -> None:
    hub, _ = served
    hub.create("org", "own")
    tables = first_tables()
    tables.add("org/own", "Bank", 0.99)
    tables.write(tmp_path)
    said = imported(hub.data, tmp_path, "org/own")
    assert said.models == counts()
    assert said.names_left_out[imports.NOT_A_MIRROR] == ["org/own"]


def test_a_part_can_be_imported_and_the_rest_later(tmp_path: Path) -> None:
    data, whole = made(tmp_path / "data"), made(tmp_path / "whole")
    first_tables().write(tmp_path)
    part = imported(data, tmp_path, "org/t*")
    assert (part.models.made, part.benchmarks.made) == (1, 2)
    assert imported(data, tmp_path, limit=1).models.made == 1
    assert imported(data, tmp_path).models == counts(made=1, unchanged=2, commits=3)
    imported(whole, tmp_path)
    assert heads(data) == heads(whole)
    with pytest.raises(NotFoundError, match=r"no model of the results is called nobody/\*"):
        imported(data, tmp_path, "nobody/*")


def test_a_submission_that_came_later_is_one_commit_more(tmp_path: Path) -> None:
    data = made(tmp_path / "data")
    tables = first_tables()
    tables.write(tmp_path)
    imported(data, tmp_path)
    before = heads(data)
    tables.add("org/one", "Unknown", 0.5, "d")
    tables.write(tmp_path)
    said = imported(data, tmp_path)
    assert said.models == counts(updated=1, unchanged=2, commits=1)
    assert len(before.items() - heads(data).items()) == 1
    whole = made(tmp_path / "whole")
    imported(whole, tmp_path)
    assert heads(data) == heads(whole)


def test_subsets_by_themselves(tmp_path: Path) -> None:
    data = made(tmp_path / "data")
    tables = first_tables()
    for number in range(900):
        tables.add("org/many", "Unknown", 0.5, subset=f"s{number}")
        tables.add("org/many", "Other", 0.5, subset=f"s{number % 400}", split=f"p{number // 400}")
    tables.write(tmp_path)
    said = imported(data, tmp_path, "org/many", subsets=True)
    assert said.entries == 1 + 900 + 900
    assert said.left_out[imports.TOO_MANY_TASKS] == 0
    hub = open_hub(HubSettings(data=data))
    [model] = [
        path.stem for path in data.glob("repos/*/*") if "org/many" in (path / "config").read_text()
    ]
    git = hub.git.open(model)
    listed = [item.path for item in git.list(git.resolve("main"), recursive=True)]
    hub.close()
    parts = ["", "~2", "~3", "~4"]
    assert listed == [".eval_results"] + [
        f".eval_results/{name}{part}.yaml" for name in ("Other", "Unknown") for part in parts
    ]


POINTS = [
    "before:assay.hub.bulk:os.sync",
    "after:assay.hub.bulk:os.sync",
    "after:assay.hub.bulk:rows.add_repos",
    "before:assay.hub.bulk:index",
    "after:assay.hub.imports:_History.take",
]


@pytest.fixture(scope="module")
def half_way(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, str | None]]:
    """Tables, a data folder that has old data of them, and where main is once all has come."""
    folder = tmp_path_factory.mktemp("half-way")
    tables = first_tables()
    tables.write(folder)
    imported(made(folder / "data"), folder)
    shutil.copytree(folder / "data", folder / "whole")
    tables.add("org/one", "Unknown", 0.5, "d")
    tables.add("org/new", "Other", 0.5, "d")
    tables.write(folder)
    imported(folder / "whole", folder)
    return folder, folder / "data", heads(folder / "whole")


@pytest.mark.parametrize("point", [*POINTS, "before:assay.hub.bulk:update_refs"])
def test_what_was_broken_off_is_finished_by_doing_it_again(
    tmp_path: Path, half_way: tuple[Path, Path, dict[str, str | None]], point: str
) -> None:
    folder, before, whole = half_way
    data = tmp_path / "data"
    shutil.copytree(before, data)
    (data / "armed").touch()
    assert run(command(data, folder, dies=point)).returncode == KILLED
    imported(data, folder)
    assert heads(data) == whole
    assert dump(data) == dump(data, rebuilt=True)
    assert [path.name for path in (data / "mirroring").iterdir() if path.is_dir()] == []


def test_the_real_results(tmp_path: Path) -> None:
    need_shared_data()
    hub = open_hub(HubSettings(data=made(tmp_path / "data")))
    indexing.ensure(hub)
    results, history = (REAL / f"mteb_{name}.parquet" for name in ("results", "score_history"))
    wanted = Files(results, history, REAL / "tasks.json", REAL / "models.json")
    actor = actor_for(hub, "mteb-tasks/any", None)
    said = imports.import_mteb(hub, actor, wanted, Selection(limit=5))
    status = indexing.status(hub)
    hub.close()
    assert (said.models.made, said.rows) == (5, 1_034_478)
    assert {(row.pushes_behind, row.errors) for row in status} == {(0, 0)}
