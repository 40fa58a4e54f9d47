"""The state of the cloud over time: reads at a moment, and changes to what happens next."""

import math
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from gateway.simulators.enos.courses import Courses, task_now
from gateway.simulators.enos.device_states import DeviceStates
from gateway.simulators.enos.plan import FleetPlan
from gateway.simulators.enos.progress import JobRun, JobStatus, TaskStatus
from gateway.simulators.enos.records import Firmware, Job, JobType, Task
from gateway.simulators.enos.registry import FirmwareRegistry
from gateway.simulators.enos.views import DeviceView, JobTasks, JobView, TaskView

DEFAULT_CONCURRENCY: Final = 300


class Fleet:
    """Answers for any moment from the start on, fastest when moments only move forward.

    Every read takes `at_s`, epoch seconds. What a read finds is the state at that moment, so a
    caller that reads a little behind the clock sees changes a little late. `states` are those of
    the devices.
    """

    def __init__(
        self,
        plan: FleetPlan,
        *,
        clock: Callable[[], float],
        memory_s: float = 3_600.0,
        tasks_outlive_job: bool = False,
    ) -> None:
        """Start from `plan`; changes take effect at the moment `clock` gives.

        Reads may lie up to `memory_s` behind a change of a job. `tasks_outlive_job` keeps the
        tasks of deleted jobs among those that reads find.
        """
        self._clock = clock
        self._latest_s = -math.inf
        self._tasks_outlive_job = tasks_outlive_job
        self._jobs = {job.job_id: job for job in plan.jobs}
        self._deleted_s: dict[str, float] = {}
        self._newest_jobs = sorted(plan.jobs, key=_newest_first)
        self._task_order = sorted(self._jobs, key=_random_part)
        self._firmwares = FirmwareRegistry(plan.firmwares)
        self._verifications: defaultdict[str, set[str]] = defaultdict(set)
        self._courses = Courses(plan.runs, plan.tasks, memory_s=memory_s)
        self._job_tasks: dict[str, JobTasks] = {}
        self.states = DeviceStates(
            plan.devices,
            versions=plan.versions,
            open_tasks=plan.open_tasks,
            courses=self._courses,
        )
        # Only the job and the number are read from these: what a task is changes over time.
        self._tasks_by_device: defaultdict[str, list[Task]] = defaultdict(list)
        for job_id in self._task_order:
            for task in plan.tasks[job_id]:
                self._tasks_by_device[task.device.device_key].append(task)

    def now_s(self) -> float:
        """The moment of a change; it never lies before an earlier one, even if the clock does."""
        self._latest_s = max(self._latest_s, self._clock())
        return self._latest_s

    def add_job(self, job: Job, run: JobRun, tasks: Iterable[Task]) -> None:
        """Add a job made now, with its tasks."""
        self._jobs[job.job_id] = job
        self._courses.add(job)
        insort(self._newest_jobs, job, key=_newest_first)
        insort(self._task_order, job.job_id, key=_random_part)
        self.change(job.job_id, run=run, tasks=tuple(tasks))

    def change(
        self, job_id: str, *, run: JobRun | None = None, tasks: Sequence[Task] | None = None
    ) -> None:
        """Let a job run otherwise, or let its tasks be others, from now on; None is no change.

        Tasks that the job already has must come first, in the order of their numbers.

        Raises:
            KeyError: there never was such a job.
        """
        job, at_s = self._jobs[job_id], self.now_s()
        old = self._courses.latest(job_id)
        limit = job.max_concurrency or DEFAULT_CONCURRENCY
        new = self._courses.change(job, at_s=at_s, limit=limit, run=run, tasks=tasks)
        self._job_tasks.pop(job_id, None)
        for task in new.tasks[len(old.tasks) :]:
            self._tasks_by_device[task.device.device_key].append(task)
        self.states.follow(new.tasks, at_s=at_s)
        if job.type is JobType.VERIFY:
            self._verifications[job.firmware.firmware_id].add(job_id)

    def set_job_status(self, job_id: str, status: JobStatus | str) -> None:
        """Start or stop a job now; nothing happens when it is so already.

        A stopped job pushes nothing more, while devices at work go on. A started one goes on
        where it was stopped.

        Raises:
            KeyError: there never was such a job.
            ValueError: there is no such status.
        """
        wanted = JobStatus(status)
        run = self._courses.latest(job_id).run
        if run.status is not wanted:
            change = run.stopped_at if wanted is JobStatus.STOPPED else run.started_at
            self.change(job_id, run=change(self.now_s()))

    def delete_job(self, job_id: str) -> None:
        """Let a job be gone from now on; devices at work go on."""
        self._deleted_s[job_id] = self.now_s()

    def add_firmware(self, firmware: Firmware) -> None:
        """Add a package made now."""
        self._firmwares.add(firmware)

    def delete_firmware(self, firmware_id: str) -> None:
        """Let a package be gone from now on; its jobs still name it."""
        self._firmwares.delete(firmware_id, at_s=self.now_s())

    def job(self, job_id: str, *, at_s: float) -> JobView | None:
        """One job; None when there is none."""
        job = self._jobs.get(job_id)
        return self._job_view(job, at_s) if job is not None and self._exists(job, at_s) else None

    def jobs(self, *, at_s: float) -> list[JobView]:
        """All jobs, newest first."""
        return [self._job_view(job, at_s) for job in self._newest_jobs if self._exists(job, at_s)]

    def jobs_of_firmware(self, firmware_id: str) -> list[Job]:
        """The jobs that ever rolled out a package, deleted ones too, newest first."""
        return [job for job in self._newest_jobs if job.firmware.firmware_id == firmware_id]

    def firmware(self, firmware_id: str, *, at_s: float) -> Firmware | None:
        """One package; None when there is none."""
        firmware = self._firmwares.get(firmware_id, at_s=at_s)
        return None if firmware is None else self._verified(firmware, at_s)

    def firmwares(self, *, at_s: float) -> list[Firmware]:
        """All packages, newest first."""
        found = self._firmwares.newest(at_s=at_s)
        return [self._verified(firmware, at_s) for firmware in found]

    def tasks(
        self,
        *,
        at_s: float,
        job_ids: Collection[object] | None = None,
        statuses: Collection[object] | None = None,
    ) -> list[TaskView]:
        """The tasks of these jobs in these states, or of all, in a stable order."""
        found: list[TaskView] = []
        for job_id in self._task_order:
            if (job_ids is None or job_id in job_ids) and self._shows_tasks(job_id, at_s):
                tasks = self._tasks_of(job_id, at_s)
                found += tasks.views if statuses is None else tasks.with_status(statuses)
        return found

    def tasks_of_devices(self, device_keys: Collection[object], *, at_s: float) -> list[TaskView]:
        """The tasks of these devices, in a stable order."""
        return [
            view
            for device_key in sorted(str(key) for key in device_keys)
            for task in self._tasks_by_device.get(device_key, ())
            if self._shows_tasks(task.job.job_id, at_s)
            and (view := self._courses.task(task, at_s=at_s)) is not None
        ]

    def tasks_of_job(self, job_id: str, *, at_s: float) -> list[TaskView]:
        """The tasks of one job by number, deleted or not.

        Nothing is kept of this look, so that it may lie ahead of the others.
        """
        return self._courses.tasks(job_id, at_s=at_s)

    def devices(
        self, *, at_s: float, product_keys: Collection[object] | None = None
    ) -> list[DeviceView]:
        """The devices of these products, or of all, in a stable order."""
        return self.states.devices(at_s=at_s, product_keys=product_keys)

    def _exists(self, job: Job, at_s: float) -> bool:
        return job.created_s <= at_s < self._deleted_s.get(job.job_id, math.inf)

    def _shows_tasks(self, job_id: str, at_s: float) -> bool:
        return self._tasks_outlive_job or at_s < self._deleted_s.get(job_id, math.inf)

    def _job_view(self, job: Job, at_s: float) -> JobView:
        return JobView(job, self._courses.at(job.job_id, at_s).run)

    def _verified(self, firmware: Firmware, at_s: float) -> Firmware:
        """The package, verified if enough devices of one verification job have succeeded."""
        if firmware.is_verified:
            return firmware
        least = firmware.min_success_for_verified or 1
        for job_id in self._verifications.get(firmware.firmware_id, ()):
            views = self._courses.tasks(job_id, at_s=at_s)
            if sum(view.state.status is TaskStatus.SUCCEEDED for view in views) >= least:
                return replace(firmware, is_verified=True)
        return firmware

    def _tasks_of(self, job_id: str, at_s: float) -> JobTasks:
        """The tasks of a job, looking only at those that have changed since the last look."""
        kept = self._job_tasks.get(job_id)
        if kept is not None and kept.from_s <= at_s < kept.until_s:
            return kept
        if kept is not None and kept.from_s <= at_s < kept.run_until_s:
            run = self._courses.at(job_id, at_s).run
            views = [
                view
                if at_s < view.state.until_s
                else TaskView(view.task, task_now(view.task, run, at_s))
                for view in kept.views
            ]
        else:
            views = self._courses.tasks(job_id, at_s=at_s)
        fresh = JobTasks(views, from_s=at_s, run_until_s=self._courses.until(job_id, at_s))
        self._job_tasks[job_id] = fresh
        return fresh


def _newest_first(job: Job) -> tuple[float, str]:
    return -job.created_s, job.job_id


def _random_part(job_id: str) -> str:
    """Of an id what is not time: an order that is stable and means nothing."""
    return job_id[8:]
