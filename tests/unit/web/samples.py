"""Answers to dress: realistic ones, empty ones, and ones that mean harm."""

from __future__ import annotations

from typing import Any

from assay.core.claim import Attestation, Claim, Reporter, Source, State
from assay.hub.answers import (
    Benchmark,
    Board,
    Chance,
    Finding,
    HomeAnswer,
    Row,
    Task,
)
from assay.web.pages import Site

SITE = Site(public_url="https://hub.example", reader=None, version="0.1.0")
COMMIT = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
OTHER_COMMIT = "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c"
RUN = "ab" * 32
ELSEWHERE = "https://hub.example.org/acme/rocket-7b"
SPEC_SHA = "cd" * 32

# What people who mean harm put where text is expected.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "data:text/html,<b>x</b>",
    "{{ 7 * 7 }}{% raw %}",
    "</title></pre></style><svg onload=alert(1)>",
    "\u202egnp.exe\u202c",
    "-->\x00\x1b[31m",
    "W" * 300,
)


def claim(model: str = "acme/rocket-7b", value: str = "71.5", **changes: Any) -> Claim:
    """A live claim on main of the author; `changes` replace fields."""
    fields: dict[str, Any] = {
        "claim_id": (model.encode().hex() + value.encode().hex() + "0" * 64)[:64],
        "model": model,
        "private": False,
        "dataset_id": "openai/gsm8k",
        "task_id": "gsm8k",
        "value": float(value),
        "value_text": value,
        "reporter": Reporter.AUTHOR,
        "state": State.LIVE,
        "attestation": Attestation.NONE,
        "lane": "main",
        "pull": None,
        "path": ".eval_results/gsm8k.yaml",
        "line": 3,
        "commit": COMMIT,
        "date": "2026-01-19",
        "source": Source(url="https://acme.example/report", name="Rocket report"),
        "notes": None,
        "dataset_revision": None,
        "run_record": None,
        "samples": None,
        "stderr": None,
        "evidence_level": 1,
        "received": "2026-01-20T10:11:12Z",
        "first_received": "2026-01-20T10:11:12Z",
        "first_push": 4,
        "latest_push": 4,
        "pusher": model.split("/", maxsplit=1)[0],
        "author_name": model.split("/", maxsplit=1)[0],
        "contradicts": None,
    }
    return Claim(**fields | changes)


def community(model: str, value: str, **changes: Any) -> Claim:
    """A claim of a pull request, with a run record."""
    fields: dict[str, Any] = {
        "reporter": Reporter.COMMUNITY,
        "lane": "pr/2",
        "pull": 2,
        "pusher": "nadia",
        "author_name": "Nadia Okafor",
        "run_record": RUN,
        "source": Source(url=f"https://hub.example/runs/{RUN}", name="assay run"),
        "samples": 198,
        "stderr": 3.2,
        "evidence_level": 2,
        "received": "2026-02-03T08:00:00Z",
    }
    return claim(model, value, **fields | changes)


def task(task_id: str = "gsm8k", **changes: Any) -> Task:
    fields: dict[str, Any] = {
        "task_id": task_id,
        "config": "main",
        "split": "test",
        "scorers": ["match"],
        "metric": "accuracy",
        "unit": "percent",
        "direction": "higher",
        "minimum": 0.0,
        "maximum": 100.0,
        "chance": 25.0,
        "items": None,
        "aliases": [],
        "models": 5,
        "claims": 7,
    }
    return Task(**fields | changes)


def bare_task(task_id: str = "default") -> Task:
    """A task about which nobody declared anything."""
    unknown = dict.fromkeys(
        ("config", "metric", "unit", "direction", "minimum", "maximum", "chance", "items")
    )
    return task(task_id, scorers=[], models=0, claims=0, **unknown)


def chance(low: float, high: float, *, told_apart: bool = True, **changes: Any) -> Chance:
    fields: dict[str, Any] = {
        "level": 25.0,
        "told_apart": told_apart,
        "low": low,
        "high": high,
        "n": 198,
        "n_source": "run record",
    }
    return Chance(**fields | changes)


def row(rank: int | None, said: Claim, **changes: Any) -> Row:
    fields: dict[str, Any] = {
        "rank": rank,
        "would_rank": None,
        "model": said.model,
        "claim": said,
        "badges": [str(said.reporter)],
        "other_claims": 0,
        "disagrees": False,
        "declined": 0,
        "why": "the only claim that stands",
        "outside": "",
        "chance": None,
    }
    return Row(**fields | changes)


