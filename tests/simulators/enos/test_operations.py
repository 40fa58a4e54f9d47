"""The seven read actions: documented shapes, order, and the delay after a change."""

import uuid
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from gateway.simulators.enos import EnosSimulator

from .conftest import ORG_ID, Client, FakeClock, sample

Connect = Callable[..., tuple[EnosSimulator, Client]]

DOCUMENTED_JOB = {
    "orgId": str,
    "productKey": str,
    "jobId": str,
    "name": dict | None,
    "firmwareId": str,
    "firmwareVersion": str,
    "firmwareName": dict,
    "type": str,
    "enableUpgradeRequest": bool,
    "upgradePolicy": str | None,
    "upgradeScope": dict,
    "upgradeTimeout": int,
    "retryPolicy": dict,
    "schedulePolicy": dict,
    "maximumConcurrency": int,
    "startSchedule": int | None,
    "endSchedule": int | None,
    "startAfterCreate": bool,
    "status": str,
    "createTime": int,
}
JOB_FIELDS_THAT_MAY_BE_ABSENT = {
    "productKey",
    "firmwareVersion",
    "firmwareName",
    "upgradeTimeout",
    "retryPolicy",
    "schedulePolicy",
    "maximumConcurrency",
    "startAfterCreate",
}
DOCUMENTED_FIRMWARE = {
    "orgId": str,
    "firmwareId": str,
    "productKey": str,
    "name": dict,
    "version": str,
    "desc": str | None,
    "signMethod": str,
    "sign": str,
    "fileUrl": str,
    "fileSize": int | str,
    "isVerified": bool,
    "enableVerification": bool,
    "createTime": int,
    "firmwareTags": dict,
    "maxAllowedForVerification": int,
    "minSuccessForVerified": int,
}
FIRMWARE_FIELDS_THAT_MAY_BE_ABSENT = {
    "productKey",
    "firmwareTags",
    "maxAllowedForVerification",
    "minSuccessForVerified",
}


def check(record: dict[str, Any], documented: dict[str, Any], absent: set[str]) -> None:
    assert set(documented) - absent <= record.keys() <= set(documented)
    for name, value in record.items():
        assert isinstance(value, documented[name]), (name, value)


async def test_the_envelope_is_the_documented_one(client: Client) -> None:
    answer = await client.search("ota-jobs", "search")
    documented = sample("search_jobs.response")
    assert answer.keys() == documented.keys()
    assert (answer["code"], answer["msg"]) == (0, "OK")
    assert str(uuid.UUID(answer["requestId"])) == answer["requestId"]
    job = await client.get("ota-jobs", "get", jobId=answer["data"][0]["jobId"])
    assert job.keys() == sample("get_job.response").keys()


async def test_every_job_has_the_documented_fields(client: Client) -> None:
    jobs = await client.all("ota-jobs", "search")
    for job in jobs:
        check(job, DOCUMENTED_JOB, JOB_FIELDS_THAT_MAY_BE_ABSENT)
        assert job["orgId"] == ORG_ID
    full = sample("get_job_full.response")["data"]
    assert set().union(*jobs) == full.keys() | {"startAfterCreate"}


async def test_each_field_that_may_be_absent_sometimes_is(client: Client) -> None:
    jobs = await client.all("ota-jobs", "search")
    assert {f for f in DOCUMENTED_JOB if any(f not in job for job in jobs)} == (
        JOB_FIELDS_THAT_MAY_BE_ABSENT
    )
    firmwares = await client.all("ota-firmwares", "search")
    assert {f for f in DOCUMENTED_FIRMWARE if any(f not in item for item in firmwares)} == (
        FIRMWARE_FIELDS_THAT_MAY_BE_ABSENT
    )


async def test_get_and_search_agree(client: Client) -> None:
    for job in (await client.all("ota-jobs", "search"))[::7]:
        assert (await client.get("ota-jobs", "get", jobId=job["jobId"]))["data"] == job
    for firmware in (await client.all("ota-firmwares", "search"))[::5]:
        answer = await client.get("ota-firmwares", "get", firmwareId=firmware["firmwareId"])
        assert answer["data"] == firmware


async def test_jobs_and_firmware_come_newest_first(client: Client) -> None:
    for resource in ("ota-jobs", "ota-firmwares"):
        times = [record["createTime"] for record in await client.all(resource, "search")]
        assert all(newer >= older for newer, older in pairwise(times))


async def test_every_task_has_the_documented_fields(client: Client) -> None:
    (documented, *_) = sample("search_tasks.response")["data"]
    for task in await client.all("ota-jobs", "searchTask"):
        assert task.keys() == documented.keys()
        assert {n: type(v) for n, v in task.items()} == {n: type(v) for n, v in documented.items()}
        assert len(task["taskId"]) == 24


