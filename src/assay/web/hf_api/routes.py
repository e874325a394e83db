"""The public hub's API, as its own clients speak it: what running and submitting need of it."""

from __future__ import annotations

from starlette.responses import Response

from assay.errors import RepoNotFoundError
from assay.web.hf_api import (
    account,
    card,
    commits,
    discussions,
    files,
    gates,
    info,
    leaderboard,
    lists,
    refs,
    repositories,
    trees,
)
from assay.web.routing import Context, Handler, Route


def _elsewhere(kind: str) -> Handler:
    def elsewhere(_context: Context) -> Response:
        raise RepoNotFoundError(f"{kind} are not on this hub: it has models and datasets")

    return elsewhere


def routes() -> list[Route]:
    """All routes of this package; unknown kinds of repositories get a clear no."""
    kinds = ("spaces", "buckets", "collections", "kernels")
    elsewhere = [
        Route(method, pattern, _elsewhere(kind))
        for kind in kinds
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH")
        for pattern in (f"/api/{kind}", f"/api/{kind}/{{rest*}}")
    ]
    elsewhere += [Route("GET", f"/{kind}/{{rest*}}", _elsewhere(kind)) for kind in kinds]
    return [
        *account.routes(),
        *repositories.routes(),
        *gates.routes(),
        *info.routes(),
        *lists.routes(),
        *leaderboard.routes(),
        *card.routes(),
        *trees.routes(),
        *files.routes(),
        *commits.routes(),
        *refs.routes(),
        *discussions.routes(),
        *elsewhere,
    ]
