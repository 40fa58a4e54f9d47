"""Scalars: times that always carry their zone, whole numbers beyond 32 bits, vendor objects."""

import re
from datetime import UTC, datetime
from typing import Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

Long = NewType("Long", int)
Json = NewType("Json", object)

_RFC_3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})"
)
_LONG_LIMIT: Final = 2**53


def format_time(value: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: `2020-06-03T08:01:14.788Z`."""
    if value.tzinfo is None:
        message = "a time without a zone must not leave the gateway"
        raise ValueError(message)
    text = value.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def parse_time(value: object) -> datetime:
    """An aware UTC time from RFC 3339 text.

    Raises:
        ValueError: no such text, or one without a zone; graphql-core adds what and where it was.
    """
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        message = "a DateTime is RFC 3339 text with a zone, such as 2026-01-31T08:00:00Z"
        raise ValueError(message)
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = "this DateTime does not exist in the calendar"
        raise ValueError(message) from error


def _parse_long(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LONG_LIMIT:
        message = "a Long is a whole number between -2^53 and 2^53"
        raise ValueError(message)
    return value


SCALARS: Final[dict[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "A point in time: RFC 3339 in UTC with milliseconds, such as "
            "`2020-06-03T08:01:14.788Z`, whatever the cloud sent (EnOS: epoch milliseconds, "
            "Alibaba: ISO text). As input any offset is accepted, but there must be one."
        ),
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=format_time,
        parse_value=parse_time,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number up to 2^53, exact in JavaScript too.",
        serialize=int,
        parse_value=_parse_long,
    ),
    Json: strawberry.scalar(
        name="JSON",
        description=(
            "A cloud's object as it sent it, without secrets and signed addresses. Its shape is "
            "its own and may change; use it to look things up, not to build on."
        ),
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
