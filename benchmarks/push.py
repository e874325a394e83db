"""What checks and the index cost a `git push`: the same push to a hub that has them switched off.

Two hubs, each with its own folder, are served by `assay serve` and `assay serve --unchecked`; the
floor is git pushing to a bare repository in a folder, with the same care for the disk. In every
round each side gets a new repository with the same history, which is not timed, and then the same
commit. The order turns round by round, so that a busy moment falls on all. Afterwards every side
must have the commit, and the checked hub must show every entry.

    python benchmarks/push.py [--rounds 15] [--case "one entry"] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from _served import ACCOUNT, IDENTITY, Served, run, serve

FLOOR, OFF, ON = "git to a folder", "both off", "assay"
SIDES = (FLOOR, OFF, ON)
SPEC = """\
name: Quiz
description: A hundred questions with one right answer each.
evaluation_framework: inspect-ai
tasks:
  - id: main
    split: test
    field_spec: {input: question, target: answer}
    solvers: [{name: generate}]
    scorers: [{name: match}]
"""
TERMS = """\
tasks:
  main:
    items: 100
    metrics:
      - {id: accuracy, unit: percent, direction: higher, min: 0, max: 100, primary: true}
"""

Files = dict[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """One push.

    Attributes:
        name: What is pushed.
        repo_type: `model` or `dataset`.
        history: What the repository holds before, commit by commit.
        change: The files of the commit that is timed, by round: no two rounds push the same bytes.
        tasks: Of how many tasks the index speaks afterwards.
    """

    name: str
    repo_type: str
    history: tuple[Files, ...]
    change: Callable[[int], Files]
    tasks: int


def result_file(number: int, entries: int, value: float) -> Files:
    """A result file about a benchmark of its own, one task an entry."""
    text = "".join(
        f"- dataset:\n    id: bench/quiz-{number}\n    task_id: task-{task}\n"
        f'  value: {value + task}\n  date: "2026-01-05"\n'
        f"  source:\n    url: https://example.com/logs/{number}/{task}\n    name: Log\n"
        for task in range(entries)
    )
    return {f".eval_results/quiz-{number}.yaml": text}


def result_files(count: int, entries: int, value: float) -> Files:
    """Many of them."""
    return {
        path: text
        for number in range(count)
        for path, text in result_file(number, entries, value).items()
    }


def cases() -> tuple[Case, ...]:
    """The pushes that are timed, from the most frequent to the rarest."""
    readme = {"README.md": "# A model\n"}
    many = result_files(40, 3, 50.0)
    long = tuple(result_file(number, 2, 50.0) for number in range(100))
    return (
        Case("one entry", "model", (readme,), lambda turn: result_file(0, 1, turn / 100), 1),
        Case("one more of 200", "model", long, lambda turn: result_file(100, 1, turn / 100), 201),
        Case("40 files of 3", "model", (many,), lambda turn: result_files(40, 3, turn / 100), 120),
        Case("a benchmark", "dataset", ({".gitattributes": "*.png binary\n"},), benchmark, 1),
    )


def benchmark(turn: int) -> Files:
    """The files of a small benchmark."""
    about = f"# Quiz\n\nEdition {turn}.\n"
    return {
        "eval.yaml": f"{SPEC}# {turn}\n",
        "assay.yaml": f"{TERMS}# {turn}\n",
        "README.md": about,
    }


@dataclass(frozen=True, slots=True)
class Clone:
    """What is pushed from: a working copy with the history of a case."""

    case: Case
    folder: Path

    def commit(self, files: Files) -> str:
        """Write files, commit them, and return the commit."""
        for path, text in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git(*IDENTITY, "commit", "--quiet", "--message", "change")
        return self.git("rev-parse", "HEAD").strip()

    def push(self, commit: str, remote: str) -> float:
        """Push a commit to main; seconds of the whole command."""
        start = time.perf_counter()
        self.git("push", "--quiet", remote, f"{commit}:refs/heads/main")
        return time.perf_counter() - start

    def git(self, *arguments: str) -> str:
        """Run git in the working copy."""
        return run("git", *arguments, cwd=self.folder)


def new_clone(case: Case, folder: Path) -> Clone:
    """A working copy at the end of what a case says was there before, named `before`."""
    run("git", "init", "--quiet", "--initial-branch=before", str(folder))
    clone = Clone(case, folder)
    for files in case.history:
        clone.commit(files)
    return clone


class Folder:
    """The floor: bare repositories in a folder, and git alone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, case: Case, name: str) -> str:
        """Make an empty repository and return its address."""
        path = self._root / f"{case.repo_type}-{name}.git"
        run("git", "init", "--quiet", "--bare", "--template=", str(path))
        for setting in ("core.fsync=committed", "receive.fsckObjects=true", "receive.autogc=false"):
            run("git", "-C", str(path), "config", *setting.split("="))
        return path.as_uri()

    def check(self, case: Case, name: str) -> None:
        """Nothing but the commit is to be seen here."""


