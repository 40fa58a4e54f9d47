"""Objects of a fleet, with every field set unless a test says otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.domain.device import Device, DeviceRef, ModuleVersion
from gateway.domain.firmware import (
    Checksum,
    Firmware,
    FirmwareDetail,
    FirmwareFile,
    FirmwareType,
    VerificationStatus,
)
from gateway.domain.job import (
    DownloadProtocol,
    JobDetail,
    JobStatus,
    JobType,
    MembershipMode,
    OtaJob,
    OverwriteMode,
    RetryPolicy,
    RolloutPace,
    Schedule,
    UpgradePolicy,
)
from gateway.domain.scope import AllDevices, UpgradeScope
from gateway.domain.task import StatusReason, StatusReasonCode, Task, TaskStatus
from gateway.domain.text import LocalizedText

BEGIN: Final = datetime(2026, 3, 1, 8, 0, 0, 123_000, tzinfo=UTC)
"""When the oldest job was created; the n-th job came n minutes later."""

SCOPE: Final = UpgradeScope(source_versions=("1.0", "1.1"), product_key="pump", target=AllDevices())


def job(number: int, backend: str = "plant", **changes: Any) -> OtaJob:  # noqa: ANN401 - any field
    """Job `job-<number>`, newer than those of lower numbers."""
    created = BEGIN + timedelta(minutes=number)
    fields: dict[str, Any] = {
        "backend": backend,
        "native_id": f"job-{number}",
        "status": JobStatus.IN_PROGRESS,
        "raw_status": "started",
        "type": JobType.UPGRADE,
        "raw_type": "upgrade",
        "policy": UpgradePolicy.SNAPSHOT,
        "raw_policy": "snapshot",
        "product_key": "pump",
        "firmware_id": "fw-1",
        "created_at": created,
        "updated_at": created + timedelta(hours=1),
        "started_at": created + timedelta(hours=2),
        "ended_at": created + timedelta(hours=3),
        "tags": {"site": "north", "line": "2"},
        "target": SCOPE.target,
        "detail": detail(number),
    }
    return OtaJob(**(fields | changes))


def detail(number: int, **changes: Any) -> JobDetail:  # noqa: ANN401 - any field
    """Detail of job `job-<number>`."""
    fields: dict[str, Any] = {
        "scope": SCOPE,
        "raw": {"jobId": f"job-{number}", "nested": {"list": [1, None, "x"]}},
        "name": LocalizedText(
            default=f"rollout {number}", translations={"zh_CN": f"升级 {number}"}
        ),
        "description": f"rollout number {number}",
        "firmware_name": None,
        "firmware_version": None,
        "timeout_s": 300,
        "retry_policy": RetryPolicy(count=2, interval_s=3600),
        "schedule": Schedule(
            starts_at=BEGIN,
            ends_at=BEGIN + timedelta(days=1),
            repeats_daily=True,
            utc_offset_s=28_800,
            daily_start_s=3_600,
            daily_end_s=86_399,
        ),
        "pace": RolloutPace(max_concurrent=10, max_per_minute=1_000),
        "overwrite_mode": OverwriteMode.REPLACE_PENDING,
        "raw_overwrite_mode": "2",
        "membership_mode": MembershipMode.FUTURE_ONLY,
        "raw_membership_mode": "2",
        "download_protocol": DownloadProtocol.MQTT,
        "raw_download_protocol": "MQTT",
        "confirmation_required": True,
        "push_enabled": False,
        "device_request_enabled": True,
        "multi_module": False,
    }
    return JobDetail(**(fields | changes))


def package(number: int, backend: str = "plant", **changes: Any) -> Firmware:  # noqa: ANN401 - any field
    """Package `fw-<number>`."""
    fields: dict[str, Any] = {
        "backend": backend,
        "native_id": f"fw-{number}",
        "name": LocalizedText(default=f"pump control {number}", translations={"en_US": "Control"}),
        "version": f"{number}.0",
        "product_key": "pump",
        "product_name": "Pump",
        "description": "faster start",
        "module_name": "default",
        "type": FirmwareType.DIFFERENTIAL,
        "source_version": "0.9",
        "size_bytes": 5_000_000_000,
        "checksum": Checksum(method="sha256", value="ab12"),
        "verification": VerificationStatus.VERIFIED,
        "raw_verification": "1",
        "max_verification_devices": 10,
        "min_verification_successes": 2,
        "created_at": BEGIN + timedelta(minutes=number),
        "updated_at": BEGIN + timedelta(hours=number),
        "tags": {"stage": "beta"},
        "detail": FirmwareDetail(
            files=(
                FirmwareFile(
                    name="a.bin", size_bytes=7, checksum=Checksum(method="md5", value="cd34")
                ),
                FirmwareFile(name=None, size_bytes=None, checksum=None),
            ),
            device_info="reboot at night",
            verification_progress_percent=100,
            raw={"firmwareId": f"fw-{number}"},
        ),
    }
    return Firmware(**(fields | changes))


def task(number: int, job_id: str, backend: str = "plant", **changes: Any) -> Task:  # noqa: ANN401 - any field
    """Task `task-<number>` of a job, of the device of the same number."""
    fields: dict[str, Any] = {
        "backend": backend,
        "native_id": f"task-{number}",
        "job_id": job_id,
        "device": device_ref(number),
        "device_native_id": f"asset-{number}",
        "firmware_id": "fw-1",
        "product_name": "Pump",
        "module_name": "default",
        "from_version": "0.9",
        "to_version": "1.0",
        "status": TaskStatus.FAILED,
        "raw_status": "failed",
        "status_reason": StatusReason(
            code=StatusReasonCode.CHECKSUM_MISMATCH, message="bad sum", raw_code=-3
        ),
        "progress_percent": 12.5,
        "timeout_s": 600,
        "created_at": BEGIN,
        "updated_at": BEGIN + timedelta(minutes=5),
        "raw": {"taskId": f"task-{number}"},
    }
    return Task(**(fields | changes))


def device_ref(number: int) -> DeviceRef:
    """Names of device `<number>`."""
    return DeviceRef(product_key="pump", name=f"pump-{number}")


def device(number: int, backend: str = "plant") -> Device:
    """Device `<number>`, with two modules."""
    return Device(
        backend=backend,
        ref=device_ref(number),
        native_id=f"asset-{number}",
        modules=(
            ModuleVersion(name="default", version="0.9"),
            ModuleVersion(name="radio", version=None),
        ),
        upgrading=True,
    )
