"""Clone and fetch: Assay beside `git http-backend` under nginx and fcgiwrap, the same repository.

Both serve the same bare repository in the hub's data folder, so packs and disk cache are the same.
A fetch starts from a copy of a clone that lacks the last commits. What came is speed.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from _nginx import serve_git
from _rounds import Row, in_turn, speed
from _served import IDENTITY, Served, run

PEER, HUB = "nginx + git http-backend", "assay"
AT_ONCE = 4
BEHIND = 10


@dataclass(frozen=True, slots=True)
class Size:
    """How large a repository is: commits, files, and the bytes of a file that do not compress."""

    name: str
    commits: int
    files: int
    file_bytes: int


SIZES = (Size("small", 60, 20, 400), Size("40 MB", 60, 800, 50_000))


@dataclass(frozen=True, slots=True)
class Git:
    """One side: where to clone from."""

    url: str

    def clone(self, folder: Path) -> float:
        """Seconds of a clone."""
        start = time.perf_counter()
        run("git", "clone", "--quiet", "--bare", self.url, str(folder))
        return time.perf_counter() - start

    def fetch(self, folder: Path) -> float:
        """Seconds of a fetch into a clone that is behind."""
        start = time.perf_counter()
        refspec = "+refs/heads/*:refs/heads/*"
        run("git", "-C", str(folder), "fetch", "--quiet", self.url, refspec)
        return time.perf_counter() - start


def measure(hub: Served, root: Path, rounds: int) -> Iterator[Row]:
    """One row a size and act."""
    for size in SIZES:
        name = f"clone-{size.commits}-{size.files}"
        known = set(hub.git_folders())
        with hub.client() as client:
            client.post("/api/repos/create", json={"name": name}).raise_for_status()
        [repository] = set(hub.git_folders()) - known
        behind = _fill(f"{hub.url_with_token}/ada/{name}", root / name, size)
        with serve_git(root / f"nginx-{name}", repository) as peer:
            sides = {PEER: Git(f"{peer}/"), HUB: Git(f"{hub.url}/ada/{name}")}
            yield from _measure(sides, size.name, behind, root, rounds)


def _fill(url: str, work: Path, size: Size) -> Path:
    """Push a history; returns a clone that lacks its last commits."""
    chance = random.Random(size.commits)  # noqa: S311 - bytes that do not compress
    run("git", "init", "--quiet", "--initial-branch=main", str(work))
    behind = work.with_name(f"{work.name}-behind.git")
    for number in range(size.commits):
        for file in range(number, size.files, size.commits):
            (work / f"file-{file}.bin").write_bytes(chance.randbytes(size.file_bytes))
        (work / "notes.txt").write_text(f"{number}\n" * 50, encoding="utf-8")
        run("git", "add", "--all", cwd=work)
        run("git", *IDENTITY, "commit", "--quiet", "--message", f"change {number}", cwd=work)
        if number == size.commits - BEHIND:
            run("git", "clone", "--quiet", "--bare", str(work), str(behind))
    run("git", "push", "--quiet", url, "main", cwd=work)
    return behind


def _measure(
    sides: dict[str, Git], size: str, behind: Path, root: Path, rounds: int
) -> Iterator[Row]:
    head = run("git", "ls-remote", sides[PEER].url, "refs/heads/main").split()[0]
    scratch = root / "scratch"

    def folders(count: int) -> list[Path]:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        return [scratch / str(number) for number in range(count)]

    def check(made: list[Path]) -> None:
        for folder in made:
            got = run("git", "-C", str(folder), "rev-parse", "main").strip()
            if got != head:
                raise RuntimeError(f"{size}: main is {got}, not {head}")

    def clones(side: str, count: int) -> float:
        made = folders(count)
        seconds = _at_once(sides[side].clone, made)
        check(made)
        return seconds

    def fetches(side: str, count: int) -> float:
        made = folders(count)
        for folder in made:
            shutil.copytree(behind, folder)
        seconds = _at_once(sides[side].fetch, made)
        check(made)
        return seconds

    for act, timed in (("clone", clones), ("fetch", fetches)):
        for count, goal in ((1, 0.9), (AT_ONCE, 0.75)):
            acts = {side: partial(timed, side, count) for side in sides}
            times = in_turn(acts, rounds)
            many = f", {count} at once" if count > 1 else ""
            yield speed(f"{act} {size}{many}", times, HUB, PEER, goal)


def _at_once(act: Callable[[Path], float], made: list[Path]) -> float:
    if len(made) == 1:
        return act(made[0])
    start = time.perf_counter()
    with ThreadPoolExecutor(len(made)) as pool:
        list(pool.map(act, made))
    return time.perf_counter() - start
