"""EnOS mapping is total, units convert exactly, and signatures ignore the order of the query."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.job import OtaJob
from gateway.domain.task import StatusReasonCode, TaskStatus
from gateway.providers.enos import wire
from gateway.providers.enos.auth import apim_signature
from gateway.providers.enos.envelope import Envelope
from gateway.providers.enos.expression import equals, is_quotable
from gateway.providers.enos.instants import instant, schedule_instant
from gateway.providers.enos.listing import Received, read_list
from gateway.providers.enos.mapping import to_device, to_firmware, to_job, to_task
from gateway.providers.enos.redaction import redact

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["started", "partial", "total", "failed", "true", "1591171274788"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def names_of(model: type[wire.WireObject]) -> list[str]:
    return [field.alias for field in model.model_fields.values() if field.alias is not None]


def near(model: type[wire.WireObject], **nested: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Anything, or an object with the right field names, ids as a rule, and any values."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        name: nested.get(name, json_values) for name in names_of(model)
    }
    for name in ("jobId", "taskId", "deviceKey", "firmwareId"):
        if name in fields:
            fields[name] = st.text(min_size=1, max_size=4) | json_values
    return st.fixed_dictionaries({}, optional=fields) | json_values


scopes = near(wire.UpgradeScope)
jobs = near(wire.JobInfo, upgradeScope=scopes, schedulePolicy=near(wire.SchedulePolicy))
instants = st.datetimes(
    min_value=EPOCH.replace(year=1974, tzinfo=None),  # bounds are naive, values are not
    max_value=EPOCH.replace(year=9999, tzinfo=None),
    timezones=st.just(UTC),
)


@settings(deadline=None)
@given(st.lists(jobs, max_size=3))
def test_every_job_is_read_or_listed_as_broken(found: list[object]) -> None:
    listing = read_list(Envelope(data=found, total=None), wire.JobInfo, id_field="jobId")
    mapped = [to_job(item, backend="b") for item in listing.items]
    assert len(mapped) + len(listing.broken) == len(found)
    assert all(job.native_id and job.detail is not None for job in mapped)
    assert {item.index for item in listing.broken} <= set(range(len(found)))


@settings(deadline=None)
@given(st.lists(near(wire.TaskInfo), max_size=3))
def test_every_task_is_read_or_listed_as_broken(found: list[object]) -> None:
    listing = read_list(Envelope(data=found, total=None), wire.TaskInfo, id_field="taskId")
    mapped = [to_task(item, backend="b") for item in listing.items]
    assert len(mapped) + len(listing.broken) == len(found)
    for task in mapped:
        assert (task.status_reason is not None) == (task.status is TaskStatus.FAILED)
        assert task.progress_percent is None or 0 <= task.progress_percent <= 100


@settings(deadline=None)
@given(
    st.lists(near(wire.FirmwareInfo), max_size=3), st.lists(near(wire.DeviceFirmware), max_size=3)
)
def test_every_package_and_device_is_read_or_listed_as_broken(
    packages: list[object], devices: list[object]
) -> None:
    listing = read_list(Envelope(data=packages, total=None), wire.FirmwareInfo, id_field="id")
    mapped = [to_firmware(item, backend="b") for item in listing.items]
    assert len(mapped) + len(listing.broken) == len(packages)
    seen = read_list(Envelope(data=devices, total=None), wire.DeviceFirmware, id_field="id")
    for item in seen.items:
        assert to_device(item.wire, backend="b", product_key="p").ref.product_key


def job_of(**fields: object) -> OtaJob:
    raw: dict[str, object] = {"jobId": "j", "status": "started"} | fields
    return to_job(Received(wire=wire.JobInfo.model_validate(raw), raw=raw), backend="b")


@given(instants)
def test_milliseconds_convert_exactly(moment: datetime) -> None:
    epoch_ms = (moment - EPOCH) // timedelta(milliseconds=1)
    exact = EPOCH + timedelta(milliseconds=epoch_ms)
    assert instant(epoch_ms) == instant(str(epoch_ms)) == schedule_instant(epoch_ms) == exact
    assert instant(moment.isoformat()) == moment


@given(st.integers(0, 10**11 - 1))
def test_a_schedule_in_seconds_is_the_same_moment(epoch_s: int) -> None:
    assert schedule_instant(epoch_s) == EPOCH + timedelta(seconds=epoch_s)


@given(st.integers(-1440, 1440))
def test_minutes_become_seconds(minutes: int) -> None:
    detail = job_of(schedulePolicy={"timezoneOffsetInMinutes": minutes}).detail
    assert detail is not None
    assert detail.schedule is not None
    assert detail.schedule.utc_offset_s == minutes * 60


@given(st.integers(max_value=-1, min_value=-(10**6)))
def test_a_negative_progress_is_a_reason_and_never_a_percentage(progress: int) -> None:
    raw: dict[str, object] = {
        "taskId": "t",
        "jobId": "j",
        "deviceKey": "d",
        "status": "failed",
        "progress": progress,
    }
    task = to_task(Received(wire=wire.TaskInfo.model_validate(raw), raw=raw), backend="b")
    assert task.progress_percent is None
    assert task.status_reason is not None
    assert task.status_reason.raw_code == progress
    assert task.status_reason.code is not StatusReasonCode.UNKNOWN


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5)), st.randoms())
def test_a_signature_ignores_the_order_of_the_query(query: dict[str, str], random: Random) -> None:
    pairs = list(query.items())
    random.shuffle(pairs)

    def signature(of: dict[str, str]) -> str:
        return apim_signature(token="t", query=of, body=b"{}", timestamp_ms=1, app_secret="s")

    assert signature(dict(pairs)) == signature(query)


@given(st.text())
def test_a_value_that_is_sent_cannot_end_its_literal(value: str) -> None:
    if is_quotable(value):
        assert equals("f", value)[2:].count("'") == 2
        equals("f", value).encode()


@given(st.dictionaries(st.text(max_size=6), json_values, max_size=4))
def test_redacting_twice_changes_nothing_more(came: dict[str, object]) -> None:
    once = redact(came)
    assert redact(once) == once
    assert once.keys() <= came.keys()
