"""What becomes out of date by a write, in the names that cached reads go by."""

from collections.abc import Awaitable, Callable
from typing import assert_never

from gateway.cache import keys
from gateway.cache.provider import CachedProvider
from gateway.domain.draft import JobDraft
from gateway.domain.job import JobType, OtaJob, OverwriteMode, UpgradePolicy
from gateway.domain.provider import Capability
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
    RetryTasks,
    StartJob,
    StopJob,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Write,
)


def forgetting(reads: CachedProvider) -> Callable[[Write, float], Awaitable[None]]:
    """What makes `reads` forget all that a write may have changed, on every replica."""

    async def forget(write: Write, settle_s: float) -> None:
        lists_jobs = Capability.LIST_JOBS in reads.capabilities
        await reads.invalidate(outdated_by(write, lists_jobs=lists_jobs), settle_s=settle_s)
        # Last: an index that begins anew from here on finds nothing from before the write.
        await reads.invalidate([keys.JOB_INDEX], settle_s=settle_s)

    return forget


def outdated_by(write: Write, *, lists_jobs: bool) -> frozenset[str]:
    """Names of what `write` may have changed, whatever became of it.

    `lists_jobs` is whether the backend lists its jobs itself. Elsewhere they are listed by package,
    and the lists of other packages stay true.
    """
    match write:
        case CreateJob(draft=draft):
            return _by_new_job(draft, lists_jobs=lists_jobs)
        case StartJob() | StopJob() | CancelJob() | UpdateJob() | DeleteJob():
            return _by_change_of(write.job, lists_jobs=lists_jobs)
        case RetryTasks() | CancelTasks() | ConfirmTasks():
            devices = (keys.about_device(target.device) for target in write.targets)
            return _by_change_of(write.job, lists_jobs=lists_jobs).union(devices)
        case CreateFirmware():
            return frozenset({keys.FIRMWARE_LISTS})
        case UpdateFirmware() | DeleteFirmware():
            # Jobs carry their package's name, and go with it.
            return frozenset({keys.EVERYTHING})
        case CreateModule() | UpdateModule() | DeleteModule():
            return frozenset({keys.MODULES})
        case _:
            assert_never(write)


def _by_new_job(draft: JobDraft, *, lists_jobs: bool) -> frozenset[str]:
    if (
        draft.overwrite_mode is OverwriteMode.REPLACE_PENDING
        or draft.policy is UpgradePolicy.CONTINUOUS
    ):
        return frozenset({keys.EVERYTHING})  # it may end tasks of any other job
    names = {keys.about_firmware(draft.firmware_id), keys.DEVICE_TASKS}
    if lists_jobs:
        names.add(keys.JOB_LISTS)
    if draft.type is JobType.VERIFICATION:
        names.add(keys.FIRMWARE_LISTS)  # they tell whether a package is being verified
    return frozenset(names)


def _by_change_of(job: OtaJob, *, lists_jobs: bool) -> frozenset[str]:
    names = {keys.about_job(job.native_id), keys.DEVICE_TASKS}
    if job.firmware_id is not None:
        names.add(keys.about_firmware(job.firmware_id))
    if lists_jobs or job.firmware_id is None:
        names.add(keys.JOB_LISTS)
    if job.type is not JobType.UPGRADE:
        names.add(keys.FIRMWARE_LISTS)
    return frozenset(names)
