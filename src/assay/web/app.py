"""The ASGI application: one table of routes, one place where errors become replies.

Quick handlers run in the event loop; a stranger's JSON answers and pages are kept as bytes until
the index changes. Nothing hot passes through a thread pool.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.core.permission import STRANGER, Reader
from assay.errors import AssayError, NoRoomError, NotFoundError, RepoNotFoundError
from assay.hub import indexing, repos
from assay.hub.damage import find_damage
from assay.hub.open import Hub
from assay.storage.disk import find_no_room
from assay.storage.git_wire import HookListener
from assay.storage.workplace import remove_abandoned
from assay.web import auth, git_http, lfs
from assay.web.api import routes as api
from assay.web.hf_api import routes as hf_api
from assay.web.kept import Dressed, Kept, Key
from assay.web.replies import error_reply, etag_of
from assay.web.routing import (
    Context,
    Route,
    find_route,
    is_single_name,
    moved_path,
    path_segments,
)
from assay.web.site import embed, notifications
from assay.web.site import routes as site
from assay.web.site.errors import error_page

log = logging.getLogger("assay.web")

READING = frozenset({"GET", "HEAD", "OPTIONS"})
SWEEP_EVERY_S = 300.0
# What could not be finished, such as on a full disk, is tried again this often.
FINISH_EVERY_S = 1.0


def routes() -> list[Route]:
    """The whole table. The first route that fits answers, so pages of models come last."""
    return [
        *api.routes(),
        *hf_api.routes(),
        *git_http.routes(),
        *lfs.routes(),
        *embed.routes(),
        *notifications.routes(),
        *site.routes(),
    ]


class Application:
    """Dispatches a request to its route."""

    def __init__(self, hub: Hub, hooks: HookListener, table: Sequence[Route]) -> None:
        self._hub = hub
        self._hooks = hooks
        self._table = table
        self._kept = Kept(hub)
        self._dressed = Dressed()
        # To ask the system for a number each time lets other threads go first, each time.
        self._run, self._requests = secrets.token_hex(4), count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        number = f"{self._run}{next(self._requests):08x}"

        async def send_numbered(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", number.encode())]
            await send(message)

        response = await self._answer(request, number)
        await response(scope, receive, send_numbered)

    async def _answer(self, request: Request, number: str) -> Response:
        try:
            return self._find_kept(request.scope) or await self._route(request)
        except AssayError as error:
            return self._error(request, find_no_room(error) or error)
        except Exception as error:  # the server's edge: a fault is logged and said, not hidden
            full = find_no_room(error)
            if full is not None:
                return self._error(request, full)
            log.exception("%s %s failed (request %s)", request.method, request.url.path, number)
            fault = AssayError(f"the hub failed to answer; its log says why, at request {number}")
            return self._error(request, fault)

    def _find_kept(self, scope: Scope) -> Response | None:
        """A kept answer: only strangers' are, so all else about the request is no matter."""
        if scope["method"] not in ("GET", "HEAD"):
            return None
        known = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                return None
            if name == b"if-none-match":
                known = value
        response, _ = self._kept.find(_key(scope))
        return None if response is None else _unless_known(known.decode("latin-1"), response)

    async def _route(self, request: Request) -> Response:
        route, params, other = find_route(self._table, request.method, path_segments(request.scope))
        if route is None:
            what = "that method does not fit" if other else "nothing is there"
            if not other and is_single_name(self._table, path_segments(request.scope)):
                raise RepoNotFoundError(
                    f"{request.url.path}: a repository's name is NAMESPACE/NAME here"
                )
            raise NotFoundError(f"{request.method} {request.url.path}: {what}")
        if request.method not in READING:
            auth.need_own_page(self._hub, request)
        reader = auth.reader_of(self._hub, request)
        if route.may_change:
            auth.need_scope(reader)
        now = self._as_now(route, params, reader)
        try:
            return await self._call(request, route, now, reader)
        except RepoNotFoundError as error:
            name = self._name_now(route, params, reader)
            if name is None:
                self._tell_damage(route, now, reader, error)
                raise
            return RedirectResponse(moved_path(request.scope, route, name), status_code=307)
        except Exception as error:
            self._tell_damage(route, now, reader, error)
            raise

    def _tell_damage(
        self, route: Route, params: dict[str, str], reader: Reader, error: Exception
    ) -> None:
        """Raise what is to be said if the repository that a route names is broken on the disk."""
        if route.repo_type is None:
            return
        name = f"{params['ns']}/{params['name'].removesuffix('.git')}"
        damage = find_damage(self._hub, reader, route.repo_type, name, error)
        if damage is not None:
            raise damage from error

    def _as_now(self, route: Route, params: dict[str, str], reader: Reader) -> dict[str, str]:
        """Parameters with the repository's present name, where old names are served."""
        if route.method == "GET" and not route.serves_old_names:
            return params
        name = self._name_now(route, params, reader)
        return params if name is None else {**params, "ns": name[0], "name": name[1]}

    def _name_now(
        self, route: Route, params: dict[str, str], reader: Reader
    ) -> tuple[str, str] | None:
        """What a repository is called now, if it was asked for otherwise."""
        if route.repo_type is None:
            return None
        asked = f"{params['ns']}/{params['name'].removesuffix('.git')}"
        name = repos.current_name(self._hub, reader, route.repo_type, asked)
        if name is None:
            return None
        namespace, _, own = name.partition("/")
        return namespace, own

    async def _call(
        self, request: Request, route: Route, params: dict[str, str], reader: Reader
    ) -> Response:
        keeps = route.cached and reader == STRANGER
        generation = self._kept.find(_key(request.scope))[1] if keeps else None
        context = Context(self._hub, request, reader, params, self._hooks, self._dressed)
        answer = route.handler(context)
        response = await answer if inspect.isawaitable(answer) else answer
        if not route.cached:
            return response
        if "ETag" not in response.headers:  # it is there on one that was dressed before
            response.headers["ETag"] = etag_of(bytes(response.body))
        response.headers["Vary"] = "Authorization"
        response.headers["Cache-Control"] = "no-cache" if keeps else "private, no-cache"
        if generation is not None:
            self._kept.keep(_key(request.scope), response, generation)
        return _unless_known(request.headers.get("if-none-match", ""), response)

    def _error(self, request: Request, error: AssayError) -> Response:
        if isinstance(error, NoRoomError):
            log.error("%s %s: %s", request.method, request.url.path, error)
        wants_page = "text/html" in request.headers.get("accept", "")
        return error_page(self._hub, error) if wants_page else error_reply(error)


