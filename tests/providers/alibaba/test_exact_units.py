"""Units on their way out: exact, or the nearest that would be."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.providers.alibaba.exact_units import (
    nearest_minutes,
    nearest_percents,
    neighbours,
    to_epoch_ms,
    to_minutes,
    to_percent_text,
    whole_second,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (60, 1), (86_400, 1_440), (90, None)])
def test_minutes(seconds: int, minutes: int | None) -> None:
    assert to_minutes(seconds) == minutes


@pytest.mark.parametrize(
    ("seconds", "nearest"),
    [
        (90, (60, 120)),
        (1, (60,)),
        (-5, (60,)),
        (90_001, (86_400,)),
        (86_399, (86_340, 86_400)),
    ],
)
def test_nearest_minutes(seconds: int, nearest: tuple[int, ...]) -> None:
    assert nearest_minutes(seconds, shortest_s=60, longest_s=86_400) == nearest


@pytest.mark.parametrize(
    ("value", "nearest"), [(45, (30, 60)), (-1, (0,)), (5_000, (1_440,)), (10, (10, 10))]
)
def test_neighbours(value: int, nearest: tuple[int, ...]) -> None:
    assert neighbours(value, (0, 10, 30, 60, 1_440)) == nearest


def test_epoch_milliseconds() -> None:
    assert to_epoch_ms(datetime(2019, 12, 31, 16, 0, tzinfo=UTC)) == 1_577_808_000_000
    assert to_epoch_ms(NOON + timedelta(microseconds=1)) is None


def test_whole_seconds() -> None:
    odd = NOON + timedelta(milliseconds=1)
    assert whole_second(odd, up=False) == "2026-11-21T12:00:00Z"
    assert whole_second(odd, up=True) == "2026-11-21T12:00:01Z"
    assert whole_second(NOON, up=True) == "2026-11-21T12:00:00Z"


@pytest.mark.parametrize(
    ("percent", "text"),
    [
        (33.33, "33.33"),
        (50, "50"),
        (50.0, "50"),
        (100.0, "100"),
        (0.001, "0.001"),
        (0, None),
        (-1.0, None),
        (100.001, None),
        (33.3333, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e300, None),
        (1e-300, None),
    ],
)
def test_percentages(percent: float, text: str | None) -> None:
    assert to_percent_text(percent) == text


@pytest.mark.parametrize(
    ("percent", "nearest"),
    [
        (33.3333, ("33.333", "33.334")),
        (0.0, ("0.001",)),
        (1e300, ("100",)),
        (1e-300, ("0.001",)),
        (float("nan"), ()),
    ],
)
def test_nearest_percentages(percent: float, nearest: tuple[str, ...]) -> None:
    assert nearest_percents(percent) == nearest
