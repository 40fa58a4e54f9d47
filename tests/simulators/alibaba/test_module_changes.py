"""Modules made, described and deleted."""

import pytest

from gateway.simulators.alibaba import InventedCodes
from tests.simulators.alibaba.caller import INSTANCE
from tests.simulators.alibaba.writing import ILLEGAL, Writer

CODES = InventedCodes()


def product_key(writer: Writer) -> str:
    return writer.fleet.products[0].key


async def listed(writer: Writer) -> dict[str, dict[str, object]]:
    body = await writer.caller.ask("ListOTAModuleByProduct", ProductKey=product_key(writer))
    return {item["ModuleName"]: item for item in body["Data"]}


async def test_a_module_is_there_at_once_and_devices_report_it() -> None:
    writer = Writer()
    where = {"ProductKey": product_key(writer), "ModuleName": "yaw.drive_2"}
    await writer.do("CreateOTAModule", **where, AliasName="偏航驱动器", Desc="yaw")
    item = (await listed(writer))["yaw.drive_2"]
    assert (item["AliasName"], item["Desc"]) == ("偏航驱动器", "yaw")
    device = writer.fleet.products[0].device(3).name
    data = await writer.do(
        "ListOTAModuleVersionsByDevice",
        ProductKey=product_key(writer),
        DeviceName=device,
        CurrentPage=1,
        PageSize=200,
    )
    assert data["SimpleOTAModuleInfo"][-1]["ModuleVersion"] == "1.0.0"
    await writer.do("UpdateOTAModule", **where, Desc="other")
    item = (await listed(writer))["yaw.drive_2"]
    assert (item["AliasName"], item["Desc"]) == ("偏航驱动器", "other")
    await writer.do("DeleteOTAModule", **where)
    assert "yaw.drive_2" not in await listed(writer)
    assert await writer.refused("DeleteOTAModule", **where) == CODES.module_not_found


async def test_packages_of_a_module_see_it_change() -> None:
    writer = Writer()
    where = {"ProductKey": product_key(writer), "ModuleName": "default"}
    before = {f.id: f.module.name for f in writer.fleet.firmwares}
    await writer.do("UpdateOTAModule", **where, AliasName="main")
    assert {f.id: f.module.name for f in writer.fleet.firmwares} == before
    mine = [job for job in writer.fleet.jobs if job.firmware.product.key == product_key(writer)]
    aliases = {job.firmware.module.alias for job in mine if job.firmware.module.name == "default"}
    assert aliases == {"main"}
    firmware = mine[0].firmware
    name = firmware.product.device(0).name
    assert await writer.version(firmware, name)


async def test_a_product_has_ten_modules_of_its_own_at_most() -> None:
    writer = Writer()
    key = product_key(writer)
    free = 10 - (len(await listed(writer)) - 1)
    for number in range(free):
        await writer.do("CreateOTAModule", ProductKey=key, ModuleName=f"m{number}")
    code = await writer.refused("CreateOTAModule", ProductKey=key, ModuleName="more")
    assert code == CODES.module_count_exceeded
    await writer.do("DeleteOTAModule", ProductKey=key, ModuleName="m0")
    await writer.do("CreateOTAModule", ProductKey=key, ModuleName="more")


@pytest.mark.parametrize(
    ("action", "wrong", "code"),
    [
        ("CreateOTAModule", {"ModuleName": "PITCHdrive"}, CODES.module_exists),
        ("CreateOTAModule", {"ModuleName": "Default"}, CODES.module_exists),
        ("CreateOTAModule", {"ModuleName": "a b"}, ILLEGAL),
        ("CreateOTAModule", {"ModuleName": "m" * 65}, ILLEGAL),
        ("CreateOTAModule", {"ModuleName": ""}, "MissingModuleName"),
        ("CreateOTAModule", {"AliasName": "a" * 65}, ILLEGAL),
        ("CreateOTAModule", {"Desc": "a" * 101}, ILLEGAL),
        ("CreateOTAModule", {"ProductKey": "x"}, "iot.prod.NotExistedProduct"),
        ("CreateOTAModule", {"ProductKey": ""}, "MissingProductKey"),
        ("UpdateOTAModule", {"ModuleName": "none"}, CODES.module_not_found),
        ("UpdateOTAModule", {"ModuleName": "pitchdrive"}, CODES.module_not_found),
        ("UpdateOTAModule", {"ModuleName": "default", "Desc": "a" * 101}, ILLEGAL),
        ("DeleteOTAModule", {"ModuleName": "none"}, CODES.module_not_found),
        ("DeleteOTAModule", {"ModuleName": "default"}, CODES.module_in_use),
    ],
)
async def test_what_is_not_lawful_is_refused(
    action: str, wrong: dict[str, object], code: str
) -> None:
    writer = Writer()
    given = {"ProductKey": product_key(writer), "ModuleName": "fresh"} | wrong
    assert await writer.refused(action, **given) == code


async def test_a_module_with_packages_stays() -> None:
    writer = Writer()
    firmware = next(f for f in writer.fleet.firmwares if f.module.name != "default")
    where = {"ProductKey": firmware.product.key, "ModuleName": firmware.module.name}
    assert await writer.refused("DeleteOTAModule", **where) == CODES.module_in_use


@pytest.mark.parametrize(
    "action",
    [
        "CreateOTAModule",
        "UpdateOTAModule",
        "DeleteOTAModule",
        "ConfirmOTATask",
        "ReupgradeOTATask",
    ],
)
async def test_some_operations_are_for_post_alone(action: str) -> None:
    writer = Writer()
    answer = await writer.caller.v3(action, {"IotInstanceId": INSTANCE}, method="GET")
    assert (answer.status_code, answer.json()["Code"]) == (404, "InvalidApi.NotFound")
    answer = await writer.caller.v3(action, {"IotInstanceId": INSTANCE})
    assert answer.json()["Code"].startswith("Missing")
