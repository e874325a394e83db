"""Repository information."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from assay.errors import NotFoundError, RevisionNotFoundError
from assay.hub import repos
from assay.hub.open import Hub
from assay.hub.repos import At, RepoType
from assay.storage.database.repos import RepoRecord
from assay.web.hf_api.listing import siblings
from assay.web.replies import json_reply
from assay.web.routing import Context, Handler, Route

API_KINDS: tuple[tuple[str, RepoType], ...] = (("models", "model"), ("datasets", "dataset"))


def _info(repo_type: RepoType) -> Handler:
    def info(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        at = _at(context, record)
        body = _base(record)
        if at is not None:
            body |= _at_commit(context.hub, at, with_blobs=context.query("blobs") == "true")
        return json_reply(body)

    return info


def _at(context: Context, record: RepoRecord) -> At | None:
    """The asked revision; an empty repository has no main, and yet has information."""
    revision = context.params.get("rev", "main")
    try:
        return repos.at_revision(context.hub, record, revision)
    except RevisionNotFoundError:
        if "rev" in context.params:
            raise
        return None


def _base(record: RepoRecord) -> dict[str, Any]:
    named = {"modelId": record.full_name} if record.type == "model" else {}
    return {
        "_id": record.id,
        "id": record.full_name,
        **named,
        "author": record.namespace,
        "createdAt": record.created,
        "lastModified": record.created,
        "private": record.private,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "siblings": [],
    }


def _at_commit(hub: Hub, at: At, *, with_blobs: bool) -> dict[str, Any]:
    committed = datetime.fromtimestamp(at.info().committed_s, UTC)
    return {
        "sha": at.commit,
        "lastModified": f"{committed:%Y-%m-%dT%H:%M:%S}.000Z",
        "siblings": siblings(hub, at, with_blobs=with_blobs),
    }


def _no_server(context: Context) -> Response:
    """`datasets` asks a second host for statistics; wildcard DNS may bring it here."""
    raise NotFoundError(f"{context.request.url.path} is not on this hub")


def routes() -> list[Route]:
    """Information about models and datasets."""
    made = []
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}"
        made += [
            Route("GET", at, _info(repo_type)),
            Route("GET", f"{at}/revision/{{rev}}", _info(repo_type)),
        ]
    return [*made, Route("GET", "/info", _no_server), Route("GET", "/parquet", _no_server)]
