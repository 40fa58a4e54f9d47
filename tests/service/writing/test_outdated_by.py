"""Which cached reads a write puts out of date."""

from dataclasses import replace

import pytest

from gateway.cache import keys
from gateway.domain.device import DeviceRef
from gateway.domain.draft import (
    CancelChoice,
    FileDraft,
    FirmwareChanges,
    FirmwareDraft,
    JobChanges,
    JobDraft,
    ModuleDraft,
    ScopeDraft,
)
from gateway.domain.job import JobType, OverwriteMode, UpgradePolicy
from gateway.domain.scope import AllDevices
from gateway.domain.text import LocalizedText
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
    TaskTarget,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Write,
)
from gateway.service.writing.forgetting import forgetting, outdated_by
from tests.cache.samples import FIRMWARE
from tests.cache.samples import JOB as SAMPLE
from tests.service.cloud import LISTS_BY_PACKAGE, LISTS_JOBS, Cloud, Site

JOB = replace(SAMPLE, native_id="j", firmware_id="f", type=JobType.UPGRADE)
DRAFT = JobDraft(
    firmware_id="f",
    product_key="pump",
    type=JobType.UPGRADE,
    scope=ScopeDraft(target=AllDevices()),
)
TARGETS = (TaskTarget(task_id="t", device=DeviceRef(product_key="pump", name="d")),)
OF_JOB = {"job:j", "firmware:f", "device-tasks"}
MODULE = ModuleDraft(product_key="pump", name="radio")
PACKAGE = FirmwareDraft(
    name=LocalizedText(default="n"), version="1", files=(FileDraft(name="a", content=b"a"),)
)


@pytest.mark.parametrize(
    ("write", "names"),
    [
        (CreateJob(draft=DRAFT), {"firmware:f", "device-tasks"}),
        (
            CreateJob(draft=replace(DRAFT, type=JobType.VERIFICATION)),
            {"firmware:f", "device-tasks", "firmware-lists"},
        ),
        (StartJob(job=JOB), OF_JOB),
        (StopJob(job=JOB), OF_JOB),
        (CancelJob(job=JOB, choice=CancelChoice()), OF_JOB),
        (UpdateJob(job=JOB, changes=JobChanges()), OF_JOB),
        (DeleteJob(job=JOB), OF_JOB),
        (DeleteJob(job=replace(JOB, type=JobType.VERIFICATION)), OF_JOB | {"firmware-lists"}),
        (RetryTasks(job=JOB, targets=TARGETS), OF_JOB | {"device:d"}),
        (CancelTasks(job=JOB, targets=TARGETS), OF_JOB | {"device:d"}),
        (ConfirmTasks(job=JOB, targets=TARGETS), OF_JOB | {"device:d"}),
    ],
)
def test_what_a_job_takes_with_it(write: Write, names: set[str]) -> None:
    assert outdated_by(write, lists_jobs=False) == names
    assert outdated_by(write, lists_jobs=True) == names | {"job-lists"}


def test_a_job_of_an_unknown_package_may_be_in_any_list() -> None:
    write = StopJob(job=replace(JOB, firmware_id=None))

    assert outdated_by(write, lists_jobs=False) == {"job:j", "device-tasks", "job-lists"}


@pytest.mark.parametrize(
    ("write", "names"),
    [
        (
            CreateJob(draft=replace(DRAFT, overwrite_mode=OverwriteMode.REPLACE_PENDING)),
            {"backend"},
        ),
        (CreateJob(draft=replace(DRAFT, policy=UpgradePolicy.CONTINUOUS)), {"backend"}),
        (CreateFirmware(draft=PACKAGE), {"firmware-lists"}),
        (UpdateFirmware(firmware=FIRMWARE, changes=FirmwareChanges()), {"backend"}),
        (DeleteFirmware(firmware=FIRMWARE), {"backend"}),
        (CreateModule(draft=MODULE), {"modules"}),
        (UpdateModule(draft=MODULE), {"modules"}),
        (DeleteModule(product_key="pump", name="radio"), {"modules"}),
    ],
)
@pytest.mark.parametrize("lists_jobs", [True, False])
def test_what_other_writes_take_with_them(write: Write, names: set[str], lists_jobs: bool) -> None:
    assert outdated_by(write, lists_jobs=lists_jobs) == names


@pytest.mark.parametrize("abilities", [LISTS_JOBS, LISTS_BY_PACKAGE])
async def test_reads_are_misses_and_job_indexes_begin_anew(abilities: frozenset[str]) -> None:
    cloud = Cloud(abilities=abilities, jobs=[JOB])  # type: ignore[arg-type] # narrower than it says
    reads = Site(fresh_s=60.0).reads(cloud)
    await reads.get_job("j")
    await reads.get_job("j")
    assert len(cloud.calls) == 1
    generation = await reads.generation(keys.JOB_INDEX)

    await forgetting(reads)(StopJob(job=JOB), 0.0)

    await reads.get_job("j")
    assert len(cloud.calls) == 2
    assert await reads.generation(keys.JOB_INDEX) != generation


async def test_within_the_lag_nothing_is_kept() -> None:
    cloud = Cloud(jobs=[JOB])
    site = Site(fresh_s=60.0)
    reads = site.reads(cloud)

    await forgetting(reads)(StopJob(job=JOB), 2.5)
    await reads.get_job("j")
    await reads.get_job("j")

    assert len(cloud.calls) == 2
