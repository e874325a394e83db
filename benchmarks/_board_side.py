"""Boards of some tasks from a standing index, in a new process; says one line of JSON.

    python _board_side.py DATA-FOLDER TASK...

Opens the hub as a start does, reads the whole board of each task, and ranks the models that are on
all of them by their mean: the table that `_mteb_side.py` makes of the same results.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import defaultdict
from pathlib import Path

EVERY = 1_000_000


def peak_mb() -> float:
    """The most memory this process had; `getrusage` would begin with that of whoever started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    folder, *tasks = sys.argv[1:]
    began = time.perf_counter()
    # Imports are part of the price.
    from assay.core.permission import STRANGER  # noqa: PLC0415
    from assay.hub import boards, indexing  # noqa: PLC0415
    from assay.hub.open import open_hub  # noqa: PLC0415
    from assay.settings import HubSettings  # noqa: PLC0415

    hub = open_hub(HubSettings(data=Path(folder)))
    indexing.ensure(hub)
    wanted = set(tasks)
    scores: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for benchmark in boards.benchmarks(hub, STRANGER):
        for task in (one.task_id for one in benchmark.tasks if one.task_id in wanted):
            for row in boards.board(hub, STRANGER, benchmark.id, task, limit=EVERY).rows:
                if row.claim.value is not None:
                    scores[row.model][task] = row.claim.value
    hub.close()
    means = [
        (math.fsum(of.values()) / len(wanted), model)
        for model, of in scores.items()
        if len(of) == len(wanted)
    ]
    said = {
        "table": sorted(means, reverse=True),
        "seconds": time.perf_counter() - began,
        "mb": peak_mb(),
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
