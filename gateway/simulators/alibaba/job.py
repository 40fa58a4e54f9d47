"""Batches: one rollout of a package, what it is set to, and which status it has when."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.simulators.alibaba.allotment import Allotment
from gateway.simulators.alibaba.firmware import Firmware


class JobStatus(StrEnum):
    """The vendor's words for where a batch stands."""

    PLANNED = "PLANNED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


class JobType(StrEnum):
    """Whether a batch tries a package or rolls it out."""

    UPGRADE = "UPGRADE_FIRMWARE"
    VERIFY = "VERIFY_FIRMWARE"


class Selection(StrEnum):
    """Whether the devices are fixed when the batch is made, or join as they match."""

    STATIC = "STATIC"
    DYNAMIC = "DYNAMIC"


class Target(StrEnum):
    """How the devices of a static batch are chosen; a dynamic one always says ALL."""

    ALL = "ALL"
    SPECIFIC = "SPECIFIC"
    GRAY = "GRAY"
    GROUP = "GROUP"


class Protocol(StrEnum):
    """How devices fetch the package."""

    HTTPS = "HTTPS"
    MQTT = "MQTT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A device group."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Failed tasks are tried again `count` times, `interval_min` minutes apart (0: at once)."""

    interval_min: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which devices a batch is for; each part is None or empty where it does not apply.

    `gray_percent` is the vendor's text, per cent of the devices.
    """

    selection: Selection
    target: Target
    dynamic_mode: int | None = None
    gray_percent: str | None = None
    group: Group | None = None
    source_versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a batch runs; `retry` and `timeout_min` (minutes) are None where nobody set them."""

    protocol: Protocol
    maximum_per_minute: int
    multi_module: bool
    need_confirm: bool
    need_push: bool
    overwrite_mode: int
    retry: Retry | None
    timeout_min: int | None
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When things happen to a batch, in epoch seconds.

    `scheduled_s` and `window_end_s` are None unless the batch was scheduled, or given an end.
    `push_span_s` is how long it takes until the last device was told. `ended_s` is when it ends,
    None for a batch that never does; with `canceled` that end is a cancellation. `cut_s` is when
    tasks still open then are canceled, None when they all run to their own end.
    """

    created_s: float
    scheduled_s: float | None = None
    window_end_s: float | None = None
    push_span_s: float
    ended_s: float | None
    canceled: bool = False
    cut_s: float | None = None

    @property
    def start_s(self) -> float:
        """When the batch begins to run."""
        return self.created_s if self.scheduled_s is None else self.scheduled_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A batch.

    The last `joiners` of its devices are matched some time after the batch, or the simulator,
    began. `lingering` is the share of devices that never finish, 0 to 1; `failing` that of those
    that fail. `blank_style` picks how a value that does not exist is written. `changed_s` is when
    a call last changed its settings, 0 if none did; each of `past_timeouts` is a moment and the
    timeout (minutes, None without one) that tasks made before it keep.
    """

    id: str
    task_token: str
    type: JobType
    firmware: Firmware
    note: str | None
    scope: Scope
    settings: Settings
    timing: Timing
    devices: Allotment
    joiners: int
    lingering: float
    failing: float
    blank_style: int
    list_order: float
    changed_s: float = 0.0
    past_timeouts: tuple[tuple[float, int | None], ...] = ()

    @property
    def size(self) -> int:
        """How many devices it has or will have."""
        return len(self.devices)

    def status_at(self, now_s: float) -> JobStatus:
        """The status at a moment."""
        timing = self.timing
        if timing.ended_s is not None and now_s >= timing.ended_s:
            return JobStatus.CANCELED if timing.canceled else JobStatus.COMPLETED
        return JobStatus.PLANNED if now_s < timing.start_s else JobStatus.IN_PROGRESS

    def started_at(self, now_s: float) -> float | None:
        """When it began to run, None if it has not, or was canceled before."""
        start_s = self.timing.start_s
        ended_s = self.timing.ended_s
        if now_s < start_s or (ended_s is not None and ended_s <= start_s):
            return None
        return start_s

    def ended_at(self, now_s: float) -> float | None:
        """When it ended, None if it has not."""
        ended_s = self.timing.ended_s
        return ended_s if ended_s is not None and now_s >= ended_s else None

    def modified_at(self, now_s: float) -> float:
        """When the batch itself last changed; progress of its tasks is no such change."""
        moved_s = self.ended_at(now_s) or self.started_at(now_s) or self.timing.created_s
        return max(moved_s, self.changed_s)

    def timeout_of(self, created_s: float) -> int | None:
        """The timeout, in minutes, of a task created then; None without one."""
        for before_s, timeout_min in self.past_timeouts:
            if created_s < before_s:
                return timeout_min
        return self.settings.timeout_min
