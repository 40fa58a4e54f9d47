"""Domain objects as the documented JSON objects, one function per shape.

Field names, types and list wrappers are those of the vendor's reference; so are the spelling
variants, which a few objects carry because the reference does too.
"""

from gateway.simulators.alibaba import timestamps
from gateway.simulators.alibaba.blanks import Blank, blank_of, put_number, put_text, put_wrapped
from gateway.simulators.alibaba.firmware import Firmware, PackageFile
from gateway.simulators.alibaba.job import Job, JobStatus, JobType
from gateway.simulators.alibaba.product import Device, Module, Product
from gateway.simulators.alibaba.signed_urls import signed_url
from gateway.simulators.alibaba.task import Task

_MISSPELLED_TYPE = "VERFIY_FIRMWARE"
_SHORT_STATUS = "COMPLETE"
_MISSPELLED_EVERY = 3
_SHORT_EVERY = 7


def simple_job(job: Job, now_s: float) -> dict[str, object]:
    """`SimpleOTAJobInfo`: a batch in ListOTAJobByFirmware and ListOTAJobByDevice.

    Some completed batches say COMPLETE, as the English pages of these two operations do.
    """
    item = _job_fields(job, now_s)
    if item["JobStatus"] == JobStatus.COMPLETED and job.blank_style % _SHORT_EVERY == 0:
        item["JobStatus"] = _SHORT_STATUS
    return item


def full_job(job: Job, now_s: float) -> dict[str, object]:
    """`Data` of QueryOTAJob."""
    blank = blank_of(job.blank_style)
    scope, settings, timing = job.scope, job.settings, job.timing
    item = _job_fields(job, now_s)
    item |= {
        "Name": job.firmware.name,
        "DestVersion": job.firmware.version,
        "DownloadProtocol": str(settings.protocol),
        "NeedConfirm": settings.need_confirm,
        "NeedPush": settings.need_push,
    }
    if job.type is JobType.UPGRADE:
        item |= {
            "MaximumPerMinute": settings.maximum_per_minute,
            "MultiModuleMode": settings.multi_module,
            "OverwriteMode": settings.overwrite_mode,
        }
    group, retry = scope.group, settings.retry
    put_wrapped(item, "SrcVersions", "SrcVersion", scope.source_versions, blank)
    put_text(item, "JobDesc", job.note, blank)
    put_text(item, "GrayPercent", scope.gray_percent, blank)
    put_text(item, "GroupId", None if group is None else group.id, blank)
    put_text(item, "GroupName", None if group is None else group.name, blank)
    put_number(item, "DynamicMode", scope.dynamic_mode, blank)
    put_number(item, "RetryCount", None if retry is None else retry.count, blank)
    put_number(item, "RetryInterval", None if retry is None else retry.interval_min, blank)
    put_number(item, "TimeoutInMinutes", settings.timeout_min, blank)
    _put_time(item, "UtcScheduleTime", timing.scheduled_s, blank)
    _put_time(item, "UtcScheduleFinishTime", timing.window_end_s, blank)
    return item


def task(task_: Task, now_s: float) -> dict[str, object]:
    """`SimpleOTATaskInfo` of ListOTATaskByJob."""
    blank = blank_of(task_.job.blank_style + task_.position)
    course = task_.course
    item = _task_fields(task_, now_s)
    item["Progress"] = f"{course.percent_at(now_s)}.00"
    reason = course.reason if now_s >= course.ended_s else None
    timeout_min = task_.job.timeout_of(course.created_s)
    put_text(item, "TaskDesc", reason, blank)
    put_text(item, "Timeout", None if timeout_min is None else str(timeout_min), blank)
    return item


def unfinished_task(task_: Task, now_s: float) -> dict[str, object]:
    """`SimpleOTATaskInfo` of ListOTAUnfinishedTaskByDevice: with the module, without progress."""
    return _task_fields(task_, now_s) | {"ModuleName": task_.job.firmware.module.name}


def simple_firmware(firmware: Firmware, now_s: float) -> dict[str, object]:
    """`SimpleFirmwareInfo` of ListOTAFirmware."""
    blank = blank_of(firmware.blank_style)
    only = _only_file(firmware)
    item: dict[str, object] = {
        "FirmwareId": firmware.id,
        "FirmwareName": firmware.name,
        "SignMethod": "MD5",
        "DestVersion": firmware.version,
        "ModuleName": firmware.module.name,
        "ProductKey": firmware.product.key,
        "ProductName": firmware.product.name,
        "Status": int(firmware.status_at(now_s)),
        "Type": int(firmware.type),
        "UtcCreate": timestamps.utc(firmware.created_s),
        "UtcModified": timestamps.utc(firmware.modified_at(now_s)),
    }
    put_text(item, "FirmwareDesc", firmware.note, blank)
    put_text(item, "SrcVersion", firmware.source_version, blank)
    put_text(item, "FirmwareSign", None if only is None else only.md5, blank)
    put_number(item, "FirmwareSize", None if only is None else only.size_bytes, blank)
    return item


