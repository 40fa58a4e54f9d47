"""Batches made by calls: whom they take in, what they refuse, and how they run."""

from typing import Any

import pytest

from gateway.simulators.alibaba import Habits, InventedCodes, Readings, catalogue
from gateway.simulators.alibaba.firmware import Firmware, FirmwareStatus
from gateway.simulators.alibaba.groups import groups_of, members
from gateway.simulators.alibaba.survey import survey
from tests.simulators.alibaba.writing import (
    DAY_S,
    HOUR_S,
    ILLEGAL,
    MINUTE_S,
    Writer,
    numbered,
    specific,
)

CODES = InventedCodes()
STATIC = "CreateOTAStaticUpgradeJob"
TAGS = {
    "Tag__1__Key": "key.1",
    "Tag__1__Value": "value 1 值",
    "Tag__2__Key": "b",
    "Tag__2__Value": "2",
}


def by_scope(firmware: Firmware, target: str, **more: object) -> dict[str, object]:
    where = {"FirmwareId": firmware.id, "ProductKey": firmware.product.key}
    return {**where, "TargetSelection": target, **more}


def ms(moment_s: float) -> int:
    return int(moment_s * 1000)


async def test_a_static_batch_is_what_was_asked_for() -> None:
    writer = Writer()
    firmware = writer.usable()
    names = writer.free_names(firmware, 3)
    data = await writer.do(
        STATIC,
        **specific(firmware, names),
        RetryInterval=30,
        RetryCount=2,
        TimeoutInMinutes=60,
        MaximumPerMinute=10,
        OverwriteMode=2,
        NeedPush="false",
        NeedConfirm="True",
        DownloadProtocol="HTTPS",
        MultiModuleMode="false",
        **TAGS,
    )
    job = await writer.job(data["JobId"])
    expected = {
        "FirmwareId": firmware.id,
        "ProductKey": firmware.product.key,
        "Name": firmware.name,
        "DestVersion": firmware.version,
        "JobType": "UPGRADE_FIRMWARE",
        "JobStatus": "IN_PROGRESS",
        "SelectionType": "STATIC",
        "TargetSelection": "SPECIFIC",
        "RetryInterval": 30,
        "RetryCount": 2,
        "TimeoutInMinutes": 60,
        "MaximumPerMinute": 10,
        "OverwriteMode": 2,
        "NeedPush": False,
        "NeedConfirm": True,
        "MultiModuleMode": False,
        "DownloadProtocol": "HTTPS",
        "UtcCreate": data["UtcCreate"],
        "UtcStartTime": data["UtcCreate"],
        "Tags": {
            "OtaTagDTO": [
                {"Key": "key.1", "Value": "value 1 值"},
                {"Key": "b", "Value": "2"},
            ]
        },
    }
    assert expected.items() <= job.items()
    tasks = await writer.tasks(data["JobId"])
    assert {task["DeviceName"] for task in tasks} == set(names)
    assert {task["TaskStatus"] for task in tasks} == {"CONFIRM"}
    assert {task["Timeout"] for task in tasks} == {"60"}
    page = {"CurrentPage": 1, "PageSize": 200}
    listed = await writer.do("ListOTAJobByFirmware", FirmwareId=firmware.id, **page)
    assert data["JobId"] in {item["JobId"] for item in listed["SimpleOTAJobInfo"]}
    where = {"FirmwareId": firmware.id, "ProductKey": firmware.product.key}
    listed = await writer.do(
        "ListOTAJobByDevice", **where, DeviceName=names[0], CurrentPage=1, PageSize=100
    )
    assert data["JobId"] in {item["JobId"] for item in listed["SimpleOTAJobInfo"]}
    (open_task,) = await writer.open_tasks(firmware, names[0])
    assert open_task["JobId"] == data["JobId"]


async def test_defaults_are_the_documented_ones() -> None:
    writer = Writer()
    job = await writer.job(await writer.roll_out(writer.free_names(writer.usable(), 1)))
    assert (job["MaximumPerMinute"], job["OverwriteMode"]) == (10_000, 1)
    assert (job["NeedPush"], job["NeedConfirm"], job["MultiModuleMode"]) == (True, False, False)
    assert job["DownloadProtocol"] == "HTTPS"
    for name in ("RetryCount", "RetryInterval", "TimeoutInMinutes", "Tags", "UtcScheduleTime"):
        assert job.get(name) in (None, "", {}, {"OtaTagDTO": []})


