"""Who am I, and new repositories."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec
from starlette.responses import Response

from assay.errors import ConflictError, InvalidError, UnauthenticatedError
from assay.hub import repos
from assay.hub.repos import RepoType
from assay.web.replies import error_headers, json_reply
from assay.web.routing import Context, Route

T = TypeVar("T")
TYPES: dict[str, RepoType] = {"model": "model", "dataset": "dataset"}


class NewRepo(msgspec.Struct):
    """The body of `POST /api/repos/create`, in both of the client's generations."""

    name: str
    organization: str | None = None
    type: str | None = "model"
    visibility: str | None = None
    private: bool | None = None


def repo_url(context: Context, repo_type: RepoType, full_name: str) -> str:
    """The absolute address of a repository, as clients expect it."""
    prefix = "datasets/" if repo_type == "dataset" else ""
    return f"{context.hub.settings.public_url}/{prefix}{full_name}"


def _whoami(context: Context) -> Response:
    if context.reader.name is None:
        raise UnauthenticatedError("send an access token", hint="hf auth login")
    name = context.reader.name
    token = {"displayName": "token", "role": "write"}
    return json_reply(
        {"type": "user", "name": name, "fullname": name, "orgs": [], "auth": {"accessToken": token}}
    )


async def _create(context: Context) -> Response:
    if context.reader.name is None:
        raise UnauthenticatedError("sign in to create a repository", hint="hf auth login")
    asked = await read_body(context, NewRepo)
    repo_type = TYPES.get(asked.type or "model")
    if repo_type is None:
        raise InvalidError(f"{asked.type} repositories are not on this hub")
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


async def read_body(context: Context, kind: type[T]) -> T:
    """A JSON body as a value of `kind`.

    Raises:
        InvalidError: It is not JSON, or not of that shape.
    """
    limit = context.hub.settings.limits.commit_bytes
    body = bytearray()
    async for chunk in context.request.stream():
        body += chunk
        if len(body) > limit:
            raise InvalidError(f"the body is larger than {limit} bytes")
    try:
        return msgspec.json.decode(bytes(body) or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidError(f"the body cannot be read: {error}") from error


def routes() -> list[Route]:
    """Account and repository creation."""
    return [
        Route("GET", "/api/whoami-v2", _whoami),
        Route("POST", "/api/repos/create", _create),
    ]
