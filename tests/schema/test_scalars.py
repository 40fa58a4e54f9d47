"""Scalars: times with zones, whole numbers beyond 32 bits, vendor objects."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.schema.scalars import SCALARS, Long, format_time, parse_time
from tests.schema.fake_cloud import FakeCloud
from tests.schema.samples import job
from tests.schema.world import Answer, running_world


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2020, 6, 3, 8, 1, 14, 788_000, tzinfo=UTC), "2020-06-03T08:01:14.788Z"),
        (datetime(2020, 6, 3, 8, 1, 14, tzinfo=UTC), "2020-06-03T08:01:14.000Z"),
        (datetime(2020, 6, 3, 8, 1, 14, 788_999, tzinfo=UTC), "2020-06-03T08:01:14.788Z"),
        (
            datetime(2020, 1, 1, 4, 30, tzinfo=timezone(timedelta(hours=8))),
            "2019-12-31T20:30:00.000Z",
        ),
    ],
)
def test_times_go_out_in_utc_with_milliseconds(value: datetime, text: str) -> None:
    assert format_time(value) == text


def test_a_time_without_a_zone_never_goes_out() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_time(datetime(2020, 1, 1))  # noqa: DTZ001 - the point of this test


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2020-06-03T08:01:14.788Z", datetime(2020, 6, 3, 8, 1, 14, 788_000, tzinfo=UTC)),
        ("2020-06-03T08:01:14Z", datetime(2020, 6, 3, 8, 1, 14, tzinfo=UTC)),
        ("2020-06-03t16:01:14+08:00", datetime(2020, 6, 3, 8, 1, 14, tzinfo=UTC)),
        ("2020-06-03T00:01:14.5-08:00", datetime(2020, 6, 3, 8, 1, 14, 500_000, tzinfo=UTC)),
        ("2020-06-03T08:01:14.123456789z", datetime(2020, 6, 3, 8, 1, 14, 123_456, tzinfo=UTC)),
    ],
)
def test_times_come_in_with_any_offset(text: str, value: datetime) -> None:
    assert parse_time(text) == value
    assert parse_time(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2020-06-03T08:01:14",
        "2020-06-03",
        "2020-06-03 08:01:14Z",
        "2020-06-03T08:01Z",
        "2020-02-30T08:01:14Z",
        "2020-06-03T24:01:14Z",
        "0001-01-01T00:00:00+23:59",
        "2020-06-03T08:01:14+99:00",
        "soon",
        "",
        "\uff12020-06-03T08:01:14Z",
        1_591_171_274_788,
        None,
        True,
    ],
)
def test_what_is_no_time_with_a_zone_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="DateTime"):
        parse_time(text)


@given(
    st.datetimes(
        min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - as above
        timezones=st.timezones(),
        allow_imaginary=False,
    )
)
def test_a_time_written_and_read_differs_by_less_than_a_millisecond(value: datetime) -> None:
    assert timedelta(0) <= value - parse_time(format_time(value)) < timedelta(milliseconds=1)


@pytest.mark.parametrize("value", [0, -1, 2**31, 2**53, -(2**53)])
def test_long_takes_whole_numbers_up_to_two_to_the_53rd(value: int) -> None:
    scalar = SCALARS[Long]
    assert scalar.parse_value is not None
    assert scalar.parse_value(value) == value


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 1.5, "1", True, None])
def test_long_refuses_everything_else(value: object) -> None:
    scalar = SCALARS[Long]
    assert scalar.parse_value is not None
    with pytest.raises(ValueError, match="Long"):
        scalar.parse_value(value)


JOBS = "query($from: DateTime) { otaJobs(filter: { createdFrom: $from }) { totalCount } }"


async def asked(document: str, **variables: Any) -> Answer:  # noqa: ANN401 - any JSON
    async with running_world({"plant": FakeCloud(jobs=[job(1)])}) as world:
        return await world.ask(document, **variables)


async def test_a_time_without_a_zone_is_refused_with_its_place() -> None:
    literal = '{ otaJobs(filter: { createdFrom: "2026-03-01T08:00:00" }) { totalCount } }'
    for answer in (await asked(literal), await asked(JOBS, **{"from": "2026-03-01T08:00:00"})):
        error = answer.only_error()
        assert answer.data is None
        assert "a DateTime is RFC 3339 text with a zone" in error["message"]
        assert "2026-03-01T08:00:00" in error["message"]
        assert error["extensions"] == {
            "code": "GRAPHQL_VALIDATION_FAILED",
            "retryable": False,
        }


async def test_a_vendor_object_goes_out_as_it_is() -> None:
    answer = await asked("{ otaJobs { edges { node { raw } } } }")
    assert answer.data["otaJobs"]["edges"][0]["node"]["raw"] == {
        "jobId": "job-1",
        "nested": {"list": [1, None, "x"]},
    }