async def test_tasks_move_until_the_batch_completes_and_devices_report_the_version() -> None:
    writer = Writer()
    firmware = writer.usable()
    names = writer.free_names(firmware, 40)
    old = await writer.version(firmware, names[0])
    identity = await writer.roll_out(names, MaximumPerMinute=10)
    seen: set[str] = set()
    percents = []
    for _ in range(40):
        tasks = await writer.tasks(identity)
        seen |= {task["TaskStatus"] for task in tasks}
        percents.append(sum(float(task["Progress"]) for task in tasks))
        pending = {task["TaskStatus"] for task in tasks} != {"SUCCEEDED"}
        assert await writer.status(identity) == ("IN_PROGRESS" if pending else "COMPLETED")
        writer.clock.advance(25)
    assert seen == {"QUEUED", "NOTIFIED", "IN_PROGRESS", "SUCCEEDED"}
    assert percents == sorted(percents)
    assert percents[-1] == 4000
    assert (await writer.version(firmware, names[0]), old) != (old, firmware.version)
    assert await writer.version(firmware, names[0]) == firmware.version
    assert (await writer.job(identity))["UtcEndTime"]


async def test_no_batch_pushes_faster_than_it_may() -> None:
    writer = Writer(tasks=3_000)
    identity = await writer.roll_out(writer.free_names(writer.usable(), 45), MaximumPerMinute=10)
    job = writer.fleet.job(identity)
    assert job is not None
    pushes = sorted(c.pushed_s - writer.now_s for c in writer.fleet.courses(job))
    assert all(int(push // 60) == rank // 10 for rank, push in enumerate(pushes))


async def test_devices_at_the_target_version_are_skipped() -> None:
    writer = Writer()
    firmware = writer.usable()
    names = writer.free_names(firmware, 4)
    await writer.roll_out(names[:2])
    writer.clock.advance(HOUR_S)
    identity = await writer.roll_out(names)
    assert {task["DeviceName"] for task in await writer.tasks(identity)} == set(names[2:])
    nobody = await writer.roll_out(names[:2])
    assert await writer.tasks(nobody) == []
    assert await writer.status(nobody) == "COMPLETED"


async def test_all_and_phased_batches_take_devices_of_the_source_versions() -> None:
    writer = Writer()
    firmware = writer.usable()
    product = firmware.product
    everybody = range(product.devices)
    found = survey(writer.fleet, product, firmware.module, everybody, writer.now_s)
    versions = sorted({s.version for s in found.values()} - {firmware.version})[:2]
    fitting = {product.device(device).name for device, s in found.items() if s.version in versions}
    sources = numbered("SrcVersion", versions)
    data = await writer.do(STATIC, **by_scope(firmware, "GRAY", GrayPercent="33.333", **sources))
    some = await writer.tasks(data["JobId"])
    assert len(some) == int(len(fitting) * 33.333 / 100) > 0
    assert {task["DeviceName"] for task in some} < fitting
    job = await writer.job(data["JobId"])
    assert (job["GrayPercent"], job["TargetSelection"]) == ("33.333", "GRAY")
    assert job["SrcVersions"] == {"SrcVersion": versions}
    data = await writer.do(STATIC, **by_scope(firmware, "ALL", **sources))
    page = {"JobId": data["JobId"], "CurrentPage": 1, "PageSize": 1}
    body = await writer.caller.ask("ListOTATaskByJob", **page)
    assert body["Total"] == len(fitting)
    data = await writer.do(STATIC, **by_scope(firmware, "GRAY", GrayPercent="0.001"))
    assert len(await writer.tasks(data["JobId"])) == 1
    data = await writer.do(STATIC, **by_scope(firmware, "ALL"))
    body = await writer.caller.ask("ListOTATaskByJob", **page | {"JobId": data["JobId"]})
    assert body["Total"] == sum(s.version != firmware.version for s in found.values())


async def test_a_group_batch_takes_the_groups_devices() -> None:
    writer = Writer()
    firmware = writer.usable()
    product = firmware.product
    group = groups_of(product.key, writer.fleet.seed)[2]
    given = by_scope(firmware, "GROUP", GroupId=group.id, GroupType="LINK_PLATFORM")
    data = await writer.do(STATIC, **given)
    job = await writer.job(data["JobId"])
    assert (job["GroupId"], job["GroupName"]) == (group.id, group.name)
    names = {product.device(device).name for device in members(product, 2)}
    tasks = await writer.tasks(data["JobId"])
    assert tasks
    assert {task["DeviceName"] for task in tasks} <= names
    unknown = given | {"GroupId": "none"}
    assert await writer.refused(STATIC, **unknown) == CODES.group_not_found


async def test_a_list_file_names_devices() -> None:
    writer = Writer()
    firmware = writer.usable()
    names = writer.free_names(firmware, 30)
    for heading in ("", "\ufeffDeviceName\r\n"):
        content = (heading + "\r\n".join(names[:15]) + "\r\n").encode()
        url = await writer.upload(content, names=True)
        data = await writer.do(STATIC, **by_scope(firmware, "SPECIFIC", DnListFileUrl=url))
        assert {t["DeviceName"] for t in await writer.tasks(data["JobId"])} == set(names[:15])
    given = by_scope(firmware, "SPECIFIC", DnListFileUrl=url)
    writer.clock.advance(HOUR_S + 0.1)
    assert await writer.refused(STATIC, **given) == CODES.file_not_found
    package = await writer.upload(b"a package", names=False)
    given = by_scope(firmware, "SPECIFIC", DnListFileUrl=package)
    assert await writer.refused(STATIC, **given) == CODES.file_not_found


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "upload"),
        ("DeviceName\n\n", ILLEGAL),
        ("{0}\n{0}\n", ILLEGAL),
        ("{0}\nnobody\n", "iot.device.NotExistedDevice"),
        ("{0}\n{1}\n{2}\n{3}\n", "iot.device.DeviceCountExceeded"),
    ],
)
async def test_a_list_file_must_name_known_devices_once(content: str, code: str) -> None:
    writer = Writer(readings=Readings(most_listed_devices=3))
    firmware = writer.usable()
    text = content.format(*writer.free_names(firmware, 4)).encode()
    if code == "upload":
        assert await writer.post(await writer.do("GenerateDeviceNameListURL"), text) == 400
        return
    url = await writer.upload(text, names=True)
    given = by_scope(firmware, "SPECIFIC", DnListFileUrl=url)
    assert await writer.refused(STATIC, **given) == code


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"FirmwareId": ""}, "MissingFirmwareId"),
        ({"FirmwareId": "x"}, "iot.ota.FirmwareNotFound"),
        ({"ProductKey": "x"}, "iot.prod.NotExistedProduct"),
        ({"TargetSelection": ""}, "MissingTargetSelection"),
        ({"TargetSelection": "all"}, ILLEGAL),
        ({"TargetSelection": "ALL"}, ILLEGAL),
        ({"TargetSelection": "GRAY", "GrayPercent": "5"}, ILLEGAL),
        ({"TargetDeviceName__1": "nobody"}, "iot.device.NotExistedDevice"),
        ({"TargetDeviceName__1": ""}, "iot.device.NotExistedDevice"),
        ({"TargetDeviceName__3": "gap"}, "InvalidTargetDeviceName"),
        ({"DnListFileUrl": "https://x.example/a"}, ILLEGAL),
        ({"SrcVersion__1": "1.0.0"}, ILLEGAL),
        ({"GroupId": "g", "GroupType": "LINK_PLATFORM"}, ILLEGAL),
        ({"GrayPercent": "50"}, ILLEGAL),
        ({"RetryInterval": 20, "RetryCount": 1}, ILLEGAL),
        ({"RetryInterval": 10, "RetryCount": 3}, ILLEGAL),
        ({"RetryInterval": 10}, ILLEGAL),
        ({"RetryCount": 1}, ILLEGAL),
        ({"RetryInterval": 60, "RetryCount": 1, "TimeoutInMinutes": 60}, ILLEGAL),
        ({"TimeoutInMinutes": 0}, ILLEGAL),
        ({"TimeoutInMinutes": 1441}, ILLEGAL),
        ({"TimeoutInMinutes": "soon"}, "InvalidTimeoutInMinutes"),
        ({"MaximumPerMinute": 9}, ILLEGAL),
        ({"MaximumPerMinute": 10_001}, ILLEGAL),
        ({"OverwriteMode": 3}, ILLEGAL),
        ({"OverwriteMode": 2, "MultiModuleMode": "true"}, ILLEGAL),
        ({"NeedPush": "1"}, "InvalidNeedPush"),
        ({"DownloadProtocol": "HTTP"}, ILLEGAL),
        ({"ScheduleFinishTime": 1_800_000_000_000}, ILLEGAL),
        ({"ScheduleTime": "tomorrow"}, "InvalidScheduleTime"),
        ({"Tag__1__Key": "a"}, "MissingTag.1.Value"),
        ({"Tag__1__Key": "a_b", "Tag__1__Value": "x"}, ILLEGAL),
        ({"Tag__1__Key": "k" * 31, "Tag__1__Value": "x"}, ILLEGAL),
        ({"Tag__1__Key": "k", "Tag__1__Value": "x" * 1025}, ILLEGAL),
        ({"Tags__1__Key": "k", "Tags__1__Value": "x"}, CODES.unknown_parameter),
        ({"DynamicMode": 1}, CODES.unknown_parameter),
        ({"JobDesc": "x"}, CODES.unknown_parameter),
    ],
)
async def test_a_static_batch_that_is_not_as_documented_is_refused(
    wrong: dict[str, object], code: str
) -> None:
    writer = Writer()
    firmware = writer.usable()
    given = specific(firmware, writer.free_names(firmware, 1)) | wrong
    assert await writer.refused(STATIC, **given) == code


