"""Access to gated repositories: ask, see who asked, let in."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from starlette.responses import Response

from assay.errors import InvalidError, NotFoundError
from assay.hub import gates, repos
from assay.hub.repos import RepoType
from assay.storage.database.access import AccessRequest, AccessStatus
from assay.web.hf_api.account import read_body
from assay.web.hf_api.info import API_KINDS
from assay.web.replies import json_reply
from assay.web.routing import Context, Handler, Route

STATUSES: dict[str, AccessStatus] = {
    "pending": "pending",
    "accepted": "accepted",
    "rejected": "rejected",
}


class Decision(msgspec.Struct, rename="camel"):
    """The body of `handle`: whom it is about, by name or by the id that lists tell."""

    status: str
    user: str | None = None
    request_id: str | None = None
    rejection_reason: str | None = None


class Grant(msgspec.Struct):
    """The body of `grant`."""

    user: str


def _entry(request: AccessRequest) -> dict[str, Any]:
    """An account asks once a repository, so its name is the request's id."""
    return {
        "requestId": request.account,
        "user": {"user": request.account, "fullname": request.account},
        "status": request.status,
        "timestamp": request.asked,
    }


def _ask(repo_type: RepoType) -> Handler:
    async def ask(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        made = await asyncio.to_thread(gates.ask, context.hub, context.reader, record)
        return json_reply({"status": made.status})

    return ask


def _listing(repo_type: RepoType) -> Handler:
    def listing(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        found = gates.requests(
            context.hub, context.reader, record, _status(context.params["status"])
        )
        return json_reply([_entry(request) for request in found])

    return listing


def _status(asked: str) -> AccessStatus:
    if asked not in STATUSES:
        raise InvalidError(f"a request is {', '.join(STATUSES)}, got '{asked}'")
    return STATUSES[asked]


def _handle(repo_type: RepoType) -> Handler:
    async def handle(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked = await read_body(context, Decision)
        account = asked.user or asked.request_id
        if account is None:
            raise NotFoundError("the body names nobody, expected user or requestId")
        status, reason = _status(asked.status), asked.rejection_reason or ""
        hub, reader = context.hub, context.reader
        changed = await asyncio.to_thread(
            gates.decide, hub, reader, record, account, status, reason=reason
        )
        return json_reply(_entry(changed))

    return handle


def _grant(repo_type: RepoType) -> Handler:
    async def grant(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked = await read_body(context, Grant)
        hub, reader = context.hub, context.reader
        made = await asyncio.to_thread(gates.grant, hub, reader, record, asked.user)
        return json_reply(_entry(made))

    return grant


def routes() -> list[Route]:
    """Access to models and datasets that are gated."""
    made = [
        Route("POST", "/datasets/{ns}/{name}/ask-access", _ask("dataset")),
        Route("POST", "/{ns}/{name}/ask-access", _ask("model")),
    ]
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}/user-access-request"
        made += [
            Route("POST", f"{at}/handle", _handle(repo_type)),
            Route("POST", f"{at}/grant", _grant(repo_type)),
            Route("GET", f"{at}/{{status}}", _listing(repo_type)),
        ]
    return made
