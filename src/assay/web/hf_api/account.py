"""Who am I; and what all routes of this package need."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.responses import Response

from assay.errors import InvalidError, UnauthenticatedError
from assay.hub import organisations, people
from assay.hub.repos import RepoType
from assay.web import auth
from assay.web.replies import json_reply
from assay.web.routing import Context, Route

T = TypeVar("T")


def repo_url(context: Context, repo_type: RepoType, full_name: str) -> str:
    """The absolute address of a repository, as clients expect it."""
    prefix = "datasets/" if repo_type == "dataset" else ""
    return f"{context.hub.settings.public_url}/{prefix}{full_name}"


# What the public hub's clients call a role.
ORG_ROLES = {"owner": "admin", "write": "write", "read": "read"}


def _whoami(context: Context) -> Response:
    """Who the token speaks for, what she belongs to, and what the token may do."""
    secret = auth.token_of(context.request)
    token = people.token_of(context.hub, secret) if secret else None
    if token is None:
        raise UnauthenticatedError("send an access token", hint="hf auth login")
    organisations_of = organisations.memberships(context.hub, token.account)
    orgs = [
        {
            "type": "org",
            "name": member.namespace,
            "fullname": member.namespace,
            "roleInOrg": ORG_ROLES[member.role],
        }
        for member in organisations_of
    ]
    access = {"displayName": f"token-{token.id}", "role": token.scope, "createdAt": token.created}
    return json_reply(
        {
            "type": "user",
            "id": token.account,
            "name": token.account,
            "fullname": token.account,
            "isPro": False,
            "orgs": orgs,
            "auth": {"type": "access_token", "accessToken": access},
        }
    )


async def read_body(context: Context, kind: type[T]) -> T:
    """A JSON body as a value of `kind`.

    Raises:
        InvalidError: It is not JSON, or not of that shape.
    """
    body = await read_bytes(context)
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidError(f"the body cannot be read: {error}") from error


async def read_bytes(context: Context) -> bytes:
    """A small body.

    Raises:
        InvalidError: It is not small.
    """
    limit = context.hub.settings.limits.body_bytes
    body = bytearray()
    async for chunk in context.request.stream():
        body += chunk
        if len(body) > limit:
            raise InvalidError(f"the body is larger than {limit} bytes")
    return bytes(body)


def routes() -> list[Route]:
    """Accounts."""
    return [Route("GET", "/api/whoami-v2", _whoami)]
