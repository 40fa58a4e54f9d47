"""The port on Acme."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from gateway.domain.device import Device, DeviceRef, Module, ModuleVersion
from gateway.domain.errors import UnsupportedError
from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.job import JobFilter, JobStatus, OtaJob, OtaJobAction
from gateway.domain.paging import Page, PageRequest
from gateway.domain.provider import Capability, ReadLimits
from gateway.domain.task import OPEN_TASK_STATUSES, Task, TaskFilter, TaskStatus
from gateway.transport.request import Sender

from .client import AcmeClient
from .config import AcmeSettings
from .mapping import TASK_STATE, to_firmware, to_job, to_task

T = TypeVar("T")

_LIMITS: Final = ReadLimits(
    jobs_page=50,
    tasks_page=50,
    firmware_page=50,
    task_devices=10,
    task_window=None,
    firmware_newest_first=True,
)


class AcmeProvider:
    """Implements `OtaProvider`."""

    def __init__(self, backend: str, client: AcmeClient) -> None:
        """Read through `client`."""
        self._backend = backend
        self._client = client

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Jobs, which have names, and the tasks of a device can be listed."""
        return frozenset(
            {Capability.LIST_JOBS, Capability.NAMED_JOBS, Capability.LIST_DEVICE_TASKS}
        )

    @property
    def limits(self) -> ReadLimits:
        """See `OtaProvider`."""
        return _LIMITS

    def native_filter(self, wanted: JobFilter) -> JobFilter | None:
        """See `OtaProvider`. Acme searches by package."""
        if wanted.statuses == {JobStatus.CANCELED}:
            return None
        return JobFilter(firmware_id=wanted.firmware_id)

    def available_actions(self, job: OtaJob) -> tuple[OtaJobAction, ...]:
        """See `OtaProvider`."""
        return (OtaJobAction.CANCEL,) if job.status is JobStatus.IN_PROGRESS else ()

    async def get_job(self, job_id: str) -> OtaJob:
        """See `OtaProvider`."""
        return to_job(await self._client.one("jobs", job_id), self._backend)

    async def list_jobs(self, wanted: JobFilter, page: PageRequest) -> Page[OtaJob]:
        """See `OtaProvider`."""
        found = await self._client.page(page, "jobs", package=wanted.firmware_id)
        return self._page(page, found, to_job)

    async def list_firmware_jobs(self, firmware_id: str, page: PageRequest) -> Page[OtaJob]:
        """See `OtaProvider`."""
        return await self.list_jobs(JobFilter(firmware_id=firmware_id), page)

    async def list_device_jobs(
        self, firmware_id: str, device: DeviceRef, page: PageRequest
    ) -> Page[OtaJob]:
        """See `OtaProvider`."""
        raise _unsupported()

    async def list_tasks(self, wanted: TaskFilter, page: PageRequest) -> Page[Task]:
        """See `OtaProvider`."""
        if wanted.status is not None and wanted.status not in TASK_STATE:
            return Page(items=(), total=0, has_next=False)
        state = None if wanted.status is None else TASK_STATE[wanted.status]
        found = await self._client.page(
            page, "jobs", wanted.job_id, "tasks", state=state, device=wanted.device_names
        )
        return self._page(page, found, to_task)

    async def count_tasks(self, job_id: str, status: TaskStatus | None) -> int:
        """See `OtaProvider`."""
        page = await self.list_tasks(TaskFilter(job_id=job_id, status=status), PageRequest(size=1))
        return page.total or 0

    async def list_open_tasks(self, device: DeviceRef) -> tuple[Task, ...]:
        """See `OtaProvider`."""
        page = await self.list_device_tasks(device, PageRequest(size=50))
        return tuple(task for task in page.items if task.status in OPEN_TASK_STATUSES)

    async def list_device_tasks(self, device: DeviceRef, page: PageRequest) -> Page[Task]:
        """See `OtaProvider`."""
        place = ("devices", device.product_key, device.name, "tasks")
        return self._page(page, await self._client.page(page, *place), to_task)

    async def get_firmware(self, firmware_id: str) -> Firmware:
        """See `OtaProvider`."""
        return to_firmware(await self._client.one("packages", firmware_id), self._backend)

    async def list_firmware(self, wanted: FirmwareFilter, page: PageRequest) -> Page[Firmware]:
        """See `OtaProvider`. Acme does not filter packages."""
        return self._page(page, await self._client.page(page, "packages"), to_firmware)

    async def get_device(self, device: DeviceRef) -> Device:
        """See `OtaProvider`."""
        thing = await self._client.one("devices", device.product_key, device.name)
        return Device(
            backend=self._backend,
            ref=device,
            native_id=None,
            modules=(ModuleVersion(name=None, version=thing["version"]),),
            upgrading=None,
        )

    async def list_modules(self, product_key: str) -> tuple[Module, ...]:
        """See `OtaProvider`."""
        raise _unsupported()

    async def list_reported_versions(self, product_key: str) -> tuple[str, ...]:
        """See `OtaProvider`."""
        raise _unsupported()

    async def aclose(self) -> None:
        """Nothing to give back."""

    def _page(
        self,
        page: PageRequest,
        found: tuple[Sequence[dict[str, Any]], int],
        read: Callable[[dict[str, Any], str], T],
    ) -> Page[T]:
        things, total = found
        return Page(
            items=tuple(read(thing, self._backend) for thing in things),
            total=total,
            has_next=page.number * page.size < total,
        )


def build(backend: str, settings: AcmeSettings, sender: Sender) -> AcmeProvider:
    """Give the provider of one configured backend."""
    return AcmeProvider(backend, AcmeClient(sender, settings.key.get_secret_value()))


def _unsupported() -> UnsupportedError:
    return UnsupportedError("Acme cannot tell")
