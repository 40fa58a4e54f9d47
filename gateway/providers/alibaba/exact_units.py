"""The domain's units as the cloud's, exactly or not at all: nothing is ever rounded.

Where a value cannot be had exactly, the nearest ones that can are named.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_SECOND: Final = timedelta(seconds=1)
_SECONDS_A_MINUTE: Final = 60
_PERCENT_STEP: Final = Decimal("0.001")
_WHOLE: Final = 100


def to_minutes(seconds: int) -> int | None:
    """Whole minutes, None if `seconds` are not."""
    minutes, rest = divmod(seconds, _SECONDS_A_MINUTE)
    return minutes if rest == 0 else None


def nearest_minutes(seconds: int, *, shortest_s: int, longest_s: int) -> tuple[int, ...]:
    """The whole minutes next to `seconds` within the range, in seconds; one or two of them."""
    below = seconds // _SECONDS_A_MINUTE * _SECONDS_A_MINUTE
    above = -(-seconds // _SECONDS_A_MINUTE) * _SECONDS_A_MINUTE
    return tuple(dict.fromkeys(min(max(value, shortest_s), longest_s) for value in (below, above)))


def neighbours(value: int, allowed: Sequence[int]) -> tuple[int, ...]:
    """The members of `allowed` (ascending) next to `value`, below and above it."""
    below = [item for item in allowed if item <= value][-1:]
    above = [item for item in allowed if item >= value][:1]
    return (*below, *above)


def to_epoch_ms(moment: datetime) -> int | None:
    """Milliseconds since 1970 of an aware `moment`; None if it is finer than that."""
    whole, rest = divmod(moment - _EPOCH, _MILLISECOND)
    return None if rest else whole


def whole_second(moment: datetime, *, up: bool) -> str:
    """The whole second at `moment` or next to it, above or below, as RFC 3339."""
    count, rest = divmod(moment - _EPOCH, _SECOND)
    rounded = _EPOCH + (count + (1 if up and rest else 0)) * _SECOND
    return rounded.strftime("%Y-%m-%dT%H:%M:%SZ")


def to_percent_text(percent: float) -> str | None:
    """A percentage above 0, up to 100, in at most three decimals; None for any other number."""
    number = Decimal(repr(percent))
    fits = number.is_finite() and 0 < number <= _WHOLE and number == number.quantize(_PERCENT_STEP)
    return format(number.normalize(), "f") if fits else None


def nearest_percents(percent: float) -> tuple[str, ...]:
    """The percentages next to `percent` that the cloud can hold; none for what is no number."""
    number = Decimal(repr(percent))
    if not number.is_finite():
        return ()
    inside = min(max(number, _PERCENT_STEP), Decimal(_WHOLE))
    both = (inside.quantize(_PERCENT_STEP, rounding=way) for way in (ROUND_FLOOR, ROUND_CEILING))
    return tuple(dict.fromkeys(format(value.normalize(), "f") for value in both))
