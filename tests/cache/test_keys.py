"""Keys: as different as the reads they name, and no more."""

import dataclasses
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.keys import about_device, read_key, tag_key
from gateway.domain.device import DeviceRef
from gateway.domain.job import JobFilter, JobStatus, JobType
from gateway.domain.paging import PageRequest
from gateway.domain.task import TaskFilter, TaskStatus
from tests.cache.domain_values import values

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False)
)
_FILTER = st.builds(
    JobFilter,
    statuses=st.frozensets(st.sampled_from(JobStatus)),
    types=st.frozensets(st.sampled_from(JobType)),
    name=st.none() | st.text(max_size=3),
    firmware_id=st.none() | st.text(max_size=3),
    device=st.none() | values(DeviceRef),
    created_from=st.none() | st.datetimes(timezones=st.just(UTC)),
)
_ARGUMENTS = st.lists(
    st.one_of(
        _SCALARS,
        st.sampled_from(TaskStatus),
        _FILTER,
        values(TaskFilter),
        st.builds(PageRequest, number=st.integers(1, 3), size=st.integers(1, 3)),
        st.lists(st.text(max_size=2), max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=2), _SCALARS, max_size=2),
        st.frozensets(st.integers(0, 3)),
    ),
    max_size=3,
).map(tuple)


def told_apart(value: object) -> object:
    """Form of `value` whose equality is what keys should tell apart: 1 is not True, nor 1.0."""
    if dataclasses.is_dataclass(value):
        fields = [told_apart(getattr(value, f.name)) for f in dataclasses.fields(value)]
        return (type(value), tuple(fields))
    if isinstance(value, list | tuple):
        return tuple(told_apart(item) for item in value)
    if isinstance(value, frozenset):
        return (frozenset, frozenset(told_apart(item) for item in value))
    if isinstance(value, dict):
        return (dict, frozenset((k, told_apart(v)) for k, v in value.items()))
    return (type(value), repr(value))


@given(_ARGUMENTS, _ARGUMENTS)
def test_keys_are_equal_exactly_when_the_arguments_are(
    one: tuple[object, ...], other: tuple[object, ...]
) -> None:
    keys = [read_key("1", "acme", "cloud", "jobs", *arguments) for arguments in (one, other)]
    assert (keys[0] == keys[1]) == (told_apart(one) == told_apart(other))


@given(
    st.lists(st.text(max_size=2), min_size=5, max_size=5),
    st.lists(st.text(max_size=2), min_size=5, max_size=5),
)
def test_version_tenant_backend_operation_and_argument_are_all_told_apart(
    one: list[str], other: list[str]
) -> None:
    assert (read_key(*one) == read_key(*other)) == (one == other)


@given(st.lists(st.sampled_from(JobStatus), min_size=2, unique=True))
def test_the_order_of_a_set_does_not_matter(statuses: list[JobStatus]) -> None:
    keys = {
        read_key("1", "t", "b", "jobs", JobFilter(statuses=frozenset(order)))
        for order in (statuses, statuses[::-1])
    }
    assert len(keys) == 1


def test_the_order_of_a_mapping_does_not_matter_but_that_of_a_sequence_does() -> None:
    assert read_key("1", "t", "b", "o", {"a": 1, "b": 2}) == read_key(
        "1", "t", "b", "o", {"b": 2, "a": 1}
    )
    assert read_key("1", "t", "b", "o", ("a", "b")) != read_key("1", "t", "b", "o", ("b", "a"))


def test_one_moment_is_one_key_whatever_its_zone() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    shifted = moment.astimezone(timezone(timedelta(hours=8)))
    assert read_key("1", "t", "b", "o", moment) == read_key("1", "t", "b", "o", shifted)


def test_an_operator_can_read_a_key_and_a_hostile_name_cannot_spoil_it() -> None:
    key = read_key("1", "acme", "my backend\r\nFLUSHALL *", "jobs", "j:1")
    assert re.fullmatch(r"ota:read:my_backend_FLUSHALL_:jobs:[0-9a-f]{40}", key)
    assert re.fullmatch(r"ota:tag:b:[0-9a-f]{40}", tag_key("b", "acc", "job:1"))
    assert len(read_key("1", "t", "x" * 500, "y" * 500)) < 150


def test_tags_differ_by_backend_and_name_and_devices_go_by_name_alone() -> None:
    assert len({tag_key(b, a, n) for b in "bc" for a in "xy" for n in ("job:1", "job:2")}) == 8
    assert about_device(DeviceRef(product_key="p", name="d")) == about_device(
        DeviceRef(product_key="", name="d")
    )


@pytest.mark.parametrize(
    ("argument", "error"),
    [
        (object(), TypeError),
        (b"raw", TypeError),
        (JobFilter, TypeError),
        (float("nan"), ValueError),
        (datetime(2026, 1, 1), ValueError),  # noqa: DTZ001 - a time without zone is the point
    ],
)
def test_an_argument_without_a_canonical_form_is_refused(
    argument: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        read_key("1", "t", "b", "o", argument)
