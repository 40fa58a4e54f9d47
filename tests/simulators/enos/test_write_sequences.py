"""Random sequences of writes: a model foretells every code, and reads never contradict."""

import random
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from gateway.simulators.enos import EnosSimulator
from gateway.simulators.enos.chance import seeded

from .conftest import Client, FakeClock
from .targets import Target, create, find_target, tasks_of
from .test_fleet import snapshot

Connect = Callable[..., tuple[EnosSimulator, Client]]
OPTIONS: dict[str, Any] = {
    "failure_rate": 0.4,
    "offline_rate": 0.05,
    "visibility_lag_s": 0.0,
}


class Model:
    """What the documentation says of jobs, next to the simulator."""

    def __init__(self) -> None:
        self.status: dict[str, str] = {}

    def expects(self, action: str, job_id: str) -> int:
        """The code of a call; it changes the model as it should change the cloud."""
        status = self.status.get(job_id)
        if status is None:
            return 24404
        if action == "start":
            self.status[job_id] = "started"
            return 24615 if status == "started" else 0
        if action == "stop":
            self.status[job_id] = "stopped"
            return 24616 if status == "stopped" else 0
        if status == "stopped":
            del self.status[job_id]
            return 0
        return 24618


async def intervene(
    client: Client, chance: random.Random, model: Model, job_id: str, tasks: dict[str, Any]
) -> None:
    """Cancel or retry a few devices; the code must be the one their states ask for."""
    action, lawful, refusal = chance.choice(
        [("cancelTask", {"init", "published"}, 24620), ("retryTask", {"failed"}, 24621)]
    )
    likely = [key for key, task in tasks.items() if task["status"] in lawful]
    pool = likely if likely and chance.random() < 0.7 else list(tasks) or ["none"]
    keys = chance.sample(pool, min(len(pool), 3))
    expected = 0 if all(k in tasks and tasks[k]["status"] in lawful for k in keys) else refusal
    if model.status.get(job_id) != "started":
        expected = 24404 if job_id not in model.status else 24617
    answer = await client.write("ota-jobs", action, {"deviceKeys": keys}, jobId=job_id)
    assert answer["code"] == expected


async def step(
    client: Client, chance: random.Random, model: Model, target: Target, jobs: list[str]
) -> None:
    draw = chance.random()
    if not jobs or draw < 0.15:
        limit = chance.choice([1, 2, 5])
        retry = {"enableRetry": True, "retryInterval": 20, "retryCount": 2}
        policy = chance.choice(["snapshot", "incremental"])
        keys = chance.sample(target.keys(12), 6)
        body = target.upgrade(
            upgradeScope=target.scope(deviceKeys=keys),
            maximumConcurrency=limit,
            upgradePolicy=policy,
            retryPolicy=retry if chance.random() < 0.5 else {"enableRetry": False},
        )
        jobs.append(await create(client, target, body))
        model.status[jobs[-1]] = "started"
        return
    job_id = chance.choice(jobs)
    if draw < 0.6:
        await intervene(client, chance, model, job_id, await tasks_of(client, job_id))
        return
    action = chance.choice(["start", "start", "stop", "delete"])
    expected = model.expects(action, job_id)
    assert (await client.write("ota-jobs", action, jobId=job_id))["code"] == expected


@pytest.mark.parametrize("seed", range(4))
async def test_every_code_and_every_read_agrees_with_the_model(
    connect: Connect, clock: FakeClock, seed: int
) -> None:
    simulator, client = connect(jobs=20, tasks=400, packages=6, **OPTIONS)
    target = find_target(simulator, clock)
    chance, model, jobs = seeded("writes", seed), Model(), list[str]()
    for _ in range(60):
        await step(client, chance, model, target, jobs)
        clock.advance(chance.choice([0.0, 0.5, 7.0, 90.0]))
        listed = {j["jobId"]: j for j in await client.all("ota-jobs", "search")}
        assert {job_id for job_id in jobs if job_id in listed} == model.status.keys()
        for job_id, status in model.status.items():
            job = listed[job_id]
            assert job["status"] == status
            tasks = await tasks_of(client, job_id)
            busy = [t for t in tasks.values() if t["status"] in {"published", "upgrading"}]
            assert len(busy) <= job["maximumConcurrency"]
    await check_devices(client)


async def check_devices(client: Client) -> None:
    """What devices report is what the tasks that can be seen say."""
    working, latest = set(), defaultdict[str, tuple[int, str]](lambda: (0, ""))
    for task in await client.all("ota-jobs", "searchTask"):
        if task["status"] in {"published", "upgrading"}:
            working.add(task["assetId"])
        elif task["status"] == "succeeded":
            success = (task["updateTime"], task["toVersion"])
            latest[task["assetId"]] = max(latest[task["assetId"]], success)
    upgrading = set()
    for device in await client.all("ota-firmwares", "searchDeviceUpgrade"):
        if device["isUpgrading"]:
            upgrading.add(device["assetId"])
        if device["assetId"] in latest and not device["isUpgrading"]:
            seen = {latest[device["assetId"]][1], device["firmwareVersion"]}
            assert len(seen) == 1
    assert working <= upgrading


async def test_reading_all_along_changes_nothing(connect: Connect, clock: FakeClock) -> None:
    """One cloud is read after every write, its twin only at the end: they agree."""
    twins = [connect(jobs=20, tasks=400, packages=6, **OPTIONS) for _ in range(2)]
    job_ids = []
    for simulator, client in twins:
        target = find_target(simulator, clock)
        job_ids.append(await create(client, target, target.upgrade(8, maximumConcurrency=2)))
    assert job_ids[0] == job_ids[1]
    watched, unwatched = (simulator.fleet for simulator, _ in twins)
    for number in range(12):
        clock.advance(97.0)
        for _, client in twins:
            action = "start" if number % 2 else "stop"
            assert (await client.write("ota-jobs", action, jobId=job_ids[0]))["code"] == 0
        for at_s in (clock() - 2, clock()):
            snapshot(watched, at_s)
    assert snapshot(watched, clock()) == snapshot(unwatched, clock())
