"""Which devices a new job takes, when it is made and, for an open list, later on.

A device is taken once it matches the scope, does not run the target version yet, and is free of
other tasks; whoever does not match is passed over in silence. The vendor says the last of neither.
"""

from collections.abc import Collection, Sequence
from typing import Final

from gateway.simulators.enos.chance import hex_digits, seeded
from gateway.simulators.enos.errors import bad_parameter
from gateway.simulators.enos.fleet import Fleet
from gateway.simulators.enos.job_drafts import JobDraft
from gateway.simulators.enos.progress import JobRun, JobStatus, Window
from gateway.simulators.enos.records import Device, Firmware, Job, Task
from gateway.simulators.enos.rules import WriteRules
from gateway.simulators.enos.selection import Selection
from gateway.simulators.enos.tries import DeviceLuck

_LOOK_EVERY_S: Final = 5.0
_OPEN_LIST: Final = "incremental"


class Enrolment:
    """Makes jobs out of drafts and devices."""

    def __init__(self, *, fleet: Fleet, luck: DeviceLuck, rules: WriteRules, seed: int) -> None:
        """Put the jobs into `fleet`, with ids that follow from `seed`."""
        self._fleet = fleet
        self._luck = luck
        self._rules = rules
        self._chance = seeded(seed, "enrolment")
        self._open_lists: dict[str, tuple[Job, Selection]] = {}
        self._looked_s = 0.0

    def devices(
        self, selection: Selection, firmware: Firmware, *, besides: Collection[str] = ()
    ) -> list[Device]:
        """The devices that a scope means now, without those of the asset ids in `besides`."""
        at_s, states = self._fleet.now_s(), self._fleet.states
        owner_key = None if firmware.owner is None else firmware.owner.key
        product_key = selection.product_key or owner_key
        return [
            device
            for device in states.of_products(None if product_key is None else {product_key})
            if device.asset_id not in besides
            and selection.chooses(device)
            and (version := states.device(device, at_s=at_s).version) != firmware.version
            and (not selection.versions or version in selection.versions)
            and states.is_free(device, at_s=at_s)
        ]

    def make_job(self, draft: JobDraft, firmware: Firmware, devices: Sequence[Device]) -> str:
        """Add a job for these devices and give its id.

        Raises:
            BusinessError: 99400 for a job without devices, if the rules refuse that.
        """
        if not devices and self._rules.unmatched_scope == "refuse":
            raise bad_parameter(name="upgradeScope", problem="no device matches")
        now_s = self._fleet.now_s()
        is_started = self._rules.status_after_create == "started"
        job = Job(
            job_id=f"{int(now_s):08x}{hex_digits(self._chance, 16)}",
            name=draft.name,
            firmware=firmware,
            type=draft.type,
            scope=draft.selection.wire,
            policy=draft.policy,
            enable_upgrade_request=draft.enable_upgrade_request,
            timeout_s=draft.timeout_s,
            retry=draft.retry,
            schedule=draft.schedule_policy,
            max_concurrency=draft.max_concurrency,
            day_window=draft.day_window,
            start_after_create=is_started,
            omitted=frozenset(),
            created_s=now_s,
        )
        run = JobRun((Window(now_s),) if is_started else (), draft.schedule)
        self._fleet.add_job(job, run, self._tasks(job, devices, first=0, push_s=0.0))
        if draft.policy == _OPEN_LIST:
            self._open_lists[job.job_id] = (job, draft.selection)
        return job.job_id

    def admit_newcomers(self) -> None:
        """Let devices that match by now join the jobs with an open list; a look every 5 seconds."""
        now_s = self._fleet.now_s()
        if not self._open_lists or now_s < self._looked_s + _LOOK_EVERY_S:
            return
        self._looked_s = now_s
        for job, selection in tuple(self._open_lists.values()):
            view = self._fleet.job(job.job_id, at_s=now_s)
            if view is None:
                del self._open_lists[job.job_id]
            elif view.run.status is JobStatus.STARTED:
                self._admit(job, selection, push_s=view.run.running_time(now_s))

    def _admit(self, job: Job, selection: Selection, *, push_s: float) -> None:
        views = self._fleet.tasks_of_job(job.job_id, at_s=self._fleet.now_s())
        tasks = [view.task for view in views]
        known = {task.device.asset_id for task in tasks}
        newcomers = self.devices(selection, job.firmware, besides=known)
        if newcomers:
            joined = self._tasks(job, newcomers, first=len(tasks), push_s=push_s)
            self._fleet.change(job.job_id, tasks=(*tasks, *joined))

    def _tasks(
        self, job: Job, devices: Sequence[Device], *, first: int, push_s: float
    ) -> list[Task]:
        """Tasks numbered from `first`, not to be pushed before the job has run for `push_s`."""
        at_s = self._fleet.now_s()
        return [
            Task(
                job,
                number,
                device,
                self._fleet.states.device(device, at_s=at_s).version,
                self._luck.attempts(job, device, push_s=push_s),
                phases=(),
            )
            for number, device in enumerate(devices, start=first)
        ]
