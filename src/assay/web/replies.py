"""How answers and errors look over HTTP. The only place that knows statuses.

Every error carries a JSON body (`error`, `code`, `hint`, `findings`), `X-Error-Code` as the public
hub's clients know it, and `X-Error-Message`, for a HEAD has no body.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import msgspec
from starlette.responses import Response

from assay import errors
from assay.errors import AssayError

# The first family that fits. Clients of the public hub read their own words in X-Error-Code.
_STATUS: tuple[tuple[type[AssayError], int, str], ...] = (
    (errors.RepoNotFoundError, 404, "RepoNotFound"),
    (errors.RevisionNotFoundError, 404, "RevisionNotFound"),
    (errors.EntryNotFoundError, 404, "EntryNotFound"),
    (errors.NotFoundError, 404, ""),
    (errors.GatedSignInError, 401, "GatedRepo"),
    (errors.GatedError, 403, "GatedRepo"),
    (errors.UnauthenticatedError, 401, ""),
    (errors.ForbiddenError, 403, ""),
    (errors.StaleRefError, 412, ""),
    (errors.ConflictError, 409, ""),
    (errors.BadPathError, 422, ""),
    (errors.InvalidError, 400, ""),
    (errors.NoRoomError, 507, ""),
    (errors.UnavailableError, 503, ""),
)

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# Anybody may frame it, so it can do nothing but be read and lead elsewhere.
EMBED_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors *"
)
# Asks for a name and a password; any token of the account is one.
CHALLENGE = {"WWW-Authenticate": 'Basic realm="assay"'}
RAW_POLICY = "sandbox; default-src 'none'"
# Repository bytes of these types are shown; all others are only ever saved.
SHOWN_TYPES = {
    ".json": "text/plain",
    ".jsonl": "text/plain",
    ".md": "text/plain",
    ".txt": "text/plain",
    ".yaml": "text/plain",
    ".yml": "text/plain",
    ".csv": "text/plain",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def status_of(error: AssayError) -> tuple[int, str]:
    """The status of an error and its word for `X-Error-Code`."""
    for family, status, word in _STATUS:
        if isinstance(error, family):
            return status, word or error.code
    return 500, error.code


def header_text(text: str) -> str:
    """Text that can stand in a header: one line of printable ASCII."""
    return "".join(char if " " <= char <= "~" else "?" for char in text)[:500]


def error_headers(error: AssayError) -> dict[str, str]:
    """The headers that say what went wrong."""
    status, word = status_of(error)
    headers = {"X-Error-Code": word, "X-Error-Message": header_text(error.message)}
    if isinstance(error, errors.InvalidCredentialsError):
        headers["X-Error-Message"] = "Invalid credentials in Authorization header"
    if status == 401:  # noqa: PLR2004 - the status that asks for credentials
        headers |= CHALLENGE
    return headers


def error_reply(error: AssayError) -> Response:
    """An error as JSON."""
    body: dict[str, Any] = {"error": error.message, "code": error.code, "hint": error.hint}
    findings = getattr(error, "findings", None)
    if findings is not None:
        body["findings"] = [asdict(finding) for finding in findings]
    return json_reply(body, status=status_of(error)[0], headers=error_headers(error))


def json_reply(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(
        msgspec.json.encode(value),
        status_code=status,
        media_type="application/json",
        headers={**COMMON_HEADERS, "Content-Security-Policy": RAW_POLICY, **(headers or {})},
    )


def page_reply(html: str, *, status: int = 200, policy: str = PAGE_POLICY) -> Response:
    """A page."""
    headers = {**COMMON_HEADERS, "Content-Security-Policy": policy}
    return Response(html, status_code=status, media_type="text/html", headers=headers)


def etag_of(body: bytes) -> str:
    """A strong validator: the content's own digest."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def raw_headers(path: str) -> dict[str, str]:
    """How a file of a repository is sent: sandboxed, and saved rather than shown."""
    suffix = path[path.rfind(".") :].lower() if "." in path.rpartition("/")[2] else ""
    shown = SHOWN_TYPES.get(suffix)
    kind = f"{shown}; charset=utf-8" if shown == "text/plain" else shown
    return {
        **COMMON_HEADERS,
        "Content-Security-Policy": RAW_POLICY,
        "Content-Type": kind or "application/octet-stream",
        "Content-Disposition": "inline" if shown else "attachment",
    }
