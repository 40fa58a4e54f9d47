"""What the vendor's pages leave open about writes, decided so that a client can be tried on both.

Every default is invented, chosen as the most natural reading; none was seen on a live cloud.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypedDict

StatusAfterCreate = Literal["started", "stopped"]
DeviceLists = Literal["all-or-nothing", "partial"]
FirmwareUse = Literal["open tasks", "any job"]
Verdict = Literal["accept", "refuse"]

DOCUMENTED_LOCALES: Final = ("zh_CN", "en_US", "ja_JP", "es_ES")


class WriteOptions(TypedDict, total=False):
    """The fields of `WriteRules`, as keyword arguments of the simulator."""

    status_after_create: StatusAfterCreate
    device_lists: DeviceLists
    unknown_devices: Verdict
    unmatched_scope: Verdict
    other_locales: Verdict
    numbers_as_text: Verdict
    missing_versions: Verdict
    retry_keeps_task_id: bool
    tasks_outlive_job: bool
    firmware_use: FirmwareUse
    console_limits: bool
    max_device_keys: int | None
    max_concurrency: int | None
    failure_rate: float
    offline_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRules:
    """How the simulated cloud treats what is not documented.

    Attributes:
        status_after_create: whether a new job runs at once.
        device_lists: whether cancelTask and retryTask refuse a list with a device whose task is
            in the wrong state, or act on the others and refuse only when there is none.
        unknown_devices: whether those two pass over devices that have no task in the job.
        unmatched_scope: whether a job may be made that no device matches.
        other_locales: whether a name may have locales beside the four documented ones.
        numbers_as_text: whether digits are taken where a number is due, as vendor samples send.
        missing_versions: whether a scope may lack `versionNumbers`, which every sample has.
        retry_keeps_task_id: whether a retried task goes on under its id.
        tasks_outlive_job: whether the tasks of a deleted job can still be searched.
        firmware_use: what keeps a firmware from being deleted: devices that wait for it or are
            at work on it, or any job that was not deleted.
        console_limits: whether the limits of the vendor's console hold for the API too: files
            of 100 MB called .bin .tar .gz .zip, names of 4 to 32 characters for firmware,
            schedules of half an hour or longer.
        max_device_keys: the longest list of devices in a call, None for no limit.
        max_concurrency: the highest `maximumConcurrency`, None for no limit.
        failure_rate: the share of tries, 0 to 1, that fail in jobs made by a caller.
        offline_rate: the share of devices, 0 to 1, that such a job never reaches.
    """

    status_after_create: StatusAfterCreate = "started"
    device_lists: DeviceLists = "all-or-nothing"
    unknown_devices: Verdict = "refuse"
    unmatched_scope: Verdict = "accept"
    other_locales: Verdict = "refuse"
    numbers_as_text: Verdict = "refuse"
    missing_versions: Verdict = "refuse"
    retry_keeps_task_id: bool = True
    tasks_outlive_job: bool = False
    firmware_use: FirmwareUse = "open tasks"
    console_limits: bool = False
    max_device_keys: int | None = None
    max_concurrency: int | None = None
    failure_rate: float = 0.06
    offline_rate: float = 0.02
