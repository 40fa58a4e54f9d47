"""Packages made, renamed and deleted."""

import hashlib
from typing import Any

import pytest

from gateway.simulators.alibaba import InventedCodes, Readings
from gateway.simulators.alibaba.job import JobStatus
from tests.simulators.alibaba.writing import HOUR_S, ILLEGAL, Writer

CODES = InventedCodes()
CONTENT = b"a package"
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
CREATE = "CreateOTAFirmware"


async def fields(writer: Writer, **more: object) -> dict[str, object]:
    given = {
        "FirmwareName": "Firmware-2",
        "DestVersion": "9.0.1",
        "ProductKey": writer.fleet.products[0].key,
        "FirmwareUrl": await writer.upload(CONTENT),
    }
    return {name: value for name, value in (given | more).items() if value is not None}


async def test_a_package_of_one_file_is_there_at_once() -> None:
    writer = Writer()
    data = await writer.do(
        CREATE,
        **await fields(writer, FirmwareDesc="说明", Udi='{"a":1}', ModuleName="pitchDrive"),
    )
    info = await writer.firmware(data["FirmwareId"])
    assert info["FirmwareName"] == "Firmware-2"
    assert (info["DestVersion"], info["ModuleName"]) == ("9.0.1", "pitchDrive")
    assert (info["FirmwareSize"], info["FirmwareSign"]) == (len(CONTENT), MD5)
    assert (info["Type"], info["Status"]) == (0, 0)
    assert (info["FirmwareDesc"], info["Udi"]) == ("说明", '{"a":1}')
    assert info["UtcCreate"] == info["UtcModified"] == data["UtcCreate"]
    page = {"CurrentPage": 1, "PageSize": 100, "DestVersion": "9.0.1"}
    body = await writer.caller.ask("ListOTAFirmware", **page)
    (item,) = body["FirmwareInfo"]["SimpleFirmwareInfo"]
    assert item["FirmwareId"] == data["FirmwareId"]
    body = await writer.caller.ask("ListOTAFirmware", **page | {"DestVersion": ""})
    assert body["Total"] == 13


async def test_a_package_of_several_files_lists_them() -> None:
    writer = Writer()
    url = await writer.upload(CONTENT)
    parts = {
        f"MultiFiles__{n}__{key}": value
        for n in (1, 2)
        for key, value in {"Name": f"part{n}", "Url": url, "Size": 9, "FileMd5": MD5}.items()
    }
    data = await writer.do(
        CREATE,
        **await fields(writer, FirmwareUrl=None, Type=1, SrcVersion="9.0.0", NeedToVerify="False"),
        **parts,
    )
    info = await writer.firmware(data["FirmwareId"])
    assert [(file["Name"], file["Size"]) for file in info["MultiFiles"]] == [
        ("part1", 9),
        ("part2", 9),
    ]
    assert (info["Type"], info["SrcVersion"], info["Status"]) == (1, "9.0.0", -1)


@pytest.mark.parametrize("name", ["a", "F" * 40, "风机(1)_2-3", "9", "カナ"])
async def test_names_of_every_allowed_kind(name: str) -> None:
    writer = Writer()
    await writer.do(CREATE, **await fields(writer, FirmwareName=name))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"FirmwareName": None}, "MissingFirmwareName"),
        ({"DestVersion": None}, "MissingDestVersion"),
        ({"FirmwareName": "-a"}, ILLEGAL),
        ({"FirmwareName": "F" * 41}, ILLEGAL),
        ({"FirmwareName": "a b"}, ILLEGAL),
        ({"DestVersion": "1 0"}, ILLEGAL),
        ({"DestVersion": "1" * 65}, ILLEGAL),
        ({"ProductKey": None}, "iot.prod.NullProductKey"),
        ({"ProductKey": "x"}, "iot.prod.NotExistedProduct"),
        ({"ModuleName": "none"}, CODES.module_not_found),
        ({"SignMethod": "SHA256"}, ILLEGAL),
        ({"Type": 2}, ILLEGAL),
        ({"Type": "full"}, "InvalidType"),
        ({"Type": 1}, ILLEGAL),
        ({"SrcVersion": "1.0"}, ILLEGAL),
        ({"Type": 1, "SrcVersion": "9.0.1"}, ILLEGAL),
        ({"FirmwareDesc": "x" * 101}, ILLEGAL),
        ({"Udi": "x" * 4097}, ILLEGAL),
        ({"NeedToVerify": "yes"}, "InvalidNeedToVerify"),
        ({"FirmwareSize": 8}, ILLEGAL),
        ({"FirmwareSign": "0" * 32}, ILLEGAL),
        ({"FirmwareSign": "0"}, ILLEGAL),
        ({"FirmwareUrl": None}, ILLEGAL),
        ({"FirmwareUrl": "https://elsewhere.example/a.bin"}, CODES.file_not_found),
        ({"MultiFiles__1__Name": "a", "MultiFiles__1__Url": "b"}, ILLEGAL),
        ({"FirmwareUrl": None, "MultiFiles__1__Name": "a"}, ILLEGAL),
        ({"FirmwareUrl": None, "MultiFiles__1__Url": "a"}, ILLEGAL),
        ({"FirmwareUrl": None, "MultiFiles__2__Url": "a"}, "InvalidMultiFiles"),
        ({"FirmwareUrl": None, "MultiFiles__1__Size": "a"}, "InvalidMultiFiles.1.Size"),
        ({"MultiFiles__1__Url__x": "a"}, CODES.unknown_parameter),
    ],
)
async def test_a_package_that_is_not_as_documented_is_refused(
    wrong: dict[str, object], code: str
) -> None:
    writer = Writer()
    given = await fields(writer, **wrong)
    assert await writer.refused(CREATE, **given) == code


