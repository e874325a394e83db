"""How long the commands people call often take, against bare Python and against `hf version`.

Every round runs each command once, in turn, so that a busy moment of the machine falls on all of
them. Figures are medians of whole processes; read the ratios, since seconds differ by machine.

    python benchmarks/startup.py [--rounds 15] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOOLS = Path(sys.executable).parent
SPEC = """\
name: Small
evaluation_framework: inspect-ai
tasks:
  - id: main
    field_spec: {input: question, target: answer}
    solvers: [{name: generate}]
    scorers: [{name: match}]
"""
FLOOR = "python -c pass"
PEER = "hf version"


def time_once(argv: list[str], environment: dict[str, str]) -> float:
    """Seconds from the start of the process to its end.

    Raises:
        RuntimeError: The command failed, so its time says nothing.
    """
    start = time.perf_counter()
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise RuntimeError(f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return seconds


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of each command, one a round; a first round warms the page cache and is dropped."""
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "eval.yaml"
        spec.write_text(SPEC, encoding="utf-8")
        commands = {
            FLOOR: [sys.executable, "-c", "pass"],
            "assay --version": [str(TOOLS / "assay"), "--version"],
            "assay --help": [str(TOOLS / "assay"), "--help"],
            "assay check FILE": [str(TOOLS / "assay"), "check", str(spec)],
            PEER: [str(TOOLS / "hf"), "version"],
        }
        # hf looks for updates once a day; without the network the comparison is of start-up alone.
        environment = os.environ | {"HF_HOME": folder, "HF_HUB_OFFLINE": "1"}
        environment |= {"HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        times: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(rounds + 1):
            for name, argv in commands.items():
                seconds = time_once(argv, environment)
                if turn > 0:
                    times[name].append(seconds)
        return times


def summarise(times: dict[str, list[float]]) -> list[dict[str, str | float]]:
    """One row a command: median and fastest milliseconds, and the median ratio of the pairs."""

    def ratio(name: str, against: str) -> float:
        pairs = zip(times[name], times[against], strict=True)
        return round(statistics.median(own / other for own, other in pairs), 2)

    return [
        {
            "command": name,
            "median_ms": round(statistics.median(seconds) * 1000, 1),
            "fastest_ms": round(min(seconds) * 1000, 1),
            "to_python": ratio(name, FLOOR),
            "to_hf": ratio(name, PEER),
        }
        for name, seconds in times.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the start-up of Assay's commands.")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    rows = summarise(measure(options.rounds))
    if options.json:
        about = {"benchmark": "startup", "rounds": options.rounds, "cores": os.cpu_count()}
        print(json.dumps(about | {"python": sys.version.split()[0], "rows": rows}, indent=2))
        return
    print("| command | median ms | fastest ms | to bare Python | to `hf version` |")
    print("|---|---|---|---|---|")
    for row in rows:
        print(
            f"| `{row['command']}` | {row['median_ms']} | {row['fastest_ms']} "
            f"| {row['to_python']} | {row['to_hf']} |"
        )


if __name__ == "__main__":
    main()
