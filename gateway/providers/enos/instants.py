"""Points in time as EnOS writes them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS: Final = re.compile(r"[+-]?[0-9]{1,18}")
_SECONDS_BELOW: Final = 10**11  # as milliseconds that is March 1973, as seconds the year 5138


def instant(value: object) -> datetime | None:
    """Epoch milliseconds, as number or digits, or ISO text with an offset, as aware UTC.

    None for anything else: a time that cannot be read is a time that is not known.
    Source: EnOS API guide, timestamps in results are epoch milliseconds, UTC.
    """
    epoch_ms = _whole(value)
    if epoch_ms is not None:
        return _of_epoch_ms(epoch_ms)
    return _of_iso(value) if isinstance(value, str) else None


def schedule_instant(value: object) -> datetime | None:
    """Like `instant`, but a number too small for milliseconds is taken as seconds.

    The unit of a schedule's times is not documented; the vendor's samples send milliseconds.
    """
    epoch = _whole(value)
    if epoch is not None and abs(epoch) < _SECONDS_BELOW:
        return _of_epoch_ms(epoch * 1000)
    return instant(value)


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        return int(value)
    return None


def _of_epoch_ms(epoch_ms: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=epoch_ms)
    except OverflowError:
        return None


def _of_iso(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text.strip())
        return None if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
