"""Files of a repository at a revision, with the headers that caching clients rely on.

A file's ETag names its content: git's id, or the sha256 of a large file. Clients keep what they
have by it. Large files are sent in pieces; there is no redirect to another host.
"""

from __future__ import annotations

import re
from functools import partial

from starlette.responses import Response

from assay.errors import AssayError, EntryNotFoundError
from assay.hub import gates, repos
from assay.hub.large import large_files
from assay.hub.open import Hub
from assay.hub.repos import At, RepoType
from assay.storage.git_wire import STREAMED_BYTES, read_blob
from assay.web.replies import error_reply, raw_headers
from assay.web.routing import Context, Handler, Route
from assay.web.streams import FileStream, file_pieces

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def _resolve(repo_type: RepoType) -> Handler:
    def resolve(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        gates.need_files(context.hub, context.reader, record, context.params["path"])
        at = repos.at_revision(context.hub, record, context.params["rev"])
        try:
            return _file(context, at, context.params["path"])
        except EntryNotFoundError as error:
            return _missing(at, error)

    return resolve


def _missing(at: At, error: AssayError) -> Response:
    """404 that names the commit, so that clients may remember the absence."""
    reply = error_reply(error)
    reply.headers["X-Repo-Commit"] = at.commit
    return reply


def _file(context: Context, at: At, path: str) -> Response:
    item = at.git.find(at.commit, path)
    if item is None or item.kind not in {"file", "symlink"}:
        raise EntryNotFoundError(f"no file '{path}' at {at.commit[:12]}")
    found = large_files(context.hub, at.record.id, at.git, [item]).get(item.oid)
    if found:  # no file's name opens what a pointer leads to
        gates.need_files(context.hub, context.reader, at.record)
    etag = found.object.oid if found else item.oid
    size = found.object.size_bytes if found else at.git.blob_size(item.oid)
    headers = {
        **raw_headers(path),
        "X-Repo-Commit": at.commit,
        "ETag": f'"{etag}"',
        "Accept-Ranges": "bytes",
    }
    if found:
        headers |= {"X-Linked-ETag": headers["ETag"], "X-Linked-Size": str(size)}
    if context.request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(size)})
    wanted = _wanted(context, headers["ETag"], size)
    start, end = wanted or (0, size)
    if wanted and start >= size:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(status_code=416, headers=headers)
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 206 if wanted else 200
    if found:
        return object_reply(context.hub, found.object.oid, (start, end), headers, status=status)
    if size <= STREAMED_BYTES:
        return Response(at.git.blob(item.oid)[start:end], status_code=status, headers=headers)
    pieces = read_blob(at.git.path, item.oid, start, end)
    return FileStream(pieces, headers=_sized(headers, end - start), status=status)


def object_reply(
    hub: Hub, oid: str, part: tuple[int, int], headers: dict[str, str], *, status: int = 200
) -> Response:
    """Bytes from start to end (exclusive) of a large file that the reader may have."""
    start, end = part
    pieces = file_pieces(partial(hub.blobs.open, oid, start), end - start)
    return FileStream(pieces, headers=_sized(headers, end - start), status=status)


def _sized(headers: dict[str, str], size_bytes: int) -> dict[str, str]:
    return {**headers, "Content-Length": str(size_bytes)}


def _wanted(context: Context, etag: str, size: int) -> tuple[int, int] | None:
    """The range that is asked for, unless it is one of another version of the file."""
    asked = context.request.headers
    if asked.get("if-range", etag) != etag:
        return None
    return _range(asked.get("range", ""), size)


def _range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and end (exclusive) of a single range, or None for the whole file."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    end = min(size, int(last) + 1) if last else size
    return (int(first), end) if end > int(first) or int(first) >= size else None


def routes() -> list[Route]:
    """`resolve` for datasets and models."""
    return [
        Route("GET", "/datasets/{ns}/{name}/resolve/{rev}/{path*}", _resolve("dataset")),
        Route("GET", "/{ns}/{name}/resolve/{rev}/{path*}", _resolve("model")),
    ]
