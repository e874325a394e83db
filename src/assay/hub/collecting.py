"""How often Python looks for what only refers to itself.

It looks after every 700 new objects that stay, and now and then at all that there are: half a
million in a hub that serves, for which everybody waits 60 to 90 ms. An indexing, which makes very
many objects and hardly a cycle, spends a fifth of its time on that.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Objects until the youngest are looked at, such rounds until the older ones are, and those until
# all are.
SELDOM = (10_000, 20, 100)


def collect_seldom() -> None:
    """Look seldom from now on, and never again at what is there already: a process begins."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Look seldom until the block ends."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
