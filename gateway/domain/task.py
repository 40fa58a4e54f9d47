"""OTA tasks: the run of one job on one device."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.device import DeviceRef
from gateway.domain.json_value import JsonObject


class TaskStatus(StrEnum):
    """State of a task."""

    AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"
    QUEUED = "QUEUED"
    NOTIFIED = "NOTIFIED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    UNKNOWN = "UNKNOWN"


TERMINAL_TASK_STATUSES = frozenset(
    {TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELED},
)
OPEN_TASK_STATUSES = frozenset(
    {
        TaskStatus.AWAITING_CONFIRMATION,
        TaskStatus.QUEUED,
        TaskStatus.NOTIFIED,
        TaskStatus.IN_PROGRESS,
    },
)


class StatusReasonCode(StrEnum):
    """Why a task ended as it did, from the documented progress codes and texts."""

    DOWNLOAD_FAILED = "DOWNLOAD_FAILED"
    CHECKSUM_MISMATCH = "CHECKSUM_MISMATCH"
    WRITE_FAILED = "WRITE_FAILED"
    TIMED_OUT = "TIMED_OUT"
    CANCELED_BY_USER = "CANCELED_BY_USER"
    VERSION_MISMATCH = "VERSION_MISMATCH"
    SUPERSEDED = "SUPERSEDED"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReason:
    """Why a task is in its state.

    `message` is the vendor's or the device's text, verbatim; None if there was none. `raw_code` is
    the negative progress that a device reported; None if it reported none.
    """

    code: StatusReasonCode
    message: str | None
    raw_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One device's part in a job.

    `progress_percent` is 0 to 100; None where unknown (failed, or read from a list without it).
    `timeout_s` is seconds, None if there is none. `device_native_id` is EnOS assetId or Alibaba
    IotId. `raw` is the vendor's object. Times are aware UTC, None where the cloud does not say.
    """

    backend: str
    native_id: str
    job_id: str
    device: DeviceRef
    device_native_id: str | None
    firmware_id: str | None
    product_name: str | None
    module_name: str | None
    from_version: str | None
    to_version: str | None
    status: TaskStatus
    raw_status: str
    status_reason: StatusReason | None
    progress_percent: float | None
    timeout_s: int | None
    created_at: datetime | None
    updated_at: datetime | None
    raw: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks of one job; an empty tuple means any.

    `status` is a single one because not every cloud takes several in a call. `device_names` holds
    at most as many names as the provider's `ReadLimits.task_devices`.
    """

    job_id: str
    status: TaskStatus | None = None
    device_names: tuple[str, ...] = ()
