"""Whether a change of a job holds, for those whose answer was lost."""

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.domain.draft import CancelChoice
from gateway.domain.job import JobStatus, OtaJob, UpgradePolicy
from gateway.domain.task import TaskStatus
from gateway.domain.write import CancelJob, PlannedCall, UpdateJob, Verdict
from gateway.providers.alibaba.job_tags import MARKER_KEY
from gateway.providers.alibaba.provider import AlibabaProvider
from gateway.providers.alibaba.verdicts import compare

_MEMBERSHIP_ENDED: Final[Mapping[JobStatus, Verdict]] = {
    JobStatus.CANCELED: Verdict.DONE,
    JobStatus.IN_PROGRESS: Verdict.NOT_DONE,
}


async def was_canceled(provider: AlibabaProvider, write: CancelJob, call: PlannedCall) -> Verdict:
    """Whether membership has ended, or no task is left of those to be canceled.

    A continuous job with tasks left is UNCLEAR: it may have taken in devices since.
    """
    job = write.job
    if call.operation == "CancelOTAStrategyByJob":
        status = (await provider.get_job(job.native_id)).status
        return _MEMBERSHIP_ENDED.get(status, Verdict.UNCLEAR)
    if write.choice.scheduled:
        status = (await provider.get_job(job.native_id)).status
        if status is JobStatus.PLANNED:
            return Verdict.NOT_DONE
    for status_left in _chosen(write.choice):
        if await provider.count_tasks(job.native_id, status_left) > 0:
            fixed = job.policy is UpgradePolicy.SNAPSHOT
            return Verdict.NOT_DONE if fixed else Verdict.UNCLEAR
    return Verdict.DONE


async def was_updated(provider: AlibabaProvider, write: UpdateJob) -> Verdict:
    """Whether the job has the settings that were asked for."""
    changes, versions = write.changes, write.changes.source_versions
    wanted = {
        "pace": changes.max_per_minute,
        "timeout": changes.timeout_s,
        "versions": None if versions is None else frozenset(versions),
        "tags": None if changes.tags is None else _tags(changes.tags),
    }
    now = await provider.get_job(write.job.native_id)
    return compare(wanted, _settings(write.job), _settings(now))


def _chosen(choice: CancelChoice) -> Iterable[TaskStatus]:
    if choice.queued:
        yield TaskStatus.QUEUED
    if choice.notified:
        yield TaskStatus.NOTIFIED
    if choice.in_progress:
        yield TaskStatus.IN_PROGRESS
    confirming = choice.awaiting_confirmation
    if confirming or (confirming is None and choice.queued):
        yield TaskStatus.AWAITING_CONFIRMATION


def _settings(job: OtaJob) -> dict[str, object]:
    detail = job.detail
    return {
        "pace": detail.pace.max_per_minute if detail and detail.pace else None,
        "timeout": detail.timeout_s if detail else None,
        "versions": frozenset(detail.scope.source_versions) if detail else None,
        "tags": _tags(job.tags),
    }


def _tags(tags: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((key, value) for key, value in tags.items() if key != MARKER_KEY)
