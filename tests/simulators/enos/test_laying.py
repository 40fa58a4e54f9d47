"""Pushes under a limit: never more at work than allowed, nobody forgotten, the past unchanged."""

import math
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.enos.catalogue import PRODUCTS
from gateway.simulators.enos.interventions import cancel, retry
from gateway.simulators.enos.laying import Course
from gateway.simulators.enos.progress import JobRun, Window, state_at
from gateway.simulators.enos.records import (
    Attempt,
    Device,
    Firmware,
    Job,
    JobType,
    Phase,
    Task,
)
from gateway.simulators.enos.texts import LocalText

FIRMWARE = Firmware(
    firmware_id="f",
    owner=PRODUCTS[0],
    is_independent=False,
    name=LocalText(default="f"),
    version="2",
    desc=None,
    sign_method="md5",
    sign="",
    file_url="",
    file_size=1,
    enable_verification=False,
    is_verified=False,
    created_s=0.0,
    tags=None,
    max_allowed_for_verification=None,
    min_success_for_verified=None,
)
JOB = Job(
    job_id="0" * 24,
    name=None,
    firmware=FIRMWARE,
    type=JobType.UPGRADE,
    scope={},
    policy=None,
    enable_upgrade_request=False,
    timeout_s=None,
    retry=None,
    schedule=None,
    max_concurrency=None,
    day_window=None,
    start_after_create=None,
    omitted=frozenset(),
    created_s=0.0,
)
OPEN = JobRun((Window(0.0),))


def attempt(push_s: float = 1.0, run_s: float = 100.0, *, fails: bool = False) -> Attempt:
    return Attempt(10.0, push_s, 5.0, run_s, 99, -1 if fails else 100, "")


def task(number: int, *attempts: Attempt) -> Task:
    device = Device(product=PRODUCTS[0], device_key=f"d{number}", asset_id=f"a{number}")
    return Task(JOB, number, device, "1", attempts or (attempt(),), phases=())


def begin(tasks: Sequence[Task], *, limit: int, run: JobRun = OPEN) -> Course:
    empty = Course(run=JobRun(()), tasks=())
    return empty.changed(at_s=0.0, limit=limit, run=run, tasks=tasks)


def phases(course: Course) -> list[Phase]:
    found = [phase for task in course.tasks for phase in task.phases or ()]
    return sorted(found, key=lambda phase: phase.published_s)


def at_work(course: Course, at_s: float) -> int:
    return sum(phase.published_s <= at_s < phase.ended_s for phase in phases(course))


def test_devices_are_pushed_as_places_become_free() -> None:
    course = begin([task(n) for n in range(5)], limit=2)
    assert [phase.published_s for phase in phases(course)] == [1.0, 1.0, 106.0, 106.0, 211.0]


def test_an_automatic_retry_waits_for_a_place_too() -> None:
    course = begin([task(0, attempt(fails=True), attempt()), task(1)], limit=1)
    first, second, third = phases(course)
    assert (first.published_s, first.ended_s, first.leaves_s) == (1.0, 106.0, 116.0)
    assert (second.published_s, second.ended_s) == (106.0, 211.0)
    assert (third.queued_s, third.published_s) == (116.0, 211.0)


def test_a_device_that_is_never_reached_takes_no_place() -> None:
    course = begin([task(0, attempt(math.inf)), task(1)], limit=1)
    assert [phase.published_s for phase in phases(course)] == [1.0, math.inf]


def test_a_stop_takes_back_what_was_to_come_and_a_start_brings_it() -> None:
    course = begin([task(n) for n in range(3)], limit=1)
    stopped = course.changed(at_s=50.0, limit=1, run=course.run.stopped_at(50.0))
    assert [phase.published_s for phase in phases(stopped)] == [1.0, math.inf, math.inf]
    started = stopped.changed(at_s=500.0, limit=1, run=stopped.run.started_at(500.0))
    assert [phase.published_s for phase in phases(started)] == [1.0, 500.0, 605.0]


