"""`assay check` as people run it: a process, real files, real git, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assay.formats.run_record import (
    RunBenchmark,
    RunMetric,
    RunModel,
    RunRecord,
    write_run_record,
)

SPEC = "name: GSM8K\nevaluation_framework: mteb\ntasks: [{id: main}]\n"
GOOD = "- dataset: {id: openai/gsm8k, task_id: main}\n  value: 75.0\n"
BAD = "- dataset: {id: openai/gsm8k}\n  value: .nan\n  source: {name: Paper}\n"
DOUBTFUL = GOOD + "  notes: no\n"


def check(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", "check", *map(str, words)],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1"},
        timeout=30,
    )


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_good_file_passes_with_one_line(tmp_path: Path) -> None:
    write(tmp_path / "eval.yaml", SPEC)
    done = check("eval.yaml", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "checked 1 file, 0 errors, 0 warnings\n",
        "",
    )


def test_every_fault_is_shown_at_once_with_its_place(tmp_path: Path) -> None:
    write(tmp_path / ".eval_results" / "x.yaml", BAD)
    done = check(".eval_results/x.yaml", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == (
        ".eval_results/x.yaml:1:12: error AS405 [0].dataset.task_id task_id is missing; "
        "got nothing; expected a task id of the benchmark's eval.yaml\n"
        ".eval_results/x.yaml:2:3: error AS407 [0].value value is not finite; got .nan; "
        "expected a number\n"
        ".eval_results/x.yaml:3:11: error AS408 [0].source a source without a url; "
        "got a mapping {name}; expected url: https://…. "
        "add where the value can be read, or remove the source\n"
        "checked 1 file, 3 errors, 0 warnings\n"
    )


def test_warnings_fail_only_a_strict_check(tmp_path: Path) -> None:
    write(tmp_path / ".eval_results" / "x.yaml", DOUBTFUL)
    assert check(".", folder=tmp_path).returncode == 0
    strict = check(".", "--strict", folder=tmp_path)
    assert strict.returncode == 1
    assert strict.stdout.endswith("checked 1 file, 0 errors, 1 warning\n")


def test_a_file_of_another_name_needs_to_be_told_what_it_is(tmp_path: Path) -> None:
    write(tmp_path / "mine.yaml", BAD)
    unknown = check("mine.yaml", folder=tmp_path)
    assert unknown.returncode == 2
    assert "neither name nor place says what this is; add --as benchmark" in unknown.stderr
    told = check("mine.yaml", "--as", "result", folder=tmp_path)
    assert told.returncode == 1
    assert "AS405" in told.stdout


@pytest.mark.parametrize(
    "words", [[], ["absent.yaml"], ["empty"], ["eval.yaml", "--as", "song"], ["--colour"]]
)
def test_a_wrong_use_is_said_on_stderr_and_is_no_verdict(tmp_path: Path, words: list[str]) -> None:
    write(tmp_path / "eval.yaml", SPEC)
    (tmp_path / "empty").mkdir()
    done = check(*words, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: " in done.stderr


def fill_checkout(root: Path) -> None:
    """A repository of both types at once, with much that is none of our business."""
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    write(root / "eval.yaml", SPEC)
    write(root / "assay.yaml", "tasks: {main: {items: 3}}\n")
    write(root / "README.md", "not: [yaml")
    write(root / "other.yaml", "not: [ours")
    write(root / ".eval_results" / "a.yaml", GOOD)
    write(root / ".eval_results" / "b.yml", BAD)
    write(root / ".eval_results" / "README.md", "- bad")
    write(root / ".eval_results" / "old" / "c.yaml", BAD)
    write(root / ".eval_results" / "runs" / "notes.json", "{")
    write(root / ".git" / "eval.yaml", "not: [ours")


def test_a_checkout_is_searched_by_name_and_place(tmp_path: Path) -> None:
    fill_checkout(tmp_path)
    done = check(".", "--format", "json", folder=tmp_path)
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert sorted((file["path"], file["kind"]) for file in document["files"]) == [
        (".eval_results/a.yaml", "result"),
        (".eval_results/b.yml", "result"),
        ("README.md", "dataset-card"),
        ("assay.yaml", "terms"),
        ("eval.yaml", "benchmark"),
    ]
    assert (document["errors"], document["warnings"]) == (3, 0)


def test_the_results_folder_itself_may_be_named(tmp_path: Path) -> None:
    fill_checkout(tmp_path)
    inside = check(".", folder=tmp_path / ".eval_results")
    named = check(".eval_results", folder=tmp_path)
    assert inside.returncode == named.returncode == 1
    assert inside.stdout.splitlines()[-1] == "checked 2 files, 3 errors, 0 warnings"
    assert named.stdout.splitlines()[-1] == inside.stdout.splitlines()[-1]


def test_json_holds_every_field_of_a_finding(tmp_path: Path) -> None:
    write(tmp_path / "eval.yaml", "name: N\ntasks: []\n")
    (file,) = json.loads(check("eval.yaml", "--format", "json", folder=tmp_path).stdout)["files"]
    assert file["findings"][1] == {
        "path": "eval.yaml",
        "line": 2,
        "column": 1,
        "code": "AS203",
        "severity": "error",
        "where": "tasks",
        "message": "tasks is not a list of tasks",
        "got": "a list of 0",
        "expected": "a list",
        "hint": "",
    }


def test_what_a_file_says_cannot_drive_the_terminal(tmp_path: Path) -> None:
    evil = 'name: N\nevaluation_framework: "\\e]0;owned\\a\\x9b31m\\u202egnp"\ntasks: [{id: a}]\n'
    write(tmp_path / "eval.yaml", evil)
    done = check("eval.yaml", folder=tmp_path)
    assert "AS208" in done.stdout
    assert all(char.isprintable() for line in done.stdout.splitlines() for char in line)
    assert "\\x1b]0;owned\\x07\\x9b31m\\u202egnp" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_links_are_reported_and_never_followed(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.yaml", "password: [hunter2")
    root = tmp_path / "repo"
    write(root / ".eval_results" / "a.yaml", GOOD)
    (root / ".eval_results" / "b.yaml").symlink_to(secret)
    (root / ".eval_results" / "c.yaml").mkdir()
    (root / "eval.yaml").symlink_to(tmp_path / "absent")
    (root / "sub").mkdir()
    (root / "sub" / ".eval_results").symlink_to(root / ".eval_results")
    done = check(".", folder=root)
    assert done.returncode == 1
    assert "hunter2" not in done.stdout
    faults = [line.partition(" ")[0] for line in done.stdout.splitlines() if "AS605" in line]
    assert sorted(faults) == [
        ".eval_results/b.yaml:",
        ".eval_results/c.yaml:",
        "eval.yaml:",
        "sub/.eval_results:",
    ]


def entry_of(digest: str, value: str) -> str:
    return (
        f"- dataset: {{id: openai/gsm8k, task_id: main}}\n  value: {value}\n"
        f"  source: {{url: 'https://hub.example/runs/{digest}'}}\n"
    )


@pytest.mark.parametrize(
    ("value", "is_there", "codes"),
    [
        ("0.75", True, set()),
        ("0.8", True, set()),
        ("0.76", True, {"AS604"}),
        ("0.75", False, {"AS603"}),
    ],
)
def test_a_result_is_held_against_its_run_record(
    tmp_path: Path, value: str, *, is_there: bool, codes: set[str]
) -> None:
    record = RunRecord(
        model=RunModel(repo="a/m"),
        benchmark=RunBenchmark(id="openai/gsm8k", task_id="main"),
        metrics=(RunMetric(id="accuracy", value=0.7512),),
    )
    digest, data = write_run_record(record)
    write(tmp_path / ".eval_results" / "x.yaml", entry_of(digest, value))
    if is_there:
        write(tmp_path / ".eval_results" / "runs" / f"{digest}.json", data)
    document: Any = json.loads(check(".", "--format", "json", folder=tmp_path).stdout)
    found = {finding["code"] for file in document["files"] for finding in file["findings"]}
    assert found == codes
    assert len(document["files"]) == 1 + is_there


def test_a_file_of_gigabytes_is_refused_without_being_read(tmp_path: Path) -> None:
    path = write(tmp_path / "eval.yaml", b"")
    with path.open("wb") as file:
        file.truncate(4 * 1024**3)  # sparse: it takes no room
    done = check("eval.yaml", folder=tmp_path)
    assert "AS101" in done.stdout
    assert done.returncode == 1


NOT_FOR_RESULTS = {"difflib", "hashlib", "msgspec", "rfc8785"} | {
    f"assay.formats.{name}" for name in ("benchmark", "inspect_task", "run_record", "terms")
}


def test_a_check_of_one_kind_imports_no_other(tmp_path: Path) -> None:
    """Most of the time of a check is imports: each kind brings its own, when it is met."""
    write(tmp_path / ".eval_results" / "x.yaml", GOOD)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "assay", "check", ".eval_results"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "assay.formats.result" in imported
    assert imported & NOT_FOR_RESULTS == set()
