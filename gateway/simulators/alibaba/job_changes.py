"""The operations that change batches: their settings, their strategy, and all their tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.simulators.alibaba import catalogue, checks, errors
from gateway.simulators.alibaba.errors import BusinessError, InventedCodes
from gateway.simulators.alibaba.finder import Finder
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.handler import Handler, Payload
from gateway.simulators.alibaba.job import Job, JobStatus, JobType, Selection, Target
from gateway.simulators.alibaba.pace import repaced
from gateway.simulators.alibaba.parameters import Arguments
from gateway.simulators.alibaba.readings import Readings
from gateway.simulators.alibaba.settings import PACES, TIMEOUTS_MIN, source_versions
from gateway.simulators.alibaba.settlement import change_tasks
from gateway.simulators.alibaba.task import NEVER, UNFINISHED, Course, Task, TaskStatus
from gateway.simulators.alibaba.updates import closed

MOST_DEVICES = 200
_CANCELED_TEXT = catalogue.CANCELED_TEXTS[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChanges:
    """Answers the operations on batches; raises the vendor's business failures."""

    fleet: Fleet
    finder: Finder
    codes: InventedCodes
    readings: Readings

    def handlers(self) -> Mapping[str, Handler]:
        """The operations by name."""
        return {
            "UpdateOTAJob": self.update_ota_job,
            "CancelOTAStrategyByJob": self.cancel_ota_strategy_by_job,
            "CancelOTATaskByJob": self.cancel_ota_task_by_job,
            "CancelOTATaskByDevice": self.cancel_ota_task_by_device,
        }

    def update_ota_job(self, arguments: Arguments, now_s: float) -> Payload:
        """Change a running batch; its tags become those given, or none."""
        job = self.finder.job(arguments)
        _check_same(arguments, job)
        allowed = {JobStatus.IN_PROGRESS}
        if self.readings.update_planned_jobs:
            allowed.add(JobStatus.PLANNED)
        if job.type is JobType.VERIFY or job.status_at(now_s) not in allowed:
            raise self._job_state()
        pace = arguments.integers["MaximumPerMinute"]
        checks.check_range("MaximumPerMinute", pace, PACES)
        settings = replace(
            job.settings, maximum_per_minute=pace, tags=checks.tags(arguments, "Tags")
        )
        changed = replace(job, changed_s=now_s)
        timeout_min = arguments.integers.get("TimeoutInMinutes")
        if timeout_min is not None:
            _check_dynamic("TimeoutInMinutes", job)
            checks.check_range("TimeoutInMinutes", timeout_min, TIMEOUTS_MIN)
            past = (*job.past_timeouts, (now_s, job.settings.timeout_min))
            changed = replace(changed, past_timeouts=past)
            settings = replace(settings, timeout_min=timeout_min)
        if "SrcVersionList" in arguments.lists:
            _check_dynamic("SrcVersionList", job)
            if job.scope.group is not None:
                detail = "SrcVersionList does not go with a group."
                raise errors.illegal_request(detail)
            sources = source_versions(arguments, "SrcVersionList", job.firmware)
            changed = replace(changed, scope=replace(job.scope, source_versions=sources))
        changed = replace(changed, settings=settings)
        self.fleet.replace_job(changed)
        if pace != job.settings.maximum_per_minute:
            changes = repaced(
                changed,
                self.fleet.courses(job),
                now_s,
                window_closed=self.readings.window_closed_task,
            )
            change_tasks(self.fleet, changed, changes, now_s)
        return {}

    def cancel_ota_strategy_by_job(self, arguments: Arguments, now_s: float) -> Payload:
        """End a dynamic batch: no device is matched any more."""
        job = self.finder.job(arguments)
        running = job.status_at(now_s) is JobStatus.IN_PROGRESS
        if job.scope.selection is not Selection.DYNAMIC or not running:
            raise self._job_state()
        changes = {}
        for position, course in enumerate(self.fleet.courses(job)):
            if course.created_s > now_s:
                changes[position] = course._replace(created_s=NEVER)
            elif self.readings.strategy_cancels_tasks and course.ended_s > now_s:
                changes[position] = _canceled(course, now_s)
        self.fleet.change_courses(job, changes, reopened=False)
        timing = replace(job.timing, ended_s=now_s, canceled=True)
        self.fleet.replace_job(replace(job, timing=timing))
        return {}

    def cancel_ota_task_by_job(self, arguments: Arguments, now_s: float) -> Payload:
        """Cancel a batch's tasks in the states that the flags name."""
        job = self.finder.job(arguments)
        if not any(arguments.booleans.values()):
            detail = "at least one of the flags must be true."
            raise errors.illegal_request(detail)
        if job.type is JobType.VERIFY:
            raise self._job_state()
        flagged = _flagged(arguments, job, now_s)
        changes = {
            position: _canceled(course, now_s)
            for position, course in enumerate(self.fleet.courses(job))
            if course.created_s <= now_s and course.status_at(now_s) in flagged
        }
        self._check_not_idle(changes)
        change_tasks(self.fleet, job, changes, now_s, emptied=self.readings.emptied_job)
        return {}

    def cancel_ota_task_by_device(self, arguments: Arguments, now_s: float) -> Payload:
        """Cancel devices' open tasks for a package, in all its batches or one."""
        firmware = self.finder.firmware_of_product(arguments)
        names = arguments.lists["DeviceName"]
        checks.check_names("DeviceName", names, MOST_DEVICES)
        devices = [self.finder.device_named(firmware.product, name) for name in names]
        jobs: Sequence[Job] = self.fleet.jobs_of_firmware(firmware)
        if "JobId" in arguments.texts:
            job = self.finder.job(arguments)
            if job.firmware.id != firmware.id:
                detail = "the batch is not one of this package."
                raise errors.illegal_request(detail)
            jobs = (job,)
        tasks = [
            task
            for job in jobs
            if self.fleet.may_have_open_tasks(job, now_s)
            for device in devices
            if (task := self.fleet.task_of_device(job, device, now_s)) is not None
            and task.course.status_at(now_s) in UNFINISHED
        ]
        self._check_not_idle(tasks)
        for identity, group in _by_job(tasks).items():
            job = self.fleet.job(identity) or group[0].job
            changes = {task.position: _canceled(task.course, now_s) for task in group}
            change_tasks(self.fleet, job, changes, now_s, emptied=JobStatus.COMPLETED)
        return {}

    def _check_not_idle(self, found: Sequence[Task] | Mapping[int, Course]) -> None:
        if not found and self.readings.idle_cancel_fails:
            message = "There is no task to cancel."
            raise BusinessError(self.codes.task_state, message)

    def _job_state(self) -> BusinessError:
        message = "The type or status of the job does not allow this operation."
        return BusinessError(self.codes.job_state, message)


