"""One device's part in a batch: a course fixed in advance, read at any moment."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gateway.simulators.alibaba.job import Job
from gateway.simulators.alibaba.product import Device

NEVER = math.inf


class TaskStatus(StrEnum):
    """The vendor's words for where a task stands."""

    CONFIRM = "CONFIRM"
    QUEUED = "QUEUED"
    NOTIFIED = "NOTIFIED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


UNFINISHED = frozenset(
    {TaskStatus.CONFIRM, TaskStatus.QUEUED, TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS}
)


class Course(NamedTuple):
    """When a task passes from one status to the next, in epoch seconds; `NEVER` where it does not.

    `outcome` is the status from `ended_s` on, `reason` the text beside it, None without one.
    `ceiling_percent` is the progress reached at the end. `ordered_s` is when a call made the
    task or had it run again, 0 for those there from the start. A tuple, because there are 60,000.
    """

    created_s: float
    confirmed_s: float
    pushed_s: float
    reported_s: float
    ended_s: float
    outcome: TaskStatus
    reason: str | None
    ceiling_percent: int
    source_version: str
    ordered_s: float = 0.0

    def status_at(self, now_s: float) -> TaskStatus:
        """The status at a moment not before the task's creation."""
        if now_s >= self.ended_s:
            return self.outcome
        if now_s >= self.reported_s:
            return TaskStatus.IN_PROGRESS
        if now_s >= self.pushed_s:
            return TaskStatus.NOTIFIED
        return TaskStatus.QUEUED if now_s >= self.confirmed_s else TaskStatus.CONFIRM

    def percent_at(self, now_s: float) -> int:
        """The progress the device reported last, 0 to 100."""
        if now_s < self.reported_s:
            return 0
        if now_s >= self.ended_s:
            return self.ceiling_percent if self.reported_s < self.ended_s else 0
        if self.ended_s == NEVER:
            return self.ceiling_percent
        share = (now_s - self.reported_s) / (self.ended_s - self.reported_s)
        return int(share * self.ceiling_percent)

    def modified_at(self, now_s: float) -> float:
        """When status or progress last changed."""
        if now_s >= self.ended_s:
            return self.ended_s
        if now_s >= self.reported_s:
            percent = self.percent_at(now_s)
            if self.ended_s == NEVER or percent == 0:
                return self.reported_s
            step_s = (self.ended_s - self.reported_s) / self.ceiling_percent
            return self.reported_s + percent * step_s
        reached = (self.pushed_s, self.confirmed_s, self.created_s)
        moved_s = next((moment for moment in reached if moment <= now_s), self.created_s)
        return max(moved_s, self.ordered_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task with what it belongs to; `position` is its place in the batch, from 0."""

    job: Job
    position: int
    course: Course

    @property
    def id(self) -> str:
        """`TaskId`: the batch's token and the place in it."""
        return f"{self.job.task_token}{self.position:06d}"

    @property
    def device(self) -> Device:
        """The device that is to be updated."""
        return self.job.firmware.product.device(self.job.devices.device_at(self.position))
