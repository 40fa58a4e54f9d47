"""Tasks cancelled and retried: lawful states, lists that are partly lawful, what comes after."""

from collections.abc import Callable
from typing import Literal, Unpack

import pytest

from gateway.simulators.enos import EnosSimulator

from .conftest import Client, FakeClock, Options, sample, without_request_id
from .targets import Target, create, find_target, statuses, tasks_of

Connect = Callable[..., tuple[EnosSimulator, Client]]


async def act(client: Client, action: str, job_id: str, *keys: str) -> dict[str, object]:
    answer = await client.write("ota-jobs", action, {"deviceKeys": list(keys)}, jobId=job_id)
    return without_request_id(answer)


def documented(code: int) -> dict[str, object]:
    return without_request_id(sample(f"error_{code}.response"))


OK: dict[str, object] = {"code": 0, "msg": "OK", "data": None}


def failing(
    connect: Connect, clock: FakeClock, **options: Unpack[Options]
) -> tuple[Client, Target]:
    """A cloud in which every try fails."""
    simulator, client = connect(failure_rate=1.0, offline_rate=0.0, **options)
    return client, find_target(simulator, clock)


async def test_the_answers_are_the_documented_ones() -> None:
    assert without_request_id(sample("cancel_task.response")) == OK
    assert without_request_id(sample("retry_task.response")) == OK


async def test_a_waiting_task_is_cancelled_at_once_and_shown_two_seconds_later(
    client: Client, simulator: EnosSimulator, clock: FakeClock
) -> None:
    target = find_target(simulator, clock)
    job_id = await create(client, target, target.upgrade())
    key = target.keys(1)[0]
    assert await act(client, "cancelTask", job_id, key) == OK
    assert await act(client, "cancelTask", job_id, key) == documented(24620)
    clock.advance(2)
    task = (await tasks_of(client, job_id))[key]
    assert (task["status"], task["progress"], task["desc"]) == (
        "failed",
        -1,
        "Cancelled by user",
    )
    assert task["updateTime"] == int((clock() - 2) * 1000)
    found = await client.all(
        "ota-jobs", "searchTask", f"jobId = '{job_id}' and desc = 'Cancelled by user'"
    )
    assert found == [task]
    clock.advance(5000)
    assert (await tasks_of(client, job_id))[key] == task


async def in_state(client: Client, clock: FakeClock, job_id: str, key: str, status: str) -> None:
    """Wait until a task is in a state, for writes and for reads."""
    for _ in range(2000):
        task = (await tasks_of(client, job_id)).get(key)
        if task is not None and task["status"] == status:
            return
        clock.advance(2)
    pytest.fail(f"never {status}")


@pytest.mark.parametrize(
    ("status", "cancel", "retry"),
    [
        ("published", 0, 24621),
        ("upgrading", 24620, 24621),
        ("succeeded", 24620, 24621),
    ],
)
async def test_what_a_state_allows(
    connect: Connect, clock: FakeClock, status: str, cancel: int, retry: int
) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0, visibility_lag_s=0.0)
    target = find_target(simulator, clock)
    job_id = await create(client, target, target.upgrade(1))
    (key,) = target.keys(1)
    assert (await act(client, "retryTask", job_id, key)) == documented(24621)
    await in_state(client, clock, job_id, key, status)
    assert (await act(client, "retryTask", job_id, key))["code"] == retry
    assert (await act(client, "cancelTask", job_id, key))["code"] == cancel


async def test_a_cancelled_device_is_free_again(connect: Connect, clock: FakeClock) -> None:
    simulator, client = connect(offline_rate=0.0, visibility_lag_s=0.0)
    target = find_target(simulator, clock)
    first = await create(client, target, target.upgrade(1))
    await in_state(client, clock, first, target.keys(1)[0], "published")
    assert await act(client, "cancelTask", first, *target.keys(1)) == OK
    devices = await client.all("ota-firmwares", "searchDeviceUpgrade", "isUpgrading = true")
    assert target.keys(1)[0] not in {device["deviceKey"] for device in devices}
    second = await create(client, target, target.upgrade(1))
    assert await statuses(client, second) == {"init": 1}


