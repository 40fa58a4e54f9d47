"""Verifications made by calls, and what they do to their packages."""

import pytest

from gateway.simulators.alibaba import Habits, InventedCodes
from gateway.simulators.alibaba.firmware import Firmware, FirmwareStatus
from tests.simulators.alibaba.writing import HOUR_S, ILLEGAL, MINUTE_S, Writer, numbered

ACTION = "CreateOTAVerifyJob"
CODES = InventedCodes()


def trial(firmware: Firmware, names: list[str], **more: object) -> dict[str, object]:
    where = {"FirmwareId": firmware.id, "ProductKey": firmware.product.key}
    return {**where, **numbered("TargetDeviceName", names), **more}


@pytest.mark.parametrize(("failing", "outcome"), [(0.0, 1), (1.0, 3)])
@pytest.mark.parametrize("status", [FirmwareStatus.UNVERIFIED, FirmwareStatus.FAILED])
async def test_a_package_is_verified_by_its_devices(
    failing: float, outcome: int, status: FirmwareStatus
) -> None:
    writer = Writer(habits=Habits(failing=failing, lingering=0.0))
    firmware = writer.usable(status={status})
    names = list(writer.free_names(firmware, 2))
    given = trial(firmware, names, Tag__1__Key="k", Tag__1__Value="v", TimeoutInMinutes=1440)
    data = await writer.do(ACTION, **given)
    job = await writer.job(data["JobId"])
    assert job["JobType"] in {"VERIFY_FIRMWARE", "VERFIY_FIRMWARE"}
    assert job["Tags"] == {"OtaTagDTO": [{"Key": "k", "Value": "v"}]}
    assert {task["DeviceName"] for task in await writer.tasks(data["JobId"])} == set(names)
    assert (await writer.firmware(firmware.id))["Status"] == 2
    assert await writer.refused(ACTION, **given) == CODES.firmware_state
    writer.clock.advance(25 * HOUR_S)
    info = await writer.firmware(firmware.id)
    assert (info["Status"], info["VerifyProgress"]) == (outcome, 100)
    assert await writer.status(data["JobId"]) in {"COMPLETED", "COMPLETE"}
    if outcome == 1:
        assert await writer.refused(ACTION, **given) == CODES.firmware_state
        await writer.roll_out(writer.free_names(firmware, 1), firmware)
    else:
        await writer.do(ACTION, **given)


@pytest.mark.parametrize("status", [FirmwareStatus.VERIFIED, FirmwareStatus.NOT_NEEDED])
async def test_what_needs_no_verification_gets_none(status: FirmwareStatus) -> None:
    writer = Writer()
    firmware = writer.usable(status={status})
    given = trial(firmware, list(writer.free_names(firmware, 1)))
    assert await writer.refused(ACTION, **given) == CODES.firmware_state


async def test_a_trial_waits_for_confirmation_and_fails_when_it_is_canceled() -> None:
    writer = Writer()
    firmware = writer.usable(status={FirmwareStatus.UNVERIFIED})
    names = list(writer.free_names(firmware, 2))
    data = await writer.do(ACTION, **trial(firmware, names, NeedConfirm="true"))
    writer.clock.advance(10 * MINUTE_S)
    assert await writer.statuses(data["JobId"]) == {"CONFIRM"}
    assert (await writer.firmware(firmware.id))["Status"] == 2
    await writer.do(
        "CancelOTATaskByDevice",
        FirmwareId=firmware.id,
        ProductKey=firmware.product.key,
        **numbered("DeviceName", names),
    )
    assert (await writer.firmware(firmware.id))["Status"] == 3
    assert await writer.status(data["JobId"]) in {"COMPLETED", "COMPLETE"}


async def test_a_trial_whose_devices_are_all_busy_has_failed_at_once() -> None:
    writer = Writer()
    firmware = writer.usable(status={FirmwareStatus.UNVERIFIED})
    other = next(
        f
        for f in writer.fleet.firmwares
        if f.product.key == firmware.product.key and f.status_at(writer.now_s) in {-1, 1}
    )
    both = set(writer.free_names(firmware, 15)) & set(writer.free_names(other, 15))
    name = min(both)
    await writer.roll_out([name], other, NeedConfirm="true")
    await writer.do(ACTION, **trial(firmware, [name]))
    info = await writer.firmware(firmware.id)
    assert (info["Status"], info["VerifyProgress"]) == (3, 100)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"TargetDeviceName__1": "nobody"}, "iot.device.NotExistedDevice"),
        ({"TimeoutInMinutes": 1441}, ILLEGAL),
        ({"TimeoutInMinutes": 0}, ILLEGAL),
        ({"DownloadProtocol": "FTP"}, ILLEGAL),
        ({"NeedConfirm": "maybe"}, "InvalidNeedConfirm"),
        ({"RetryCount": 1}, CODES.unknown_parameter),
        ({"ProductKey": "x"}, "iot.prod.NotExistedProduct"),
        ({"FirmwareId": "x"}, "iot.ota.FirmwareNotFound"),
    ],
)
async def test_a_trial_that_is_not_as_documented_is_refused(
    wrong: dict[str, object], code: str
) -> None:
    writer = Writer()
    firmware = writer.usable(status={FirmwareStatus.UNVERIFIED})
    given = trial(firmware, list(writer.free_names(firmware, 1))) | wrong
    assert await writer.refused(ACTION, **given) == code


async def test_a_trial_takes_ten_devices_at_most() -> None:
    writer = Writer()
    firmware = writer.usable(status={FirmwareStatus.UNVERIFIED})
    names = list(writer.free_names(firmware, 11))
    code = await writer.refused(ACTION, **trial(firmware, names))
    assert code == "iot.device.DeviceCountExceeded"
    assert await writer.refused(ACTION, **trial(firmware, [])) == "MissingTargetDeviceName"
    await writer.do(ACTION, **trial(firmware, names[:10]))
