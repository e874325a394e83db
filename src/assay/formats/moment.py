"""Times as people write them and as the hub does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from assay.errors import InvalidError

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def end_of(written: str) -> str:
    """The last moment that a date or time names, as the hub writes times: `…T23:59:59.999Z`.

    A date is the whole day in UTC; a time without a zone is one of UTC.

    Raises:
        InvalidError: It is neither.
    """
    try:
        moment = datetime.fromisoformat(written)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidError(
            f"'{written[:40]}' is no time; expected a date such as 2026-01-31, or a time such as "
            "2026-01-31T12:00:00Z"
        ) from error
    if _DATE.fullmatch(written):
        moment += timedelta(hours=23, minutes=59, seconds=59, milliseconds=999)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
