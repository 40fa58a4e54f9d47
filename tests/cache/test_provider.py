"""Each read of the port is cached under its own key, for its own time, with its own tags."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.cache import keys
from gateway.cache.provider import CachedProvider
from gateway.cache.ttl import Content, Lifetime, LifetimeTable
from gateway.domain.device import Device, DeviceRef, Module
from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.freshness import FreshnessSource, Sourced
from gateway.domain.job import JobFilter, JobStatus, OtaJob, OtaJobAction
from gateway.domain.paging import Page, PageRequest
from gateway.domain.provider import Capability, ReadLimits
from gateway.domain.task import Task, TaskFilter, TaskStatus
from tests.cache.bench import Bench, turns
from tests.cache.samples import DETAIL, DEVICE, FIRMWARE, JOB, REF, TASK

LIVE, CACHE, STALE = FreshnessSource.LIVE, FreshnessSource.CACHE, FreshnessSource.STALE
PAGE = PageRequest()


class Cloud:
    """Answers every read of the port with one sample, and notes what it was asked."""

    capabilities = frozenset({Capability.LIST_JOBS})
    limits = ReadLimits(
        jobs_page=1,
        tasks_page=2,
        firmware_page=3,
        task_devices=4,
        task_window=None,
        firmware_newest_first=False,
    )

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.job = JOB
        self.gate = asyncio.Event()
        self.gate.set()
        self.closed = False

    def native_filter(self, wanted: JobFilter) -> JobFilter | None:
        return dataclasses.replace(wanted, name=None)

    def available_actions(self, job: OtaJob) -> tuple[OtaJobAction, ...]:
        return (OtaJobAction.STOP,)

    async def get_job(self, job_id: str) -> OtaJob:
        self.asked.append(("get_job", job_id))
        return dataclasses.replace(self.job, native_id=job_id)

    async def list_jobs(self, wanted: JobFilter, page: PageRequest) -> Page[OtaJob]:
        self.asked.append(("list_jobs", wanted, page))
        job = self.job
        await self.gate.wait()
        return Page(items=(job,), total=1, has_next=False)

    async def list_firmware_jobs(self, firmware_id: str, page: PageRequest) -> Page[OtaJob]:
        self.asked.append(("list_firmware_jobs", firmware_id, page))
        return Page(items=(self.job,), total=1, has_next=False)

    async def list_device_jobs(
        self, firmware_id: str, device: DeviceRef, page: PageRequest
    ) -> Page[OtaJob]:
        self.asked.append(("list_device_jobs", firmware_id, device, page))
        return Page(items=(self.job,), total=1, has_next=False)

    async def list_tasks(self, wanted: TaskFilter, page: PageRequest) -> Page[Task]:
        self.asked.append(("list_tasks", wanted, page))
        return Page(items=(TASK,), total=1, has_next=False)

    async def count_tasks(self, job_id: str, status: TaskStatus | None) -> int:
        self.asked.append(("count_tasks", job_id, status))
        return 7

    async def list_open_tasks(self, device: DeviceRef) -> tuple[Task, ...]:
        self.asked.append(("list_open_tasks", device))
        return (TASK,)

    async def list_device_tasks(self, device: DeviceRef, page: PageRequest) -> Page[Task]:
        self.asked.append(("list_device_tasks", device, page))
        return Page(items=(TASK,), total=1, has_next=False)

    async def get_firmware(self, firmware_id: str) -> Firmware:
        self.asked.append(("get_firmware", firmware_id))
        return FIRMWARE

    async def list_firmware(self, wanted: FirmwareFilter, page: PageRequest) -> Page[Firmware]:
        self.asked.append(("list_firmware", wanted, page))
        return Page(items=(FIRMWARE,), total=1, has_next=False)

    async def get_device(self, device: DeviceRef) -> Device:
        self.asked.append(("get_device", device))
        return DEVICE

    async def list_modules(self, product_key: str) -> tuple[Module, ...]:
        self.asked.append(("list_modules", product_key))
        return (Module(product_key=product_key, name="m", alias=None, description=None),)

    async def list_reported_versions(self, product_key: str) -> tuple[str, ...]:
        self.asked.append(("list_reported_versions", product_key))
        return ("1.0",)

    async def aclose(self) -> None:
        self.closed = True


Read = Callable[..., Awaitable[Sourced[Any]]]
READS: dict[str, tuple[list[object], set[str]]] = {
    "get_job": (["j-1"], {"job:j-1"}),
    "list_jobs": (
        [JobFilter(firmware_id="f-1", device=REF), PAGE],
        {"job-lists", "firmware:f-1", "device:pump-7"},
    ),
    "list_firmware_jobs": (["f-1", PAGE], {"job-lists", "firmware:f-1"}),
    "list_device_jobs": (["f-1", REF, PAGE], {"job-lists", "firmware:f-1", "device:pump-7"}),
    "list_tasks": ([TaskFilter(job_id="j-1"), PAGE], {"job:j-1"}),
    "count_tasks": (["j-1", TaskStatus.FAILED], {"job:j-1"}),
    "list_open_tasks": ([REF], {"device-tasks", "device:pump-7"}),
    "list_device_tasks": ([REF, PAGE], {"device-tasks", "device:pump-7"}),
    "get_firmware": (["f-1"], {"firmware:f-1"}),
    "list_firmware": ([FirmwareFilter(), PAGE], {"firmware-lists"}),
    "get_device": ([REF], {"device-tasks", "device:pump-7"}),
    "list_modules": (["pump"], {"modules"}),
    "list_reported_versions": (["pump"], set()),
}
NAMES = {
    "job:j-1",
    "firmware:f-1",
    "device:pump-7",
    "job-lists",
    "firmware-lists",
    "device-tasks",
    "modules",
}


def reader(provider: CachedProvider, name: str) -> Read:
    read: Read = getattr(provider, name)
    return read


def build(bench: Bench, cloud: Cloud, lifetimes: LifetimeTable | None = None) -> CachedProvider:
    return CachedProvider(
        cloud, bench.engine(), backend="cloud", tenant="acme", lifetimes=lifetimes
    )


@pytest.mark.parametrize("name", READS)
async def test_a_read_reaches_the_cloud_once_and_unchanged(name: str) -> None:
    bench, cloud = Bench(), Cloud()
    provider = build(bench, cloud)
    arguments, _ = READS[name]
    first = await reader(provider, name)(*arguments)
    second = await reader(provider, name)(*arguments)
    assert cloud.asked == [(name, *arguments)]
    assert (first.freshness.source, second.freshness.source) == (LIVE, CACHE)
    assert second.value == first.value
    now = await reader(provider, name)(*arguments, max_age_s=0)
    assert now.freshness.source is LIVE


@pytest.mark.parametrize("name", READS)
async def test_a_read_is_invalidated_by_what_it_is_about_and_nothing_else(name: str) -> None:
    bench, cloud = Bench(), Cloud()
    provider = build(bench, cloud)
    arguments, about = READS[name]
    for tag in sorted(NAMES | {keys.EVERYTHING}):
        await reader(provider, name)(*arguments)
        await provider.invalidate([tag])
        answer = await reader(provider, name)(*arguments)
        hit = tag in about or tag == keys.EVERYTHING
        assert (answer.freshness.source is LIVE) == hit, tag


async def test_every_read_of_the_port_is_covered() -> None:
    asynchronous = {
        name for name, member in vars(Cloud).items() if asyncio.iscoroutinefunction(member)
    }
    assert asynchronous - {"aclose"} == set(READS)


async def test_other_arguments_tenants_and_backends_are_other_reads() -> None:
    bench, cloud = Bench(), Cloud()
    engine = bench.engine()
    for tenant, backend in (("acme", "cloud"), ("acme", "cloud-2"), ("zenith", "cloud")):
        provider = CachedProvider(cloud, engine, backend=backend, tenant=tenant)
        for job_id in ("j-1", "j-2"):
            assert (await provider.get_job(job_id)).freshness.source is LIVE
        for status in (None, TaskStatus.FAILED):
            assert (await provider.count_tasks("j-1", status)).freshness.source is LIVE


async def test_accounts_of_one_name_in_one_store_never_meet() -> None:
    bench, cloud = Bench(), Cloud()
    engine = bench.engine()
    staging, live = (
        CachedProvider(cloud, engine, backend="cloud", tenant="acme", account=account)
        for account in ("enos:staging", "enos:live")
    )
    for provider in (staging, live):
        assert (await provider.get_job("j-1")).freshness.source is LIVE
    await staging.invalidate([keys.about_job("j-1")])
    assert (await live.get_job("j-1")).freshness.source is not LIVE


async def test_what_changed_has_changed_for_all_tenants() -> None:
    bench, cloud = Bench(), Cloud()
    engine = bench.engine()
    one, other = (
        CachedProvider(cloud, engine, backend="cloud", tenant=tenant)
        for tenant in ("acme", "zenith")
    )
    await other.get_job("j-1")
    await one.invalidate([keys.about_job("j-1")])
    assert (await other.get_job("j-1")).freshness.source is LIVE


async def test_the_time_to_live_follows_the_value_and_the_table_of_the_backend() -> None:
    bench, cloud = Bench(), Cloud()
    day = Lifetime(fresh_s=86_400, usable_s=86_400)
    provider = build(bench, cloud, LifetimeTable(by_backend={"cloud": {Content.DEVICE: day}}))
    await provider.get_device(REF)
    await provider.get_job("j-1")
    cloud.job = dataclasses.replace(JOB, status=JobStatus.COMPLETED)
    await provider.get_job("j-2")
    bench.clock.now += 3_600
    assert (await provider.get_device(REF)).freshness.source is CACHE
    assert (await provider.get_job("j-1")).freshness.source is LIVE
    assert (await provider.get_job("j-2")).freshness.source is CACHE


async def test_after_a_list_with_details_a_single_read_costs_no_call() -> None:
    bench, cloud = Bench(), Cloud()
    cloud.job = dataclasses.replace(JOB, detail=DETAIL)
    provider = build(bench, cloud)
    listed = await provider.list_jobs(JobFilter(), PAGE)
    bench.clock.now += 1
    single = await provider.get_job("j-1")
    assert single.value == cloud.job
    assert single.freshness.source is CACHE
    assert single.freshness.as_of == listed.freshness.as_of
    assert [asked[0] for asked in cloud.asked] == ["list_jobs"]


async def test_a_list_without_details_primes_nothing() -> None:
    bench, cloud = Bench(), Cloud()
    provider = build(bench, cloud)
    await provider.list_jobs(JobFilter(), PAGE)
    assert (await provider.get_job("j-1")).freshness.source is LIVE


async def test_a_list_never_puts_an_older_job_over_a_newer_one() -> None:
    bench, cloud = Bench(), Cloud()
    provider = build(bench, cloud)
    old = dataclasses.replace(JOB, detail=DETAIL)
    cloud.job = dataclasses.replace(old, status=JobStatus.STOPPED)
    await provider.get_job("j-1")
    now = bench.clock.now
    await provider.prime([old], began_at=now - 2, ended_at=now - 1)
    assert (await provider.get_job("j-1")).value.status is JobStatus.STOPPED
    await provider.prime([old], began_at=now + 1, ended_at=now + 2)
    assert (await provider.get_job("j-1")).value.status is JobStatus.IN_PROGRESS


async def test_a_list_that_began_before_a_write_does_not_bring_the_old_job_back() -> None:
    bench, cloud = Bench(), Cloud()
    provider = build(bench, cloud)
    cloud.job = dataclasses.replace(JOB, detail=DETAIL)
    cloud.gate.clear()
    listing = asyncio.create_task(provider.list_jobs(JobFilter(), PAGE))
    await turns()
    await provider.invalidate([keys.about_job("j-1")])
    cloud.job = dataclasses.replace(JOB, status=JobStatus.STOPPED)
    cloud.gate.set()
    assert (await listing).value.items[0].status is JobStatus.IN_PROGRESS
    await turns()
    assert (await provider.get_job("j-1")).value.status is JobStatus.STOPPED


async def test_an_unknown_word_is_counted_once_a_load() -> None:
    bench, cloud = Bench(), Cloud()
    provider = build(bench, cloud)
    cloud.job = dataclasses.replace(JOB, status=JobStatus.UNKNOWN)
    for _ in range(3):
        await provider.get_job("j-1")
    labels = {"backend": "cloud", "kind": "job", "field": "status"}
    assert bench.metrics.total("read.unknown_word", **labels) == 1


async def test_what_is_no_read_passes_through() -> None:
    bench, cloud = Bench(), Cloud()
    provider = build(bench, cloud)
    assert provider.capabilities == cloud.capabilities
    assert provider.limits == cloud.limits
    assert provider.native_filter(JobFilter(name="n")) == JobFilter()
    assert provider.available_actions(JOB) == (OtaJobAction.STOP,)
    await provider.aclose()
    assert cloud.closed
