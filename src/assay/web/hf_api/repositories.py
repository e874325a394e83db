"""Repositories come, and who may do what with them."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.responses import Response

from assay.errors import ConflictError, RepoNotFoundError, UnauthenticatedError
from assay.hub import repos
from assay.hub.repos import RepoType
from assay.web.hf_api.account import read_body, repo_url
from assay.web.hf_api.info import API_KINDS
from assay.web.replies import error_headers, json_reply
from assay.web.routing import Context, Handler, Route

TYPES: dict[str, RepoType] = {"model": "model", "dataset": "dataset"}


class NewRepo(msgspec.Struct):
    """The body of `POST /api/repos/create`, in both of the client's generations."""

    name: str
    organization: str | None = None
    type: str | None = "model"
    visibility: str | None = None
    private: bool | None = None


def _auth_check(repo_type: RepoType) -> Handler:
    def auth_check(context: Context) -> Response:
        repos.find(context.hub, context.reader, repo_type, context.repo)
        return json_reply({})

    return auth_check


def _write_check(repo_type: RepoType) -> Handler:
    def write_check(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        repos.need_writer(context.reader, record)
        return json_reply({})

    return write_check


async def _create(context: Context) -> Response:
    if context.reader.name is None:
        raise UnauthenticatedError("sign in to create a repository", hint="hf auth login")
    asked = await read_body(context, NewRepo)
    repo_type = TYPES.get(asked.type or "model")
    if repo_type is None:
        raise RepoNotFoundError(f"{asked.type} repositories are not on this hub")
    full_name = asked.name
    if "/" not in full_name:
        full_name = f"{asked.organization or context.reader.name}/{asked.name}"
    url = repo_url(context, repo_type, full_name)
    private = asked.visibility == "private" or bool(asked.private)
    try:
        await asyncio.to_thread(
            repos.create, context.hub, context.reader, repo_type, full_name, private=private
        )
    except ConflictError as error:  # clients that say exist_ok read the url of a 409
        body = {"error": error.message, "url": url}
        return json_reply(body, status=409, headers=error_headers(error))
    return json_reply({"url": url})


def routes() -> list[Route]:
    """Creation of repositories, and questions about permission."""
    made = [Route("POST", "/api/repos/create", _create)]
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}/auth-check"
        made += [
            Route("GET", at, _auth_check(repo_type)),
            Route("GET", f"{at}/write", _write_check(repo_type), changes=True),
        ]
    return made
