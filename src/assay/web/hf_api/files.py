"""Files of a repository at a revision, with the headers that caching clients rely on."""

from __future__ import annotations

import re

from starlette.responses import Response

from assay.errors import AssayError, EntryNotFoundError
from assay.hub import repos
from assay.hub.repos import At, RepoType
from assay.web.replies import error_reply, raw_headers
from assay.web.routing import Context, Handler, Route

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def _resolve(repo_type: RepoType) -> Handler:
    def resolve(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
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
    headers = {
        **raw_headers(path),
        "X-Repo-Commit": at.commit,
        "ETag": f'"{item.oid}"',
        "Accept-Ranges": "bytes",
    }
    size = at.git.blob_size(item.oid)
    if context.request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(size)})
    wanted = _range(context.request.headers.get("range", ""), size)
    body = at.git.blob(item.oid)
    if wanted is None:
        return Response(body, headers=headers)
    start, end = wanted
    if start >= size:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(status_code=416, headers=headers)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Response(body[start:end], status_code=206, headers=headers)


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
