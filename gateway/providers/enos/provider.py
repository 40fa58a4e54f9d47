"""The port on EnOS: one organisation, read only."""

from collections.abc import Callable
from functools import partial
from typing import Final, Never

from gateway.domain.device import Device, DeviceRef, Module
from gateway.domain.errors import NotFoundError, UnsupportedError
from gateway.domain.firmware import Firmware, FirmwareFilter, VerificationStatus
from gateway.domain.job import JobFilter, OtaJob, OtaJobAction
from gateway.domain.paging import Page, PageRequest
from gateway.domain.provider import Capability, ReadLimits
from gateway.domain.task import Task, TaskFilter, TaskStatus
from gateway.providers.enos.client import EnosClient
from gateway.providers.enos.config import EnosSettings
from gateway.providers.enos.device_search import DeviceSearch
from gateway.providers.enos.expression import is_quotable
from gateway.providers.enos.filters import (
    firmware_expression,
    job_expression,
    native_job_filter,
    task_expression,
)
from gateway.providers.enos.mapping import available_actions, to_firmware, to_job, to_task
from gateway.providers.enos.pages import keep, to_page
from gateway.providers.enos.session import EnosSession
from gateway.providers.enos.tasks import count_tasks, is_of, open_tasks
from gateway.providers.enos.token_service import EnosTokenService
from gateway.providers.enos.vocabulary import NATIVE_TASK_STATUS
from gateway.transport.request import Sender
from gateway.transport.tokens import TokenStore

_CAPABILITIES: Final = frozenset(
    {
        Capability.LIST_JOBS,
        Capability.NAMED_JOBS,
        Capability.LIST_DEVICE_TASKS,
        Capability.LIST_REPORTED_VERSIONS,
        Capability.CREATE_JOBS,
        Capability.START_STOP_JOBS,
        Capability.DELETE_JOBS,
        Capability.RETRY_TASKS,
        Capability.CANCEL_TASKS,
        Capability.CREATE_FIRMWARE,
        Capability.DELETE_FIRMWARE,
    },
)
# EnOS takes 200 a page and advises 50. How many devices one call may name is not documented.
_LIMITS: Final = ReadLimits(
    jobs_page=50,
    tasks_page=50,
    firmware_page=50,
    task_devices=50,
    task_window=None,
    firmware_newest_first=True,
)
_NEVER_SAID: Final = frozenset({VerificationStatus.VERIFYING, VerificationStatus.FAILED})


