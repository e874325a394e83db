"""Repositories come, change, move and go; and who may do what with them."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.responses import Response

from assay.core.permission import Reader
from assay.errors import ConflictError, InvalidError, RepoNotFoundError
from assay.hub import gates, lifecycle, repos
from assay.hub.refusals import need_administrator, need_name, need_writer
from assay.hub.repos import RepoType
from assay.web.hf_api.account import read_body, repo_url
from assay.web.hf_api.info import API_KINDS
from assay.web.replies import error_headers, json_reply
from assay.web.routing import Context, Handler, Route

TYPES: dict[str, RepoType] = {"model": "model", "dataset": "dataset"}


class Named(msgspec.Struct):
    """A repository as the bodies of creation and deletion name it."""

    name: str
    organization: str | None = None
    type: str | None = "model"

    def full_name(self, reader: Reader) -> str:
        """`ns/name`: without an organisation it is the reader's own."""
        return (
            self.name
            if "/" in self.name
            else f"{self.organization or reader.name or ''}/{self.name}"
        )


class NewRepo(Named):
    """The body of `POST /api/repos/create`, in both of the client's generations."""

    visibility: str | None = None
    private: bool | None = None


class Move(msgspec.Struct, rename="camel"):
    """The body of `POST /api/repos/move`."""

    from_repo: str
    to_repo: str
    type: str | None = "model"


class Settings(msgspec.Struct):
    """The body of `PUT …/settings`; what is not named stays as it is."""

    visibility: str | None = None
    private: bool | None = None
    gated: bool | str | None = None


def _type(asked: str | None) -> RepoType:
    """The type a body names.

    Raises:
        RepoNotFoundError: This hub has none of that type.
    """
    repo_type = TYPES.get(asked or "model")
    if repo_type is None:
        raise RepoNotFoundError(f"{asked} repositories are not on this hub")
    return repo_type


def _private(asked: NewRepo | Settings) -> bool | None:
    """Whether a body asks for privacy; None when it says nothing about it.

    Raises:
        InvalidError: It asks for a visibility that is not here.
    """
    if asked.visibility is None:
        return asked.private
    if asked.visibility not in {"public", "private"}:
        raise InvalidError(f"visibility is public or private here, got '{asked.visibility}'")
    return asked.visibility == "private"


async def _create(context: Context) -> Response:
    need_name(context.reader, "change repositories")
    asked = await read_body(context, NewRepo)
    repo_type, private = _type(asked.type), bool(_private(asked))
    hub, reader, name = context.hub, context.reader, asked.full_name(context.reader)
    try:
        await asyncio.to_thread(repos.create, hub, reader, repo_type, name, private=private)
    except ConflictError as error:  # clients that say exist_ok read the url of a 409
        there = repos.current_name(hub, reader, repo_type, name) or name
        body = {"error": error.message, "url": repo_url(context, repo_type, there)}
        return json_reply(body, status=409, headers=error_headers(error))
    return json_reply({"url": repo_url(context, repo_type, name)})


async def _delete(context: Context) -> Response:
    """Nothing is deleted by a name it no longer has: a script may mean what was there before."""
    need_name(context.reader, "change repositories")
    asked = await read_body(context, Named)
    hub, reader = context.hub, context.reader
    record = repos.find(hub, reader, _type(asked.type), asked.full_name(reader))
    await asyncio.to_thread(lifecycle.delete, hub, reader, record)
    return json_reply({})


async def _move(context: Context) -> Response:
    need_name(context.reader, "change repositories")
    asked = await read_body(context, Move)
    hub, reader, repo_type = context.hub, context.reader, _type(asked.type)
    record = repos.find(hub, reader, repo_type, asked.from_repo)
    moved = await asyncio.to_thread(lifecycle.move, hub, reader, record, asked.to_repo)
    return json_reply({"url": repo_url(context, repo_type, moved.full_name)})


def _settings(repo_type: RepoType) -> Handler:
    async def settings(context: Context) -> Response:
        hub, reader = context.hub, context.reader
        record = repos.find(hub, reader, repo_type, context.repo)
        need_administrator(reader, record)
        asked = await read_body(context, Settings)
        private, gated = _private(asked), _gated(asked.gated)
        await asyncio.to_thread(
            lifecycle.change_settings, hub, reader, record, private=private, gated=gated
        )
        now = repos.find(hub, reader, repo_type, context.repo)
        return json_reply({"private": now.private, "gated": now.gated or False})

    return settings


def _gated(asked: bool | str | None) -> str | None:  # noqa: FBT001 - as the client sends it
    if asked is None or asked in {"auto", "manual"}:
        return asked or None
    if asked is False:
        return "open"
    raise InvalidError(f"gated is 'auto', 'manual' or false, got {asked!r}")


def _auth_check(repo_type: RepoType) -> Handler:
    def auth_check(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        gates.need_files(context.hub, context.reader, record)
        return json_reply({})

    return auth_check


def _write_check(repo_type: RepoType) -> Handler:
    def write_check(context: Context) -> Response:
        record = repos.find(context.hub, context.reader, repo_type, context.repo)
        need_writer(context.reader, record)
        return json_reply({})

    return write_check


def routes() -> list[Route]:
    """The life of repositories, and questions about permission."""
    made = [
        Route("POST", "/api/repos/create", _create),
        Route("DELETE", "/api/repos/delete", _delete),
        Route("POST", "/api/repos/move", _move),
    ]
    for kind, repo_type in API_KINDS:
        at = f"/api/{kind}/{{ns}}/{{name}}"
        made += [
            Route("PUT", f"{at}/settings", _settings(repo_type)),
            Route("GET", f"{at}/auth-check", _auth_check(repo_type)),
            Route("GET", f"{at}/auth-check/write", _write_check(repo_type), changes=True),
        ]
    return made
