"""A benchmark's files as they lie in git: eval.yaml and assay.yaml become rows, or are asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.permission import MAIN, Reader, may_see
from assay.formats.benchmark import Spec, parse_eval_yaml
from assay.formats.finding import Finding
from assay.formats.terms import AssayFile, TaskTerms, parse_assay_yaml, terms_for
from assay.hub.open import Hub
from assay.hub.profiles import card_findings
from assay.hub.results import read_limited
from assay.storage.database import repos as repo_rows
from assay.storage.git import Repository

SPEC, TERMS = "eval.yaml", "assay.yaml"


@dataclass(frozen=True, slots=True)
class BenchmarkRows:
    """What is to be written of a dataset repository."""

    repo_id: str
    benchmark: Mapping[str, Any] | None
    tasks: list[dict[str, Any]]
    names: dict[str, str]
    findings: tuple[Finding, ...]
    broken: Mapping[str, str]
    succession: Sequence[Mapping[str, Any]] = ()


def read_benchmark(git: Repository, repo_id: str, commit: str | None) -> BenchmarkRows:
    """Read a dataset repository at a commit; without a readable eval.yaml it is no benchmark."""
    spec_bytes = _read(git, commit, SPEC)
    terms_bytes = _read(git, commit, TERMS)
    terms = parse_assay_yaml(terms_bytes, TERMS) if terms_bytes is not None else None
    found = (*(terms.findings if terms else ()), *card_findings(git, commit, "dataset"))
    if spec_bytes is None or commit is None:
        return BenchmarkRows(repo_id, None, [], {}, found, {})
    file = parse_eval_yaml(spec_bytes, SPEC)
    found = (*file.findings, *found)
    if file.spec is None:
        broken = {SPEC: "eval.yaml cannot be read as a benchmark"}
        return BenchmarkRows(repo_id, None, [], {}, found, broken)
    benchmark = {
        "repo_id": repo_id,
        "commit": commit,
        "title": file.spec.name,
        "description": file.spec.description or "",
        "framework": file.spec.framework,
        "runnable": file.runnable.ok,
        "not_runnable_because": file.runnable.reason,
        "spec_sha256": file.spec_sha256,
    }
    tasks = _tasks(repo_id, file.spec, terms)
    names, others = _names(file.spec, terms), _succession(repo_id, terms)
    return BenchmarkRows(repo_id, benchmark, tasks, names, found, {}, others)


def _succession(repo_id: str, terms: AssayFile | None) -> list[dict[str, Any]]:
    if terms is None:
        return []
    before, after = (dict.fromkeys(names) for names in (terms.supersedes, terms.superseded_by))
    return [
        {"repo_id": repo_id, "other": name, "after": is_after}
        for names, is_after in ((before, False), (after, True))
        for name in names
    ]


@dataclass(frozen=True, slots=True)
class Declared:
    """What benchmarks say that results can be held against, by dataset id."""

    terms: Mapping[str, AssayFile]
    tasks: Mapping[str, Collection[str]]


def declared_by(hub: Hub, reader: Reader, datasets: Collection[str]) -> Declared:
    """What those datasets say that are here and that the reader may see."""
    with hub.durable.read() as db:
        records = repo_rows.find_repos(db, "dataset", datasets)
    terms: dict[str, AssayFile] = {}
    tasks: dict[str, Collection[str]] = {}
    for record in records:
        if not may_see(reader, record):
            continue
        git = hub.git.open(record.id)
        head = git.head(MAIN)
        terms_bytes, spec_bytes = _read(git, head, TERMS), _read(git, head, SPEC)
        said = parse_assay_yaml(terms_bytes, TERMS) if terms_bytes is not None else None
        spec = parse_eval_yaml(spec_bytes, SPEC).spec if spec_bytes is not None else None
        if said is not None:
            terms[record.full_name] = said
        if spec is not None:
            tasks[record.full_name] = _names(spec, said).keys()
    return Declared(terms, tasks)


def _read(git: Repository, commit: str | None, path: str) -> bytes | None:
    item = git.find(commit, path) if commit else None
    return read_limited(git, item.oid) if item is not None and item.kind == "file" else None


def _tasks(repo_id: str, spec: Spec, terms: AssayFile | None) -> list[dict[str, Any]]:
    rows = []
    for position, task in enumerate(spec.tasks):
        said = terms_for(terms, task.id) if terms else TaskTerms()
        metric = next((m for m in said.metrics if m.primary), None) or next(
            iter(said.metrics), None
        )
        rows.append(
            {
                "repo_id": repo_id,
                "task_id": task.id,
                "position": position,
                "config": task.config,
                "split": task.split,
                "scorers": [scorer.name for scorer in task.scorers],
                "metric": metric and (metric.name or metric.id),
                "unit": metric and metric.unit,
                "direction": metric and metric.direction,
                "minimum": metric and metric.min,
                "maximum": metric and metric.max,
                "chance": metric and metric.chance,
                "items": said.items,
            }
        )
    return rows


def _names(spec: Spec, terms: AssayFile | None) -> dict[str, str]:
    """Every name a task answers to. A task's own id wins over another's alias."""
    names: dict[str, str] = {}
    for task in reversed(spec.tasks) if terms else ():
        said = terms_for(terms, task.id) if terms else TaskTerms()
        names |= dict.fromkeys(said.aliases, task.id)
    return names | {task.id: task.id for task in spec.tasks}
