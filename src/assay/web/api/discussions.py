"""Discussions and pull requests as JSON."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from assay.errors import InvalidError, NotFoundError
from assay.hub import answers, conversations
from assay.hub.conversations import KINDS, STATUSES, Kind, Status
from assay.hub.repos import RepoType
from assay.web.parameters import up_to
from assay.web.replies import json_reply
from assay.web.routing import Context, Handler, Route

MAX_NUMBER_DIGITS = 9
API_KINDS: tuple[tuple[str, RepoType], ...] = (("models", "model"), ("datasets", "dataset"))


def discussion_number(context: Context) -> int:
    """The number of a discussion or pull request from the path.

    Raises:
        NotFoundError: It is not a number, or no repository has so many.
    """
    text = context.params["number"]
    if not text.isascii() or not text.isdigit() or len(text) > MAX_NUMBER_DIGITS:
        raise NotFoundError(f"'{text[:40]}' is not the number of a discussion or pull request")
    return int(text)


def kind_and_status(context: Context, status: Status) -> tuple[Kind, Status]:
    """Which discussions `?type=` and `?status=` ask for; `status` if the query says nothing.

    Raises:
        InvalidError: One of them has none of its values.
    """
    kind, state = context.query("type") or "all", context.query("status") or status
    if kind not in KINDS:
        raise InvalidError(f"type={kind} is not known; expected {', '.join(KINDS)}")
    if state not in STATUSES:
        raise InvalidError(f"status={state} is not known; expected {', '.join(STATUSES)}")
    return kind, state


def listing_of(context: Context, repo_type: RepoType) -> answers.DiscussionPage:
    """The list that a query asks for."""
    kind, status = kind_and_status(context, "open")
    return conversations.listing(
        context.hub,
        context.reader,
        repo_type,
        context.repo,
        kind=kind,
        status=status,
        page=context.page(),
        up_to=up_to(context),
    )


async def discussion_of(context: Context, repo_type: RepoType) -> answers.DiscussionAnswer:
    """The discussion or pull request that a path names."""
    place = (repo_type, context.repo, discussion_number(context))
    return await asyncio.to_thread(conversations.discussion, context.hub, context.reader, *place)


def _listing(repo_type: RepoType) -> Handler:
    def listing(context: Context) -> Response:
        return json_reply(listing_of(context, repo_type))

    return listing


def _discussion(repo_type: RepoType) -> Handler:
    async def discussion(context: Context) -> Response:
        return json_reply(await discussion_of(context, repo_type))

    return discussion


async def _pull(context: Context) -> Response:
    answer = await asyncio.to_thread(
        conversations.discussion,
        context.hub,
        context.reader,
        "model",
        context.repo,
        discussion_number(context),
        only_pulls=True,
    )
    return json_reply(answer)


def routes() -> list[Route]:
    """Lists and single ones, of models and datasets; and what people rule on claims."""
    made = []
    for kind, repo_type in API_KINDS:
        at = f"/api/v1/{kind}/{{ns}}/{{name}}/discussions"
        made += [
            Route(
                "GET",
                at,
                _listing(repo_type),
                f"Discussions and pull requests of a {repo_type}, those that are open; ?status=, "
                "?type= and ?p= (the page, from 0) ask for others",
                answers.DiscussionPage,
                cached=True,
            ),
            Route(
                "GET",
                f"{at}/{{number}}",
                _discussion(repo_type),
                f"A discussion or pull request of a {repo_type}, with what it would change",
                answers.DiscussionAnswer,
                cached=True,
            ),
        ]
    summary = "A pull request: the claims it adds, what it changes, and their checks"
    at = "/api/v1/models/{ns}/{name}/pulls/{number}"
    made.append(Route("GET", at, _pull, summary, answers.DiscussionAnswer, cached=True))
    return made
