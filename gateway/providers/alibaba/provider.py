"""Alibaba Cloud IoT as a backend: the port, composed of the client and the mappings."""

from functools import partial
from typing import Final

from gateway.domain.device import Device, DeviceRef, Module
from gateway.domain.errors import InvalidRequestError, ProviderContractError, UnsupportedError
from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.job import JobFilter, JobStatus, OtaJob, OtaJobAction
from gateway.domain.paging import Page, PageRequest
from gateway.domain.provider import Capability, ReadLimits
from gateway.domain.task import Task, TaskFilter, TaskStatus
from gateway.providers.alibaba.actions import available_actions
from gateway.providers.alibaba.auth import RequestSigner
from gateway.providers.alibaba.client import AlibabaClient
from gateway.providers.alibaba.config import AlibabaSettings
from gateway.providers.alibaba.firmware_mapping import (
    to_firmware,
    to_listed_firmware,
    to_module,
    to_module_version,
)
from gateway.providers.alibaba.mapping import to_job, to_listed_job
from gateway.providers.alibaba.paging import has_next, keep, to_page
from gateway.providers.alibaba.reply import Received
from gateway.providers.alibaba.task_mapping import NATIVE_TASK_STATUS, to_task
from gateway.providers.alibaba.wire import ModuleVersionInfo
from gateway.transport.request import Sender

_TASK_WINDOW: Final = 100_000
_DEVICE_JOBS_PAGE: Final = 100
_MODULES_PAGE: Final = 200
_MAX_MODULE_PAGES: Final = 10  # a product has 11 modules at most; a guard against endless lists

LIMITS: Final = ReadLimits(
    jobs_page=200,
    tasks_page=100,
    firmware_page=100,
    task_devices=50,
    task_window=_TASK_WINDOW,
    firmware_newest_first=False,
)
CAPABILITIES: Final = frozenset(
    {
        Capability.LIST_DEVICE_JOBS,
        Capability.LIST_MODULES,
        Capability.CREATE_JOBS,
        Capability.CANCEL_JOBS,
        Capability.UPDATE_JOBS,
        Capability.RETRY_TASKS,
        Capability.CANCEL_TASKS,
        Capability.CONFIRM_TASKS,
        Capability.CREATE_FIRMWARE,
        Capability.UPDATE_FIRMWARE,
        Capability.DELETE_FIRMWARE,
        Capability.WRITE_MODULES,
    },
)
_NOTHING: Final[Page[Task]] = Page(items=(), total=None, has_next=False)


