"""Dates in headers (RFC 9110 section 5.6.7), as any server may write them."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def http_date(text: str) -> datetime | None:
    """The moment that `text` names, aware; None if it names none.

    Without a time zone it is UTC, which the RFC asks for anyway.
    """
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
