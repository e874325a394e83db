"""Commits over the API: preupload, then NDJSON. Everything is `regular` on the wire."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterator

import msgspec
from starlette.responses import Response

from assay.core.checks import bad_path_finding
from assay.errors import EntryNotFoundError, InvalidError, RevisionNotFoundError
from assay.hub import pulls, repos
from assay.hub.pulls import Committed, Proposal
from assay.hub.repos import RepoType
from assay.storage.database.repos import RepoRecord
from assay.storage.git import Repository
from assay.web.hf_api.account import read_body, repo_url
from assay.web.hf_api.info import API_KINDS
from assay.web.replies import json_reply
from assay.web.routing import Context, Handler, Route


class Sample(msgspec.Struct):
    """One file of a preupload request."""

    path: str
    size: int = 0


class Preupload(msgspec.Struct):
    """The body of a preupload request."""

    files: list[Sample]


class ReadmeCheck(msgspec.Struct, rename="camel"):
    """The body of `POST /api/validate-yaml`."""

    content: str
    repo_type: str | None = None


class Value(msgspec.Struct, rename="camel"):
    """The value of one NDJSON line; which fields it has depends on its key."""

    summary: str = ""
    description: str = ""
    parent_commit: str | None = None
    content: str = ""
    path: str = ""
    encoding: str = ""


class Line(msgspec.Struct):
    """One NDJSON line of a commit."""

    key: str
    value: Value


def _validate(_context: Context) -> Response:
    """Model cards are read leniently: nothing about them refuses a commit."""
    return json_reply({"errors": [], "warnings": []})


def _preupload(repo_type: RepoType) -> Handler:
    async def preupload(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked = await read_body(context, Preupload)
        git = context.hub.git.open(record.id)
        head = _head(git, context.params["rev"])
        rows = []
        for file in asked.files:
            item = git.find(head, file.path) if head else None
            known = {"oid": item.oid} if item is not None and item.kind == "file" else {}
            rows.append(
                {"path": file.path, "uploadMode": "regular", "shouldIgnore": False, **known}
            )
        return json_reply({"files": rows})

    return preupload


def _head(git: Repository, revision: str) -> str | None:
    try:
        return git.resolve(revision)
    except RevisionNotFoundError:
        return None


def _commit(repo_type: RepoType) -> Handler:
    async def commit(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        body = await _whole_body(context)
        as_pull = context.query("create_pr") in {"1", "true"}
        done = await asyncio.to_thread(_do, context, record, body, as_pull=as_pull)
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


async def _whole_body(context: Context) -> bytes:
    limit = context.hub.settings.limits.commit_bytes
    body = bytearray()
    async for chunk in context.request.stream():
        body += chunk
        if len(body) > limit:
            raise InvalidError(
                f"a commit over the API holds at most {limit} bytes", hint="push it with git"
            )
    return bytes(body)


def _do(context: Context, record: RepoRecord, body: bytes, *, as_pull: bool) -> Committed:
    git = context.hub.git.open(record.id)
    revision = context.params["rev"]
    head = _head(git, revision)
    header, lines = _read_lines(body)
    proposal = Proposal(
        title=header.summary.strip() or "Update files",
        description=header.description,
        changes=dict(_changes(git, head, lines)),
    )
    if as_pull:
        return pulls.propose(context.hub, context.reader, record, proposal)
    ref = revision if revision.startswith("refs/") else f"refs/heads/{revision}"
    return pulls.commit(
        context.hub, context.reader, record, ref, proposal, parent=header.parent_commit
    )


def _read_lines(body: bytes) -> tuple[Value, list[Line]]:
    """The header and the operations of a commit.

    Raises:
        InvalidError: A line cannot be read, or the header is missing; the line is named.
    """
    lines = []
    for number, text in enumerate(body.splitlines(), start=1):
        if not text.strip():
            continue
        try:
            lines.append(msgspec.json.decode(text, type=Line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidError(f"line {number} of the commit cannot be read: {error}") from error
    if not lines or lines[0].key != "header":
        raise InvalidError("a commit begins with a header line", hint='{"key": "header", …}')
    return lines[0].value, lines[1:]


def _changes(
    git: Repository, head: str | None, lines: list[Line]
) -> Iterator[tuple[str, bytes | None]]:
    seen: set[str] = set()
    for line in lines:
        path = line.value.path
        bad = bad_path_finding(path.removesuffix("/"))
        if bad is not None:
            raise InvalidError(bad.render())
        if path in seen:
            raise InvalidError(f"the path '{path}' is named twice in one commit")
        seen.add(path)
        yield from _change(git, head, line)


def _change(git: Repository, head: str | None, line: Line) -> Iterator[tuple[str, bytes | None]]:
    path = line.value.path
    match line.key:
        case "file":
            yield path, _content(line.value)
        case "deletedFile":
            if head is None or git.find(head, path) is None:
                raise EntryNotFoundError(f"A file with this name doesn't exist: {path}")
            yield path, None
        case "deletedFolder":
            folder = path.rstrip("/")
            if head is None or git.tree_oid(head, folder) is None:
                raise EntryNotFoundError(f"A file with this name doesn't exist: {path}")
            for item in git.list(head, folder, recursive=True):
                if item.kind != "folder":
                    yield item.path, None
        case _:
            raise InvalidError(f"operations of kind '{line.key}' are not known here")


def _content(value: Value) -> bytes:
    if value.encoding not in {"base64", "utf-8", ""}:
        raise InvalidError(f"{value.path}: encoding '{value.encoding}' is not known here")
    if value.encoding != "base64":
        return value.content.encode()
    try:
        return base64.b64decode(value.content, validate=True)
    except binascii.Error as error:
        raise InvalidError(f"{value.path}: the content is not base64: {error}") from error


def routes() -> list[Route]:
    """Commits to models and datasets."""
    made = [Route("POST", "/api/validate-yaml", _validate, changes=False)]
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}"
        made += [
            Route("POST", f"{at}/preupload/{{rev}}", _preupload(repo_type)),
            Route("POST", f"{at}/commit/{{rev}}", _commit(repo_type)),
        ]
    return made
