"""Python's garbage collection: seldom while an index is built, as before when that is over."""

from __future__ import annotations

import gc

import pytest

from assay.hub.collecting import SELDOM, collecting_seldom


def test_it_is_as_before_however_the_block_ends() -> None:
    before = gc.get_threshold()
    assert before != SELDOM
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert gc.get_threshold() == before


def interrupted() -> None:
    with collecting_seldom():
        assert gc.get_threshold() == SELDOM
        raise KeyboardInterrupt
