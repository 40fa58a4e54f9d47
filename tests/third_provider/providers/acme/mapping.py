"""Acme's things as those of the gateway."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gateway.domain.device import DeviceRef
from gateway.domain.firmware import Firmware, FirmwareDetail, FirmwareType, VerificationStatus
from gateway.domain.job import JobDetail, JobStatus, JobType, OtaJob
from gateway.domain.scope import AllDevices, UpgradeScope
from gateway.domain.task import Task, TaskStatus
from gateway.domain.text import LocalizedText

_JOB_STATUS: Final = {
    "planned": JobStatus.PLANNED,
    "active": JobStatus.IN_PROGRESS,
    "paused": JobStatus.STOPPED,
    "over": JobStatus.COMPLETED,
}
TASK_STATE: Final[Mapping[TaskStatus, str]] = {
    TaskStatus.QUEUED: "waiting",
    TaskStatus.IN_PROGRESS: "running",
    TaskStatus.SUCCEEDED: "done",
    TaskStatus.FAILED: "failed",
}
_TASK_STATUS: Final = {state: status for status, state in TASK_STATE.items()}


def _time(epoch_s: float) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)


def to_job(thing: Mapping[str, Any], backend: str) -> OtaJob:
    """A job of any list, with its detail: Acme's lists leave nothing out."""
    target = AllDevices()
    return OtaJob(
        backend=backend,
        native_id=thing["id"],
        status=_JOB_STATUS.get(thing["state"], JobStatus.UNKNOWN),
        raw_status=thing["state"],
        type=JobType.VERIFICATION if thing["trial"] else JobType.UPGRADE,
        raw_type=str(thing["trial"]),
        policy=None,
        raw_policy=None,
        product_key=thing["line"],
        firmware_id=thing["package"],
        created_at=_time(thing["made"]),
        target=target,
        detail=JobDetail(
            scope=UpgradeScope(source_versions=(), product_key=None, target=target),
            raw=thing,
            name=LocalizedText(default=thing["title"]),
            timeout_s=60 * thing["limit_minutes"],
        ),
    )


def to_task(thing: Mapping[str, Any], backend: str) -> Task:
    """A task."""
    return Task(
        backend=backend,
        native_id=thing["id"],
        job_id=thing["job"],
        device=DeviceRef(product_key=thing["line"], name=thing["device"]),
        device_native_id=None,
        firmware_id=None,
        product_name=None,
        module_name=None,
        from_version=None,
        to_version=None,
        status=_TASK_STATUS.get(thing["state"], TaskStatus.UNKNOWN),
        raw_status=thing["state"],
        status_reason=None,
        progress_percent=None,
        timeout_s=None,
        created_at=_time(thing["made"]),
        updated_at=None,
        raw=thing,
    )


def to_firmware(thing: Mapping[str, Any], backend: str) -> Firmware:
    """A package; the address of its file is signed, and stays behind."""
    return Firmware(
        backend=backend,
        native_id=thing["id"],
        name=LocalizedText(default=thing["name"]),
        version=thing["version"],
        product_key=thing["line"],
        product_name=None,
        description=None,
        module_name=None,
        type=FirmwareType.FULL,
        source_version=None,
        size_bytes=None,
        checksum=None,
        verification=VerificationStatus.NOT_REQUIRED,
        raw_verification=None,
        max_verification_devices=None,
        min_verification_successes=None,
        created_at=_time(thing["made"]),
        updated_at=None,
        detail=FirmwareDetail(
            files=(),
            device_info=None,
            verification_progress_percent=None,
            raw={name: value for name, value in thing.items() if name != "download"},
        ),
    )
