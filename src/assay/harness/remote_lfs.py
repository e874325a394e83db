"""Large files of another hub or git server, by the API of git-lfs.

1. Objects are asked for some at a time, since the links in the answer are good for a while only.
2. Whoever asks is a stranger first. The token is shown when a stranger is refused, and to nobody
   but the server that was named: links carry their own permission.
3. A file is whole, and is what its digest says, before it gets its name.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin

import httpx

from assay.errors import UnavailableError
from assay.formats.lfs_pointer import Pointer
from assay.harness.remote import error_for

ASKED_AT_ONCE = 20
AT_ONCE = 4
TRIES = 3
PAUSE_S = 1.0
TIMEOUT_S = 60.0
JSON_TYPE = "application/vnd.git-lfs+json"
REFUSED = frozenset({401, 403, 404})
GONE = frozenset({404, 410})
WITHOUT_LFS = GONE | {405, 501}


class RemoteObjects:
    """The large files behind one address. Use as a context manager.

    Args:
        address: Of the LFS API: `https://HOST/NAME.git/info/lfs`.
        token: Shown when a stranger is refused; None to stay a stranger.
    """

    def __init__(self, address: str, token: str | None) -> None:
        self._address = address
        self._token = token
        self._http = httpx.Client(timeout=TIMEOUT_S, follow_redirects=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def fetch(
        self, wanted: Sequence[Pointer], folder: Path, on_bytes: Callable[[int], None]
    ) -> list[Pointer]:
        """Bring objects into a folder, each under its sha256.

        Args:
            wanted: The objects; those that are in the folder already are left out by the caller.
            folder: Where they go.
            on_bytes: Told how many bytes have come, again and again, from several threads.

        Returns:
            Those that the server does not have.

        Raises:
            AssayError: The server does not answer, refuses, or sends something else.
        """
        missing: list[Pointer] = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(wanted), ASKED_AT_ONCE):
                asked = wanted[start : start + ASKED_AT_ONCE]
                links = self._ask(asked)
                missing += [pointer for pointer in asked if pointer.oid not in links]
                here = [pointer for pointer in asked if pointer.oid in links]
                done = [
                    (
                        pointer,
                        pool.submit(self._take, pointer, links[pointer.oid], folder, on_bytes),
                    )
                    for pointer in here
                ]
                try:
                    missing += [pointer for pointer, future in done if not future.result()]
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
        return missing

    def _ask(self, asked: Sequence[Pointer]) -> dict[str, httpx.Request]:
        """The request for every object that the server has (rules 1 and 2)."""
        url = f"{self._address}/objects/batch"
        body = {
            "operation": "download",
            "transfers": ["basic"],
            "objects": [{"oid": item.oid, "size": item.size_bytes} for item in asked],
        }
        headers = {"Accept": JSON_TYPE, "Content-Type": JSON_TYPE}
        answer = self._post(url, body, headers)
        if answer.status_code in REFUSED and self._token is not None:
            shown = base64.b64encode(f"hub:{self._token}".encode()).decode()
            answer = self._post(url, body, {**headers, "Authorization": f"Basic {shown}"})
        if answer.status_code in WITHOUT_LFS:
            return {}
        if not answer.is_success:
            raise error_for(answer.status_code, answer.headers, answer.content, url)
        try:
            return {
                item["oid"]: _link(self._address, item["actions"]["download"])
                for item in answer.json()["objects"]
                if "error" not in item and "actions" in item
            }
        except (ValueError, KeyError, TypeError, AttributeError, httpx.InvalidURL) as error:
            raise UnavailableError(f"{url}: the answer is none of git-lfs") from error

    def _post(self, url: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        try:
            return self._http.post(url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise UnavailableError(f"{url}: no answer: {error}") from error

    def _take(
        self,
        pointer: Pointer,
        link: httpx.Request,
        folder: Path,
        on_bytes: Callable[[int], None],
    ) -> bool:
        """Bring one object (rule 3); False when there is nothing behind its link."""
        part = folder / f"{pointer.oid}.part"
        for attempt in range(TRIES):
            try:
                with self._http.stream("GET", link.url, headers=link.headers) as answer:
                    if answer.status_code in GONE:
                        return False
                    if not answer.is_success:
                        answer.read()
                        where = f"{self._address}: {pointer.oid}"
                        raise error_for(answer.status_code, answer.headers, answer.content, where)
                    write_object(answer.iter_bytes(), pointer, part, on_bytes)
                    break
            except httpx.HTTPError as error:
                if attempt == TRIES - 1:
                    raise UnavailableError(
                        f"{self._address}: the large file {pointer.oid} broke off: {error}",
                        hint="run the same command again: what has come is kept",
                    ) from error
                time.sleep(PAUSE_S * 2**attempt)
        part.rename(folder / pointer.oid)
        return True


def _link(address: str, action: dict[str, Any]) -> httpx.Request:
    """What a server says is to be asked for: an address of the web, and headers in ASCII."""
    url = httpx.URL(urljoin(address, action["href"]))
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(url)
    return httpx.Request("GET", url, headers=dict(action.get("header") or {}))


def write_object(
    blocks: Iterator[bytes], pointer: Pointer, target: Path, on_bytes: Callable[[int], None]
) -> None:
    """Write an object to a file and hold it against its pointer.

    Raises:
        UnavailableError: It is something else.
    """
    digest, size_bytes = hashlib.sha256(), 0
    with target.open("wb") as file:
        for block in blocks:
            size_bytes += len(block)
            if size_bytes > pointer.size_bytes:
                break
            digest.update(block)
            file.write(block)
            on_bytes(len(block))
    if (digest.hexdigest(), size_bytes) != (pointer.oid, pointer.size_bytes):
        target.unlink()
        raise UnavailableError(
            f"a large file is not what was promised: got {size_bytes} bytes with sha256 "
            f"{digest.hexdigest()}, expected {pointer.size_bytes} bytes with {pointer.oid}"
        )
