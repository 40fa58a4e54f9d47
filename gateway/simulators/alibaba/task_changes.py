"""The operations on single tasks: confirming them, and running ended ones again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.simulators.alibaba import checks
from gateway.simulators.alibaba.dispatch import Dispatcher
from gateway.simulators.alibaba.errors import BusinessError, InventedCodes
from gateway.simulators.alibaba.finder import Finder
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.handler import Handler, Payload
from gateway.simulators.alibaba.job import Job, JobType
from gateway.simulators.alibaba.parameters import Arguments
from gateway.simulators.alibaba.readings import Readings
from gateway.simulators.alibaba.settlement import change_tasks
from gateway.simulators.alibaba.task import Task, TaskStatus

MOST_TASKS = 10
_RERUNNABLE = frozenset({TaskStatus.FAILED, TaskStatus.CANCELED})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanges:
    """Answers the operations on tasks: all that are named change, or none of them."""

    fleet: Fleet
    finder: Finder
    dispatcher: Dispatcher
    codes: InventedCodes
    readings: Readings

    def handlers(self) -> Mapping[str, Handler]:
        """The operations by name."""
        return {
            "ConfirmOTATask": self.confirm_ota_task,
            "ReupgradeOTATask": self.reupgrade_ota_task,
        }

    def confirm_ota_task(self, arguments: Arguments, now_s: float) -> Payload:
        """Let tasks go ahead that wait for it; those of a scheduled batch in its window only."""
        groups: dict[str, list[Task]] = {}
        for task in self._tasks(arguments, frozenset({TaskStatus.CONFIRM}), now_s):
            self._check_window(task.job, now_s, begun=True)
            groups.setdefault(task.job.id, []).append(task)
        for tasks in groups.values():
            job = tasks[0].job
            _, chance = self.fleet.next_draw()
            changes = self.dispatcher.confirm(job, tasks, chance, now_s)
            change_tasks(self.fleet, job, changes, now_s)
        return {}

    def reupgrade_ota_task(self, arguments: Arguments, now_s: float) -> Payload:
        """Run failed and canceled tasks of a batch again."""
        job = self.finder.job(arguments)
        if job.type is JobType.VERIFY:
            raise self._job_state()
        tasks = self._tasks(arguments, _RERUNNABLE, now_s)
        if any(task.job.id != job.id for task in tasks):
            message = "The specified task is not one of this job."
            raise BusinessError(self.codes.task_not_found, message)
        self._check_window(job, now_s, begun=False)
        waits = job.settings.need_confirm and self.readings.rerun_needs_confirmation
        _, chance = self.fleet.next_draw()
        changes = self.dispatcher.rerun(job, tasks, chance, now_s, awaits_confirmation=waits)
        if job.ended_at(now_s) is not None and not self.readings.rerun_reopens_job:
            self.fleet.change_courses(job, changes, reopened=True)
        else:
            change_tasks(self.fleet, job, changes, now_s, rerun=True)
        return {}

    def _tasks(
        self, arguments: Arguments, allowed: frozenset[TaskStatus], now_s: float
    ) -> Sequence[Task]:
        identities = arguments.lists["TaskId"]
        checks.check_count("TaskId", identities, MOST_TASKS)
        checks.check_unique("TaskId", identities)
        tasks = [self.finder.task(identity, now_s) for identity in identities]
        for task in tasks:
            if task.course.status_at(now_s) not in allowed:
                message = f"The status of the task {task.id} does not allow this operation."
                raise BusinessError(self.codes.task_state, message)
        return tasks

    def _check_window(self, job: Job, now_s: float, *, begun: bool) -> None:
        """Raise when the batch's window is over or, with `begun`, is not open yet."""
        end_s = job.timing.window_end_s
        over = end_s is not None and now_s >= end_s
        if over or (begun and now_s < job.timing.start_s):
            raise self._job_state()

    def _job_state(self) -> BusinessError:
        message = "The type or status of the job does not allow this operation."
        return BusinessError(self.codes.job_state, message)
