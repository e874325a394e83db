"""Repository information, whole or by property, and noise that other clients make."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response

from assay.errors import NotFoundError
from assay.hub import catalogue, repos
from assay.hub.eval_results import RepoResults, eval_results
from assay.hub.repos import RepoType
from assay.storage.database.repos import RepoRecord
from assay.web.hf_api import listing
from assay.web.hf_api.wire import ON_REQUEST, PROPERTIES, Facts, asked_properties, dress
from assay.web.parameters import flag
from assay.web.replies import json_reply
from assay.web.routing import Context, Route

# Of the evaluation results of one model.
MOST_RESULTS = 2_000
API_KINDS: tuple[tuple[str, RepoType], ...] = (("models", "model"), ("datasets", "dataset"))


def _info(repo_type: RepoType) -> Callable[[Context], Awaitable[Response]]:
    async def info(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked = asked_properties(context, repo_type)
        wanted = set(asked or PROPERTIES[repo_type].keys() - ON_REQUEST)
        # Git may hold thousands of files: not in the event loop.
        facts = await asyncio.to_thread(_facts, context, record, wanted)
        body = dress(facts, repo_type, wanted)
        if asked is None and repo_type == "model":
            body["modelId"] = record.full_name
        if flag(context, "securityStatus", default=False):
            body["securityRepoStatus"] = {"scansDone": False, "filesWithIssues": []}
        return json_reply(body)

    return info


def _facts(context: Context, record: RepoRecord, wanted: set[str]) -> Facts:
    at = repos.at_revision(context.hub, record, context.params.get("rev", "main"))
    entry = catalogue.entry(context.hub, context.reader, record, at)
    files, results = None, RepoResults()
    if "siblings" in wanted:
        with_blobs = flag(context, "blobs", default=False)
        files = listing.siblings(context.hub, at, with_blobs=with_blobs)
    if "evalResults" in wanted:
        with context.hub.index.read() as db:
            found = eval_results(db, context.reader, [record.id], most=MOST_RESULTS)
            results = found.get(record.id, results)
    return Facts(entry, files, results)


def _no_server(context: Context) -> Response:
    """`datasets` asks a second host for statistics; wildcard DNS may bring it here."""
    raise NotFoundError(f"{context.request.url.path} is not on this hub")


def routes() -> list[Route]:
    """Information about models and datasets."""
    made = [
        Route("GET", "/info", _no_server),
        Route("GET", "/parquet", _no_server),
        Route("GET", "/api/agent-harnesses", _no_server),
        Route("GET", "/api/telemetry/{rest*}", _no_server),
        Route("POST", "/v1/telemetry", _no_server, changes=False),
    ]
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}"
        made += [
            Route("GET", at, _info(repo_type)),
            Route("GET", f"{at}/revision/{{rev}}", _info(repo_type)),
        ]
    return made
