"""EnOS objects as domain values: pure and total, the vendor's words kept."""

from collections.abc import Mapping
from typing import Final

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
    JobDetail,
    JobStatus,
    JobType,
    OtaJob,
    OtaJobAction,
    RetryPolicy,
    RolloutPace,
    Schedule,
    UpgradePolicy,
)
from gateway.domain.task import Task, TaskStatus
from gateway.domain.text import LocalizedText
from gateway.providers.enos import wire
from gateway.providers.enos.instants import instant, schedule_instant
from gateway.providers.enos.listing import Received
from gateway.providers.enos.reasons import failure_reason
from gateway.providers.enos.redaction import redact
from gateway.providers.enos.scope import to_scope
from gateway.providers.enos.vocabulary import JOB_STATUS, JOB_TYPE, TASK_STATUS, UPGRADE_POLICY

_DONE: Final = 100  # percent

_ACTIONS: Final[Mapping[JobStatus, tuple[OtaJobAction, ...]]] = {
    JobStatus.IN_PROGRESS: (
        OtaJobAction.STOP,
        OtaJobAction.RETRY_TASKS,
        OtaJobAction.CANCEL_TASKS,
    ),
    JobStatus.STOPPED: (OtaJobAction.START, OtaJobAction.DELETE),
}


def available_actions(status: JobStatus) -> tuple[OtaJobAction, ...]:
    """What EnOS accepts for a job in `status`; nothing where the state is not known.

    Source: Connection API V2.1, error codes 24615 to 24621 of the job calls.
    """
    return _ACTIONS.get(status, ())


def to_job(received: Received[wire.JobInfo], *, backend: str) -> OtaJob:
    """One JobInfo as a job, always with its detail: EnOS lists leave nothing out.

    Times are epoch milliseconds, the timeout is seconds. EnOS tells no time but that of creation.
    """
    job = received.wire
    scope = to_scope(job.upgrade_scope)
    concurrency = job.maximum_concurrency
    return OtaJob(
        backend=backend,
        native_id=job.job_id,
        status=JOB_STATUS.get(job.status or "", JobStatus.UNKNOWN),
        raw_status=job.status or "",
        type=None if job.type is None else JOB_TYPE.get(job.type, JobType.UNKNOWN),
        raw_type=job.type,
        policy=_to_policy(job.upgrade_policy),
        raw_policy=job.upgrade_policy,
        product_key=job.product_key,
        firmware_id=job.firmware_id,
        created_at=instant(job.create_time),
        target=scope.target,
        detail=JobDetail(
            scope=scope,
            raw=redact(received.raw),
            name=to_name(job.name),
            firmware_name=to_name(job.firmware_name),
            firmware_version=job.firmware_version,
            timeout_s=job.upgrade_timeout,
            retry_policy=_to_retry_policy(job.retry_policy),
            schedule=_to_schedule(job),
            pace=(
                None
                if concurrency is None
                else RolloutPace(max_concurrent=concurrency, max_per_minute=None)
            ),
            device_request_enabled=job.enable_upgrade_request,
        ),
    )


def to_task(received: Received[wire.TaskInfo], *, backend: str) -> Task:
    """One TaskInfo as a task.

    `progress` is percent; a negative one is a code of failure and never a percentage. A task that
    has not failed has no reason, whatever its text says.
    """
    task = received.wire
    status = TASK_STATUS.get(task.status or "", TaskStatus.UNKNOWN)
    progress = task.progress
    return Task(
        backend=backend,
        native_id=task.task_id,
        job_id=task.job_id,
        device=DeviceRef(product_key=task.product_key or "", name=task.device_key),
        device_native_id=task.asset_id,
        firmware_id=None,
        product_name=None,
        module_name=None,
        from_version=task.from_version,
        to_version=task.to_version,
        status=status,
        raw_status=task.status or "",
        status_reason=(
            failure_reason(progress=progress, description=task.description)
            if status is TaskStatus.FAILED
            else None
        ),
        progress_percent=progress if progress is not None and 0 <= progress <= _DONE else None,
        timeout_s=None,
        created_at=None,
        updated_at=instant(task.update_time),
        raw=redact(received.raw),
    )


