"""Times, durations and percentages."""

from datetime import UTC, datetime

import pytest

from gateway.providers.alibaba.units import to_percent, to_seconds, to_time

MOMENT = datetime(2019, 12, 28, 2, 43, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-12-28T02:43:10.000Z", MOMENT),
        ("2019-12-28T02:43:10Z", MOMENT),
        ("2019-12-28T10:43:10+08:00", MOMENT),
        ("2019-12-28T02:43:10", MOMENT),
        ("2019-12-28T02:43:10.123Z", MOMENT.replace(microsecond=123_000)),
        ("2020-10-13T09:46Z", datetime(2020, 10, 13, 9, 46, tzinfo=UTC)),
        ("1577500990000", MOMENT),
        ("1577500990123", MOMENT.replace(microsecond=123_000)),
        (None, None),
        ("yesterday", None),
        ("2019-13-45T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9" * 18, None),
        ("9" * 40, None),
        ("²", None),
    ],
)
def test_time(text: str | None, moment: datetime | None) -> None:
    found = to_time(text)
    assert found == moment
    assert found is None or found.utcoffset() == MOMENT.utcoffset()


@pytest.mark.parametrize(
    ("minutes", "seconds"),
    [
        (5, 300),
        (60, 3600),
        (0, 0),
        (1.5, 90),
        (1440, 86_400),
        (None, None),
        (-1, None),
        (1e12, None),
    ],
)
def test_seconds(minutes: float | None, seconds: int | None) -> None:
    assert to_seconds(minutes) == seconds


@pytest.mark.parametrize(
    ("number", "percent"),
    [(0, 0), (33.33, 33.33), (100, 100), (100.5, None), (-2, None), (None, None)],
)
def test_percent(number: float | None, percent: float | None) -> None:
    assert to_percent(number) == percent
