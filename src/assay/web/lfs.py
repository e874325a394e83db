"""The API of git-lfs, as git-lfs and the public hub's clients speak it.

A batch says what is wanted and is answered with links; the bytes then go by those links, without a
token. Locks are not kept: 404 tells git-lfs so.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from assay.core.signed_link import Act, Grant, find_grant
from assay.errors import AssayError, InvalidError, NotFoundError
from assay.formats.lfs_pointer import Pointer
from assay.hub import gates, lfs
from assay.hub.lfs import Answer
from assay.hub.repos import RepoType
from assay.storage.blobs import NewBlob
from assay.storage.database.repos import RepoRecord
from assay.web.bodies import Body
from assay.web.git_http import find_or_ask
from assay.web.hf_api.account import read_body, repo_url
from assay.web.hf_api.files import object_reply
from assay.web.replies import error_headers, json_reply, raw_headers, status_of
from assay.web.routing import Context, Handler, Route

JSON_TYPE = "application/vnd.git-lfs+json"
MAX_OBJECTS = 1000
MISSING, UNPROCESSABLE = 404, 422


class Object(msgspec.Struct):
    """An object of a batch, or of `verify`."""

    oid: str
    size: int

    def pointer(self) -> Pointer:
        """The object, if it can be one.

        Raises:
            InvalidError: It cannot.
        """
        if len(self.oid) != 64 or set(self.oid) - set("0123456789abcdef") or self.size < 0:  # noqa: PLR2004
            raise InvalidError(f"'{self.oid[:80]}' with {self.size} bytes is no object of LFS")
        return Pointer(self.oid, self.size)


class Batch(msgspec.Struct):
    """What is wanted of which objects."""

    operation: Literal["upload", "download"]
    objects: list[Object]
    transfers: list[str] = []
    hash_algo: str = "sha256"


def _batch(repo_type: RepoType) -> Handler:
    async def batch(context: Context) -> Response:
        record = find_or_ask(context, repo_type)
        asked = await read_body(context, Batch)
        if asked.hash_algo not in {"sha256", "sha_256"}:
            raise InvalidError(f"objects are named by sha256 here, not by {asked.hash_algo}")
        if len(asked.objects) > MAX_OBJECTS:
            raise InvalidError(f"{len(asked.objects)} objects in a batch of at most {MAX_OBJECTS}")
        objects = [item.pointer() for item in asked.objects]
        in_parts = "multipart" in asked.transfers
        where = context.hub, context.reader, record
        if asked.operation == "download":
            gates.need_files(*where)
            answers = lfs.ask_download(*where, objects)
        else:
            answers = lfs.ask_upload(*where, objects, in_parts=in_parts)
        base = f"{repo_url(context, repo_type, record.full_name)}.git/info/lfs/objects"
        sent = {grant.act for answer in answers for grant in answer.grants}
        body = {
            "transfer": "multipart" if "part" in sent else "basic",
            "objects": [_object(context, base, asked.operation, answer) for answer in answers],
            "hash_algo": "sha256",
        }
        return json_reply(body, headers={"Content-Type": JSON_TYPE})

    return batch


def _object(context: Context, base: str, operation: str, answer: Answer) -> dict[str, Any]:
    row: dict[str, Any] = {"oid": answer.object.oid, "size": answer.object.size_bytes}
    if answer.fault:
        code = MISSING if operation == "download" else UNPROCESSABLE
        return {**row, "error": {"code": code, "message": answer.fault}}
    if not answer.grants:
        return row  # it is there: nothing to do
    links = {(grant.act, grant.part): _link(context, base, grant) for grant in answer.grants}
    actions = {}
    for (act, part), href in links.items():
        if act == "complete":
            chunk = next(grant.size_bytes for grant in answer.grants if grant.act == "part")
            urls = {str(n): links["part", n] for n in range(1, part + 1)}
            actions["upload"] = _action(context, href, {"chunk_size": str(chunk), **urls})
        elif act != "part":
            actions[act] = _action(context, href, {})
    return {**row, "authenticated": True, "actions": actions}


def _action(context: Context, href: str, header: dict[str, str]) -> dict[str, Any]:
    return {"href": href, "header": header, "expires_in": context.hub.settings.files.link_s}


def _link(context: Context, base: str, grant: Grant) -> str:
    paths = {"part": f"/parts/{grant.part}", "complete": f"/parts/{grant.part}/complete"}
    paths |= {"verify": "/verify"}
    query = urlencode(grant.query(context.hub.secret))
    return f"{base}/{grant.oid}{paths.get(grant.act, '')}?{query}"


def _redeem(context: Context, repo_type: RepoType, act: Act) -> tuple[RepoRecord, Grant]:
    """The repository and the grant of a link.

    Raises:
        NotFoundError: There is nothing there, for all that this reader may know.
        ForbiddenError: The link is not good.
    """
    hub, reader = context.hub, context.reader
    record = lfs.find_repo_of_link(hub, reader, repo_type, context.repo)
    number = context.params.get("number", "0")
    part = int(number) if number.isdecimal() and len(number) < len("1000000") else 0
    query = context.request.query_params
    grant = find_grant(act, record.id, context.params["sha256"], part, query)
    good = lfs.need_good(hub, reader, repo_type, context.repo, grant, query.get("signature", ""))
    return record, good


def _download(repo_type: RepoType) -> Handler:
    def download(context: Context) -> Response:
        _, grant = _redeem(context, repo_type, "download")
        return object_reply(context.hub, grant.oid, (0, grant.size_bytes), raw_headers(""))

    return download


def _upload(repo_type: RepoType) -> Handler:
    async def upload(context: Context) -> Response:
        record, grant = _redeem(context, repo_type, "upload")
        body = Body(context.request)
        with context.hub.blobs.begin() as blob:
            await _receive(body, grant, blob)
            await asyncio.to_thread(lfs.take, context.hub, record, grant, blob)
        return json_reply({})

    return upload


def _part(repo_type: RepoType) -> Handler:
    async def part(context: Context) -> Response:
        record, grant = _redeem(context, repo_type, "part")
        with context.hub.blobs.begin() as blob:
            await _receive(Body(context.request), grant, blob)
            await asyncio.to_thread(lfs.take_part, context.hub, record, grant, blob)
            return json_reply({}, headers={"ETag": f'"{blob.sha256}"'})

    return part


async def _receive(body: Body, grant: Grant, blob: NewBlob) -> None:
    try:
        async for block in body.blocks():
            if blob.size_bytes + len(block) > grant.size_bytes:
                raise InvalidError(
                    f"more than the {grant.size_bytes} bytes that this link is for",
                    hint="ask for a new link, in a batch",
                )
            await asyncio.to_thread(blob.write, block)
    except AssayError:
        await body.drain()
        raise


def _complete(repo_type: RepoType) -> Handler:
    async def complete(context: Context) -> Response:
        record, grant = _redeem(context, repo_type, "complete")
        await asyncio.to_thread(lfs.complete, context.hub, record, grant)
        return json_reply({})

    return complete


def _verify(repo_type: RepoType) -> Handler:
    async def verify(context: Context) -> Response:
        record, grant = _redeem(context, repo_type, "verify")
        asked = (await read_body(context, Object)).pointer()
        if asked != Pointer(grant.oid, grant.size_bytes):
            raise InvalidError(f"this link verifies {grant.oid}, not {asked.oid}")
        lfs.need_object(context.hub, record, asked)
        return json_reply({})

    return verify


def _no_locks(repo_type: RepoType) -> Handler:
    def no_locks(context: Context) -> Response:
        find_or_ask(context, repo_type)
        raise NotFoundError("locks of git-lfs are not kept on this hub")

    return no_locks


def _told(handler: Handler) -> Handler:
    """The same handler, whose errors are told as git-lfs reads them."""

    async def told(context: Context) -> Response:
        try:
            answer = handler(context)
            return answer if isinstance(answer, Response) else await answer
        except AssayError as error:
            body = {"message": str(error), "error": error.message, "code": error.code}
            headers = {**error_headers(error), "Content-Type": JSON_TYPE}
            return json_reply(body, status=status_of(error)[0], headers=headers)

    return told


def routes() -> list[Route]:
    """LFS of models (no prefix) and datasets, with and without `.git`.

    A token of scope read is no hindrance: what a link is for was asked when it was given.
    """
    made = []
    kinds: tuple[tuple[str, RepoType], ...] = (("/datasets", "dataset"), ("", "model"))
    for prefix, repo_type in kinds:
        at = f"{prefix}/{{ns}}/{{name}}/info/lfs"
        one = f"{at}/objects/{{sha256}}"
        table = [
            ("POST", f"{at}/objects/batch", _batch),
            ("POST", f"{at}/locks/verify", _no_locks),
            ("POST", f"{at}/locks", _no_locks),
            ("GET", f"{at}/locks", _no_locks),
            ("GET", one, _download),
            ("PUT", one, _upload),
            ("POST", f"{one}/verify", _verify),
            ("PUT", f"{one}/parts/{{number}}", _part),
            ("POST", f"{one}/parts/{{number}}/complete", _complete),
        ]
        made += [
            Route(method, pattern, _told(handler(repo_type)), changes=False)
            for method, pattern, handler in table
        ]
    return made