class EnosProvider:
    """Implements `OtaProvider`.

    Ids that cannot stand in a search are refused as not found, without a call: EnOS has no object
    of such a name.
    """

    def __init__(
        self,
        backend: str,
        settings: EnosSettings,
        sender: Sender,
        *,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        """Read the organisation in `settings`.

        `now_ms` gives epoch milliseconds to sign; without it the sender's time is taken.
        """
        service = EnosTokenService(settings, sender, now_ms=now_ms)
        self._tokens = TokenStore(fetch=service.fetch, renew=service.renew)
        self._backend = backend
        self._client = EnosClient(EnosSession(settings, sender, self._tokens, now_ms=now_ms))
        self._devices = DeviceSearch(self._client, backend)
        self._to_job = partial(to_job, backend=backend)
        self._to_task = partial(to_task, backend=backend)
        self._to_firmware = partial(to_firmware, backend=backend)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Named jobs, a device's tasks and reported versions are listed; writes: see `writer`."""
        return _CAPABILITIES

    @property
    def limits(self) -> ReadLimits:
        """Pages of the size that EnOS advises."""
        return _LIMITS

    def native_filter(self, wanted: JobFilter) -> JobFilter | None:
        """See `OtaProvider.native_filter`."""
        return native_job_filter(wanted)

    def available_actions(self, job: OtaJob) -> tuple[OtaJobAction, ...]:
        """See `OtaProvider.available_actions`."""
        return available_actions(job.status)

    async def get_job(self, job_id: str) -> OtaJob:
        """One job with its detail.

        Raises:
            NotFoundError: no such job.
        """
        _require_name(job_id, "job")
        return self._to_job(await self._client.get_job(job_id))

    async def list_jobs(self, wanted: JobFilter, page: PageRequest) -> Page[OtaJob]:
        """Jobs of the organisation with their details, newest first."""
        native = native_job_filter(wanted)
        if native is None:
            return _empty()
        listing = await self._client.search_jobs(job_expression(native), page)
        return to_page(listing, page, self._to_job)

    async def list_firmware_jobs(self, firmware_id: str, page: PageRequest) -> Page[OtaJob]:
        """Jobs of one package, newest first.

        Raises:
            NotFoundError: no package can have this id.
        """
        _require_name(firmware_id, "firmware")
        return await self.list_jobs(JobFilter(firmware_id=firmware_id), page)

    async def list_device_jobs(
        self, firmware_id: str, device: DeviceRef, page: PageRequest
    ) -> Page[OtaJob]:
        """EnOS cannot search jobs by device; the tasks of a device name its jobs.

        Raises:
            UnsupportedError: always.
        """
        del firmware_id, device, page  # the port's names; nothing can be asked with them
        message = "EnOS cannot list jobs by device"
        raise UnsupportedError(message)

    async def list_tasks(self, wanted: TaskFilter, page: PageRequest) -> Page[Task]:
        """Tasks of one job, in no particular order.

        A state that EnOS has no word for has no tasks; UNKNOWN ones are picked out of all, so that
        a page may hold fewer than its size.

        Raises:
            NotFoundError: no job can have this id.
        """
        _require_name(wanted.job_id, "job")
        status = wanted.status
        names = tuple(name for name in wanted.device_names if is_quotable(name))
        unheard = status not in {None, TaskStatus.UNKNOWN, *NATIVE_TASK_STATUS}
        if unheard or (wanted.device_names and not names):
            return _empty()
        expression = task_expression(
            job_id=wanted.job_id,
            device_names=names,
            statuses=() if status in {None, TaskStatus.UNKNOWN} else (status,),
        )
        listing = await self._client.search_tasks(expression, page)
        found = to_page(listing, page, self._to_task)
        if status is not TaskStatus.UNKNOWN:
            return found
        return keep(found, lambda task: task.status is TaskStatus.UNKNOWN, total=None)

    async def count_tasks(self, job_id: str, status: TaskStatus | None) -> int:
        """How many tasks of a job are in `status`; see `tasks.count_tasks`.

        Raises:
            NotFoundError: no job can have this id.
        """
        _require_name(job_id, "job")
        return await count_tasks(self._client, job_id, status)

    async def list_open_tasks(self, device: DeviceRef) -> tuple[Task, ...]:
        """Tasks of one device that have not ended, over all jobs.

        Raises:
            NotFoundError: no device can have this name.
        """
        _require_device(device)
        return await open_tasks(self._client, self._backend, device)

    async def list_device_tasks(self, device: DeviceRef, page: PageRequest) -> Page[Task]:
        """Tasks of one device over all jobs, ended ones too.

        EnOS searches by device key alone. Tasks of devices that bear the same key in another
        product are left out here, so a page may hold fewer than its size, and EnOS's total, which
        counts them, is not passed on.

        Raises:
            NotFoundError: no device can have this name.
        """
        _require_device(device)
        expression = task_expression(device_names=(device.name,))
        listing = await self._client.search_tasks(expression, page)
        found = to_page(listing, page, self._to_task)
        total = None if device.product_key else found.total
        return keep(found, lambda task: is_of(task, device), total=total)

    async def get_firmware(self, firmware_id: str) -> Firmware:
        """One package with its detail.

        Raises:
            NotFoundError: no such package.
        """
        _require_name(firmware_id, "firmware")
        return self._to_firmware(await self._client.get_firmware(firmware_id))

    async def list_firmware(self, wanted: FirmwareFilter, page: PageRequest) -> Page[Firmware]:
        """Packages with their details, newest first; `version` cannot be searched by."""
        if wanted.verification in _NEVER_SAID:
            return _empty()
        listing = await self._client.search_firmware(firmware_expression(wanted), page)
        return to_page(listing, page, self._to_firmware)

    async def get_device(self, device: DeviceRef) -> Device:
        """One device and the version it reports; see `DeviceSearch`.

        Raises:
            NotFoundError: EnOS lists no such device.
        """
        _require_device(device)
        return await self._devices.find(device)

    async def list_modules(self, product_key: str) -> tuple[Module, ...]:
        """EnOS knows one firmware per device and no modules.

        Raises:
            UnsupportedError: always.
        """
        del product_key  # the port's name; nothing can be asked with it
        message = "EnOS has no firmware modules"
        raise UnsupportedError(message)

    async def list_reported_versions(self, product_key: str) -> tuple[str, ...]:
        """Versions that devices of a product report now.

        Raises:
            NotFoundError: no product can have this key.
        """
        _require_name(product_key, "product")
        return await self._client.list_versions(product_key)

    async def aclose(self) -> None:
        """Give up a renewal under way; connections belong to the sender."""
        await self._tokens.aclose()


def _require_name(name: str, kind: str) -> None:
    if not is_quotable(name):
        message = f"EnOS has no {kind} of this name"
        raise NotFoundError(message)


def _require_device(device: DeviceRef) -> None:
    _require_name(device.name, "device")
    if device.product_key:
        _require_name(device.product_key, "product")


def _empty() -> Page[Never]:
    return Page(items=(), total=0, has_next=False)