class AlibabaProvider:
    """One Alibaba Cloud account, region and instance; implements `OtaProvider`."""

    def __init__(self, backend: str, client: AlibabaClient) -> None:
        """`backend` is the id of the configured backend."""
        self._backend = backend
        self._client = client

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See `OtaProvider`. No operation lists all jobs, all tasks of a device, or versions.

        Jobs can be canceled for good, but not stopped, started again or deleted.
        """
        return CAPABILITIES

    @property
    def limits(self) -> ReadLimits:
        """See `OtaProvider`. Calls cut a page that asks for more down to what the cloud gives."""
        return LIMITS

    def native_filter(self, wanted: JobFilter) -> JobFilter | None:
        """See `OtaProvider`. Nothing is native, since no operation lists jobs at large."""
        start, end = wanted.created_from, wanted.created_before
        never = wanted.statuses == {JobStatus.STOPPED}
        if never or (start is not None and end is not None and start >= end):
            return None
        return JobFilter()

    def available_actions(self, job: OtaJob) -> tuple[OtaJobAction, ...]:
        """See `OtaProvider`."""
        return available_actions(job)

    async def get_job(self, job_id: str) -> OtaJob:
        """See `OtaProvider`. NotFoundError if there is none."""
        return to_job(await self._client.query_ota_job(job_id), backend=self._backend)

    async def list_jobs(self, wanted: JobFilter, page: PageRequest) -> Page[OtaJob]:
        """Refuse: this cloud lists jobs by package only."""
        del wanted, page
        message = "this cloud cannot list all jobs; list the jobs of each package"
        raise UnsupportedError(message)

    async def list_firmware_jobs(self, firmware_id: str, page: PageRequest) -> Page[OtaJob]:
        """See `OtaProvider`. Verification jobs are among them."""
        page = _at_most(page, LIMITS.jobs_page)
        reply = await self._client.list_ota_job_by_firmware(firmware_id, page)
        return to_page(reply, page, partial(to_listed_job, backend=self._backend))

    async def list_device_jobs(
        self, firmware_id: str, device: DeviceRef, page: PageRequest
    ) -> Page[OtaJob]:
        """See `OtaProvider`. A page holds 100 jobs at most."""
        _require_product(device.product_key)
        page = _at_most(page, _DEVICE_JOBS_PAGE)
        reply = await self._client.list_ota_job_by_device(firmware_id, device, page)
        return to_page(reply, page, partial(to_listed_job, backend=self._backend))

    async def list_tasks(self, wanted: TaskFilter, page: PageRequest) -> Page[Task]:
        """See `OtaProvider`. With device names all tasks are on page 1.

        Raises:
            InvalidRequestError: more device names than `ReadLimits.task_devices`.
        """
        if wanted.status is TaskStatus.UNKNOWN:
            return _NOTHING
        if wanted.device_names:
            return await self._list_tasks_of_devices(wanted, page)
        page = _at_most(page, LIMITS.tasks_page)
        if page.number * page.size > _TASK_WINDOW:
            return _NOTHING
        reply = await self._client.list_ota_task_by_job(
            wanted.job_id, page, status=_native(wanted.status)
        )
        tasks = to_page(reply, page, partial(to_task, backend=self._backend))
        reachable = (page.number + 1) * page.size <= _TASK_WINDOW
        return Page(
            items=tasks.items,
            total=tasks.total,
            has_next=tasks.has_next and reachable,
            broken=tasks.broken,
        )

    async def count_tasks(self, job_id: str, status: TaskStatus | None) -> int:
        """See `OtaProvider`. One call for the total; without a total, the tasks are counted.

        Raises:
            ProviderContractError: there is no total, and more tasks than can be paged through.
        """
        if status is TaskStatus.UNKNOWN:
            return 0
        native = _native(status)
        first = await self._client.list_ota_task_by_job(
            job_id, PageRequest(number=1, size=1), status=native
        )
        if first.total is not None and first.total >= len(first.items):
            return first.total
        counted = 0
        size = LIMITS.tasks_page
        for number in range(1, _TASK_WINDOW // size + 1):
            page = PageRequest(number=number, size=size)
            reply = await self._client.list_ota_task_by_job(job_id, page, status=native)
            counted += len(reply.items) + len(reply.broken)
            if not has_next(reply, page):
                return counted
        message = "The cloud gives no total, and the list is longer than can be paged through."
        raise ProviderContractError(message)

    async def list_open_tasks(self, device: DeviceRef) -> tuple[Task, ...]:
        """See `OtaProvider`. Tasks that cannot be read are left out."""
        _require_product(device.product_key)
        reply = await self._client.list_ota_unfinished_task_by_device(device)
        return tuple(to_task(item, backend=self._backend) for item in reply.items)

    async def list_device_tasks(self, device: DeviceRef, page: PageRequest) -> Page[Task]:
        """Refuse: this cloud lists the open tasks of a device only."""
        del device, page
        message = "this cloud lists only the open tasks of a device"
        raise UnsupportedError(message)

    async def get_firmware(self, firmware_id: str) -> Firmware:
        """See `OtaProvider`. NotFoundError if there is none."""
        return to_firmware(
            await self._client.query_ota_firmware(firmware_id), backend=self._backend
        )

    async def list_firmware(self, wanted: FirmwareFilter, page: PageRequest) -> Page[Firmware]:
        """See `OtaProvider`. Product and version are filtered by the cloud."""
        page = _at_most(page, LIMITS.firmware_page)
        reply = await self._client.list_ota_firmware(
            page, product_key=wanted.product_key, version=wanted.version
        )
        return to_page(reply, page, partial(to_listed_firmware, backend=self._backend))

    async def get_device(self, device: DeviceRef) -> Device:
        """See `OtaProvider`. NotFoundError if the cloud does not know the device."""
        _require_product(device.product_key)
        received: list[Received[ModuleVersionInfo]] = []
        for number in range(1, _MAX_MODULE_PAGES + 1):
            page = PageRequest(number=number, size=_MODULES_PAGE)
            reply = await self._client.list_ota_module_versions_by_device(device, page)
            received.extend(reply.items)
            if not has_next(reply, page):
                break
        return Device(
            backend=self._backend,
            ref=device,
            native_id=next((item.info.iot_id for item in received if item.info.iot_id), None),
            modules=tuple(to_module_version(item) for item in received),
            upgrading=None,
        )

    async def list_modules(self, product_key: str) -> tuple[Module, ...]:
        """See `OtaProvider`. Modules that cannot be read are left out."""
        _require_product(product_key)
        reply = await self._client.list_ota_module_by_product(product_key)
        return tuple(to_module(item, product_key=product_key) for item in reply.items)

    async def list_reported_versions(self, product_key: str) -> tuple[str, ...]:
        """Refuse: this cloud tells versions by device only."""
        del product_key
        message = "this cloud cannot list the versions that devices of a product report"
        raise UnsupportedError(message)

    async def aclose(self) -> None:
        """Do nothing: connections belong to the sender, which its maker closes."""

    async def _list_tasks_of_devices(self, wanted: TaskFilter, page: PageRequest) -> Page[Task]:
        names = tuple(dict.fromkeys(wanted.device_names))
        if len(names) > LIMITS.task_devices:
            message = f"at most {LIMITS.task_devices} device names fit one call"
            raise InvalidRequestError(message, path=("deviceNames",))
        if page.number > 1:
            return _NOTHING
        reply = await self._client.list_ota_task_by_device_names(
            wanted.job_id, names, status=_native(wanted.status)
        )
        tasks = to_page(reply, page, partial(to_task, backend=self._backend))
        # Whether the cloud heeds the status beside names is not documented.
        return keep(tasks, lambda task: wanted.status in {None, task.status})


def build(backend: str, settings: AlibabaSettings, sender: Sender) -> AlibabaProvider:
    """Give the provider of one configured backend."""
    client = AlibabaClient(sender, RequestSigner(settings, clock=sender.now), settings.instance_id)
    return AlibabaProvider(backend, client)


def _native(status: TaskStatus | None) -> str | None:
    return None if status is None else NATIVE_TASK_STATUS[status]


def _at_most(page: PageRequest, size: int) -> PageRequest:
    return PageRequest(number=page.number, size=min(page.size, size))


def _require_product(product_key: str) -> None:
    if not product_key:
        message = "this cloud finds devices by product and name; the product key is missing"
        raise InvalidRequestError(message, path=("productKey",))
