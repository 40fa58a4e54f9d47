"""Records as the cloud sends them: field names, explicit nulls, absent fields, milliseconds.

Source: EnOS Connection API V2.1, structs JobInfo, TaskInfo, FirmwareInfo and DeviceFirmware.
"""

from collections.abc import Mapping

from gateway.simulators.enos.records import Firmware
from gateway.simulators.enos.views import DeviceView, JobView, TaskView

Wire = dict[str, object]


def job_info(view: JobView, org_id: str) -> Wire:
    """A JobInfo."""
    job = view.job
    firmware = job.firmware
    opens_at, closes_at = job.day_window or (None, None)
    info: Wire = {
        "orgId": org_id,
        "productKey": firmware.product_key,
        "jobId": job.job_id,
        "name": job.name and job.name.wire(),
        "firmwareId": firmware.firmware_id,
        "firmwareVersion": firmware.version,
        "firmwareName": firmware.name.wire(),
        "type": job.type,
        "enableUpgradeRequest": job.enable_upgrade_request,
        "upgradePolicy": job.policy,
        "upgradeScope": job.scope,
        "upgradeTimeout": job.timeout_s,
        "retryPolicy": job.retry,
        "schedulePolicy": job.schedule,
        "maximumConcurrency": job.max_concurrency,
        "startSchedule": opens_at,
        "endSchedule": closes_at,
        "status": view.run.status,
        "createTime": _milliseconds(job.created_s),
        "startAfterCreate": job.start_after_create,
    }
    left_out = job.omitted | _empty(info, _JOB_FIELDS_SOMETIMES_ABSENT)
    return {name: value for name, value in info.items() if name not in left_out}


def task_info(view: TaskView, org_id: str) -> Wire:
    """A TaskInfo."""
    task, state = view
    return {
        "taskId": task.task_id,
        "orgId": org_id,
        "assetId": task.device.asset_id,
        "productKey": task.device.product.key,
        "deviceKey": task.device.device_key,
        "jobId": task.job.job_id,
        "fromVersion": task.from_version,
        "toVersion": task.job.firmware.version,
        "progress": state.progress,
        "desc": state.desc,
        "status": state.status,
        "updateTime": _milliseconds(state.updated_s),
    }


def firmware_info(firmware: Firmware, org_id: str) -> Wire:
    """A FirmwareInfo."""
    info: Wire = {
        "orgId": org_id,
        "firmwareId": firmware.firmware_id,
        "productKey": firmware.product_key,
        "name": firmware.name.wire(),
        "version": firmware.version,
        "desc": firmware.desc,
        "signMethod": firmware.sign_method,
        "sign": firmware.sign,
        "fileUrl": firmware.file_url,
        "fileSize": firmware.file_size,
        "isVerified": firmware.is_verified,
        "enableVerification": firmware.enable_verification,
        "createTime": _milliseconds(firmware.created_s),
        "firmwareTags": firmware.tags,
        "maxAllowedForVerification": firmware.max_allowed_for_verification,
        "minSuccessForVerified": firmware.min_success_for_verified,
    }
    left_out = _empty(info, _FIRMWARE_FIELDS_SOMETIMES_ABSENT)
    return {name: value for name, value in info.items() if name not in left_out}


def device_firmware(view: DeviceView, org_id: str) -> Wire:
    """A DeviceFirmware."""
    return {
        "orgId": org_id,
        "assetId": view.device.asset_id,
        "productKey": view.device.product.key,
        "deviceKey": view.device.device_key,
        "firmwareVersion": view.version,
        "isUpgrading": view.is_upgrading,
    }


_JOB_FIELDS_SOMETIMES_ABSENT = frozenset(
    {
        "productKey",
        "upgradeTimeout",
        "retryPolicy",
        "schedulePolicy",
        "maximumConcurrency",
        "startAfterCreate",
    }
)
_FIRMWARE_FIELDS_SOMETIMES_ABSENT = frozenset(
    {"productKey", "firmwareTags", "maxAllowedForVerification", "minSuccessForVerified"}
)


def _empty(info: Mapping[str, object], names: frozenset[str]) -> frozenset[str]:
    """Those of the names that have no value; such fields are left out, not sent as null."""
    return frozenset(name for name in names if info[name] is None)


def _milliseconds(moment_s: float) -> int:
    return int(moment_s * 1000)
