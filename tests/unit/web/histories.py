"""Answers about one thing and its past: claims, models, pull requests, runs."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.unit.web.samples import (
    COMMIT,
    ELSEWHERE,
    OTHER_COMMIT,
    RUN,
    SPEC_SHA,
    chance,
    claim,
    community,
    finding,
)

from assay.core.claim import State
from assay.core.difference import differences
from assay.hub.answers import (
    ClaimAnswer,
    DiscussionAnswer,
    DiscussionPage,
    DiscussionSummary,
    FileChange,
    HistoryLine,
    Notification,
    NotificationPage,
    Removal,
    RunAnswer,
    Version,
)
from assay.hub.model_answers import BrokenFile, Lineage, Model, PullSummary, TaskClaims


def version(number: int = 1, **changes: Any) -> Version:
    fields: dict[str, Any] = {
        "number": number,
        "value_text": "71.5",
        "path": ".eval_results/gsm8k.yaml",
        "line": 3,
        "date": "2026-01-19",
        "source": None,
        "notes": None,
        "dataset_revision": None,
        "verify_token": None,
        "run_record": None,
        "changed": [],
        "since_commit": COMMIT,
        "since_push": 4,
        "received": "2026-01-20T10:11:12Z",
        "pusher": "nadia",
        "author_name": "Nadia Okafor",
        "author_email": "nadia@example.org",
        "authored": "2026-01-19T23:59:00Z",
        "committer_name": "Nadia Okafor",
        "committer_email": "nadia@example.org",
        "committed": "2026-01-19T23:59:00Z",
        "until_commit": None,
        "until_push": None,
    }
    return Version(**fields | changes)


def line(at: str, kind: str, **changes: Any) -> HistoryLine:
    fields: dict[str, Any] = {
        "at": at,
        "kind": kind,
        "actor": "nadia",
        "text": "",
        "commit": None,
        "pull": None,
    }
    return HistoryLine(**fields | changes)


CONTENT: dict[str, Any] = {
    "date": None,
    "source": None,
    "notes": None,
    "dataset_revision": None,
    "verify_token": None,
    "run_record": None,
    "path": ".eval_results/gsm8k.yaml",
    "extra": None,
}
YAML = """- dataset:
    id: openai/gsm8k
    task_id: gsm8k
  value: 68.1
  date: 2026-01-19
  source:
    url: https://hub.example/runs/abab
    name: assay run"""


CHANGED = differences(
    {**CONTENT, "value_text": "67.9", "extra": {"shots": 0}},
    {**CONTENT, "value_text": "68.1", "notes": "0-shot, no tools"},
)


def claim_answer(**changes: Any) -> ClaimAnswer:
    """A community claim that was changed once, beside the author's other number."""
    said = community("acme/rocket-7b", "68.1", notes="0-shot, no tools", pull=2)
    fields: dict[str, Any] = {
        "claim": said,
        "badges": ["community"],
        "sentence": "nadia claims 68.1 for acme/rocket-7b; 1 other claim says something else.",
        "unit": "percent",
        "benchmark_registered": True,
        "ref": "refs/pr/2",
        "versions": [
            version(1, value_text="67.9", until_commit=OTHER_COMMIT),
            version(2, value_text="68.1", changed=CHANGED, since_commit=OTHER_COMMIT),
        ],
        "history": [
            line("2026-01-20T10:11:10Z", "pull request opened", pull=2),
            line("2026-01-20T10:11:12Z", "introduced", text="67.9", commit=COMMIT),
            line("2026-02-03T08:00:00Z", "changed", text="67.9 → 68.1", commit=OTHER_COMMIT),
        ],
        "others": [claim("acme/rocket-7b", "71.5")],
        "other_count": 1,
        "conflicts_with": [],
        "rulings": [],
        "chance": chance(61.2, 74.3),
        "yaml": YAML,
        "findings": [],
    }
    return ClaimAnswer(**fields | changes)


def declined_answer() -> ClaimAnswer:
    """A claim whose pull request the owner closed."""
    said = community("acme/rocket-7b", "68.1", state=State.DECLINED)
    closed = line(
        "2026-02-04T09:00:00Z",
        "pull request closed",
        actor="acme",
        text="wrong checkpoint: this is the base model",
        pull=2,
    )
    answer = claim_answer()
    return claim_answer(
        claim=said, badges=["community", "declined"], history=[*answer.history, closed]
    )