def test_a_retry_that_is_due_while_the_job_is_stopped_is_queued_at_the_start() -> None:
    course = begin([task(0, attempt(fails=True), attempt())], limit=1)
    stopped = course.changed(at_s=110.0, limit=1, run=course.run.stopped_at(110.0))
    assert len(phases(stopped)) == 1
    started = stopped.changed(at_s=500.0, limit=1, run=stopped.run.started_at(500.0))
    assert [phase.queued_s for phase in phases(started)] == [0.0, 500.0]
    assert phases(started)[0].leaves_s == 500.0


def test_a_cancelled_device_gives_its_place_away() -> None:
    course = begin([task(n) for n in range(2)], limit=1)
    tasks = [cancel(course.tasks[0], course.run, at_s=3.0), course.tasks[1]]
    changed = course.changed(at_s=3.0, limit=1, tasks=tasks)
    assert [phase.published_s for phase in phases(changed)] == [1.0, 3.0]


def test_a_cancelled_task_is_not_retried_by_the_cloud() -> None:
    course = begin([task(0, attempt(50.0, fails=True), attempt())], limit=1)
    tasks = [cancel(course.tasks[0], course.run, at_s=3.0)]
    changed = course.changed(at_s=3.0, limit=1, tasks=tasks)
    (phase,) = phases(changed)
    assert (phase.queued_s, phase.ended_s, phase.leaves_s) == (0.0, 3.0, math.inf)


def test_a_retry_queues_at_once_and_replaces_the_one_that_was_to_come() -> None:
    course = begin([task(0, attempt(fails=True), attempt())], limit=1)
    again = [attempt(2.0, fails=True), attempt()]
    tasks = [retry(course.tasks[0], course.run, again, at_s=107.0, renews_id=False)]
    changed = course.changed(at_s=107.0, limit=1, tasks=tasks)
    first, second, third = phases(changed)
    assert (first.leaves_s, second.queued_s, second.published_s) == (107.0, 107.0, 109.0)
    assert third.queued_s == second.ended_s + 10.0


SIZES = st.floats(1.0, 300.0)
ATTEMPTS = st.lists(st.tuples(SIZES, SIZES, st.booleans()), min_size=1, max_size=3)


@given(
    plans=st.lists(ATTEMPTS, min_size=1, max_size=12),
    limit=st.integers(1, 4),
    stops=st.lists(st.floats(0.0, 1_500.0), max_size=6, unique=True),
)
def test_the_limit_holds_whatever_happens(
    plans: list[list[tuple[float, float, bool]]], limit: int, stops: list[float]
) -> None:
    tasks = [
        task(
            number,
            *(
                attempt(push, run, fails=fails or position < len(plan) - 1)
                for position, (push, run, fails) in enumerate(plan)
            ),
        )
        for number, plan in enumerate(plans)
    ]
    course = begin(tasks, limit=limit)
    for number, moment in enumerate(sorted(stops)):
        past = [phase[:5] for phase in phases(course) if phase.published_s < moment]
        change = course.run.started_at if number % 2 else course.run.stopped_at
        course = course.changed(at_s=moment, limit=limit, run=change(moment))
        now = phases(course)
        assert [phase[:5] for phase in now if phase.published_s < moment] == past
    for phase in phases(course):
        if phase.published_s < math.inf:
            assert at_work(course, phase.published_s) <= limit
            assert course.run.next_push(phase.published_s - 1e-6) <= phase.published_s + 1e-6
    if len(stops) % 2 == 0:
        # Started in the end, so every task comes to its last attempt.
        for done in course.tasks:
            assert done.phases is not None
            assert len(done.phases) == len(done.attempts)
            state = state_at(done.phases, created_s=0.0, now_s=1e9, language="zh")
            assert state.status in {"succeeded", "failed"}
