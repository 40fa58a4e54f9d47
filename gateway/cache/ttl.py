"""How long each kind of answer stays true."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.domain.firmware import Firmware, VerificationStatus
from gateway.domain.job import TERMINAL_JOB_STATUSES, JobStatus, OtaJob
from gateway.domain.task import TERMINAL_TASK_STATUSES, Task

_MINUTE: Final = 60.0
_HOUR: Final = 3_600.0


class Content(StrEnum):
    """What an answer holds, as far as its time to live depends on it.

    A job in a status we do not know counts as running. The tasks of a page have ended if there
    are any and all of them have; even then it is a matter of seconds, since the next task that
    ends joins the page.
    """

    FINISHED_JOB = "FINISHED_JOB"
    RUNNING_JOB = "RUNNING_JOB"
    PLANNED_JOB = "PLANNED_JOB"
    STOPPED_JOB = "STOPPED_JOB"
    JOB_LIST = "JOB_LIST"
    PACKAGE_JOBS = "PACKAGE_JOBS"
    ENDED_PACKAGE_JOBS = "ENDED_PACKAGE_JOBS"
    OPEN_TASKS = "OPEN_TASKS"
    ENDED_TASKS = "ENDED_TASKS"
    TASK_COUNT = "TASK_COUNT"
    FIRMWARE = "FIRMWARE"
    FIRMWARE_IN_VERIFICATION = "FIRMWARE_IN_VERIFICATION"
    FIRMWARE_LIST = "FIRMWARE_LIST"
    DEVICE = "DEVICE"
    CATALOGUE = "CATALOGUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """Seconds from the cloud's answer on.

    Up to `fresh_s` the answer is given as it is. From then up to `usable_s` it is given, marked
    STALE, while a new one is fetched behind. After that a reader waits for the new one.
    """

    fresh_s: float
    usable_s: float

    def __post_init__(self) -> None:
        """Refuse an answer that is fresh for longer than it is usable."""
        if not 0 <= self.fresh_s <= self.usable_s:
            message = "a lifetime needs 0 <= fresh_s <= usable_s"
            raise ValueError(message)


def _lists(fresh_s: float) -> Lifetime:
    return Lifetime(fresh_s=fresh_s, usable_s=fresh_s + 5 * _MINUTE)


DEFAULT_LIFETIMES: Final[Mapping[Content, Lifetime]] = {
    Content.FINISHED_JOB: Lifetime(fresh_s=6 * _HOUR, usable_s=48 * _HOUR),
    Content.RUNNING_JOB: _lists(15),
    Content.PLANNED_JOB: _lists(30),
    Content.STOPPED_JOB: _lists(30),
    Content.JOB_LIST: _lists(15),
    # What a job index is made of: usable for long, so that it stands at once after a restart.
    Content.PACKAGE_JOBS: Lifetime(fresh_s=15, usable_s=24 * _HOUR),
    Content.ENDED_PACKAGE_JOBS: Lifetime(fresh_s=2 * _MINUTE, usable_s=24 * _HOUR),
    Content.OPEN_TASKS: _lists(5),
    Content.ENDED_TASKS: _lists(30),
    Content.TASK_COUNT: _lists(5),
    Content.FIRMWARE: Lifetime(fresh_s=10 * _MINUTE, usable_s=_HOUR),
    Content.FIRMWARE_IN_VERIFICATION: _lists(15),
    Content.FIRMWARE_LIST: Lifetime(fresh_s=30, usable_s=24 * _HOUR),
    Content.DEVICE: _lists(30),
    Content.CATALOGUE: _lists(30),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeTable:
    """Lifetimes by content: those of one backend first, then those of all, then the defaults."""

    everywhere: Mapping[Content, Lifetime] = field(default_factory=dict)
    by_backend: Mapping[str, Mapping[Content, Lifetime]] = field(default_factory=dict)

    def lifetime(self, backend: str, content: Content) -> Lifetime:
        """How long an answer of `backend` that holds `content` stays true."""
        own = self.by_backend.get(backend, {}).get(content)
        return own or self.everywhere.get(content) or DEFAULT_LIFETIMES[content]


_BY_JOB_STATUS: Final[Mapping[JobStatus, Content]] = {
    JobStatus.PLANNED: Content.PLANNED_JOB,
    JobStatus.STOPPED: Content.STOPPED_JOB,
    **dict.fromkeys(TERMINAL_JOB_STATUSES, Content.FINISHED_JOB),
}


def job_content(job: OtaJob) -> Content:
    """Content of the read of one job."""
    return _BY_JOB_STATUS.get(job.status, Content.RUNNING_JOB)


def package_jobs_content(jobs: Iterable[OtaJob]) -> Content:
    """Content of a list of one package's jobs.

    One whose jobs have all ended changes only when a new one is made, and is asked for rarely.
    """
    ended = all(job.status in TERMINAL_JOB_STATUSES for job in jobs)
    return Content.ENDED_PACKAGE_JOBS if ended else Content.PACKAGE_JOBS


def tasks_content(tasks: Iterable[Task]) -> Content:
    """Content of a list of tasks."""
    statuses = {task.status for task in tasks}
    ended = bool(statuses) and statuses <= TERMINAL_TASK_STATUSES
    return Content.ENDED_TASKS if ended else Content.OPEN_TASKS


def firmware_content(firmware: Firmware) -> Content:
    """Content of the read of one package."""
    if firmware.verification is VerificationStatus.VERIFYING:
        return Content.FIRMWARE_IN_VERIFICATION
    return Content.FIRMWARE