def model(**changes: Any) -> Model:
    registered = TaskClaims(
        benchmark="openai/gsm8k",
        task="gsm8k",
        registered=True,
        unit="percent",
        rank=1,
        of=5,
        standing=claim(),
        claims=[claim(), community("acme/rocket-7b", "68.1", state=State.DECLINED)],
        count=2,
    )
    elsewhere = TaskClaims(
        benchmark="MathArena/aime_2026",
        task="MathArena/aime_2026",
        registered=False,
        unit=None,
        rank=None,
        of=0,
        standing=claim(value="0.412", dataset_id="MathArena/aime_2026"),
        claims=[claim(value="0.412", dataset_id="MathArena/aime_2026", source=None)],
        count=1,
    )
    fields: dict[str, Any] = {
        "id": "acme/rocket-7b",
        "private": False,
        "claimed": True,
        "commit": COMMIT,
        "sentence": "3 claims on 2 tasks: 2 by the author, 1 by the community.",
        "tasks": [registered, elsewhere],
        "bases": [Lineage(model=None, written="acme/rocket-70b", relation="finetune")],
        "derived": [Lineage(model="eve/small", written="acme/rocket-7b", relation="quantized")],
        "derived_count": 3,
        "claims": 3,
        "live": 2,
        "task_count": 2,
        "broken_count": 1,
        "pull_count": 1,
        "count": 3,
        "start": 0,
        "page_size": 100,
        "up_to": 9,
        "benchmark": None,
        "mirror_of": None,
        "broken": [
            BrokenFile(
                filename=".eval_results/old.yaml",
                lane="main",
                error="line 2: not a list of entries",
            )
        ],
        "pulls": [
            PullSummary(
                number=2,
                title="Report GSM8K, 0-shot",
                author="nadia",
                status="open",
                created="2026-02-03T07:59:00Z",
            )
        ],
    }
    return Model(**fields | changes)


def mirrored() -> Model:
    """A mirror with one claim."""
    copied = community("acme/rocket-7b", "68.1", mirror_of=ELSEWHERE)
    task = model().tasks[0]
    tasks = [msgspec.structs.replace(task, standing=copied, claims=[copied])]
    return model(mirror_of=ELSEWHERE, tasks=tasks)


def empty_model() -> Model:
    return model(
        claimed=False,
        commit=None,
        tasks=[],
        broken=[],
        pulls=[],
        sentence="Nothing is claimed about this model yet.",
        **dict.fromkeys(("claims", "live", "task_count", "broken_count", "pull_count", "count"), 0),
    )


def pull(**changes: Any) -> DiscussionAnswer:
    fields: dict[str, Any] = {
        "repo": "acme/rocket-7b",
        "type": "model",
        "number": 2,
        "is_pull": True,
        "title": "Report GSM8K, 0-shot",
        "description": "Run on two consumer cards.\nLog attached.",
        "author": "nadia",
        "status": "open",
        "created": "2026-02-03T07:59:00Z",
        "head": OTHER_COMMIT,
        "base": COMMIT,
        "merge_commit": None,
        "sentence": "nadia reports 1 result, 1 of them against what main says.",
        "conflicts": [".eval_results/gsm8k.yaml"],
        "files": [
            changed_file(".eval_results/gsm8k.yaml", text=DIFF, plus=1, minus=1),
            changed_file("weights.bin", shown="binary", change="added"),
            changed_file("log.json", shown="too long", change="removed"),
        ],
        "more_files": 3,
        "claims": [community("acme/rocket-7b", "68.1", contradicts="ef" * 32)],
        "claim_count": 1,
        "removal_count": 201,
        "finding_count": 2,
        "removals": [
            Removal(
                path=".eval_results/mmlu.yaml",
                dataset_id="cais/mmlu",
                task_id="mmlu",
                value_text="80.10",
            )
        ],
        "findings": [finding(), finding("error", message="a source without a url", got="")],
        "history": [
            line("2026-02-03T07:59:00Z", "pull request opened", pull=2),
            line("2026-02-03T08:00:00Z", "comment", pull=2, text="why 0-shot?", note="edited"),
            line("2026-02-03T08:01:00Z", "comment", pull=2, note="hidden"),
        ],
    }
    return DiscussionAnswer(**fields | changes)


