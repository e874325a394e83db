"""A large hub as people meet it, beside a small one: started, pushed to, read by many at once.

start    seconds and memory until the hub answers, and until the board of its largest task is read
push     `git push` of one result, beside the same with checks and index off, and on the small hub
commit   a commit over the API until a board shows it, on the large hub and on the small one
mixed    50 who read ten times a second and 5 who commit as fast as they can; nothing may fail.
         Then 50 who read as fast as answers come, which takes all that the machine has; and the
         first again on a hub that two processes serve
memory   of the serving process, after the above and 10,000 further reads

    python benchmarks/at_size.py [LARGE SMALL] [--rounds 15] [--seconds 60] [--json]

LARGE and SMALL are folders of `make_hub.py --index`: `--shape million`, and `--models 1000 --claims
10000` for instance. Repositories of ada's are added to both. Without folders, hubs of 22,000 and of
4,400 claims are made.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

import push
from _rounds import cost, in_turn
from _served import ACCOUNT, Served, add_account, serve
from _synthetic import SHAPES
from _wrk import HOW_TO_INSTALL, Rate, ask
from make_hub import make_hub

READERS, WRITERS = 50, 5
READS = 10_000
PAUSE_MS = 100
FIRST_ROWS = 500
# Better by that, a result is the best and still one the task can have.
A_LITTLE = 1e-6
GOAL_MB, GOAL_READ_MS, GOAL_COMMIT_MS = 250, 50.0, 40.0
LARGE, SMALL, OFF = "large hub", "small hub", "both off"


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of a hub: the board of its largest task, and addresses to read.

    `boards` are those of its forty largest tasks, and five pages of the largest; `others` are
    models and claims that stand there.
    """

    dataset: str
    task: str
    boards: list[str]
    others: list[str]

    @property
    def board(self) -> str:
        """The address of the board."""
        return f"/api/v1/boards/{self.dataset}/{quote(self.task, safe='')}"


def find_target(hub: Served) -> Target:
    """The largest board, with pages of it and what stands there."""
    listed = httpx.get(f"{hub.url}/api/v1/benchmarks", timeout=120).json()
    tasks = [
        (task["models"], one["id"], task["task_id"]) for one in listed for task in one["tasks"]
    ]
    models, dataset, task = max(tasks)
    target = Target(dataset, task, [], [])
    starts = range(0, min(models, FIRST_ROWS), 100)
    target.boards.extend(f"{target.board}?start={start}" for start in starts)
    for _, of, named in sorted(tasks)[-40:]:
        address = f"/api/v1/boards/{of}/{quote(named, safe='')}"
        rows = httpx.get(f"{hub.url}{address}?limit=5", timeout=60).json()["rows"]
        target.boards.append(address)
        target.others.extend(f"/api/v1/models/{row['model']}" for row in rows)
        target.others.extend(f"/api/v1/claims/{row['claim']['claim_id']}" for row in rows)
    return target


def pushes(hubs: dict[str, Served], root: Path, rounds: int) -> list[dict[str, Any]]:
    """One result by git."""
    case = push.cases()[0]
    sides: dict[str, push.Folder | push.Hub] = {
        name: push.Hub(hub, indexed=name != OFF) for name, hub in hubs.items()
    }
    clone = push.new_clone(case, root / f"push-{time.time_ns()}")
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(rounds + 1):
        order = tuple(sides) if turn % 2 else tuple(sides)[::-1]
        seconds = push.time_round(clone, sides, turn, order)
        for name in sides if turn else ():
            times[name].append(seconds[name])
    what = "git push of one result, seen in the next read"
    return [asdict(cost(what, times, LARGE, OFF, 1.5)), asdict(cost(what, times, LARGE, SMALL))]


