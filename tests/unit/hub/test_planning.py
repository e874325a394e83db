"""What databases know of their own tables: without it they read all about a task to find a model's.

That a plan is good is a benchmark's to say (`at_size.py`); that there is something to plan with is
said here, for each time at which it is to be counted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.unit.hub.claims_hub import FILE, claims_hub, entry

from assay.hub import indexing
from assay.hub.open import Hub

COUNTED = sa.text("SELECT count(*) FROM sqlite_stat1 WHERE tbl = :of")


@pytest.mark.parametrize("act", [indexing.sweep, indexing.heal])
def test_both_stores_are_counted(tmp_path: Path, act: Callable[[Hub], None]) -> None:
    with claims_hub(tmp_path) as told:
        told.land(told.make("ada/one"), {FILE: entry(1)})
        act(told.hub)
        with told.hub.index.read() as db:
            assert db.execute(COUNTED, {"of": "claim"}).scalar()
        with told.hub.durable.read() as db:
            assert db.execute(COUNTED, {"of": "push"}).scalar()


def test_so_is_an_index_that_was_built(tmp_path: Path) -> None:
    with claims_hub(tmp_path) as told:
        told.land(told.make("ada/one"), {FILE: entry(1)})
        indexing.rebuild(told.hub, workers=1)
        with told.hub.index.read() as db:
            assert db.execute(COUNTED, {"of": "claim"}).scalar()