def _canceled(course: Course, now_s: float) -> Course:
    return closed(course, at_s=now_s, outcome=TaskStatus.CANCELED, reason=_CANCELED_TEXT)


def _by_job(tasks: Sequence[Task]) -> Mapping[str, list[Task]]:
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(task.job.id, []).append(task)
    return groups


def _flagged(arguments: Arguments, job: Job, now_s: float) -> frozenset[TaskStatus]:
    """The states whose tasks are to be canceled.

    Tasks that wait for confirmation go with the queued ones, unless there is a word about them.
    The tasks of a batch that has not begun are open in every state.
    """
    flags = arguments.booleans
    if flags.get("CancelScheduledTask") and job.status_at(now_s) is JobStatus.PLANNED:
        return UNFINISHED
    queued = flags.get("CancelQueuedTask", False)
    wanted = {
        TaskStatus.QUEUED: queued,
        TaskStatus.CONFIRM: flags.get("CancelUnconfirmedTask", queued),
        TaskStatus.NOTIFIED: flags.get("CancelNotifiedTask", False),
        TaskStatus.IN_PROGRESS: flags.get("CancelInProgressTask", False),
    }
    return frozenset(status for status, flag in wanted.items() if flag)


def _check_same(arguments: Arguments, job: Job) -> None:
    """Type and scope of a batch are sent again with a change, and cannot change with it.

    The vendor's example writes `All`, so the scope counts in any case.
    """
    type_ = checks.word("UpgradeType", arguments.texts["UpgradeType"], Selection)
    target = checks.word("TargetSelection", arguments.texts["TargetSelection"].upper(), Target)
    if (type_, target) != (job.scope.selection, job.scope.target):
        detail = "UpgradeType and TargetSelection must be those of the batch."
        raise errors.illegal_request(detail)


def _check_dynamic(name: str, job: Job) -> None:
    if job.scope.selection is not Selection.DYNAMIC:
        detail = f"{name} is for dynamic batches only."
        raise errors.illegal_request(detail)
