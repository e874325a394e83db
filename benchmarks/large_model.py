"""A model with very many claims, and one with very many pull requests, each beside a small one.

Every page and JSON answer is asked for by somebody whose answers are not kept. A push of one entry,
about a task that nothing else is about, is made in process.

    python benchmarks/large_model.py [--claims 100000] [--pulls 10000] [--rounds 11] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from _rounds import cost, in_turn
from _served import Served, serve
from _synthetic import SHAPES, Shape
from assay.core.permission import MAIN, STRANGER
from assay.hub import indexing, people, repos
from assay.hub.open import Hub, open_hub
from assay.hub.push import land_commit
from assay.settings import HubSettings
from assay.storage.git import ZERO, Identity, RefUpdate, open_quarantine
from make_hub import make_hub

MODEL = "lab-000/model-000000"
JSON = f"/api/v1/models/{MODEL}"
LARGE, SMALL = "large", "small"
FEWER = 100
TOKEN = "root-token-0123456789"  # noqa: S105 - of a made-up hub
TASK = "lab-000/benchmark-000/task-000"
OF_CLAIMS = {
    "the page of the model": f"/{MODEL}",
    "its JSON": JSON,
    "its second page": f"/{MODEL}?start=100",
    "its last page as JSON": f"{JSON}?start=LAST",
    "all about one task": f"/{MODEL}?benchmark={TASK}",
    "a claim beside all about its task": "/claims/CLAIM",
    "evaluation results, for clients": f"/api/models/{MODEL}?expand=evalResults",
}
OF_PULLS = {
    "the page of the model": f"/{MODEL}",
    "its pull requests": f"/{MODEL}/discussions",
    "the last page of them": f"/{MODEL}/discussions?p=LAST",
    "those that are closed": f"/{MODEL}/discussions?status=closed",
    "the same list, for clients": f"/api/models/{MODEL}/discussions?p=0",
    "one of them": f"/{MODEL}/discussions/5",
}


def measure(folder: Path, shape: Shape, asked: dict[str, str], rounds: int) -> list[dict[str, Any]]:
    """What each answer costs on a large hub, to a hub with a hundredth of it."""
    less = max(shape.claims // FEWER, 100), max(shape.pulls // FEWER, 10)
    small = replace(shape, claims=less[0], pulls=less[1])
    for name, made in ((LARGE, shape), (SMALL, small)):
        make_hub(folder / name, made, index=True)
    refs = (MAIN, "refs/pr/5") if shape.pulls_on_one else (MAIN,)
    rows = [{"what": f"a push to {ref}, in process", **push(folder, ref, rounds)} for ref in refs]
    with serve(folder / LARGE) as large, serve(folder / SMALL) as little:
        hubs = {LARGE: large, SMALL: little}
        rows += [{"what": what, **ask(hubs, path, rounds)} for what, path in asked.items()]
    return rows


def ask(hubs: dict[str, Served], path: str, rounds: int) -> dict[str, Any]:
    """An answer of both hubs: bytes, and milliseconds."""
    sizes: dict[str, int] = {}
    sides: dict[str, Callable[[], float]] = {}
    for name, hub in hubs.items():
        client = httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {TOKEN}"})
        client.timeout = httpx.Timeout(120)
        sides[name] = _timed(client, _completed(client, path), name, sizes)
    row = asdict(cost("", in_turn(sides, rounds), LARGE, SMALL))
    return {"bytes": sizes} | {key: row[key] for key in ("median_ms", "ratio", "low", "high")}


def _completed(client: httpx.Client, path: str) -> str:
    """A path with what it stands for: the last page, a claim about the task."""
    if "LAST" in path:
        answer = client.get(JSON).json()
        pulls = "discussions" in path
        last = answer["pull_count"] // 50 if pulls else answer["count"] // 100 * 100
        return path.replace("LAST", str(max(0, last - (1 if pulls else 100))))
    if "CLAIM" in path:
        [task] = client.get(f"{JSON}?benchmark={TASK}").json()["tasks"]
        return path.replace("CLAIM", task["claims"][-1]["claim_id"])
    return path


def _timed(
    client: httpx.Client, path: str, name: str, sizes: dict[str, int]
) -> Callable[[], float]:
    def once() -> float:
        start = time.perf_counter()
        answer = client.get(path)
        seconds = time.perf_counter() - start
        answer.raise_for_status()
        sizes[name] = len(answer.content)
        return seconds

    return once


def push(folder: Path, ref: str, rounds: int) -> dict[str, Any]:
    """One more entry, from the judging to the index that shows it."""
    with (
        closing(open_hub(HubSettings(data=folder / LARGE))) as large,
        closing(open_hub(HubSettings(data=folder / SMALL))) as small,
    ):
        sides = {LARGE: _pusher(large, ref), SMALL: _pusher(small, ref)}
        row = asdict(cost("", in_turn(sides, rounds), LARGE, SMALL))
    return {key: row[key] for key in ("median_ms", "ratio", "low", "high")}


def _pusher(hub: Hub, ref: str) -> Callable[[], float]:
    indexing.ensure(hub)
    record = repos.find(hub, STRANGER, "model", MODEL)
    root, values = people.reader_of(hub, TOKEN), count(time.time_ns())
    author = Identity("A", "a@example.org", 1_700_000_000)

    def once() -> float:
        git = hub.git.open(record.id)
        text = f"- dataset: {{id: lab-000/nothing-yet, task_id: main}}\n  value: {next(values)}\n"
        changes = {".eval_results/own.yaml": text.encode()}
        with hub.git.lock(record.id), open_quarantine(git.path) as quarantine:
            old = git.head(ref)
            made = quarantine.commit(parent=old, changes=changes, message="A\n", author=author)
            start = time.perf_counter()
            land_commit(hub, record, root, RefUpdate(ref, old or ZERO, made), quarantine)
            return time.perf_counter() - start

    return once


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure large models beside small ones.")
    parser.add_argument("--claims", type=int, default=100_000)
    parser.add_argument("--pulls", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    claims = replace(SHAPES["one-big-model"], claims=asked.claims)
    pulls = replace(SHAPES["many-pulls"], pulls=asked.pulls, claims=asked.pulls * 7 // 10 + 100)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        found = {
            f"{asked.claims} claims": measure(folder / "c", claims, OF_CLAIMS, asked.rounds),
            f"{asked.pulls} pull requests": measure(folder / "p", pulls, OF_PULLS, asked.rounds),
        }
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if asked.as_json else show(found))


def show(found: dict[str, list[dict[str, Any]]]) -> str:
    """The measurements as lines for people."""
    lines = []
    for name, rows in found.items():
        lines.append(f"{name}, beside a hundredth of them:")
        for row in rows:
            ratio = f"{row['ratio']} ({row['low']} to {row['high']})"
            lines.append(f"  {row['what']}: {row['median_ms']} ms, {ratio}; {row.get('bytes', '')}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
