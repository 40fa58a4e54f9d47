"""Gives devices their tasks: to each one, for a device has one open task at a time.

Where it has another one already, the new task fails at once, or takes the other one's place, as
the batch's `OverwriteMode` says; a task under way is never replaced.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.simulators.alibaba import catalogue
from gateway.simulators.alibaba.draw import Draw
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.job import Job, JobStatus
from gateway.simulators.alibaba.pace import push_moments
from gateway.simulators.alibaba.readings import Habits, Readings
from gateway.simulators.alibaba.settlement import change_tasks
from gateway.simulators.alibaba.survey import Standing, survey
from gateway.simulators.alibaba.task import NEVER, Course, Task, TaskStatus
from gateway.simulators.alibaba.updates import (
    awaiting_confirmation,
    carried_out,
    closed,
    failed_at_once,
    within_window,
)

_REPLACE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Makes courses for tasks, and clears their devices for them."""

    fleet: Fleet
    readings: Readings
    habits: Habits

    def standings(self, job: Job, devices: Collection[int], now_s: float) -> Mapping[int, Standing]:
        """Where these devices of the batch's product stand."""
        firmware = job.firmware
        return survey(self.fleet, firmware.product, firmware.module, devices, now_s)

    def begin(
        self, job: Job, standings: Sequence[Standing], chance: Draw, now_s: float
    ) -> Sequence[Course]:
        """The courses of new tasks, one for each device, in their order."""
        waiting = (
            awaiting_confirmation(created_s=now_s, ordered_s=now_s, version=standing.version)
            for standing in standings
        )
        confirmed_s = NEVER if job.settings.need_confirm else now_s
        pairs = list(zip(waiting, standings, strict=True))
        return self._run(job, pairs, chance, now_s, confirmed_s)

    def rerun(
        self,
        job: Job,
        tasks: Sequence[Task],
        chance: Draw,
        now_s: float,
        *,
        awaits_confirmation: bool,
    ) -> Mapping[int, Course]:
        """New courses, by position, for tasks of the batch that have ended."""
        standings = self.standings(job, [task.device.index for task in tasks], now_s)
        waiting = [
            (
                awaiting_confirmation(
                    created_s=task.course.created_s, ordered_s=now_s, version=standing.version
                ),
                standing,
            )
            for task, standing in zip(tasks, standings.values(), strict=True)
        ]
        confirmed_s = NEVER if awaits_confirmation else now_s
        courses = self._run(job, waiting, chance, now_s, confirmed_s)
        return {task.position: course for task, course in zip(tasks, courses, strict=True)}

    def confirm(
        self, job: Job, tasks: Sequence[Task], chance: Draw, now_s: float
    ) -> Mapping[int, Course]:
        """New courses, by position, for tasks of the batch that await confirmation."""
        changes = {}
        moments = self._moments(job, len(tasks), chance, now_s)
        for task, pushed_s in zip(tasks, moments, strict=True):
            course = carried_out(
                task.course, job, chance, self.habits, confirmed_s=now_s, pushed_s=pushed_s
            )
            changes[task.position] = self._in_window(course, job)
        return changes

    def _run(
        self,
        job: Job,
        waiting: Sequence[tuple[Course, Standing]],
        chance: Draw,
        now_s: float,
        confirmed_s: float,
    ) -> Sequence[Course]:
        courses = []
        displaced: dict[str, dict[int, Course]] = {}
        moments = self._moments(job, len(waiting), chance, now_s)
        for (course, standing), pushed_s in zip(waiting, moments, strict=True):
            rivals = _rivals(job, standing)
            if not _yield_to(job, rivals, now_s):
                busy = failed_at_once(
                    created_s=course.created_s, ordered_s=now_s, version=standing.version
                )
                courses.append(busy)
                continue
            for task, other in self._displaced(rivals, standing.joins, now_s):
                displaced.setdefault(task.job.id, {})[task.position] = other
            if confirmed_s == NEVER:
                courses.append(self._in_window(course, job))
                continue
            update = carried_out(
                course, job, chance, self.habits, confirmed_s=confirmed_s, pushed_s=pushed_s
            )
            courses.append(self._in_window(update, job))
        for identity, changes in displaced.items():
            other_job = self.fleet.job(identity)
            if other_job is not None:
                change_tasks(self.fleet, other_job, changes, now_s, emptied=JobStatus.COMPLETED)
        return courses

    def _displaced(
        self, rivals: Iterable[Task], joins: Iterable[Task], now_s: float
    ) -> Iterator[tuple[Task, Course]]:
        """What becomes of the tasks that a device has, or would get, beside its new one."""
        for task in rivals:
            yield (
                task,
                closed(
                    task.course,
                    at_s=now_s,
                    outcome=self.readings.replaced_task,
                    reason=catalogue.REPLACED_TEXT,
                ),
            )
        for task in joins:
            # Which devices a dynamic batch matches later is this simulator's own doing; a
            # device that is given something else meanwhile is not matched after all.
            yield task, task.course._replace(created_s=NEVER)

    def _moments(self, job: Job, count: int, chance: Draw, now_s: float) -> Sequence[float]:
        known = self.fleet.job(job.id) is not None
        others = self.fleet.courses(job) if known else ()
        return push_moments(job, others, count, chance, now_s)

    def _in_window(self, course: Course, job: Job) -> Course:
        return within_window(course, job, self.readings.window_closed_task)


def _rivals(job: Job, standing: Standing) -> Sequence[Task]:
    """The open tasks beside which the device may have none of this batch."""
    module = job.firmware.module.name
    return [
        task
        for task in standing.open_tasks
        if task.job.id != job.id
        and (not job.settings.multi_module or task.job.firmware.module.name == module)
    ]


def _yield_to(job: Job, rivals: Sequence[Task], now_s: float) -> bool:
    """Whether these tasks make way for one of the batch; nothing makes way where there is none."""
    if not rivals:
        return True
    if job.settings.overwrite_mode != _REPLACE:
        return False
    return all(task.course.status_at(now_s) is not TaskStatus.IN_PROGRESS for task in rivals)
