import math
from datetime import UTC, datetime

import pytest

from gateway.transport.retry_after import believable_s, retry_after_s

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("0", 0.0),
        ("1e9", 3600.0),
        ("-5", None),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30.0),
        ("Fri, 20 Nov 2026 12:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2099 12:00:00 GMT", 3600.0),
        ("Sat, 21 Nov 99999999999999999999 12:00:00 GMT", None),
    ],
)
def test_header_is_believed_within_reason(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, now=NOW) == seconds


@pytest.mark.parametrize(
    ("seconds", "believed"),
    [(None, None), (math.nan, None), (-1.0, None), (math.inf, 3600.0), (2.5, 2.5)],
)
def test_numbers_are_believed_within_reason(seconds: float | None, believed: float | None) -> None:
    assert believable_s(seconds) == believed
