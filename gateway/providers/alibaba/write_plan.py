"""Every write of the port as calls of the cloud, or as a refusal."""

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
    DeleteJob,
    DeleteModule,
    RetryTasks,
    StartJob,
    StopJob,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Write,
    WritePlan,
)
from gateway.providers.alibaba.firmware_writes import (
    plan_package,
    plan_package_changes,
    plan_package_deletion,
)
from gateway.providers.alibaba.job_changes import plan_cancellation, plan_update
from gateway.providers.alibaba.job_creation import plan_creation
from gateway.providers.alibaba.module_writes import plan_module, plan_module_deletion
from gateway.providers.alibaba.task_writes import (
    plan_confirmation,
    plan_retry,
    plan_task_cancellation,
)


def plan_write(write: Write, *, marker: str | None, now: datetime, region_id: str) -> WritePlan:
    """See `OtaWriter.plan`. Only jobs can carry the marker: packages and modules have no tags."""
    match write:
        case CreateJob(draft=draft):
            return plan_creation(draft, marker=marker, now=now, region_id=region_id)
        case UpdateJob(job=job, changes=changes):
            return plan_update(job, changes, marker=marker)
        case CancelJob(job=job, choice=choice, membership=membership):
            return plan_cancellation(job, choice, membership=membership)
        case StartJob() | StopJob() | DeleteJob():
            message = "jobs of this cloud can be canceled, but not started, stopped or deleted"
            raise UnsupportedError(message)
        case RetryTasks() | CancelTasks() | ConfirmTasks():
            return _plan_task_write(write)
        case CreateFirmware() | UpdateFirmware() | DeleteFirmware():
            return _plan_package_write(write)
        case CreateModule() | UpdateModule() | DeleteModule():
            return _plan_module_write(write)


def _plan_task_write(write: RetryTasks | CancelTasks | ConfirmTasks) -> WritePlan:
    match write:
        case RetryTasks(job=job, targets=targets):
            return plan_retry(job, targets)
        case CancelTasks(job=job, targets=targets):
            return plan_task_cancellation(job, targets)
        case ConfirmTasks(targets=targets):
            return plan_confirmation(targets)


def _plan_package_write(write: CreateFirmware | UpdateFirmware | DeleteFirmware) -> WritePlan:
    match write:
        case CreateFirmware(draft=draft):
            return plan_package(draft)
        case UpdateFirmware(firmware=firmware, changes=changes):
            return plan_package_changes(firmware, changes)
        case DeleteFirmware(firmware=firmware):
            return plan_package_deletion(firmware)


def _plan_module_write(write: CreateModule | UpdateModule | DeleteModule) -> WritePlan:
    match write:
        case CreateModule(draft=draft):
            return plan_module(draft, "CreateOTAModule")
        case UpdateModule(draft=draft):
            return plan_module(draft, "UpdateOTAModule")
        case DeleteModule(product_key=product_key, name=name):
            return plan_module_deletion(product_key, name)
