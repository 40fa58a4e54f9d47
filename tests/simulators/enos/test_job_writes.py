"""Jobs made, started, stopped and deleted: lawful paths, documented refusals, what reads show."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from gateway.simulators.enos import EnosSimulator

from .conftest import ORG_ID, Client, FakeClock, sample, without_request_id
from .targets import Target, create, find_target, statuses, tasks_of

Connect = Callable[..., tuple[EnosSimulator, Client]]


@pytest.fixture
def target(simulator: EnosSimulator, clock: FakeClock) -> Target:
    return find_target(simulator, clock)


async def get_job(client: Client, job_id: str) -> dict[str, Any]:
    answer = await client.get("ota-jobs", "get", jobId=job_id)
    assert answer["code"] == 0
    return dict(answer["data"])


async def refusal(client: Client, action: str, body: object = None, **query: str) -> object:
    return without_request_id(await client.write("ota-jobs", action, body, **query))


def documented(code: int) -> object:
    return without_request_id(sample(f"error_{code}.response"))


async def test_create_answers_as_documented(client: Client, target: Target) -> None:
    answer = await client.write(
        "ota-jobs", "create", target.upgrade(), firmwareId=target.firmware.firmware_id
    )
    expected = sample("create_job.response")
    assert answer.keys() == expected.keys()
    assert answer["data"].keys() == expected["data"].keys()
    assert len(answer["data"]["jobId"]) == len(expected["data"]["jobId"])


async def test_a_new_job_is_returned_as_it_was_sent(
    client: Client, target: Target, clock: FakeClock
) -> None:
    full = sample("create_job_upgrade_full.request")
    full["upgradeScope"] = target.scope(deviceKeys=target.keys(2)) | {
        "productKey": target.firmware.product_key
    }
    job_id = await create(client, target, full)
    clock.advance(2)
    job = await get_job(client, job_id)
    selectors = ("attributes", "tags", "assetTrees", "deviceGroupIds", "assetIds")
    expected = full | {"upgradeScope": full["upgradeScope"] | dict.fromkeys(selectors)}
    assert {name: job[name] for name in full} == expected
    assert job["status"] == "started"
    assert job["startAfterCreate"] is True
    assert job["orgId"] == ORG_ID
    assert job["firmwareVersion"] == target.firmware.version
    assert job["createTime"] == int((clock() - 2) * 1000)
    assert (job["startSchedule"], job["endSchedule"]) == (None, None)
    (newest, *_) = await client.all("ota-jobs", "search")
    assert newest == job


async def test_what_was_not_sent_has_its_default_or_is_left_out(
    client: Client, target: Target, clock: FakeClock
) -> None:
    job_id = await create(client, target, target.upgrade(name=None))
    clock.advance(2)
    job = await get_job(client, job_id)
    assert job["name"] is None
    assert job["upgradeTimeout"] == 7200
    assert job.keys().isdisjoint({"retryPolicy", "schedulePolicy", "maximumConcurrency"})


async def test_a_verification_job_is_returned_without_a_policy(
    client: Client, target: Target, clock: FakeClock
) -> None:
    body = sample("create_job_verify.request") | target.verify()
    job_id = await create(client, target, body)
    clock.advance(2)
    job = await get_job(client, job_id)
    assert (job["type"], job["upgradePolicy"], job["enableUpgradeRequest"]) == (
        "verify",
        None,
        False,
    )
    assert job["upgradeTimeout"] == 6000
    assert job["name"] == body["name"]


async def test_the_deprecated_pair_is_taken_and_returned(
    client: Client, target: Target, clock: FakeClock
) -> None:
    both = await create(client, target, target.upgrade(1, startSchedule=60, endSchedule=86_399))
    one = await create(client, target, target.upgrade(startSchedule=60))
    clock.advance(2)
    for job_id in (both, one):
        job = await get_job(client, job_id)
        assert (job["startSchedule"], job["endSchedule"]) == (60, 86_399)


@pytest.mark.parametrize("name", ["", "_total", "_attributes", "_tags", "_asset_tree", "_full"])
async def test_every_documented_body_is_accepted(client: Client, target: Target, name: str) -> None:
    body = sample(f"create_job_upgrade{name}.request")
    scope = body["upgradeScope"]
    if "productKey" in scope:
        scope["productKey"] = target.firmware.product_key
    await create(client, target, body)


async def test_a_new_job_runs_its_devices_to_the_end(
    client: Client, connect: Connect, clock: FakeClock
) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0)
    target = find_target(simulator, clock)
    job_id = await create(client, target, target.upgrade(6))
    clock.advance(2)
    tasks = await tasks_of(client, job_id)
    assert set(tasks) == set(target.keys(6))
    for task in tasks.values():
        assert task["fromVersion"] == target.version
        assert task["toVersion"] == target.firmware.version
        assert (task["status"], task["progress"], task["desc"]) == ("init", 0, "")
    seen = set[str]()
    for _ in range(200):
        seen |= set(await statuses(client, job_id))
        clock.advance(10)
    assert seen == {"init", "published", "upgrading", "succeeded"}
    assert await statuses(client, job_id) == {"succeeded": 6}
    devices = await client.all("ota-firmwares", "searchDeviceUpgrade")
    versions = {d["deviceKey"]: (d["firmwareVersion"], d["isUpgrading"]) for d in devices}
    assert {versions[key] for key in target.keys(6)} == {(target.firmware.version, False)}
    listed = await client.get(
        "ota-firmwares", "listVersion", productKey=target.devices[0].product.key
    )
    assert target.firmware.version in listed["data"]
    assert (await get_job(client, job_id))["status"] == "started"


async def test_devices_say_that_they_are_upgrading(connect: Connect, clock: FakeClock) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0)
    target = find_target(simulator, clock)
    job_id = await create(client, target, target.upgrade(6))
    for _ in range(30):
        clock.advance(15)
        at_work = {
            key
            for key, task in (await tasks_of(client, job_id)).items()
            if task["status"] in {"published", "upgrading"}
        }
        devices = await client.all("ota-firmwares", "searchDeviceUpgrade", "isUpgrading = true")
        assert {d["deviceKey"] for d in devices} & set(target.keys(6)) == at_work


async def test_a_new_job_shows_after_two_seconds_while_writes_know_it_at_once(
    client: Client, target: Target, clock: FakeClock
) -> None:
    job_id = await create(client, target, target.upgrade())

    async def shows() -> tuple[bool, bool, bool]:
        got = (await client.get("ota-jobs", "get", jobId=job_id))["code"] == 0
        listed = {job["jobId"] for job in await client.all("ota-jobs", "search")}
        return got, job_id in listed, bool(await tasks_of(client, job_id))

    assert await shows() == (False, False, False)
    assert await refusal(client, "start", jobId=job_id) == documented(24615)
    clock.advance(1.9)
    assert await shows() == (False, False, False)
    clock.advance(0.1)
    assert await shows() == (True, True, True)


async def test_tasks_by_device_show_after_two_seconds_too(
    client: Client, target: Target, clock: FakeClock
) -> None:
    (key,) = target.keys(1)
    expression = f"deviceKey = '{key}'"
    before = await client.all("ota-jobs", "searchTask", expression)
    job_id = await create(client, target, target.upgrade(1))
    assert await client.all("ota-jobs", "searchTask", expression) == before
    clock.advance(2)
    after = await client.all("ota-jobs", "searchTask", expression)
    assert [task["jobId"] for task in after if task not in before] == [job_id]


async def test_creating_twice_makes_two_jobs_of_one_name(
    connect: Connect, clock: FakeClock
) -> None:
    simulator, client = connect(visibility_lag_s=0.0)
    target = find_target(simulator, clock)
    first = await create(client, target, target.upgrade())
    second = await create(client, target, target.upgrade())
    assert first != second
    # The devices belong to the first: the second finds none that is free.
    assert await statuses(client, first) == {"init": 3}
    assert await statuses(client, second) == {}


async def test_a_stopped_start_can_be_chosen(connect: Connect, clock: FakeClock) -> None:
    simulator, client = connect(status_after_create="stopped", failure_rate=0.0, offline_rate=0.0)
    target = find_target(simulator, clock)
    job_id = await create(client, target, target.upgrade())
    clock.advance(600)
    job = await get_job(client, job_id)
    assert (job["status"], job["startAfterCreate"]) == ("stopped", False)
    assert await statuses(client, job_id) == {"init": 3}
    assert await refusal(client, "stop", jobId=job_id) == documented(24616)
    started = await client.write("ota-jobs", "start", jobId=job_id)
    assert without_request_id(started) == without_request_id(sample("start_job.response"))
    clock.advance(4000)
    assert await statuses(client, job_id) == {"succeeded": 3}


async def test_a_job_is_stopped_started_stopped_and_deleted(
    client: Client, target: Target, clock: FakeClock
) -> None:
    job_id = await create(client, target, target.upgrade())
    assert await refusal(client, "start", jobId=job_id) == documented(24615)
    assert await refusal(client, "delete", jobId=job_id) == documented(24618)
    stopped = await client.write("ota-jobs", "stop", jobId=job_id)
    assert without_request_id(stopped) == without_request_id(sample("stop_job.response"))
    assert await refusal(client, "stop", jobId=job_id) == documented(24616)
    assert (await client.write("ota-jobs", "start", jobId=job_id))["code"] == 0
    assert (await client.write("ota-jobs", "stop", jobId=job_id))["code"] == 0
    deleted = await client.write("ota-jobs", "delete", jobId=job_id)
    assert without_request_id(deleted) == without_request_id(sample("delete_job.response"))
    for action in ("start", "stop", "delete"):
        gone = await refusal(client, action, jobId=job_id)
        assert gone == without_request_id(sample("error_24404_job.response"))
    for action in ("cancelTask", "retryTask"):
        gone = await refusal(client, action, {"deviceKeys": ["x"]}, jobId=job_id)
        assert gone == without_request_id(sample("error_24404_job.response"))


async def test_a_deleted_job_and_its_tasks_vanish_after_two_seconds(
    client: Client, target: Target, clock: FakeClock
) -> None:
    job_id = await create(client, target, target.upgrade())
    clock.advance(5)
    for action in ("stop", "delete"):
        assert (await client.write("ota-jobs", action, jobId=job_id))["code"] == 0
    clock.advance(1.5)
    assert (await get_job(client, job_id))["status"] == "started"
    assert len(await tasks_of(client, job_id)) == 3
    clock.advance(0.6)
    assert (await client.get("ota-jobs", "get", jobId=job_id))["code"] == 24404
    assert await tasks_of(client, job_id) == {}
    by_device = await client.all(
        "ota-jobs", "searchTask", f"deviceKey = '{target.keys(1)[0]}' and jobId = '{job_id}'"
    )
    assert by_device == []
    assert job_id not in {job["jobId"] for job in await client.all("ota-jobs", "search")}


async def test_tasks_may_outlive_their_job(connect: Connect, clock: FakeClock) -> None:
    simulator, client = connect(tasks_outlive_job=True)
    target = find_target(simulator, clock)
    job_id = await create(client, target, target.upgrade())
    for action in ("stop", "delete"):
        assert (await client.write("ota-jobs", action, jobId=job_id))["code"] == 0
    clock.advance(3)
    assert len(await tasks_of(client, job_id)) == 3


async def test_a_device_keeps_its_version_when_the_job_is_deleted(
    connect: Connect, clock: FakeClock
) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0)
    target = find_target(simulator, clock)
    job_id = await create(client, target, target.upgrade(1))
    clock.advance(4000)
    for action in ("stop", "delete"):
        assert (await client.write("ota-jobs", action, jobId=job_id))["code"] == 0
    clock.advance(3)
    devices = await client.all("ota-firmwares", "searchDeviceUpgrade")
    (version,) = {d["firmwareVersion"] for d in devices if d["deviceKey"] == target.keys(1)[0]}
    assert version == target.firmware.version


async def test_a_stop_keeps_devices_from_being_pushed_and_lets_those_at_work_end(
    connect: Connect, clock: FakeClock
) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0)
    target = find_target(simulator, clock)
    body = target.upgrade(6, maximumConcurrency=2)
    job_id = await create(client, target, body)
    clock.advance(20)
    assert (await client.write("ota-jobs", "stop", jobId=job_id))["code"] == 0
    clock.advance(4000)
    assert await statuses(client, job_id) == {"succeeded": 2, "init": 4}
    assert (await client.write("ota-jobs", "start", jobId=job_id))["code"] == 0
    clock.advance(100)
    assert sum((await statuses(client, job_id)).values()) == 6
    clock.advance(6800)
    await client.log_in()
    assert await statuses(client, job_id) == {"succeeded": 6}


@pytest.mark.parametrize("action", ["start", "stop", "delete"])
async def test_an_unknown_job_is_not_found(client: Client, action: str) -> None:
    expected = without_request_id(sample("error_24404_job.response"))
    assert await refusal(client, action, jobId="none") == expected


async def test_an_unknown_firmware_is_not_found(client: Client, target: Target) -> None:
    expected = without_request_id(sample("error_24404_firmware.response"))
    assert await refusal(client, "create", target.upgrade(), firmwareId="none") == expected


@pytest.mark.parametrize("action", ["start", "stop", "delete"])
async def test_actions_on_a_job_take_no_field_but_the_empty_object_of_the_samples(
    client: Client, target: Target, action: str
) -> None:
    job_id = await create(client, target, target.upgrade())
    refused = await client.write("ota-jobs", action, {"jobId": job_id}, jobId=job_id)
    assert refused["code"] == 99400
    accepted = await client.write("ota-jobs", action, {}, jobId=job_id)
    assert accepted["code"] in {0, 24615, 24618}


@pytest.mark.parametrize("action", ["create", "start", "stop", "delete", "cancelTask", "retryTask"])
async def test_writes_are_posted_and_name_their_object(client: Client, action: str) -> None:
    assert (await client.write("ota-jobs", action))["code"] == 99400
    get = await client.send("GET", "ota-jobs", {"action": action, "orgId": ORG_ID, "jobId": "x"})
    assert get.json()["code"] == 99400


async def test_seeded_jobs_take_writes_too(client: Client, clock: FakeClock) -> None:
    """Every job of the fleet goes once through its state machine; the counts never change."""
    jobs = (await client.all("ota-jobs", "search"))[::6]
    before = {job["jobId"]: sum((await statuses(client, job["jobId"])).values()) for job in jobs}
    for job in jobs:
        order = ("stop", "start") if job["status"] == "started" else ("start", "stop")
        for action in order:
            assert (await client.write("ota-jobs", action, jobId=job["jobId"]))["code"] == 0
    clock.advance(2)
    after = {job["jobId"]: job["status"] for job in await client.all("ota-jobs", "search")}
    for job in jobs:
        assert after[job["jobId"]] == job["status"]
        counts = await statuses(client, job["jobId"])
        assert sum(counts.values()) == before[job["jobId"]]


async def test_stopping_a_seeded_job_leaves_what_has_ended_as_it_is(
    client: Client, clock: FakeClock
) -> None:
    jobs = await client.all("ota-jobs", "search", "status = 'started'")
    ended = Counter[str]()
    for job in jobs:
        before = await tasks_of(client, job["jobId"])
        assert (await client.write("ota-jobs", "stop", jobId=job["jobId"]))["code"] == 0
        clock.advance(2)
        after = await tasks_of(client, job["jobId"])
        for key, task in before.items():
            if task["status"] == "succeeded":
                assert after[key] == task
                ended[job["jobId"]] += 1
    assert len(ended) > 3


@pytest.mark.parametrize("daily", [True, False])
async def test_nothing_is_pushed_outside_the_schedule(
    connect: Connect, clock: FakeClock, daily: bool
) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0)
    target = find_target(simulator, clock)
    now_ms = int(clock() * 1000)
    window = {
        "isRepeatDaily": daily,
        "startTimestamp": now_ms + 3_600_000,
        "endTimestamp": now_ms + 3_600_000 + 60_000,
    }
    # One device after the other, each for longer than the window of a minute.
    body = target.upgrade(2, maximumConcurrency=1, schedulePolicy=window)
    job_id = await create(client, target, body)
    clock.advance(3_600)
    assert await statuses(client, job_id) == {"init": 2}
    assert (await get_job(client, job_id))["status"] == "started"
    clock.advance(3_500)
    assert await statuses(client, job_id) == {"succeeded": 1, "init": 1}
    clock.advance(86_400)
    await client.log_in()
    # A single window that has passed leaves the rest waiting in a started job.
    once = {"succeeded": 1, "init": 1}
    assert await statuses(client, job_id) == ({"succeeded": 2} if daily else once)


async def test_the_cloud_retries_by_itself_as_the_policy_says(
    connect: Connect, clock: FakeClock
) -> None:
    simulator, client = connect(failure_rate=1.0, offline_rate=0.0)
    target = find_target(simulator, clock)
    retry = {"enableRetry": True, "retryInterval": 600, "retryCount": 2}
    job_id = await create(client, target, target.upgrade(1, retryPolicy=retry))
    (key,) = target.keys(1)
    changes: list[tuple[str, int]] = []
    for _ in range(2_000):
        clock.advance(3)
        task = (await tasks_of(client, job_id))[key]
        if not changes or changes[-1][0] != task["status"]:
            changes.append((task["status"], task["updateTime"]))
    fails = [moment for status, moment in changes if status == "failed"]
    assert len(fails) == 3, changes
    followed = [
        (status, moment - before[1])
        for before, (status, moment) in pairwise(changes)
        if before[0] == "failed"
    ]
    assert [status for status, _ in followed] == ["init", "init"]
    assert [waited for _, waited in followed] == pytest.approx([600_000] * 2, abs=1)
