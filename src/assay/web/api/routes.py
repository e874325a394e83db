"""The JSON API under `/api/v1/`: the answer objects of `hub.answers`, as they are."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, TypedDict

from starlette.responses import Response

from assay.core.permission import STRANGER
from assay.core.policy import BEST_EVIDENCE, Policy, View, find_policy
from assay.errors import InvalidError
from assay.hub import answers, boards, models, provenance, unresolved
from assay.hub.answers import Board, ClaimAnswer, UnresolvedPage
from assay.hub.model_answers import Model
from assay.web.api import discussions, notifications, rulings
from assay.web.api.openapi import describe
from assay.web.parameters import number, up_to
from assay.web.replies import json_reply
from assay.web.routing import Context, Route

# Of the rows of one page of a board, and of those that may be passed over.
MOST_ON_PAGE = 1000
MOST_ROWS = 10_000_000


def _view_of(context: Context) -> View:
    """`?claims=all` asks for one row a claim.

    Raises:
        InvalidError: Another value.
    """
    asked = context.query("claims")
    if asked not in {"", "all"}:
        raise InvalidError(f"claims={asked} is not known; expected 'all' or nothing")
    return "claims" if asked else "models"


def _benchmarks(context: Context) -> Response:
    return json_reply(boards.benchmarks(context.hub, context.reader))


def _benchmark(context: Context) -> Response:
    return json_reply(boards.benchmark(context.hub, context.reader, context.repo))


def _policy_of(context: Context) -> Policy:
    """`?policy=`: which claim speaks for a model.

    Raises:
        InvalidError: There is no such policy.
    """
    asked = context.query("policy")
    return find_policy(asked) if asked else BEST_EVIDENCE


def _window_of(context: Context) -> _Window:
    """`?start=` and `?limit=`: which rows of a list.

    Raises:
        InvalidError: One is no number, or out of range.
    """
    return {
        "start": number(context, "start", default=0, least=0, most=MOST_ROWS),
        "limit": number(context, "limit", default=boards.PAGE_SIZE, most=MOST_ON_PAGE),
    }


class _Window(TypedDict):
    start: int
    limit: int


async def unresolved_of(context: Context) -> UnresolvedPage:
    """What stands on no board; all live claims are looked at, so that is done in a thread."""
    hub, reader = context.hub, context.reader
    return await asyncio.to_thread(unresolved.unresolved, hub, reader, **_window_of(context))


async def _unresolved(context: Context) -> Response:
    return json_reply(await unresolved_of(context))


async def board_of(context: Context) -> Board:
    """The board that the path and the query ask for.

    What is kept row by row is read at once; what takes all claims about a task, in a thread.
    """
    view, policy, then = _view_of(context), _policy_of(context), context.query("as_of") or None
    read = functools.partial(
        boards.board,
        context.hub,
        context.reader,
        context.repo,
        context.params.get("task"),
        view=view,
        policy=policy,
        as_of=then,
        **_window_of(context),
    )
    is_kept = view == "models" and policy == BEST_EVIDENCE and then is None
    return read() if is_kept else await asyncio.to_thread(read)


async def _board(context: Context) -> Response:
    board = await board_of(context)
    if context.reader != STRANGER:  # whose replies may be kept by nobody else
        return json_reply(board)
    return context.dressed.reply(board, json_reply)


async def model_of(context: Context) -> Model:
    """The page of claims that the path and the query ask for, of however many: in a thread."""
    return await asyncio.to_thread(
        models.model,
        context.hub,
        context.reader,
        context.repo,
        about=context.query("benchmark") or None,
        up_to=up_to(context),
        **_window_of(context),
    )


async def _model(context: Context) -> Response:
    return json_reply(await model_of(context))


async def claim_of(context: Context) -> ClaimAnswer:
    """The claim that the path names; git is read, and all claims beside it: in a thread."""
    claim_id = context.params["claim"]
    return await asyncio.to_thread(provenance.claim, context.hub, context.reader, claim_id)


async def _claim(context: Context) -> Response:
    return json_reply(await claim_of(context))


def _run(context: Context) -> Response:
    return json_reply(models.run(context.hub, context.reader, context.params["sha256"]))


def _openapi(context: Context) -> Response:
    return json_reply(describe(routes(), context.hub.settings.public_url))


def _get(pattern: str, handler: Any, summary: str, answer: Any) -> Route:
    return Route("GET", f"/api/v1{pattern}", handler, summary, answer, cached=True)


def routes() -> list[Route]:
    """The routes of the API, each with the type of its answer."""
    repo = "{ns}/{name}"
    return [
        _get("/benchmarks", _benchmarks, "Every benchmark", list[answers.Benchmark]),
        _get(f"/benchmarks/{repo}", _benchmark, "One benchmark", answers.Benchmark),
        _get(f"/boards/{repo}", _board, "A page of the board of the first task", answers.Board),
        _get(
            f"/boards/{repo}/{{task}}",
            _board,
            "A page of the board of a task (one encoded segment); ?claims=all for one row a claim",
            answers.Board,
        ),
        _get("/unresolved", _unresolved, "Results about no benchmark here", answers.UnresolvedPage),
        _get(
            f"/models/{repo}",
            _model,
            "A page of the claims about a model; ?benchmark=NS/DATASET[/TASK] for those about that",
            Model,
        ),
        _get("/claims/{claim}", _claim, "A claim with its history", answers.ClaimAnswer),
        _get("/runs/{sha256}", _run, "A run record, by its digest", answers.RunAnswer),
        *discussions.routes(),
        *notifications.routes(),
        *rulings.routes(),
        Route("GET", "/api/v1/openapi.json", _openapi, "This document"),
    ]
