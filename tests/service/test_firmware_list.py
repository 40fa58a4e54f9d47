from dataclasses import replace

from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.service.firmware_list import firmware_source
from gateway.service.source import Window
from tests.service.cloud import LIMITS, Cloud, Site, a_broken, a_package

UNORDERED = replace(LIMITS, firmware_newest_first=False)


async def window(cloud: Cloud, wanted: FirmwareFilter, count: int = 10) -> Window[Firmware]:
    source = await firmware_source(Site().backend(cloud), wanted, None)
    return await source.window(None, count)


def ids(found: Window[Firmware]) -> list[str]:
    return [entry.item.native_id or "?" for entry in found.entries]


def packages() -> list[Firmware]:
    return [
        a_package("f4", 4, title="Pump"),
        a_package("f3", 3, product="p2"),
        a_package("f2", 2, title="Pumpe"),
        a_package("f1", 1),
    ]


async def test_a_cloud_that_lists_the_newest_first_is_read_as_far_as_needed() -> None:
    cloud = Cloud(packages=[*packages(), a_package("f0", 0)])
    found = await window(cloud, FirmwareFilter(), 1)
    assert (ids(found), found.total) == (["f4"], 5)
    assert cloud.calls == ["list_firmware", "list_firmware @2"]


async def test_a_product_is_counted_by_the_cloud() -> None:
    found = await window(Cloud(packages=[*packages()]), FirmwareFilter(product_key="p1"))
    assert (ids(found), found.total) == (["f4", "f2", "f1"], 3)


async def test_a_name_is_looked_for_here_and_not_counted() -> None:
    found = await window(Cloud(packages=[*packages()]), FirmwareFilter(name="pump"))
    assert (ids(found), found.total) == (["f4", "f2"], None)


async def test_an_unordered_list_is_read_whole_sorted_and_counted() -> None:
    cloud = Cloud(limits_=UNORDERED, packages=[*reversed(packages()), a_package("u", None)])
    found = await window(cloud, FirmwareFilter(), 2)
    assert (ids(found), found.total) == (["f4", "f3"], 5)
    assert cloud.calls == ["list_firmware", "list_firmware @2", "list_firmware @3"]
    found = await window(cloud, FirmwareFilter(name="pump"))
    assert (ids(found), found.total) == (["f4", "f2"], 2)


async def test_packages_that_cannot_be_read_come_last_each_by_itself() -> None:
    cloud = Cloud(
        limits_=UNORDERED,
        packages=[a_broken(None), a_package("f1"), a_broken(None), a_broken("f0")],
    )
    found = await window(cloud, FirmwareFilter(name="package"))
    assert (ids(found), found.total) == (["f1", "?", "?", "f0"], 4)
