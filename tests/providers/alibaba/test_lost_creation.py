"""A creation whose answer was lost is found by looking, or called lost for good reason only."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.domain.job import (
    DownloadProtocol,
    OverwriteMode,
    RetryPolicy,
    RolloutPace,
    Schedule,
)
from gateway.domain.scope import ListedDevices, Percentage
from gateway.domain.text import LocalizedText
from gateway.domain.write import CreateFirmware, CreateJob, Finding, PlannedCall, Verdict
from gateway.providers.alibaba.writer import AlibabaWriter
from tests.providers.alibaba.drafts import FIRMWARE_ID, GROUP, NOW, PRODUCT, draft, package

Answer = Callable[..., None]
Calls = Callable[[], list[tuple[str, dict[str, str]]]]
Find = Callable[..., Any]

DONE = Finding(verdict=Verdict.DONE, native_id="j1")
NOT_DONE = Finding(verdict=Verdict.NOT_DONE)
UNCLEAR = Finding(verdict=Verdict.UNCLEAR)


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def tags(**pairs: str) -> dict[str, object]:
    found = [{"Key": key.replace("_", "."), "Value": value} for key, value in pairs.items()]
    return {"Tags": {"OtaTagDTO": found}}


def shown(**given: object) -> dict[str, object]:
    """A job as both the list and the single read show it, made at NOW."""
    return {
        "JobId": "j1",
        "FirmwareId": FIRMWARE_ID,
        "ProductKey": PRODUCT,
        "JobStatus": "IN_PROGRESS",
        "JobType": "UPGRADE_FIRMWARE",
        "SelectionType": "STATIC",
        "TargetSelection": "ALL",
        "UtcCreate": text(NOW),
    } | given


def listed(*jobs: object, total: int | None = None) -> dict[str, object]:
    count = len(jobs) if total is None else total
    return {"Success": True, "Data": {"SimpleOTAJobInfo": list(jobs)}, "Total": count}


def single(job: object) -> dict[str, object]:
    return {"Success": True, "Data": job}


@pytest.fixture
def find(writer: AlibabaWriter) -> Find:
    async def look(marker: str | None = "m1", **given: Any) -> Finding:  # noqa: ANN401 - any field
        write = CreateJob(draft=draft(given.pop("target", None), **given))
        call = PlannedCall(operation="CreateOTAStaticUpgradeJob", parameters={})
        return await writer.find(write, call, marker=marker, sent_at=NOW)

    return look


async def test_the_marker_finds_it_in_the_list(find: Find, answer: Answer, calls: Calls) -> None:
    answer(listed(shown(JobId="other", **tags(ota_gateway="m2")), shown(**tags(ota_gateway="m1"))))
    assert await find() == DONE
    assert [operation for operation, _ in calls()] == ["ListOTAJobByFirmware"]
    assert calls()[0][1]["FirmwareId"] == FIRMWARE_ID


async def test_all_pages_are_looked_at(find: Find, answer: Answer, calls: Calls) -> None:
    old = shown(JobId="old", UtcCreate=text(NOW - timedelta(days=1)))
    answer(listed(*[old] * 200, total=201))
    answer(listed(shown(**tags(ota_gateway="m1")), total=201))
    assert await find() == DONE
    assert [parameters["CurrentPage"] for _, parameters in calls()] == ["1", "2"]


async def test_two_with_one_marker_are_a_matter_for_a_person(find: Find, answer: Answer) -> None:
    marked = tags(ota_gateway="m1")
    answer(listed(shown(JobId="j1", **marked), shown(JobId="j2", **marked)))
    assert await find() == UNCLEAR


async def test_the_list_may_leave_tags_out(find: Find, answer: Answer) -> None:
    answer(listed(shown()))
    answer(single(shown(**tags(ota_gateway="m1", key1="value1"))))
    assert await find(tags={"key1": "value1"}) == DONE


async def test_old_jobs_are_not_looked_at(find: Find, answer: Answer, calls: Calls) -> None:
    answer(listed(shown(UtcCreate=text(NOW - timedelta(minutes=16)))))
    assert await find() == NOT_DONE
    assert len(calls()) == 1


async def test_a_job_of_unknown_age_is_looked_at(find: Find, answer: Answer) -> None:
    answer(listed(shown(UtcCreate=None)))
    answer(single(shown(UtcCreate=None)))
    assert await find(None) == DONE


async def test_an_empty_list_says_that_it_did_not_happen(find: Find, answer: Answer) -> None:
    answer(listed())
    assert await find() == NOT_DONE


async def test_an_unreadable_item_leaves_it_open(find: Find, answer: Answer) -> None:
    answer(listed({"FirmwareId": FIRMWARE_ID}))
    assert await find() == UNCLEAR
    answer(listed({"FirmwareId": FIRMWARE_ID}, shown(**tags(ota_gateway="m1"))))
    assert await find() == DONE


async def test_a_job_with_other_tags_is_another(find: Find, answer: Answer) -> None:
    answer(listed(shown()))
    answer(single(shown(**tags(key1="value1"))))
    assert await find() == NOT_DONE


async def test_a_fitting_job_without_the_marker_is_a_matter_for_a_person(
    find: Find, answer: Answer
) -> None:
    answer(listed(shown()))
    answer(single(shown()))
    assert await find("m1") == UNCLEAR


async def test_without_a_marker_the_one_that_fits_is_it(find: Find, answer: Answer) -> None:
    answer(listed(shown(JobId="other"), shown(JobId="j1")))
    answer(single(shown(JobId="other", TimeoutInMinutes=10)))
    answer(single(shown(JobId="j1")))
    assert await find(None) == DONE


async def test_two_that_fit_are_a_matter_for_a_person(find: Find, answer: Answer) -> None:
    answer(listed(shown(JobId="j1"), shown(JobId="j2")))
    answer(single(shown(JobId="j1")))
    answer(single(shown(JobId="j2")))
    assert await find(None) == UNCLEAR


async def test_a_marked_job_is_none_that_was_made_without(
    find: Find, answer: Answer, calls: Calls
) -> None:
    answer(listed(shown(**tags(ota_gateway="m9"))))
    assert await find(None) == NOT_DONE
    assert len(calls()) == 1


async def test_a_job_that_vanishes_while_looking_leaves_it_open(find: Find, answer: Answer) -> None:
    answer(listed(shown()))
    answer({"Success": True, "Data": None})
    assert await find() == UNCLEAR


@pytest.mark.parametrize(
    "difference",
    [
        {"JobType": "VERIFY_FIRMWARE"},
        {"SelectionType": "DYNAMIC"},
        {"ProductKey": "p"},
        {"TargetSelection": "GRAY"},
        {"SrcVersions": {"SrcVersion": ["1.0.0"]}},
        {"TimeoutInMinutes": 5},
        {"RetryInterval": 10, "RetryCount": 1},
        {"UtcScheduleTime": text(NOW)},
        {"MaximumPerMinute": 20},
        {"OverwriteMode": 2},
        {"DownloadProtocol": "MQTT"},
        {"NeedConfirm": True},
        {"NeedPush": False},
        {"MultiModuleMode": True},
        tags(key2="value2"),
    ],
)
async def test_any_difference_makes_it_another(
    find: Find, answer: Answer, difference: dict[str, object]
) -> None:
    answer(listed(shown()))
    answer(single(shown(**difference)))
    assert (
        await find(
            None,
            pace=RolloutPace(max_concurrent=None, max_per_minute=10),
            overwrite_mode=OverwriteMode.KEEP_EXISTING,
            download_protocol=DownloadProtocol.HTTPS,
            confirmation_required=False,
            push_enabled=True,
            multi_module=False,
        )
        == NOT_DONE
    )


async def test_equal_settings_make_it_the_one(find: Find, answer: Answer) -> None:
    start = NOW + timedelta(hours=1)
    answer(listed(shown()))
    answer(
        single(
            shown(
                TimeoutInMinutes=600,
                RetryInterval=60,
                RetryCount=1,
                UtcScheduleTime=text(start),
                TargetSelection="GRAY",
                GrayPercent="33.33",
                MaximumPerMinute=10_000,
                **tags(key1="value1"),
            )
        )
    )
    found = await find(
        None,
        target=Percentage(percent=33.333),
        timeout_s=36_000,
        retry_policy=RetryPolicy(count=1, interval_s=3_600),
        schedule=Schedule(starts_at=start + timedelta(milliseconds=500)),
        tags={"key1": "value1"},
    )
    assert found == DONE


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({"TargetSelection": "GROUP", "GroupId": "CtjzCkNuOx0001"}, DONE),
        ({"TargetSelection": "GROUP"}, DONE),
        ({"TargetSelection": "GROUP", "GroupId": "other"}, NOT_DONE),
    ],
)
async def test_groups(
    find: Find, answer: Answer, given: dict[str, object], verdict: Finding
) -> None:
    answer(listed(shown()))
    answer(single(shown(**given)))
    assert await find(None, target=GROUP) == verdict


@pytest.mark.parametrize(
    ("names", "verdict"),
    [(["d1", "d2"], DONE), (["d1"], DONE), (["d1", "d3"], NOT_DONE), ([], UNCLEAR)],
)
async def test_the_tasks_tell_which_devices_a_job_lists(
    find: Find, answer: Answer, names: list[str], verdict: Finding
) -> None:
    answer(listed(shown(TargetSelection="SPECIFIC")))
    answer(single(shown(TargetSelection="SPECIFIC")))
    tasks = [{"TaskId": f"t-{name}", "JobId": "j1", "DeviceName": name} for name in names]
    answer({"Success": True, "Data": {"SimpleOTATaskInfo": tasks}, "Total": len(tasks)})
    assert await find(None, target=ListedDevices(names=("d1", "d2"))) == verdict


def packages(*found: dict[str, object]) -> dict[str, object]:
    return {"Success": True, "FirmwareInfo": {"SimpleFirmwareInfo": list(found)}}


def shown_package(**given: object) -> dict[str, object]:
    return {
        "FirmwareId": "f1",
        "FirmwareName": "Firmware2",
        "DestVersion": "1.0.1",
        "UtcCreate": text(NOW),
    } | given


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (packages(shown_package()), replace(DONE, native_id="f1")),
        (packages(), NOT_DONE),
        (packages(shown_package(FirmwareName="Firmware3")), NOT_DONE),
        (packages(shown_package(DestVersion="1.0.2")), NOT_DONE),
        (packages(shown_package(UtcCreate=text(NOW - timedelta(days=1)))), NOT_DONE),
        (packages(shown_package(), shown_package(FirmwareId="f2")), UNCLEAR),
        (packages({"FirmwareName": "Firmware2"}), UNCLEAR),
    ],
)
async def test_a_package_is_found_by_its_name(
    writer: AlibabaWriter, answer: Answer, calls: Calls, body: object, verdict: Finding
) -> None:
    answer(body)
    write = CreateFirmware(draft=package(product_key=PRODUCT))
    call = PlannedCall(operation="CreateOTAFirmware", parameters={})
    assert await writer.find(write, call, marker="m1", sent_at=NOW) == verdict
    assert calls()[0][1] == {
        "ProductKey": PRODUCT,
        "DestVersion": "1.0.1",
        "CurrentPage": "1",
        "PageSize": "100",
    }


@pytest.mark.parametrize("operation", ["GenerateOTAUploadURL", "PostObject"])
async def test_an_upload_alone_makes_no_package(
    writer: AlibabaWriter, calls: Calls, operation: str
) -> None:
    write = CreateFirmware(draft=package(name=LocalizedText(default="n")))
    call = PlannedCall(operation=operation, parameters={})
    assert await writer.find(write, call, marker=None, sent_at=NOW) == NOT_DONE
    assert calls() == []
