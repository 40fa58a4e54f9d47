"""Device update tasks of the cloud as OTA tasks. Pure and total.

Source: ListOTATaskByJob and ListOTAUnfinishedTaskByDevice, response tables.
"""

from collections.abc import Mapping
from typing import Final

from gateway.domain.device import DeviceRef
from gateway.domain.task import StatusReason, Task, TaskStatus
from gateway.providers.alibaba.redaction import redact
from gateway.providers.alibaba.reply import Received
from gateway.providers.alibaba.status_reason import failure_reason
from gateway.providers.alibaba.units import to_percent, to_seconds, to_time
from gateway.providers.alibaba.wire import TaskInfo

_TASK_STATUS: Final[Mapping[str, TaskStatus]] = {
    "CONFIRM": TaskStatus.AWAITING_CONFIRMATION,
    "QUEUED": TaskStatus.QUEUED,
    "NOTIFIED": TaskStatus.NOTIFIED,
    "IN_PROGRESS": TaskStatus.IN_PROGRESS,
    "SUCCEEDED": TaskStatus.SUCCEEDED,
    "FAILED": TaskStatus.FAILED,
    "CANCELED": TaskStatus.CANCELED,
}

NATIVE_TASK_STATUS: Final[Mapping[TaskStatus, str]] = {
    status: word for word, status in _TASK_STATUS.items()
}
"""The cloud's word for each status; UNKNOWN has none."""


def to_task(received: Received[TaskInfo], *, backend: str) -> Task:
    """One task; a status the table lacks becomes UNKNOWN, a progress outside 0 to 100 None."""
    info = received.info
    status = _TASK_STATUS.get(info.task_status or "", TaskStatus.UNKNOWN)
    return Task(
        backend=backend,
        native_id=info.task_id,
        job_id=info.job_id,
        device=DeviceRef(product_key=info.product_key or "", name=info.device_name),
        device_native_id=info.iot_id,
        firmware_id=info.firmware_id,
        product_name=info.product_name,
        module_name=info.module_name,
        from_version=info.src_version,
        to_version=info.dest_version,
        status=status,
        raw_status=info.task_status or "",
        status_reason=_status_reason(info, status),
        progress_percent=to_percent(info.progress),
        timeout_s=to_seconds(info.timeout),
        created_at=to_time(info.utc_create),
        updated_at=to_time(info.utc_modified),
        raw=redact(received.raw),
    )


def _status_reason(info: TaskInfo, status: TaskStatus) -> StatusReason | None:
    told = status is TaskStatus.CANCELED and info.task_desc is not None
    if status is TaskStatus.FAILED or told:
        return failure_reason(info.task_desc, info.progress)
    return None
