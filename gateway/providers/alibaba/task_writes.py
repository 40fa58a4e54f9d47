"""Writes on single tasks as calls, as many as the cloud's limits ask for.

Source: ReupgradeOTATask, CancelOTATaskByDevice, ConfirmOTATask.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from gateway.domain.errors import UnsupportedError
from gateway.domain.job import JobType, OtaJob
from gateway.domain.write import PlannedCall, TaskTarget, WritePlan
from gateway.providers.alibaba.parameters import Parameter, flatten
from gateway.providers.alibaba.planning import Planning

_TASKS_A_CALL: Final = 10
_DEVICES_A_CALL: Final = 200


def plan_retry(job: OtaJob, targets: Sequence[TaskTarget]) -> WritePlan:
    """Run ended tasks again, 10 a call.

    Raises:
        UnsupportedError: a verification, whose tasks run once.
        InvalidInputError: no tasks.
    """
    if job.type is JobType.VERIFICATION:
        message = "on this cloud tasks of a verification cannot be run again"
        raise UnsupportedError(message)
    planning = _planning(targets)
    return planning.plan(*_by_task("ReupgradeOTATask", targets, {"JobId": job.native_id}))


def plan_confirmation(targets: Sequence[TaskTarget]) -> WritePlan:
    """Let tasks go on that await confirmation, 10 a call.

    Raises:
        InvalidInputError: no tasks.
    """
    return _planning(targets).plan(*_by_task("ConfirmOTATask", targets, {}))


def plan_task_cancellation(job: OtaJob, targets: Sequence[TaskTarget]) -> WritePlan:
    """Cancel open tasks of one job by their devices, 200 a call.

    Raises:
        InvalidInputError: no tasks; devices of another product; a job that does not tell its
            package and product, which the cloud wants named.
    """
    planning = _planning(targets)
    if job.firmware_id is None or job.product_key is None:
        planning.refuse(
            ("tasks",), "the cloud does not tell the package and product of the tasks' job"
        )
    elif any(target.device.product_key not in {"", job.product_key} for target in targets):
        planning.refuse(("tasks",), "the tasks must be those of devices of the job's product")
    named = {target.device.name: target for target in targets}
    return planning.plan(
        *(
            PlannedCall(
                operation="CancelOTATaskByDevice",
                parameters=flatten(
                    {
                        "FirmwareId": job.firmware_id,
                        "ProductKey": job.product_key,
                        "JobId": job.native_id,
                        "DeviceName": [target.device.name for target in chunk],
                    }
                ),
                targets=chunk,
            )
            for chunk in _chunks(tuple(named.values()), _DEVICES_A_CALL)
        )
    )


def _planning(targets: Sequence[TaskTarget]) -> Planning:
    planning = Planning()
    if not targets:
        planning.refuse(("tasks",), "name at least one task")
    return planning


def _by_task(
    operation: str, targets: Sequence[TaskTarget], also: dict[str, Parameter]
) -> Iterable[PlannedCall]:
    unique = tuple({target.task_id: target for target in targets}.values())
    for chunk in _chunks(unique, _TASKS_A_CALL):
        parameters = also | {"TaskId": [target.task_id for target in chunk]}
        yield PlannedCall(operation=operation, parameters=flatten(parameters), targets=chunk)


def _chunks(targets: tuple[TaskTarget, ...], size: int) -> Iterable[tuple[TaskTarget, ...]]:
    for start in range(0, len(targets), size):
        yield targets[start : start + size]
