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
    except ValueError as error:
        raise InvalidError(
            f"'{written[:40]}' is no time; expected a date such as 2026-01-31, or a time such as "
            "2026-01-31T12:00:00Z"
        ) from error
    moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    if _DATE.fullmatch(written):
        moment += timedelta(days=1) - timedelta(milliseconds=1)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
