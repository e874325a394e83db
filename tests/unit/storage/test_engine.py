from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import UnavailableError
from assay.storage.database.engine import SqliteDatabase


def test_a_database_that_can_be_read_answers(tmp_path: Path) -> None:
    SqliteDatabase(tmp_path / "new.sqlite", durability="NORMAL").need_answer()


def test_one_that_cannot_is_an_error_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "spoilt.sqlite"
    path.write_bytes(b"this is no database\n" * 100)
    with pytest.raises(UnavailableError, match=r"spoilt\.sqlite"):
        SqliteDatabase(path, durability="NORMAL").need_answer()
