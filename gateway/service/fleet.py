"""The whole fleet: every backend behind one face."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from gateway.domain.device import Device, DeviceRef, Module
from gateway.domain.errors import GatewayError, NotFoundError
from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.freshness import Sourced
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.job import JobFilter, OtaJob, OtaJobAction
from gateway.domain.paging import PageRequest
from gateway.domain.task import OPEN_TASK_STATUSES, Task, TaskFilter, TaskStatus
from gateway.service.backend import Backend
from gateway.service.catalogue import read_catalogue
from gateway.service.cursor import list_hash
from gateway.service.firmware_list import firmware_source
from gateway.service.job_index import JobIndex
from gateway.service.job_list import job_source
from gateway.service.listing import Listing, list_over
from gateway.service.task_list import TaskList, TaskQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendChoice:
    """Which backends a list asks; None means any."""

    ids: frozenset[str] | None = None
    providers: frozenset[str] | None = None

    def __contains__(self, backend: Backend) -> bool:
        """Tell whether `backend` is asked."""
        return (self.ids is None or backend.id in self.ids) and (
            self.providers is None or backend.provider in self.providers
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Everything that can be read, over all backends.

    Attributes:
        backends: by id.
        indexes: job indexes of the backends that cannot list their jobs, by backend id.
        patience_s: how long a merged list waits for one backend.
    """

    backends: Mapping[str, Backend]
    indexes: Mapping[str, JobIndex] = field(default_factory=dict)
    patience_s: float = 4.0

    def backend(self, backend_id: str) -> Backend:
        """The backend with this id.

        Raises:
            NotFoundError: no backend of this gateway has it.
        """
        try:
            return self.backends[backend_id]
        except KeyError:
            message = "no such backend; the query `backends` lists their ids"
            raise NotFoundError(message) from None

    async def job(
        self, backend_id: str, job_id: str, *, max_age_s: float | None = None
    ) -> Sourced[OtaJob]:
        """One job with its detail. Raises `NotFoundError` if there is none."""
        return await self.backend(backend_id).reads.get_job(job_id, max_age_s=max_age_s)

    async def jobs(
        self,
        wanted: JobFilter,
        choice: BackendChoice,
        *,
        first: int,
        after: str | None,
        max_age_s: float | None = None,
    ) -> Listing[OtaJob]:
        """Jobs newest first over all chosen backends; one that fails is told in `sources`."""
        chosen = {key: backend for key, backend in self.backends.items() if backend in choice}
        return await list_over(
            {
                key: partial(job_source, backend, self.indexes.get(key), wanted, max_age_s)
                for key, backend in chosen.items()
            },
            chosen,
            query=list_hash("jobs", sorted(chosen), _canonical(wanted)),
            first=first,
            after=after,
            patience_s=self.patience_s,
        )

    def available_actions(self, job: OtaJob) -> tuple[OtaJobAction, ...]:
        """What the cloud's rules allow with `job` now."""
        return self.backend(job.backend).reads.available_actions(job)

    async def count_tasks(
        self,
        backend_id: str,
        job_id: str,
        status: TaskStatus | None,
        *,
        max_age_s: float | None = None,
    ) -> int:
        """How many tasks of a job are in `status`; in any if it is None."""
        reads = self.backend(backend_id).reads
        return (await reads.count_tasks(job_id, status, max_age_s=max_age_s)).value

    async def all_tasks_ended(
        self, backend_id: str, job_id: str, *, max_age_s: float | None = None
    ) -> bool:
        """True if the job has tasks and none of them is open.

        Asks one status after the other and stops at the first that has tasks.
        """
        for status in TaskStatus:
            if status in OPEN_TASK_STATUSES and await self.count_tasks(
                backend_id, job_id, status, max_age_s=max_age_s
            ):
                return False
        return await self.count_tasks(backend_id, job_id, None, max_age_s=max_age_s) > 0

    def tasks(
        self, backend_id: str, query: TaskQuery, *, max_age_s: float | None = None
    ) -> TaskList:
        """Tasks of one job, to be paged through."""
        return TaskList(self.backend(backend_id).reads, backend_id, query, max_age_s)

    async def task(self, task_id: GlobalId, *, max_age_s: float | None = None) -> Sourced[Task]:
        """One task by its global id. Raises `NotFoundError` if there is none."""
        job_id, product_key, name, native_id = task_id.expect(NodeKind.TASK).key
        reads = self.backend(task_id.backend).reads
        page = await reads.list_tasks(
            TaskFilter(job_id=job_id, device_names=(name,)),
            PageRequest(size=reads.limits.tasks_page),
            max_age_s=max_age_s,
        )
        for task in page.value.items:
            same_product = task.device.product_key == product_key
            if task.native_id == native_id and same_product:
                return Sourced(value=task, freshness=page.freshness)
        message = "no such task; it may have been replaced by a newer one for the same device"
        raise NotFoundError(message)

    async def firmware(
        self, backend_id: str, firmware_id: str, *, max_age_s: float | None = None
    ) -> Sourced[Firmware]:
        """One package with its detail. Raises `NotFoundError` if there is none."""
        return await self.backend(backend_id).reads.get_firmware(firmware_id, max_age_s=max_age_s)

    async def firmware_of(
        self, backend_id: str, firmware_ids: Sequence[str], *, max_age_s: float | None = None
    ) -> list[Sourced[Firmware] | GatewayError]:
        """Packages by id, in the order asked, as cheaply as the backend allows.

        Where a backend's whole list of packages takes a few calls, that list answers, and packages
        come without detail; elsewhere each is read.
        """
        reads = self.backend(backend_id).reads
        known: dict[str, Sourced[Firmware]] = {}
        if not reads.limits.firmware_newest_first:
            try:
                catalogue = await read_catalogue(reads, max_age_s)
            except GatewayError as error:
                return [error for _ in firmware_ids]
            known = {
                key: Sourced(value=package, freshness=catalogue.freshness)
                for key, package in catalogue.packages.items()
            }

        async def one(firmware_id: str) -> Sourced[Firmware] | GatewayError:
            try:
                return known.get(firmware_id) or await reads.get_firmware(
                    firmware_id, max_age_s=max_age_s
                )
            except GatewayError as error:
                return error

        return await asyncio.gather(*map(one, firmware_ids))

    async def firmwares(
        self,
        wanted: FirmwareFilter,
        choice: BackendChoice,
        *,
        first: int,
        after: str | None,
        max_age_s: float | None = None,
    ) -> Listing[Firmware]:
        """Packages newest first over all chosen backends."""
        chosen = {key: backend for key, backend in self.backends.items() if backend in choice}
        return await list_over(
            {
                key: partial(firmware_source, backend, wanted, max_age_s)
                for key, backend in chosen.items()
            },
            chosen,
            query=list_hash("firmware", sorted(chosen), wanted),
            first=first,
            after=after,
            patience_s=self.patience_s,
        )

    async def device(
        self, backend_id: str, device: DeviceRef, *, max_age_s: float | None = None
    ) -> Sourced[Device]:
        """One device and the versions it reports. Raises `NotFoundError` if there is none."""
        return await self.backend(backend_id).reads.get_device(device, max_age_s=max_age_s)

    async def open_tasks(
        self, backend_id: str, device: DeviceRef, *, max_age_s: float | None = None
    ) -> Sourced[tuple[Task, ...]]:
        """Tasks of one device that have not ended, over all jobs."""
        return await self.backend(backend_id).reads.list_open_tasks(device, max_age_s=max_age_s)

    async def modules(
        self, backend_id: str, product_key: str, *, max_age_s: float | None = None
    ) -> Sourced[tuple[Module, ...]]:
        """Firmware modules of a product."""
        return await self.backend(backend_id).reads.list_modules(product_key, max_age_s=max_age_s)

    async def reported_versions(
        self, backend_id: str, product_key: str, *, max_age_s: float | None = None
    ) -> Sourced[tuple[str, ...]]:
        """Versions that devices of a product report now."""
        return await self.backend(backend_id).reads.list_reported_versions(
            product_key, max_age_s=max_age_s
        )


def _canonical(wanted: JobFilter) -> tuple[object, ...]:
    """The filter in a form whose `repr` does not depend on the order of sets."""
    return (
        wanted.firmware_id,
        wanted.product_key,
        wanted.device,
        sorted(wanted.statuses),
        sorted(wanted.types),
        wanted.name,
        wanted.created_from,
        wanted.created_before,
    )
