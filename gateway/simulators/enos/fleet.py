"""The state of the cloud over time: reads at a moment, and changes to what happens next."""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from gateway.simulators.enos.plan import FleetPlan
from gateway.simulators.enos.progress import (
    JobRun,
    JobStatus,
    TaskState,
    TaskStatus,
    ending,
    task_state,
)
from gateway.simulators.enos.records import Device, Firmware, Task
from gateway.simulators.enos.timeline import Timeline
from gateway.simulators.enos.views import DeviceView, JobTasks, JobView, TaskView


class Fleet:
    """Answers for any moment from the start on, fastest when moments only move forward.

    Every read takes `at_s`, epoch seconds. What a read finds is the state at that moment, so a
    caller that reads a little behind the clock sees changes a little late.
    """

    def __init__(self, plan: FleetPlan, *, clock: Callable[[], float]) -> None:
        """Start from `plan`; changes take effect at the moment `clock` gives."""
        self._plan = plan
        self._clock = clock
        self._jobs = {job.job_id: job for job in plan.jobs}
        self._newest_jobs = sorted(plan.jobs, key=lambda job: (-job.created_s, job.job_id))
        # The random part of an id: an order that is stable and means nothing.
        self._task_order = sorted(self._jobs, key=lambda job_id: job_id[8:])
        self._firmwares = {firmware.firmware_id: firmware for firmware in plan.firmwares}
        self._newest_firmwares = sorted(
            plan.firmwares, key=lambda firmware: (-firmware.created_s, firmware.firmware_id)
        )
        self._runs = {job_id: Timeline(run) for job_id, run in plan.runs.items()}
        self._job_tasks: dict[str, JobTasks] = {}
        self._devices: defaultdict[str, list[Device]] = defaultdict(list)
        for device in plan.devices:
            self._devices[device.product.key].append(device)
        self._device_views: dict[str, DeviceView] = {}
        self._tasks_by_device: defaultdict[str, list[Task]] = defaultdict(list)
        for job_id in self._task_order:
            for task in plan.tasks[job_id]:
                self._tasks_by_device[task.device.device_key].append(task)

    def set_job_status(self, job_id: str, status: JobStatus | str) -> None:
        """Start or stop a job now; nothing happens when it is so already.

        A stopped job pushes nothing more, while devices at work go on. A started one goes on
        where it was stopped.

        Raises:
            KeyError: there is no such job.
            ValueError: there is no such status.
        """
        wanted = JobStatus(status)
        runs = self._runs[job_id]
        if runs.latest.status is wanted:
            return
        now_s = self._clock()
        change = runs.latest.stopped_at if wanted is JobStatus.STOPPED else runs.latest.started_at
        runs.record(change(now_s), at_s=now_s)
        self._job_tasks.pop(job_id, None)
        for task in self._plan.tasks[job_id]:
            self._device_views.pop(task.device.asset_id, None)

    def job(self, job_id: str, *, at_s: float) -> JobView | None:
        """One job; None when there is none."""
        job = self._jobs.get(job_id)
        return None if job is None else JobView(job, self._runs[job_id].at(at_s))

    def jobs(self, *, at_s: float) -> list[JobView]:
        """All jobs, newest first."""
        return [JobView(job, self._runs[job.job_id].at(at_s)) for job in self._newest_jobs]

    def firmware(self, firmware_id: str) -> Firmware | None:
        """One package; None when there is none."""
        return self._firmwares.get(firmware_id)

    def firmwares(self) -> Sequence[Firmware]:
        """All packages, newest first."""
        return self._newest_firmwares

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
            if job_ids is None or job_id in job_ids:
                tasks = self._tasks_of(job_id, at_s)
                found += tasks.views if statuses is None else tasks.with_status(statuses)
        return found

    def tasks_of_devices(self, device_keys: Collection[object], *, at_s: float) -> list[TaskView]:
        """The tasks of these devices, in a stable order."""
        return [
            TaskView(task, self._state(task, self._run_of(task, at_s), at_s))
            for device_key in sorted(str(key) for key in device_keys)
            for task in self._tasks_by_device.get(device_key, ())
        ]

    def devices(
        self, *, at_s: float, product_keys: Collection[object] | None = None
    ) -> list[DeviceView]:
        """The devices of these products, or of all, in a stable order."""
        kept = self._device_views
        found: list[DeviceView] = []
        for product_key, devices in self._devices.items():
            if product_keys is None or product_key in product_keys:
                for device in devices:
                    view = kept.get(device.asset_id)
                    if view is None or not view.from_s <= at_s < view.until_s:
                        view = kept[device.asset_id] = self._device(device, at_s)
                    found.append(view)
        return found

    def _tasks_of(self, job_id: str, at_s: float) -> JobTasks:
        """The tasks of a job, looking only at those that have changed since the last look."""
        kept = self._job_tasks.get(job_id)
        if kept is not None and kept.from_s <= at_s < kept.until_s:
            return kept
        runs = self._runs[job_id]
        run = runs.at(at_s)
        if kept is not None and kept.from_s <= at_s < kept.run_until_s:
            views = [
                view
                if at_s < view.state.until_s
                else TaskView(view.task, self._state(view.task, run, at_s))
                for view in kept.views
            ]
        else:
            tasks = self._plan.tasks[job_id]
            views = [TaskView(task, self._state(task, run, at_s)) for task in tasks]
        fresh = JobTasks(views, from_s=at_s, run_until_s=runs.until(at_s))
        self._job_tasks[job_id] = fresh
        return fresh

    def _device(self, device: Device, at_s: float) -> DeviceView:
        """What the device reported before the start, and what its open tasks made of that."""
        version, latest_s, is_upgrading = self._plan.versions[device.asset_id], -math.inf, False
        open_tasks = self._plan.open_tasks.get(device.asset_id, ())
        from_s, until_s = at_s if open_tasks else -math.inf, math.inf
        for task in open_tasks:
            run = self._run_of(task, at_s)
            state = self._state(task, run, at_s)
            until_s = min(until_s, state.until_s, self._runs[task.job.job_id].until(at_s))
            if state.status is TaskStatus.SUCCEEDED:
                ended_s, _ = ending(task.attempts, run)
                if ended_s > latest_s:
                    version, latest_s = task.job.firmware.version, ended_s
            elif state.status in {TaskStatus.PUBLISHED, TaskStatus.UPGRADING}:
                is_upgrading = True
        return DeviceView(device, version, is_upgrading, from_s, until_s)

    def _run_of(self, task: Task, at_s: float) -> JobRun:
        return self._runs[task.job.job_id].at(at_s)

    def _state(self, task: Task, run: JobRun, at_s: float) -> TaskState:
        return task_state(
            task.attempts,
            run,
            created_s=task.job.created_s,
            now_s=at_s,
            language=task.device.product.language,
        )
