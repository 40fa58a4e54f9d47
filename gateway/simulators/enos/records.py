"""What the cloud holds: firmware, devices, jobs, and the tasks that run a job on a device.

These are facts that time does not change; `progress` says what they look like at a given moment.
Times are epoch seconds here and epoch milliseconds on the wire.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gateway.simulators.enos.catalogue import Product
from gateway.simulators.enos.texts import LocalText


class JobType(StrEnum):
    """Why a job exists."""

    VERIFY = "verify"
    UPGRADE = "upgrade"


class ScopeKind(StrEnum):
    """The selector of a job's scope: the name of its field, or `total` for no selector."""

    TOTAL = "total"
    DEVICE_KEYS = "deviceKeys"
    ATTRIBUTES = "attributes"
    TAGS = "tags"
    ASSET_TREES = "assetTrees"
    DEVICE_GROUP_IDS = "deviceGroupIds"
    ASSET_IDS = "assetIds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """One package.

    `owner` is the product it fits, None where that is not known; `is_independent` says that it
    was made without naming one (2.4.4+), so that the cloud does not return a product. `file_size`
    is bytes, as a number or as text: the vendor documents text and samples numbers. The last three
    fields came with 2.4; None means that the package is older, or was made without them, and the
    answer lacks them.
    """

    firmware_id: str
    owner: Product | None
    is_independent: bool
    name: LocalText
    version: str
    desc: str | None
    sign_method: str
    sign: str
    file_url: str
    file_size: int | str
    enable_verification: bool
    is_verified: bool
    created_s: float
    tags: Mapping[str, str] | None
    max_allowed_for_verification: int | None
    min_success_for_verified: int | None

    @property
    def product_key(self) -> str | None:
        """The product the cloud names; None for an independent package."""
        return None if self.is_independent or self.owner is None else self.owner.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device."""

    product: Product
    device_key: str
    asset_id: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to upgrade a device, as durations in seconds.

    The first attempt is pushed after the job has been running for `push_s` (infinite for a device
    that stays offline); a later one `wait_s + push_s` after the failure before it. The device
    answers the push after `ack_s` and works for `run_s`, up to `peak` percent. `outcome` is 100 or
    a negative failure code, `desc` the text that comes with it.
    """

    wait_s: float
    push_s: float
    ack_s: float
    run_s: float
    peak: int
    outcome: int
    desc: str

    @property
    def succeeds(self) -> bool:
        """Whether the device reports the new version in the end."""
        return self.outcome > 0


class Phase(NamedTuple):
    """An attempt laid on the clock, in epoch seconds.

    Times that are never reached are infinite. `leaves_s` is when the next attempt is queued,
    infinite for the last.
    """

    attempt: Attempt
    queued_s: float
    published_s: float
    started_s: float
    ended_s: float
    leaves_s: float


@dataclass(frozen=True, slots=True)
class Task:
    """The run of one job on one device; `attempts` has more than one entry after a retry.

    `phases` is what became, and will become, of the attempts; None as long as that follows from
    when the job runs, because nobody has intervened. `renewals` counts the retries that gave the
    task a new id. `number` is the position among the tasks of the job.
    """

    job: "Job"
    number: int
    device: Device
    from_version: str
    attempts: tuple[Attempt, ...]
    phases: tuple[Phase, ...] | None = None
    renewals: int = 0

    @property
    def task_id(self) -> str:
        """24 hex digits: the job's first 16, the renewals, and the number within the job."""
        return f"{self.job.job_id[:16]}{self.renewals:02x}{self.number:06x}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """One job without its tasks.

    `name` is None for a job created without one. `policy` None is null on the wire. `timeout_s`,
    `retry`, `schedule` and `max_concurrency` None are left out of the answer, like whatever
    `omitted` names. `day_window` is the deprecated pair startSchedule, endSchedule.
    """

    job_id: str
    name: LocalText | None
    firmware: Firmware
    type: JobType
    scope: Mapping[str, object]
    policy: str | None
    enable_upgrade_request: bool
    timeout_s: int | None
    retry: Mapping[str, object] | None
    schedule: Mapping[str, object] | None
    max_concurrency: int | None
    day_window: tuple[int, int] | None
    start_after_create: bool | None
    omitted: frozenset[str]
    created_s: float
