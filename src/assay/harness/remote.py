"""Speaking to a hub over HTTP: JSON answers and small files, errors as ours.

Any hub that speaks the Hugging Face routes will do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from assay.errors import (
    AssayError,
    ConflictError,
    EntryNotFoundError,
    ForbiddenError,
    InvalidCredentialsError,
    InvalidError,
    NotFoundError,
    RepoNotFoundError,
    RevisionNotFoundError,
    UnauthenticatedError,
    UnavailableError,
)

MAX_FILE_BYTES = (
    256 * 1024 + 1
)  # one more than a spec may have, so that formats says it is too large
TIMEOUT_S = 30.0
_BY_ERROR_CODE: dict[str, type[AssayError]] = {
    "RepoNotFound": RepoNotFoundError,
    "GatedRepo": ForbiddenError,
    "RevisionNotFound": RevisionNotFoundError,
    "EntryNotFound": EntryNotFoundError,
}
_BY_STATUS: dict[int, type[AssayError]] = {
    401: UnauthenticatedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
}


def fetch_json(
    endpoint: str,
    path: str,
    *,
    token: str | None = None,
    params: Mapping[str, str | int] | None = None,
) -> Any:
    """The JSON answer to `GET {endpoint}{path}`.

    Raises:
        AssayError: The hub cannot be reached, refuses, or answers something else than JSON.
    """
    try:
        response = httpx.get(
            f"{endpoint}{path}",
            params=params,
            headers=_headers(token),
            timeout=TIMEOUT_S,
            follow_redirects=True,
        )
    except httpx.HTTPError as error:
        raise unreachable(endpoint, error) from error
    return _json_of(response, f"{endpoint}{path}")


def send_json(endpoint: str, path: str, body: Any, *, token: str) -> Any:
    """The JSON answer to `POST {endpoint}{path}`.

    Raises:
        AssayError: The hub cannot be reached, refuses, or answers something else than JSON.
    """
    try:
        response = httpx.post(
            f"{endpoint}{path}", json=body, headers=_headers(token), timeout=TIMEOUT_S
        )
    except httpx.HTTPError as error:
        raise unreachable(endpoint, error) from error
    return _json_of(response, f"{endpoint}{path}")


def _json_of(response: httpx.Response, url: str) -> Any:
    raise_for_status(response)
    try:
        return response.json()
    except ValueError as error:
        raise UnavailableError(
            f"{url} did not answer JSON", hint="is there an Assay hub at this address?"
        ) from error


def fetch_file(
    endpoint: str, repo: str, path: str, *, revision: str, token: str | None = None
) -> bytes:
    """A file of a dataset repository, cut off after `MAX_FILE_BYTES`.

    Raises:
        EntryNotFoundError: The revision has no such file.
        AssayError: The hub cannot be reached or refuses.
    """
    url = f"{endpoint}/datasets/{repo}/resolve/{quote(revision, safe='')}/{quote(path)}"
    body = bytearray()
    try:
        with httpx.stream(
            "GET", url, headers=_headers(token), timeout=TIMEOUT_S, follow_redirects=True
        ) as response:
            if response.is_error:
                response.read()
            raise_for_status(response)
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) >= MAX_FILE_BYTES:
                    break
    except httpx.HTTPError as error:
        raise unreachable(endpoint, error) from error
    return bytes(body[:MAX_FILE_BYTES])


def raise_for_status(response: httpx.Response) -> None:
    """Raise what a refusal means; do nothing for a success."""
    if not response.is_success:
        raise error_for(
            response.status_code, response.headers, response.content, str(response.request.url)
        )


def error_for(status: int, headers: Mapping[str, str], body: bytes, url: str) -> AssayError:
    """What a refusal means, with the hub's own sentence and hint."""
    message, hint = _said(status, headers, body)
    kind = _BY_ERROR_CODE.get(headers.get("X-Error-Code", ""))
    if "Invalid credentials" in headers.get("X-Error-Message", ""):
        kind = InvalidCredentialsError
    if kind is None:
        server_fault = status >= httpx.codes.INTERNAL_SERVER_ERROR
        kind = _BY_STATUS.get(status, UnavailableError if server_fault else InvalidError)
    return kind(f"{url}: {message}", hint=hint)


def unreachable(endpoint: str, error: Exception) -> UnavailableError:
    """The error for a hub that does not answer."""
    return UnavailableError(
        f"no answer from {endpoint}: {error}",
        hint="start a hub with `assay serve`, or name one with --endpoint or $ASSAY_ENDPOINT",
    )


def _said(status: int, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """The sentence and the hint in a refusal's body, or its header or status in their place."""
    fallback = headers.get("X-Error-Message") or f"HTTP {status}"
    try:
        said = json.loads(body)
    except ValueError:
        return fallback, ""
    if not isinstance(said, dict):
        return fallback, ""
    return str(said.get("error") or fallback), str(said.get("hint") or "")


def _headers(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