class Committer:
    """Commits results about the largest task, each better than the one before."""

    def __init__(self, hub: Served, target: Target, name: str) -> None:
        self._client = hub.client()
        self._client.timeout = httpx.Timeout(60)
        self._target = target
        self._name = name
        body = {"name": name, "type": "model"}
        self._client.post("/api/repos/create", json=body).raise_for_status()
        rows = self._client.get(f"{target.board}?limit=1").json()["rows"]
        self._best: float = rows[0]["claim"]["value"]

    def commit(self) -> float:
        """Seconds from the commit to the board that shows it.

        Raises:
            RuntimeError: The board read next does not show it.
        """
        self._best += A_LITTLE
        value = self._best
        start = time.perf_counter()
        self.send(value)
        board = self._client.get(f"{self._target.board}?limit=1").json()
        seconds = time.perf_counter() - start
        first = board["rows"][0]
        if (first["model"], first["claim"]["value"]) != (f"{ACCOUNT}/{self._name}", value):
            raise RuntimeError(f"{value} is not on the board: {first}")
        return seconds

    def send(self, value: float) -> None:
        """One commit."""
        text = f"- dataset: {{id: {self._target.dataset}, task_id: {self._target.task}}}\n"
        content = base64.b64encode(f"{text}  value: {value}\n".encode()).decode()
        file = {"path": ".eval_results/own.yaml", "content": content, "encoding": "base64"}
        lines = [{"key": "header", "value": {"summary": "better"}}, {"key": "file", "value": file}]
        body = "".join(json.dumps(line) + "\n" for line in lines)
        path = f"/api/models/{ACCOUNT}/{self._name}/commit/main"
        headers = {"Content-Type": "application/x-ndjson"}
        answer = self._client.post(path, content=body, headers=headers, timeout=60)
        answer.raise_for_status()


def commits(hubs: dict[str, Served], targets: dict[str, Target], rounds: int) -> dict[str, Any]:
    """A result by the API, until the board shows it."""
    sides: dict[str, Callable[[], float]] = {
        name: Committer(hubs[name], targets[name], f"best-{time.time_ns()}").commit
        for name in (LARGE, SMALL)
    }
    times = in_turn(sides, rounds)
    row = cost("API commit until the board shows it", times, LARGE, SMALL, 1.3)
    return asdict(row) | {"p50_ms": row.median_ms[LARGE], "p50_goal_ms": GOAL_COMMIT_MS}


def mixed(
    hub: Served, target: Target, paths: list[str], folder: Path, seconds: int, *, pause_ms: int = 0
) -> dict[str, Any]:
    """Readers by wrk, who pause before each read; writers in threads here."""
    stop = threading.Event()
    took: list[float] = []
    failed: list[str] = []

    def write(number: int) -> None:
        committer = Committer(hub, target, f"writer-{number}-{time.time_ns()}")
        value = 10.0
        while not stop.is_set():
            value += 0.001
            start = time.perf_counter()
            try:
                committer.send(value)
            except httpx.HTTPError as error:
                failed.append(str(error))
            took.append(time.perf_counter() - start)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    rate = _read(hub, paths, folder, seconds, may_fail=True, pause_ms=pause_ms)
    stop.set()
    for writer in writers:
        writer.join()
    ordered = sorted(took)
    return {
        "reads": asdict(rate),
        "commits": len(took),
        "commit_p50_ms": round(statistics.median(ordered or [0]) * 1000, 1),
        "commit_p99_ms": round((ordered or [0])[int(len(ordered) * 0.99)] * 1000, 1),
        "failed": len(failed) + rate.errors,
        "first_failures": failed[:3],
        "met": not failed and not rate.errors and rate.p99_ms <= GOAL_READ_MS,
    }


def _read(
    hub: Served,
    paths: list[str],
    folder: Path,
    seconds: int,
    *,
    may_fail: bool,
    pause_ms: int = 0,
) -> Rate:
    listed = ", ".join(f'"{path}"' for path in paths)
    script = f"""paths = {{{listed}}}
math.randomseed(os.time())
request = function() return wrk.format("GET", paths[math.random(#paths)]) end"""
    if pause_ms:  # of that length on average, so that they do not all come at once
        script += f"\ndelay = function() return math.random({2 * pause_ms}) end"
    return ask(folder, hub.url, script, seconds=seconds, connections=READERS, may_fail=may_fail)


