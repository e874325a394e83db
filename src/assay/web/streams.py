"""Answers that are sent in pieces: what git says, and files too large to hold."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PIECE_BYTES = 512 * 1024


class Stream(Response):
    """Sends chunks as they come.

    Starlette's own streaming response listens for a disconnect meanwhile, and so would swallow the
    rest of a request's body that git is waiting for.
    """

    def __init__(
        self, chunks: AsyncIterator[bytes], *, headers: dict[str, str], status: int = 200
    ) -> None:
        super().__init__(headers=headers, status_code=status)
        if "content-length" not in {name.lower() for name in headers}:
            del self.headers["content-length"]
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the head, then each chunk."""
        start = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        await send(start)
        async for chunk in self._chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class FileStream(Stream):
    """Sends part of a file; stops reading when the client is gone. The request has no body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end, or until nobody listens."""
        sending = asyncio.create_task(super().__call__(scope, receive, send))
        waiting = asyncio.create_task(_wait_until_gone(receive))
        try:
            await asyncio.wait({sending, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waiting, sending):
                if not task.done():
                    task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
            await asyncio.gather(waiting, return_exceptions=True)


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def file_pieces(open_file: Callable[[], BinaryIO], size_bytes: int) -> AsyncIterator[bytes]:
    """So many bytes of a file, from where it was opened; read in threads."""
    file = await asyncio.to_thread(open_file)
    try:
        while size_bytes > 0:
            piece = await asyncio.to_thread(file.read, min(PIECE_BYTES, size_bytes))
            if not piece:
                raise OSError("a file is shorter than it was")
            size_bytes -= len(piece)
            yield piece
    finally:
        file.close()
