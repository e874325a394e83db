"""Every address a page links to, in one place.

1. A name becomes path segments only if it is a repository's name; anything else becomes one encoded
   segment, so that no text can make a link leave the hub (`//host`).
2. Task ids and revisions are one encoded segment each: they may hold `/` and `%`.
3. A link that leaves the hub must be http or https with a host; what is not stays text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from assay.core.policy import BEST_EVIDENCE
from assay.formats.names import is_repo_id

_UNFIT = re.compile(r"[\s\\\x00-\x20\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SHA256 = re.compile(r"[0-9a-f]{64}")

OPENAPI = "/api/v1/openapi.json"
HOME = "/"
BENCHMARKS = "/benchmarks"
BENCHMARKS_JSON = "/api/v1/benchmarks"
UNRESOLVED = "/unresolved"
UNRESOLVED_JSON = "/api/v1/unresolved"
NOTIFICATIONS = "/notifications"
NOTIFICATIONS_READ = "/notifications/read"
NOTIFICATIONS_JSON = "/api/v1/notifications"


def segment(text: str) -> str:
    """The text as one path segment, with every reserved character encoded."""
    return quote(text, safe="")


def repository(repo_id: str) -> str:
    """`NS/NAME` as two segments; one encoded segment if it is no such name (rule 1)."""
    return repo_id if is_repo_id(repo_id) else segment(repo_id)


def benchmark(benchmark_id: str) -> str:
    """The page of a benchmark: the board of its first task."""
    return f"/datasets/{repository(benchmark_id)}"


def task(
    benchmark_id: str, task_id: str, asked: Mapping[str, str] | None = None, *, model_id: str = ""
) -> str:
    """The page of one task's board: as `asked` by `board_query`, perhaps at a model's first row."""
    anchor = f"#{quote(model_id, safe='/')}" if model_id else ""
    return f"{benchmark(benchmark_id)}/tasks/{segment(task_id)}{_query(asked)}{anchor}"


def board_query(
    *, view: str = "models", policy: str = BEST_EVIDENCE.name, as_of: str | None, start: int = 0
) -> dict[str, str]:
    """How a board is asked for; what is as usual is left out."""
    asked = {
        "claims": "all" if view == "claims" else "",
        "policy": policy if policy != BEST_EVIDENCE.name else "",
        "as_of": as_of or "",
        "start": str(start) if start else "",
    }
    return {name: said for name, said in asked.items() if said}


def _query(asked: Mapping[str, str] | None) -> str:
    return f"?{urlencode(asked)}" if asked else ""


def model(model_id: str, asked: Mapping[str, str] | None = None) -> str:
    """The page of a model, as `asked` by `claims_query`."""
    return f"/{repository(model_id)}{_query(asked)}"


def claims_query(
    *, benchmark: str | None = None, start: int = 0, limit: int | None = None, up_to: int = 0
) -> dict[str, str]:
    """How claims about a model are asked for; what is as usual is left out.

    A page that is not the first names the last push that counts, so that it fits to the one before.
    """
    asked = {
        "benchmark": benchmark or "",
        "start": str(start) if start else "",
        "limit": str(limit) if limit else "",
        "up_to": str(up_to) if start else "",
    }
    return {name: said for name, said in asked.items() if said}


def claim(claim_id: str) -> str:
    """The page of a claim: why this number."""
    return f"/claims/{segment(claim_id)}"


def pull(model_id: str, number: int) -> str:
    """The page of a pull request."""
    return f"{model(model_id)}/discussions/{number}"


def repo(repo_type: str, repo_id: str) -> str:
    """The page of a repository of either type."""
    return benchmark(repo_id) if repo_type == "dataset" else model(repo_id)


def discussion(repo_type: str, repo_id: str, number: int) -> str:
    """The page of a discussion or pull request."""
    return f"{repo(repo_type, repo_id)}/discussions/{number}"


def discussions(
    repo_type: str,
    repo_id: str,
    *,
    kind: str = "all",
    status: str = "open",
    page: int = 0,
    up_to: int = 0,
) -> str:
    """The list of a repository's discussions; what is as usual stands not in the address.

    A page that is not the first names the highest number that counts, as in `claims_query`.
    """
    asked = {"type": (kind, "all"), "status": (status, "open"), "p": (str(page), "0")}
    asked["up_to"] = str(up_to) if page else "", ""
    query = urlencode({name: said for name, (said, usual) in asked.items() if said != usual})
    return f"{repo(repo_type, repo_id)}/discussions" + (f"?{query}" if query else "")


def run(sha256: str) -> str:
    """The page of a run record."""
    return f"/runs/{segment(sha256)}"


def model_file(model_id: str, revision: str, path: str) -> str:
    """The bytes of a file of a model repository."""
    return f"{model(model_id)}/resolve/{segment(revision)}/{quote(path, safe='/')}"


def benchmark_file(benchmark_id: str, revision: str, path: str) -> str:
    """The bytes of a file of a dataset repository."""
    return f"{benchmark(benchmark_id)}/resolve/{segment(revision)}/{quote(path, safe='/')}"


def benchmark_json(benchmark_id: str) -> str:
    """A benchmark as JSON."""
    return f"{BENCHMARKS_JSON}/{repository(benchmark_id)}"


def board_json(benchmark_id: str, task_id: str, asked: Mapping[str, str] | None = None) -> str:
    """A board as JSON, as the page is asked for."""
    return f"/api/v1/boards/{repository(benchmark_id)}/{segment(task_id)}{_query(asked)}"


def model_json(model_id: str, asked: Mapping[str, str] | None = None) -> str:
    """A model as JSON, as the page is asked for."""
    return f"/api/v1/models/{repository(model_id)}{_query(asked)}"


def claim_json(claim_id: str) -> str:
    """A claim as JSON."""
    return f"/api/v1/claims/{segment(claim_id)}"


def discussions_json(repo_type: str, repo_id: str) -> str:
    """A repository's discussions as JSON."""
    kind = "datasets" if repo_type == "dataset" else "models"
    return f"/api/v1/{kind}/{repository(repo_id)}/discussions"


def discussion_json(repo_type: str, repo_id: str, number: int) -> str:
    """A discussion or pull request as JSON."""
    return f"{discussions_json(repo_type, repo_id)}/{number}"


def external(url: str | None) -> str | None:
    """The URL if it may become a link that leaves the hub (rule 3), else None."""
    if not url or _UNFIT.search(url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return url if parts.scheme.lower() in {"http", "https"} and host else None


def host(url: str) -> str:
    """The host of a URL that `external` let through."""
    return urlsplit(url).hostname or ""


def is_sha256(text: str) -> bool:
    """Whether the text is a digest in lower-case hex."""
    return _SHA256.fullmatch(text) is not None
