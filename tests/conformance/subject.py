"""A provider under test, and ways to read whole lists through the port."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import httpx
import pytest
from pydantic import BaseModel

from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.job import JobFilter, OtaJob
from gateway.domain.paging import Page, PageRequest
from gateway.domain.provider import Capability, OtaProvider
from gateway.domain.task import OPEN_TASK_STATUSES, Task, TaskFilter
from gateway.providers import ProviderPlugin
from gateway.transport.client import Upstream

T = TypeVar("T")

BACKEND: Final = "under_test"
_MOST_PAGES: Final = 100
_FEW_TASKS: Final = 300


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """A simulated cloud, the way in, and what has been read of it so far."""

    plugin: ProviderPlugin
    settings: BaseModel
    transport: httpx.AsyncBaseTransport
    jobs: list[OtaJob] = field(default_factory=list)
    packages: list[Firmware] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A provider at work on a simulated cloud."""

    provider: OtaProvider
    cloud: Cloud

    def require(self, capability: Capability) -> None:
        """Skip the test where the provider cannot do this."""
        if capability not in self.provider.capabilities:
            pytest.skip(f"lacks {capability}")

    async def jobs(self) -> list[OtaJob]:
        """All jobs of the cloud, read once for all tests."""
        if not self.cloud.jobs:
            self.cloud.jobs.extend(await self._all_jobs())
        return self.cloud.jobs

    async def packages(self) -> list[Firmware]:
        """All packages of the cloud, read once for all tests."""
        if not self.cloud.packages:
            self.cloud.packages.extend(
                await joined(
                    partial(self.provider.list_firmware, FirmwareFilter()),
                    self.provider.limits.firmware_page,
                )
            )
        return self.cloud.packages

    async def firmware_jobs(self, firmware_id: str) -> list[OtaJob]:
        """All jobs of one package."""
        return await joined(
            partial(self.provider.list_firmware_jobs, firmware_id),
            self.provider.limits.jobs_page,
        )

    async def tasks(self, wanted: TaskFilter) -> list[Task]:
        """All tasks that `wanted` selects."""
        return await joined(
            partial(self.provider.list_tasks, wanted), self.provider.limits.tasks_page
        )

    async def settled_job(self) -> tuple[OtaJob, list[Task]]:
        """A job with a few tasks that have all ended, so that nothing of it moves."""
        return await self._job_where(
            lambda tasks: not any(task.status in OPEN_TASK_STATUSES for task in tasks)
        )

    async def moving_job(self) -> tuple[OtaJob, list[Task]]:
        """A job with a few tasks of which some are open."""
        return await self._job_where(
            lambda tasks: any(task.status in OPEN_TASK_STATUSES for task in tasks)
        )

    async def _job_where(self, suits: Callable[[list[Task]], bool]) -> tuple[OtaJob, list[Task]]:
        for job in await self.jobs():
            total = await self.provider.count_tasks(job.native_id, None)
            if 1 < total <= _FEW_TASKS:
                tasks = await self.tasks(TaskFilter(job_id=job.native_id))
                if suits(tasks):
                    return job, tasks
        pytest.fail("the simulation has no such job")

    async def _all_jobs(self) -> list[OtaJob]:
        if Capability.LIST_JOBS in self.provider.capabilities:
            return await joined(
                partial(self.provider.list_jobs, JobFilter()),
                self.provider.limits.jobs_page,
            )
        packages = await self.packages()
        return [job for each in packages for job in await self.firmware_jobs(each.native_id)]


async def pages(
    fetch: Callable[[PageRequest], Awaitable[Page[T]]], size: int
) -> AsyncIterator[Page[T]]:
    """Every page of a list, until the provider says that there are no more."""
    for number in range(1, _MOST_PAGES):
        page = await fetch(PageRequest(number=number, size=size))
        yield page
        if not page.has_next:
            return
    pytest.fail("the list does not end")


async def joined(fetch: Callable[[PageRequest], Awaitable[Page[T]]], size: int) -> list[T]:
    """All items of a list."""
    return [item async for page in pages(fetch, size) for item in page.items]


def spread(items: list[T], number: int) -> Iterator[T]:
    """About `number` of `items`, from all over the list."""
    yield from items[:: max(1, len(items) // number)]


@asynccontextmanager
async def running_subject(
    cloud: Cloud, settings: BaseModel | None = None
) -> AsyncIterator[Subject]:
    """A provider that works on `cloud`, with `settings` other than those that let it in."""
    own = settings or cloud.settings
    upstream = Upstream(
        backend=BACKEND,
        base_url=cloud.plugin.endpoint(own),
        http_transport=cloud.transport,
    )
    provider = cloud.plugin.build(BACKEND, own, upstream)
    try:
        yield Subject(provider=provider, cloud=cloud)
    finally:
        await provider.aclose()
        await upstream.aclose()