@pytest.mark.parametrize("percent", ["0", "0.0", "100.001", "5.0001", "-1", "50%", "1e1", ""])
async def test_a_percentage_has_three_decimals_at_most(percent: str) -> None:
    writer = Writer()
    given = by_scope(writer.usable(), "GRAY", GrayPercent=percent)
    assert await writer.refused(STATIC, **given) == ILLEGAL


@pytest.mark.parametrize("target", ["SPECIFIC", "GROUP", "GRAY"])
async def test_a_scope_needs_its_own_parameters(target: str) -> None:
    writer = Writer()
    assert await writer.refused(STATIC, **by_scope(writer.usable(), target)) == ILLEGAL


async def test_limits_at_their_edges() -> None:
    writer = Writer(packages=10, tasks=20_000)
    firmware = writer.usable()
    names = writer.free_names(firmware, 201)
    too_many = specific(firmware, names)
    assert await writer.refused(STATIC, **too_many) == "iot.device.DeviceCountExceeded"
    twice = specific(firmware, [names[0], names[0]])
    assert await writer.refused(STATIC, **twice) == ILLEGAL
    tags = {f"Tag__{n}__{half}": f"k{n}" for n in range(1, 12) for half in ("Key", "Value")}
    assert await writer.refused(STATIC, **specific(firmware, names[:1]), **tags) == ILLEGAL
    heavy = {
        f"Tag__{n}__{half}": ("k" if half == "Key" else "v" * 1024)
        for n in range(1, 5)
        for half in ("Key", "Value")
    }
    assert await writer.refused(STATIC, **specific(firmware, names[:1]), **heavy) == ILLEGAL
    heavy["Tag__4__Value"] = "v" * 1020
    del tags["Tag__11__Key"], tags["Tag__11__Value"]
    await writer.roll_out(
        names[:200], firmware, MaximumPerMinute=10_000, TimeoutInMinutes=1440, **tags
    )
    await writer.roll_out(names[200:], firmware, MaximumPerMinute=10, TimeoutInMinutes=1, **heavy)
    sources = {f"SrcVersion__{n}": f"0.{n}" for n in range(1, 12)}
    assert await writer.refused(STATIC, **by_scope(firmware, "ALL", **sources)) == ILLEGAL
    del sources["SrcVersion__11"]
    await writer.do(STATIC, **by_scope(firmware, "ALL", **sources))
    sources["SrcVersion__2"] = "0.1"
    assert await writer.refused(STATIC, **by_scope(firmware, "ALL", **sources)) == ILLEGAL