def to_firmware(received: Received[wire.FirmwareInfo], *, backend: str) -> Firmware:
    """One FirmwareInfo as a package of one file, always with its detail.

    EnOS does not tell whole images from differences, so the type is unknown.
    """
    firmware = received.wire
    checksum = (
        Checksum(method=firmware.sign_method.lower(), value=firmware.sign)
        if firmware.sign_method is not None and firmware.sign is not None
        else None
    )
    verification, raw_verification = _to_verification(firmware)
    return Firmware(
        backend=backend,
        native_id=firmware.firmware_id,
        name=to_name(firmware.name),
        version=firmware.version,
        product_key=firmware.product_key,
        product_name=None,
        description=firmware.description,
        module_name=None,
        type=FirmwareType.UNKNOWN,
        source_version=None,
        size_bytes=firmware.file_size,
        checksum=checksum,
        verification=verification,
        raw_verification=raw_verification,
        max_verification_devices=firmware.max_allowed_for_verification,
        min_verification_successes=firmware.min_success_for_verified,
        created_at=instant(firmware.create_time),
        updated_at=None,
        tags=firmware.firmware_tags,
        detail=FirmwareDetail(
            files=(FirmwareFile(name=None, size_bytes=firmware.file_size, checksum=checksum),),
            device_info=None,
            verification_progress_percent=None,
            raw=redact(received.raw),
        ),
    )


def to_device(device: wire.DeviceFirmware, *, backend: str, product_key: str) -> Device:
    """One device and the version it reports; `product_key` is what was asked for."""
    version = device.firmware_version
    return Device(
        backend=backend,
        ref=DeviceRef(product_key=device.product_key or product_key, name=device.device_key),
        native_id=device.asset_id,
        modules=() if version is None else (ModuleVersion(name=None, version=version),),
        upgrading=device.is_upgrading,
    )


def to_name(name: wire.StringI18n | None) -> LocalizedText | None:
    """A localised name; its first translation stands in for a missing default form."""
    if name is None:
        return None
    default = name.default_value
    if default is None:
        if not name.i18n_value:
            return None
        default = name.i18n_value[min(name.i18n_value)]
    return LocalizedText(default=default, translations=name.i18n_value)


def _to_policy(word: str | None) -> UpgradePolicy | None:
    return None if word is None else UPGRADE_POLICY.get(word, UpgradePolicy.UNKNOWN)


def _to_retry_policy(policy: wire.RetryPolicy | None) -> RetryPolicy | None:
    if policy is None or not policy.enable_retry:
        return None
    return RetryPolicy(count=policy.retry_count, interval_s=policy.retry_interval)


def _to_schedule(job: wire.JobInfo) -> Schedule | None:
    """The schedule, with the deprecated seconds of the day beside it; None if nothing is set."""
    policy = job.schedule_policy or wire.SchedulePolicy()
    offset_minutes = policy.timezone_offset_in_minutes
    schedule = Schedule(
        starts_at=schedule_instant(policy.start_timestamp),
        ends_at=schedule_instant(policy.end_timestamp),
        repeats_daily=policy.is_repeat_daily,
        utc_offset_s=None if offset_minutes is None else offset_minutes * 60,
        daily_start_s=job.start_schedule,
        daily_end_s=job.end_schedule,
    )
    return None if schedule == Schedule() else schedule


def _to_verification(firmware: wire.FirmwareInfo) -> tuple[VerificationStatus, str | None]:
    """EnOS has two flags for it: must it be verified, and is it."""
    required, verified = firmware.enable_verification, firmware.is_verified
    flags = {"enableVerification": required, "isVerified": verified}
    words = [f"{name}={str(flag).lower()}" for name, flag in flags.items() if flag is not None]
    raw = ",".join(words) or None
    if required is False:
        return VerificationStatus.NOT_REQUIRED, raw
    if verified is None:
        return VerificationStatus.UNKNOWN, raw
    return (VerificationStatus.VERIFIED if verified else VerificationStatus.UNVERIFIED), raw
