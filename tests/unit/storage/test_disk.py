"""Telling a full disk from other errors."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import sqlalchemy as sa

from assay.errors import NoRoomError, UnavailableError
from assay.storage.database.engine import SqliteDatabase
from assay.storage.disk import find_no_room


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_found_behind_what_was_raised_from_it(number: int) -> None:
    error = UnavailableError("a file could not be written")
    error.__cause__ = OSError(number, "said by the system")
    found = find_no_room(error)
    assert isinstance(found, NoRoomError)
    assert "make room" in found.hint


def test_other_errors_and_errors_in_a_circle_are_not_taken_for_one() -> None:
    one, other = ValueError("x"), OSError(errno.EACCES, "no")
    one.__cause__, other.__cause__ = other, one
    assert find_no_room(one) is None


def test_another_error_of_the_database_is_raised_as_it_is(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "d.sqlite", durability="NORMAL")
    with pytest.raises(sa.exc.OperationalError) as caught, database.write() as db:
        db.exec_driver_sql("SELECT * FROM nothing")
    assert caught.value.__cause__ is not caught.value
    database.close()
