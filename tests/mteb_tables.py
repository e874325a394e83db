"""Small tables as MTEB's results have them, for tests that import them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SOURCE = "https://github.com/embeddings-benchmark/results"
COMMITS = {
    "a": ("a" * 40, "2024-07-06T17:23:39-04:00", 11),
    "b": ("b" * 40, "2024-08-14T17:54:13+02:00", 12),
    "c": ("c" * 40, "2025-01-03T22:47:37+08:00", None),
    "d": ("d" * 40, "2026-02-01T00:00:00+00:00", 14),
}
TASKS = [
    {"name": "Bank", "main_score": "accuracy", "dataset": "mteb/bank", "eval_splits": ["test"]},
    {"name": "Talk", "main_score": "f1", "dataset": "mteb/talk", "eval_splits": ["test"]},
    {"name": "TalkTwo", "main_score": "p-MRR", "dataset": "mteb/Talk", "eval_splits": ["dev", "x"]},
    {
        "name": "Near",
        "main_score": "cosine_spearman",
        "dataset": "sts/near",
        "eval_splits": ["test"],
    },
    {"name": "Sum", "main_score": "ndcg_at_10", "dataset": "no path", "eval_splits": ["test"]},
]
RESULTS = pa.schema(
    [
        *((name, pa.string()) for name in ("model_name", "model_revision", "experiment")),
        *((name, pa.string()) for name in ("task_name", "dataset_revision", "split", "subset")),
        ("main_score", pa.float64()),
        *((name, pa.string()) for name in ("mteb_version", "path", "first_commit")),
        ("last_commit", pa.string()),
        ("n_modified", pa.int32()),
        *((name, pa.string()) for name in ("author_hash", "author_handle", "commit_date")),
        ("pr_number", pa.int32()),
        ("result_date", pa.string()),
    ],
    metadata={"source": SOURCE},
)
HISTORY = pa.schema(
    [
        *((name, pa.string()) for name in ("model_name", "task_name", "split", "subset")),
        ("main_score", pa.float64()),
        *((name, pa.string()) for name in ("model_revision", "commit", "commit_date")),
        ("author_hash", pa.string()),
        ("pr_number", pa.int64()),
        *((name, pa.string()) for name in ("mteb_version", "dataset_revision", "path")),
    ]
)


def result_path(model: str, revision: str, task: str) -> str:
    return f"results/{model.replace('/', '__')}/{revision}/{task}.json"


@dataclass
class Tables:
    """Rows to write; a commit is named by a letter of `COMMITS`."""

    results: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        model: str,
        task: str,
        score: float | None,
        by: str = "a",
        *,
        split: str = "test",
        subset: str | None = "default",
        revision: str = "rev1",
        **more: Any,
    ) -> None:
        commit, date, pull = COMMITS[by]
        self.results.append(
            {
                "model_name": model,
                "model_revision": revision,
                "task_name": task,
                "dataset_revision": "d" * 40,
                "split": split,
                "subset": subset,
                "main_score": score,
                "mteb_version": "1.38.0",
                "path": result_path(model, revision, task),
                "first_commit": commit,
                "last_commit": commit,
                "n_modified": 0,
                "author_hash": f"a_{by * 12}",
                "commit_date": date,
                "pr_number": pull,
                **more,
            }
        )

    def before(
        self,
        model: str,
        task: str,
        score: float,
        by: str,
        *,
        split: str = "test",
        subset: str = "default",
        revision: str = "rev1",
    ) -> None:
        commit, date, pull = COMMITS[by]
        self.history.append(
            {
                "model_name": model,
                "task_name": task,
                "split": split,
                "subset": subset,
                "main_score": score,
                "model_revision": revision,
                "commit": commit,
                "commit_date": date,
                "author_hash": f"a_{by * 12}",
                "pr_number": pull,
                "mteb_version": "1.1.0",
                "dataset_revision": "e" * 40,
                "path": result_path(model, revision, task),
            }
        )

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows, schema in (
            ("results", self.results, RESULTS),
            ("history", self.history, HISTORY),
        ):
            ordered = sorted(rows, key=lambda row: row["path"])
            table = pa.Table.from_pylist(ordered, schema=schema)
            pq.write_table(table, folder / f"{name}.parquet")
        (folder / "tasks.json").write_text(json.dumps({"tasks": TASKS}))
        models = [{"name": "org/two", "revision": "main-one"}]
        (folder / "models.json").write_text(json.dumps({"models": models}))
