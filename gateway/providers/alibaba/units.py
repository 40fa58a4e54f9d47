"""The cloud's units as the domain's: times, durations, percentages."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS: Final = re.compile(r"-?[0-9]{5,18}")
_MAX_SECONDS: Final = 2**31 - 1
_SECONDS_A_MINUTE: Final = 60
_WHOLE: Final = 100


def to_time(text: str | None) -> datetime | None:
    """ISO text (`2019-12-28T02:43:10.000Z`) or epoch milliseconds as aware UTC.

    The cloud's times are UTC, so text without an offset is too. None for what cannot be read.
    """
    if text is None:
        return None
    try:
        if _MILLISECONDS.fullmatch(text):
            return _EPOCH + timedelta(milliseconds=int(text))
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def to_seconds(minutes: float | None) -> int | None:
    """Minutes as whole seconds; 0 stays 0. None for no value, or one no duration can have."""
    if minutes is None or not 0 <= minutes * _SECONDS_A_MINUTE <= _MAX_SECONDS:
        return None
    return round(minutes * _SECONDS_A_MINUTE)


def to_percent(number: float | None) -> float | None:
    """A percentage from 0 to 100; None for anything outside."""
    return number if number is not None and 0 <= number <= _WHOLE else None
