"""What `assay run` costs over plain `inspect eval`: the same task, hub, model and settings.

Pairs alternate, first one side first, then the other, so that a busy moment falls on both. Each
command starts with empty caches, as every `assay run` does, neither writes its log while it runs,
and both scores must agree. The model is `assay/chance`, which answers at once: with any other, such
as the local `assay/gguf`, the ratio is nearer to 1.

    python benchmarks/run.py [--pairs 5] [--model assay/gguf] [--json]
    python benchmarks/run.py --endpoint http://127.0.0.1:8377 --benchmark demo/small-talk/popularity

Without --endpoint the demo benchmark is served from a folder, by the server the tests use.
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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.formats.names import parse_benchmark_ref
from assay.harness.demo_data import write_demo_benchmark
from assay.harness.eval_log import read_eval_log
from assay.harness.remote import fetch_json

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.executable).parent
BENCHMARK = "demo/small-talk/popularity"
MODEL = "assay/chance"
SETTINGS = ("--seed", "7", "--temperature", "0")
SIDES = ("inspect eval", "assay run")


@contextmanager
def demo_hub() -> Iterator[str]:
    """Serve the demo benchmark; yield the address."""
    sys.path.append(str(ROOT))
    from tests.unit.harness.loopback_hub import serve  # noqa: PLC0415 - needs the path above

    with tempfile.TemporaryDirectory() as folder, serve() as hub:
        write_demo_benchmark(Path(folder))
        hub.datasets["demo/small-talk"] = Path(folder)
        yield hub.endpoint


def command(side: str, endpoint: str, benchmark: str, model: str, scratch: Path) -> list[str]:
    """The command of one side; it leaves its log in `scratch`."""
    ref = parse_benchmark_ref(benchmark)
    if side == "assay run":
        named = [benchmark, "--model", model, "--as", "demo/model", "--endpoint", endpoint]
        return [str(TOOLS / "assay"), "run", *named, *SETTINGS, "--out", str(scratch)]
    path = f"/api/datasets/{ref.dataset}/revision/{ref.revision or 'main'}"
    sha = fetch_json(endpoint, path)["sha"]
    name = f"hf/{ref.dataset}/{ref.task}@{sha}"
    options = [
        "--model",
        model,
        "--display",
        "none",
        "--no-log-realtime",
        "--log-dir",
        str(scratch),
    ]
    return [str(TOOLS / "inspect"), "eval", name, *SETTINGS, *options]


def time_once(side: str, endpoint: str, benchmark: str, model: str) -> tuple[float, float, int]:
    """Seconds of the whole command, the score it came to, and over how many items.

    Raises:
        RuntimeError: The command failed, so its time says nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        argv = command(side, endpoint, benchmark, model, scratch / "logs")
        settings = {
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(scratch / "huggingface"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
        }
        start = time.perf_counter()
        done = subprocess.run(
            argv, env=os.environ | settings, cwd=folder, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - start
        if done.returncode != 0:
            raise RuntimeError(f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}")
        [path] = (scratch / "logs").rglob("*.eval")
        log = read_eval_log(path)
        return seconds, log.metrics[0].value, log.completed


def measure(
    endpoint: str, benchmark: str, model: str, pairs: int
) -> tuple[dict[str, list[float]], int]:
    """Seconds of each side, one a pair, and the items of one run.

    A first pair warms the page cache and is dropped.

    Raises:
        RuntimeError: A command failed, or the two disagree about the score.
    """
    times: dict[str, list[float]] = {side: [] for side in SIDES}
    items = 0
    for pair in range(pairs + 1):
        scores = set()
        for side in SIDES if pair % 2 else SIDES[::-1]:
            seconds, score, items = time_once(side, endpoint, benchmark, model)
            scores.add(score)
            if pair:
                times[side].append(seconds)
        if len(scores) != 1:
            raise RuntimeError(f"the two sides disagree: {scores}")
    return times, items


def main() -> None:
    parser = argparse.ArgumentParser(description="What `assay run` costs over `inspect eval`.")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--endpoint", help="a running hub; without it the demo benchmark is served")
    parser.add_argument("--benchmark", default=BENCHMARK, help="NS/DATASET/TASK")
    parser.add_argument("--model", default=MODEL, help="PROVIDER/MODEL")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.endpoint:
        times, items = measure(options.endpoint, options.benchmark, options.model, options.pairs)
    else:
        with demo_hub() as endpoint:
            times, items = measure(endpoint, BENCHMARK, options.model, options.pairs)
    plain, ours = (times[side] for side in SIDES)
    ratios = [mine / theirs for theirs, mine in zip(plain, ours, strict=True)]
    ratio = statistics.median(ratios)
    if options.json:
        document = {
            "model": options.model,
            "items": items,
            "pairs": options.pairs,
            "ratio": ratio,
            "seconds": times,
        }
        print(json.dumps(document | {"ratios": ratios}, indent=2))
        return
    print(f"| {options.model}, {items} items | median s | fastest s | to `inspect eval` |")
    print("|---|---|---|---|")
    for side, shown in zip(SIDES, (1.0, ratio), strict=True):
        median, fastest = statistics.median(times[side]), min(times[side])
        print(f"| `{side}` | {median:.2f} | {fastest:.2f} | {shown:.2f} |")
    print(f"\nratios of the pairs: {', '.join(f'{each:.2f}' for each in ratios)}")


if __name__ == "__main__":
    main()
