"""Which devices a new job takes: every selector, busy and unknown devices, open lists."""

from collections.abc import Callable

import pytest

from gateway.simulators.enos import EnosSimulator
from gateway.simulators.enos.properties import attributes, tags

from .conftest import Client, FakeClock
from .targets import Target, create, find_target, tasks_of

Connect = Callable[..., tuple[EnosSimulator, Client]]


@pytest.fixture
def target(simulator: EnosSimulator, clock: FakeClock) -> Target:
    return find_target(simulator, clock)


async def enrolled(
    client: Client, target: Target, clock: FakeClock, **selector: object
) -> set[str]:
    body = target.upgrade(upgradeScope=target.scope(**selector))
    job_id = await create(client, target, body)
    clock.advance(2)
    return set(await tasks_of(client, job_id))


async def test_a_total_scope_takes_every_free_device_of_the_versions(
    client: Client, target: Target, clock: FakeClock
) -> None:
    assert await enrolled(client, target, clock) == set(target.keys(len(target.devices)))


async def test_several_versions_take_the_devices_of_each(
    client: Client, target: Target, clock: FakeClock
) -> None:
    devices = await client.all(
        "ota-firmwares", "searchDeviceUpgrade", f"productKey = '{target.firmware.product_key}'"
    )
    versions = {d["firmwareVersion"] for d in devices} - {target.firmware.version}
    scope = {"type": "total", "versionNumbers": sorted(versions)}
    job_id = await create(client, target, target.upgrade(upgradeScope=scope))
    clock.advance(2)
    assert {t["fromVersion"] for t in (await tasks_of(client, job_id)).values()} == versions


async def test_listed_devices_and_assets_are_taken(
    client: Client, target: Target, clock: FakeClock
) -> None:
    keys = target.keys(8)
    assert await enrolled(client, target, clock, deviceKeys=keys[:4]) == set(keys[:4])
    assets = [device.asset_id for device in target.devices[4:8]]
    assert await enrolled(client, target, clock, assetIds=assets) == set(keys[4:])


async def test_attributes_take_the_devices_that_have_one_of_the_values_of_each(
    client: Client, target: Target, clock: FakeClock
) -> None:
    site = str(attributes(target.devices[0])["site"])
    wanted = {
        device.device_key
        for device in target.devices
        if attributes(device)["site"] == site and attributes(device)["hardwareRevision"] in {1, 3}
    }
    values = {"site": [site, "月球"], "hardwareRevision": [1, 3]}
    assert await enrolled(client, target, clock, attributes=values) == wanted
    assert await enrolled(client, target, clock, attributes={"none": [1]}) == set()


async def test_tags_take_the_devices_that_carry_them(
    client: Client, target: Target, clock: FakeClock
) -> None:
    wanted = {d.device_key for d in target.devices if tags(d)["channel"] == "beta"}
    assert 0 < len(wanted) < len(target.devices)
    assert await enrolled(client, target, clock, tags={"channel": ["beta"]}) == wanted


@pytest.mark.parametrize(
    "selector",
    [
        {"deviceGroupIds": [f"group{n}" for n in range(3)]},
        {"assetTrees": [{"treeId": "tree"}]},
        {"assetTrees": [{"treeId": "tree", "includedNodes": [f"node{n}" for n in range(4)]}]},
    ],
)
async def test_groups_and_trees_always_mean_the_same_devices(
    client: Client, target: Target, clock: FakeClock, selector: dict[str, object]
) -> None:
    first = await enrolled(client, target, clock, **selector)
    assert 0 < len(first) < len(target.devices)
    rest = set(target.keys(len(target.devices))) - first
    # The first job has them all, so the same selector finds none of the others.
    assert await enrolled(client, target, clock, **selector) == set()
    assert await enrolled(client, target, clock) == rest


async def test_devices_that_do_not_match_are_passed_over(
    client: Client, target: Target, clock: FakeClock
) -> None:
    keys = target.keys(2)
    assert await enrolled(client, target, clock, deviceKeys=[*keys, "none"]) == set(keys)
    # Now they are busy.
    assert await enrolled(client, target, clock, deviceKeys=keys) == set()


async def test_a_job_without_devices_can_be_refused(connect: Connect, clock: FakeClock) -> None:
    simulator, client = connect(unmatched_scope="refuse")
    target = find_target(simulator, clock)
    body = target.upgrade(upgradeScope=target.scope(deviceKeys=["none"]))
    answer = await client.write("ota-jobs", "create", body, firmwareId=target.firmware.firmware_id)
    assert answer["code"] == 99400
    assert len(simulator.executed) == 0


@pytest.mark.parametrize(("policy", "joins"), [("incremental", True), ("snapshot", False)])
async def test_devices_that_match_later_join_an_open_list(
    connect: Connect, clock: FakeClock, policy: str, joins: bool
) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0)
    target = find_target(simulator, clock)
    first = await create(client, target, target.upgrade(2))
    body = target.upgrade(4, upgradePolicy=policy)
    second = await create(client, target, body)
    clock.advance(2)
    assert set(await tasks_of(client, second)) == set(target.keys(4)[2:])
    freed = target.keys(1)[0]
    answer = await client.write("ota-jobs", "cancelTask", {"deviceKeys": [freed]}, jobId=first)
    assert answer["code"] == 0
    clock.advance(5)
    await client.search("ota-jobs", "search")
    clock.advance(2)
    joined = await tasks_of(client, second)
    assert (freed in joined) is joins
    assert len({task["taskId"] for task in joined.values()}) == len(joined)
    clock.advance(4000)
    assert {task["status"] for task in (await tasks_of(client, second)).values()} == {"succeeded"}


async def test_nobody_joins_a_stopped_or_deleted_job(connect: Connect, clock: FakeClock) -> None:
    simulator, client = connect(visibility_lag_s=0.0, tasks_outlive_job=True)
    target = find_target(simulator, clock)
    first = await create(client, target, target.upgrade(1))
    jobs = [
        await create(client, target, target.upgrade(1, upgradePolicy="incremental"))
        for _ in range(2)
    ]
    for job_id in jobs:
        assert (await client.write("ota-jobs", "stop", jobId=job_id))["code"] == 0
    assert (await client.write("ota-jobs", "delete", jobId=jobs[0]))["code"] == 0
    cancelled = {"deviceKeys": target.keys(1)}
    assert (await client.write("ota-jobs", "cancelTask", cancelled, jobId=first))["code"] == 0
    clock.advance(60)
    for job_id in jobs:
        assert await tasks_of(client, job_id) == {}
    assert (await client.write("ota-jobs", "start", jobId=jobs[1]))["code"] == 0
    clock.advance(60)
    assert set(await tasks_of(client, jobs[1])) == set(target.keys(1))
