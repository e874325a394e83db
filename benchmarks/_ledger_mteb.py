"""MTEB's results, by mteb itself and by a hub: all of them, and the first table of a benchmark.

The same results on both sides, in the form that each reads: mteb the JSON files of a checkout, the
hub the tables that `assay import-mteb` takes, whose rows name the files. Files that the tables do
not name are hidden from mteb. Means are compared before anything is said of time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from _rounds import Row, cost, in_turn, speed

HERE = Path(__file__).parent
TABLES = ("mteb_results.parquet", "mteb_score_history.parquet", "tasks.json", "models.json")
INSTALL = "python -m venv mteb && mteb/bin/pip install mteb==2.26.24"
SAME = 1e-6
Table = list[tuple[float, str]]
"""Means over all tasks, with the models that have all of them."""


def measure_results(
    checkout: Path, tables: Path, python: Path, benchmark: str, rounds: int
) -> dict[str, Any]:
    """Both comparisons, or why they were left out."""
    if not (checkout / "results").is_dir():
        return {"left_out": f"{checkout} is no checkout of embeddings-benchmark/results"}
    missing = [name for name in TABLES if not (tables / name).is_file()]
    if missing:
        return {"left_out": f"{tables} has no {', '.join(missing)} (--tables names the folder)"}
    if not python.is_file():
        return {"left_out": f"there is no {python} (--mteb-python names one; {INSTALL})"}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = _show(checkout, tables / TABLES[0], folder / "cache" / "remote")
        rows = [
            _full(folder, tables, python, files, rounds),
            *_first_table(folder, python, benchmark, 3 * rounds),
        ]
    return {"rounds": rounds, "ratios": [asdict(row) for row in rows]}


def _show(checkout: Path, table: Path, remote: Path) -> int:
    """The files that the table names, as mteb's cache; how many they are."""
    import pyarrow.parquet  # noqa: PLC0415 - only this measurement needs it

    paths = set(pyarrow.parquet.read_table(table, columns=["path"])["path"].to_pylist())
    for path in sorted(paths):
        shown = remote / path
        shown.parent.mkdir(parents=True, exist_ok=True)
        shown.symlink_to(checkout.resolve() / path)
        about = shown.parent / "model_meta.json"
        if not about.is_symlink() and (checkout / path).with_name(about.name).exists():
            about.symlink_to((checkout.resolve() / path).with_name(about.name))
    return len(paths)


def _full(folder: Path, tables: Path, python: Path, files: int, rounds: int) -> Row:
    made = iter(range(rounds + 1))
    sides = {
        "assay": lambda: _import(folder / f"data-{next(made)}", tables),
        "mteb": lambda: float(_mteb(python, folder, "full")["seconds"]),
    }
    what = f"all results of {files:,} files: imported and indexed from tables, loaded from JSON"
    return cost(what, in_turn(sides, rounds, warm=False), "assay", "mteb", 0.3)


def _import(data: Path, tables: Path) -> float:
    """Seconds that it takes to make the hub of all results, index and all."""
    assay = [sys.executable, "-m", "assay"]
    user = ["user", "add", "root", "--admin", "--token", "root-token-0123456789"]
    _said([*assay, *user, "--data", str(data)])
    results, history, tasks, registry = (str(tables / name) for name in TABLES)
    named = ["--history", history, "--tasks", tasks, "--registry", registry]
    start = time.perf_counter()
    _said([*assay, "import-mteb", results, *named, "--data", str(data)])
    return time.perf_counter() - start


def _first_table(folder: Path, python: Path, benchmark: str, rounds: int) -> Iterator[Row]:
    theirs = _mteb(python, folder, benchmark)
    ours = _boards(folder, theirs["tasks"])
    both = _compare(ours["table"], theirs["table"])
    megabytes: dict[str, list[float]] = {"assay": [], "mteb": []}

    def side(name: str, said: dict[str, Any]) -> float:
        megabytes[name].append(float(said["mb"]))
        return float(said["seconds"])

    sides = {
        "assay": lambda: side("assay", _boards(folder, theirs["tasks"])),
        "mteb": lambda: side("mteb", _mteb(python, folder, benchmark)),
    }
    times = in_turn(sides, rounds)
    what = f"first table of {benchmark}, {len(theirs['tasks'])} tasks, {both} models in both"
    yield speed(what, times, "assay", "mteb", 50)
    # A row tells thousandths of what it is given.
    in_gb = {name: [one / 1000 for one in found] for name, found in megabytes.items()}
    row = cost(f"{what}, memory in MB", in_gb, "assay", "mteb", 0.33)
    yield replace(row, ratio_name="memory to mteb")


def _compare(ours: Table, theirs: Table) -> int:
    """How many models are in both tables; each must have the same mean in both."""
    known = {model: mean for mean, model in ours}
    both = [(model, mean, known[model]) for mean, model in theirs if model in known]
    other = [one for one in both if abs(one[1] - one[2]) > SAME]
    if other or not both:
        raise SystemExit(f"of {len(both)} means {len(other)} differ (theirs, ours): {other[:5]}")
    return len(both)


def _boards(folder: Path, tasks: list[str]) -> dict[str, Any]:
    argv = [sys.executable, str(HERE / "_board_side.py"), str(folder / "data-0"), *tasks]
    return _json(_said(argv))


def _mteb(python: Path, folder: Path, what: str) -> dict[str, Any]:
    return _json(_said([str(python), str(HERE / "_mteb_side.py"), str(folder / "cache"), what]))


def _said(argv: list[str]) -> str:
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(argv, env=offline, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{argv[:3]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def _json(said: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found
