"""Dynamic batches made by calls: whom they match, when, and until when."""

from typing import Any

import pytest

from gateway.simulators.alibaba import InventedCodes, Readings, catalogue
from gateway.simulators.alibaba.firmware import Firmware
from gateway.simulators.alibaba.groups import groups_of, members
from gateway.simulators.alibaba.job import JobStatus, Selection
from tests.simulators.alibaba.writing import DAY_S, ILLEGAL, USABLE, Writer

ACTION = "CreateOTADynamicUpgradeJob"
CODES = InventedCodes()


def running_dynamic(writer: Writer) -> set[str]:
    return {
        job.firmware.id
        for job in writer.fleet.jobs
        if job.scope.selection is Selection.DYNAMIC
        and job.status_at(writer.now_s) is JobStatus.IN_PROGRESS
    }


def free_package(writer: Writer) -> Firmware:
    """A package that may be rolled out and has no dynamic batch yet, of the biggest product."""
    taken = running_dynamic(writer)
    return max(
        (
            f
            for f in writer.fleet.firmwares
            if f.status_at(writer.now_s) in USABLE
            and f.id not in taken
            and f.source_version is None
        ),
        key=lambda f: f.product.devices,
    )


def by_version(firmware: Firmware, *versions: str, **more: object) -> dict[str, object]:
    where = {"FirmwareId": firmware.id, "ProductKey": firmware.product.key}
    sources = {f"SrcVersion__{place}": version for place, version in enumerate(versions, 1)}
    return {**where, **sources, **more}


def by_group(writer: Writer, firmware: Firmware, **more: object) -> dict[str, object]:
    group = groups_of(firmware.product.key, writer.fleet.seed)[1]
    given = {"GroupId": group.id, "GroupType": "LINK_PLATFORM_DYNAMIC"}
    return by_version(firmware) | given | more


async def total(writer: Writer, identity: str) -> int:
    page = {"JobId": identity, "CurrentPage": 1, "PageSize": 1}
    return int((await writer.caller.ask("ListOTATaskByJob", **page))["Total"])


async def test_a_dynamic_batch_takes_in_what_matches_now_and_later() -> None:
    writer = Writer()
    firmware = free_package(writer)
    version = firmware.module.first_version
    given = by_version(firmware, version, TimeoutInMinutes=60, MaximumPerMinute=10_000)
    identity = (await writer.do(ACTION, **given))["JobId"]
    job = await writer.job(identity)
    assert (job["SelectionType"], job["TargetSelection"]) == ("DYNAMIC", "ALL")
    assert (job["DynamicMode"], job["JobStatus"]) == (1, "IN_PROGRESS")
    assert job["SrcVersions"] == {"SrcVersion": [version]}
    totals = []
    for _ in range(6):
        totals.append(await total(writer, identity))
        writer.clock.advance(DAY_S / 4)
    assert totals == sorted(totals)
    assert 0 < totals[0] < totals[-1]
    assert {task["SrcVersion"] for task in await writer.tasks(identity)} == {version}
    tasks = await writer.tasks(identity)
    done = [task["DeviceName"] for task in tasks if task["TaskStatus"] == "SUCCEEDED"]
    others = [task for task in tasks if task["DeviceName"] not in done]
    assert len(done) > totals[-1] - totals[0]
    assert {task["TaskDesc"] for task in others} <= {catalogue.BUSY_TEXT}
    assert await writer.status(identity) == "IN_PROGRESS"
    name = done[0]
    assert await writer.version(firmware, name) == firmware.version


async def test_mode_two_is_for_later_matches_only() -> None:
    writer = Writer()
    firmware = free_package(writer)
    given = by_version(firmware, firmware.module.first_version, DynamicMode=2)
    identity = (await writer.do(ACTION, **given))["JobId"]
    assert await total(writer, identity) == 0
    writer.clock.advance(DAY_S + 60)
    assert await total(writer, identity) >= 3


async def test_a_dynamic_group_is_followed() -> None:
    writer = Writer()
    firmware = free_package(writer)
    product = firmware.product
    identity = (await writer.do(ACTION, **by_group(writer, firmware)))["JobId"]
    job = await writer.job(identity)
    group = groups_of(product.key, writer.fleet.seed)[1]
    assert (job["GroupId"], job["GroupName"]) == (group.id, group.name)
    writer.clock.advance(DAY_S + 60)
    names = {product.device(device).name for device in members(product, 1)}
    assert {task["DeviceName"] for task in await writer.tasks(identity)} <= names


async def test_one_dynamic_batch_per_package_runs_at_a_time() -> None:
    writer = Writer()
    firmware = free_package(writer)
    given = by_version(firmware, "0.0.1")
    identity = (await writer.do(ACTION, **given))["JobId"]
    assert await writer.refused(ACTION, **given) == CODES.dynamic_job_exists
    await writer.do("CancelOTAStrategyByJob", JobId=identity)
    await writer.do(ACTION, **given)


