"""Batches of the cloud as OTA jobs. Pure and total: every wire model has a job.

Source: QueryOTAJob and ListOTAJobByFirmware, response tables and enumerations.
"""

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

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
from gateway.domain.scope import (
    AllDevices,
    DeviceGroup,
    DeviceGroups,
    ListedDevices,
    Percentage,
    ScopeTarget,
    UnknownTarget,
    UpgradeScope,
)
from gateway.domain.text import LocalizedText
from gateway.providers.alibaba.redaction import redact
from gateway.providers.alibaba.reply import Received
from gateway.providers.alibaba.units import to_percent, to_seconds, to_time
from gateway.providers.alibaba.wire import JobInfo, TagInfo

T = TypeVar("T")

_JOB_STATUS: Final[Mapping[str, JobStatus]] = {
    "PLANNED": JobStatus.PLANNED,
    "IN_PROGRESS": JobStatus.IN_PROGRESS,
    "COMPLETED": JobStatus.COMPLETED,
    "COMPLETE": JobStatus.COMPLETED,  # so spelled on the English pages of the lists
    "CANCELED": JobStatus.CANCELED,
}
_JOB_TYPE: Final[Mapping[str, JobType]] = {
    "UPGRADE_FIRMWARE": JobType.UPGRADE,
    "VERIFY_FIRMWARE": JobType.VERIFICATION,
    "VERFIY_FIRMWARE": JobType.VERIFICATION,  # so spelled on the English pages
}
_POLICY: Final[Mapping[str, UpgradePolicy]] = {
    "STATIC": UpgradePolicy.SNAPSHOT,
    "DYNAMIC": UpgradePolicy.CONTINUOUS,
}
_OVERWRITE_MODE: Final[Mapping[str, OverwriteMode]] = {
    "1": OverwriteMode.KEEP_EXISTING,
    "2": OverwriteMode.REPLACE_PENDING,
}
_MEMBERSHIP_MODE: Final[Mapping[str, MembershipMode]] = {
    "1": MembershipMode.CURRENT_AND_FUTURE,
    "2": MembershipMode.FUTURE_ONLY,
}
_DOWNLOAD_PROTOCOL: Final[Mapping[str, DownloadProtocol]] = {
    "HTTPS": DownloadProtocol.HTTPS,
    "MQTT": DownloadProtocol.MQTT,
}


def to_job(received: Received[JobInfo], *, backend: str) -> OtaJob:
    """One batch in full, as QueryOTAJob gives it."""
    info = received.info
    detail = JobDetail(
        scope=UpgradeScope(
            source_versions=info.src_versions, product_key=None, target=_target(info)
        ),
        raw=redact(received.raw),
        name=to_name(info.name),
        description=info.job_desc,
        firmware_name=to_name(info.name),
        firmware_version=info.dest_version,
        timeout_s=to_seconds(info.timeout_in_minutes),
        retry_policy=_retry_policy(info),
        schedule=_schedule(info),
        pace=_pace(info),
        overwrite_mode=_word(_OVERWRITE_MODE, info.overwrite_mode, OverwriteMode.UNKNOWN),
        raw_overwrite_mode=info.overwrite_mode,
        membership_mode=_word(_MEMBERSHIP_MODE, info.dynamic_mode, MembershipMode.UNKNOWN),
        raw_membership_mode=info.dynamic_mode,
        download_protocol=_word(
            _DOWNLOAD_PROTOCOL, info.download_protocol, DownloadProtocol.UNKNOWN
        ),
        raw_download_protocol=info.download_protocol,
        confirmation_required=info.need_confirm,
        push_enabled=info.need_push,
        multi_module=info.multi_module_mode,
    )
    return _job(info, backend=backend, target=detail.scope.target, detail=detail)


def to_listed_job(received: Received[JobInfo], *, backend: str) -> OtaJob:
    """One batch as the lists give it: 12 of its fields, no detail."""
    info = received.info
    return _job(info, backend=backend, target=_listed_target(info), detail=None)


def to_name(text: str | None) -> LocalizedText | None:
    """A name; the cloud knows one form of it only."""
    return None if text is None else LocalizedText(default=text)


def _job(
    info: JobInfo, *, backend: str, target: ScopeTarget | None, detail: JobDetail | None
) -> OtaJob:
    return OtaJob(
        backend=backend,
        native_id=info.job_id,
        status=_JOB_STATUS.get(info.job_status or "", JobStatus.UNKNOWN),
        raw_status=info.job_status or "",
        type=_word(_JOB_TYPE, info.job_type, JobType.UNKNOWN),
        raw_type=info.job_type,
        policy=_word(_POLICY, info.selection_type, UpgradePolicy.UNKNOWN),
        raw_policy=info.selection_type,
        product_key=info.product_key,
        firmware_id=info.firmware_id,
        created_at=to_time(info.utc_create),
        updated_at=to_time(info.utc_modified),
        started_at=to_time(info.utc_start_time),
        ended_at=to_time(info.utc_end_time),
        tags=_tags(info.tags),
        target=target,
        detail=detail,
    )


def _word(table: Mapping[str, T], word: str | None, unknown: T) -> T | None:
    return None if word is None else table.get(word, unknown)


def _tags(tags: Iterable[TagInfo]) -> dict[str, str]:
    return {tag.key: tag.value or "" for tag in tags if tag.key is not None}


def _target(info: JobInfo) -> ScopeTarget:
    if info.target_selection == "GROUP" or info.group_id is not None:
        # A dynamic batch of a group says ALL and names the group beside it.
        if info.group_id is None:
            return DeviceGroups(groups=())
        return DeviceGroups(groups=(DeviceGroup(id=info.group_id, name=info.group_name),))
    match info.target_selection:
        case "ALL":
            return AllDevices()
        case "SPECIFIC":
            return ListedDevices(names=None)
        case "GRAY":
            return Percentage(percent=to_percent(info.gray_percent))
        case other:
            return UnknownTarget(raw_target=other)


def _listed_target(info: JobInfo) -> ScopeTarget | None:
    # Lists leave out percentages and groups, and a dynamic batch of a group says ALL too.
    if info.target_selection == "SPECIFIC":
        return ListedDevices(names=None)
    if info.target_selection == "ALL" and info.selection_type == "STATIC":
        return AllDevices()
    return None


def _retry_policy(info: JobInfo) -> RetryPolicy | None:
    if info.retry_count is None and info.retry_interval is None:
        return None
    return RetryPolicy(count=info.retry_count, interval_s=to_seconds(info.retry_interval))


def _schedule(info: JobInfo) -> Schedule | None:
    starts_at = to_time(info.utc_schedule_time)
    ends_at = to_time(info.utc_schedule_finish_time)
    if starts_at is None and ends_at is None:
        return None
    return Schedule(starts_at=starts_at, ends_at=ends_at)


def _pace(info: JobInfo) -> RolloutPace | None:
    if info.maximum_per_minute is None:
        return None
    return RolloutPace(max_concurrent=None, max_per_minute=info.maximum_per_minute)
