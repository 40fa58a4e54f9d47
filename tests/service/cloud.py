"""A cloud in memory behind the real cache, and the samples it holds."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from gateway.cache.engine import ReadEngine
from gateway.cache.memory_store import MemoryStore
from gateway.cache.policy import ReadPolicy
from gateway.cache.provider import CachedProvider
from gateway.cache.ttl import Content, Lifetime, LifetimeTable
from gateway.domain.device import Device, DeviceRef, Module
from gateway.domain.errors import NotFoundError, UnsupportedError
from gateway.domain.firmware import Firmware, FirmwareFilter, FirmwareType, VerificationStatus
from gateway.domain.job import JobFilter, JobStatus, JobType, OtaJob, OtaJobAction
from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.domain.provider import Capability, OtaProvider, ReadLimits
from gateway.domain.task import Task, TaskFilter, TaskStatus
from gateway.domain.text import LocalizedText
from gateway.service.backend import Backend
from gateway.transport.client import Upstream

T = TypeVar("T")

START: Final = datetime(2026, 3, 1, tzinfo=UTC)
LISTS_JOBS: Final = frozenset({Capability.LIST_JOBS, Capability.LIST_DEVICE_TASKS})
LISTS_BY_PACKAGE: Final = frozenset({Capability.LIST_DEVICE_JOBS})
LIMITS: Final = ReadLimits(
    jobs_page=2,
    tasks_page=3,
    firmware_page=2,
    task_devices=2,
    task_window=None,
    firmware_newest_first=True,
)


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = START.timestamp()

    def __call__(self) -> float:
        return self.now


def at(seconds: float | None) -> datetime | None:
    """The moment that many seconds after the start."""
    return None if seconds is None else START + timedelta(seconds=seconds)


def a_job(
    name: str,
    created_s: float | None = 0,
    *,
    firmware: str | None = "f1",
    status: JobStatus = JobStatus.IN_PROGRESS,
    product: str | None = "p1",
) -> OtaJob:
    return OtaJob(
        backend="b",
        native_id=name,
        status=status,
        raw_status=status.value,
        type=JobType.UPGRADE,
        raw_type=None,
        policy=None,
        raw_policy=None,
        product_key=product,
        firmware_id=firmware,
        created_at=at(created_s),
    )


def a_package(
    name: str, created_s: float | None = 0, *, title: str | None = None, product: str | None = "p1"
) -> Firmware:
    return Firmware(
        backend="b",
        native_id=name,
        name=LocalizedText(default=title or f"package {name}"),
        version="1.0",
        product_key=product,
        product_name=None,
        description=None,
        module_name=None,
        type=FirmwareType.FULL,
        source_version=None,
        size_bytes=None,
        checksum=None,
        verification=VerificationStatus.VERIFIED,
        raw_verification=None,
        max_verification_devices=None,
        min_verification_successes=None,
        created_at=at(created_s),
        updated_at=None,
    )


def a_task(
    name: str,
    *,
    job: str = "j1",
    status: TaskStatus = TaskStatus.QUEUED,
    device: str = "d1",
    product: str = "p1",
) -> Task:
    return Task(
        backend="b",
        native_id=name,
        job_id=job,
        device=DeviceRef(product_key=product, name=device),
        device_native_id=None,
        firmware_id=None,
        product_name=None,
        module_name=None,
        from_version=None,
        to_version=None,
        status=status,
        raw_status=status.value,
        status_reason=None,
        progress_percent=None,
        timeout_s=None,
        created_at=None,
        updated_at=None,
        raw={},
    )


def a_broken(native_id: str | None) -> BrokenItem:
    return BrokenItem(index=0, native_id=native_id, reason="r")


@dataclass(slots=True, kw_only=True)
class Cloud(OtaProvider):
    """Holds what tests put in; says what it was asked.

    `native` are the fields of a filter that its list of jobs heeds; with `never` no job matches.
    A call whose name is in `errors` fails; one in `gates` waits until its gate is opened. Names are
    the method's, or the method's and the object's: `list_firmware_jobs`, `list_firmware_jobs f1`.
    """

    abilities: frozenset[Capability] = LISTS_JOBS
    limits_: ReadLimits = LIMITS
    native: frozenset[str] = frozenset()
    never: bool = False
    jobs: list[OtaJob | BrokenItem] = field(default_factory=list)
    packages: list[Firmware | BrokenItem] = field(default_factory=list)
    tasks: list[Task | BrokenItem] = field(default_factory=list)
    devices: set[DeviceRef] = field(default_factory=set)
    errors: dict[str, Exception] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self.abilities

    @property
    def limits(self) -> ReadLimits:
        return self.limits_

    def native_filter(self, wanted: JobFilter) -> JobFilter | None:
        if self.never:
            return None
        kept = {name: getattr(wanted, name) for name in self.native}
        return JobFilter(**kept)

    def available_actions(self, job: OtaJob) -> tuple[OtaJobAction, ...]:
        return (OtaJobAction.STOP,) if job.status is JobStatus.IN_PROGRESS else ()

    async def get_job(self, job_id: str) -> OtaJob:
        await self._asked("get_job", job_id)
        return self._one(self.jobs, job_id)

    async def list_jobs(self, wanted: JobFilter, page: PageRequest) -> Page[OtaJob]:
        await self._asked("list_jobs", page=page)
        return cut((j for j in self.jobs if isinstance(j, BrokenItem) or wanted.matches(j)), page)

    async def list_firmware_jobs(self, firmware_id: str, page: PageRequest) -> Page[OtaJob]:
        await self._asked("list_firmware_jobs", firmware_id, page)
        return cut(self._of_package(firmware_id), page)

    async def list_device_jobs(
        self, firmware_id: str, device: DeviceRef, page: PageRequest
    ) -> Page[OtaJob]:
        await self._asked("list_device_jobs", firmware_id, page)
        if device not in self.devices:
            message = "no such device"
            raise NotFoundError(message)
        theirs = {t.job_id for t in self.tasks if isinstance(t, Task) and t.device == device}
        jobs = self._of_package(firmware_id)
        return cut((j for j in jobs if isinstance(j, BrokenItem) or j.native_id in theirs), page)

    async def list_tasks(self, wanted: TaskFilter, page: PageRequest) -> Page[Task]:
        await self._asked("list_tasks", spelled(wanted), page)
        found = [
            task
            for task in self.tasks
            if isinstance(task, BrokenItem)
            or (
                task.job_id == wanted.job_id
                and wanted.status in {None, task.status}
                and (not wanted.device_names or task.device.name in wanted.device_names)
            )
        ]
        return cut(found, page)

    async def count_tasks(self, job_id: str, status: TaskStatus | None) -> int:
        await self._asked("count_tasks", status.value if status else "any")
        return sum(
            isinstance(task, Task) and task.job_id == job_id and status in {None, task.status}
            for task in self.tasks
        )

    async def list_open_tasks(self, device: DeviceRef) -> tuple[Task, ...]:
        await self._asked("list_open_tasks", device.name)
        return tuple(t for t in self.tasks if isinstance(t, Task) and t.device == device)

    async def list_device_tasks(self, device: DeviceRef, page: PageRequest) -> Page[Task]:
        await self._asked("list_device_tasks", device.name, page)
        if device not in self.devices:
            message = "no such device"
            raise NotFoundError(message)
        return cut((t for t in self.tasks if isinstance(t, BrokenItem) or t.device == device), page)

    async def get_firmware(self, firmware_id: str) -> Firmware:
        await self._asked("get_firmware", firmware_id)
        return self._one(self.packages, firmware_id)

    async def list_firmware(self, wanted: FirmwareFilter, page: PageRequest) -> Page[Firmware]:
        await self._asked("list_firmware", page=page)
        own = FirmwareFilter(product_key=wanted.product_key)
        return cut((p for p in self.packages if isinstance(p, BrokenItem) or own.matches(p)), page)

    async def get_device(self, device: DeviceRef) -> Device:
        await self._asked("get_device", device.name)
        return Device(backend="b", ref=device, native_id=None, modules=(), upgrading=None)

    async def list_modules(self, product_key: str) -> tuple[Module, ...]:
        await self._asked("list_modules", product_key)
        message = "no modules"
        raise UnsupportedError(message)

    async def list_reported_versions(self, product_key: str) -> tuple[str, ...]:
        await self._asked("list_reported_versions", product_key)
        return ("1.0", "2.0")

    async def aclose(self) -> None:
        """Nothing to give back."""

    async def _asked(self, name: str, about: str = "", page: PageRequest | None = None) -> None:
        call = f"{name} {about}".strip()
        self.calls.append(call if page is None or page.number == 1 else f"{call} @{page.number}")
        for key in (name, call):
            if key in self.gates:
                await self.gates[key].wait()
            if key in self.errors:
                raise self.errors[key]

    def _of_package(self, firmware_id: str) -> list[OtaJob | BrokenItem]:
        return [
            job
            for job in self.jobs
            if (job.reason if isinstance(job, BrokenItem) else job.firmware_id) == firmware_id
        ]

    @staticmethod
    def _one(items: Sequence[T | BrokenItem], native_id: str) -> T:
        for item in items:
            if not isinstance(item, BrokenItem) and getattr(item, "native_id", "") == native_id:
                return item
        message = "no such object"
        raise NotFoundError(message)


def spelled(wanted: TaskFilter) -> str:
    """A filter of tasks in short: `QUEUED d1,d2`."""
    words = [wanted.status.value if wanted.status else "", ",".join(wanted.device_names)]
    return " ".join(word for word in words if word)


def cut(found: Iterable[T | BrokenItem], page: PageRequest) -> Page[T]:
    """One page of `found`."""
    items = list(found)
    start = (page.number - 1) * page.size
    here = items[start : start + page.size]
    return Page(
        items=tuple(item for item in here if not isinstance(item, BrokenItem)),
        total=len(items),
        has_next=start + page.size < len(items),
        broken=tuple(
            replace(item, index=index)
            for index, item in enumerate(here)
            if isinstance(item, BrokenItem)
        ),
    )


@dataclass(slots=True, kw_only=True)
class Site:
    """A gateway's cache over any number of clouds; `fresh_s` is how long every answer keeps."""

    clock: Clock = field(default_factory=Clock)
    fresh_s: float = 0.0

    def reads(self, cloud: Cloud, backend: str = "b") -> CachedProvider:
        engine = ReadEngine(
            MemoryStore(clock=self.clock),
            policy=ReadPolicy(stale_if_error_s=0),  # no old answer stands in for a failure
            clock=self.clock,
            monotonic=self.clock,
        )
        lifetime = Lifetime(fresh_s=self.fresh_s, usable_s=self.fresh_s)
        return CachedProvider(
            cloud,
            engine,
            backend=backend,
            tenant="t",
            lifetimes=LifetimeTable(everywhere=dict.fromkeys(Content, lifetime)),
        )

    def backend(self, cloud: Cloud, name: str = "b", provider: str = "cloud") -> Backend:
        return Backend(
            id=name,
            title=name.upper(),
            provider=provider,
            provider_title=provider.upper(),
            reads=self.reads(cloud, name),
            upstream=Upstream(backend=name, base_url="https://cloud.test"),
        )


def job_ids(items: Iterable[OtaJob | BrokenItem]) -> list[str]:
    return [item.native_id or "?" for item in items]