def memory_mb(hub: Served) -> float:
    """What the serving process has in memory."""
    status = Path(f"/proc/{hub.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return round(int(line.split()[1]) / 1024, 1)


def measure(large: Path, small: Path, folder: Path, rounds: int, seconds: int) -> dict[str, Any]:
    """Everything."""
    for data in (large, small):
        with suppress(RuntimeError):  # she is there from the last time
            add_account(data)
    with ExitStack() as held:
        big = held.enter_context(serve(large, new=False))
        start = time.perf_counter()
        target = find_target(big)
        after_start = memory_mb(big)
        httpx.get(big.url + target.board).raise_for_status()
        first_s = big.start_s + time.perf_counter() - start
        hubs = {
            LARGE: big,
            SMALL: held.enter_context(serve(small, new=False)),
            OFF: held.enter_context(serve(folder / "off", "--unchecked")),
        }
        found: dict[str, Any] = {
            "start_s": {name: round(hub.start_s, 2) for name, hub in hubs.items()},
            "start_until_first_board_s": round(first_s, 2),
            "memory_after_start_mb": after_start,
            "rows": pushes(hubs, folder, rounds),
        }
        targets = {LARGE: target, SMALL: find_target(hubs[SMALL])}
        found["rows"].append(commits(hubs, targets, rounds))
        every = target.boards * (len(target.others) // len(target.boards) + 1) + target.others
        found["mixed"] = {
            "boards": mixed(big, target, target.boards, folder, seconds, pause_ms=PAUSE_MS),
            "half boards, half models and claims": mixed(
                big, target, every, folder, seconds, pause_ms=PAUSE_MS
            ),
            "boards, without a pause": mixed(big, target, target.boards, folder, seconds),
        }
        with serve(large, "--workers", "2", new=False) as two:
            found["mixed"]["boards, by two processes"] = mixed(
                two, target, target.boards, folder, seconds, pause_ms=PAUSE_MS
            )
        reads = 0
        while reads < READS:
            reads += _read(big, every, folder, 5, may_fail=False).requests
        found["memory_mb"] = memory_mb(big)
        found["memory_goal_mb"] = GOAL_MB
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a large hub beside a small one.")
    parser.add_argument("large", type=Path, nargs="?")
    parser.add_argument("small", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.stdout.write(f"not measured: wrk is not installed ({HOW_TO_INSTALL})\n")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        large, small = asked.large or folder / "large", asked.small or folder / "small"
        if asked.large is None:
            make_hub(large, SHAPES["small"], index=True)
        if asked.small is None:
            make_hub(small, replace(SHAPES["small"], models=1000, claims=4400), index=True)
        found = measure(large, small, folder, asked.rounds, asked.seconds)
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if asked.as_json else show(found))


def show(found: dict[str, Any]) -> str:
    """The measurements as lines for people."""
    first_s, memory = found["start_until_first_board_s"], found["memory_after_start_mb"]
    lines = [f"start: {found['start_s']} s; until the first board {first_s} s, with {memory} MB"]
    for row in found["rows"]:
        held = f"  goal {row['goal']}: {'met' if row['met'] else 'missed'}" if row["goal"] else ""
        ratio = f"{row['ratio']} ({row['low']} to {row['high']})"
        lines.append(f"{row['what']}: {row['median_ms']} ms, {row['ratio_name']} {ratio}{held}")
    for what, mix in found["mixed"].items():
        reads = mix["reads"]
        times = f"p50 {reads['p50_ms']:.1f} ms, p99 {reads['p99_ms']:.1f} ms"
        lines.append(f"mixed load, {what}: {mix['failed']} failed")
        lines.append(
            f"  {reads['a_second']:,.0f} reads a second, {times} (goal {GOAL_READ_MS:.0f})"
        )
        times = f"p50 {mix['commit_p50_ms']} ms, p99 {mix['commit_p99_ms']} ms"
        lines.append(f"  {mix['commits']} commits, {times}")
    lines.append(f"memory: {found['memory_mb']} MB (goal {found['memory_goal_mb']})")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
