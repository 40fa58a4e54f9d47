"""Finding a device in a cloud that cannot look one up."""

import pytest

from gateway.domain.device import DeviceRef, ModuleVersion
from gateway.domain.errors import NotFoundError
from gateway.providers.enos.provider import EnosProvider

from .conftest import FakeEnos, device, ok, paged, task

TASKS = "ota-jobs.searchTask"
DEVICES = "ota-firmwares.searchDeviceUpgrade"


def ref(number: int, product_key: str = "pk") -> DeviceRef:
    return DeviceRef(product_key=product_key, name=f"d{number}")


def fleet(size: int) -> list[dict[str, object]]:
    return [device(number) for number in range(size)]


def expressions(enos: FakeEnos) -> list[str]:
    return [call.body["expression"] for call in enos.of(DEVICES)]


async def test_a_device_of_a_small_product_takes_one_call(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(DEVICES, paged(fleet(150)))
    found = await provider.get_device(ref(77))
    (call,) = enos.business
    assert call.body == {
        "expression": "productKey='pk'",
        "pagination": {"pageNo": 1, "pageSize": 200},
    }
    assert found.backend == "plant"
    assert (found.ref, found.native_id, found.upgrading) == (ref(77), "a77", False)
    assert found.modules == (ModuleVersion(name=None, version="1.0"),)


async def test_in_a_large_product_the_versions_of_the_newest_task_narrow_the_search(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(
        TASKS,
        ok(
            [
                task(900, deviceKey="d999", fromVersion="0.1", toVersion="0.2"),
                task(901, deviceKey="d999", fromVersion="1.0", toVersion="2.0"),
                task(902, deviceKey="d999", productKey="other", fromVersion="8", toVersion="9"),
            ],
            total=3,
        ),
    )
    enos.answer(DEVICES, ok(fleet(200), total=5000), ok([device(999)], total=1))
    found = await provider.get_device(ref(999))
    assert found.native_id == "a999"
    assert expressions(enos) == [
        "productKey='pk'",
        "productKey='pk' and firmwareVersion in ('2.0','1.0')",
    ]


async def test_if_narrowing_does_not_help_the_rest_is_walked(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([task(1, deviceKey="d450")], total=1))
    everything, narrowed = paged(fleet(500)), ok([], total=0)
    enos.answer(DEVICES, everything, narrowed, everything)
    found = await provider.get_device(ref(450))
    assert found.native_id == "a450"
    pages = [call.body["pagination"]["pageNo"] for call in enos.of(DEVICES)]
    assert pages == [1, 1, 2, 3]


async def test_a_version_that_cannot_be_sent_does_not_narrow(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([task(1, deviceKey="d450", toVersion="it's", fromVersion=None)], total=1))
    enos.answer(DEVICES, paged(fleet(500)))
    await provider.get_device(ref(450))
    assert set(expressions(enos)) == {"productKey='pk'"}


async def test_the_search_ends_after_two_thousand_devices(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([], total=0))
    enos.answer(DEVICES, paged(fleet(2500)))
    with pytest.raises(NotFoundError):
        await provider.get_device(ref(2400))
    assert len(enos.of(DEVICES)) == 10


async def test_a_device_that_only_a_task_knows_has_no_modules(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([task(5)], total=1))
    enos.answer(DEVICES, ok([], total=0))
    found = await provider.get_device(ref(5))
    assert (found.ref, found.native_id, found.modules) == (ref(5), "a5", ())
    assert found.upgrading is None


async def test_a_device_that_nothing_knows_is_not_found(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([task(5, productKey="other")], total=1))
    enos.answer(DEVICES, ok([], total=0))
    with pytest.raises(NotFoundError):
        await provider.get_device(ref(5))


async def test_without_a_product_the_newest_task_tells_it(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(
        TASKS,
        ok(
            [
                task(1, deviceKey="d5", productKey="older"),
                task(9, deviceKey="d5", productKey="newer"),
                task(10, deviceKey="d5", productKey="undated", updateTime=None),
            ],
            total=3,
        ),
    )
    enos.answer(DEVICES, ok([device(5, productKey="newer")], total=1))
    found = await provider.get_device(ref(5, ""))
    assert found.ref == ref(5, "newer")
    assert expressions(enos) == ["productKey='newer'"]
    assert len(enos.of(TASKS)) == 1


async def test_the_task_that_told_the_product_narrows_the_search_too(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([task(999)], total=1))
    enos.answer(DEVICES, ok(fleet(200), total=5000), ok([device(999)], total=1))
    assert (await provider.get_device(ref(999, ""))).native_id == "a999"
    assert len(enos.of(TASKS)) == 1


async def test_without_a_product_and_without_tasks_it_is_not_found(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([], total=0))
    with pytest.raises(NotFoundError):
        await provider.get_device(ref(5, ""))
    assert enos.of(DEVICES) == []


async def test_a_task_that_tells_no_product_still_tells_the_device(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([task(5, productKey=None)], total=1))
    found = await provider.get_device(ref(5, ""))
    assert (found.ref, found.modules) == (ref(5, ""), ())
    assert enos.of(DEVICES) == []
