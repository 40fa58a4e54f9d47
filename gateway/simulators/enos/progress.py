"""How a task looks at a given moment: a pure function of its plan, the job's runs and the time.

```
init -> published -> upgrading -> succeeded
  ^         |            |
  |         +------------+------> failed
  +---- automatic retry ------------+
```

Source: EnOS Connection API V2.1, task status and progress codes; sample device code for texts.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from gateway.simulators.enos.catalogue import Language
from gateway.simulators.enos.records import Attempt

REPORT_EVERY_S: Final = 5.0
"""A working device reports its progress this often."""

_MILESTONES: Final[dict[Language, tuple[tuple[int, str], ...]]] = {
    "en": (
        (90, "running firmware finished"),
        (70, "decompressing firmware finished"),
        (35, "downloading firmware finished"),
    ),
    "zh": ((90, "固件写入完成"), (70, "固件解压完成"), (35, "固件下载完成")),
}


class JobStatus(StrEnum):
    """The two documented job states; EnOS knows no finished job."""

    STARTED = "started"
    STOPPED = "stopped"


class TaskStatus(StrEnum):
    """The five documented task states."""

    INIT = "init"
    PUBLISHED = "published"
    UPGRADING = "upgrading"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in which a job runs; `closes_s` is infinite while it is not stopped."""

    opens_s: float
    closes_s: float = math.inf


@dataclass(frozen=True, slots=True)
class JobRun:
    """When a job runs: windows in order of time, none for a job that was never started."""

    windows: tuple[Window, ...]

    @property
    def status(self) -> JobStatus:
        """Started as long as the last window is open-ended, even if it opens later."""
        is_open = bool(self.windows) and self.windows[-1].closes_s == math.inf
        return JobStatus.STARTED if is_open else JobStatus.STOPPED

    def wall_time(self, running_s: float) -> float:
        """The moment at which the job has run for `running_s`; infinite if it never does."""
        if running_s == math.inf:
            return math.inf
        left_s = running_s
        for window in self.windows:
            if window.opens_s + left_s < window.closes_s:
                return window.opens_s + left_s
            left_s -= window.closes_s - window.opens_s
        return math.inf

    def is_open(self, moment_s: float) -> bool:
        """Whether the job pushes at this moment."""
        return any(window.opens_s <= moment_s < window.closes_s for window in self.windows)

    def stopped_at(self, moment_s: float) -> "JobRun":
        """The run with its last window closed; a window that was still to open falls away."""
        *earlier, last = self.windows
        if last.opens_s >= moment_s:
            return JobRun(tuple(earlier))
        return JobRun((*earlier, Window(last.opens_s, moment_s)))

    def started_at(self, moment_s: float) -> "JobRun":
        """The run with a new open window."""
        return JobRun((*self.windows, Window(moment_s)))


class TaskState(NamedTuple):
    """A task at a moment.

    `progress` is percent, or a negative failure code. `updated_s` is the last change,
    `until_s` the next one: infinite when only a new run of the job can change the task again.
    """

    status: TaskStatus
    progress: int
    desc: str
    updated_s: float
    until_s: float


class _Phase(NamedTuple):
    """An attempt laid on the clock; `leaves_s` is when the next begins, infinite for the last."""

    attempt: Attempt
    queued_s: float
    published_s: float
    started_s: float
    ended_s: float
    leaves_s: float


def task_state(
    attempts: Sequence[Attempt], run: JobRun, *, created_s: float, now_s: float, language: Language
) -> TaskState:
    """The state at `now_s` of a task created at `created_s`."""
    state = TaskState(TaskStatus.INIT, 0, "", created_s, math.inf)
    for phase in _phases(attempts, run, created_s):
        if now_s < phase.queued_s:
            return state
        state = _state_within(phase, now_s, language)
    return state


def ending(attempts: Sequence[Attempt], run: JobRun) -> tuple[float, bool]:
    """When a task reaches its last state, and whether that is success; infinite if never."""
    ended_s, succeeds = math.inf, False
    for phase in _phases(attempts, run, 0.0):
        ended_s, succeeds = phase.ended_s, phase.attempt.succeeds
    return ended_s, succeeds


def _phases(attempts: Sequence[Attempt], run: JobRun, created_s: float) -> Iterator[_Phase]:
    """The attempts that take place. A retry takes place only if the job runs at its push."""
    queued_s, published_s = created_s, run.wall_time(attempts[0].push_s)
    last = len(attempts) - 1
    for position, attempt in enumerate(attempts):
        started_s = published_s + attempt.ack_s
        ended_s = started_s + attempt.run_s
        leaves_s = next_published_s = math.inf
        if position < last:
            following = attempts[position + 1]
            next_published_s = ended_s + following.wait_s + following.push_s
            if run.is_open(next_published_s):
                leaves_s = ended_s + following.wait_s
        yield _Phase(attempt, queued_s, published_s, started_s, ended_s, leaves_s)
        if leaves_s == math.inf:
            return
        queued_s, published_s = leaves_s, next_published_s


def _state_within(phase: _Phase, now_s: float, language: Language) -> TaskState:
    attempt = phase.attempt
    if now_s < phase.published_s:
        return TaskState(TaskStatus.INIT, 0, "", phase.queued_s, phase.published_s)
    if now_s < phase.started_s:
        return TaskState(TaskStatus.PUBLISHED, 0, "", phase.published_s, phase.started_s)
    if now_s < phase.ended_s:
        worked_s = (now_s - phase.started_s) // REPORT_EVERY_S * REPORT_EVERY_S
        percent = int(worked_s / attempt.run_s * attempt.peak)
        desc = next((text for least, text in _MILESTONES[language] if percent >= least), "")
        reported_s = phase.started_s + worked_s
        until_s = min(reported_s + REPORT_EVERY_S, phase.ended_s)
        return TaskState(TaskStatus.UPGRADING, percent, desc, reported_s, until_s)
    status = TaskStatus.SUCCEEDED if attempt.succeeds else TaskStatus.FAILED
    return TaskState(status, attempt.outcome, attempt.desc, phase.ended_s, phase.leaves_s)
