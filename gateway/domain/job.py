"""OTA jobs: one rollout of one firmware to many devices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.domain.device import DeviceRef
from gateway.domain.json_value import JsonObject
from gateway.domain.scope import ScopeTarget, UpgradeScope
from gateway.domain.text import LocalizedText


class JobStatus(StrEnum):
    """State of a job. EnOS jobs are never finished: they are IN_PROGRESS or STOPPED."""

    PLANNED = "PLANNED"
    IN_PROGRESS = "IN_PROGRESS"
    STOPPED = "STOPPED"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    UNKNOWN = "UNKNOWN"


TERMINAL_JOB_STATUSES = frozenset({JobStatus.COMPLETED, JobStatus.CANCELED})


class JobType(StrEnum):
    """What a job is for."""

    UPGRADE = "UPGRADE"
    VERIFICATION = "VERIFICATION"
    UNKNOWN = "UNKNOWN"


class UpgradePolicy(StrEnum):
    """Whether devices that match later join the job."""

    SNAPSHOT = "SNAPSHOT"
    CONTINUOUS = "CONTINUOUS"
    UNKNOWN = "UNKNOWN"


class OverwriteMode(StrEnum):
    """What happens to a device that has an open task already."""

    KEEP_EXISTING = "KEEP_EXISTING"
    REPLACE_PENDING = "REPLACE_PENDING"
    UNKNOWN = "UNKNOWN"


class MembershipMode(StrEnum):
    """Which devices a continuous job takes in."""

    CURRENT_AND_FUTURE = "CURRENT_AND_FUTURE"
    FUTURE_ONLY = "FUTURE_ONLY"
    UNKNOWN = "UNKNOWN"


class DownloadProtocol(StrEnum):
    """How devices fetch the package."""

    HTTPS = "HTTPS"
    MQTT = "MQTT"
    UNKNOWN = "UNKNOWN"


class OtaJobAction(StrEnum):
    """What can be done with a job in its present state."""

    START = "START"
    STOP = "STOP"
    CANCEL = "CANCEL"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    RETRY_TASKS = "RETRY_TASKS"
    CANCEL_TASKS = "CANCEL_TASKS"
    CONFIRM_TASKS = "CONFIRM_TASKS"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Automatic retries of a failed task: at most `count`, `interval_s` seconds apart.

    Either is None where the cloud left it out. A job without retries has no policy at all.
    """

    count: int | None
    interval_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a job may push. Every field is None where the cloud does not set it.

    `starts_at` and `ends_at` are aware UTC. `daily_start_s` and `daily_end_s` are seconds of the
    day. `utc_offset_s` is the offset of the daily window east of UTC.
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    repeats_daily: bool | None = None
    utc_offset_s: int | None = None
    daily_start_s: int | None = None
    daily_end_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPace:
    """How fast a job goes: tasks at once (EnOS) or devices a minute (Alibaba); else None."""

    max_concurrent: int | None
    max_per_minute: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDetail:
    """What a list of jobs may leave out. Every field but `scope` and `raw` may be None.

    `name` is the package's name where jobs have none of their own (no NAMED_JOBS capability).
    `timeout_s` is seconds a device may take. `raw` is the vendor's object, secrets removed.
    """

    scope: UpgradeScope
    raw: JsonObject
    name: LocalizedText | None = None
    description: str | None = None
    firmware_name: LocalizedText | None = None
    firmware_version: str | None = None
    timeout_s: int | None = None
    retry_policy: RetryPolicy | None = None
    schedule: Schedule | None = None
    pace: RolloutPace | None = None
    overwrite_mode: OverwriteMode | None = None
    raw_overwrite_mode: str | None = None
    membership_mode: MembershipMode | None = None
    raw_membership_mode: str | None = None
    download_protocol: DownloadProtocol | None = None
    raw_download_protocol: str | None = None
    confirmation_required: bool | None = None
    push_enabled: bool | None = None
    device_request_enabled: bool | None = None
    multi_module: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtaJob:
    """One job: what every list carries, and `detail` where it is known already.

    `detail` is None if the job was read from a list that leaves details out; the single read
    always has it. `target` is the scope's target where the list tells it completely, else None.
    `raw_status`, `raw_type` and `raw_policy` keep the vendor's words; times are aware UTC and None
    where the cloud does not say. `policy` is None if the vendor sent none.
    """

    backend: str
    native_id: str
    status: JobStatus
    raw_status: str
    type: JobType | None
    raw_type: str | None
    policy: UpgradePolicy | None
    raw_policy: str | None
    product_key: str | None
    firmware_id: str | None
    created_at: datetime | None
    updated_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    target: ScopeTarget | None = None
    detail: JobDetail | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs of one backend; an empty set or None means any.

    `name` is a part of the job's name in any language. `created_from` is inclusive,
    `created_before` exclusive. `device` selects jobs with a task for that device.
    """

    firmware_id: str | None = None
    product_key: str | None = None
    device: DeviceRef | None = None
    statuses: frozenset[JobStatus] = frozenset()
    types: frozenset[JobType] = frozenset()
    name: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None

    def matches(self, job: OtaJob, name: LocalizedText | None = None) -> bool:
        """Tell whether `job` satisfies every condition that a job alone can answer.

        `device` is not looked at: a job does not know its devices. `name` is the job's name where
        the caller knows it better than `job.detail` does.
        """
        known_name = name or (job.detail.name if job.detail else None)
        return (
            self.firmware_id in {None, job.firmware_id}
            and self.product_key in {None, job.product_key}
            and (not self.statuses or job.status in self.statuses)
            and (not self.types or job.type in self.types)
            and (self.name is None or (known_name is not None and known_name.contains(self.name)))
            and self._created_in_range(job.created_at)
        )

    def _created_in_range(self, created_at: datetime | None) -> bool:
        if self.created_from is None and self.created_before is None:
            return True
        if created_at is None:
            return False
        after_start = self.created_from is None or created_at >= self.created_from
        before_end = self.created_before is None or created_at < self.created_before
        return after_start and before_end
