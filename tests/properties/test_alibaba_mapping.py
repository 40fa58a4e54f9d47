"""Alibaba: whatever the cloud sends is read or refused by name, and never crashes."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import GatewayError
from gateway.domain.paging import PageRequest
from gateway.providers.alibaba.actions import available_actions
from gateway.providers.alibaba.auth import encode_query, v1_signature, v3_authorization
from gateway.providers.alibaba.firmware_mapping import to_firmware, to_listed_firmware
from gateway.providers.alibaba.mapping import to_job, to_listed_job
from gateway.providers.alibaba.paging import to_page
from gateway.providers.alibaba.reply import read_list, read_object
from gateway.providers.alibaba.task_mapping import to_task
from gateway.providers.alibaba.units import to_seconds, to_time
from gateway.providers.alibaba.wire import FirmwareInfo, JobInfo, TaskInfo, WireModel
from gateway.transport.request import Reply

PAGE = PageRequest(number=1, size=10)
WORDS = st.sampled_from(
    ["IN_PROGRESS", "FAILED", "GRAY", "GROUP", "STATIC", "DYNAMIC", "1", "-3", "42.00", "true", ""]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**29), max_value=10**29)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | st.datetimes().map(datetime.isoformat)
    | WORDS
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def objects(model: type[WireModel]) -> st.SearchStrategy[dict[str, object]]:
    """Objects with the model's names and mostly scalar values, some of them anything."""
    names = [str(info.alias) for info in model.model_fields.values()]
    identity = {str(info.alias): "x" for info in model.model_fields.values() if info.is_required()}
    fields: dict[str, st.SearchStrategy[object]] = dict.fromkeys(names, SCALARS)
    scalars = st.fixed_dictionaries({}, optional=fields).map(lambda drawn: drawn | identity)
    anything = st.dictionaries(st.sampled_from(names), JSON, max_size=4)
    return scalars | st.builds(lambda a, b: a | b, scalars, anything)


def reply(body: object) -> Reply:
    return Reply(status=200, headers={}, body=json.dumps(body).encode())


def aware_or_none(*times: datetime | None) -> bool:
    return all(time is None or time.tzinfo is UTC for time in times)


@given(objects(JobInfo))
def test_any_job_is_mapped_or_named(value: dict[str, object]) -> None:
    try:
        received = read_object(
            reply({"Success": True, "Data": value}), JobInfo, field="Data", looked_up="job"
        )
    except GatewayError as error:
        assert any(name in error.message for name in ("cannot be read", "no such"))  # noqa: PT017
        return
    for job in (to_job(received, backend="b"), to_listed_job(received, backend="b")):
        assert aware_or_none(job.created_at, job.updated_at, job.started_at, job.ended_at)
        assert job.raw_status == (received.info.job_status or "")
        assert len(set(available_actions(job))) == len(available_actions(job))


@given(st.lists(objects(TaskInfo) | JSON, max_size=4))
def test_a_list_of_anything_loses_no_place(values: list[object]) -> None:
    body = {"Success": True, "Data": {"SimpleOTATaskInfo": values}}
    listed = read_list(reply(body), TaskInfo, field="Data", wrapper="SimpleOTATaskInfo")
    page = to_page(listed, PAGE, lambda item: to_task(item, backend="b"))
    assert len(list(page.in_order())) == len(values)
    for task in page.items:
        assert task.progress_percent is None or 0 <= task.progress_percent <= 100
        assert task.timeout_s is None or task.timeout_s >= 0
        assert aware_or_none(task.created_at, task.updated_at)


@given(st.lists(objects(FirmwareInfo) | JSON, max_size=4))
def test_any_package_is_mapped(values: list[object]) -> None:
    body = {"Success": True, "FirmwareInfo": {"SimpleFirmwareInfo": values}}
    listed = read_list(
        reply(body), FirmwareInfo, field="FirmwareInfo", wrapper="SimpleFirmwareInfo"
    )
    for received in listed.items:
        firmware = to_firmware(received, backend="b")
        assert firmware.detail is not None
        assert to_listed_firmware(received, backend="b").detail is None
        assert firmware.size_bytes is None or firmware.size_bytes >= 0


@given(JSON, st.integers(min_value=200, max_value=599))
def test_any_body_is_read_or_refused(body: object, status: int) -> None:
    answer = Reply(status=status, headers={}, body=json.dumps(body).encode())
    try:
        read_list(answer, JobInfo, field="Data", wrapper="SimpleOTAJobInfo", page=PAGE)
    except GatewayError as error:
        assert error.message  # noqa: PT017


@given(st.binary(max_size=40), st.integers(min_value=200, max_value=599))
def test_any_bytes_are_read_or_refused(body: bytes, status: int) -> None:
    try:
        read_object(
            Reply(status=status, headers={}, body=body), JobInfo, field="Data", looked_up="job"
        )
    except GatewayError as error:
        assert error.message  # noqa: PT017


@given(st.integers(min_value=0, max_value=10**6))
def test_minutes_are_sixty_seconds(minutes: int) -> None:
    assert to_seconds(minutes) == minutes * 60


@given(st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(microsecond=0)))
def test_iso_times_come_back(moment: datetime) -> None:
    text = moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    assert to_time(text) == moment


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert aware_or_none(to_time(text))


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=6), st.data())
def test_signatures_ignore_the_order_of_parameters(
    query: dict[str, str], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(query.items()))))
    assert encode_query(shuffled) == encode_query(query)
    assert v1_signature(method="POST", parameters=shuffled, secret="s") == v1_signature(
        method="POST", parameters=query, secret="s"
    )
    headers = {"host": "h", "x-acs-action": "A"}
    backwards = dict(reversed(headers.items()))
    assert _v3(shuffled, backwards) == _v3(query, headers)


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), min_size=1))
def test_signatures_depend_on_every_value(query: dict[str, str]) -> None:
    name = next(iter(query))
    changed = query | {name: query[name] + "x"}
    assert _v3(changed, {"host": "h"}) != _v3(query, {"host": "h"})


def _v3(query: dict[str, str], headers: dict[str, str]) -> str:
    return v3_authorization(
        method="POST", query=query, headers=headers, body=b"", access_key_id="k", secret="s"
    )
