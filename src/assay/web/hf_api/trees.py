"""What lies in a repository: folders and files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, quote

import msgspec
from starlette.responses import Response

from assay.errors import InvalidError
from assay.hub import repos
from assay.hub.repos import At, RepoType
from assay.storage.database.repos import RepoRecord
from assay.storage.git import TreeItem, last_commits
from assay.web.hf_api.account import read_body, read_bytes
from assay.web.hf_api.info import API_KINDS
from assay.web.hf_api.listing import tree_rows
from assay.web.hf_api.pages import CURSOR, next_link
from assay.web.hf_api.wire import moment_at
from assay.web.parameters import flag, number
from assay.web.replies import json_reply
from assay.web.routing import Context, Handler, Route

MAX_PATHS = 1000
PAGE = 1000
MOST_ITEMS = 10**9
# With the last commit of each path, which costs a walk through history.
LONG_PAGE = 50


class Paths(msgspec.Struct):
    """The body of `paths-info` as JSON; other clients send a form."""

    paths: list[str]
    expand: bool = False


def _tree(kind: str, repo_type: RepoType) -> Handler:
    async def tree(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        return await asyncio.to_thread(_page, context, kind, record)

    return tree


def _page(context: Context, kind: str, record: RepoRecord) -> Response:
    """One page of a folder. The next one is of the same commit, wherever the branch is by then."""
    folder = context.params.get("path", "").strip("/")
    at = repos.at_revision(context.hub, record, context.params["rev"])
    expand = flag(context, "expand", default=False)
    size = LONG_PAGE if expand else PAGE
    start = number(context, CURSOR, default=0, least=0, most=MOST_ITEMS)
    size = number(context, "limit", default=size, most=size)
    items = at.list(folder, recursive=flag(context, "recursive", default=False))
    rows = _rows(context, at, items[start : start + size], expand=expand)
    headers = {"X-Repo-Commit": at.commit}
    if len(items) > start + size:
        place = f"/api/{kind}/{record.full_name}/tree/{at.commit}"
        place += f"/{quote(folder, safe='')}" if folder else ""
        headers |= next_link(context, place, str(start + size))
    return json_reply(rows, headers=headers)


def _rows(
    context: Context, at: At, items: Sequence[TreeItem], *, expand: bool
) -> list[dict[str, Any]]:
    rows = tree_rows(context.hub, at, items)
    if expand:
        commits = last_commits(at.git, at.commit, [row["path"] for row in rows])
        for row in rows:
            commit = commits.get(row["path"])
            row["lastCommit"] = commit and {
                "id": commit.oid,
                "title": commit.subject,
                "date": moment_at(commit.committed_s),
            }
    return rows


def _paths_info(repo_type: RepoType) -> Handler:
    async def paths_info(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked = await _asked(context)
        return json_reply(await asyncio.to_thread(_found, context, record, asked))

    return paths_info


def _found(context: Context, record: RepoRecord, asked: Paths) -> list[dict[str, Any]]:
    """What stands at the paths; a missing one is left out."""
    at = repos.at_revision(context.hub, record, context.params["rev"])
    found = [at.git.find(at.commit, path.strip("/")) for path in asked.paths]
    items = [item for item in found if item is not None]
    return _rows(context, at, items, expand=asked.expand)


async def _asked(context: Context) -> Paths:
    if "json" in context.request.headers.get("content-type", ""):
        asked = await read_body(context, Paths)
    else:
        form = parse_qs((await read_bytes(context)).decode(errors="replace"))
        asked = Paths(form.get("paths", []), form.get("expand", [""])[0].lower() == "true")
    if len(asked.paths) > MAX_PATHS:
        raise InvalidError(f"paths-info is asked for {len(asked.paths)} paths, at most {MAX_PATHS}")
    return asked


def routes() -> list[Route]:
    """Trees and paths of models and datasets."""
    made = []
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}"
        made += [
            Route("GET", f"{at}/tree/{{rev}}", _tree(kind, repo_type)),
            Route("GET", f"{at}/tree/{{rev}}/{{path*}}", _tree(kind, repo_type)),
            Route("POST", f"{at}/paths-info/{{rev}}", _paths_info(repo_type), changes=False),
        ]
    return made