async def test_a_failed_task_is_retried_and_runs_again_under_its_id(
    connect: Connect, clock: FakeClock
) -> None:
    client, target = failing(connect, clock)
    job_id = await create(client, target, target.upgrade(2))
    clock.advance(4000)
    before = await tasks_of(client, job_id)
    assert {task["status"] for task in before.values()} == {"failed"}
    first, second = target.keys(2)
    retried_s = clock()
    assert await act(client, "retryTask", job_id, first) == OK
    assert await act(client, "retryTask", job_id, first) == documented(24621)
    assert await act(client, "cancelTask", job_id, second) == documented(24620)
    assert await tasks_of(client, job_id) == before
    clock.advance(2)
    after = await tasks_of(client, job_id)
    assert after[second] == before[second]
    assert after[first] == before[first] | {
        "status": "init",
        "progress": 0,
        "desc": "",
        "updateTime": int(retried_s * 1000),
    }
    seen = set()
    for _ in range(200):
        clock.advance(10)
        seen.add((await tasks_of(client, job_id))[first]["status"])
    assert {"published", "failed"} <= seen


async def test_a_retry_that_succeeds_changes_the_device(connect: Connect, clock: FakeClock) -> None:
    simulator, client = connect(failure_rate=0.5, offline_rate=0.0, visibility_lag_s=0.0)
    target = find_target(simulator, clock)
    job_id = await create(client, target, target.upgrade(10))
    for _ in range(12):
        clock.advance(2500)
        await client.log_in()
        tasks = await tasks_of(client, job_id)
        failed = [key for key, task in tasks.items() if task["status"] == "failed"]
        if not failed:
            break
        assert await act(client, "retryTask", job_id, *failed) == OK
    assert await statuses(client, job_id) == {"succeeded": 10}
    devices = await client.all("ota-firmwares", "searchDeviceUpgrade")
    now = {device["deviceKey"]: device["firmwareVersion"] for device in devices}
    assert {now[key] for key in target.keys(10)} == {target.firmware.version}


async def test_a_retry_may_make_a_new_id(connect: Connect, clock: FakeClock) -> None:
    client, target = failing(connect, clock, retry_keeps_task_id=False)
    job_id = await create(client, target, target.upgrade(2))
    clock.advance(4000)
    before = await tasks_of(client, job_id)
    (key,) = target.keys(1)
    assert await act(client, "retryTask", job_id, key) == OK
    clock.advance(2)
    after = await tasks_of(client, job_id)
    assert before.keys() == after.keys()
    changed = {k for k in before if before[k]["taskId"] != after[k]["taskId"]}
    assert changed == {key}
    assert len(after[key]["taskId"]) == 24


async def test_seeded_failures_can_be_retried(client: Client, clock: FakeClock) -> None:
    """The devices of old and running jobs alike; what they report stays true to their tasks."""
    retried = 0
    for job in await client.all("ota-jobs", "search", "status = 'started'"):
        tasks = await tasks_of(client, job["jobId"])
        failed = [key for key, task in tasks.items() if task["status"] == "failed"]
        if not failed:
            continue
        assert await act(client, "retryTask", job["jobId"], *failed) == OK
        retried += len(failed)
        clock.advance(2)
        after = await tasks_of(client, job["jobId"])
        assert {after[key]["status"] for key in failed} <= {"init", "published"}
    assert retried > 2
    clock.advance(3000)
    await client.log_in()
    latest: dict[str, tuple[int, str]] = {}
    for task in await client.all("ota-jobs", "searchTask", "status = 'succeeded'"):
        success = (task["updateTime"], task["toVersion"])
        latest[task["assetId"]] = max(latest.get(task["assetId"], success), success)
    for device in await client.all("ota-firmwares", "searchDeviceUpgrade"):
        if device["assetId"] in latest:
            assert device["firmwareVersion"] == latest[device["assetId"]][1]


@pytest.mark.parametrize("action", ["cancelTask", "retryTask"])
async def test_a_stopped_job_takes_neither(
    client: Client, simulator: EnosSimulator, clock: FakeClock, action: str
) -> None:
    target = find_target(simulator, clock)
    job_id = await create(client, target, target.upgrade())
    assert (await client.write("ota-jobs", "stop", jobId=job_id))["code"] == 0
    assert await act(client, action, job_id, *target.keys(1)) == documented(24617)
    assert await act(client, action, job_id, "none") == documented(24617)


