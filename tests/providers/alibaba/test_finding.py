"""A write whose answer was lost is judged by the state that is seen."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.domain.draft import CancelChoice, FirmwareChanges, JobChanges, ModuleDraft
from gateway.domain.job import UpgradePolicy
from gateway.domain.write import (
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateModule,
    DeleteFirmware,
    DeleteModule,
    RetryTasks,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Verdict,
    Write,
)
from gateway.providers.alibaba.writer import AlibabaWriter
from tests.providers.alibaba.drafts import NOW, PRODUCT, firmware, job, targets

Answer = Callable[..., None]
Calls = Callable[[], list[tuple[str, dict[str, str]]]]

DONE, NOT_DONE, UNCLEAR = Verdict.DONE, Verdict.NOT_DONE, Verdict.UNCLEAR
AN_HOUR_AGO = NOW - timedelta(hours=1)
STATIC = job(policy=UpgradePolicy.SNAPSHOT)


async def judged(writer: AlibabaWriter, write: Write, number: int = 0) -> Verdict:
    call = writer.plan(write, marker="m1", now=NOW).calls[number]
    return (await writer.find(write, call, marker="m1", sent_at=NOW)).verdict


def shown_job(**given: object) -> dict[str, object]:
    data = {
        "JobId": "j",
        "JobStatus": "IN_PROGRESS",
        "MaximumPerMinute": 1_000,
        "TimeoutInMinutes": 60,
        "SrcVersions": {"SrcVersion": ["1.0.0"]},
        "Tags": {"OtaTagDTO": [{"Key": "key1", "Value": "value1"}]},
    }
    return {"Success": True, "Data": data | given}


def shown_tasks(*statuses: str, at: datetime = NOW) -> dict[str, object]:
    tasks = [
        {
            "TaskId": f"t{number}",
            "JobId": "j",
            "DeviceName": f"d{number}",
            "TaskStatus": status,
            "UtcModified": at.isoformat(),
        }
        for number, status in enumerate(statuses, start=1)
    ]
    return {"Success": True, "Data": {"SimpleOTATaskInfo": tasks}, "Total": len(tasks)}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("CANCELED", DONE), ("IN_PROGRESS", NOT_DONE), ("COMPLETED", UNCLEAR), ("NEW", UNCLEAR)],
)
async def test_the_end_of_membership_shows_in_the_job(
    writer: AlibabaWriter, answer: Answer, status: str, verdict: Verdict
) -> None:
    answer(shown_job(JobStatus=status))
    write = CancelJob(job=job(), choice=CancelChoice(queued=True), membership=True)
    assert await judged(writer, write) is verdict


async def test_tasks_of_the_chosen_kinds_are_counted(
    writer: AlibabaWriter, answer: Answer, calls: Calls
) -> None:
    answer(shown_tasks(), times=4)
    choice = CancelChoice(queued=True, notified=True, in_progress=True)
    assert await judged(writer, CancelJob(job=STATIC, choice=choice)) is DONE
    assert [parameters["TaskStatus"] for _, parameters in calls()] == [
        "QUEUED",
        "NOTIFIED",
        "IN_PROGRESS",
        "CONFIRM",
    ]


@pytest.mark.parametrize(
    ("state", "asked"), [(None, ["QUEUED", "CONFIRM"]), (False, ["QUEUED"]), (True, ["QUEUED"] * 0)]
)
async def test_unconfirmed_tasks_count_by_their_three_states(
    writer: AlibabaWriter, answer: Answer, calls: Calls, state: bool | None, asked: list[str]
) -> None:
    answer(shown_tasks(), times=2)
    choice = CancelChoice(queued=bool(asked), awaiting_confirmation=state)
    assert await judged(writer, CancelJob(job=STATIC, choice=choice)) is DONE
    assert [parameters["TaskStatus"] for _, parameters in calls()] == (asked or ["CONFIRM"])


async def test_tasks_left_say_that_it_did_not_happen(writer: AlibabaWriter, answer: Answer) -> None:
    choice = CancelChoice(in_progress=True)
    answer(shown_tasks("IN_PROGRESS"), times=2)
    assert await judged(writer, CancelJob(job=STATIC, choice=choice)) is NOT_DONE
    assert await judged(writer, CancelJob(job=job(), choice=choice)) is UNCLEAR


@pytest.mark.parametrize(("status", "verdict"), [("PLANNED", NOT_DONE), ("CANCELED", DONE)])
async def test_a_scheduled_job_shows_whether_it_was_canceled(
    writer: AlibabaWriter, answer: Answer, status: str, verdict: Verdict
) -> None:
    answer(shown_job(JobStatus=status))
    choice = CancelChoice(scheduled=True)
    assert await judged(writer, CancelJob(job=STATIC, choice=choice)) is verdict


@pytest.mark.parametrize(
    ("changes", "seen", "verdict"),
    [
        ({"max_per_minute": 50}, {"MaximumPerMinute": 50}, DONE),
        ({"max_per_minute": 50}, {}, NOT_DONE),
        ({"max_per_minute": 50}, {"MaximumPerMinute": 60}, UNCLEAR),
        ({"timeout_s": 600, "max_per_minute": 50}, {"MaximumPerMinute": 50}, UNCLEAR),
        ({"timeout_s": 600}, {"TimeoutInMinutes": 10}, DONE),
        ({"source_versions": ("2", "3")}, {"SrcVersions": {"SrcVersion": ["3", "2"]}}, DONE),
        ({"source_versions": ("2",)}, {}, NOT_DONE),
        ({"tags": {}}, {"Tags": None}, DONE),
        ({"tags": {}}, {"Tags": [{"Key": "ota.gateway", "Value": "m"}]}, DONE),
        ({"tags": {"a": "b"}}, {}, NOT_DONE),
    ],
)
async def test_an_update_shows_in_the_settings(
    writer: AlibabaWriter,
    answer: Answer,
    changes: dict[str, Any],
    seen: dict[str, object],
    verdict: Verdict,
) -> None:
    answer(shown_job(**seen))
    write = UpdateJob(job=job(), changes=JobChanges(**changes))
    assert await judged(writer, write) is verdict


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (shown_tasks("QUEUED", "SUCCEEDED"), DONE),
        (shown_tasks("FAILED", "CANCELED", at=AN_HOUR_AGO), NOT_DONE),
        (shown_tasks("FAILED", "CANCELED"), UNCLEAR),
        (shown_tasks("QUEUED", "FAILED", at=AN_HOUR_AGO), UNCLEAR),
        (shown_tasks("QUEUED", "NEW", at=AN_HOUR_AGO), UNCLEAR),
        (shown_tasks("QUEUED", at=AN_HOUR_AGO), UNCLEAR),
    ],
)
async def test_a_retry_shows_in_the_tasks(
    writer: AlibabaWriter, answer: Answer, calls: Calls, seen: object, verdict: Verdict
) -> None:
    answer(seen)
    assert await judged(writer, RetryTasks(job=STATIC, targets=targets(2))) is verdict
    assert calls()[0][1]["DeviceNames.2"] == "d2"


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        (("CANCELED", "SUCCEEDED"), DONE),
        (("QUEUED", "IN_PROGRESS"), NOT_DONE),
        (("CANCELED", "IN_PROGRESS"), UNCLEAR),
        (("CANCELED",), UNCLEAR),
    ],
)
async def test_a_cancellation_shows_in_the_tasks(
    writer: AlibabaWriter, answer: Answer, statuses: tuple[str, ...], verdict: Verdict
) -> None:
    answer(shown_tasks(*statuses))
    assert await judged(writer, CancelTasks(job=STATIC, targets=targets(2))) is verdict


async def test_only_the_tasks_of_the_call_count(
    writer: AlibabaWriter, answer: Answer, calls: Calls
) -> None:
    write = ConfirmTasks(job=STATIC, targets=targets(12))
    tasks = shown_tasks(*["CONFIRM"] * 10, "QUEUED", "QUEUED", "CONFIRM")
    answer(tasks)
    assert await judged(writer, write, number=1) is DONE
    assert calls()[0][1] == {
        "JobId": STATIC.native_id,
        "DeviceNames.1": "d11",
        "DeviceNames.2": "d12",
    }
    answer(tasks)
    assert await judged(writer, write) is NOT_DONE


async def test_200_devices_are_looked_at_50_at_a_time(
    writer: AlibabaWriter, answer: Answer, calls: Calls
) -> None:
    answer(shown_tasks(*["CANCELED"] * 200), times=4)
    assert await judged(writer, CancelTasks(job=STATIC, targets=targets(200))) is DONE
    assert len(calls()) == 4


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        ({"FirmwareName": "New", "FirmwareDesc": "text"}, DONE),
        ({"FirmwareName": "Firmware2"}, NOT_DONE),
        ({"FirmwareName": "New"}, UNCLEAR),
    ],
)
async def test_a_package_shows_its_texts(
    writer: AlibabaWriter, answer: Answer, seen: dict[str, object], verdict: Verdict
) -> None:
    answer({"Success": True, "FirmwareInfo": {"FirmwareId": "f"} | seen})
    changes = FirmwareChanges(name="New", description="text")
    assert await judged(writer, UpdateFirmware(firmware=firmware(), changes=changes)) is verdict


async def test_a_package_is_gone_or_there(writer: AlibabaWriter, answer: Answer) -> None:
    write = DeleteFirmware(firmware=firmware())
    answer({"Success": False, "Code": "iot.ota.FirmwareNotFound", "ErrorMessage": "m"})
    assert await judged(writer, write) is DONE
    answer({"Success": True, "FirmwareInfo": {"FirmwareId": "f"}})
    assert await judged(writer, write) is NOT_DONE


@pytest.mark.parametrize(
    ("modules", "verdicts"),
    [
        ([], (NOT_DONE, NOT_DONE, DONE)),
        ([{"ModuleName": "M", "AliasName": "a"}], (DONE, DONE, NOT_DONE)),
        ([{"ModuleName": "m", "AliasName": "b"}], (UNCLEAR, NOT_DONE, NOT_DONE)),
        ([{"AliasName": "a"}], (UNCLEAR, UNCLEAR, UNCLEAR)),
    ],
)
async def test_modules_are_there_or_not(
    writer: AlibabaWriter,
    answer: Answer,
    modules: list[object],
    verdicts: tuple[Verdict, Verdict, Verdict],
) -> None:
    draft = ModuleDraft(product_key=PRODUCT, name="m", alias="a", description="")
    writes = (
        CreateModule(draft=draft),
        UpdateModule(draft=draft),
        DeleteModule(product_key=PRODUCT, name="m"),
    )
    answer({"Success": True, "Data": modules}, times=3)
    assert tuple([await judged(writer, write) for write in writes]) == verdicts
