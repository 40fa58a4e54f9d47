"""The six actions that change jobs and tasks.

What a write refuses, it refuses by the true state at once, whatever reads still show. Where
several refusals apply, the order is: form of the body, unknown id, state of the job, state of the
tasks. Source: EnOS Connection API V2.1, OTA jobs.
"""

from collections.abc import Callable, Collection
from typing import Final

from gateway.simulators.enos.enrolment import Enrolment
from gateway.simulators.enos.errors import (
    BusinessCode,
    bad_parameter,
    firmware_not_found,
    job_not_found,
    refused,
    too_many_devices,
)
from gateway.simulators.enos.fields import Fields
from gateway.simulators.enos.firmware_drafts import DEFAULT_MAX_VERIFICATION_DEVICES
from gateway.simulators.enos.fleet import Fleet
from gateway.simulators.enos.interventions import cancel, retry
from gateway.simulators.enos.job_drafts import UPGRADE_FIELDS, read_job
from gateway.simulators.enos.operation import Answer, Call, Operation
from gateway.simulators.enos.progress import JobStatus, TaskStatus
from gateway.simulators.enos.records import Firmware, JobType, ScopeKind, Task
from gateway.simulators.enos.rules import WriteRules
from gateway.simulators.enos.selection import Selection, read_device_keys
from gateway.simulators.enos.tries import DeviceLuck
from gateway.simulators.enos.views import JobView

_CANCELABLE: Final = frozenset({TaskStatus.INIT, TaskStatus.PUBLISHED})
_RETRYABLE: Final = frozenset({TaskStatus.FAILED})
_DONE: Final = Answer(data=None)