def full_firmware(firmware: Firmware, now_s: float) -> dict[str, object]:
    """`FirmwareInfo` of QueryOTAFirmware; its URLs are signed and expire."""
    blank = blank_of(firmware.blank_style)
    only = _only_file(firmware)
    item = simple_firmware(firmware, now_s)
    item["VerifyProgress"] = firmware.verify_percent_at(now_s)
    put_text(item, "Udi", firmware.user_data, blank)
    url = None if only is None else signed_url(firmware.id, only.name, now_s)
    put_text(item, "FirmwareUrl", url, blank)
    if only is None:
        item["MultiFiles"] = [
            {
                "Name": file.name,
                "Size": file.size_bytes,
                "FileMd5": file.md5,
                "SignValue": file.md5,
                "Url": signed_url(firmware.id, file.name, now_s),
            }
            for file in firmware.files
        ]
    elif blank is not Blank.ABSENT:
        item["MultiFiles"] = None if blank is Blank.NULL else []
    return item


def module(product: Product, module_: Module, place: int) -> dict[str, object]:
    """One element of `Data` of ListOTAModuleByProduct; times in either documented form."""
    blank = blank_of(place)
    written = timestamps.gmt_cookie if place % 2 else timestamps.gmt_minutes
    item: dict[str, object] = {
        "ProductKey": product.key,
        "ModuleName": module_.name,
        "GmtCreate": written(module_.created_s),
        "GmtModified": written(module_.modified_s),
    }
    put_text(item, "AliasName", module_.alias, blank)
    put_text(item, "Desc", module_.note, blank)
    return item


def module_version(device: Device, module_: Module, version: str) -> dict[str, object]:
    """`SimpleOTAModuleInfo` of ListOTAModuleVersionsByDevice."""
    return {
        "IotId": device.iot_id,
        "ProductKey": device.product.key,
        "DeviceName": device.name,
        "ModuleName": module_.name,
        "ModuleVersion": version,
    }


def _job_fields(job: Job, now_s: float) -> dict[str, object]:
    """The twelve fields that every answer about a batch has."""
    blank = blank_of(job.blank_style)
    misspelled = job.type is JobType.VERIFY and job.blank_style % _MISSPELLED_EVERY == 0
    item: dict[str, object] = {
        "FirmwareId": job.firmware.id,
        "JobId": job.id,
        "JobStatus": str(job.status_at(now_s)),
        "JobType": _MISSPELLED_TYPE if misspelled else str(job.type),
        "ProductKey": job.firmware.product.key,
        "SelectionType": str(job.scope.selection),
        "TargetSelection": str(job.scope.target),
        "UtcCreate": timestamps.utc(job.timing.created_s),
        "UtcModified": timestamps.utc(job.modified_at(now_s)),
    }
    tags = [{"Key": key, "Value": value} for key, value in job.settings.tags]
    put_wrapped(item, "Tags", "OtaTagDTO", tags, blank)
    _put_time(item, "UtcStartTime", job.started_at(now_s), blank)
    _put_time(item, "UtcEndTime", job.ended_at(now_s), blank)
    return item


def _task_fields(task_: Task, now_s: float) -> dict[str, object]:
    job, course, device = task_.job, task_.course, task_.device
    return {
        "TaskId": task_.id,
        "JobId": job.id,
        "FirmwareId": job.firmware.id,
        "ProductKey": device.product.key,
        "ProductName": device.product.name,
        "DeviceName": device.name,
        "IotId": device.iot_id,
        "SrcVersion": course.source_version,
        "DestVersion": job.firmware.version,
        "TaskStatus": str(course.status_at(now_s)),
        "UtcCreate": timestamps.utc(course.created_s),
        "UtcModified": timestamps.utc(course.modified_at(now_s)),
    }


def _put_time(into: dict[str, object], name: str, moment_s: float | None, blank: Blank) -> None:
    put_text(into, name, None if moment_s is None else timestamps.utc(moment_s), blank)


def _only_file(firmware: Firmware) -> PackageFile | None:
    return firmware.files[0] if len(firmware.files) == 1 else None