async def test_task_ids_are_unique_and_their_order_stable(client: Client) -> None:
    first = [task["taskId"] for task in await client.all("ota-jobs", "searchTask")]
    assert len(set(first)) == len(first) == 1_500
    again = [task["taskId"] for task in await client.all("ota-jobs", "searchTask")]
    assert again == first


async def test_every_firmware_has_the_documented_fields(client: Client) -> None:
    firmwares = await client.all("ota-firmwares", "search")
    for firmware in firmwares:
        check(firmware, DOCUMENTED_FIRMWARE, FIRMWARE_FIELDS_THAT_MAY_BE_ABSENT)
        digits = {"md5": 32, "sha256": 64}[firmware["signMethod"]]
        assert len(firmware["sign"]) == digits
        assert int(firmware["fileSize"]) > 0
    assert set().union(*firmwares) == sample("get_firmware_full.response")["data"].keys()
    assert {type(firmware["fileSize"]) for firmware in firmwares} == {int, str}


async def test_every_device_has_the_documented_fields(client: Client) -> None:
    (documented,) = sample("search_device_upgrade.response")["data"]
    devices = await client.all("ota-firmwares", "searchDeviceUpgrade")
    for device in devices:
        assert {n: type(v) for n, v in device.items()} == {
            n: type(v) for n, v in documented.items()
        }
    assert len({device["assetId"] for device in devices}) == len(devices)


async def test_versions_are_those_that_devices_report(client: Client) -> None:
    devices = await client.all("ota-firmwares", "searchDeviceUpgrade")
    for product_key in {device["productKey"] for device in devices}:
        answer = await client.get("ota-firmwares", "listVersion", productKey=product_key)
        assert answer.keys() == sample("list_versions.response").keys()
        reported = {d["firmwareVersion"] for d in devices if d["productKey"] == product_key}
        assert set(answer["data"]) == reported
        assert len(answer["data"]) == len(reported)


async def test_a_product_without_devices_has_no_versions(client: Client) -> None:
    answer = await client.get("ota-firmwares", "listVersion", productKey="none")
    assert (answer["code"], answer["data"]) == (0, [])


async def moving_job(client: Client) -> dict[str, Any]:
    """A started job with devices at work and devices still waiting."""
    for job in await client.all("ota-jobs", "search", "status = 'started'"):
        tasks = await client.all("ota-jobs", "searchTask", f"jobId = '{job['jobId']}'")
        words = {task["status"] for task in tasks}
        if {"init", "succeeded"} <= words and job["type"] == "upgrade":
            return dict(job)
    pytest.fail("no job is under way")


async def test_a_change_shows_after_two_seconds_in_every_read(
    client: Client, simulator: EnosSimulator, clock: FakeClock
) -> None:
    job_id = (await moving_job(client))["jobId"]

    async def statuses() -> tuple[str, str]:
        got = (await client.get("ota-jobs", "get", jobId=job_id))["data"]["status"]
        listed = {job["jobId"]: job["status"] for job in await client.all("ota-jobs", "search")}
        return got, listed[job_id]

    simulator.fleet.set_job_status(job_id, "stopped")
    assert await statuses() == ("started", "started")
    clock.advance(1.9)
    assert await statuses() == ("started", "started")
    clock.advance(0.2)
    assert await statuses() == ("stopped", "stopped")


async def test_a_stop_freezes_waiting_tasks_two_seconds_late(
    client: Client, simulator: EnosSimulator, clock: FakeClock
) -> None:
    job_id = (await moving_job(client))["jobId"]

    async def waiting() -> int:
        found = await client.all(
            "ota-jobs", "searchTask", f"jobId = '{job_id}' and status = 'init'"
        )
        return len(found)

    clock.advance(60)
    simulator.fleet.set_job_status(job_id, "stopped")
    before = await waiting()
    # Just before the change becomes visible the tasks are where the run had brought them.
    clock.advance(1.99)
    frozen = await waiting()
    assert frozen <= before
    clock.advance(100_000)
    await client.log_in()
    assert await waiting() == frozen > 0
    simulator.fleet.set_job_status(job_id, "started")
    clock.advance(100_000)
    await client.log_in()
    assert await waiting() < frozen


async def test_the_delay_can_be_chosen(connect: Connect) -> None:
    simulator, client = connect(visibility_lag_s=0.0)
    (job, *_) = await client.all("ota-jobs", "search", "status = 'started'")
    simulator.fleet.set_job_status(job["jobId"], "stopped")
    answer = await client.get("ota-jobs", "get", jobId=job["jobId"])
    assert answer["data"]["status"] == "stopped"
