"""Changes of jobs as calls: update and cancel.

Source: UpdateOTAJob, CancelOTATaskByJob, CancelOTAStrategyByJob.
"""

from collections.abc import Mapping
from typing import Final

from gateway.domain.draft import CancelChoice, JobChanges
from gateway.domain.errors import UnsupportedError
from gateway.domain.job import JobType, OtaJob, UpgradePolicy
from gateway.domain.scope import DeviceGroups, ScopeTargetKind, UnknownTarget
from gateway.domain.write import PlannedCall, WritePlan
from gateway.providers.alibaba.job_scope import put_source_versions
from gateway.providers.alibaba.job_settings import put_max_per_minute, put_timeout
from gateway.providers.alibaba.job_tags import MARKER_KEY, put_tags, put_unchecked_tags
from gateway.providers.alibaba.parameters import flatten
from gateway.providers.alibaba.planning import Planning

_UPGRADE_TYPE: Final = {UpgradePolicy.SNAPSHOT: "STATIC", UpgradePolicy.CONTINUOUS: "DYNAMIC"}

_SELECTION: Final[Mapping[ScopeTargetKind | str, str]] = {
    ScopeTargetKind.ALL_DEVICES: "ALL",
    ScopeTargetKind.LISTED_DEVICES: "SPECIFIC",
    ScopeTargetKind.PERCENTAGE: "GRAY",
    ScopeTargetKind.DEVICE_GROUPS: "GROUP",
}


def plan_update(job: OtaJob, changes: JobChanges, *, marker: str | None) -> WritePlan:
    """The call that changes a job.

    The cloud wants what a job is for, its pace and its tags resent, changed or not: leaving tags
    out would clear them. They come from `job`, which is to be fresh and with its detail. The
    gateway's own tag outlives a change of tags unless markers are switched off (`marker` None).

    Raises:
        UnsupportedError: a verification, which cannot be changed.
        InvalidInputError: names every problem.
    """
    _refuse_verification(job, "changed")
    planning = Planning()
    if changes == JobChanges():
        planning.refuse((), "there is nothing to change")
    planning.put("JobId", job.native_id)
    planning.put("UpgradeType", None if job.policy is None else _UPGRADE_TYPE.get(job.policy))
    planning.put("TargetSelection", _selection(job))
    if job.policy not in _UPGRADE_TYPE or _selection(job) is None:
        planning.refuse(
            ("id",), "the cloud does not say what this job is for, which a change must repeat"
        )
    _put_pace(planning, job, changes)
    if job.policy is not UpgradePolicy.CONTINUOUS:
        planning.refuse_given(
            {"timeoutSeconds": changes.timeout_s, "sourceVersions": changes.source_versions},
            "can be changed in continuous jobs only",
        )
    else:
        put_timeout(planning, changes.timeout_s)
        _put_versions(planning, job, changes)
    _put_tags(planning, job, changes, marker=marker)
    return planning.plan(planning.call("UpdateOTAJob"))


def plan_cancellation(job: OtaJob, choice: CancelChoice, *, membership: bool) -> WritePlan:
    """The calls that end a job: first it takes in no more devices, then its tasks end.

    In this order, so that no device joins behind the back of the second call.

    Raises:
        UnsupportedError: a verification, whose tasks are canceled one by one.
        InvalidInputError: nothing to cancel was chosen, or membership of a job without any.
    """
    _refuse_verification(job, "canceled as a whole; cancel its tasks")
    planning = Planning()
    if membership and job.policy is not UpgradePolicy.CONTINUOUS:
        planning.refuse(("membership",), "membership can be ended in continuous jobs only")
    tasks = any(
        (
            choice.scheduled,
            choice.queued,
            choice.notified,
            choice.in_progress,
            choice.awaiting_confirmation,
        )
    )
    if not tasks and not membership:
        planning.refuse((), "choose at least one kind of tasks to cancel, or membership")
    strategy = PlannedCall(operation="CancelOTAStrategyByJob", parameters={"JobId": job.native_id})
    by_job = PlannedCall(
        operation="CancelOTATaskByJob",
        parameters=flatten(
            {
                "JobId": job.native_id,
                "CancelScheduledTask": choice.scheduled,
                "CancelQueuedTask": choice.queued,
                "CancelNotifiedTask": choice.notified,
                "CancelInProgressTask": choice.in_progress,
                "CancelUnconfirmedTask": choice.awaiting_confirmation,
            }
        ),
    )
    return planning.plan(*([strategy] if membership else []), *([by_job] if tasks else []))


def _refuse_verification(job: OtaJob, what: str) -> None:
    if job.type is JobType.VERIFICATION:
        message = f"on this cloud a verification cannot be {what}"
        raise UnsupportedError(message)


def _selection(job: OtaJob) -> str | None:
    if job.policy is UpgradePolicy.CONTINUOUS:
        return "ALL"  # documented for every dynamic batch, those of groups too
    if isinstance(job.target, UnknownTarget):
        return job.target.raw_target
    return _SELECTION.get(job.target.kind) if job.target else None


def _put_pace(planning: Planning, job: OtaJob, changes: JobChanges) -> None:
    known = job.detail.pace.max_per_minute if job.detail and job.detail.pace else None
    count = known if changes.max_per_minute is None else changes.max_per_minute
    if count is None:
        planning.refuse(
            ("maxPerMinute",), "the cloud wants maxPerMinute repeated and does not tell it: give it"
        )
        return
    put_max_per_minute(planning, ("maxPerMinute",), count)


def _put_versions(planning: Planning, job: OtaJob, changes: JobChanges) -> None:
    versions = changes.source_versions
    if versions is None:
        return
    if isinstance(job.target, DeviceGroups):
        planning.refuse(
            ("sourceVersions",), "a job for a device group has no source versions to change"
        )
    elif not versions:
        planning.refuse(("sourceVersions",), "a continuous job needs 1 to 10 source versions")
    put_source_versions(planning, "SrcVersionList", ("sourceVersions",), versions)


def _put_tags(planning: Planning, job: OtaJob, changes: JobChanges, *, marker: str | None) -> None:
    if changes.tags is None:
        put_unchecked_tags(planning, "Tags", job.tags)
        return
    own = job.tags.get(MARKER_KEY)
    # Whoever reads all tags, changes one and sends them back, sends the gateway's own along.
    given = {key: value for key, value in changes.tags.items() if (key, value) != (MARKER_KEY, own)}
    put_tags(planning, "Tags", given, marker=own if marker is not None else None)