@pytest.mark.parametrize("action", ["cancelTask", "retryTask"])
async def test_an_unknown_job_is_not_found(client: Client, action: str) -> None:
    expected = without_request_id(sample("error_24404_job.response"))
    assert await act(client, action, "none", "x") == expected


async def test_a_list_with_a_task_in_the_wrong_state_is_refused_whole(
    connect: Connect, clock: FakeClock
) -> None:
    client, target = failing(connect, clock, visibility_lag_s=0.0)
    job_id = await create(client, target, target.upgrade(3))
    first, *others = target.keys(3)
    assert await act(client, "cancelTask", job_id, first) == OK
    assert await act(client, "cancelTask", job_id, first, *others) == documented(24620)
    assert await act(client, "retryTask", job_id, first, *others) == documented(24621)
    assert await statuses(client, job_id) == {"failed": 1, "init": 2}


async def test_a_list_may_be_served_in_part(connect: Connect, clock: FakeClock) -> None:
    client, target = failing(connect, clock, device_lists="partial", visibility_lag_s=0.0)
    job_id = await create(client, target, target.upgrade(3))
    first, *others = target.keys(3)
    assert await act(client, "cancelTask", job_id, first) == OK
    assert await act(client, "cancelTask", job_id, first, *others) == OK
    assert await statuses(client, job_id) == {"failed": 3}
    assert await act(client, "cancelTask", job_id, first, *others) == documented(24620)


@pytest.mark.parametrize(("verdict", "code"), [("refuse", 24620), ("accept", 0)])
async def test_devices_that_are_not_in_the_job(
    connect: Connect, clock: FakeClock, verdict: Literal["refuse", "accept"], code: int
) -> None:
    client, target = failing(connect, clock, unknown_devices=verdict, visibility_lag_s=0.0)
    job_id = await create(client, target, target.upgrade(2))
    answer = await act(client, "cancelTask", job_id, "none", *target.keys(2))
    assert answer["code"] == code
    assert await statuses(client, job_id) == ({"failed": 2} if code == 0 else {"init": 2})


@pytest.mark.parametrize("action", ["cancelTask", "retryTask"])
@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"deviceKeys": []},
        {"deviceKeys": "x"},
        {"deviceKeys": None},
        {"deviceKeys": [""]},
        {"deviceKeys": [1]},
        {"deviceKeys": ["x", "x"]},
        {"deviceKeys": ["x"], "jobId": "y"},
        {"devices": ["x"]},
    ],
)
async def test_a_body_of_the_wrong_form_is_a_bad_parameter(
    client: Client, action: str, body: object
) -> None:
    assert (await client.write("ota-jobs", action, body, jobId="none"))["code"] == 99400


async def test_the_length_of_a_list_can_be_limited(connect: Connect, clock: FakeClock) -> None:
    client, target = failing(connect, clock, max_device_keys=2)
    job_id = await create(client, target, target.upgrade(2))
    assert (await act(client, "cancelTask", job_id, *target.keys(3)))["code"] == 99400
    assert await act(client, "cancelTask", job_id, *target.keys(2)) == OK
    too_long = await client.write(
        "ota-jobs", "create", target.upgrade(3), firmwareId=target.firmware.firmware_id
    )
    assert too_long["code"] == 99400


async def test_cancelling_gives_the_place_to_the_next_device(
    connect: Connect, clock: FakeClock
) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0, visibility_lag_s=0.0)
    target = find_target(simulator, clock)
    job_id = await create(client, target, target.upgrade(2, maximumConcurrency=1))
    for _ in range(100):
        clock.advance(0.2)
        tasks = await tasks_of(client, job_id)
        pushed = [key for key, task in tasks.items() if task["status"] == "published"]
        if pushed:
            break
    assert len(pushed) == 1
    assert await act(client, "cancelTask", job_id, *pushed) == OK
    clock.advance(10)
    counts = await statuses(client, job_id)
    assert counts["init"] == 0
    assert counts["failed"] == 1
