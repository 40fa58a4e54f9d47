"""Courses of tasks: lawful at every moment, at the batch's pace, and moving."""

import math
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.alibaba import catalogue
from gateway.simulators.alibaba.job import Job, JobStatus
from gateway.simulators.alibaba.task import NEVER, Course, TaskStatus
from tests.simulators.alibaba.caller import START_S
from tests.simulators.alibaba.fleets import default_fleet, small_fleet

MOVES = {
    TaskStatus.CONFIRM: {TaskStatus.QUEUED, TaskStatus.NOTIFIED},
    TaskStatus.QUEUED: {TaskStatus.NOTIFIED},
    TaskStatus.NOTIFIED: {TaskStatus.IN_PROGRESS, TaskStatus.FAILED},
    TaskStatus.IN_PROGRESS: {TaskStatus.SUCCEEDED, TaskStatus.FAILED},
    TaskStatus.SUCCEEDED: set(),
    TaskStatus.FAILED: set(),
    TaskStatus.CANCELED: set(),
}
OPEN = set(MOVES) - {TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELED}


def pairs() -> list[tuple[Job, Course]]:
    fleet = small_fleet()
    return [(job, course) for job in fleet.jobs for course in fleet.courses(job)]


def moments(course: Course) -> list[float]:
    """The moments of change, in order, from the creation to the end."""
    middle = {course.confirmed_s, course.pushed_s, course.reported_s, course.ended_s}
    return [
        course.created_s,
        *sorted(m for m in middle if course.created_s < m <= min(course.ended_s, 1e12)),
    ]


def test_a_task_passes_from_status_to_status_as_documented() -> None:
    seen = set()
    for _, course in pairs():
        statuses = [course.status_at(moment) for moment in moments(course)]
        for old, new in pairwise(statuses):
            assert new in MOVES[old] or (old in OPEN and new is TaskStatus.CANCELED), course
            seen.add((old, new))
    assert len(seen) >= 8


def test_only_batches_that_ask_for_it_await_confirmation() -> None:
    waiting = 0
    for job, course in pairs():
        confirmed_at_once = course.confirmed_s == course.created_s
        assert confirmed_at_once or job.settings.need_confirm
        waiting += not confirmed_at_once
    assert waiting


@given(st.sampled_from(pairs()), st.lists(st.floats(0, 86_400), min_size=2))
def test_progress_never_falls_and_is_a_percentage(
    pair: tuple[Job, Course], delays: list[float]
) -> None:
    _, course = pair
    start_s = course.created_s if course.reported_s == NEVER else course.reported_s
    percents = [course.percent_at(start_s + delay) for delay in sorted(delays)]
    assert percents == sorted(percents)
    assert all(0 <= percent <= 100 for percent in percents)
    assert course.percent_at(start_s - 1) == 0


@given(st.sampled_from(pairs()), st.floats(0, 86_400))
def test_a_task_was_modified_between_its_creation_and_now(
    pair: tuple[Job, Course], delay: float
) -> None:
    _, course = pair
    now_s = course.created_s + delay
    assert course.created_s <= course.modified_at(now_s) <= now_s + 1e-3


def test_progress_is_whole_only_on_success() -> None:
    for _, course in pairs():
        if course.ended_s < NEVER:
            whole = course.percent_at(course.ended_s) == 100
            assert whole == (course.outcome is TaskStatus.SUCCEEDED)


def test_failures_say_why_and_timeouts_take_their_time() -> None:
    reasons = Counter[str | None]()
    for job, course in pairs():
        if course.outcome is TaskStatus.FAILED:
            assert course.reason
        if course.outcome is TaskStatus.SUCCEEDED:
            assert course.reason is None
        if course.reason == catalogue.TIMEOUT_TEXT:
            assert job.settings.timeout_min is not None
            took_s = course.ended_s - course.reported_s
            assert math.isclose(took_s, job.settings.timeout_min * 60, abs_tol=1e-3)
        if course.reason == catalogue.BUSY_TEXT:
            assert job.settings.overwrite_mode == 1
            assert course.ended_s == course.created_s
        reasons[course.reason] += 1
    assert reasons["report version is not conform"]
    assert reasons["timeout"]
    assert any(reason and not reason.isascii() for reason in reasons)


def test_no_task_updates_for_longer_than_its_timeout() -> None:
    for job, course in pairs():
        if job.settings.timeout_min is not None and course.reported_s < course.ended_s:
            took_s = course.ended_s - course.reported_s
            assert took_s <= job.settings.timeout_min * 60 + 1e-3


def test_no_batch_pushes_faster_than_it_may() -> None:
    fleet = default_fleet()
    for job in fleet.jobs:
        pushes = [course.pushed_s for course in fleet.courses(job) if course.pushed_s < NEVER]
        minutes = Counter(int((push - job.timing.start_s) // 60) for push in pushes)
        assert max(minutes.values(), default=0) <= job.settings.maximum_per_minute


def test_tasks_of_a_planned_batch_wait_in_the_queue() -> None:
    fleet = small_fleet()
    planned = [job for job in fleet.jobs if job.status_at(START_S) is JobStatus.PLANNED]
    assert planned
    for job in planned:
        waiting = {course.status_at(START_S) for course in fleet.courses(job)}
        assert waiting <= {
            TaskStatus.QUEUED,
            TaskStatus.CONFIRM,
            TaskStatus.FAILED,
            TaskStatus.CANCELED,
        }


def test_a_viewer_sees_the_newest_batch_change_within_seconds() -> None:
    fleet = default_fleet()
    running = [job for job in fleet.jobs if job.status_at(START_S) is JobStatus.IN_PROGRESS]
    newest = max(running, key=lambda job: job.timing.created_s)

    def picture(now_s: float) -> list[tuple[TaskStatus, int]]:
        courses = fleet.courses(newest)
        return [(course.status_at(now_s), course.percent_at(now_s)) for course in courses]

    pictures = [picture(START_S + 10 * step) for step in range(12)]
    assert all(one != other for one, other in pairwise(pictures))
