"""A cloud in memory, behind the real cache: what the schema is tested on."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from gateway.domain.call import current_call
from gateway.domain.device import Device, DeviceRef, Module
from gateway.domain.errors import NotFoundError, UnsupportedError
from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.job import JobFilter, JobStatus, OtaJob, OtaJobAction
from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.domain.provider import Capability, ReadLimits
from gateway.domain.task import OPEN_TASK_STATUSES, Task, TaskFilter, TaskStatus

T = TypeVar("T")

LISTING = frozenset(
    {
        Capability.LIST_JOBS,
        Capability.NAMED_JOBS,
        Capability.LIST_DEVICE_TASKS,
        Capability.LIST_REPORTED_VERSIONS,
    }
)
"""What a cloud can do that lists its jobs whole, as EnOS does."""

INDEXED = frozenset({Capability.LIST_DEVICE_JOBS, Capability.LIST_MODULES})
"""What a cloud can do whose jobs are found by package and without detail, as Alibaba's are."""


@dataclass(kw_only=True)
class FakeCloud:
    """Implements `OtaProvider` over lists.

    `calls` counts by method. `failures` are raised by method, `hanging` methods never answer.
    `broken` holds items of the list of jobs that cannot be read, by their place. `actions` are what
    every job allows, if given.
    """

    jobs: Sequence[OtaJob] = ()
    tasks: Sequence[Task] = ()
    packages: Sequence[Firmware] = ()
    devices: Sequence[Device] = ()
    modules: Sequence[Module] = ()
    versions: Sequence[str] = ()
    capabilities: frozenset[Capability] = LISTING
    page: int = 50
    never: frozenset[JobStatus] = frozenset()
    broken: Mapping[int, BrokenItem] = field(default_factory=dict)
    broken_tasks: Mapping[int, BrokenItem] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    calls: Counter[str] = field(default_factory=Counter)
    actions: tuple[OtaJobAction, ...] | None = None

    @property
    def limits(self) -> ReadLimits:
        return ReadLimits(
            jobs_page=self.page,
            tasks_page=self.page,
            firmware_page=self.page,
            task_devices=50,
            task_window=None,
            firmware_newest_first=Capability.LIST_JOBS in self.capabilities,
        )

    def native_filter(self, wanted: JobFilter) -> JobFilter | None:
        if wanted.statuses and wanted.statuses <= self.never:
            return None
        return JobFilter(firmware_id=wanted.firmware_id)

    def available_actions(self, job: OtaJob) -> tuple[OtaJobAction, ...]:
        if self.actions is not None:
            return self.actions
        running = job.status is JobStatus.IN_PROGRESS
        return (OtaJobAction.STOP, OtaJobAction.RETRY_TASKS) if running else (OtaJobAction.START,)

    async def get_job(self, job_id: str) -> OtaJob:
        await self._called("get_job")
        return _one(job for job in self.jobs if job.native_id == job_id)

    async def list_jobs(self, wanted: JobFilter, page: PageRequest) -> Page[OtaJob]:
        await self._called("list_jobs")
        self._require(Capability.LIST_JOBS)
        return self._job_page(wanted.matches, page)

    async def list_firmware_jobs(self, firmware_id: str, page: PageRequest) -> Page[OtaJob]:
        await self._called("list_firmware_jobs")
        return self._job_page(lambda job: job.firmware_id == firmware_id, page)

    async def list_device_jobs(
        self, firmware_id: str, device: DeviceRef, page: PageRequest
    ) -> Page[OtaJob]:
        await self._called("list_device_jobs")
        self._require(Capability.LIST_DEVICE_JOBS)
        theirs = {task.job_id for task in self.tasks if task.device == device}
        return self._job_page(
            lambda job: job.firmware_id == firmware_id and job.native_id in theirs, page
        )

    async def list_tasks(self, wanted: TaskFilter, page: PageRequest) -> Page[Task]:
        await self._called("list_tasks")
        found = [
            task
            for task in self.tasks
            if task.job_id == wanted.job_id
            and wanted.status in {None, task.status}
            and (not wanted.device_names or task.device.name in wanted.device_names)
        ]
        return _page(found, page, self.broken_tasks)

    async def count_tasks(self, job_id: str, status: TaskStatus | None) -> int:
        await self._called("count_tasks")
        return sum(task.job_id == job_id and status in {None, task.status} for task in self.tasks)

    async def list_open_tasks(self, device: DeviceRef) -> tuple[Task, ...]:
        await self._called("list_open_tasks")
        return tuple(
            task
            for task in self.tasks
            if task.device == device and task.status in OPEN_TASK_STATUSES
        )

    async def list_device_tasks(self, device: DeviceRef, page: PageRequest) -> Page[Task]:
        await self._called("list_device_tasks")
        self._require(Capability.LIST_DEVICE_TASKS)
        return _page([task for task in self.tasks if task.device == device], page)

    async def get_firmware(self, firmware_id: str) -> Firmware:
        await self._called("get_firmware")
        return _one(package for package in self.packages if package.native_id == firmware_id)

    async def list_firmware(self, wanted: FirmwareFilter, page: PageRequest) -> Page[Firmware]:
        await self._called("list_firmware")
        found = [self._listed_package(package) for package in self.packages]
        return _page([package for package in found if wanted.matches(package)], page)

    async def get_device(self, device: DeviceRef) -> Device:
        await self._called("get_device")
        return _one(each for each in self.devices if each.ref == device)

    async def list_modules(self, product_key: str) -> tuple[Module, ...]:
        await self._called("list_modules")
        self._require(Capability.LIST_MODULES)
        return tuple(module for module in self.modules if module.product_key == product_key)

    async def list_reported_versions(self, product_key: str) -> tuple[str, ...]:
        await self._called("list_reported_versions")
        self._require(Capability.LIST_REPORTED_VERSIONS)
        return tuple(self.versions)

    async def aclose(self) -> None:
        """Nothing to give back."""

    async def _called(self, method: str) -> None:
        self.calls[method] += 1
        bill = current_call().bill
        bill.calls += 1
        bill.waited_s += 0.25
        if method in self.hanging:
            await asyncio.Event().wait()
        if method in self.failures:
            raise self.failures[method]

    def _require(self, capability: Capability) -> None:
        if capability not in self.capabilities:
            message = f"this cloud lacks {capability}"
            raise UnsupportedError(message)

    def _job_page(self, keep: Callable[[OtaJob], bool], page: PageRequest) -> Page[OtaJob]:
        lists_whole = Capability.LIST_JOBS in self.capabilities
        found = [job if lists_whole else replace(job, detail=None) for job in self.jobs]
        return _page([job for job in found if keep(job)], page, self.broken)

    def _listed_package(self, package: Firmware) -> Firmware:
        return (
            package if Capability.LIST_JOBS in self.capabilities else replace(package, detail=None)
        )


def _one(found: Iterable[T]) -> T:
    for item in found:
        return item
    message = "there is no such object"
    raise NotFoundError(message)


def _page(
    found: Sequence[T], page: PageRequest, broken: Mapping[int, BrokenItem] | None = None
) -> Page[T]:
    """A page of `found`; items at the places in `broken` cannot be read."""
    start = (page.number - 1) * page.size
    chosen = list(enumerate(found[start : start + page.size]))
    bad = broken or {}
    return Page(
        items=tuple(item for place, item in chosen if start + place not in bad),
        total=len(found),
        has_next=start + page.size < len(found),
        broken=tuple(
            replace(bad[start + place], index=place) for place, _ in chosen if start + place in bad
        ),
    )
