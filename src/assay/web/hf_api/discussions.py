"""Discussions and pull requests as the public hub's clients see them.

Ids of comments are the numbers of their events. The reason of a closing is told as a comment of its
own before the change of status, under an id that no edit takes: it stays as it was given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from markupsafe import escape
from starlette.responses import Response

from assay.errors import InvalidError
from assay.hub import discussions, gates, pulls, repos
from assay.hub.conversations import KINDS, STATUSES
from assay.hub.discussions import Remark
from assay.hub.repos import RepoType
from assay.storage.database.discussions import Discussion, Event, Wanted
from assay.storage.database.repos import RepoRecord
from assay.storage.git import DiffLimits
from assay.web.api.discussions import discussion_number, kind_and_status
from assay.web.hf_api.account import read_body
from assay.web.hf_api.info import API_KINDS
from assay.web.replies import json_reply
from assay.web.routing import Context, Handler, Route

BECOMES = {"closed": "closed", "merged": "merged", "reopened": "open", "ready": "open"}


class NewDiscussion(msgspec.Struct, rename="camel"):
    """The body of a new discussion or pull request."""

    title: str
    description: str = ""
    pull_request: bool = False


class Status(msgspec.Struct):
    """The body of a change of status."""

    status: str
    comment: str | None = None


class Comment(msgspec.Struct):
    """The body of a comment, or of a merge."""

    comment: str | None = None


class Content(msgspec.Struct):
    """The body of an edit of a comment."""

    content: str


class Title(msgspec.Struct):
    """The body of a renaming."""

    title: str


def _entry(record: RepoRecord, found: Discussion) -> dict[str, Any]:
    return {
        "num": found.number,
        "title": found.title,
        "status": found.status,
        "isPullRequest": found.is_pull,
        "createdAt": found.created,
        "author": {"name": found.author},
        "repo": {"name": record.full_name, "type": record.type},
    }


def _events(remark: Remark) -> Iterator[dict[str, Any]]:
    """An event of the record as the client's, in none, one or two parts."""
    event = remark.event
    match event.kind:
        case "comment":
            yield _comment_event(remark)
        case "commit":
            data = {"subject": event.text, "oid": event.about}
            yield _event(event, "commit", data)
        case "renamed":
            yield _event(event, "title-change", {"from": event.about, "to": event.text})
        case kind if kind in BECOMES:
            if event.text:
                yield {**_comment_event(remark), "id": f"{event.id}-reason"}
            yield _event(event, "status-change", {"status": BECOMES[kind]})


