"""What the signed-in reader is told, and that she has read it."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from starlette.responses import Response

from assay.errors import InvalidError
from assay.hub import notifications
from assay.hub.answers import Notification, NotificationPage
from assay.storage.database.notifications import NotificationRow
from assay.web.hf_api.account import read_body
from assay.web.replies import json_reply
from assay.web.routing import Context, Route

PRIVATE = {"Cache-Control": "private, no-store"}
Id = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Read(msgspec.Struct, forbid_unknown_fields=True):
    """Which notifications were read: some by id, or all up to one."""

    ids: list[Id] = []
    until: Id | None = None


def told_of(context: Context) -> NotificationPage:
    """The page of notifications that a request asks for.

    Raises:
        UnauthenticatedError: A stranger has none.
        InvalidError: A parameter is not known.
    """
    asked = context.query("unread")
    if asked not in {"", "true", "false"}:
        raise InvalidError(f"unread={asked} is not known; expected true or false")
    told = notifications.listing(
        context.hub, context.reader, unread=asked == "true", page=context.page()
    )
    return NotificationPage(
        notifications=[_answer(row) for row in told.rows],
        count=told.count,
        unread=told.unread,
        start=told.start,
        page_size=notifications.PAGE_SIZE,
    )


def _listing(context: Context) -> Response:
    return json_reply(told_of(context), headers=PRIVATE)


def _answer(row: NotificationRow) -> Notification:
    return Notification(
        id=row.id,
        kind=row.kind,
        repo=f"{row.namespace}/{row.name}",
        type="dataset" if row.repo_type == "dataset" else "model",
        number=row.number,
        title=row.title,
        is_pull=row.is_pull,
        actor=row.actor,
        at=row.at,
        read=row.read,
    )


async def _mark(context: Context) -> Response:
    asked = await read_body(context, Read)
    marked = await asyncio.to_thread(
        notifications.mark_read, context.hub, context.reader, asked.ids, asked.until
    )
    return json_reply({"marked": marked})


def routes() -> list[Route]:
    """Notifications."""
    return [
        Route(
            "GET",
            "/api/v1/notifications",
            _listing,
            "What the reader is told, newest first; ?unread=true, ?p= for the page, from 0",
            NotificationPage,
        ),
        Route("POST", "/api/v1/notifications/read", _mark),
    ]
