"""Branches, tags and commit lists."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from assay.errors import InvalidError
from assay.hub import refs, repos
from assay.hub.refs import BRANCHES, PULLS, TAGS, Ref
from assay.hub.repos import RepoType
from assay.storage.database.repos import RepoRecord
from assay.storage.git import Commit
from assay.web.hf_api.account import read_body
from assay.web.hf_api.info import API_KINDS
from assay.web.hf_api.pages import CURSOR, next_link
from assay.web.replies import json_reply
from assay.web.routing import Context, Handler, Route

LAST_SECOND = 253_402_300_799  # of the year 9999: git's clocks may say anything
MAX_CURSOR_CHARS = 9


class NewBranch(msgspec.Struct, rename="camel"):
    """The body of a new branch."""

    starting_point: str | None = None


class NewTag(msgspec.Struct):
    """The body of a new tag."""

    tag: str
    message: str | None = None


def _rows(found: list[Ref]) -> list[dict[str, str]]:
    return [{"name": ref.name, "ref": ref.ref, "targetCommit": ref.commit} for ref in found]


def _refs(repo_type: RepoType) -> Handler:
    async def listing(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        # Of as many pull requests as there are: not in the event loop.
        return json_reply(await asyncio.to_thread(_every_ref, context, record))

    return listing


def _every_ref(context: Context, record: RepoRecord) -> dict[str, list[dict[str, str]]]:
    body: dict[str, list[dict[str, str]]] = {
        "branches": _rows(refs.listing(context.hub, record, BRANCHES)),
        "converts": [],
        "tags": _rows(refs.listing(context.hub, record, TAGS)),
    }
    if context.query("include_prs") in {"1", "true"}:
        body["pullRequests"] = _rows(refs.listing(context.hub, record, PULLS))
    return body


def _commit_row(commit: Commit, *, formatted: bool) -> dict[str, Any]:
    moment = datetime.fromtimestamp(min(max(commit.committed_s, 0), LAST_SECOND), UTC)
    message = commit.message.partition("\n")[2].strip()
    row: dict[str, Any] = {
        "id": commit.oid,
        "title": commit.subject,
        "message": message,
        "date": f"{moment:%Y-%m-%dT%H:%M:%S}.000Z",
        "authors": [{"user": commit.author_name}],
    }
    if formatted:  # as HTML, in which what people wrote stays text
        row["formatted"] = {"title": escape(commit.subject), "message": escape(message)}
    return row


def _commits(kind: str, repo_type: RepoType) -> Handler:
    async def commits(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        start, revision = _start(context), context.params["rev"]
        page = await asyncio.to_thread(refs.commits, context.hub, record, revision, start)
        asked = context.request.query_params
        formatted = "formatted" in {*asked.getlist("expand"), *asked.getlist("expand[]")}
        headers = {"X-Repo-Commit": page.head}
        if page.following is not None:
            path = f"/api/{kind}/{quote(record.full_name)}/commits/{page.head}"
            headers |= next_link(context, path, str(page.following))
        rows = [_commit_row(commit, formatted=formatted) for commit in page.commits]
        return json_reply(rows, headers=headers)

    return commits


def _start(context: Context) -> int:
    text = context.query(CURSOR, "0")
    if not text.isdecimal() or not text.isascii() or len(text) > MAX_CURSOR_CHARS:
        raise InvalidError("the cursor cannot be read", hint="begin with the first page")
    return int(text)


def _create_branch(repo_type: RepoType) -> Handler:
    async def create_branch(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked, name = await read_body(context, NewBranch), context.params["branch"]
        hub, reader = context.hub, context.reader
        await asyncio.to_thread(refs.create_branch, hub, reader, record, name, asked.starting_point)
        return json_reply({})

    return create_branch


def _delete_branch(repo_type: RepoType) -> Handler:
    async def delete_branch(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        hub, reader, name = context.hub, context.reader, context.params["branch"]
        await asyncio.to_thread(refs.delete_branch, hub, reader, record, name)
        return json_reply({})

    return delete_branch


def _create_tag(repo_type: RepoType) -> Handler:
    async def create_tag(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked, revision = await read_body(context, NewTag), context.params["rev"]
        hub, reader = context.hub, context.reader
        await asyncio.to_thread(
            refs.create_tag, hub, reader, record, asked.tag, revision, asked.message
        )
        return json_reply({})

    return create_tag


def _delete_tag(repo_type: RepoType) -> Handler:
    async def delete_tag(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        hub, reader, name = context.hub, context.reader, context.params["tag"]
        await asyncio.to_thread(refs.delete_tag, hub, reader, record, name)
        return json_reply({})

    return delete_tag


def routes() -> list[Route]:
    """Refs and commits of models and datasets."""
    made = []
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}"
        made += [
            Route("GET", f"{at}/refs", _refs(repo_type)),
            Route("GET", f"{at}/commits/{{rev}}", _commits(kind, repo_type)),
            Route("POST", f"{at}/branch/{{branch}}", _create_branch(repo_type)),
            Route("DELETE", f"{at}/branch/{{branch}}", _delete_branch(repo_type)),
            Route("POST", f"{at}/tag/{{rev}}", _create_tag(repo_type)),
            Route("DELETE", f"{at}/tag/{{tag}}", _delete_tag(repo_type)),
        ]
    return made