def _event(event: Event, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    author = {"author": {"name": event.actor}} if event.actor else {}
    common = {"id": str(event.id), "type": kind, "createdAt": event.at, **author}
    return {**common, "data": data}


def _comment_event(remark: Remark) -> dict[str, Any]:
    texts = [] if remark.hidden else [remark.event, *remark.earlier]
    latest = remark.latest
    data = {
        "edited": bool(remark.earlier),
        "hidden": remark.hidden,
        "latest": _version(remark.text, latest),
        "history": [_version(event.text, event) for event in texts],
        "numEdits": len(remark.earlier),
    }
    return _event(remark.event, "comment", data)


def _version(text: str, by: Event) -> dict[str, Any]:
    """One text of a comment. As HTML it is its words and nothing else: no markup of it is kept."""
    html = f"<p>{escape(text)}</p>" if text else ""
    return {"raw": text, "html": html, "updatedAt": by.at, "author": {"name": by.actor}}


def _last(remark: Remark) -> dict[str, Any]:
    return list(_events(remark))[-1]


def _listing(repo_type: RepoType) -> Handler:
    def listing(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        kind, status = kind_and_status(context, "all")
        wanted = Wanted(KINDS[kind], STATUSES[status], context.query("author") or None)
        page = discussions.listing(context.hub, record, wanted, context.page())
        found = [_entry(record, row) for row in page.rows]
        return json_reply({"discussions": found, "count": page.count, "start": page.start})

    return listing


def _details(repo_type: RepoType) -> Handler:
    async def details(context: Context) -> Response:
        hub = context.hub
        record = repos.find(hub, context.reader, repo_type, context.repo)
        found = discussions.find(hub, context.reader, record, discussion_number(context))
        body = _entry(record, found)
        with_diff = context.query("diff") in {"1", "true"} and gates.is_let_in(
            hub, context.reader, record
        )
        if found.is_pull:
            body |= await asyncio.to_thread(_changes, context, record, found, with_diff=with_diff)
        said = discussions.remarks(hub, record, found.number)
        body["events"] = [event for remark in said for event in _events(remark)]
        return json_reply(body)

    return details


def _changes(
    context: Context, record: RepoRecord, found: Discussion, *, with_diff: bool
) -> dict[str, Any]:
    limits = DiffLimits() if with_diff else None
    changes = pulls.changes(context.hub, record, found, limits)
    merged = {"mergeCommitId": changes.merge_commit} if changes.merge_commit else {}
    return {
        "changes": {"base": "refs/heads/main", **merged},
        "filesWithConflicts": list(changes.conflicts),
        **({"diff": changes.difference.text} if with_diff else {}),
    }


def _create(repo_type: RepoType) -> Handler:
    async def create(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        asked = await read_body(context, NewDiscussion)
        opens = pulls.open_pull if asked.pull_request else discussions.open_discussion
        what = (asked.title, asked.description)
        made = await asyncio.to_thread(opens, context.hub, context.reader, record, *what)
        return json_reply({"num": made.number})

    return create


# What a change does with a body that was read: the discussion's number comes from the path.
Act = Callable[[Context, RepoRecord, int, Any], dict[str, Any]]


def _change(body: type, act: Act) -> Callable[[RepoType], Handler]:
    """A route that changes one discussion, outside the event loop."""

    def of(repo_type: RepoType) -> Handler:
        async def change(context: Context) -> Response:
            record = repos.find(context.hub, context.reader, repo_type, context.repo)
            number = discussion_number(context)
            asked: Any = await read_body(context, body)
            return json_reply(await asyncio.to_thread(act, context, record, number, asked))

        return change

    return of


def _status(context: Context, record: RepoRecord, number: int, asked: Status) -> dict[str, Any]:
    verbs = {"closed": discussions.close, "open": discussions.reopen}
    if asked.status not in verbs:
        raise InvalidError(f"status '{asked.status}' is not known; expected closed or open")
    reason = asked.comment or ""
    remark = verbs[asked.status](context.hub, context.reader, record, number, reason)
    return {"newStatus": _last(remark)}


def _comment(context: Context, record: RepoRecord, number: int, asked: Comment) -> dict[str, Any]:
    text = asked.comment or ""
    remark = discussions.comment(context.hub, context.reader, record, number, text)
    return {"newMessage": _last(remark)}


def _edit(context: Context, record: RepoRecord, number: int, asked: Content) -> dict[str, Any]:
    which = context.params["comment"]
    remark = discussions.edit(context.hub, context.reader, record, number, which, asked.content)
    return {"updatedComment": _last(remark)}


def _hide(context: Context, record: RepoRecord, number: int, _asked: object) -> dict[str, Any]:
    which = context.params["comment"]
    remark = discussions.hide(context.hub, context.reader, record, number, which)
    return {"updatedComment": _last(remark)}


def _rename(context: Context, record: RepoRecord, number: int, asked: Title) -> dict[str, Any]:
    remark = discussions.rename(context.hub, context.reader, record, number, asked.title)
    return {"newTitle": _last(remark)}


def _merge(context: Context, record: RepoRecord, number: int, asked: Comment) -> dict[str, Any]:
    text = asked.comment or ""
    return {"mergeCommitId": pulls.merge(context.hub, context.reader, record, number, text)}


def routes() -> list[Route]:
    """Discussions and pull requests of models and datasets."""
    made = []
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}/discussions"
        one = f"{at}/{{number}}"
        made += [
            Route("GET", at, _listing(repo_type)),
            Route("POST", at, _create(repo_type)),
            Route("GET", one, _details(repo_type)),
            Route("POST", f"{one}/status", _change(Status, _status)(repo_type)),
            Route("POST", f"{one}/comment", _change(Comment, _comment)(repo_type)),
            Route("POST", f"{one}/comment/{{comment}}/edit", _change(Content, _edit)(repo_type)),
            Route("POST", f"{one}/comment/{{comment}}/hide", _change(dict, _hide)(repo_type)),
            Route("POST", f"{one}/title", _change(Title, _rename)(repo_type)),
            Route("POST", f"{one}/merge", _change(Comment, _merge)(repo_type)),
        ]
    return made