@pytest.mark.parametrize(
    ("start_s", "finish_s", "lawful"),
    [
        (5 * MINUTE_S, None, True),
        (5 * MINUTE_S - 1, None, False),
        (7 * DAY_S, None, True),
        (7 * DAY_S + 1, None, False),
        (HOUR_S, 2 * HOUR_S, True),
        (HOUR_S, 2 * HOUR_S - 1, False),
        (HOUR_S, HOUR_S + 30 * DAY_S, True),
        (HOUR_S, HOUR_S + 30 * DAY_S + 1, False),
    ],
)
async def test_schedules_keep_to_their_ranges(
    start_s: float, finish_s: float | None, *, lawful: bool
) -> None:
    writer = Writer()
    firmware = writer.usable()
    given = specific(firmware, writer.free_names(firmware, 1))
    given["ScheduleTime"] = ms(writer.now_s + start_s)
    if finish_s is not None:
        given["ScheduleFinishTime"] = ms(writer.now_s + finish_s)
    if not lawful:
        assert await writer.refused(STATIC, **given) == ILLEGAL
        return
    job = await writer.job((await writer.do(STATIC, **given))["JobId"])
    assert job["JobStatus"] == "PLANNED"
    assert job["UtcScheduleTime"] > job["UtcCreate"]


