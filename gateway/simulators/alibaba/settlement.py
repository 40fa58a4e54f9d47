"""What follows when tasks change: their batch ends or runs on, and a verification is decided."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.simulators.alibaba.firmware import Verification
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.job import Job, JobStatus, JobType, Selection
from gateway.simulators.alibaba.task import NEVER, Course, TaskStatus


def change_tasks(
    fleet: Fleet,
    job: Job,
    changes: Mapping[int, Course],
    now_s: float,
    *,
    emptied: JobStatus | None = None,
    rerun: bool = False,
) -> None:
    """Give tasks of a batch other courses, and the batch the end that follows from them.

    `emptied` says that the tasks were canceled, and what a running batch then becomes if none
    is open any more. `rerun` says that ended tasks run again.
    """
    if not changes:
        return
    fleet.change_courses(job, changes, reopened=rerun)
    # A batch that runs again was never modified earlier than it says already.
    changed = replace(job, changed_s=now_s) if rerun else job
    settle(fleet, retimed(changed, fleet.courses(job), now_s, emptied=emptied))


def settle(fleet: Fleet, job: Job) -> None:
    """Put a batch in its place; if it is a verification, its package follows."""
    fleet.replace_job(job)
    # A package deleted since has no verification any more.
    firmware = fleet.firmware(job.firmware.id)
    if job.type is JobType.VERIFY and firmware is not None:
        trial = _trial(job, fleet.courses(job))
        fleet.replace_firmware(replace(firmware, verification=trial))


def retimed(
    job: Job, courses: Sequence[Course], now_s: float, *, emptied: JobStatus | None = None
) -> Job:
    """The batch, ending with the last of its tasks; a dynamic one is not ended by tasks."""
    if job.scope.selection is Selection.DYNAMIC:
        return job
    timing = job.timing
    ended_s = max((course.ended_s for course in courses), default=timing.start_s)
    if emptied is not None and ended_s <= now_s:
        canceled = now_s < timing.start_s or emptied is JobStatus.CANCELED
        return replace(job, timing=replace(timing, ended_s=now_s, canceled=canceled))
    end_s = None if ended_s == NEVER else max(ended_s, timing.start_s)
    return replace(job, timing=replace(timing, ended_s=end_s, canceled=False))


def _trial(job: Job, courses: Sequence[Course]) -> Verification:
    """A trial is passed once it is over and a device has come out of it with the version."""
    ended_s = NEVER if job.timing.ended_s is None else job.timing.ended_s
    return Verification(
        started_s=job.timing.created_s,
        ended_s=ended_s,
        passed=any(course.outcome is TaskStatus.SUCCEEDED for course in courses),
    )
