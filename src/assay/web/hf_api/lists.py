"""Lists of models and datasets: filtered, searched, sorted, in pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from assay.errors import InvalidError
from assay.hub import catalogue, repos
from assay.hub.eval_results import RepoResults, eval_results
from assay.hub.repos import RepoType
from assay.storage.database.profiles import Entry, Order, Selection
from assay.web.hf_api import listing
from assay.web.hf_api.info import API_KINDS
from assay.web.hf_api.pages import next_link, read_place, write_place
from assay.web.hf_api.wire import (
    NOT_LISTED,
    ON_REQUEST,
    PROPERTIES,
    Facts,
    asked_properties,
    dress,
)
from assay.web.parameters import flag, number
from assay.web.replies import json_reply
from assay.web.routing import Context, Route

PAGE = 1000
# With properties that are long or stand in git.
LONG_PAGE = 100
LONG = frozenset({"siblings", "cardData", "evalResults", "model-index"})
# Of the evaluation results of each model.
MOST_RESULTS = 200
# Nothing is counted here: what the public hub sorts by such numbers, we sort by time.
SORTS: dict[str, Order] = {
    "": "updated",
    "lastModified": "updated",
    "createdAt": "created",
    "downloads": "updated",
    "likes": "updated",
    "trendingScore": "updated",
}


def _list(kind: str, repo_type: RepoType) -> Callable[[Context], Awaitable[Response]]:
    async def answer(context: Context) -> Response:
        wanted = _wanted(context, repo_type)
        selection = _selection(context, repo_type, wanted)
        rows, after = await asyncio.to_thread(_rows, context, repo_type, selection, wanted)
        link = {} if after is None else next_link(context, f"/api/{kind}", after)
        return json_reply(rows, headers=link)

    return answer


def _wanted(context: Context, repo_type: RepoType) -> frozenset[str]:
    """The properties of each row: those of `expand`, or the usual ones and what flags add."""
    asked = asked_properties(context, repo_type)
    if asked is not None:
        return frozenset(asked)
    wanted = PROPERTIES[repo_type].keys() - ON_REQUEST - NOT_LISTED
    if flag(context, "full", default=False):
        wanted |= {"siblings"} if repo_type == "model" else {"siblings", "cardData", "citation"}
    if flag(context, "cardData", default=False):
        wanted |= {"cardData"}
    return frozenset(wanted)


def _selection(context: Context, repo_type: RepoType, wanted: frozenset[str]) -> Selection:
    query = context.request.query_params
    pipelines = [f"pipeline_tag:{word}" for word in query.getlist("pipeline_tag")]
    sort = context.query("sort")
    if sort not in SORTS:
        raise InvalidError(
            f"sort={sort[:80]} is not known", hint=f"one of: {', '.join(filter(None, SORTS))}"
        )
    most = LONG_PAGE if wanted & LONG else PAGE
    return Selection(
        repo_type=repo_type,
        tags=[*query.getlist("filter"), *pipelines],
        search=query.getlist("search"),
        author=context.query("author") or None,
        order=SORTS[sort],
        after=read_place(context),
        limit=number(context, "limit", default=most, most=most),
        with_card=not wanted.isdisjoint({"cardData", "model-index", "paperswithcode_id"}),
    )


def _rows(
    context: Context, repo_type: RepoType, selection: Selection, wanted: frozenset[str]
) -> tuple[list[dict[str, Any]], str | None]:
    """The rows of a page, and where the next one begins."""
    hub, reader = context.hub, context.reader
    entries, has_more = catalogue.page(hub, reader, selection)
    results: dict[str, RepoResults] = {}
    if "evalResults" in wanted:
        with hub.index.read() as db:
            ids = [entry.repo_id for entry in entries]
            results = eval_results(db, reader, ids, most=MOST_RESULTS)
    rows = []
    for entry in entries:
        files = _files(context, repo_type, entry) if "siblings" in wanted else None
        facts = Facts(entry, files, results.get(entry.repo_id, RepoResults()))
        named = {"modelId": entry.full_name} if repo_type == "model" else {}
        rows.append({**dress(facts, repo_type, wanted), **named})
    if not has_more:
        return rows, None
    last = entries[-1]
    return rows, write_place(getattr(last, selection.order), last.repo_id)


def _files(context: Context, repo_type: RepoType, entry: Entry) -> list[dict[str, Any]]:
    if entry.main is None:
        return []
    record = repos.find(context.hub, context.reader, repo_type, entry.full_name)
    at = repos.at_revision(context.hub, record, entry.main)
    return listing.siblings(context.hub, at, with_blobs=False)


def routes() -> list[Route]:
    """The two lists."""
    return [
        Route("GET", f"/api/{kind}", _list(kind, repo_type), cached=True)
        for kind, repo_type in API_KINDS
    ]
