"""Pages, the style sheet, and the health check."""

from __future__ import annotations

from importlib.resources import files

from starlette.responses import RedirectResponse, Response

from assay import __version__
from assay.errors import AssayError, EntryNotFoundError
from assay.hub import boards, models, repos
from assay.hub.repos import RepoType
from assay.hub.results import read_limited
from assay.web import pages
from assay.web.api.discussions import discussion_of, listing_of
from assay.web.api.routes import board_of, claim_of, model_of, unresolved_of
from assay.web.pages import Site, links
from assay.web.replies import COMMON_HEADERS, etag_of, json_reply, page_reply
from assay.web.routing import Context, Handler, Route

STATIC_TYPES = {"css": "text/css", "svg": "image/svg+xml", "ico": "image/x-icon"}


def _site(context: Context) -> Site:
    return Site(context.hub.settings.public_url, context.reader.name, __version__)


def _home(context: Context) -> Response:
    answer = boards.home(context.hub, context.reader)
    return page_reply(pages.render_home(answer, _site(context)))


def _benchmarks(context: Context) -> Response:
    answer = boards.benchmarks(context.hub, context.reader)
    return page_reply(pages.render_benchmarks(answer, _site(context)))


async def _unresolved(context: Context) -> Response:
    answer = await unresolved_of(context)
    return page_reply(pages.render_unresolved(answer, _site(context)))


async def _benchmark(context: Context) -> Response:
    hub, reader = context.hub, context.reader
    board = await board_of(context)
    benchmark = boards.benchmark(hub, reader, context.repo)
    readme = _text(context, "dataset", "README.md")
    spec = _text(context, "dataset", "eval.yaml")
    return page_reply(pages.render_benchmark(board, benchmark, readme, spec, _site(context)))


def _text(context: Context, repo_type: RepoType, path: str) -> str | None:
    """A small text file of main, or None."""
    record = repos.find(context.hub, context.reader, repo_type, context.repo)
    git = context.hub.git.open(record.id)
    main = git.head("refs/heads/main")
    item = git.find(main, path) if main else None
    if item is None or item.kind != "file":
        return None
    return read_limited(git, item.oid).decode(errors="replace")


async def _model(context: Context) -> Response:
    answer = await model_of(context)
    readme = _text(context, "model", "README.md") if not answer.start else None
    return page_reply(pages.render_model(answer, readme, _site(context)))


async def _claim(context: Context) -> Response:
    answer = await claim_of(context)
    return page_reply(pages.render_claim(answer, _site(context)))


def _discussion(repo_type: RepoType) -> Handler:
    async def discussion(context: Context) -> Response:
        answer = await discussion_of(context, repo_type)
        return page_reply(pages.render_discussion(answer, _site(context)))

    return discussion


def _discussions(repo_type: RepoType) -> Handler:
    def discussions(context: Context) -> Response:
        answer = listing_of(context, repo_type)
        return page_reply(pages.render_discussions(answer, _site(context)))

    return discussions


def _run(context: Context) -> Response:
    """The record as a page for browsers, as JSON for everybody else."""
    answer = models.run(context.hub, context.reader, context.params["sha256"])
    if "text/html" in context.request.headers.get("accept", ""):
        return page_reply(pages.render_run(answer, _site(context)))
    return json_reply(answer)


async def _dataset_home(context: Context) -> Response:
    """A dataset's page is its benchmark; a task by name is sent to its board."""
    asked = context.query("task")
    if asked:
        return RedirectResponse(links.task(context.repo, asked), status_code=307)
    return await _benchmark(context)


def _static(context: Context) -> Response:
    name = context.params["file"]
    kind = STATIC_TYPES.get(name.rpartition(".")[2])
    file = files("assay.web").joinpath("static", name)
    if kind is None or "/" in name or name.startswith(".") or not file.is_file():
        raise EntryNotFoundError(f"no static file '{name}'")
    body = file.read_bytes()
    headers = {**COMMON_HEADERS, "ETag": etag_of(body), "Cache-Control": "no-cache"}
    return Response(body, media_type=kind, headers=headers)


def _health(context: Context) -> Response:
    """Whether both stores answer."""
    try:
        context.hub.durable.need_answer()
        context.hub.index.need_answer()
    except AssayError as error:
        return json_reply({"status": "failing", "error": error.message}, status=503)
    return json_reply({"status": "ok", "version": __version__})


def routes() -> list[Route]:
    """The pages. Models have no prefix, so they come last."""
    dataset = "/datasets/{ns}/{name}"
    return [
        Route("GET", "/healthz", _health),
        Route("GET", "/static/{file}", _static),
        Route("GET", "/", _home, cached=True),
        Route("GET", "/benchmarks", _benchmarks, cached=True),
        Route("GET", "/unresolved", _unresolved, cached=True),
        Route("GET", "/claims/{claim}", _claim, cached=True),
        Route("GET", "/runs/{sha256}", _run),
        Route("GET", f"{dataset}/tasks/{{task}}", _benchmark, cached=True),
        Route("GET", f"{dataset}/discussions", _discussions("dataset"), cached=True),
        Route("GET", f"{dataset}/discussions/{{number}}", _discussion("dataset"), cached=True),
        Route("GET", dataset, _dataset_home, cached=True),
        Route("GET", "/{ns}/{name}/discussions", _discussions("model"), cached=True),
        Route("GET", "/{ns}/{name}/discussions/{number}", _discussion("model"), cached=True),
        Route("GET", "/{ns}/{name}", _model, cached=True),
    ]
