"""When a batch tells its devices, one after another and not above its rate."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from gateway.simulators.alibaba.draw import Draw
from gateway.simulators.alibaba.job import Job
from gateway.simulators.alibaba.rollout import MINUTE_S
from gateway.simulators.alibaba.task import NEVER, Course, TaskStatus
from gateway.simulators.alibaba.updates import within_window

_SLOWEST_PULL_S = 4 * MINUTE_S


def push_moments(
    job: Job, others: Iterable[Course], count: int, chance: Draw, now_s: float
) -> Sequence[float]:
    """When each of `count` more devices is told, in a drawn order, beside the batch's `others`.

    Without `NeedPush` nobody tells them: they ask by themselves, minutes later.
    """
    slot_s = MINUTE_S / job.settings.maximum_per_minute
    pushes = sorted(c.pushed_s for c in others if now_s - MINUTE_S < c.pushed_s < NEVER)
    free = _free_moments(pushes, slot_s, max(now_s, job.timing.start_s))
    moments = list(islice(free, count))
    chance.shuffle(moments)
    if job.settings.need_push:
        return moments
    return [moment + _SLOWEST_PULL_S * chance.random() for moment in moments]


def _free_moments(pushes: Iterable[float], slot_s: float, from_s: float) -> Iterator[float]:
    """Moments that keep a slot's distance from each other and from these pushes, in order."""
    moment = from_s
    for push in pushes:
        while push - moment >= slot_s:
            yield moment
            moment += slot_s
        moment = max(moment, push + slot_s)
    while True:
        yield moment
        moment += slot_s


def repaced(
    job: Job, courses: Sequence[Course], now_s: float, *, window_closed: TaskStatus
) -> Mapping[int, Course]:
    """New courses, by position, of queued tasks: in their order, at the batch's present rate.

    A batch from the start has a pace of its own below its rate, so its pushes only move back;
    those of one that a call made move forward, too. `window_closed` is what becomes of a task
    that its batch's window cuts off.
    """
    slot_s = MINUTE_S / job.settings.maximum_per_minute
    queued = sorted(
        (course.pushed_s, position)
        for position, course in enumerate(courses)
        if course.created_s <= now_s
        and course.pushed_s < NEVER
        and course.status_at(now_s) is TaskStatus.QUEUED
    )
    changes = {}
    free_s = max(now_s, job.timing.start_s)
    for pushed_s, position in queued:
        course = courses[position]
        moved_s = free_s if course.ordered_s else max(free_s, pushed_s)
        free_s = moved_s + slot_s
        if course.outcome is TaskStatus.CANCELED or course.ended_s == job.timing.window_end_s:
            # Its end comes from outside, whenever it is pushed.
            continue
        delay_s = moved_s - pushed_s
        moved = course._replace(
            pushed_s=moved_s,
            reported_s=course.reported_s + delay_s,
            ended_s=course.ended_s + delay_s,
        )
        changes[position] = within_window(moved, job, window_closed)
    return changes