async def test_a_scheduled_batch_waits_runs_and_ends_with_its_window() -> None:
    writer = Writer(habits=Habits(failing=0.0, lingering=1.0))
    firmware = writer.usable()
    identity = await writer.roll_out(
        writer.free_names(firmware, 2),
        ScheduleTime=ms(writer.now_s + HOUR_S),
        ScheduleFinishTime=ms(writer.now_s + 3 * HOUR_S),
    )
    assert await writer.statuses(identity) == {"QUEUED"}
    writer.clock.advance(HOUR_S - 1)
    assert await writer.status(identity) == "PLANNED"
    writer.clock.advance(1)
    assert await writer.status(identity) == "IN_PROGRESS"
    writer.clock.advance(2 * HOUR_S - 1)
    assert await writer.status(identity) == "IN_PROGRESS"
    writer.clock.advance(1)
    assert await writer.status(identity) == "COMPLETED"
    assert await writer.statuses(identity) == {"CANCELED"}
    descriptions = {task["TaskDesc"] for task in await writer.tasks(identity)}
    assert descriptions == {catalogue.WINDOW_CLOSED_TEXT}


@pytest.mark.parametrize("mode", [1, 2])
async def test_a_device_has_one_open_task(mode: int) -> None:
    writer = Writer()
    firmware = writer.usable()
    names = writer.free_names(firmware, 3)
    first = await writer.roll_out(names, NeedConfirm="true")
    second = await writer.roll_out(names[:2], OverwriteMode=mode)
    loser, winner = (second, first) if mode == 1 else (first, second)
    lost = {task["DeviceName"]: task for task in await writer.tasks(loser)}
    outcome = "FAILED" if mode == 1 else "CANCELED"
    assert {lost[name]["TaskStatus"] for name in names[:2]} == {outcome}
    reasons = {lost[name]["TaskDesc"] for name in names[:2]}
    assert reasons == {catalogue.BUSY_TEXT if mode == 1 else catalogue.REPLACED_TEXT}
    for name in names[:2]:
        (task,) = await writer.open_tasks(firmware, name)
        assert task["JobId"] == winner
    if mode == 1:
        assert await writer.status(second) == "COMPLETED"
    else:
        assert lost[names[2]]["TaskStatus"] == "CONFIRM"
        assert await writer.status(first) == "IN_PROGRESS"


async def test_a_task_under_way_is_never_replaced() -> None:
    writer = Writer()
    names = writer.free_names(writer.usable(), 1)
    first = await writer.roll_out(names)
    while await writer.statuses(first) != {"IN_PROGRESS"}:
        writer.clock.advance(1)
    second = await writer.roll_out(names, OverwriteMode=2)
    assert await writer.statuses(second) == {"FAILED"}
    writer.clock.advance(HOUR_S)
    assert await writer.statuses(first) == {"SUCCEEDED"}
    assert await writer.version(writer.usable(), names[0]) == writer.usable().version


async def test_a_batch_whose_last_tasks_are_replaced_is_over() -> None:
    writer = Writer(readings=Readings())
    names = writer.free_names(writer.usable(), 2)
    first = await writer.roll_out(names, NeedConfirm="true")
    await writer.roll_out(names, OverwriteMode=2)
    assert await writer.status(first) == "COMPLETED"


