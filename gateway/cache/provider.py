"""The reads of one backend, cached."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from gateway.cache import codec, keys
from gateway.cache.codec import Codec
from gateway.cache.engine import ReadEngine
from gateway.cache.envelope import Absent
from gateway.cache.read_spec import ReadKind, ReadSpec
from gateway.cache.shelf import Loaded
from gateway.cache.ttl import (
    Content,
    Lifetime,
    LifetimeTable,
    firmware_content,
    job_content,
    package_jobs_content,
    tasks_content,
)
from gateway.domain.device import Device, DeviceRef, Module
from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.freshness import Sourced
from gateway.domain.job import JobFilter, OtaJob, OtaJobAction
from gateway.domain.paging import Page, PageRequest
from gateway.domain.provider import Capability, OtaProvider, ReadLimits
from gateway.domain.task import Task, TaskFilter, TaskStatus

T = TypeVar("T")


class CachedProvider:
    """An `OtaProvider` whose answers are kept, each with its freshness.

    The reads are those of the port, with the same errors. `max_age_s` is how many seconds old an
    answer may be: 0 asks the cloud now, None takes what the lifetimes allow.
    """

    def __init__(
        self,
        inner: OtaProvider,
        engine: ReadEngine,
        *,
        backend: str,
        tenant: str,
        account: str = "",
        lifetimes: LifetimeTable | None = None,
    ) -> None:
        """Read `inner`, the backend with the id `backend`, on behalf of `tenant`.

        `account` tells accounts apart that gateways with one store call by the same name.
        """
        self._inner = inner
        self._engine = engine
        self._backend = backend
        self._account = account
        self._tenant = tenant
        self._lifetimes = lifetimes or LifetimeTable()

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this backend can do."""
        return self._inner.capabilities

    @property
    def limits(self) -> ReadLimits:
        """Page sizes and walls of this backend."""
        return self._inner.limits

    def native_filter(self, wanted: JobFilter) -> JobFilter | None:
        """The part of `wanted` that `list_jobs` can answer exactly; None if no job can match."""
        return self._inner.native_filter(wanted)

    def available_actions(self, job: OtaJob) -> tuple[OtaJobAction, ...]:
        """What the cloud's rules allow with `job` in its present state."""
        return self._inner.available_actions(job)

    def note_duplicate(self, kind: ReadKind) -> None:
        """Count an item that stood on two pages of a list, read as `kind`, and is given once."""
        self._engine.note_duplicate(self._backend, kind)

    async def get_job(self, job_id: str, *, max_age_s: float | None = None) -> Sourced[OtaJob]:
        """One job with its detail."""
        return await self._engine.read(
            self._job(job_id), lambda: self._inner.get_job(job_id), max_age_s=max_age_s
        )

    async def list_jobs(
        self, wanted: JobFilter, page: PageRequest, *, max_age_s: float | None = None
    ) -> Sourced[Page[OtaJob]]:
        """Jobs of the backend, newest first. `wanted` came from `native_filter`. LIST_JOBS."""
        about = [keys.JOB_LISTS]
        if wanted.firmware_id is not None:
            about.append(keys.about_firmware(wanted.firmware_id))
        if wanted.device is not None:
            about.append(keys.about_device(wanted.device))
        return await self._jobs(
            self._spec(ReadKind.JOBS, codec.JOBS, Content.JOB_LIST, about, wanted, page),
            lambda: self._inner.list_jobs(wanted, page),
            max_age_s,
        )

    async def list_firmware_jobs(
        self, firmware_id: str, page: PageRequest, *, max_age_s: float | None = None
    ) -> Sourced[Page[OtaJob]]:
        """Jobs of one package, in any order."""
        about = [keys.JOB_LISTS, keys.about_firmware(firmware_id)]
        kind = ReadKind.FIRMWARE_JOBS
        return await self._jobs(
            self._spec(kind, codec.JOBS, _page_of_package_jobs, about, firmware_id, page),
            lambda: self._inner.list_firmware_jobs(firmware_id, page),
            max_age_s,
        )

    async def list_device_jobs(
        self,
        firmware_id: str,
        device: DeviceRef,
        page: PageRequest,
        *,
        max_age_s: float | None = None,
    ) -> Sourced[Page[OtaJob]]:
        """Jobs of one package that have a task for one device. LIST_DEVICE_JOBS."""
        about = [keys.JOB_LISTS, keys.about_firmware(firmware_id), keys.about_device(device)]
        kind = ReadKind.DEVICE_JOBS
        return await self._jobs(
            self._spec(kind, codec.JOBS, Content.JOB_LIST, about, firmware_id, device, page),
            lambda: self._inner.list_device_jobs(firmware_id, device, page),
            max_age_s,
        )

    async def list_tasks(
        self, wanted: TaskFilter, page: PageRequest, *, max_age_s: float | None = None
    ) -> Sourced[Page[Task]]:
        """Tasks of one job, in the cloud's order."""
        about = [keys.about_job(wanted.job_id)]
        return await self._engine.read(
            self._spec(ReadKind.TASKS, codec.TASKS, _page_of_tasks, about, wanted, page),
            lambda: self._inner.list_tasks(wanted, page),
            max_age_s=max_age_s,
        )

    async def count_tasks(
        self, job_id: str, status: TaskStatus | None, *, max_age_s: float | None = None
    ) -> Sourced[int]:
        """How many tasks of a job are in `status` (None: in any), by the cheapest call."""
        about = [keys.about_job(job_id)]
        kind = ReadKind.TASK_COUNT
        return await self._engine.read(
            self._spec(kind, codec.COUNT, Content.TASK_COUNT, about, job_id, status),
            lambda: self._inner.count_tasks(job_id, status),
            max_age_s=max_age_s,
        )

    async def list_open_tasks(
        self, device: DeviceRef, *, max_age_s: float | None = None
    ) -> Sourced[tuple[Task, ...]]:
        """Tasks of one device that have not ended, over all jobs."""
        about = [keys.DEVICE_TASKS, keys.about_device(device)]
        kind = ReadKind.OPEN_TASKS
        return await self._engine.read(
            self._spec(kind, codec.OPEN_TASKS, Content.OPEN_TASKS, about, device),
            lambda: self._inner.list_open_tasks(device),
            max_age_s=max_age_s,
        )

    async def list_device_tasks(
        self, device: DeviceRef, page: PageRequest, *, max_age_s: float | None = None
    ) -> Sourced[Page[Task]]:
        """Tasks of one device over all jobs, ended ones too. LIST_DEVICE_TASKS."""
        about = [keys.DEVICE_TASKS, keys.about_device(device)]
        return await self._engine.read(
            self._spec(ReadKind.DEVICE_TASKS, codec.TASKS, _page_of_tasks, about, device, page),
            lambda: self._inner.list_device_tasks(device, page),
            max_age_s=max_age_s,
        )

    async def get_firmware(
        self, firmware_id: str, *, max_age_s: float | None = None
    ) -> Sourced[Firmware]:
        """One package with its detail."""
        about = [keys.about_firmware(firmware_id)]
        kind = ReadKind.FIRMWARE
        return await self._engine.read(
            self._spec(kind, codec.FIRMWARE, firmware_content, about, firmware_id),
            lambda: self._inner.get_firmware(firmware_id),
            max_age_s=max_age_s,
        )

    async def list_firmware(
        self, wanted: FirmwareFilter, page: PageRequest, *, max_age_s: float | None = None
    ) -> Sourced[Page[Firmware]]:
        """Packages; fields of `wanted` the cloud cannot filter by are ignored, not refused."""
        about = [keys.FIRMWARE_LISTS]
        kind = ReadKind.FIRMWARES
        return await self._engine.read(
            self._spec(kind, codec.FIRMWARES, Content.FIRMWARE_LIST, about, wanted, page),
            lambda: self._inner.list_firmware(wanted, page),
            max_age_s=max_age_s,
        )

    async def get_device(
        self, device: DeviceRef, *, max_age_s: float | None = None
    ) -> Sourced[Device]:
        """One device, the versions it reports, and whether it is being upgraded."""
        about = [keys.DEVICE_TASKS, keys.about_device(device)]
        return await self._engine.read(
            self._spec(ReadKind.DEVICE, codec.DEVICE, Content.DEVICE, about, device),
            lambda: self._inner.get_device(device),
            max_age_s=max_age_s,
        )

    async def list_modules(
        self, product_key: str, *, max_age_s: float | None = None
    ) -> Sourced[tuple[Module, ...]]:
        """Firmware modules of a product. LIST_MODULES."""
        return await self._engine.read(
            self._spec(
                ReadKind.MODULES, codec.MODULES, Content.CATALOGUE, [keys.MODULES], product_key
            ),
            lambda: self._inner.list_modules(product_key),
            max_age_s=max_age_s,
        )

    async def list_reported_versions(
        self, product_key: str, *, max_age_s: float | None = None
    ) -> Sourced[tuple[str, ...]]:
        """Versions that devices of a product report now. LIST_REPORTED_VERSIONS."""
        return await self._engine.read(
            self._spec(ReadKind.VERSIONS, codec.VERSIONS, Content.CATALOGUE, [], product_key),
            lambda: self._inner.list_reported_versions(product_key),
            max_age_s=max_age_s,
        )

    async def prime(self, jobs: Iterable[OtaJob], *, began_at: float, ended_at: float) -> None:
        """Keep the single reads of those `jobs` that came with their detail.

        `began_at` and `ended_at` are epoch seconds around the call that brought them.
        """
        await asyncio.gather(
            *(
                self._engine.prime(
                    self._job(job.native_id),
                    Loaded(value=job, began_at=began_at, ended_at=ended_at, generation=None),
                )
                for job in jobs
                if job.detail is not None
            )
        )

    async def invalidate(self, names: Iterable[str], *, settle_s: float = 0.0) -> None:
        """Make misses of all answers about `names`: `keys.about_...`, `keys.JOB_LISTS`, ...

        For all tenants, since the backend is the same. See `ReadEngine.invalidate`.
        """
        tags = [self._tag(name) for name in names]
        await self._engine.invalidate(tags, settle_s=settle_s)

    async def generation(self, name: str) -> str:
        """A text that differs whenever `name` was invalidated, by whatever replica."""
        return await self._engine.generation([self._tag(name)])

    async def aclose(self) -> None:
        """Give the backend's connections back; the engine belongs to whoever built it."""
        await self._inner.aclose()

    async def _jobs(
        self,
        spec: ReadSpec[Page[OtaJob]],
        load: Callable[[], Awaitable[Page[OtaJob]]],
        max_age_s: float | None,
    ) -> Sourced[Page[OtaJob]]:
        return await self._engine.read(spec, load, max_age_s=max_age_s, then=self._prime_from)

    async def _prime_from(self, loaded: Loaded[Page[OtaJob]]) -> None:
        if not isinstance(loaded.value, Absent):
            await self.prime(loaded.value.items, began_at=loaded.began_at, ended_at=loaded.ended_at)

    def _job(self, job_id: str) -> ReadSpec[OtaJob]:
        about = [keys.about_job(job_id)]
        return self._spec(ReadKind.JOB, codec.JOB, job_content, about, job_id)

    def _spec(
        self,
        kind: ReadKind,
        form: Codec[T],
        content: Content | Callable[[T], Content],
        about: Iterable[str],
        *args: object,
    ) -> ReadSpec[T]:
        def lifetime(value: T) -> Lifetime:
            held = content if isinstance(content, Content) else content(value)
            return self._lifetimes.lifetime(self._backend, held)

        return ReadSpec(
            key=keys.read_key(
                form.version, self._tenant, self._backend, kind, self._account, *args
            ),
            tenant=self._tenant,
            backend=self._backend,
            kind=kind,
            codec=form,
            lifetime=lifetime,
            tags=tuple(self._tag(name) for name in (keys.EVERYTHING, *about)),
        )

    def _tag(self, name: str) -> str:
        return keys.tag_key(self._backend, self._account, name)


def _page_of_package_jobs(page: Page[OtaJob]) -> Content:
    return package_jobs_content(page.items)


def _page_of_tasks(page: Page[Task]) -> Content:
    return tasks_content(page.items)
