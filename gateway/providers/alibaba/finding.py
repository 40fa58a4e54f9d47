"""Looks whether a write of unknown outcome happened. Reads go straight to the cloud."""

from datetime import datetime

from gateway.domain.errors import UnsupportedError
from gateway.domain.write import (
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateFirmware,
    CreateJob,
    CreateModule,
    DeleteFirmware,
    DeleteModule,
    Finding,
    PlannedCall,
    RetryTasks,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Verdict,
    Write,
)
from gateway.providers.alibaba.client import AlibabaClient
from gateway.providers.alibaba.job_state import was_canceled, was_updated
from gateway.providers.alibaba.lost_creation import find_job, find_package
from gateway.providers.alibaba.package_state import (
    module_was_deleted,
    module_was_written,
    package_was_deleted,
    package_was_updated,
)
from gateway.providers.alibaba.provider import AlibabaProvider
from gateway.providers.alibaba.task_state import (
    were_canceled,
    were_confirmed,
    were_retried,
)


class Finder:
    """Looks into one backend."""

    def __init__(self, backend: str, client: AlibabaClient) -> None:
        """`backend` is the id of the configured backend."""
        self._client = client
        self._provider = AlibabaProvider(backend, client)

    async def find(
        self, write: Write, call: PlannedCall, *, marker: str | None, sent_at: datetime
    ) -> Finding:
        """See `OtaWriter.find`. A read that fails fails the look.

        Raises:
            UnsupportedError: a write that this cloud has not, so that it was never sent.
        """
        match write:
            case CreateJob(draft=draft):
                return await find_job(self._provider, draft, marker=marker, sent_at=sent_at)
            case CreateFirmware(draft=package):
                if call.operation != "CreateOTAFirmware":
                    # An upload alone makes no package, and the cloud discards it after an hour.
                    return Finding(verdict=Verdict.NOT_DONE)
                return await find_package(self._provider, package, sent_at=sent_at)
            case RetryTasks() | CancelTasks() | ConfirmTasks():
                return Finding(verdict=await self._of_tasks(write, call, sent_at))
            case _:
                return Finding(verdict=await self._of_object(write, call))

    async def _of_tasks(
        self, write: RetryTasks | CancelTasks | ConfirmTasks, call: PlannedCall, sent_at: datetime
    ) -> Verdict:
        match write:
            case RetryTasks(job=job):
                return await were_retried(self._provider, job, call.targets, sent_at=sent_at)
            case CancelTasks(job=job):
                return await were_canceled(self._provider, job, call.targets)
            case ConfirmTasks(job=job):
                return await were_confirmed(self._provider, job, call.targets)

    async def _of_object(self, write: Write, call: PlannedCall) -> Verdict:
        match write:
            case CancelJob():
                return await was_canceled(self._provider, write, call)
            case UpdateJob():
                return await was_updated(self._provider, write)
            case UpdateFirmware():
                return await package_was_updated(self._provider, write)
            case DeleteFirmware():
                return await package_was_deleted(self._provider, write)
            case CreateModule() | UpdateModule():
                return await module_was_written(self._client, write)
            case DeleteModule():
                return await module_was_deleted(self._client, write)
            case _:
                message = "this cloud has no such write"
                raise UnsupportedError(message)
