"""One plain value of each noun; tests change the field they are about."""

from datetime import UTC, datetime
from typing import Final

from gateway.domain.device import Device, DeviceRef, ModuleVersion
from gateway.domain.firmware import Firmware, FirmwareType, VerificationStatus
from gateway.domain.job import JobDetail, JobStatus, JobType, OtaJob, UpgradePolicy
from gateway.domain.scope import AllDevices, UpgradeScope
from gateway.domain.task import Task, TaskStatus

REF: Final = DeviceRef(product_key="pump", name="pump-7")
JOB: Final = OtaJob(
    backend="cloud",
    native_id="j-1",
    status=JobStatus.IN_PROGRESS,
    raw_status="started",
    type=JobType.UPGRADE,
    raw_type="upgrade",
    policy=UpgradePolicy.SNAPSHOT,
    raw_policy="snapshot",
    product_key="pump",
    firmware_id="f-1",
    created_at=datetime(2026, 11, 1, tzinfo=UTC),
)
DETAIL: Final = JobDetail(
    scope=UpgradeScope(source_versions=("1.0",), product_key=None, target=AllDevices()),
    raw={"jobId": "j-1"},
)
TASK: Final = Task(
    backend="cloud",
    native_id="t-1",
    job_id="j-1",
    device=REF,
    device_native_id=None,
    firmware_id="f-1",
    product_name=None,
    module_name=None,
    from_version="1.0",
    to_version="1.1",
    status=TaskStatus.IN_PROGRESS,
    raw_status="upgrading",
    status_reason=None,
    progress_percent=40.0,
    timeout_s=None,
    created_at=None,
    updated_at=None,
    raw={},
)
FIRMWARE: Final = Firmware(
    backend="cloud",
    native_id="f-1",
    name=None,
    version="1.1",
    product_key="pump",
    product_name=None,
    description=None,
    module_name=None,
    type=FirmwareType.FULL,
    source_version=None,
    size_bytes=1_024,
    checksum=None,
    verification=VerificationStatus.VERIFIED,
    raw_verification="verified",
    max_verification_devices=None,
    min_verification_successes=None,
    created_at=None,
    updated_at=None,
)
DEVICE: Final = Device(
    backend="cloud",
    ref=REF,
    native_id=None,
    modules=(ModuleVersion(name=None, version="1.0"),),
    upgrading=False,
)
