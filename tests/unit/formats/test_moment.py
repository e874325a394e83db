"""Times as people write them."""

from __future__ import annotations

import pytest

from assay.errors import InvalidError
from assay.formats.moment import end_of


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("2026-01-31", "2026-01-31T23:59:59.999Z"),
        ("2026-01-31T12:00", "2026-01-31T12:00:00.000Z"),
        ("2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500Z"),
        ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00.000Z"),
    ],
)
def test_a_time_is_written_as_the_hub_writes_it(written: str, end: str) -> None:
    assert end_of(written) == end


@pytest.mark.parametrize("written", ["", "yesterday", "2026-13-01", "31.1.2026", "9" * 99])
def test_what_is_no_time_is_said(written: str) -> None:
    with pytest.raises(InvalidError, match="expected a date such as"):
        end_of(written)


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_times_beyond_all_calendars_are_said(written: str) -> None:
    with pytest.raises(InvalidError):
        end_of(written)
