"""What people's clients meet at a served hub, beside what serves the same bytes elsewhere.

clone     clone and fetch, one at a time and four at once, beside `git http-backend` under nginx
download  `hf_hub_download` of a large file, beside nginx with the same headers
commit    `create_commit` of one small file, in a hub with one repository and in one with many
memory    of the serving process while a very large file goes up and comes down

Sides take turns in every round, so that a busy moment falls on all; a first round is dropped. What
came is compared with what was there. nginx and fcgiwrap run from a temporary folder as whoever
starts this; where they are not installed, the lines that need them are left out, and this is said.

    python benchmarks/hub_clients.py [--part clone] [--rounds 7] [--json]
    python benchmarks/hub_clients.py --part commit --repositories 10000
    python benchmarks/hub_clients.py --part memory --memory-mb 1000
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

# Read when the client is imported: no bars, no telemetry, and files by the hub's own routes.
os.environ |= {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",
}

import _hub_clone
import _hub_commit
import _hub_download
import _hub_memory
from _nginx import HOW_TO_INSTALL, missing_programs
from _rounds import Row
from _served import Served, run, serve

Part = Callable[[Served, Path, argparse.Namespace], dict[str, Any]]


def clone(hub: Served, root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Clone and fetch."""
    missing = missing_programs()
    if missing:
        return _not_measured(missing)
    return {"rows": _shown(_hub_clone.measure(hub, root, options.rounds))}


def download(hub: Served, root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """A large file comes down."""
    missing = [name for name in missing_programs() if name == "nginx"]
    if missing:
        return _not_measured(missing)
    size_bytes = options.file_mb * 10**6
    return {"rows": _shown(_hub_download.measure(hub, root, options.rounds, size_bytes))}


def commit(hub: Served, root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """A small file goes up."""
    done = _hub_commit.measure(hub, root, options.rounds, options.repositories)
    return {"rows": _shown(done.rows), "start_s": done.start_s}


def memory(hub: Served, root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """A very large file goes up and comes down."""
    if not _hub_memory.can_measure():
        return {"not measured": "this needs Linux's /proc/PID/clear_refs"}
    peaks = _hub_memory.measure(hub, root, options.memory_mb * 10**6)
    return {"peaks": [asdict(peak) | {"grew_mb": peak.grew_mb, "met": peak.met} for peak in peaks]}


PARTS: dict[str, Part] = {
    "clone": clone,
    "download": download,
    "commit": commit,
    "memory": memory,
}


def _not_measured(programs: list[str]) -> dict[str, Any]:
    return {"not measured": f"{' and '.join(programs)} not installed ({HOW_TO_INSTALL})"}


def _shown(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


def show(part: str, done: dict[str, Any]) -> None:
    """Print one part as tables."""
    print(f"\n{part}:", done.get("not measured", ""))
    if "rows" in done:
        print("| what | median ms | ratio | half lie between | goal |\n|---|---|---|---|---|")
    for row in done.get("rows", []):
        times = ", ".join(f"{side} {ms}" for side, ms in row["median_ms"].items())
        between = f"{row['low']} and {row['high']}"
        ratio = f"{row['ratio_name']}: {row['ratio']}"
        print(f"| {row['what']} | {times} | {ratio} | {between} | {_goal(row)} |")
    if "start_s" in done:
        print("seconds until a hub answers:", done["start_s"])
    if "peaks" in done:
        print("| transfer | MB before | MB at most | MB more | goal |\n|---|---|---|---|---|")
    for peak in done.get("peaks", []):
        said = _goal({"goal": f"<= {_hub_memory.GOAL_MB}", "met": peak["met"]})
        amounts = f"{peak['before_mb']} | {peak['peak_mb']} | {peak['grew_mb']}"
        print(f"| {peak['what']} | {amounts} | {said} |")


def _goal(row: dict[str, Any]) -> str:
    return f"{row['goal']}: {'met' if row['met'] else 'MISSED'}" if row["goal"] else ""


def main() -> None:
    parser = argparse.ArgumentParser(description="What people's clients meet at a served hub.")
    parser.add_argument("--part", choices=PARTS, help="only this one")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repositories", type=int, default=300, help="of the larger hub")
    parser.add_argument("--file-mb", type=int, default=50, help="size of the file to download")
    parser.add_argument("--memory-mb", type=int, default=200, help="size of the very large file")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    versions = {"python": sys.version.split()[0], "git": run("git", "--version").split()[2]}
    document = {"benchmark": "hub_clients", "rounds": options.rounds, "cores": os.cpu_count()}
    document |= versions
    for name, part in PARTS.items():
        if options.part not in (None, name):
            continue
        with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "hub") as hub:
            document[name] = part(hub, Path(folder), options)
        if not options.json:
            show(name, document[name])
    if options.json:
        print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
