"""What mteb does with a folder of results; run by a Python that has mteb, says one line of JSON.

    python _mteb_side.py FOLDER full         # as `ResultCache._rebuild_from_full_repository` does
    python _mteb_side.py FOLDER BENCHMARK    # one benchmark's results, and its summary table

FOLDER is a cache of mteb's, the checkout its `remote`. The clock starts before mteb is imported.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def peak_mb() -> float:
    """The most memory this process had; `getrusage` would begin with that of whoever started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    folder, what = sys.argv[1:]
    began = time.perf_counter()
    import mteb  # type: ignore[import-not-found]  # noqa: PLC0415 - its import is part of the price
    from mteb.cache import ResultCache  # type: ignore[import-not-found]  # noqa: PLC0415

    cache = ResultCache(cache_path=Path(folder))
    said: dict[str, object] = {}
    if what == "full":
        names = [meta.name for meta in mteb.get_model_metas() if meta.name is not None]
        found = cache.load_results(
            models=names,
            only_main_score=True,
            require_model_meta=False,
            include_remote=True,
            load_experiments="match_name",
        )
        said["results"] = sum(len(model.task_results) for model in found)
    else:
        found = cache.load_results(tasks=what)
        table = found.get_benchmark_result()
    said["seconds"] = time.perf_counter() - began
    said["mb"] = peak_mb()
    if what != "full":  # for the comparison alone
        said["tasks"] = [task.metadata.name for task in mteb.get_benchmark(what).tasks]
        said["table"] = table[["Mean (Task)", "Model"]].dropna().values.tolist()
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
