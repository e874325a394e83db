"""A board over HTTP, beside nginx that serves the same bytes from a file; wrk asks both.

cached      the same address again and again
known       the same, by a client that has it (304)
elsewhere   the board is as it was, but something else in the hub changed before every request
anew        another page every time: rows are read, ranked and written anew
workers     `anew` from two worker processes, against one

nginx has one worker, and so has the hub but where it says otherwise. The load takes a core of its
own; where there are two cores, two workers share them with it.

    python benchmarks/board_http.py [--data FOLDER] [--rounds 3] [--seconds 3] [--json]

FOLDER is a hub made by `make_hub.py --index`; without one, a small hub is made.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from _nginx import StaticFile, serve_files
from _rounds import Row, spread
from _served import Served, serve
from _synthetic import SHAPES
from _wrk import HOW_TO_INSTALL, Rate, ask
from make_hub import make_hub

CONNECTIONS = 16
# What wrk asks; `round` is another in every run, so that no answer is one that was kept.
SAME = 'request = function() return wrk.format("GET", path, headers) end'
ELSEWHERE = """round, at = os.time(), 0
request = function()
  at = at + 1
  return wrk.format("GET", path .. "?at=" .. round .. "-" .. at)
end"""
ANEW = """math.randomseed(os.time())
request = function()
  return wrk.format("GET", path .. "?start=" .. math.random(0, models - 100) .. "&limit=100")
end"""


def largest(hub: Served) -> tuple[str, int]:
    """The address of the largest board, and how many models stand there."""
    tasks = [
        (task["models"], f"/api/v1/boards/{one['id']}/{quote(task['task_id'], safe='')}")
        for one in httpx.get(f"{hub.url}/api/v1/benchmarks", timeout=60).json()
        for task in one["tasks"]
    ]
    models, path = max(tasks)
    return path, models


def measure(data: Path, folder: Path, rounds: int, seconds: int) -> dict[str, Any]:
    """Every line, each beside nginx in the same round."""
    rates: dict[str, list[Rate]] = {}
    with serve(data, new=False) as hub:
        path, models = largest(hub)
        answer = httpx.get(hub.url + path)
        body = folder / "body.json"
        body.write_bytes(answer.content)
        kept = {name: answer.headers[name] for name in ("Content-Type", "ETag")}
        known = f"{{['If-None-Match'] = '{answer.headers['ETag']}'}}"
        with serve_files(folder / "nginx", {path: StaticFile(body, kept)}, workers="1") as floor:

            def side(url: str, script: str, headers: str = "{}") -> Callable[[], Rate]:
                asked = f"path = '{path}'\nheaders = {headers}\nmodels = {models}\n{script}"
                return lambda: ask(folder, url, asked, seconds=seconds, connections=CONNECTIONS)

            sides = {
                "nginx": side(floor, SAME),
                "cached": side(hub.url, SAME),
                "known": side(hub.url, SAME, known),
                "elsewhere": side(hub.url, ELSEWHERE),
                "anew": side(hub.url, ANEW),
            }
            for _ in range(rounds):
                for name, load in sides.items():
                    rates.setdefault(name, []).append(load())
    with serve(data, "--workers", "2", new=False) as hub:
        for _ in range(rounds):
            rates.setdefault("two", []).append(side(hub.url, ANEW)())
    goals = {"cached": 0.30, "known": 0.33, "elsewhere": 0.05, "anew": None}
    rows = [_row(name, rates, "nginx", goal) for name, goal in goals.items()]
    rows.append(_row("two", rates, "anew", 1.7))
    return {
        "board": path,
        "size_bytes": len(answer.content),
        "ratios": [asdict(row) for row in rows],
        "rates": {name: [asdict(rate) for rate in found] for name, found in rates.items()},
    }


def _row(name: str, rates: dict[str, list[Rate]], peer: str, goal: float | None) -> Row:
    ours, theirs = ([one.a_second for one in rates[side]] for side in (name, peer))
    low, ratio, high = spread(ours, theirs)
    times = {
        side: round(1000 / max(one.a_second for one in rates[side]), 3) for side in (name, peer)
    }
    said, met = ("", None) if goal is None else (f">= {goal}", ratio >= goal)
    ratios = round(ratio, 3), round(low, 3), round(high, 3)
    return Row(f"board over HTTP: {name}", times, *ratios, f"rate to {peer}", said, met)


def show(found: dict[str, Any]) -> str:
    """The measurements as lines for people."""
    lines = [f"{found['board']}, {found['size_bytes']:,} bytes"]
    for row in found["ratios"]:
        held = f"  goal {row['goal']}: {'met' if row['met'] else 'missed'}" if row["goal"] else ""
        ratio = f"{row['ratio']} ({row['low']} to {row['high']})"
        lines.append(f"{row['what']}: {row['ratio_name']} {ratio}{held}")
    for name, rates in found["rates"].items():
        best = max(rates, key=lambda rate: float(rate["a_second"]))
        lines.append(
            f"  {name}: {best['a_second']:,.0f} a second, "
            f"p50 {best['p50_ms']:.2f} ms, p99 {best['p99_ms']:.2f} ms"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a board over HTTP.")
    parser.add_argument("--data", type=Path, help="a hub made by make_hub.py --index")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    if shutil.which("wrk") is None or not (
        shutil.which("nginx") or Path("/usr/sbin/nginx").exists()
    ):
        sys.stdout.write(f"not measured: nginx or wrk is not installed ({HOW_TO_INSTALL})\n")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        data = asked.data or folder / "hub"
        if asked.data is None:
            make_hub(data, SHAPES["small"], index=True)
        found = measure(data, folder, asked.rounds, asked.seconds)
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if asked.as_json else show(found))


if __name__ == "__main__":
    main()
