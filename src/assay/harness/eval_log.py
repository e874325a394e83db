"""Inspect's `.eval` logs, read without Inspect: what came out, of which items, how far it got.

A log is a zip of JSON members, compressed with zstd: `header.json` (settings, results, usage) and
one `samples/ID_epoch_N.json` for each sample and epoch. Importing Inspect to read it takes two
seconds and reading a log through it a thousand times longer than its header takes here.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785

from assay.errors import InvalidError

MAX_MEMBER_BYTES = 512 * 1024 * 1024
# Settings of a model call that change what it answers, as Inspect names them.
GENERATION_KEYS = (
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "seed",
    "stop_seqs",
    "frequency_penalty",
    "presence_penalty",
    "reasoning_effort",
    "reasoning_tokens",
    "system_message",
)


@dataclass(frozen=True, slots=True)
class ScoredMetric:
    """One metric of one scorer.

    Attributes:
        scorer: The scorer's name, as the log has it.
        name: `accuracy`, `mean`, …
        value: In the scorer's own terms; accuracies are proportions.
        stderr: The standard error where the scorer reported one.
        n: Items the metric is over.
    """

    scorer: str
    name: str
    value: float
    stderr: float | None
    n: int


@dataclass(frozen=True, slots=True)
class EvalSample:
    """One sample in one epoch.

    Attributes:
        id: The item's id in the dataset.
        epoch: 1-based.
        failed: Whether the sample ended in an error.
        served: The name under which the model answered; empty when it did not.
        item: Digest of what was asked and what counts as right.
        scores: Scorer to value, as written: "C", "I", a number, …
    """

    id: str
    epoch: int
    failed: bool
    served: str
    item: str
    scores: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EvalLog:
    """What a log says.

    Attributes:
        status: success, error, cancelled or started.
        error: The error's message; empty when there is none.
        model: As requested.
        dataset_items: Items the dataset has, whether run or not.
        limit: Items asked for, where fewer than all.
        epochs: How often each item was asked.
        reducer: How epochs became one score; None for a single epoch.
        generation: Settings in force, those of the spec included.
        metrics: Standard errors stand with their metric, not as metrics of their own.
        headline: Scorer and metric that Inspect shows first, where it says so.
        usage: Tokens by model.
        started: ISO time.
        finished: ISO time; empty when the run did not finish.
        framework_version: Inspect's version.
        task_version: The task's version as written.
        samples: In the order of the log.
    """

    status: str
    error: str
    model: str
    dataset_items: int
    limit: int | None
    epochs: int
    reducer: str | None
    generation: Mapping[str, Any]
    metrics: tuple[ScoredMetric, ...]
    headline: tuple[str, str] | None
    usage: Mapping[str, Mapping[str, Any]]
    started: str
    finished: str
    framework_version: str
    task_version: str
    samples: tuple[EvalSample, ...]

    @property
    def served(self) -> str:
        """The names under which the model answered, joined; usually one."""
        return ", ".join(sorted({sample.served for sample in self.samples if sample.served}))

    @property
    def completed(self) -> int:
        """Items that were answered and scored in every epoch."""
        done: dict[str, int] = {}
        for sample in self.samples:
            if not sample.failed and sample.scores:
                done[sample.id] = done.get(sample.id, 0) + 1
        return sum(count >= self.epochs for count in done.values())

    @property
    def items_sha256(self) -> str:
        """Digest of the items that were asked, whatever order they ran in: sorted item digests."""
        items = sorted({f"{sample.id}\0{sample.item}" for sample in self.samples})
        return hashlib.sha256("\n".join(items).encode()).hexdigest()


def read_eval_log(path: Path) -> EvalLog:
    """Read a log.

    Raises:
        InvalidError: The file is no `.eval` log, or its header is not as Inspect writes it.
    """
    # Before Python 3.14 `zipfile` knows no zstd; importing this teaches it.
    if sys.version_info < (3, 14):
        import zipfile_zstd  # type: ignore[import-untyped] # noqa: F401, PLC0415
    try:
        with zipfile.ZipFile(path) as log:
            header = json.loads(_member(log, "header.json"))
            return _from_header(header, tuple(_samples(log)))
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidError(f"{path.name} is no Inspect log: {error!r}") from error


def _member(log: zipfile.ZipFile, name: str) -> bytes:
    info = log.getinfo(name)
    if info.file_size > MAX_MEMBER_BYTES:
        raise ValueError(f"{name} has {info.file_size} bytes, more than {MAX_MEMBER_BYTES}")
    return log.read(info)


def _samples(log: zipfile.ZipFile) -> Iterator[EvalSample]:
    for name in log.namelist():
        if name.startswith("samples/") and name.endswith(".json"):
            yield _sample(json.loads(_member(log, name)))


def _sample(sample: dict[str, Any]) -> EvalSample:
    scores = sample.get("scores") or {}
    return EvalSample(
        id=str(sample["id"]),
        epoch=sample["epoch"],
        failed=bool(sample.get("error")),
        served=(sample.get("output") or {}).get("model") or "",
        item=_item_digest(sample),
        scores={scorer: score["value"] for scorer, score in scores.items()},
    )


def _item_digest(sample: dict[str, Any]) -> str:
    """Of what was asked and what counts as right; ids that Inspect draws at random stay out."""
    asked = sample["input"]
    if isinstance(asked, list):
        asked = [[message["role"], _content(message["content"])] for message in asked]
    item = [asked, sample.get("choices") or [], sample["target"]]
    text = json.dumps(_attached(item, sample.get("attachments") or {}))
    return hashlib.sha256(rfc8785.dumps(json.loads(text))).hexdigest()


def _content(content: Any) -> Any:
    """A message's content without the ids of its parts."""
    if not isinstance(content, list):
        return content
    return [{key: value for key, value in part.items() if key != "id"} for part in content]


