"""Pull requests as the public hub's clients see them: open, look, comment, close, merge."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from starlette.responses import Response

from assay.errors import InvalidError
from assay.hub import pulls, repos
from assay.hub.repos import RepoType
from assay.storage.database.pulls import Pull, PullEvent
from assay.storage.database.repos import RepoRecord
from assay.web.api.routes import pull_number
from assay.web.hf_api.account import read_body
from assay.web.hf_api.info import API_KINDS
from assay.web.replies import json_reply
from assay.web.routing import Context, Handler, Route


class NewDiscussion(msgspec.Struct, rename="camel"):
    """The body of a new discussion or pull request."""

    title: str
    description: str = ""
    pull_request: bool = False


class Status(msgspec.Struct):
    """The body of a change of status."""

    status: str
    comment: str = ""


class Comment(msgspec.Struct):
    """The body of a comment, or of a merge."""

    comment: str = ""


def _entry(record: RepoRecord, pull: Pull) -> dict[str, Any]:
    return {
        "num": pull.number,
        "title": pull.title,
        "status": pull.status,
        "isPullRequest": True,
        "createdAt": pull.created,
        "author": {"name": pull.author},
        "repo": {"name": record.full_name, "type": record.type},
    }


def _event(event: PullEvent) -> dict[str, Any]:
    common = {"id": str(event.id), "createdAt": event.at, "author": {"name": event.actor}}
    if event.kind == "comment":
        data: dict[str, Any] = {"edited": False, "hidden": False, "latest": {"raw": event.text}}
        return {**common, "type": "comment", "data": data}
    status = {"closed": "closed", "merged": "merged"}.get(event.kind, "open")
    return {**common, "type": "status-change", "data": {"status": status}}


def _listing(repo_type: RepoType) -> Handler:
    def listing(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        rows = [_entry(record, pull) for pull in pulls.listing(context.hub, record)]
        return json_reply({"discussions": rows, "count": len(rows), "start": 0})

    return listing


def _details(repo_type: RepoType) -> Handler:
    def details(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        pull = pulls.find(context.hub, context.reader, record, pull_number(context))
        events = pulls.events(context.hub, record, pull.number)
        more = {
            "events": [_event(event) for event in events],
            "changes": {"base": "refs/heads/main"},
            "filesWithConflicts": [],
            "diff": "",
        }
        return json_reply({**_entry(record, pull), **more})

    return details


def _create(repo_type: RepoType) -> Handler:
    async def create(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked = await read_body(context, NewDiscussion)
        if not asked.pull_request:
            raise InvalidError("this hub has pull requests, and no plain discussions yet")
        hub, reader = context.hub, context.reader
        pull = await asyncio.to_thread(
            pulls.open_pull, hub, reader, record, asked.title, asked.description
        )
        return json_reply({"num": pull.number})

    return create


def _status(repo_type: RepoType) -> Handler:
    async def status(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked = await read_body(context, Status)
        verbs = {"closed": pulls.close, "open": pulls.reopen}
        if asked.status not in verbs:
            raise InvalidError(f"status '{asked.status}' is not known; expected closed or open")
        number = pull_number(context)
        verb = verbs[asked.status]
        await asyncio.to_thread(verb, context.hub, context.reader, record, number, asked.comment)
        return json_reply({"newStatus": _last_event(context, record, number)})

    return status


def _last_event(context: Context, record: RepoRecord, number: int) -> dict[str, Any]:
    return _event(pulls.events(context.hub, record, number)[-1])


def _comment(repo_type: RepoType) -> Handler:
    async def comment(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked = await read_body(context, Comment)
        number = pull_number(context)
        await asyncio.to_thread(
            pulls.comment, context.hub, context.reader, record, number, asked.comment
        )
        return json_reply({"newMessage": _last_event(context, record, number)})

    return comment


def _merge(repo_type: RepoType) -> Handler:
    async def merge(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked = await read_body(context, Comment)
        number = pull_number(context)
        commit = await asyncio.to_thread(
            pulls.merge, context.hub, context.reader, record, number, asked.comment
        )
        return json_reply({"mergeCommitId": commit})

    return merge


def routes() -> list[Route]:
    """Pull requests of models and datasets."""
    made = []
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}/discussions"
        made += [
            Route("GET", at, _listing(repo_type)),
            Route("POST", at, _create(repo_type)),
            Route("GET", f"{at}/{{number}}", _details(repo_type)),
            Route("POST", f"{at}/{{number}}/status", _status(repo_type)),
            Route("POST", f"{at}/{{number}}/comment", _comment(repo_type)),
            Route("POST", f"{at}/{{number}}/merge", _merge(repo_type)),
        ]
    return made
