"""The `Retry-After` header (RFC 9110 section 10.2.3), as far as it can be believed."""

import math
from datetime import datetime
from typing import Final

from gateway.transport.http_date import http_date

LONGEST_RETRY_AFTER_S: Final = 3600.0


def believable_s(seconds: float | None) -> float | None:
    """`seconds` between 0 and an hour; None if it is None, negative or no number."""
    if seconds is None or math.isnan(seconds) or seconds < 0:
        return None
    return min(seconds, LONGEST_RETRY_AFTER_S)


def retry_after_s(value: str | None, *, now: datetime) -> float | None:
    """Seconds that a `Retry-After` of `value` asks to wait, at most an hour.

    `value` is a number of seconds or an HTTP date, which `now` (aware) is taken from; a date in the
    past gives 0. None if the header is absent or makes no sense.
    """
    if value is None:
        return None
    try:
        return believable_s(float(value))
    except ValueError:
        pass
    moment = http_date(value)
    if moment is None:
        return None
    return believable_s(max(0.0, (moment - now).total_seconds()))
