"""Answers kept as bytes: never one that is older than the index which others have seen."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response
from tests.unit.hub.claims_hub import claims_hub

from assay.web.kept import Kept

BOARD = (b"/board", b"as_of=now")


def test_an_answer_that_took_longer_than_a_change_is_not_kept(tmp_path: Path) -> None:
    with claims_hub(tmp_path) as told:
        kept, slow = Kept(told.hub), Response("as it was")
        found, before = kept.find(BOARD)
        assert found is None
        told.make("ada/new")
        assert kept.find((b"/other", b""))[1] != before
        kept.keep(BOARD, slow, before)
        found, now = kept.find(BOARD)
        assert found is None
        kept.keep(BOARD, slow, now)
        assert kept.find(BOARD) == (slow, now)