def several(url: str, count: int, **more: object) -> dict[str, Any]:
    return {
        f"MultiFiles__{n}__{key}": value
        for n in range(1, count + 1)
        for key, value in ({"Name": f"f{n}", "Url": url} | more).items()
    }


async def test_files_have_their_limits() -> None:
    writer = Writer()
    given = await fields(writer)
    url = given.pop("FirmwareUrl")
    assert isinstance(url, str)
    assert await writer.refused(CREATE, **given, **several(url, 21)) == ILLEGAL
    assert await writer.refused(CREATE, **given, **several(url, 2, Name="same")) == ILLEGAL
    assert await writer.refused(CREATE, **given, **several(url, 1, Name="n" * 33)) == ILLEGAL
    surplus = {"FirmwareSize": 9}
    assert await writer.refused(CREATE, **given, **several(url, 2), **surplus) == ILLEGAL
    await writer.do(CREATE, **given, **several(url, 20))


async def test_names_are_unique_in_the_account() -> None:
    writer = Writer()
    taken = writer.fleet.firmwares[0].name
    given = await fields(writer, FirmwareName=taken)
    assert await writer.refused(CREATE, **given) == CODES.firmware_name_exists


async def test_a_file_must_be_used_within_the_hour() -> None:
    writer = Writer()
    given = await fields(writer)
    writer.clock.advance(HOUR_S)
    await writer.do(CREATE, **given)
    writer.clock.advance(0.1)
    given["FirmwareName"] = "Late"
    assert await writer.refused(CREATE, **given) == CODES.file_not_found


async def test_an_account_has_five_hundred_packages_at_most() -> None:
    writer = Writer(packages=499, jobs=499, tasks=499)
    await writer.do(CREATE, **await fields(writer))
    given = await fields(writer, FirmwareName="One-too-many")
    assert await writer.refused(CREATE, **given) == CODES.firmware_count_exceeded


async def test_uploads_need_not_be_required() -> None:
    writer = Writer(readings=Readings(require_upload=False))
    given = await fields(writer, FirmwareUrl="https://x.example/a.bin", FirmwareSize=7)
    data = await writer.do(CREATE, **given)
    assert (await writer.firmware(data["FirmwareId"]))["FirmwareSize"] == 7


async def test_a_package_can_be_renamed_and_described() -> None:
    writer = Writer()
    job = next(job for job in writer.fleet.jobs if job.firmware.user_data)
    firmware = job.firmware
    where = {"FirmwareId": firmware.id, "ProductKey": firmware.product.key}
    writer.clock.advance(10)
    await writer.do("ModifyOTAFirmware", **where, FirmwareName="Renamed", FirmwareDesc="new")
    info = await writer.firmware(firmware.id)
    assert (info["FirmwareName"], info["FirmwareDesc"]) == ("Renamed", "new")
    assert info["Udi"] == firmware.user_data
    assert info["UtcModified"] > info["UtcCreate"]
    assert (await writer.job(job.id))["Name"] == "Renamed"
    await writer.do("ModifyOTAFirmware", **where, FirmwareName="Renamed", FirmwareUdi="{}")
    assert (await writer.firmware(firmware.id))["Udi"] == "{}"


async def test_a_change_of_a_package_must_be_lawful() -> None:
    writer = Writer()
    one, other = writer.fleet.firmwares[:2]
    where: dict[str, object] = {"FirmwareId": one.id, "ProductKey": one.product.key}
    elsewhere = next(p.key for p in writer.fleet.products if p.key != one.product.key)
    action = "ModifyOTAFirmware"
    for wrong, code in (
        ({"FirmwareId": "x"}, "iot.ota.FirmwareNotFound"),
        ({"ProductKey": elsewhere}, ILLEGAL),
        ({"ProductKey": "x"}, "iot.prod.NotExistedProduct"),
        ({"ProductKey": ""}, "MissingProductKey"),
        ({"FirmwareName": other.name}, CODES.firmware_name_exists),
        ({"FirmwareName": "a b"}, ILLEGAL),
        ({"FirmwareDesc": "x" * 101}, ILLEGAL),
        ({"FirmwareUdi": "x" * 4097}, ILLEGAL),
        ({"Udi": "x"}, CODES.unknown_parameter),
    ):
        assert await writer.refused(action, **where | wrong) == code, wrong


async def test_a_package_without_running_batches_can_be_deleted() -> None:
    writer = Writer()
    data = await writer.do(CREATE, **await fields(writer))
    identity = data["FirmwareId"]
    await writer.do("DeleteOTAFirmware", FirmwareId=identity)
    gone = "iot.ota.FirmwareNotFound"
    assert await writer.refused("DeleteOTAFirmware", FirmwareId=identity) == gone
    assert await writer.refused("QueryOTAFirmware", FirmwareId=identity) == gone
    page = {"CurrentPage": 1, "PageSize": 100}
    assert (await writer.caller.ask("ListOTAFirmware", **page))["Total"] == 12


@pytest.mark.parametrize("lenient", [False, True])
async def test_a_package_with_running_batches_is_kept_unless_told_otherwise(
    *, lenient: bool
) -> None:
    writer = Writer(readings=Readings(delete_with_running_jobs=lenient))
    job = next(
        job for job in writer.fleet.jobs if job.status_at(writer.now_s) is JobStatus.IN_PROGRESS
    )
    where = {"FirmwareId": job.firmware.id}
    if not lenient:
        assert await writer.refused("DeleteOTAFirmware", **where) == CODES.firmware_in_use
        return
    await writer.do("DeleteOTAFirmware", **where)
    assert (await writer.job(job.id))["Name"] == job.firmware.name
