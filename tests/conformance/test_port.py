"""What the port promises, kept by every provider over its cloud.

Written once; a folder that joins `gateway.providers` and its twin in `gateway.simulators` are
tested the day they exist. Capabilities skip tests, names of vendors never do.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import pytest
from pydantic import SecretStr

from gateway.domain.device import DeviceRef
from gateway.domain.errors import NotFoundError, ProviderAuthError, UnsupportedError
from gateway.domain.firmware import FirmwareFilter, VerificationStatus
from gateway.domain.job import (
    TERMINAL_JOB_STATUSES,
    JobFilter,
    JobStatus,
    JobType,
    OtaJobAction,
    UpgradePolicy,
)
from gateway.domain.paging import PageRequest
from gateway.domain.provider import Capability, OtaProvider
from gateway.domain.task import (
    OPEN_TASK_STATUSES,
    TERMINAL_TASK_STATUSES,
    TaskFilter,
    TaskStatus,
)
from tests.conformance.subject import (
    BACKEND,
    Cloud,
    Subject,
    joined,
    pages,
    running_subject,
    spread,
)

NOWHERE: Final = DeviceRef(product_key="nosuchproduct", name="nosuchdevice")
FIRST: Final = PageRequest(size=10)


def test_limits_let_pages_and_names_through(cloud: Cloud, subject: Subject) -> None:
    limits = subject.provider.limits
    assert min(limits.jobs_page, limits.tasks_page, limits.firmware_page) >= 1
    assert limits.task_devices >= 1
    assert limits.task_window is None or limits.task_window >= limits.tasks_page
    assert Capability.UNKNOWN not in subject.provider.capabilities


# Jobs


async def test_jobs_are_listed_newest_first_each_once(subject: Subject) -> None:
    subject.require(Capability.LIST_JOBS)
    jobs = await subject.jobs()
    times = [job.created_at for job in jobs if job.created_at is not None]
    assert len(jobs) > subject.provider.limits.jobs_page
    assert times == sorted(times, reverse=True)
    assert max(Counter(job.native_id for job in jobs).values()) == 1


async def test_pages_of_jobs_join_to_the_list_whatever_their_size(subject: Subject) -> None:
    subject.require(Capability.LIST_JOBS)
    jobs = await subject.jobs()

    async def ids(size: int, count: int) -> list[str]:
        found: list[str] = []
        async for page in pages(partial(subject.provider.list_jobs, JobFilter()), size):
            assert len(page.items) + len(page.broken) <= size
            assert page.total == len(jobs)
            assert page.has_next is (len(found) + len(page.items) < len(jobs))
            found += [job.native_id for job in page.items]
            if len(found) >= count:
                break
        return found

    expected = [job.native_id for job in jobs]
    assert (await ids(7, 21))[:21] == expected[:21]
    assert await ids(subject.provider.limits.jobs_page, len(jobs)) == expected


async def test_jobs_of_a_package_are_its_own_each_once(subject: Subject) -> None:
    for package in spread(await subject.packages(), 3):
        jobs = await subject.firmware_jobs(package.native_id)
        assert {job.firmware_id for job in jobs} <= {package.native_id}
        assert len({job.native_id for job in jobs}) == len(jobs)
        expected = {j.native_id for j in await subject.jobs() if j.firmware_id == package.native_id}
        assert {job.native_id for job in jobs} == expected


async def test_every_job_of_a_list_is_the_same_when_it_is_read_alone(subject: Subject) -> None:
    for listed in spread(await subject.jobs(), 12):
        alone = await subject.provider.get_job(listed.native_id)
        assert alone.detail is not None
        # Not the words behind them, which a cloud may spell in one way here and in another there.
        same = ["backend", "native_id", "type", "policy", "tags"]
        same += ["product_key", "firmware_id", "created_at"]
        if listed.status in TERMINAL_JOB_STATUSES:
            same += ["status", "started_at", "ended_at"]
        assert {name: getattr(alone, name) for name in same} == {
            name: getattr(listed, name) for name in same
        }
        if listed.target is not None:
            assert alone.detail.scope.target == listed.target
        if listed.detail is not None:
            assert replace(alone.detail, raw={}) == replace(listed.detail, raw={})


async def test_words_of_the_simulated_jobs_are_known(subject: Subject) -> None:
    for job in await subject.jobs():
        assert job.backend == BACKEND
        assert job.status is not JobStatus.UNKNOWN, job.raw_status
        assert job.type is not JobType.UNKNOWN, job.raw_type
        assert job.policy is not UpgradePolicy.UNKNOWN, job.raw_policy


async def test_actions_follow_from_the_job_alone(subject: Subject) -> None:
    for job in spread(await subject.jobs(), 50):
        actions = subject.provider.available_actions(job)
        assert actions == subject.provider.available_actions(job)
        assert len(set(actions)) == len(actions)
        assert OtaJobAction.UNKNOWN not in actions


def _filters(jobs_created: list[datetime], firmware_id: str, product: str) -> Iterator[JobFilter]:
    middle = sorted(jobs_created)[len(jobs_created) // 2]
    yield JobFilter()
    for status in JobStatus:
        yield JobFilter(statuses=frozenset({status}))
    yield JobFilter(statuses=frozenset({JobStatus.STOPPED, JobStatus.IN_PROGRESS}))
    for kind in JobType:
        yield JobFilter(types=frozenset({kind}))
    yield JobFilter(firmware_id=firmware_id)
    yield JobFilter(product_key=product)
    yield JobFilter(product_key="nosuchproduct")
    yield JobFilter(created_from=middle)
    yield JobFilter(created_before=middle)
    yield JobFilter(created_from=middle, created_before=middle + timedelta(days=1))
    yield JobFilter(firmware_id=firmware_id, types=frozenset({JobType.UPGRADE}))


async def test_what_a_filter_leaves_to_the_cloud_loses_no_job(subject: Subject) -> None:
    jobs = await subject.jobs()
    sample = next(job for job in jobs if job.firmware_id and job.product_key)
    created = [job.created_at for job in jobs if job.created_at is not None]
    for wanted in _filters(created, sample.firmware_id or "", sample.product_key or ""):
        matching = [job.native_id for job in jobs if wanted.matches(job)]
        native = subject.provider.native_filter(wanted)
        if native is None:
            assert matching == [], wanted
            continue
        assert subject.provider.native_filter(native) == native
        assert [job.native_id for job in jobs if native.matches(job) and wanted.matches(job)] == (
            matching
        )
        if Capability.LIST_JOBS in subject.provider.capabilities and native != JobFilter():
            found = await joined(
                partial(subject.provider.list_jobs, native),
                subject.provider.limits.jobs_page,
            )
            assert {job.native_id for job in found} == {
                job.native_id for job in jobs if native.matches(job)
            }, wanted


async def test_jobs_are_found_by_a_part_of_their_name(subject: Subject) -> None:
    subject.require(Capability.NAMED_JOBS)
    jobs = await subject.jobs()
    names = [job.detail.name.default for job in jobs if job.detail and job.detail.name]
    wanted = JobFilter(name=names[0])
    native = subject.provider.native_filter(wanted)
    assert native is not None
    found = await joined(
        partial(subject.provider.list_jobs, native), subject.provider.limits.jobs_page
    )
    matching = {job.native_id for job in jobs if wanted.matches(job)}
    assert matching
    assert matching == {job.native_id for job in found if wanted.matches(job)}


# Tasks


async def test_tasks_of_a_job_are_its_own_each_once(subject: Subject) -> None:
    job, tasks = await subject.settled_job()
    assert {task.job_id for task in tasks} == {job.native_id}
    assert {task.backend for task in tasks} == {BACKEND}
    assert len({task.native_id for task in tasks}) == len(tasks)
    assert all(task.device.name for task in tasks)
    small = await joined(
        partial(subject.provider.list_tasks, TaskFilter(job_id=job.native_id)),
        max(2, len(tasks) // 3),
    )
    assert sorted(task.native_id for task in small) == sorted(task.native_id for task in tasks)


async def test_counts_of_tasks_agree_with_their_list(subject: Subject) -> None:
    job, tasks = await subject.settled_job()
    states = Counter(task.status for task in tasks)
    counts = {
        status: await subject.provider.count_tasks(job.native_id, status) for status in TaskStatus
    }
    assert counts == {status: states[status] for status in TaskStatus}
    assert await subject.provider.count_tasks(job.native_id, None) == len(tasks)
    page = await subject.provider.list_tasks(TaskFilter(job_id=job.native_id), FIRST)
    assert page.total == len(tasks)


async def test_tasks_are_narrowed_by_state_and_device(subject: Subject) -> None:
    job, tasks = await subject.settled_job()
    for status in {task.status for task in tasks}:
        found = await subject.tasks(TaskFilter(job_id=job.native_id, status=status))
        expected = sorted(task.native_id for task in tasks if task.status is status)
        assert sorted(task.native_id for task in found) == expected
    names = tuple({task.device.name: None for task in tasks})[
        : subject.provider.limits.task_devices
    ]
    chosen = names[: max(1, len(names) // 2)]
    found = await subject.tasks(TaskFilter(job_id=job.native_id, device_names=chosen))
    assert sorted(task.native_id for task in found) == sorted(
        task.native_id for task in tasks if task.device.name in chosen
    )
    other = tasks[0].status
    found = await subject.tasks(TaskFilter(job_id=job.native_id, status=other, device_names=chosen))
    assert {task.status for task in found} <= {other}
    nobody = TaskFilter(job_id=job.native_id, device_names=(NOWHERE.name,))
    assert await subject.tasks(nobody) == []


async def test_progress_and_reasons_fit_the_state_of_a_task(subject: Subject) -> None:
    seen: set[TaskStatus] = set()
    for find in (subject.settled_job, subject.moving_job):
        _, tasks = await find()
        for task in tasks:
            seen.add(task.status)
            assert task.status is not TaskStatus.UNKNOWN, task.raw_status
            assert task.progress_percent is None or 0 <= task.progress_percent <= 100
            if task.status_reason is not None:
                assert task.status in TERMINAL_TASK_STATUSES
    assert len(seen) > 2


async def test_open_tasks_of_a_device_are_open_and_its_own(subject: Subject) -> None:
    _, tasks = await subject.moving_job()
    for task in spread([each for each in tasks if each.status in OPEN_TASK_STATUSES], 3):
        found = await subject.provider.list_open_tasks(task.device)
        assert {each.status for each in found} <= OPEN_TASK_STATUSES
        assert {each.device for each in found} <= {task.device}
        assert task.native_id in {each.native_id for each in found}


async def test_tasks_of_a_device_hold_those_of_its_jobs(subject: Subject) -> None:
    subject.require(Capability.LIST_DEVICE_TASKS)
    _, tasks = await subject.settled_job()
    task = tasks[0]
    found = await joined(
        partial(subject.provider.list_device_tasks, task.device),
        subject.provider.limits.tasks_page,
    )
    assert {each.device for each in found} == {task.device}
    assert task.native_id in {each.native_id for each in found}
    assert len({each.native_id for each in found}) == len(found)


async def test_jobs_of_a_device_hold_those_of_its_tasks(subject: Subject) -> None:
    subject.require(Capability.LIST_DEVICE_JOBS)
    job, tasks = await subject.settled_job()
    found = await joined(
        partial(subject.provider.list_device_jobs, job.firmware_id or "", tasks[0].device),
        subject.provider.limits.jobs_page,
    )
    assert {each.firmware_id for each in found} == {job.firmware_id}
    assert job.native_id in {each.native_id for each in found}
    assert len({each.native_id for each in found}) == len(found)


# Packages, devices, products


async def test_packages_are_listed_each_once(subject: Subject) -> None:
    packages = await subject.packages()
    assert len({package.native_id for package in packages}) == len(packages) > 2
    assert {package.backend for package in packages} == {BACKEND}
    if subject.provider.limits.firmware_newest_first:
        times = [each.created_at for each in packages if each.created_at is not None]
        assert times == sorted(times, reverse=True)
    small = await joined(
        partial(subject.provider.list_firmware, FirmwareFilter()),
        max(2, len(packages) // 2 - 1),
    )
    assert [each.native_id for each in small] == [each.native_id for each in packages]


async def test_a_package_of_a_list_is_the_same_when_it_is_read_alone(subject: Subject) -> None:
    for listed in spread(await subject.packages(), 5):
        alone = await subject.provider.get_firmware(listed.native_id)
        assert alone.detail is not None
        if listed.verification is VerificationStatus.VERIFYING:  # may have ended in between
            listed = replace(  # noqa: PLW2901 - nothing else is compared
                listed, verification=alone.verification, raw_verification=alone.raw_verification
            )
        assert replace(alone, detail=None) == replace(listed, detail=None)


async def test_what_a_filter_of_packages_leaves_out_does_not_match(subject: Subject) -> None:
    packages = await subject.packages()
    sample = next(each for each in packages if each.product_key and each.name)
    for wanted in (
        FirmwareFilter(product_key=sample.product_key),
        FirmwareFilter(version=sample.version),
        FirmwareFilter(name=sample.name.default if sample.name else None),
        FirmwareFilter(verification=sample.verification),
    ):
        found = await joined(
            partial(subject.provider.list_firmware, wanted),
            subject.provider.limits.firmware_page,
        )
        matching = {each.native_id for each in packages if wanted.matches(each)}
        assert sample.native_id in matching
        assert matching <= {each.native_id for each in found}, wanted


async def test_a_device_with_tasks_is_known_and_reports_a_version(subject: Subject) -> None:
    _, tasks = await subject.settled_job()
    succeeded = [task for task in tasks if task.status is TaskStatus.SUCCEEDED] or tasks
    device = await subject.provider.get_device(succeeded[0].device)
    assert device.backend == BACKEND
    assert device.ref == succeeded[0].device
    assert device.modules
    if device.native_id and succeeded[0].device_native_id:
        assert device.native_id == succeeded[0].device_native_id


async def test_modules_of_a_product_are_listed(subject: Subject) -> None:
    subject.require(Capability.LIST_MODULES)
    product = next(each.product_key for each in await subject.packages() if each.product_key)
    modules = await subject.provider.list_modules(product)
    assert modules
    assert {module.product_key for module in modules} == {product}
    assert len({module.name for module in modules}) == len(modules)


async def test_reported_versions_of_a_product_are_listed(subject: Subject) -> None:
    subject.require(Capability.LIST_REPORTED_VERSIONS)
    product = next(each.product_key for each in await subject.packages() if each.product_key)
    versions = await subject.provider.list_reported_versions(product)
    assert versions
    assert len(set(versions)) == len(versions)


# What does not exist, is not allowed, or cannot be done

UNKNOWN: Final[dict[str, Callable[[OtaProvider], Awaitable[object]]]] = {
    "job": lambda provider: provider.get_job("nosuchjob"),
    "package": lambda provider: provider.get_firmware("nosuchpackage"),
    "device": lambda provider: provider.get_device(NOWHERE),
}


@pytest.mark.parametrize("kind", UNKNOWN)
async def test_what_does_not_exist_is_not_found(subject: Subject, kind: str) -> None:
    with pytest.raises(NotFoundError):
        await UNKNOWN[kind](subject.provider)


GATED: Final[dict[Capability, Callable[[OtaProvider], Awaitable[object]]]] = {
    Capability.LIST_JOBS: lambda provider: provider.list_jobs(JobFilter(), FIRST),
    Capability.LIST_DEVICE_JOBS: lambda provider: provider.list_device_jobs("x", NOWHERE, FIRST),
    Capability.LIST_DEVICE_TASKS: lambda provider: provider.list_device_tasks(NOWHERE, FIRST),
    Capability.LIST_MODULES: lambda provider: provider.list_modules("x"),
    Capability.LIST_REPORTED_VERSIONS: lambda provider: provider.list_reported_versions("x"),
}


@pytest.mark.parametrize("capability", GATED)
async def test_what_a_provider_cannot_do_is_refused(
    subject: Subject, capability: Capability
) -> None:
    if capability in subject.provider.capabilities:
        pytest.skip(f"has {capability}")
    with pytest.raises(UnsupportedError):
        await GATED[capability](subject.provider)


async def test_wrong_secrets_are_an_error_of_authentication(cloud: Cloud) -> None:
    wrong = {
        name: SecretStr(value.get_secret_value()[::-1] + "x")
        for name, value in cloud.settings
        if isinstance(value, SecretStr)
    }
    assert wrong
    async with running_subject(cloud, cloud.settings.model_copy(update=wrong)) as stranger:
        with pytest.raises(ProviderAuthError) as refusal:
            await stranger.provider.list_firmware(FirmwareFilter(), FIRST)
    assert refusal.value.backend == BACKEND
    assert refusal.value.operation


# What leaves the provider


async def _objects(subject: Subject) -> list[Any]:
    """Some of everything that a provider gives out."""
    _, tasks = await subject.settled_job()
    jobs = [await subject.provider.get_job(j.native_id) for j in spread(await subject.jobs(), 6)]
    packages = [
        await subject.provider.get_firmware(each.native_id)
        for each in spread(await subject.packages(), 4)
    ]
    return [*jobs, *packages, *tasks[:20], *spread(await subject.jobs(), 60)]


def _times(value: object) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _times(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from _times(getattr(value, each.name))


async def test_every_time_is_aware_and_in_utc(subject: Subject) -> None:
    times = [time for value in await _objects(subject) for time in _times(value)]
    assert len(times) > 60
    assert {time.tzinfo for time in times} == {UTC}


async def test_no_secret_is_in_what_is_kept_verbatim(subject: Subject) -> None:
    secrets = [
        value.get_secret_value()
        for _, value in subject.cloud.settings
        if isinstance(value, SecretStr)
    ]
    raws = [
        raw
        for value in await _objects(subject)
        for raw in (
            getattr(value, "raw", None),
            getattr(getattr(value, "detail", None), "raw", None),
        )
        if raw is not None
    ]
    assert len(raws) > 20
    text = json.dumps(raws).casefold()
    for word in ("signature=", "accesskey", "accesstoken", "access_token", "password", *secrets):
        assert word.casefold() not in text
