"""The cloud's read operations, one method each: plain arguments in, wire models out."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from gateway.domain.device import DeviceRef
from gateway.domain.paging import PageRequest
from gateway.providers.alibaba.auth import RequestSigner
from gateway.providers.alibaba.parameters import Parameter, flatten
from gateway.providers.alibaba.reply import ListReply, Received, read_list, read_object
from gateway.providers.alibaba.wire import (
    FirmwareInfo,
    JobInfo,
    ModuleInfo,
    ModuleVersionInfo,
    TaskInfo,
)
from gateway.transport.request import Reply, Sender

T = TypeVar("T")


class AlibabaClient:
    """Calls one account and instance. Methods raise what `reply` and the sender raise."""

    def __init__(self, sender: Sender, signer: RequestSigner, instance_id: str | None) -> None:
        """Send through `sender`; `instance_id` goes with every call, None for the public one."""
        self._sender = sender
        self._signer = signer
        self._instance_id = instance_id

    async def query_ota_job(self, job_id: str) -> Received[JobInfo]:
        """One batch in full. NotFoundError if there is none."""
        return await self._call(
            "QueryOTAJob",
            {"JobId": job_id},
            lambda reply: read_object(reply, JobInfo, field="Data", looked_up="job"),
        )

    async def list_ota_job_by_firmware(
        self, firmware_id: str, page: PageRequest
    ) -> ListReply[JobInfo]:
        """Batches of a package; the page holds at most 200."""
        return await self._call(
            "ListOTAJobByFirmware",
            {"FirmwareId": firmware_id} | _paging(page),
            lambda reply: _read_jobs(reply, page),
        )

    async def list_ota_job_by_device(
        self, firmware_id: str, device: DeviceRef, page: PageRequest
    ) -> ListReply[JobInfo]:
        """Batches of a package with a task for `device`; the page holds at most 100."""
        return await self._call(
            "ListOTAJobByDevice",
            {"FirmwareId": firmware_id} | _device(device) | _paging(page),
            lambda reply: _read_jobs(reply, page),
        )

    async def list_ota_task_by_job(
        self, job_id: str, page: PageRequest, *, status: str | None = None
    ) -> ListReply[TaskInfo]:
        """Tasks of a batch, in `status` if given; a page holds at most 100."""
        return await self._call(
            "ListOTATaskByJob",
            {"JobId": job_id, "TaskStatus": status} | _paging(page),
            lambda reply: _read_tasks(reply, page),
        )

    async def list_ota_task_by_device_names(
        self, job_id: str, names: Sequence[str], *, status: str | None = None
    ) -> ListReply[TaskInfo]:
        """Tasks of a batch for at most 50 devices, unpaged: the cloud ignores paging then."""
        return await self._call(
            "ListOTATaskByJob",
            {"JobId": job_id, "DeviceNames": names, "TaskStatus": status},
            _read_tasks,
        )

    async def list_ota_unfinished_task_by_device(self, device: DeviceRef) -> ListReply[TaskInfo]:
        """Open tasks of a device, over all batches and modules, unpaged."""
        return await self._call("ListOTAUnfinishedTaskByDevice", _device(device), _read_tasks)

    async def list_ota_firmware(
        self, page: PageRequest, *, product_key: str | None, version: str | None
    ) -> ListReply[FirmwareInfo]:
        """Packages of the account, or of a product, or with a version; at most 100 a page."""
        return await self._call(
            "ListOTAFirmware",
            {"ProductKey": product_key, "DestVersion": version} | _paging(page),
            lambda reply: read_list(
                reply,
                FirmwareInfo,
                field="FirmwareInfo",
                wrapper="SimpleFirmwareInfo",
                page=page,
            ),
        )

    async def query_ota_firmware(self, firmware_id: str) -> Received[FirmwareInfo]:
        """One package in full. NotFoundError if there is none."""
        return await self._call(
            "QueryOTAFirmware",
            {"FirmwareId": firmware_id},
            lambda reply: read_object(
                reply, FirmwareInfo, field="FirmwareInfo", looked_up="firmware"
            ),
        )

    async def list_ota_module_versions_by_device(
        self, device: DeviceRef, page: PageRequest
    ) -> ListReply[ModuleVersionInfo]:
        """What the modules of a device reported; at most 200 a page. NotFoundError if unknown."""
        return await self._call(
            "ListOTAModuleVersionsByDevice",
            _device(device) | _paging(page),
            lambda reply: read_list(
                reply,
                ModuleVersionInfo,
                field="Data",
                wrapper="SimpleOTAModuleInfo",
                page=page,
                looked_up="device",
            ),
        )

    async def list_ota_module_by_product(self, product_key: str) -> ListReply[ModuleInfo]:
        """Modules that a product defines, unpaged; a plain array, unlike the other lists."""
        return await self._call(
            "ListOTAModuleByProduct",
            {"ProductKey": product_key},
            lambda reply: read_list(
                reply,
                ModuleInfo,
                field="Data",
                wrapper="SimpleOTAModuleInfo",
                looked_up="product",
            ),
        )

    async def _call(
        self, operation: str, parameters: Mapping[str, Parameter], read: Callable[[Reply], T]
    ) -> T:
        flat = flatten({"IotInstanceId": self._instance_id, **parameters})
        return await self._sender.call(operation, lambda: self._signer.sign(operation, flat), read)


def _paging(page: PageRequest) -> dict[str, Parameter]:
    return {"CurrentPage": page.number, "PageSize": page.size}


def _device(device: DeviceRef) -> dict[str, Parameter]:
    return {"ProductKey": device.product_key, "DeviceName": device.name}


def _read_jobs(reply: Reply, page: PageRequest) -> ListReply[JobInfo]:
    return read_list(reply, JobInfo, field="Data", wrapper="SimpleOTAJobInfo", page=page)


def _read_tasks(reply: Reply, page: PageRequest | None = None) -> ListReply[TaskInfo]:
    return read_list(reply, TaskInfo, field="Data", wrapper="SimpleOTATaskInfo", page=page)
