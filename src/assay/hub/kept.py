"""Answers that are kept while what they were read from is as it was."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Kept:
    """What was used last, up to a weight in all.

    A key must name whatever the value follows from, a board's generation for one: nothing is ever
    told to forget. What was asked for under a key that is no more falls out in its turn.

    Args:
        most: The weight of all that is kept; each value says its own.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T], weigh: Callable[[T], int]) -> T:
        """The value of a key, made if it is not kept. Two threads may both make it."""
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
                value: T = found[0]
                return value
        value = make()
        self._keep(key, value, weigh(value))
        return value

    def _keep(self, key: Hashable, value: object, weight: int) -> None:
        with self._lock:
            replaced = self._values.pop(key, None)
            self._weight += weight - (replaced[1] if replaced is not None else 0)
            self._values[key] = value, weight
            while self._weight > self._most:
                _, (_, least) = self._values.popitem(last=False)
                self._weight -= least
