"""Which version a device reports for a module, from the tasks it has had for it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gateway.simulators.alibaba.task import Course, TaskStatus


class Past(NamedTuple):
    """A task there is by now: when its batch began, its course, and the version it leads to."""

    started_s: float
    course: Course
    version: str

    @property
    def began_s(self) -> float:
        """When the task became the device's latest."""
        return max(self.started_s, self.course.ordered_s)


def reported_version(tasks: Sequence[Past], first_version: str, now_s: float) -> str:
    """What the latest task left the device with, `first_version` if it never had one.

    A task that a call made may end without effect while an older one is still at work, so
    whatever succeeded after such a task began counts instead.
    """
    if not tasks:
        return first_version
    latest = max(tasks, key=lambda task: task.began_s)
    if latest.course.status_at(now_s) is TaskStatus.SUCCEEDED:
        return latest.version
    if latest.course.ordered_s:
        effective = max(_successes(tasks, now_s), key=_ended_s, default=None)
        if effective is not None and effective.course.ended_s > latest.course.ordered_s:
            return effective.version
    return latest.course.source_version


def _successes(tasks: Iterable[Past], now_s: float) -> Iterable[Past]:
    return (task for task in tasks if task.course.status_at(now_s) is TaskStatus.SUCCEEDED)


def _ended_s(task: Past) -> float:
    return task.course.ended_s