async def test_batches_of_a_group_agree() -> None:
    writer = Writer(packages=48, jobs=100)
    firmware = free_package(writer)
    other = next(
        f
        for f in writer.fleet.firmwares
        if f.product.key == firmware.product.key
        and f.id not in running_dynamic(writer) | {firmware.id}
        and f.status_at(writer.now_s) in USABLE
    )
    settings = {"OverwriteMode": 2}
    group = groups_of(firmware.product.key, writer.fleet.seed)[1].id
    seeded = [
        job.settings
        for job in writer.fleet.jobs
        if job.scope.group
        and job.scope.group.id == group
        and job.firmware.id in running_dynamic(writer)
    ]
    assert not seeded
    await writer.do(ACTION, **by_group(writer, firmware, **settings))
    assert await writer.refused(ACTION, **by_group(writer, other)) == ILLEGAL
    several = {"MultiModuleMode": "true"}
    assert await writer.refused(ACTION, **by_group(writer, other, **several)) == ILLEGAL
    await writer.do(ACTION, **by_group(writer, other, **settings))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"SrcVersion__1": ""}, ILLEGAL),
        ({"SrcVersion__2": "1.0.0"}, ILLEGAL),
        ({"SrcVersion__1": "a b"}, ILLEGAL),
        ({f"SrcVersion__{n}": f"1.{n}" for n in range(1, 12)}, ILLEGAL),
        ({"GroupId": "g"}, ILLEGAL),
        ({"GroupType": "LINK_PLATFORM_DYNAMIC"}, ILLEGAL),
        ({"DynamicMode": 3}, ILLEGAL),
        ({"DynamicMode": "x"}, "InvalidDynamicMode"),
        ({"OverwriteMode": 2, "MultiModuleMode": "true"}, ILLEGAL),
        ({"RetryInterval": 10}, ILLEGAL),
        ({"MaximumPerMinute": 5}, ILLEGAL),
        ({"ScheduleTime": 1}, CODES.unknown_parameter),
        ({"TargetSelection": "ALL"}, CODES.unknown_parameter),
        ({"TargetDeviceName__1": "x"}, CODES.unknown_parameter),
    ],
)
async def test_a_dynamic_batch_that_is_not_as_documented_is_refused(
    wrong: dict[str, object], code: str
) -> None:
    writer = Writer()
    given = by_version(free_package(writer), "1.0.0") | wrong
    assert await writer.refused(ACTION, **given) == code


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"GroupType": "LINK_PLATFORM"}, ILLEGAL),
        ({"GroupType": ""}, ILLEGAL),
        ({"GroupId": "none"}, CODES.group_not_found),
    ],
)
async def test_a_group_must_be_a_dynamic_one(wrong: dict[str, object], code: str) -> None:
    writer = Writer()
    given = by_group(writer, free_package(writer), **wrong)
    assert await writer.refused(ACTION, **given) == code


async def test_neither_versions_nor_group_is_no_scope_and_groups_are_local() -> None:
    writer = Writer()
    assert await writer.refused(ACTION, **by_version(free_package(writer))) == ILLEGAL
    abroad = Writer(region="cn-beijing")
    given = by_group(abroad, free_package(abroad))
    assert await abroad.refused(ACTION, **given) == ILLEGAL


@pytest.mark.parametrize("takes_tasks", [False, True])
async def test_a_canceled_strategy_matches_nobody_any_more(*, takes_tasks: bool) -> None:
    writer = Writer(readings=Readings(strategy_cancels_tasks=takes_tasks))
    firmware = free_package(writer)
    given = by_version(firmware, firmware.module.first_version, NeedConfirm="true")
    identity = (await writer.do(ACTION, **given))["JobId"]
    before = await total(writer, identity)
    await writer.do("CancelOTAStrategyByJob", JobId=identity)
    assert await writer.status(identity) == "CANCELED"
    assert (await writer.job(identity))["UtcEndTime"]
    assert await writer.refused("CancelOTAStrategyByJob", JobId=identity) == CODES.job_state
    tasks = await writer.tasks(identity)
    open_ones = [task for task in tasks if task["TaskStatus"] == "CONFIRM"]
    assert bool(open_ones) != takes_tasks
    writer.clock.advance(2 * DAY_S)
    assert await total(writer, identity) == before
    if open_ones:
        (task,) = await writer.open_tasks(firmware, open_ones[0]["DeviceName"])
        await writer.do("ConfirmOTATask", TaskId__1=task["TaskId"])
        assert await writer.status(identity) == "CANCELED"


async def test_only_dynamic_batches_have_a_strategy() -> None:
    writer = Writer()
    static = await writer.roll_out(writer.free_names(writer.usable(), 1))
    code = await writer.refused("CancelOTAStrategyByJob", JobId=static)
    assert code == CODES.job_state
    code = await writer.refused("CancelOTAStrategyByJob", JobId="none")
    assert code == CODES.job_not_found


async def test_seeded_strategies_can_be_canceled_too() -> None:
    writer = Writer()
    job = next(job for job in writer.fleet.jobs if job.joiners)
    before = await total(writer, job.id)
    await writer.do("CancelOTAStrategyByJob", JobId=job.id)
    writer.clock.advance(2 * DAY_S)
    assert (await total(writer, job.id), await writer.status(job.id)) == (before, "CANCELED")


async def test_a_device_that_gets_another_task_joins_nothing() -> None:
    writer = Writer()
    job = max(writer.fleet.jobs, key=lambda job: job.joiners)
    joiner: Any = writer.fleet.task(job, job.size - 1)
    assert joiner.course.created_s > writer.now_s
    fleet, device = writer.fleet, joiner.device
    name = device.name
    firmware = next(
        f
        for f in fleet.firmwares
        if f.product.key == job.firmware.product.key
        and f.status_at(writer.now_s) in USABLE
        and f.version != fleet.module_version(device, f.module, writer.now_s)
    )
    identity = await writer.roll_out([name], firmware, NeedConfirm="true")
    assert await writer.statuses(identity) == {"CONFIRM"}
    writer.clock.advance(2 * DAY_S)
    (task,) = await writer.open_tasks(firmware, name)
    assert task["JobId"] == identity
    assert name not in {task["DeviceName"] for task in await writer.tasks(job.id)}