def rows() -> list[Row]:
    """Five models: a tie, a disagreement, one lost in chance, one without n, one private."""
    return [
        row(1, claim("acme/rocket-7b", "71.5"), chance=chance(64.8, 77.3), other_claims=2),
        row(
            2,
            community("initech/tiny-1b-instruct", "69.50"),
            chance=chance(62.8, 75.5),
            other_claims=1,
            disagrees=True,
            declined=1,
            why="the community's first claim, before 1 other",
        ),
        row(2, claim("globex/sonnet-large", "69.5", evidence_level=4, pusher="globex-bot")),
        row(
            4,
            claim(
                "hooli/Llama-3.1-405B-Instruct-GPTQ-INT4-long-context-preview-2026-01",
                "50.7",
                source=None,
                evidence_level=0,
                attestation=Attestation.NOT_CHECKED,
                pusher=None,
            ),
            badges=["author", "not checked here"],
            chance=chance(43.8, 57.6),
        ),
        row(
            5,
            community("umbrella/nano-200m", "27.3"),
            chance=chance(21.5, 33.9, told_apart=False),
        ),
        row(
            None,
            claim("acme/rocket-8-secret", "70.2", private=True),
            would_rank=2,
            badges=["author", "private"],
            chance=chance(63.5, 76.1),
        ),
    ]


def benchmark(**changes: Any) -> Benchmark:
    fields: dict[str, Any] = {
        "id": "openai/gsm8k",
        "title": "Grade School Math",
        "description": "8.5 thousand problems that take two to eight steps.",
        "private": False,
        "framework": "inspect-ai",
        "runnable": True,
        "not_runnable_because": "",
        "commit": COMMIT,
        "spec_sha256": SPEC_SHA,
        "tasks": [task(), task("gsm8k/hard %", models=1, claims=1, chance=None)],
        "models": 5,
        "claims": 8,
        "supersedes": [],
        "superseded_by": [],
        "findings": [],
    }
    return Benchmark(**fields | changes)


def board(**changes: Any) -> Board:
    fields: dict[str, Any] = {
        "benchmark": "openai/gsm8k",
        "title": "Grade School Math",
        "private": False,
        "task": task(),
        "policy": "best-evidence",
        "policy_says": "Replicated, signed and recomputed claims come before unchecked ones.",
        "view": "models",
        "direction": "higher",
        "direction_assumed": False,
        "unit": "percent",
        "commit": COMMIT,
        "sentence": (
            "acme/rocket-7b leads 5 models. umbrella/nano-200m cannot be told from chance."
        ),
        "rows": rows(),
    }
    counts = {"count": len(changes.get("rows", fields["rows"])), "start": 0, "page_size": 100}
    return Board(**fields | counts | changes)


def empty_board() -> Board:
    """A board of a task nobody described and nobody reported on."""
    return board(
        task=bare_task(),
        unit=None,
        direction_assumed=True,
        rows=[],
        sentence="Nobody has reported a result yet.",
    )


def finding(severity: str = "warning", **changes: Any) -> Finding:
    fields: dict[str, Any] = {
        "path": ".eval_results/gsm8k.yaml",
        "line": 4,
        "column": 10,
        "code": "AS205",
        "severity": severity,
        "where": "[0].value",
        "message": "the value lies outside the task's range",
        "got": "7150",
        "expected": "0 to 100",
        "hint": "write it in percent",
    }
    return Finding(**fields | changes)


def home(**changes: Any) -> HomeAnswer:
    hard = benchmark(
        id="Idavidrein/gpqa",
        title="GPQA",
        description="Questions that experts answer and others, with the web, do not.",
        tasks=[task("diamond"), task("main"), task("extended")],
        runnable=False,
        not_runnable_because="unknown framework",
    )
    fields: dict[str, Any] = {
        "benchmarks": [benchmark(), hard],
        "models": 7,
        "claims": 12,
        "latest": [row.claim for row in rows() if row.rank is not None],
    }
    return HomeAnswer(**fields | changes)


def empty_home() -> HomeAnswer:
    return home(benchmarks=[], models=0, claims=0, latest=[])


README = """---
license: mit
tags: [a, b]
---
# Grade School Math

Problems that take *two to eight* steps. See [the paper](https://arxiv.example/abs/2110.14168).

| split | items |
|---|---:|
| train | 7,473 |
| test | 1,319 |

```python
load_dataset("openai/gsm8k", "main")
```

- a list
- of things
"""

SPEC = """name: Grade School Math
evaluation_framework: inspect-ai
tasks:
  - id: gsm8k
    config: main
    split: test
    field_spec: {input: question, target: answer}
    solvers:
      - name: chain_of_thought
      - name: generate
    scorers:
      - name: match
        args: {numeric: true}
"""