class Hub:
    """A served data folder with one account, ada."""

    def __init__(self, served: Served, *, indexed: bool) -> None:
        self._url = served.url_with_token
        self._client = served.client()
        self._indexed = indexed

    def create(self, case: Case, name: str) -> str:
        """Make an empty repository and return its address."""
        body = {"name": name, "type": case.repo_type}
        self._client.post("/api/repos/create", json=body).raise_for_status()
        prefix = "datasets/" if case.repo_type == "dataset" else ""
        return f"{self._url}/{prefix}{ACCOUNT}/{name}"

    def check(self, case: Case, name: str) -> None:
        """The index shows every entry of the case at once, or nothing where it is off.

        Raises:
            RuntimeError: It shows anything else.
        """
        kind = "models" if case.repo_type == "model" else "benchmarks"
        answer = self._client.get(f"/api/v1/{kind}/{ACCOUNT}/{name}")
        shown = len(answer.json()["tasks"]) if answer.is_success else 0
        if shown != (case.tasks if self._indexed else 0):
            raise RuntimeError(f"{case.name}: {shown} tasks, not {case.tasks}: {answer.text[:500]}")


def time_round(
    clone: Clone, sides: Mapping[str, Folder | Hub], turn: int, order: tuple[str, ...]
) -> dict[str, float]:
    """Seconds of one push to each side, all to repositories that nothing else was pushed to.

    Raises:
        RuntimeError: A side does not have what was pushed.
    """
    case, name = clone.case, f"{clone.folder.name}-{turn}"
    clone.git("checkout", "--quiet", "--detach", "before")
    change = clone.commit(case.change(turn))
    remotes = {side: place.create(case, name) for side, place in sides.items()}
    for remote in remotes.values():
        clone.push("before", remote)
    seconds = {side: clone.push(change, remotes[side]) for side in order}
    for side, remote in remotes.items():
        head = run("git", "ls-remote", remote, "refs/heads/main").split()
        if head[:1] != [change]:
            raise RuntimeError(f"{side}: main is at {head}, not at {change}")
        sides[side].check(case, name)
    return seconds


def measure(chosen: tuple[Case, ...], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds by case and side, one a round; a first round warms everything and is dropped."""
    times: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with serve(root / "off", "--unchecked") as off, serve(root / "on") as on:
            sides: dict[str, Folder | Hub] = {
                FLOOR: Folder(root / "bare"),
                OFF: Hub(off, indexed=False),
                ON: Hub(on, indexed=True),
            }
            for case in chosen:
                clone = new_clone(case, root / case.name.replace(" ", "-"))
                times[case.name] = {side: [] for side in SIDES}
                for turn in range(rounds + 1):
                    order = SIDES if turn % 2 else SIDES[::-1]
                    seconds = time_round(clone, sides, turn, order)
                    for side in SIDES if turn else ():
                        times[case.name][side].append(seconds[side])
    return times


def summarise(times: Mapping[str, Mapping[str, list[float]]]) -> list[dict[str, str | float]]:
    """One row a case: median milliseconds of each side, and the ratio of on to off in the pairs."""
    rows: list[dict[str, str | float]] = []
    for case, seconds in times.items():
        medians = {side: statistics.median(seconds[side]) * 1000 for side in SIDES}
        ratios = [on / off for off, on in zip(seconds[OFF], seconds[ON], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
        rows.append(
            {
                "case": case,
                "folder_ms": round(medians[FLOOR], 1),
                "off_ms": round(medians[OFF], 1),
                "on_ms": round(medians[ON], 1),
                "ratio": round(middle, 2),
                "ratio_low": round(low, 2),
                "ratio_high": round(high, 2),
                "ratio_of_medians": round(medians[ON] / medians[OFF], 2),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="What checks and index cost a `git push`.")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--case", choices=[case.name for case in cases()], help="only this one")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    chosen = tuple(case for case in cases() if options.case in (None, case.name))
    rows = summarise(measure(chosen, options.rounds))
    if options.json:
        about = {"benchmark": "push", "rounds": options.rounds, "cores": os.cpu_count()}
        versions = {"python": sys.version.split()[0], "git": run("git", "--version").split()[2]}
        print(json.dumps(about | versions | {"rows": rows}, indent=2))
        return
    print(f"| push | {' | '.join(f'{side} ms' for side in SIDES)} | on to off | half lie between |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['case']} | {row['folder_ms']} | {row['off_ms']} | {row['on_ms']} "
            f"| {row['ratio']} | {row['ratio_low']} and {row['ratio_high']} |"
        )


if __name__ == "__main__":
    main()
