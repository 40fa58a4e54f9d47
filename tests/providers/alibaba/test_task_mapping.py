"""Device update tasks as tasks, and the reasons for failures."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.device import DeviceRef
from gateway.domain.task import StatusReason, StatusReasonCode, Task, TaskStatus
from gateway.providers.alibaba.reply import Received
from gateway.providers.alibaba.task_mapping import NATIVE_TASK_STATUS, to_task
from gateway.providers.alibaba.wire import TaskInfo


def task(**fields: object) -> Task:
    raw = {"TaskId": "t", "JobId": "j", "DeviceName": "d"} | fields
    return to_task(Received(info=TaskInfo.model_validate(raw), raw=raw), backend="b")


def reason(text: str | None, progress: object = None) -> StatusReason:
    found = task(TaskStatus="FAILED", TaskDesc=text, Progress=progress).status_reason
    assert found is not None
    return found


def test_a_documented_task_is_mapped_completely(document: Callable[[str], Any]) -> None:
    raw = document("ListOTATaskByJob.response")["Data"]["SimpleOTATaskInfo"][3]
    assert task(**raw) == Task(
        backend="b",
        native_id="y3tOmCDNgpR8F9jnVEzC010104",
        job_id="wahVIzGkCMuAUE2gDERM020100",
        device=DeviceRef(product_key="a19mzPZ0001", name="device4"),
        device_native_id="nadRdeffljdEndlfadga000104",
        firmware_id="UfuxnwygsuSkVE0VCNab030100",
        product_name="MyProduct",
        module_name=None,
        from_version="1.0.0",
        to_version="1.0.1",
        status=TaskStatus.IN_PROGRESS,
        raw_status="IN_PROGRESS",
        status_reason=None,
        progress_percent=42.0,
        timeout_s=86_400,
        created_at=datetime(2019, 12, 28, 2, 43, 11, tzinfo=UTC),
        updated_at=datetime(2019, 12, 28, 2, 50, tzinfo=UTC),
        raw=raw,
    )


def test_an_open_task_of_a_device_names_its_module(document: Callable[[str], Any]) -> None:
    raw = document("ListOTAUnfinishedTaskByDevice.response")["Data"]["SimpleOTATaskInfo"][1]
    found = task(**raw)
    assert found.module_name == "WifiConfigModify"
    assert (found.progress_percent, found.timeout_s) == (None, None)


def test_every_documented_status_is_mapped(document: Callable[[str], Any]) -> None:
    items = document("ListOTATaskByJob.response")["Data"]["SimpleOTATaskInfo"]
    found = [task(**raw) for raw in items]
    assert [item.status for item in found] == [
        TaskStatus.AWAITING_CONFIRMATION,
        TaskStatus.QUEUED,
        TaskStatus.NOTIFIED,
        TaskStatus.IN_PROGRESS,
        TaskStatus.SUCCEEDED,
        TaskStatus.FAILED,
        TaskStatus.CANCELED,
    ]
    assert [item.raw_status for item in found] == [raw["TaskStatus"] for raw in items]


def test_every_status_but_unknown_has_a_native_word() -> None:
    assert set(NATIVE_TASK_STATUS) == set(TaskStatus) - {TaskStatus.UNKNOWN}
    for status, word in NATIVE_TASK_STATUS.items():
        assert task(TaskStatus=word).status is status


@pytest.mark.parametrize(("word", "raw"), [("PAUSED", "PAUSED"), (None, ""), ("", "")])
def test_other_statuses_are_unknown(word: object, raw: str) -> None:
    found = task(TaskStatus=word)
    assert (found.status, found.raw_status) == (TaskStatus.UNKNOWN, raw)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("report version is not conform", StatusReasonCode.VERSION_MISMATCH),
        ("Version mismatch", StatusReasonCode.VERSION_MISMATCH),
        ("设备上报版本与目标版本不一致", StatusReasonCode.VERSION_MISMATCH),
        ("timeout", StatusReasonCode.TIMED_OUT),
        ("The task timed out", StatusReasonCode.TIMED_OUT),
        ("升级超时", StatusReasonCode.TIMED_OUT),
        ("cancelled by operator", StatusReasonCode.CANCELED_BY_USER),
        ("download canceled", StatusReasonCode.CANCELED_BY_USER),
        ("用户取消", StatusReasonCode.CANCELED_BY_USER),
        ("superseded by a newer task", StatusReasonCode.SUPERSEDED),
        ("Overwritten", StatusReasonCode.SUPERSEDED),
        ("任务被覆盖", StatusReasonCode.SUPERSEDED),
        ("Download failed", StatusReasonCode.DOWNLOAD_FAILED),
        ("下载失败", StatusReasonCode.DOWNLOAD_FAILED),
        ("download timeout", StatusReasonCode.DOWNLOAD_FAILED),
        ("verification failed", StatusReasonCode.CHECKSUM_MISMATCH),
        ("MD5 differs", StatusReasonCode.CHECKSUM_MISMATCH),
        ("校验失败", StatusReasonCode.CHECKSUM_MISMATCH),
        ("flash failed", StatusReasonCode.WRITE_FAILED),
        ("burning failed", StatusReasonCode.WRITE_FAILED),
        ("write error", StatusReasonCode.WRITE_FAILED),
        ("烧写失败", StatusReasonCode.WRITE_FAILED),
        ("battery too low", StatusReasonCode.OTHER),
        ("电量不足", StatusReasonCode.OTHER),
    ],
)
def test_reasons_by_text(text: str, code: StatusReasonCode) -> None:
    assert reason(text) == StatusReason(code=code, message=text, raw_code=None)


@pytest.mark.parametrize("absent", [None, ""])
def test_a_failure_without_text_is_unknown(absent: str | None) -> None:
    assert reason(absent) == StatusReason(
        code=StatusReasonCode.UNKNOWN, message=None, raw_code=None
    )


@pytest.mark.parametrize(
    ("progress", "code"),
    [
        ("-1", StatusReasonCode.OTHER),
        ("-2", StatusReasonCode.DOWNLOAD_FAILED),
        ("-3.00", StatusReasonCode.CHECKSUM_MISMATCH),
        ("-4", StatusReasonCode.WRITE_FAILED),
        ("-9", StatusReasonCode.UNKNOWN),
    ],
)
def test_a_negative_progress_is_a_reason_and_no_percentage(
    progress: str, code: StatusReasonCode
) -> None:
    found = reason(None, progress)
    assert (found.code, found.raw_code) == (code, round(float(progress)))
    assert task(TaskStatus="FAILED", Progress=progress).progress_percent is None


@pytest.mark.parametrize("progress", ["-0.5", "-99999999999", "50", None])
def test_other_progress_is_no_code(progress: str | None) -> None:
    assert reason(None, progress).raw_code is None


def test_a_text_says_more_than_a_progress() -> None:
    assert reason("timeout", "-1").code is StatusReasonCode.TIMED_OUT
    assert reason("vendor text 17", "-4").code is StatusReasonCode.WRITE_FAILED


def test_a_canceled_task_has_a_reason_only_if_one_is_told() -> None:
    assert task(TaskStatus="CANCELED").status_reason is None
    found = task(TaskStatus="CANCELED", TaskDesc="cancel by user").status_reason
    assert found is not None
    assert found.code is StatusReasonCode.CANCELED_BY_USER


@pytest.mark.parametrize("word", ["QUEUED", "IN_PROGRESS", "SUCCEEDED", "PAUSED"])
def test_other_tasks_have_no_reason(word: str) -> None:
    assert task(TaskStatus=word, TaskDesc="timeout").status_reason is None


@pytest.mark.parametrize(
    ("minutes", "seconds"), [("1440", 86_400), ("0", 0), (None, None), ("", None)]
)
def test_timeouts(minutes: object, seconds: int | None) -> None:
    assert task(Timeout=minutes).timeout_s == seconds


def test_a_product_left_out_is_empty() -> None:
    assert task().device == DeviceRef(product_key="", name="d")


def test_secrets_do_not_stay_in_raw() -> None:
    assert "DeviceSecret" not in task(DeviceSecret="s").raw
