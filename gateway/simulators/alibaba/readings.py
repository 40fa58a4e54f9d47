"""How this simulator reads what the vendor's documents leave open about writes.

No source confirms any of these; each default is the most natural reading, and each can be turned
so that a client is tried against the other one.
"""

from dataclasses import dataclass

from gateway.simulators.alibaba.job import JobStatus
from gateway.simulators.alibaba.task import TaskStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """One answer to each open question.

    Attributes:
        emptied_job: what a running static batch becomes when CancelOTATaskByJob ends its last
            open task: CANCELED or COMPLETED. One that has not begun is CANCELED, documented so.
        strategy_cancels_tasks: whether CancelOTAStrategyByJob ends the open tasks, too.
        replaced_task: what an open task becomes that `OverwriteMode=2` replaces.
        window_closed_task: what an open task becomes at `ScheduleFinishTime`.
        rerun_reopens_job: whether an ended static batch is IN_PROGRESS again after
            ReupgradeOTATask; otherwise its tasks run while it stays as it was.
        rerun_needs_confirmation: whether a task that runs again in a batch with `NeedConfirm`
            waits in CONFIRM; otherwise it is QUEUED at once.
        idle_cancel_fails: whether a cancellation that finds no task to cancel is refused.
        update_planned_jobs: whether UpdateOTAJob takes a batch that is PLANNED.
        delete_with_running_jobs: whether a package can be deleted while it has batches that are
            PLANNED or IN_PROGRESS.
        require_upload: whether a package's URL must be that of a file uploaded here within the
            last hour, and its size and checksum that file's; otherwise any URL will do.
        most_listed_devices: how many names a list file may hold: one page says 10,000, another
            1,000,000.
    """

    emptied_job: JobStatus = JobStatus.CANCELED
    strategy_cancels_tasks: bool = False
    replaced_task: TaskStatus = TaskStatus.CANCELED
    window_closed_task: TaskStatus = TaskStatus.CANCELED
    rerun_reopens_job: bool = True
    rerun_needs_confirmation: bool = True
    idle_cancel_fails: bool = False
    update_planned_jobs: bool = False
    delete_with_running_jobs: bool = False
    require_upload: bool = True
    most_listed_devices: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How devices take the updates that calls order; shares from 0 to 1.

    `failing` of them fail; `lingering` of them are offline for good, so that their tasks and
    batches stay open.
    """

    failing: float = 0.04
    lingering: float = 0.01