def _attached(value: Any, attachments: dict[str, str]) -> Any:
    """The value with `attachment://` references resolved."""
    if isinstance(value, str) and value.startswith("attachment://"):
        return attachments.get(value.removeprefix("attachment://"), value)
    if isinstance(value, list):
        return [_attached(part, attachments) for part in value]
    if isinstance(value, dict):
        return {key: _attached(part, attachments) for key, part in value.items()}
    return value


def _from_header(header: dict[str, Any], samples: tuple[EvalSample, ...]) -> EvalLog:
    spec, config = header["eval"], header["eval"]["config"]
    results, stats = header.get("results") or {}, header.get("stats") or {}
    headline = results.get("headline")
    reducers = config.get("epochs_reducer")
    limit = config.get("limit")
    return EvalLog(
        status=header["status"],
        error=(header.get("error") or {}).get("message", ""),
        model=spec["model"],
        dataset_items=spec["dataset"]["samples"],
        limit=limit if isinstance(limit, int) else None,
        epochs=config.get("epochs") or 1,
        reducer=", ".join(reducers) if reducers and (config.get("epochs") or 1) > 1 else None,
        generation=_generation(header),
        metrics=tuple(_metrics(results)),
        headline=(headline["score"], headline["metric"]) if headline else None,
        usage=stats.get("model_usage") or {},
        started=stats.get("started_at", ""),
        finished=stats.get("completed_at", ""),
        framework_version=spec["packages"].get("inspect_ai", ""),
        task_version=str(spec.get("task_version", "")),
        samples=samples,
    )


def _generation(header: dict[str, Any]) -> dict[str, Any]:
    """The settings in force: the run's, then what the spec's own `generate` step says over them."""
    plan = header.get("plan") or {}
    settings = dict(header["eval"].get("model_generate_config") or {}) | (plan.get("config") or {})
    for step in plan.get("steps") or []:
        if step["solver"].rpartition("/")[2] == "generate":
            settings |= step.get("params_passed") or {}
    return {key: settings[key] for key in GENERATION_KEYS if settings.get(key) is not None}


def _metrics(results: dict[str, Any]) -> Iterator[ScoredMetric]:
    for score in results.get("scores") or []:
        metrics = score["metrics"]
        stderr = metrics.get("stderr", {}).get("value")
        for name, metric in metrics.items():
            if name == "stderr":
                continue
            yield ScoredMetric(
                scorer=score["name"],
                name=metric["name"].rpartition("/")[2],
                value=metric["value"],
                stderr=stderr,
                n=score.get("scored_samples") or 0,
            )
