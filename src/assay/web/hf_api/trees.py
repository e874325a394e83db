"""What lies in a repository: folders and files."""

from __future__ import annotations

from urllib.parse import parse_qs

import msgspec
from starlette.responses import Response

from assay.errors import InvalidError
from assay.hub import repos
from assay.hub.repos import RepoType
from assay.web.hf_api.account import read_body, read_bytes
from assay.web.hf_api.info import API_KINDS
from assay.web.hf_api.listing import tree_rows
from assay.web.replies import json_reply
from assay.web.routing import Context, Handler, Route

MAX_PATHS = 1000


class Paths(msgspec.Struct):
    """The body of `paths-info` as JSON; other clients send a form."""

    paths: list[str]


def _tree(repo_type: RepoType) -> Handler:
    def tree(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        at = repos.at_revision(context.hub, record, context.params["rev"])
        folder = context.params.get("path", "").strip("/")
        items = at.list(folder, recursive=context.query("recursive") == "true")
        rows = tree_rows(context.hub, at, items)
        return json_reply(rows, headers={"X-Repo-Commit": at.commit})

    return tree


def _paths_info(repo_type: RepoType) -> Handler:
    async def paths_info(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        at = repos.at_revision(context.hub, record, context.params["rev"])
        paths = await _asked(context)
        found = [at.git.find(at.commit, path.strip("/")) for path in paths]
        return json_reply(tree_rows(context.hub, at, [item for item in found if item is not None]))

    return paths_info


async def _asked(context: Context) -> list[str]:
    if "json" in context.request.headers.get("content-type", ""):
        paths = (await read_body(context, Paths)).paths
    else:
        form = parse_qs((await read_bytes(context)).decode(errors="replace"))
        paths = form.get("paths", [])
    if len(paths) > MAX_PATHS:
        raise InvalidError(f"paths-info is asked for {len(paths)} paths, at most {MAX_PATHS}")
    return paths


def routes() -> list[Route]:
    """Trees and paths of models and datasets."""
    made = []
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}"
        made += [
            Route("GET", f"{at}/tree/{{rev}}", _tree(repo_type)),
            Route("GET", f"{at}/tree/{{rev}}/{{path*}}", _tree(repo_type)),
            Route("POST", f"{at}/paths-info/{{rev}}", _paths_info(repo_type), changes=False),
        ]
    return made
