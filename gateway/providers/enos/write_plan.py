"""Every write of the domain as EnOS's calls, or the reason why EnOS has none. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, assert_never

from gateway.domain.errors import UnsupportedError
from gateway.domain.job import OtaJob
from gateway.domain.write import (
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateFirmware,
    CreateJob,
    CreateModule,
    DeleteFirmware,
    DeleteJob,
    DeleteModule,
    PlannedCall,
    RetryTasks,
    StartJob,
    StopJob,
    TaskTarget,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Write,
    WritePlan,
)
from gateway.providers.enos.firmware_request import plan_firmware
from gateway.providers.enos.job_request import plan_job
from gateway.providers.enos.operations import (
    CANCEL_TASKS,
    DELETE_FIRMWARE,
    DELETE_JOB,
    RETRY_TASKS,
    START_JOB,
    STOP_JOB,
)
from gateway.providers.enos.translation import INPUT, Translation

DEVICES_PER_CALL: Final = 200
"""How many devices one call retries or cancels. EnOS names no limit; this one is ours."""


_LACKING: Final[Mapping[type[Write], str]] = {
    CancelJob: "a job cannot be canceled; stop it, or cancel its tasks",
    UpdateJob: "a job cannot be changed",
    ConfirmTasks: "tasks await no confirmation",
    UpdateFirmware: "a package cannot be changed",
    CreateModule: "there are no firmware modules",
    UpdateModule: "there are no firmware modules",
    DeleteModule: "there are no firmware modules",
}


def plan_write(  # noqa: PLR0911 - one return a write
    write: Write, *, marker: str | None, now: datetime
) -> WritePlan:
    """The calls of `write`.

    A call's parameters are `query` and `body`, or `query`, `metadata` and `file` for an upload, as
    EnOS names them; the action and the organisation go along with every call.

    Raises:
        UnsupportedError: EnOS has no such write.
        InvalidInputError: EnOS cannot do it so; names every problem.
    """
    match write:
        case CreateJob(draft=draft):
            return plan_job(draft, marker=marker, now=now)
        case CreateFirmware(draft=package):
            return plan_firmware(package)
        case StartJob(job=job):
            return _one_call(START_JOB, {"jobId": job.native_id})
        case StopJob(job=job):
            return _one_call(STOP_JOB, {"jobId": job.native_id})
        case DeleteJob(job=job):
            return _one_call(DELETE_JOB, {"jobId": job.native_id})
        case RetryTasks(job=job, targets=targets):
            return _task_calls(RETRY_TASKS, job, targets)
        case CancelTasks(job=job, targets=targets):
            return _task_calls(CANCEL_TASKS, job, targets)
        case DeleteFirmware(firmware=firmware):
            return _one_call(DELETE_FIRMWARE, {"firmwareId": firmware.native_id})
        case (
            CancelJob()
            | UpdateJob()
            | ConfirmTasks()
            | UpdateFirmware()
            | CreateModule()
            | UpdateModule()
            | DeleteModule()
        ):
            message = f"EnOS has no such write: {_LACKING[type(write)]}"
            raise UnsupportedError(message)
        case _:
            assert_never(write)


def _one_call(operation: str, query: dict[str, object]) -> WritePlan:
    return WritePlan(calls=(PlannedCall(operation=operation, parameters={"query": query}),))


def _task_calls(operation: str, job: OtaJob, targets: tuple[TaskTarget, ...]) -> WritePlan:
    """Calls for at most so many devices each.

    EnOS goes by device key alone, which is unique within a product only: tasks that share one are
    one entry of one call.
    """
    notes = Translation()
    if not targets:
        notes.refuse((*INPUT, "tasks"), "tasks must name at least one")
    by_key: dict[str, list[TaskTarget]] = {}
    for target in targets:
        notes.text((*INPUT, "tasks"), target.device.name)
        by_key.setdefault(target.device.name, []).append(target)
    notes.finish()
    keys = list(by_key)
    chunks = [keys[at : at + DEVICES_PER_CALL] for at in range(0, len(keys), DEVICES_PER_CALL)]
    calls = tuple(
        PlannedCall(
            operation=operation,
            parameters={"query": {"jobId": job.native_id}, "body": {"deviceKeys": chunk}},
            targets=tuple(target for key in chunk for target in by_key[key]),
        )
        for chunk in chunks
    )
    return WritePlan(calls=calls)
