"""Courses of the tasks that calls make or run again: when a device is told, and how it fares."""

from gateway.simulators.alibaba import catalogue
from gateway.simulators.alibaba.draw import Draw
from gateway.simulators.alibaba.job import Job
from gateway.simulators.alibaba.readings import Habits
from gateway.simulators.alibaba.rollout import LONGEST_UPDATE_S, MINUTE_S
from gateway.simulators.alibaba.task import NEVER, Course, TaskStatus

_RETRY_SUCCEEDS = 0.6
_TIMED_OUT_OF_FAILING = 0.25
_REFUSED_OF_FAILING = 0.3
_REST_OF_TIMEOUT = 0.9


def awaiting_confirmation(*, created_s: float, ordered_s: float, version: str) -> Course:
    """A task that stays in CONFIRM until somebody confirms it; `version` is the device's."""
    return Course(
        created_s=created_s,
        confirmed_s=NEVER,
        pushed_s=NEVER,
        reported_s=NEVER,
        ended_s=NEVER,
        outcome=TaskStatus.SUCCEEDED,
        reason=None,
        ceiling_percent=0,
        source_version=version,
        ordered_s=ordered_s,
    )


def failed_at_once(*, created_s: float, ordered_s: float, version: str) -> Course:
    """A task whose device has another open one that may not be replaced."""
    course = awaiting_confirmation(created_s=created_s, ordered_s=ordered_s, version=version)
    return course._replace(
        confirmed_s=created_s,
        ended_s=ordered_s,
        outcome=TaskStatus.FAILED,
        reason=catalogue.BUSY_TEXT,
    )


def carried_out(
    waiting: Course,
    job: Job,
    chance: Draw,
    habits: Habits,
    *,
    confirmed_s: float,
    pushed_s: float,
) -> Course:
    """The course of a task that may be pushed from `pushed_s` on, to whatever end it comes."""
    reported_s = pushed_s + 2 + 40 * chance.random()
    span_s = MINUTE_S + (LONGEST_UPDATE_S - 2 * MINUTE_S) * chance.random()
    timeout_min = job.settings.timeout_min
    if timeout_min is not None:
        span_s = min(span_s, _REST_OF_TIMEOUT * timeout_min * MINUTE_S)
    course = waiting._replace(
        confirmed_s=confirmed_s,
        pushed_s=pushed_s,
        reported_s=reported_s,
        ended_s=reported_s + span_s,
        outcome=TaskStatus.SUCCEEDED,
        reason=None,
        ceiling_percent=100,
    )
    lot = chance.random()
    if lot < habits.lingering:
        return course._replace(pushed_s=NEVER, reported_s=NEVER, ended_s=NEVER, ceiling_percent=0)
    if lot < habits.lingering + habits.failing:
        return _failed(course, job, chance)
    return course


def closed(course: Course, *, at_s: float, outcome: TaskStatus, reason: str | None) -> Course:
    """The course of a task that is ended from outside, unless it has ended before."""
    if course.ended_s <= at_s:
        return course
    percent = course.percent_at(at_s)
    return course._replace(ended_s=at_s, outcome=outcome, reason=reason, ceiling_percent=percent)


def within_window(course: Course, job: Job, outcome: TaskStatus) -> Course:
    """The course as it ends where the batch's window does, by this outcome; there may be none."""
    window_end_s = job.timing.window_end_s
    if window_end_s is None:
        return course
    return closed(course, at_s=window_end_s, outcome=outcome, reason=catalogue.WINDOW_CLOSED_TEXT)


def _failed(course: Course, job: Job, chance: Draw) -> Course:
    failed = course._replace(outcome=TaskStatus.FAILED)
    timeout_min = job.settings.timeout_min
    if timeout_min is not None and chance.chance(_TIMED_OUT_OF_FAILING):
        return _timed_out(failed, timeout_min, chance)
    if chance.chance(_REFUSED_OF_FAILING):
        failed = failed._replace(
            ended_s=course.reported_s,
            reported_s=NEVER,
            reason=chance.choice(catalogue.REFUSED_TEXTS),
            ceiling_percent=0,
        )
    else:
        reason = chance.choice(catalogue.UNFIT_TEXTS)
        failed = failed._replace(reason=reason, ceiling_percent=chance.randint(0, 99))
    return _retried(failed, job, chance)


def _timed_out(course: Course, timeout_min: int, chance: Draw) -> Course:
    return course._replace(
        ended_s=course.reported_s + timeout_min * MINUTE_S,
        outcome=TaskStatus.FAILED,
        reason=catalogue.TIMEOUT_TEXT,
        ceiling_percent=chance.randint(0, 99),
    )


def _retried(course: Course, job: Job, chance: Draw) -> Course:
    """The failure put off by the batch's retries, or avoided by one of them.

    While it is tried again, a task looks as if it were still at it; a timeout ends that, and
    is not tried again.
    """
    retry, timeout_min = job.settings.retry, job.settings.timeout_min
    if retry is None or not job.scope.source_versions:
        return course
    ended_s = course.ended_s
    for _ in range(retry.count):
        ended_s += retry.interval_min * MINUTE_S + MINUTE_S * (1 + chance.random())
        late = timeout_min is not None and ended_s > course.reported_s + timeout_min * MINUTE_S
        if timeout_min is not None and late:
            return _timed_out(course, timeout_min, chance)
        if chance.chance(_RETRY_SUCCEEDS):
            reported_s = min(course.reported_s, ended_s - MINUTE_S)
            return course._replace(
                reported_s=reported_s,
                ended_s=ended_s,
                outcome=TaskStatus.SUCCEEDED,
                reason=None,
                ceiling_percent=100,
            )
    return course._replace(ended_s=ended_s)
