"""Times in every spelling."""

from datetime import UTC, datetime

import pytest

from gateway.providers.enos.instants import instant, schedule_instant

JUNE = datetime(2020, 6, 3, 8, 1, 14, 788_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        1591171274788,
        "1591171274788",
        1591171274788.0,
        "2020-06-03T08:01:14.788Z",
        "2020-06-03T10:01:14.788+02:00",
    ],
)
def test_one_moment_in_all_its_spellings(value: object) -> None:
    assert instant(value) == JUNE
    assert schedule_instant(value) == JUNE
    read = instant(value)
    assert read is not None
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        True,
        [],
        {},
        0.5,
        float("inf"),
        10**30,
        -(10**30),
        "9" * 30,
        "2020-06-03T08:01:14",
        "0001-01-01T00:00:00+23:00",
    ],
)
def test_an_unreadable_time_is_unknown(value: object) -> None:
    assert instant(value) is None
    assert schedule_instant(value) is None


def test_a_schedule_may_speak_of_seconds() -> None:
    in_ms, in_s = schedule_instant(1_645_409_461_000), schedule_instant(1_645_409_461)
    assert in_ms == in_s == datetime(2022, 2, 21, 2, 11, 1, tzinfo=UTC)
    assert instant(1_645_409_461) == datetime(1970, 1, 20, 1, 3, 29, 461_000, tzinfo=UTC)
