"""Whether a write on tasks holds, for those whose answer was lost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.domain.job import OtaJob
from gateway.domain.paging import PageRequest
from gateway.domain.task import OPEN_TASK_STATUSES, Task, TaskFilter, TaskStatus
from gateway.domain.write import TaskTarget, Verdict
from gateway.providers.alibaba.provider import LIMITS, AlibabaProvider
from gateway.providers.alibaba.verdicts import CLOCK_SKEW

_RUN_OUT: Final = frozenset({TaskStatus.FAILED, TaskStatus.CANCELED})


async def were_retried(
    provider: AlibabaProvider, job: OtaJob, targets: Sequence[TaskTarget], *, sent_at: datetime
) -> Verdict:
    """DONE if all run or have succeeded; NOT_DONE if all are as ended as before the call.

    A task that ended after the call may have been run again and failed again.
    """
    tasks = await _read(provider, job, targets)
    if tasks is None:
        return Verdict.UNCLEAR
    if all(task.status not in _RUN_OUT for task in tasks):
        return Verdict.DONE
    untouched = all(
        task.status in _RUN_OUT
        and task.updated_at is not None
        and task.updated_at < sent_at - CLOCK_SKEW
        for task in tasks
    )
    return Verdict.NOT_DONE if untouched else Verdict.UNCLEAR


async def were_canceled(
    provider: AlibabaProvider, job: OtaJob, targets: Sequence[TaskTarget]
) -> Verdict:
    """DONE if none is open, NOT_DONE if all are."""
    return _left(await _read(provider, job, targets), OPEN_TASK_STATUSES)


async def were_confirmed(
    provider: AlibabaProvider, job: OtaJob, targets: Sequence[TaskTarget]
) -> Verdict:
    """DONE if none awaits confirmation, NOT_DONE if all do."""
    waiting = frozenset({TaskStatus.AWAITING_CONFIRMATION})
    return _left(await _read(provider, job, targets), waiting)


def _left(tasks: Sequence[Task] | None, statuses: frozenset[TaskStatus]) -> Verdict:
    if tasks is None:
        return Verdict.UNCLEAR
    left = [task for task in tasks if task.status in statuses]
    if not left:
        return Verdict.DONE
    return Verdict.NOT_DONE if len(left) == len(tasks) else Verdict.UNCLEAR


async def _read(
    provider: AlibabaProvider, job: OtaJob, targets: Sequence[TaskTarget]
) -> list[Task] | None:
    """The tasks of one call; None if the cloud does not show all of them, or with odd states."""
    wanted = {target.task_id for target in targets}
    names = tuple(dict.fromkeys(target.device.name for target in targets))
    found: dict[str, Task] = {}
    for start in range(0, len(names), LIMITS.task_devices):
        some = names[start : start + LIMITS.task_devices]
        page = await provider.list_tasks(
            TaskFilter(job_id=job.native_id, device_names=some), PageRequest()
        )
        found |= {task.native_id: task for task in page.items if task.native_id in wanted}
    tasks = list(found.values())
    readable = all(task.status is not TaskStatus.UNKNOWN for task in tasks)
    return tasks if readable and len(tasks) == len(wanted) else None