DIFF = """diff --git a/.eval_results/gsm8k.yaml b/.eval_results/gsm8k.yaml
index 1..2 100644
--- a/.eval_results/gsm8k.yaml
+++ b/.eval_results/gsm8k.yaml
@@ -1,3 +1,3 @@
 - dataset:
-  value: 71.5
+  value: 68.1
"""


def changed_file(path: str, **changes: Any) -> FileChange:
    fields: dict[str, Any] = {
        "path": path,
        "change": "changed",
        "shown": "text",
        "plus": 0,
        "minus": 0,
        "text": "",
    }
    return FileChange(**fields | changes)


def empty_pull() -> DiscussionAnswer:
    return pull(
        title="",
        description="",
        head=None,
        base=None,
        conflicts=[],
        files=[],
        more_files=0,
        claims=[],
        claim_count=0,
        removals=[],
        removal_count=0,
        findings=[],
        finding_count=0,
        history=[],
        status="draft",
        sentence="This pull request adds no claims.",
    )


def discussion(**changes: Any) -> DiscussionAnswer:
    fields = {
        "is_pull": False,
        "title": "Which prompt is it?",
        "sentence": "1 comment by nadia.",
        "merge_commit": None,
    }
    return msgspec.structs.replace(empty_pull(), **fields | {"status": "open"} | changes)


def discussion_page(**changes: Any) -> DiscussionPage:
    fields: dict[str, Any] = {
        "repo": "acme/rocket-7b",
        "type": "model",
        "private": True,
        "sentence": "1 pull request and no discussions are open.",
        "kind": "all",
        "status": "open",
        "discussions": [
            DiscussionSummary(
                number=2,
                is_pull=True,
                title="Report GSM8K, 0-shot",
                author="nadia",
                status="draft",
                created="2026-02-03T07:59:00Z",
            )
        ],
        "count": 120,
        "start": 50,
        "page_size": 50,
        "up_to": 130,
    }
    return DiscussionPage(**fields | changes)


def notifications(**changes: Any) -> NotificationPage:
    fields: dict[str, Any] = {
        "notifications": [
            Notification(
                id=71,
                kind="claim",
                repo="acme/rocket-7b",
                type="model",
                number=2,
                title="Report GSM8K, 0-shot",
                is_pull=True,
                actor="nadia",
                at="2026-02-03T07:59:00Z",
                read=None,
            )
        ],
        "count": 120,
        "unread": 20,
        "start": 50,
        "page_size": 50,
    }
    return NotificationPage(**fields | changes)


RECORD: dict[str, Any] = {
    "schema": "assay-run/1",
    "model": {
        "repo": "acme/rocket-7b",
        "revision": COMMIT,
        "requested": "vllm/acme/rocket-7b",
        "provider": "vllm",
    },
    "benchmark": {
        "id": "openai/gsm8k",
        "task_id": "gsm8k",
        "revision": COMMIT,
        "spec_sha256": SPEC_SHA,
    },
    "framework": {"name": "inspect-ai", "version": "0.3.285"},
    "generation": {"temperature": 0.0, "max_tokens": 2048, "seed": None},
    "samples": {"total": 198, "completed": 198, "epochs": 1, "items_sha256": "ee" * 32},
    "metrics": [{"id": "accuracy", "value": 68.1, "stderr": 3.2, "n": 198}],
    "usage": {"input_tokens": 120345, "output_tokens": 45678, "wall_s": 312.5},
    "log": {"url": ".eval_results/logs/run.json", "sha256": "aa" * 32, "bytes": 483920},
    "started": "2026-02-03T07:40:00Z",
    "finished": "2026-02-03T07:52:00Z",
}


def run(**changes: Any) -> RunAnswer:
    fields: dict[str, Any] = {
        "sha256": RUN,
        "model": "acme/rocket-7b",
        "lane": "pr/2",
        "commit": OTHER_COMMIT,
        "path": f".eval_results/runs/{RUN}.json",
        "log_path": ".eval_results/logs/run.json",
        "record": RECORD,
    }
    return RunAnswer(**fields | changes)
