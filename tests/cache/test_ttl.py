"""Times to live by what an answer holds."""

import dataclasses

import pytest

from gateway.cache.ttl import (
    DEFAULT_LIFETIMES,
    Content,
    Lifetime,
    LifetimeTable,
    firmware_content,
    job_content,
    package_jobs_content,
    tasks_content,
)
from gateway.domain.firmware import VerificationStatus
from gateway.domain.job import JobStatus
from gateway.domain.task import OPEN_TASK_STATUSES, TaskStatus
from tests.cache.samples import FIRMWARE, JOB, TASK

_HOUR = 3_600


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (JobStatus.COMPLETED, Content.FINISHED_JOB),
        (JobStatus.CANCELED, Content.FINISHED_JOB),
        (JobStatus.IN_PROGRESS, Content.RUNNING_JOB),
        (JobStatus.UNKNOWN, Content.RUNNING_JOB),
        (JobStatus.PLANNED, Content.PLANNED_JOB),
        (JobStatus.STOPPED, Content.STOPPED_JOB),
    ],
)
def test_jobs_by_status(status: JobStatus, content: Content) -> None:
    assert job_content(dataclasses.replace(JOB, status=status)) is content


@pytest.mark.parametrize(
    ("statuses", "content"),
    [
        ([], Content.ENDED_PACKAGE_JOBS),
        ([JobStatus.COMPLETED, JobStatus.CANCELED], Content.ENDED_PACKAGE_JOBS),
        ([JobStatus.COMPLETED, JobStatus.IN_PROGRESS], Content.PACKAGE_JOBS),
        ([JobStatus.PLANNED], Content.PACKAGE_JOBS),
        ([JobStatus.UNKNOWN], Content.PACKAGE_JOBS),
    ],
)
def test_packages_whose_jobs_have_ended_are_asked_for_rarely(
    statuses: list[JobStatus], content: Content
) -> None:
    jobs = [dataclasses.replace(JOB, status=status) for status in statuses]

    assert package_jobs_content(jobs) is content


def test_a_job_index_stands_for_a_day_without_the_cloud() -> None:
    table = LifetimeTable()

    for content in (Content.PACKAGE_JOBS, Content.ENDED_PACKAGE_JOBS, Content.FIRMWARE_LIST):
        assert table.lifetime("cloud", content).usable_s == 24 * _HOUR


@pytest.mark.parametrize(
    ("statuses", "content"),
    [
        ([], Content.OPEN_TASKS),
        ([TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELED], Content.ENDED_TASKS),
        ([TaskStatus.SUCCEEDED, TaskStatus.UNKNOWN], Content.OPEN_TASKS),
        *(([TaskStatus.SUCCEEDED, status], Content.OPEN_TASKS) for status in OPEN_TASK_STATUSES),
    ],
)
def test_tasks_have_ended_only_if_all_have(statuses: list[TaskStatus], content: Content) -> None:
    assert tasks_content(dataclasses.replace(TASK, status=s) for s in statuses) is content


@pytest.mark.parametrize("verification", VerificationStatus)
def test_firmware_lives_shorter_while_it_is_verified(verification: VerificationStatus) -> None:
    content = firmware_content(dataclasses.replace(FIRMWARE, verification=verification))
    verifying = verification is VerificationStatus.VERIFYING
    assert (content is Content.FIRMWARE_IN_VERIFICATION) == verifying


def test_finished_jobs_keep_for_hours_running_ones_for_seconds_firmware_for_minutes() -> None:
    assert set(DEFAULT_LIFETIMES) == set(Content)
    assert DEFAULT_LIFETIMES[Content.FINISHED_JOB].fresh_s >= _HOUR
    assert DEFAULT_LIFETIMES[Content.RUNNING_JOB] == Lifetime(fresh_s=15, usable_s=315)
    assert 60 <= DEFAULT_LIFETIMES[Content.FIRMWARE].fresh_s <= _HOUR


def test_a_backend_overrides_all_and_all_override_the_defaults() -> None:
    short, shorter = Lifetime(fresh_s=2, usable_s=3), Lifetime(fresh_s=1, usable_s=1)
    table = LifetimeTable(
        everywhere={Content.DEVICE: short, Content.JOB_LIST: short},
        by_backend={"cloud": {Content.DEVICE: shorter}},
    )
    assert table.lifetime("cloud", Content.DEVICE) == shorter
    assert table.lifetime("other", Content.DEVICE) == short
    assert table.lifetime("cloud", Content.JOB_LIST) == short
    assert table.lifetime("cloud", Content.FIRMWARE) == DEFAULT_LIFETIMES[Content.FIRMWARE]


@pytest.mark.parametrize(("fresh_s", "usable_s"), [(-1, 1), (2, 1)])
def test_a_lifetime_that_cannot_be_is_refused(fresh_s: float, usable_s: float) -> None:
    with pytest.raises(ValueError, match="fresh_s <= usable_s"):
        Lifetime(fresh_s=fresh_s, usable_s=usable_s)
