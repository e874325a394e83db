"""Commits over the API: preupload, then NDJSON. Everything is `regular` on the wire."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import msgspec
from starlette.responses import Response

from assay.errors import AssayError, NotFoundError
from assay.hub import preupload, repos, uploads
from assay.hub.pulls import Committed
from assay.hub.refusals import need_name
from assay.hub.repos import RepoType
from assay.hub.uploads import Upload
from assay.storage.database.repos import RepoRecord
from assay.web import auth
from assay.web.bodies import Body
from assay.web.hf_api.account import read_body, repo_url
from assay.web.hf_api.info import API_KINDS
from assay.web.replies import json_reply
from assay.web.routing import Context, Handler, Route

NO_XET = "files are not sent by Xet on this hub: set HF_HUB_DISABLE_XET=1 where the client runs"


class Sample(msgspec.Struct):
    """One file of a preupload request."""

    path: str
    size: int = 0


class Preupload(msgspec.Struct, rename="camel"):
    """The body of a preupload request; `git_ignore` is the text of a `.gitignore` being sent."""

    files: list[Sample]
    git_ignore: str | None = None


def _preupload(repo_type: RepoType) -> Handler:
    """Every file is asked for as `regular`: the hub itself decides what it keeps beside git."""

    async def answer(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        need_name(context.reader, "upload")
        asked = await read_body(context, Preupload)
        rows = await asyncio.to_thread(_upload_modes, context, record, asked)
        return json_reply({"files": rows})

    return answer


def _upload_modes(context: Context, record: RepoRecord, asked: Preupload) -> list[dict[str, Any]]:
    """How each file is to be sent.

    `datasets` removes a file as soon as it has asked, so large ones must come at once, by LFS.
    """
    hub, revision = context.hub, context.params["rev"]
    paths = [file.path for file in asked.files]
    known = preupload.known_files(hub, record, revision, paths)
    ignored = preupload.ignored_paths(hub, record, revision, paths, asked.git_ignore)
    at_once = context.request.headers.get("user-agent", "").startswith("datasets/")
    rows = []
    for file in asked.files:
        by_lfs = at_once and preupload.is_large(hub, file.path, file.size)
        there = known.get(file.path)
        oid = there and (there.sha256 if by_lfs else there.git_oid)
        rows.append(
            {
                "path": file.path,
                "uploadMode": "lfs" if by_lfs else "regular",
                "shouldIgnore": file.path in ignored,
                **({"oid": oid} if oid else {}),
            }
        )
    return rows


def _no_xet(repo_type: RepoType) -> Handler:
    def no_xet(context: Context) -> Response:
        repos.find(context.hub, context.reader, repo_type, context.repo)
        raise NotFoundError(NO_XET)

    return no_xet


def _commit(repo_type: RepoType) -> Handler:
    async def commit(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        body = Body(context.request)
        try:
            done = await _receive(context, record, body)
        except AssayError:
            await body.drain()
            raise
        url = repo_url(context, repo_type, record.full_name)
        answer = {
            "success": True,
            "commitOid": done.commit,
            "commitUrl": f"{url}/commit/{done.commit}",
            "hookOutput": "\n".join(finding.render() for finding in done.report.findings),
        }
        if done.pull is not None:
            answer["pullRequestUrl"] = f"{url}/discussions/{done.pull}"
        return json_reply(answer)

    return commit


async def _receive(context: Context, record: RepoRecord, body: Body) -> Committed:
    hub, reader = context.hub, context.reader
    as_pull = context.query("create_pr") in {"1", "true"}
    target = uploads.find_target(hub, reader, record, context.params["rev"], as_pull=as_pull)
    upload = Upload(hub, reader, record, target)
    try:
        async for block in body.blocks():
            await asyncio.to_thread(upload.feed, block)
    except BaseException:
        await asyncio.to_thread(upload.close)
        raise
    # Shielded: what is landing must not lose its objects because somebody hangs up.
    return await asyncio.shield(asyncio.to_thread(_land, context, upload))


def _land(context: Context, upload: Upload) -> Committed:
    with closing(upload):
        # Asked again: while the body came, the token may have been revoked.
        return upload.land(auth.reader_of(context.hub, context.request))


def routes() -> list[Route]:
    """Commits to models and datasets."""
    made = []
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}"
        made += [
            Route("POST", f"{at}/preupload/{{rev}}", _preupload(repo_type)),
            Route("POST", f"{at}/commit/{{rev}}", _commit(repo_type)),
            Route("GET", f"{at}/xet-write-token/{{rev}}", _no_xet(repo_type)),
            Route("GET", f"{at}/xet-read-token/{{rev}}", _no_xet(repo_type)),
        ]
    return made
