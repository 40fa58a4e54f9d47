"""Bodies of new jobs: ranges at their edges, types, unknown fields, refusals in their order."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.simulators.enos import EnosSimulator

from .conftest import Client, FakeClock, sample, without_request_id
from .targets import Target, create, find_target

Connect = Callable[..., tuple[EnosSimulator, Client]]
NAME = {"defaultValue": "a", "i18nValue": {}}
RETRY = {"enableRetry": True, "retryInterval": 60, "retryCount": 1}
SCHEDULE = {"startTimestamp": 1_700_000_000_000, "endTimestamp": 1_700_003_600_000}


@pytest.fixture
def target(simulator: EnosSimulator, clock: FakeClock) -> Target:
    return find_target(simulator, clock)


async def code(client: Client, target: Target, body: object) -> int:
    answer = await client.write("ota-jobs", "create", body, firmwareId=target.firmware.firmware_id)
    return int(answer["code"])


@pytest.mark.parametrize(
    "change",
    [
        {"upgradeTimeout": 300},
        {"upgradeTimeout": 172_800},
        {"retryPolicy": RETRY | {"retryInterval": 0, "retryCount": 1}},
        {"retryPolicy": RETRY | {"retryInterval": 86_400, "retryCount": 5}},
        {"retryPolicy": {"enableRetry": False}},
        {"retryPolicy": {}},
        {"schedulePolicy": SCHEDULE},
        {"schedulePolicy": SCHEDULE | {"isRepeatDaily": True, "timezoneOffsetInMinutes": -480}},
        {"maximumConcurrency": 1},
        {"maximumConcurrency": 100_000},
        {"startSchedule": 0, "endSchedule": 86_399},
        {"upgradePolicy": "incremental"},
        {"enableUpgradeRequest": True},
        {"name": NAME | {"i18nValue": {"ja_JP": "b", "es_ES": "c"}}},
    ],
)
async def test_a_value_at_the_edge_is_accepted(
    client: Client, target: Target, change: dict[str, object]
) -> None:
    assert await code(client, target, target.upgrade(**change)) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"upgradeTimeout": 299},
        {"upgradeTimeout": 172_801},
        {"upgradeTimeout": "600"},
        {"upgradeTimeout": 600.0},
        {"upgradeTimeout": True},
        {"retryPolicy": RETRY | {"retryInterval": -1}},
        {"retryPolicy": RETRY | {"retryInterval": 86_401}},
        {"retryPolicy": RETRY | {"retryCount": 0}},
        {"retryPolicy": RETRY | {"retryCount": 6}},
        {"retryPolicy": {"enableRetry": True, "retryInterval": 1}},
        {"retryPolicy": {"enableRetry": True, "retryCount": 1}},
        {"retryPolicy": {"enableRetry": "true"}},
        {"retryPolicy": RETRY | {"more": 1}},
        {"retryPolicy": []},
        {"schedulePolicy": {}},
        {"schedulePolicy": {"startTimestamp": 1}},
        {"schedulePolicy": {"startTimestamp": 2, "endTimestamp": 2}},
        {"schedulePolicy": SCHEDULE | {"isRepeatDaily": 1}},
        {"schedulePolicy": SCHEDULE | {"timezoneOffsetInMinutes": 1441}},
        {"schedulePolicy": SCHEDULE | {"timezone": "UTC"}},
        {"maximumConcurrency": 0},
        {"startSchedule": -1},
        {"endSchedule": 86_400},
        {"upgradePolicy": "upgrade"},
        {"upgradePolicy": None},
        {"enableUpgradeRequest": None},
        {"enableUpgradeRequest": "false"},
        {"type": None},
        {"type": "UPGRADE"},
        {"name": "night"},
        {"name": {"defaultValue": "a"}},
        {"name": {"i18nValue": {}}},
        {"name": NAME | {"defaultValue": ""}},
        {"name": NAME | {"i18nValue": {"de_DE": "a"}}},
        {"name": NAME | {"i18nValue": {"en_US": 1}}},
        {"name": NAME | {"i18nValue": []}},
        {"startAfterCreate": True},
        {"upgradeScope": None},
        {"upgradeScope": []},
    ],
)
async def test_anything_else_is_a_bad_parameter(
    client: Client, target: Target, simulator: EnosSimulator, change: dict[str, object]
) -> None:
    assert await code(client, target, target.upgrade(**change)) == 99400
    assert len(simulator.executed) == 0


@pytest.mark.parametrize(
    "scope",
    [
        {"type": "total"},
        {"type": "total", "versionNumbers": []},
        {"type": "total", "versionNumbers": "1.0"},
        {"type": "total", "versionNumbers": ["1.0", "1.0"]},
        {"type": "total", "versionNumbers": ["1.0"], "deviceKeys": ["a"]},
        {"type": "partial", "versionNumbers": ["1.0"]},
        {"type": "partial", "versionNumbers": ["1.0"], "deviceKeys": ["a"], "assetIds": ["b"]},
        {"type": "partial", "versionNumbers": ["1.0"], "deviceKeys": ["a"], "tags": None},
        {"type": "partial", "versionNumbers": ["1.0"], "deviceKeys": []},
        {"type": "partial", "versionNumbers": ["1.0"], "deviceKeys": ["a", "a"]},
        {"type": "partial", "versionNumbers": ["1.0"], "assetIds": [5]},
        {"type": "partial", "versionNumbers": ["1.0"], "deviceGroupIds": "a"},
        {"type": "partial", "versionNumbers": ["1.0"], "attributes": {}},
        {"type": "partial", "versionNumbers": ["1.0"], "attributes": {"a": 1}},
        {"type": "partial", "versionNumbers": ["1.0"], "attributes": {"a": []}},
        {"type": "partial", "versionNumbers": ["1.0"], "attributes": {"a": [{}]}},
        {"type": "partial", "versionNumbers": ["1.0"], "tags": {"a": "b"}},
        {"type": "partial", "versionNumbers": ["1.0"], "tags": {"a": [1]}},
        {"type": "partial", "versionNumbers": ["1.0"], "assetTrees": {"treeId": "t"}},
        {"type": "partial", "versionNumbers": ["1.0"], "assetTrees": [{}]},
        {"type": "partial", "versionNumbers": ["1.0"], "assetTrees": ["t"]},
        {
            "type": "partial",
            "versionNumbers": ["1.0"],
            "assetTrees": [{"treeId": "t", "includedNotes": ["n"]}],
        },
        {
            "type": "partial",
            "versionNumbers": ["1.0"],
            "assetTrees": [{"treeId": f"t{n}"} for n in range(6)],
        },
        {"type": "all", "versionNumbers": ["1.0"]},
        {"versionNumbers": ["1.0"]},
        {"type": "total", "versionNumbers": ["1.0"], "productKey": "another"},
    ],
)
async def test_a_scope_of_the_wrong_form_is_a_bad_parameter(
    client: Client, target: Target, scope: dict[str, object]
) -> None:
    assert await code(client, target, target.upgrade(upgradeScope=scope)) == 99400


async def test_the_target_version_may_not_be_among_the_versions(
    client: Client, target: Target
) -> None:
    scope = target.scope(deviceKeys=["a"]) | {"versionNumbers": [target.firmware.version]}
    assert await code(client, target, target.upgrade(upgradeScope=scope)) == 99400


async def test_five_trees_are_accepted_and_nodes_may_be_left_out(
    client: Client, target: Target
) -> None:
    trees: list[dict[str, object]] = [{"treeId": f"t{n}"} for n in range(4)]
    trees.append({"treeId": "t", "includedNodes": []})
    body = target.upgrade(upgradeScope=target.scope(assetTrees=trees))
    assert await code(client, target, body) == 0


@pytest.mark.parametrize("field", ["upgradePolicy", "retryPolicy", "maximumConcurrency"])
async def test_a_verification_job_has_no_fields_of_an_upgrade(
    client: Client, target: Target, field: str
) -> None:
    value = {"upgradePolicy": "snapshot", "retryPolicy": RETRY, "maximumConcurrency": 1}[field]
    assert await code(client, target, target.verify(**{field: value})) == 99400


async def test_device_groups_are_for_upgrade_jobs(client: Client, target: Target) -> None:
    scope = target.scope(deviceGroupIds=["g"])
    assert await code(client, target, target.verify(upgradeScope=scope)) == 99400
    assert await code(client, target, target.upgrade(upgradeScope=scope)) == 0


async def test_listed_devices_of_a_firmware_without_product_name_one(
    simulator: EnosSimulator, client: Client, clock: FakeClock
) -> None:
    target = find_target(simulator, clock, independent=True)
    scope = target.scope(deviceKeys=target.keys(2))
    assert await code(client, target, target.upgrade(upgradeScope=scope)) == 99400
    named = scope | {"productKey": target.devices[0].product.key}
    job_id = await create(client, target, target.upgrade(upgradeScope=named))
    clock.advance(2)
    job = (await client.get("ota-jobs", "get", jobId=job_id))["data"]
    assert "productKey" not in job
    assert job["upgradeScope"]["productKey"] == target.devices[0].product.key


@pytest.mark.parametrize("name", ["error_24611", "error_24612"])
async def test_too_wide_a_verification_is_refused_as_documented(
    client: Client, target: Target, name: str
) -> None:
    wide = {
        "error_24611": target.verify(upgradeScope=target.scope()),
        "error_24612": target.verify(6),
    }
    answer = await client.write(
        "ota-jobs", "create", wide[name], firmwareId=target.firmware.firmware_id
    )
    assert without_request_id(answer) == without_request_id(sample(f"{name}.response"))


async def test_five_devices_may_verify(client: Client, target: Target) -> None:
    assert await code(client, target, target.verify(5)) == 0


async def test_a_selector_that_means_too_many_devices_is_too_wide(
    client: Client, target: Target
) -> None:
    scope = target.scope(tags={"channel": ["stable", "beta"]})
    assert await code(client, target, target.verify(upgradeScope=scope)) == 24612


async def test_an_unknown_firmware_comes_before_what_its_state_forbids(
    client: Client, target: Target
) -> None:
    total = target.verify(upgradeScope=target.scope())
    unknown = await client.write("ota-jobs", "create", total, firmwareId="none")
    assert unknown["code"] == 24404
    malformed = await client.write("ota-jobs", "create", {"type": "fly"}, firmwareId="none")
    assert malformed["code"] == 99400


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({"numbers_as_text": "accept"}, {"upgradeTimeout": "600"}),
        ({"other_locales": "accept"}, {"name": NAME | {"i18nValue": {"de_DE": "a"}}}),
    ],
)
async def test_what_is_not_documented_can_be_allowed(
    connect: Connect, clock: FakeClock, options: dict[str, Any], change: dict[str, object]
) -> None:
    simulator, client = connect(**options)
    target = find_target(simulator, clock)
    assert await code(client, target, target.upgrade(**change)) == 0


@pytest.mark.parametrize("text", ["", "x", "6e2", "299", "9" * 40])
async def test_text_that_is_no_number_in_range_stays_refused(
    connect: Connect, clock: FakeClock, text: str
) -> None:
    simulator, client = connect(numbers_as_text="accept")
    target = find_target(simulator, clock)
    assert await code(client, target, target.upgrade(upgradeTimeout=text)) == 99400


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({"max_concurrency": 300}, {"maximumConcurrency": 301}),
        (
            {"console_limits": True},
            {"schedulePolicy": SCHEDULE | {"endTimestamp": 1_700_001_799_999}},
        ),
    ],
)
async def test_what_is_not_documented_can_be_forbidden(
    connect: Connect, clock: FakeClock, options: dict[str, Any], change: dict[str, object]
) -> None:
    simulator, client = connect(**options)
    target = find_target(simulator, clock)
    assert await code(client, target, target.upgrade(**change)) == 99400


async def test_a_scope_may_do_without_versions_if_allowed(
    connect: Connect, clock: FakeClock
) -> None:
    simulator, client = connect(missing_versions="accept")
    target = find_target(simulator, clock)
    scope = {"type": "partial", "deviceKeys": target.keys(2)}
    job_id = await create(client, target, target.upgrade(upgradeScope=scope))
    clock.advance(2)
    tasks = await client.all("ota-jobs", "searchTask", f"jobId = '{job_id}'")
    assert {task["deviceKey"] for task in tasks} == set(target.keys(2))