async def test_modules_are_updated_beside_each_other_where_that_is_wanted() -> None:
    writer = Writer(readings=Readings(require_upload=False))
    firmware = writer.usable()
    name = writer.free_names(firmware, 1)
    key = firmware.product.key
    await writer.do("CreateOTAModule", ProductKey=key, ModuleName="second")
    made = await writer.do(
        "CreateOTAFirmware",
        FirmwareName="second",
        DestVersion="2.0.0",
        ProductKey=key,
        ModuleName="second",
        FirmwareUrl="https://x.example/a.bin",
        NeedToVerify="false",
    )
    other = writer.fleet.firmware(made["FirmwareId"])
    assert other is not None
    await writer.roll_out(name, firmware, NeedConfirm="true")
    alone = await writer.roll_out(name, other)
    assert await writer.statuses(alone) == {"FAILED"}
    beside = await writer.roll_out(name, other, MultiModuleMode="true")
    assert "FAILED" not in await writer.statuses(beside)
    assert len(await writer.open_tasks(firmware, name[0])) == 2
    twice = await writer.roll_out(name, other, MultiModuleMode="true")
    assert await writer.statuses(twice) == {"FAILED"}


@pytest.mark.parametrize(
    "status", [FirmwareStatus.UNVERIFIED, FirmwareStatus.VERIFYING, FirmwareStatus.FAILED]
)
async def test_a_package_must_be_verified_before_it_is_rolled_out(status: FirmwareStatus) -> None:
    writer = Writer()
    firmware = writer.usable(status={status})
    code = CODES.firmware_state
    given = by_scope(firmware, "ALL")
    assert await writer.refused(STATIC, **given) == code
    del given["TargetSelection"]
    given["SrcVersion__1"] = "1.0.0"
    assert await writer.refused("CreateOTADynamicUpgradeJob", **given) == code


async def test_a_differential_package_knows_but_its_own_source() -> None:
    writer = Writer(packages=40, jobs=80)
    firmware = next(
        f
        for f in writer.fleet.firmwares
        if f.source_version and f.status_at(writer.now_s) in {-1, 1}
    )
    wrong = by_scope(firmware, "ALL", SrcVersion__1="0.0.1")
    assert await writer.refused(STATIC, **wrong) == ILLEGAL
    await writer.do(STATIC, **by_scope(firmware, "ALL", SrcVersion__1=firmware.source_version))


async def test_mqtt_is_for_small_single_files_in_some_regions() -> None:
    def packages(writer: Writer, *, small: bool) -> Firmware:
        return next(
            f
            for f in writer.fleet.firmwares
            if f.status_at(writer.now_s) in {-1, 1}
            and (len(f.files) == 1 and f.files[0].size_bytes <= 16 * 2**20) == small
        )

    writer = Writer(packages=24)
    mqtt: dict[str, Any] = {"DownloadProtocol": "MQTT"}
    small, large = (packages(writer, small=size) for size in (True, False))
    await writer.do(STATIC, **by_scope(small, "ALL"), **mqtt)
    assert await writer.refused(STATIC, **by_scope(large, "ALL"), **mqtt) == ILLEGAL
    abroad = Writer(packages=24, region="eu-central-1")
    given = by_scope(packages(abroad, small=True), "ALL")
    assert await abroad.refused(STATIC, **given, **mqtt) == ILLEGAL


async def test_failures_are_tried_again_without_showing_it() -> None:
    names: dict[str, set[str]] = {}
    for retry in ({}, {"RetryInterval": 10, "RetryCount": 5}):
        writer = Writer(habits=Habits(failing=1.0, lingering=0.0))
        given = by_scope(writer.usable(), "ALL", **retry)
        version = writer.free_names(writer.usable(), 1)
        given["SrcVersion__1"] = await writer.version(writer.usable(), version[0])
        identity = (await writer.do(STATIC, **given))["JobId"]
        writer.clock.advance(2 * DAY_S)
        names[str(len(retry))] = await writer.statuses(identity)
    assert names == {"0": {"FAILED"}, "2": {"FAILED", "SUCCEEDED"}}


async def test_equal_calls_make_two_batches() -> None:
    writer = Writer()
    names = writer.free_names(writer.usable(), 1)
    assert await writer.roll_out(names) != await writer.roll_out(names)


async def test_equal_calls_on_equal_fleets_make_equal_batches() -> None:
    one, same = Writer(), Writer()
    names = one.free_names(one.usable(), 5)
    identity = await one.roll_out(names)
    assert await same.roll_out(names) == identity
    assert await one.tasks(identity) == await same.tasks(identity)
