"""`create_commit` of one small file by the real client, in a hub with one repository and with many.

The repositories of the larger hub are made by the hub's own verbs in this process, each with a
commit that reports a score. Two things are timed beside it: the same commit where checks and index
are off (`assay serve --unchecked`), and the least that git needs to write one, as durably, into a
folder: a blob, a tree, a commit and a ref.
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi

from _rounds import Row, cost, in_turn, medians
from _served import ACCOUNT, GIT_ENVIRONMENT, IDENTITY, TOKEN, Served, run, serve
from assay.core.permission import Reader
from assay.hub import indexing, people, repos
from assay.hub.open import Hub, open_hub
from assay.hub.uploads import Upload, find_target
from assay.settings import HubSettings

FLOOR, ONE, UNCHECKED = "git in a folder", "one repository", "unchecked"
REPO = f"{ACCOUNT}/committed"
GOAL_MS = 60.0
GOAL_GROWTH = 1.2
BENCHMARKS = 50
# What is committed, by round: a file of no meaning to the hub, and a score.
FILES: Mapping[str, tuple[str, str]] = {
    "notes": ("notes.txt", "{turn}\n"),
    "a score": (
        ".eval_results/quiz.yaml",
        "- dataset:\n    id: bench/quiz\n    task_id: main\n  value: {turn}\n",
    ),
}


@dataclass(frozen=True, slots=True)
class Filled:
    """What commits are timed against.

    Attributes:
        rows: The comparisons.
        start_s: Seconds until a hub answers, by side.
    """

    rows: list[Row]
    start_s: dict[str, float]


def measure(one: Served, root: Path, rounds: int, repositories: int) -> Filled:
    """Times of commits; each side must have every commit afterwards."""
    many = f"{repositories} repositories"
    fill(root / "many", repositories)
    with ExitStack() as held:
        hubs = {
            ONE: one,
            many: held.enter_context(serve(root / "many", new=False)),
            UNCHECKED: held.enter_context(serve(root / "unchecked", "--unchecked")),
        }
        for hub in hubs.values():
            HfApi(endpoint=hub.url, token=TOKEN).create_repo(REPO)
        floor = root / "floor.git"
        run("git", "init", "--quiet", "--bare", "--initial-branch=main", str(floor))
        run("git", "-C", str(floor), "config", "core.fsync", "committed")
        rows: list[Row] = []
        for name, (path, text) in FILES.items():
            sides: dict[str, Callable[[], float]] = {FLOOR: _floor(floor, path, text)}
            sides |= {side: _commit(hub, path, text) for side, hub in hubs.items()}
            rows += _rows(name, in_turn(sides, rounds), many)
        return Filled(rows, {side: round(hub.start_s, 2) for side, hub in hubs.items()})


def _rows(name: str, times: dict[str, list[float]], many: str) -> Iterator[Row]:
    yield cost(f"create_commit, {name}", times, many, ONE, GOAL_GROWTH)
    yield cost(f"create_commit, {name}", times, ONE, UNCHECKED)
    floor = cost(f"create_commit, {name}", times, ONE, FLOOR)
    median = medians(times)[ONE]
    yield floor.judged(f"median < {GOAL_MS:.0f} ms", met=median < GOAL_MS)


def _commit(hub: Served, path: str, text: str) -> Callable[[], float]:
    """A commit by the client, timed from its call to its return."""
    api = HfApi(endpoint=hub.url, token=TOKEN)
    turns = iter(range(10**6))

    def commit() -> float:
        content = text.format(turn=next(turns)).encode()
        start = time.perf_counter()
        made = api.create_commit(
            REPO, [CommitOperationAdd(path, content)], commit_message="change one file"
        )
        seconds = time.perf_counter() - start
        head = api.list_repo_refs(REPO).branches[0].target_commit
        if made.oid != head:
            raise RuntimeError(f"{hub.data.name}: main is at {head}, not at {made.oid}")
        return seconds

    return commit


def _floor(repository: Path, path: str, text: str) -> Callable[[], float]:
    """A commit of one file by git's own commands."""
    turns = iter(range(10**6))
    folder = f"{Path(path).name}"

    def git(*arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            ("git", *IDENTITY, *arguments),
            cwd=repository,
            env=GIT_ENVIRONMENT,
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit() -> float:
        content = text.format(turn=next(turns))
        start = time.perf_counter()
        blob = git("hash-object", "-w", "--stdin", stdin=content)
        tree = git("mktree", stdin=f"100644 blob {blob}\t{folder}\n")
        made = git("commit-tree", tree, "-m", "change one file")
        git("update-ref", "refs/heads/main", made)
        return time.perf_counter() - start

    return commit


def fill(data: Path, repositories: int) -> None:
    """Make a data folder with so many model repositories, each with one commit."""
    hub = open_hub(HubSettings(data=data))
    try:
        indexing.ensure(hub)
        people.add_account(hub, ACCOUNT, token=TOKEN)
        reader = people.reader_of(hub, TOKEN)
        for number in range(repositories):
            _add_model(hub, reader, number)
    finally:
        hub.close()


def _add_model(hub: Hub, reader: Reader, number: int) -> None:
    record = repos.create(hub, reader, "model", f"{ACCOUNT}/model-{number}")
    target = find_target(hub, reader, record, "main", as_pull=False)
    score = (
        f"- dataset:\n    id: bench/quiz-{number % BENCHMARKS}\n    task_id: main\n"
        f"  value: {number % 100}\n"
    )
    content = base64.b64encode(score.encode()).decode()
    file = {"path": ".eval_results/quiz.yaml", "content": content, "encoding": "base64"}
    lines = [{"key": "header", "value": {"summary": "a score"}}, {"key": "file", "value": file}]
    upload = Upload(hub, reader, record, target)
    upload.feed("".join(f"{json.dumps(line)}\n" for line in lines).encode())
    upload.land(reader)
    upload.close()
