"""What the cloud's rules allow with a job.

Source: the operations' reference pages; see each function.
"""

from gateway.domain.job import (
    TERMINAL_JOB_STATUSES,
    JobStatus,
    JobType,
    OtaJob,
    OtaJobAction,
    UpgradePolicy,
)


def available_actions(job: OtaJob) -> tuple[OtaJobAction, ...]:
    """The actions allowed now, as far as the job alone can tell; tasks have rules of their own.

    Jobs of this cloud cannot be started, stopped or deleted.
    """
    rules = (
        (OtaJobAction.CANCEL, _can_cancel(job)),
        (OtaJobAction.UPDATE, _is_rollout(job) and job.status is JobStatus.IN_PROGRESS),
        (OtaJobAction.RETRY_TASKS, _is_rollout(job)),
        (OtaJobAction.CANCEL_TASKS, True),
        (OtaJobAction.CONFIRM_TASKS, _can_confirm(job)),
    )
    return tuple(action for action, allowed in rules if allowed)


def _is_rollout(job: OtaJob) -> bool:
    # UpdateOTAJob, ReupgradeOTATask and the Cancel...ByJob calls are for static and dynamic
    # batches, not for verifications. A type left out does not speak against it.
    return job.type in {JobType.UPGRADE, None}


def _can_cancel(job: OtaJob) -> bool:
    # CancelOTAStrategyByJob: dynamic, not canceled yet. CancelOTATaskByJob: scheduled batches that
    # have not begun, and batches with open tasks.
    if not _is_rollout(job):
        return False
    if job.policy is UpgradePolicy.CONTINUOUS:
        return job.status is not JobStatus.CANCELED
    return job.status in {JobStatus.PLANNED, JobStatus.IN_PROGRESS}


def _can_confirm(job: OtaJob) -> bool:
    # ConfirmOTATask: tasks await confirmation only where the batch asks for it, and a scheduled
    # batch must be inside its window. Tasks run again after the end await it once more.
    if job.status is JobStatus.PLANNED:
        return False
    detail = job.detail
    if detail is None:
        return True
    window_closed = (
        job.status in TERMINAL_JOB_STATUSES
        and detail.schedule is not None
        and detail.schedule.ends_at is not None
    )
    return detail.confirmation_required is not False and not window_closed
