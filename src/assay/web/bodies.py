"""Bodies of requests that are too large to hold."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request

from assay.errors import InvalidError

BLOCK_BYTES = 256 * 1024
# How much of a refused body is read and thrown away, so that its sender reads the answer.
DRAINED_BYTES = 64 * 1024 * 1024


class Body:
    """The body of a request, to be read once."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._ended = False

    async def blocks(self) -> AsyncIterator[bytes]:
        """The body in blocks that are worth a change of thread.

        Raises:
            InvalidError: The client hung up.
        """
        held = bytearray()
        while not self._ended:
            held += await self._chunk()
            if len(held) >= BLOCK_BYTES:
                yield bytes(held)
                held.clear()
        if held:
            yield bytes(held)

    async def drain(self) -> None:
        """Read what is left of a body that was refused, up to a bound.

        A client that is still sending when its connection closes reports a broken pipe, not why.
        """
        read_bytes = 0
        try:
            while not self._ended and read_bytes < DRAINED_BYTES:
                read_bytes += len(await self._chunk())
        except InvalidError:
            return

    async def _chunk(self) -> bytes:
        message = await self._request.receive()
        if message["type"] == "http.disconnect":
            self._ended = True
            raise InvalidError("the client hung up before it had sent everything")
        self._ended = not message.get("more_body", False)
        return bytes(message.get("body", b""))
