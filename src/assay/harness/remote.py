"""Reading from a hub over HTTP: JSON answers and small files, errors as ours.

Any hub that speaks the Hugging Face routes will do.
"""

from __future__ import annotations

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
    raise_for_status(response)
    try:
        return response.json()
    except ValueError as error:
        raise UnavailableError(
            f"{endpoint}{path} did not answer JSON", hint="is there an Assay hub at this address?"
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
    """Turn a refusal into the error it means, with the hub's own sentence and hint."""
    if response.is_success:
        return
    message, hint = _said(response)
    kind = _BY_ERROR_CODE.get(response.headers.get("X-Error-Code", ""))
    if "Invalid credentials" in response.headers.get("X-Error-Message", ""):
        kind = InvalidCredentialsError
    if kind is None:
        server_fault = response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
        kind = UnavailableError if server_fault else InvalidError
        kind = _BY_STATUS.get(response.status_code, kind)
    raise kind(f"{response.request.url}: {message}", hint=hint)


def unreachable(endpoint: str, error: Exception) -> UnavailableError:
    """The error for a hub that does not answer."""
    return UnavailableError(
        f"No answer from {endpoint}: {error}",
        hint="start a hub with `assay serve`, or name one with --endpoint or $ASSAY_ENDPOINT",
    )


def _said(response: httpx.Response) -> tuple[str, str]:
    """The sentence and the hint in a refusal's body, or its header or status in their place."""
    fallback = response.headers.get("X-Error-Message") or f"HTTP {response.status_code}"
    try:
        body = response.json()
    except ValueError:
        return fallback, ""
    if not isinstance(body, dict):
        return fallback, ""
    return str(body.get("error") or fallback), str(body.get("hint") or "")


def _headers(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