def _key(scope: Scope) -> Key:
    """What a kept answer follows from."""
    return scope["raw_path"], scope["query_string"]


def _unless_known(known: str, response: Response) -> Response:
    """304 for a client that has these very bytes (its `If-None-Match`)."""
    etag = response.headers["ETag"]
    if etag in known:
        headers = {name: response.headers[name] for name in ("ETag", "Vary", "Cache-Control")}
        return Response(status_code=304, headers=headers)
    return response


async def _sweep_now_and_then(hub: Hub) -> None:
    due = time.monotonic() + SWEEP_EVERY_S
    while True:
        await asyncio.sleep(FINISH_EVERY_S)
        try:
            if hub.unfinished:
                await asyncio.to_thread(indexing.finish_unfinished, hub)
            if time.monotonic() >= due:
                due = time.monotonic() + SWEEP_EVERY_S
                await asyncio.to_thread(_sweep, hub)
        except NoRoomError as error:
            log.error("mended when there is room: %s", error)  # noqa: TRY400 - no trace helps
        except Exception:  # the worker's edge: whatever it was, it is tried again
            log.exception("what was left behind could not be mended; it is tried again")


def _sweep(hub: Hub) -> None:
    indexing.heal(hub)
    hub.parts.remove_old()
    remove_abandoned(hub.workplaces)


def make_app(hub: Hub) -> ASGIApp:
    """The application for an open hub; whoever runs it holds `assay.hub.serving`."""
    hooks = HookListener()

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await hooks.start()
        sweeping = asyncio.create_task(_sweep_now_and_then(hub))
        try:
            yield
        finally:
            sweeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeping
            await hooks.stop()

    app = Starlette(lifespan=lifespan)
    app.router.default = Application(hub, hooks, routes())
    return app
