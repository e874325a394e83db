"""git over HTTP: clone, fetch and push, with and without `.git`."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from functools import partial

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from assay.errors import (
    InvalidError,
    NoRoomError,
    NotFoundError,
    RepoNotFoundError,
    UnauthenticatedError,
    UnfinishedError,
)
from assay.hub import gates, repos
from assay.hub.git_push import GitPush
from assay.hub.refusals import need_name
from assay.hub.repos import RepoType
from assay.storage import git_wire
from assay.storage.database.repos import RepoRecord
from assay.storage.disk import HINT, says_no_room
from assay.storage.git.child import CHUNK_BYTES
from assay.web import auth
from assay.web.routing import Context, Handler, Route
from assay.web.streams import Stream

NO_CACHE = {"Cache-Control": "no-cache, max-age=0, must-revalidate"}


def find_or_ask(context: Context, repo_type: RepoType) -> RepoRecord:
    """The repository; a stranger is asked who she is before anything is said about it."""
    try:
        return repos.find(context.hub, context.reader, repo_type, context.repo)
    except RepoNotFoundError as error:
        if context.reader.name is None:
            raise UnauthenticatedError(error.message, hint="send an access token") from error
        raise


def _need_pusher(context: Context) -> None:
    need_name(context.reader, "push")
    auth.need_scope(context.reader)


def _protocol(context: Context) -> str:
    """The client's Git-Protocol header, if it is one git knows."""
    said = context.request.headers.get("git-protocol", "")
    return said if said in {"version=1", "version=2"} else ""


async def _body(context: Context) -> AsyncIterator[bytes]:
    """The request's body, decompressed while it is read."""
    compressed = context.request.headers.get("content-encoding", "") in {"gzip", "x-gzip"}
    unzip = zlib.decompressobj(wbits=31) if compressed else None
    try:
        async for chunk in context.request.stream():
            if unzip is None:
                yield chunk
                continue
            data = chunk
            while data:
                yield unzip.decompress(data, CHUNK_BYTES)
                data = unzip.unconsumed_tail
    except (ClientDisconnect, zlib.error):
        return  # git sees a cut stream and refuses it


def _info_refs(repo_type: RepoType) -> Handler:
    async def info_refs(context: Context) -> Response:
        service = context.query("service")
        if service not in git_wire.SERVICES:
            raise InvalidError("only git's smart protocol is spoken here", hint="use git ≥ 1.7")
        record = find_or_ask(context, repo_type)
        if service == "git-receive-pack":
            _need_pusher(context)
        gates.need_files(context.hub, context.reader, record)
        path, protocol = context.hub.git.path(record.id), _protocol(context)
        body = await context.hub.advertisements.of(path, service, protocol=protocol)
        kind = f"application/x-{service}-advertisement"
        return Response(body, media_type=kind, headers=NO_CACHE)

    return info_refs


def _upload_pack(repo_type: RepoType) -> Handler:
    async def upload_pack(context: Context) -> Response:
        record = find_or_ask(context, repo_type)
        gates.need_files(context.hub, context.reader, record)
        chunks = git_wire.upload_pack(
            context.hub.git.path(record.id), _body(context), protocol=_protocol(context)
        )
        kind = {"Content-Type": "application/x-git-upload-pack-result"}
        return Stream(chunks, headers={**NO_CACHE, **kind})

    return upload_pack


def _receive_pack(repo_type: RepoType) -> Handler:
    async def receive_pack(context: Context) -> Response:
        record = find_or_ask(context, repo_type)
        _need_pusher(context)
        # A push may name, or build on, any object by its id: also what is behind a gate. Whoever
        # was not let in sends whole files, over the API.
        gates.need_files(context.hub, context.reader, record)
        # Shielded: once git may have moved a ref, the push is settled even if the client hangs up.
        answer = await asyncio.shield(_push(context, record))
        kind = "application/x-git-receive-pack-result"
        return Response(answer, media_type=kind, headers=NO_CACHE)

    return receive_pack


async def _push(context: Context, record: RepoRecord) -> bytes:
    """Git's answer. Once git has moved refs, what goes wrong is a remark and no failure."""
    hub = context.hub
    push = GitPush(hub, record, partial(auth.reader_of, hub, context.request))
    answer = b""
    try:
        async with context.hooks.expect(push.judge, push.finish) as environment:
            answer = await git_wire.receive_pack(
                hub.git.path(record.id),
                _body(context),
                protocol=_protocol(context),
                hooks=context.hooks.hooks,
                hook_environment=environment,
                pushing=hub.pushing,
                max_pack_bytes=hub.settings.limits.pack_bytes,
            )
    except NoRoomError:
        if not answer:
            raise
        if git_wire.has_moved_refs(answer):
            unfinished = UnfinishedError()
            return git_wire.with_remarks(answer, [unfinished.message, unfinished.hint])
    return git_wire.with_remarks(answer, [HINT]) if says_no_room(answer) else answer


async def _dumb(context: Context) -> Response:
    raise NotFoundError(f"{context.request.url.path} is not part of git's smart protocol")


def routes() -> list[Route]:
    """Git's routes for models (no prefix) and datasets."""
    made = []
    kinds: tuple[tuple[str, RepoType], ...] = (("/datasets", "dataset"), ("", "model"))
    for prefix, repo_type in kinds:
        at = f"{prefix}/{{ns}}/{{name}}"
        made += [
            Route("GET", f"{at}/info/refs", _info_refs(repo_type), serves_old_names=True),
            Route("POST", f"{at}/git-upload-pack", _upload_pack(repo_type), changes=False),
            Route("POST", f"{at}/git-receive-pack", _receive_pack(repo_type)),
            Route("GET", f"{at}/objects/{{rest*}}", _dumb),
        ]
    return made
