"""Answers kept as bytes, so that what many ask for is put together once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from assay.hub.open import Hub
from assay.storage.database.index_store import Generation

# Dropped at the first change of the index, or when they grow beyond this.
MAX_KEPT_BYTES = 16 * 1024 * 1024
# Of answers that are kept beyond that, because they are as they were.
MAX_DRESSED_BYTES = 8 * 1024 * 1024

# A path as it was sent, and its query.
Key = tuple[bytes, bytes]


class Kept:
    """Answers to strangers, kept until the index changes."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._generation: Generation | None = None
        self._answers: dict[Key, Response] = {}
        self._size_bytes = 0

    def find(self, key: Key) -> tuple[Response | None, Generation]:
        """The kept answer, if nothing has changed since; and the index as it is, for `keep`."""
        generation = self._hub.index.generation()
        if generation != self._generation or self._size_bytes > MAX_KEPT_BYTES:
            self._generation, self._answers, self._size_bytes = generation, {}, 0
        return self._answers.get(key), generation

    def keep(self, key: Key, answer: Response, generation: Generation) -> None:
        """Keep an answer that was computed after `find` gave the generation.

        Not if others have seen a later one: an answer made in a thread may be older than that.
        """
        if generation == self._generation:
            self._answers[key] = answer
            self._size_bytes += len(answer.body) + sum(map(len, key))


class Dressed:
    """Answer objects as replies, for as long as the hub gives the very same object.

    The hub keeps pages of boards while their boards stay as they are (`hub.board_pages`), also when
    something else in the index has changed.
    """

    def __init__(self) -> None:
        self._replies: OrderedDict[int, tuple[Any, Response]] = OrderedDict()
        self._size_bytes = 0

    def reply(self, answer: Any, dress: Callable[[Any], Response]) -> Response:
        """The reply to a stranger that `dress` makes of an answer; always the same `dress`."""
        found = self._replies.get(id(answer))
        if found is not None and found[0] is answer:
            self._replies.move_to_end(id(answer))
            return found[1]
        made = dress(answer)
        self._replies[id(answer)] = answer, made  # which holds on to the answer, and so to its id
        self._size_bytes += len(made.body)
        while self._size_bytes > MAX_DRESSED_BYTES and len(self._replies) > 1:
            _, (_, dropped) = self._replies.popitem(last=False)
            self._size_bytes -= len(dropped.body)
        return made
