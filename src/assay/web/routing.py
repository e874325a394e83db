"""Which handler answers a path: one table, matched on the path as sent.

Revisions and task ids arrive percent-encoded as one segment (`refs%2Fpr%2F1`), which a router that
decodes first would tear apart. So the raw path is split on `/`, and then each segment is decoded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from assay.core.permission import Reader
from assay.errors import InvalidError
from assay.hub.open import Hub
from assay.hub.repos import RepoType
from assay.storage.git_wire import HookListener
from assay.web.kept import Dressed

MAX_PAGE_DIGITS = 9


@dataclass(frozen=True)
class Context:
    """What a handler is given: the hub, the request, who asks, and the decoded path parameters."""

    hub: Hub
    request: Request
    reader: Reader
    params: Mapping[str, str]
    hooks: HookListener
    dressed: Dressed

    @property
    def repo(self) -> str:
        """`ns/name` from the path; a trailing `.git` is not part of the name."""
        return f"{self.params['ns']}/{self.params['name'].removesuffix('.git')}"

    def query(self, name: str, default: str = "") -> str:
        """One query parameter."""
        return self.request.query_params.get(name, default)

    def page(self) -> int:
        """The page asked for by `?p=`, counted from 0.

        Raises:
            InvalidError: It is no such number.
        """
        asked = self.query("p", "0")
        if not asked.isascii() or not asked.isdigit() or len(asked) > MAX_PAGE_DIGITS:
            raise InvalidError(f"p={asked} is not a page; expected a number from 0")
        return int(asked)


Handler = Callable[[Context], Response | Awaitable[Response]]


@dataclass(frozen=True)
class Route:
    """One line of the table.

    Attributes:
        method: GET (which HEAD shares), POST, PUT or DELETE.
        pattern: Segments; `{name}` takes one, `{name*}` at the end takes the rest.
        handler: What answers. A plain function runs in the event loop: it must be quick.
        summary: One line for the OpenAPI document; empty for routes that are not part of it.
        answer: Type of the JSON answer, for the OpenAPI document.
        cached: Whether a stranger's answer may be kept until the index changes.
        serves_old_names: Whether a repository's old name is answered for here and now. By default
            GET sends its client to the new one.
        changes: Whether a token of scope read is refused. By default every method but GET.
    """

    method: str
    pattern: str
    handler: Handler
    summary: str = ""
    answer: Any = None
    cached: bool = False
    changes: bool | None = None
    serves_old_names: bool = False

    @property
    def repo_type(self) -> RepoType | None:
        """Of which type the repository is that `{ns}/{name}` names; None without them."""
        if "{ns}/{name}" not in self.pattern:
            return None
        of_datasets = ("datasets/", "api/datasets/", "api/v1/benchmarks/", "api/v1/boards/")
        return "dataset" if self.pattern.strip("/").startswith(of_datasets) else "model"

    @property
    def may_change(self) -> bool:
        """Whether calling it may change anything."""
        return self.method != "GET" if self.changes is None else self.changes

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The pattern's segments."""
        return tuple(self.pattern.strip("/").split("/"))

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """The parameters if the path fits, else None."""
        pattern = self.segments
        takes_rest = pattern[-1].endswith("*}")
        if len(segments) < len(pattern) or (len(segments) > len(pattern) and not takes_rest):
            return None
        found = {}
        for position, part in enumerate(pattern):
            if part.endswith("*}"):
                found[part[1:-2]] = "/".join(segments[position:])
            elif part.startswith("{"):
                found[part[1:-1]] = segments[position]
            elif part != segments[position]:
                return None
        return found


def path_segments(scope: Mapping[str, Any]) -> list[str]:
    """The decoded segments of a request's raw path."""
    raw = scope.get("raw_path") or scope["path"].encode()
    text = raw.partition(b"?")[0].decode("ascii", "replace")
    return [unquote(segment, errors="replace") for segment in text.strip("/").split("/")]


def moved_path(scope: Mapping[str, Any], route: Route, name: tuple[str, str]) -> str:
    """The path and query of a request with another repository's name, all else as it was sent."""
    raw = scope.get("raw_path") or scope["path"].encode()
    segments = raw.partition(b"?")[0].decode("ascii", "replace").strip("/").split("/")
    segments[route.segments.index("{ns}")] = quote(name[0], safe="")
    segments[route.segments.index("{name}")] = quote(name[1], safe="")
    query = scope.get("query_string", b"").decode("ascii", "replace")
    return "/" + "/".join(segments) + (f"?{query}" if query else "")


def is_single_name(routes: Sequence[Route], segments: Sequence[str]) -> bool:
    """Whether the path would fit if a namespace stood before one of its segments."""
    places = [[*segments[:place], "-", *segments[place:]] for place in range(min(3, len(segments)))]
    return any((route.match(tried) or {}).get("ns") == "-" for tried in places for route in routes)


def find_route(
    routes: Sequence[Route], method: str, segments: Sequence[str]
) -> tuple[Route | None, dict[str, str], bool]:
    """The first route that fits, its parameters, and whether only the method was wrong."""
    wanted = "GET" if method == "HEAD" else method
    other_method = False
    for route in routes:
        params = route.match(segments)
        if params is None:
            continue
        if route.method == wanted:
            return route, params, False
        other_method = True
    return None, {}, other_method