class JobWrites:
    """The writes of `ota-jobs` over a fleet."""

    def __init__(
        self, *, fleet: Fleet, enrolment: Enrolment, luck: DeviceLuck, rules: WriteRules
    ) -> None:
        """Make jobs by `enrolment`; what is not documented goes by `rules`."""
        self._fleet = fleet
        self._enrolment = enrolment
        self._luck = luck
        self._rules = rules

    def table(self) -> dict[tuple[str, str], Operation]:
        """The operations by resource and action."""
        lists = frozenset({"deviceKeys"})
        return {
            ("ota-jobs", "create"): _write(self._create, "firmwareId", fields=UPGRADE_FIELDS),
            ("ota-jobs", "start"): _write(self._start, "jobId"),
            ("ota-jobs", "stop"): _write(self._stop, "jobId"),
            ("ota-jobs", "delete"): _write(self._delete, "jobId"),
            ("ota-jobs", "cancelTask"): _write(self._cancel_tasks, "jobId", fields=lists),
            ("ota-jobs", "retryTask"): _write(self._retry_tasks, "jobId", fields=lists),
        }

    def _create(self, call: Call) -> Answer:
        draft = read_job(call.body, self._rules)
        selection = draft.selection
        firmware = self._fleet.firmware(call.query["firmwareId"], at_s=self._fleet.now_s())
        if firmware is None:
            raise firmware_not_found()
        if draft.type is JobType.VERIFY and selection.kind is ScopeKind.TOTAL:
            raise refused(BusinessCode.TOTAL_VERIFICATION)
        _check_fit(selection, firmware)
        if (
            draft.type is JobType.UPGRADE
            and firmware.enable_verification
            and not firmware.is_verified
        ):
            raise refused(BusinessCode.NOT_VERIFIED)
        devices = self._enrolment.devices(selection, firmware)
        if draft.type is JobType.VERIFY:
            most = firmware.max_allowed_for_verification or DEFAULT_MAX_VERIFICATION_DEVICES
            count = len(devices) if selection.listed is None else selection.listed
            if count > most:
                raise too_many_devices(most)
        return Answer(data={"jobId": self._enrolment.make_job(draft, firmware, devices)})

    def _start(self, call: Call) -> Answer:
        view = self._job(call)
        if view.run.status is JobStatus.STARTED:
            raise refused(BusinessCode.HAS_STARTED)
        self._fleet.set_job_status(view.job.job_id, JobStatus.STARTED)
        return _DONE

    def _stop(self, call: Call) -> Answer:
        view = self._job(call)
        if view.run.status is JobStatus.STOPPED:
            raise refused(BusinessCode.HAS_STOPPED)
        self._fleet.set_job_status(view.job.job_id, JobStatus.STOPPED)
        return _DONE

    def _delete(self, call: Call) -> Answer:
        view = self._job(call)
        if view.run.status is JobStatus.STARTED:
            raise refused(BusinessCode.STILL_RUNNING)
        self._fleet.delete_job(view.job.job_id)
        return _DONE

    def _cancel_tasks(self, call: Call) -> Answer:
        def cancelled(task: Task, view: JobView) -> Task:
            return cancel(task, view.run, at_s=self._fleet.now_s())

        self._intervene(call, _CANCELABLE, BusinessCode.NOT_CANCELABLE, cancelled)
        return _DONE

    def _retry_tasks(self, call: Call) -> Answer:
        def retried(task: Task, view: JobView) -> Task:
            attempts = self._luck.retried(view.job, task.device, number=len(task.attempts))
            return retry(
                task,
                view.run,
                attempts,
                at_s=self._fleet.now_s(),
                renews_id=not self._rules.retry_keeps_task_id,
            )

        self._intervene(call, _RETRYABLE, BusinessCode.NOT_RETRYABLE, retried)
        return _DONE

    def _intervene(
        self,
        call: Call,
        lawful: Collection[TaskStatus],
        refusal: BusinessCode,
        change: Callable[[Task, JobView], Task],
    ) -> None:
        """Change the tasks of the listed devices, if their states are lawful."""
        fields = Fields(call.body, known=("deviceKeys",), rules=self._rules)
        wanted = frozenset(read_device_keys(fields, "deviceKeys", self._rules))
        view = self._job(call)
        if view.run.status is not JobStatus.STARTED:
            raise refused(BusinessCode.NOT_RUNNING)
        views = self._fleet.tasks_of_job(view.job.job_id, at_s=self._fleet.now_s())
        named = [view for view in views if view.task.device.device_key in wanted]
        changed = {v.task.number for v in named if v.state.status in lawful}
        unlawful = len(named) - len(changed)
        if self._rules.unknown_devices == "refuse":
            unlawful += len(wanted - {view.task.device.device_key for view in named})
        is_partial = self._rules.device_lists == "partial" and changed
        if unlawful and not is_partial:
            raise refused(refusal)
        if changed:
            tasks = [change(task, view) if task.number in changed else task for task, _ in views]
            self._fleet.change(view.job.job_id, tasks=tasks)

    def _job(self, call: Call) -> JobView:
        view = self._fleet.job(call.query["jobId"], at_s=self._fleet.now_s())
        if view is None:
            raise job_not_found()
        return view


def _write(
    handle: Callable[[Call], Answer], parameter: str, *, fields: frozenset[str] = frozenset()
) -> Operation:
    """A write; those without fields take the empty object too, which vendor samples send."""
    return Operation(
        method="POST",
        parameters=frozenset({parameter}),
        body_fields=fields,
        handle=handle,
        writes=True,
    )


def _check_fit(selection: Selection, firmware: Firmware) -> None:
    """Refuse a scope that contradicts the firmware."""
    if firmware.version in selection.versions:
        raise bad_parameter(
            name="upgradeScope.versionNumbers", problem="the target version is in the list"
        )
    if firmware.product_key is None:
        if selection.kind is ScopeKind.DEVICE_KEYS and selection.product_key is None:
            raise bad_parameter(name="upgradeScope.productKey", problem="productKey is missing")
    elif selection.product_key not in {None, firmware.product_key}:
        raise bad_parameter(
            name="upgradeScope.productKey", problem="productKey is not that of the firmware"
        )
