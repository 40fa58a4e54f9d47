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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from gateway.simulators.enos.catalogue import Language
from gateway.simulators.enos.records import Attempt, Phase
from gateway.simulators.enos.schedule import Schedule

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
    """When a job runs: windows in order of time, none for a job that was never started.

    Within the windows, `schedule` bounds when the job pushes; None for at any time.
    """

    windows: tuple[Window, ...]
    schedule: Schedule | None = None

    @property
    def status(self) -> JobStatus:
        """Started as long as the last window is open-ended, even if it opens later."""
        is_open = bool(self.windows) and self.windows[-1].closes_s == math.inf
        return JobStatus.STARTED if is_open else JobStatus.STOPPED

    def running_time(self, moment_s: float) -> float:
        """For how many seconds the job has been pushing by a moment; the inverse of `wall_time`."""
        return sum(
            self._open_time(min(moment_s, window.closes_s)) - self._open_time(window.opens_s)
            for window in self.windows
            if window.opens_s < moment_s
        )

    def wall_time(self, running_s: float) -> float:
        """The moment at which the job has run for `running_s`; infinite if it never does."""
        if running_s == math.inf:
            return math.inf
        left_s = running_s
        for window in self.windows:
            if self.schedule is not None:
                before_s = self.schedule.open_time(window.opens_s)
                length_s = self.schedule.open_time(window.closes_s) - before_s
                if left_s < length_s:
                    return max(window.opens_s, self.schedule.moment(before_s + left_s))
                left_s -= length_s
            elif window.opens_s + left_s < window.closes_s:
                return window.opens_s + left_s
            else:
                left_s -= window.closes_s - window.opens_s
        return math.inf

    def next_push(self, moment_s: float) -> float:
        """The first moment from `moment_s` on at which the job pushes; infinite if never."""
        if moment_s == math.inf:
            return math.inf
        return max(moment_s, self.wall_time(self.running_time(moment_s)))

    def next_started(self, moment_s: float) -> float:
        """The first moment from `moment_s` on at which the job is started, scheduled or not."""
        open_windows = (window for window in self.windows if moment_s < window.closes_s)
        return max(moment_s, next((window.opens_s for window in open_windows), math.inf))

    def stopped_at(self, moment_s: float) -> "JobRun":
        """The run with its last window closed; a window that was still to open falls away."""
        *earlier, last = self.windows
        if last.opens_s >= moment_s:
            return JobRun(tuple(earlier), self.schedule)
        return JobRun((*earlier, Window(last.opens_s, moment_s)), self.schedule)

    def started_at(self, moment_s: float) -> "JobRun":
        """The run with a new open window."""
        return JobRun((*self.windows, Window(moment_s)), self.schedule)

    def _open_time(self, moment_s: float) -> float:
        return moment_s if self.schedule is None else self.schedule.open_time(moment_s)


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


def task_state(
    attempts: Sequence[Attempt], run: JobRun, *, created_s: float, now_s: float, language: Language
) -> TaskState:
    """The state at `now_s` of a task created at `created_s` whose job pushes without a limit."""
    phases = task_phases(attempts, run, created_s=created_s)
    return state_at(phases, created_s=created_s, now_s=now_s, language=language)


def state_at(
    phases: Iterable[Phase], *, created_s: float, now_s: float, language: Language
) -> TaskState:
    """The state at `now_s` of a task created at `created_s` that goes through these phases."""
    state = TaskState(TaskStatus.INIT, 0, "", created_s, math.inf)
    for phase in phases:
        if now_s < phase.queued_s:
            return state
        state = _state_within(phase, now_s, language)
    return state


def ending(attempts: Sequence[Attempt], run: JobRun) -> tuple[float, bool]:
    """When a task reaches its last state, and whether that is success; infinite if never."""
    ended_s, succeeds = math.inf, False
    for phase in task_phases(attempts, run, created_s=0.0):
        ended_s, succeeds = phase.ended_s, phase.attempt.succeeds
    return ended_s, succeeds


def task_phases(attempts: Sequence[Attempt], run: JobRun, *, created_s: float) -> Iterator[Phase]:
    """The attempts that take place, where the job may push to any number of devices at once.

    A retry is queued while the job is started, or when it is started again, and takes place when
    the job has then pushed for long enough.
    """
    queued_s, published_s = created_s, run.wall_time(attempts[0].push_s)
    last = len(attempts) - 1
    for position, attempt in enumerate(attempts):
        started_s = published_s + attempt.ack_s
        ended_s = started_s + attempt.run_s
        leaves_s = next_published_s = math.inf
        if position < last and ended_s < math.inf:
            following = attempts[position + 1]
            leaves_s = run.next_started(ended_s + following.wait_s)
            next_published_s = due_time(following, run, queued_s=leaves_s)
        yield Phase(attempt, queued_s, published_s, started_s, ended_s, leaves_s)
        if leaves_s == math.inf:
            return
        queued_s, published_s = leaves_s, next_published_s


def due_time(retry: Attempt, run: JobRun, *, queued_s: float) -> float:
    """When an attempt after the first, queued at a moment, may be pushed; infinite if never."""
    if queued_s == math.inf:
        return math.inf
    return run.wall_time(run.running_time(queued_s) + retry.push_s)


def _state_within(phase: Phase, now_s: float, language: Language) -> TaskState:
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
