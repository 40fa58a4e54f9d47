"""The fleet: everything documented occurs, facts agree with each other, and it moves."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from gateway.simulators.enos import EnosSimulator
from gateway.simulators.enos.fleet import Fleet
from gateway.simulators.enos.plan import plan_fleet

from .conftest import ORG_ID, START_S, Client, FakeClock, small_simulator

SELECTORS = {"deviceKeys", "attributes", "tags", "assetTrees", "deviceGroupIds", "assetIds"}


async def everything(client: Client) -> list[list[dict[str, Any]]]:
    return [
        await client.all("ota-jobs", "search"),
        await client.all("ota-jobs", "searchTask"),
        await client.all("ota-firmwares", "search"),
        await client.all("ota-firmwares", "searchDeviceUpgrade"),
    ]


async def test_the_same_seed_makes_the_same_fleet_and_another_one_another(
    client: Client, connect: Callable[..., tuple[EnosSimulator, Client]]
) -> None:
    first = await everything(client)
    _, twin = connect()
    assert await everything(twin) == first
    _, other = connect(seed=8)
    assert all(mine != theirs for mine, theirs in zip(first, await everything(other), strict=True))


async def test_every_word_of_the_documentation_occurs(client: Client) -> None:
    jobs, tasks, firmwares, devices = await everything(client)
    assert {job["status"] for job in jobs} == {"started", "stopped"}
    assert {job["type"] for job in jobs} == {"verify", "upgrade"}
    assert {job["upgradePolicy"] for job in jobs} == {"snapshot", "incremental", None}
    assert {job["enableUpgradeRequest"] for job in jobs} == {True, False}
    assert {job["startSchedule"] for job in jobs} == {None, 0}
    assert {job["endSchedule"] for job in jobs} == {None, 86_399}
    assert {job["upgradeScope"]["type"] for job in jobs} == {"total", "partial"}
    assert {p["enableRetry"] for job in jobs if (p := job.get("retryPolicy"))} == {True, False}
    assert {p["isRepeatDaily"] for job in jobs if (p := job.get("schedulePolicy"))} == {True, False}
    assert any(job["name"] is None for job in jobs)
    assert any(job["name"] and not job["name"]["i18nValue"] for job in jobs)
    assert {task["status"] for task in tasks} == {
        *("init", "published", "upgrading", "succeeded", "failed")
    }
    failures = {task["progress"] for task in tasks if task["status"] == "failed"}
    assert {-1, -2, -3, -4, -5} <= failures
    assert min(failures) < -5
    texts = {task["desc"] for task in tasks}
    assert {"Cancelled by user", "upgrading firmware finished", "升级成功", ""} <= texts
    assert {firmware["signMethod"] for firmware in firmwares} == {"md5", "sha256"}
    verification = {(f["enableVerification"], f["isVerified"]) for f in firmwares}
    assert {(False, False), (True, True)} <= verification
    assert {device["isUpgrading"] for device in devices} == {True, False}


async def test_every_selector_occurs_and_stands_alone(client: Client) -> None:
    used = Counter[str]()
    for job in await client.all("ota-jobs", "search"):
        scope = job["upgradeScope"]
        chosen = [name for name in SELECTORS if scope.get(name) is not None]
        assert len(chosen) == (scope["type"] == "partial")
        assert {"type", "versionNumbers", "deviceKeys", "attributes", "tags", "assetTrees"} <= set(
            scope
        )
        used.update(chosen)
        if job["type"] == "verify":
            assert 1 <= len(scope["deviceKeys"]) <= 5
    assert used.keys() == SELECTORS


async def test_old_scopes_lack_the_newer_fields(client: Client) -> None:
    scopes = [job["upgradeScope"] for job in await client.all("ota-jobs", "search")]
    assert {"assetIds" in scope for scope in scopes} == {True, False}
    assert {"productKey" in scope for scope in scopes} == {True, False}


async def test_listed_devices_of_a_firmware_without_product_name_one(client: Client) -> None:
    jobs = await client.all("ota-jobs", "search")
    for job in jobs:
        scope = job["upgradeScope"]
        needed = "productKey" not in job and scope["deviceKeys"] is not None
        assert (scope.get("productKey") is not None) == needed
    assert any(job["upgradeScope"].get("productKey") for job in jobs)


async def test_jobs_refer_to_firmware_that_existed_and_was_fit(client: Client) -> None:
    jobs, _, firmwares, _ = await everything(client)
    by_id = {firmware["firmwareId"]: firmware for firmware in firmwares}
    for job in jobs:
        firmware = by_id[job["firmwareId"]]
        assert firmware["createTime"] < job["createTime"] < START_S * 1000
        assert job.get("productKey") == firmware.get("productKey")
        assert job.get("firmwareVersion", firmware["version"]) == firmware["version"]
        assert job.get("firmwareName", firmware["name"]) == firmware["name"]
        if job["type"] == "upgrade" and firmware["enableVerification"]:
            assert firmware["isVerified"]


async def test_tasks_agree_with_their_jobs(client: Client) -> None:
    jobs, tasks, firmwares, _ = await everything(client)
    versions = {firmware["firmwareId"]: firmware["version"] for firmware in firmwares}
    by_job = defaultdict(list)
    for task in tasks:
        by_job[task["jobId"]].append(task)
    assert by_job.keys() == {job["jobId"] for job in jobs}
    for job in jobs:
        scope = job["upgradeScope"]
        mine = by_job[job["jobId"]]
        assert {task["fromVersion"] for task in mine} == set(scope["versionNumbers"])
        assert {task["toVersion"] for task in mine} == {versions[job["firmwareId"]]}
        assert versions[job["firmwareId"]] not in scope["versionNumbers"]
        for selector, field in (("deviceKeys", "deviceKey"), ("assetIds", "assetId")):
            if scope.get(selector) is not None:
                assert sorted(scope[selector]) == sorted(task[field] for task in mine)
        assert all(task["updateTime"] >= job["createTime"] for task in mine)


async def test_progress_agrees_with_the_status(client: Client) -> None:
    for task in await client.all("ota-jobs", "searchTask"):
        low, high = {
            "init": (0, 0),
            "published": (0, 0),
            "upgrading": (0, 99),
            "succeeded": (100, 100),
            "failed": (-99, -1),
        }[task["status"]]
        assert low <= task["progress"] <= high
        assert task["updateTime"] <= START_S * 1000


@pytest.mark.parametrize("later_s", [0, 3_600, 40_000])
async def test_devices_report_what_their_last_success_made_of_them(
    client: Client, clock: FakeClock, later_s: float
) -> None:
    # Devices are read before and after, so that what is kept between reads is tried too.
    await everything(client)
    clock.advance(later_s)
    await client.log_in()
    _, tasks, _, devices = await everything(client)
    done: dict[str, tuple[int, str]] = {}
    working = set()
    for task in tasks:
        if task["status"] == "succeeded":
            latest = (task["updateTime"], task["toVersion"])
            done[task["assetId"]] = max(done.get(task["assetId"], latest), latest)
        elif task["status"] in {"published", "upgrading"}:
            working.add(task["assetId"])
    for device in devices:
        _, version = done.get(device["assetId"], (0, device["firmwareVersion"]))
        assert device["firmwareVersion"] == version
        assert device["isUpgrading"] == (device["assetId"] in working)
    assert done


async def test_what_is_kept_between_reads_never_shows(clock: FakeClock) -> None:
    """A fleet read all along and one read for the first time agree at every moment."""
    read_often = small_simulator(clock).fleet
    moving = [view.job.job_id for view in read_often.jobs(at_s=clock()) if view.run.windows]
    changes = dict(zip(range(3, 30, 3), moving, strict=False))
    fresh = [small_simulator(clock) for _ in range(3)]
    for step in range(30):
        clock.advance(61.7)
        if step in changes:
            view = read_often.job(changes[step], at_s=clock())
            assert view is not None
            wanted = "stopped" if view.run.status == "started" else "started"
            for fleet in (read_often, *(simulator.fleet for simulator in fresh)):
                fleet.set_job_status(changes[step], wanted)
        for at_s in (clock() - 2, clock()):
            seen = snapshot(read_often, at_s)
            if step % 10 == 9 and at_s == clock():
                assert snapshot(fresh[step // 10].fleet, at_s) == seen


def snapshot(fleet: Fleet, at_s: float) -> tuple[list[object], list[object]]:
    return (
        [(view.task.task_id, *view.state[:4]) for view in fleet.tasks(at_s=at_s)],
        [(v.device.asset_id, v.version, v.is_upgrading) for v in fleet.devices(at_s=at_s)],
    )


async def test_running_jobs_move_within_seconds_and_only_forward(
    client: Client, clock: FakeClock
) -> None:
    ranks = ["init", "published", "upgrading", "succeeded"]
    before = {task["taskId"]: task for task in await client.all("ota-jobs", "searchTask")}
    changed = 0
    for _ in range(20):
        clock.advance(10)
        after = {task["taskId"]: task for task in await client.all("ota-jobs", "searchTask")}
        for task_id, task in after.items():
            old = before[task_id]
            if old == task:
                continue
            changed += 1
            assert task["updateTime"] >= old["updateTime"]
            if "failed" not in {task["status"], old["status"]}:
                forward = ranks.index(task["status"]) - ranks.index(old["status"])
                assert forward > 0 or (forward == 0 and task["progress"] >= old["progress"])
        before = after
    assert changed > 20


async def test_some_failures_are_retried_by_the_cloud(
    connect: Callable[..., tuple[EnosSimulator, Client]], clock: FakeClock
) -> None:
    _, client = connect(tasks=6_000)
    jobs = await client.all("ota-jobs", "search")
    retrying = {j["jobId"] for j in jobs if j.get("retryPolicy", {}).get("enableRetry")}
    failed: set[str] = set()
    revived: set[str] = set()
    for _ in range(120):
        for task in await client.all("ota-jobs", "searchTask", "status in ('failed','init')"):
            if task["status"] == "failed":
                failed.add(task["taskId"])
            elif task["taskId"] in failed:
                revived.add(task["taskId"])
                assert task["jobId"] in retrying
        clock.advance(50)
    assert revived


async def test_the_default_fleet_is_as_large_as_promised(clock: FakeClock) -> None:
    plan = plan_fleet(seed=7, now_s=clock(), jobs=420, tasks=63_000, packages=40)
    assert len(plan.jobs) == 420
    assert sum(len(tasks) for tasks in plan.tasks.values()) == 63_000
    assert len(plan.firmwares) == 40
    assert len({firmware.owner for firmware in plan.firmwares}) == 8
    started = sum(run.status == "started" for run in plan.runs.values())
    assert 0.10 <= started / 420 <= 0.16
    newest_s = max(job.created_s for job in plan.jobs)
    assert 60 < clock() - newest_s < 600
    oldest_s = min(job.created_s for job in plan.jobs)
    assert clock() - oldest_s > 100 * 86_400


@pytest.mark.parametrize(
    ("jobs", "tasks", "packages"), [(10, 80, 3), (40, 320, 5), (1000, 9000, 50)]
)
def test_other_sizes_are_kept_exactly(jobs: int, tasks: int, packages: int) -> None:
    plan = plan_fleet(seed=3, now_s=START_S, jobs=jobs, tasks=tasks, packages=packages)
    assert len(plan.jobs) == len({job.job_id for job in plan.jobs}) == jobs
    assert sum(len(of_job) for of_job in plan.tasks.values()) == tasks
    assert len(plan.firmwares) == packages
    assert all(plan.tasks[job.job_id] for job in plan.jobs)


@pytest.mark.parametrize(("jobs", "tasks", "packages"), [(9, 80, 3), (10, 79, 3), (10, 80, 2)])
def test_a_fleet_too_small_to_be_one_is_refused(jobs: int, tasks: int, packages: int) -> None:
    with pytest.raises(ValueError, match="a fleet needs"):
        plan_fleet(seed=3, now_s=START_S, jobs=jobs, tasks=tasks, packages=packages)


def test_setting_a_status_checks_job_and_word(simulator: EnosSimulator, clock: FakeClock) -> None:
    with pytest.raises(KeyError):
        simulator.fleet.set_job_status("none", "stopped")
    job_id = simulator.fleet.jobs(at_s=clock())[0].job.job_id
    with pytest.raises(ValueError, match="paused"):
        simulator.fleet.set_job_status(job_id, "paused")


async def test_the_organisation_is_the_one_given(client: Client) -> None:
    for records in await everything(client):
        assert {record["orgId"] for record in records} == {ORG_ID}
