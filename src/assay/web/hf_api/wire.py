"""Repositories as the public hub's clients read them: one table of properties a kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from assay.errors import InvalidError
from assay.hub import catalogue
from assay.hub.eval_results import RepoResults
from assay.hub.repos import RepoType
from assay.hub.results import FOLDER
from assay.storage.database.claims import EntryRow
from assay.storage.database.profiles import Entry
from assay.web.routing import Context


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a property may be made of; what was not asked for is None.

    Attributes:
        entry: What the index knows of the repository.
        siblings: Its files, as rows of the answer.
        results: The evaluation results in it.
    """

    entry: Entry
    siblings: list[dict[str, Any]] | None = None
    results: RepoResults = field(default_factory=RepoResults)


LAST_SECOND = 253_402_300_799
Property = Callable[[Facts], Any]


def moment(iso: str) -> str:
    """A time of the hub's as clients parse it: whole seconds, and a fraction that is zero."""
    return f"{iso[:19]}.000Z"


def moment_at(seconds: int) -> str:
    """The same from git's seconds, which anybody may write: clients know the years 1970 to 9999."""
    known = datetime.fromtimestamp(min(max(seconds, 0), LAST_SECOND), UTC)
    return moment(known.isoformat())


def _safetensors(entry: Entry) -> dict[str, Any] | None:
    """Parameters as clients know them: by dtype, and in all."""
    if entry.parameters is None:
        return None
    return {"parameters": entry.parameters, "total": entry.num_parameters}


def _nothing(_facts: Facts) -> None:
    """A property that the public hub has and this one does not: it is left out."""


# In the order of the answer.
_COMMON: dict[str, Property] = {
    "author": lambda facts: facts.entry.namespace,
    "sha": lambda facts: facts.entry.main,
    "lastModified": lambda facts: moment(facts.entry.updated),
    "createdAt": lambda facts: moment(facts.entry.created),
    "private": lambda facts: facts.entry.private,
    "gated": lambda facts: facts.entry.gated or False,
    "disabled": lambda _facts: False,
    "downloads": lambda _facts: 0,
    "downloadsAllTime": lambda _facts: 0,
    "likes": lambda _facts: 0,
    "trendingScore": lambda _facts: 0,
    "tags": lambda facts: catalogue.tags(facts.entry),
    "cardData": lambda facts: facts.entry.card,
    "siblings": lambda facts: facts.siblings,
    "resourceGroup": _nothing,
    "usedStorage": _nothing,
}
_MODEL: dict[str, Property] = {
    **_COMMON,
    "library_name": lambda facts: facts.entry.library_name,
    "pipeline_tag": lambda facts: facts.entry.pipeline_tag,
    "model-index": lambda facts: facts.entry.card.get("model-index"),
    "evalResults": lambda facts: eval_results(facts.results),
    "safetensors": lambda facts: _safetensors(facts.entry),
    **dict.fromkeys(
        (
            "baseModels",
            "childrenModelCount",
            "config",
            "gguf",
            "inference",
            "inferenceProviderMapping",
            "mask_token",
            "spaces",
            "transformersInfo",
            "widgetData",
        ),
        _nothing,
    ),
}
_DATASET: dict[str, Property] = {
    **_COMMON,
    "description": lambda facts: facts.entry.description,
    "citation": lambda facts: facts.entry.citation,
    "paperswithcode_id": lambda facts: facts.entry.card.get("paperswithcode_id"),
    "mainSize": _nothing,
}
PROPERTIES: Mapping[RepoType, Mapping[str, Property]] = {"model": _MODEL, "dataset": _DATASET}
# What only those get who ask for it by name.
ON_REQUEST = frozenset({"downloadsAllTime", "trendingScore", "evalResults"})
# What a list leaves out unless `full` or `cardData` asks for it.
NOT_LISTED = frozenset({"siblings", "cardData", "model-index", "citation"})


def asked_properties(context: Context, repo_type: RepoType) -> tuple[str, ...] | None:
    """The names of `expand` and `expand[]`; None without any.

    Raises:
        InvalidError: A name that is no property; the properties are listed.
    """
    query = context.request.query_params
    asked = tuple(dict.fromkeys([*query.getlist("expand"), *query.getlist("expand[]")]))
    known = PROPERTIES[repo_type]
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise InvalidError(
            f"expand: {', '.join(unknown)[:200]} is no property of a {repo_type}",
            hint=f"one of: {', '.join(sorted(known))}",
        )
    return asked or None


def dress(facts: Facts, repo_type: RepoType, wanted: Collection[str]) -> dict[str, Any]:
    """A repository with the wanted properties; what is not known of it is left out."""
    entry = facts.entry
    answer: dict[str, Any] = {"_id": entry.repo_id, "id": entry.full_name}
    for name, read in PROPERTIES[repo_type].items():
        value = read(facts) if name in wanted else None
        if value is not None:
            answer[name] = value
    return answer


def eval_results(results: RepoResults) -> list[dict[str, Any]]:
    """One item a result, each in a wrapper that names its file; then the files with errors.

    These lists have no pages: what is left out of a long one is said in the place of an error.
    """
    left_out = f"{results.left_out} more results are not listed here; /api/v1/models has pages"
    return [
        *map(_eval_result, results.entries),
        *({"filename": path, "error": error} for path, error in results.broken),
        *([{"filename": FOLDER, "error": left_out}] if results.left_out else []),
    ]


def _eval_result(row: EntryRow) -> dict[str, Any]:
    pull = {"pullRequest": row.pull} if row.lane != "main" else {}
    dataset = {"id": row.dataset_id, "task_id": row.task_id, "revision": row.dataset_revision}
    data = {
        "dataset": _stated(dataset),
        "value": row.value,
        "verifyToken": row.verify_token,
        "date": row.date,
        "source": _stated(row.source) if row.source else None,
        "notes": row.notes,
    }
    return {"filename": row.path, "verified": False, **pull, "data": _stated(data)}


def _stated(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
