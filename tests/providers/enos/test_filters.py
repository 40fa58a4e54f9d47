"""What is pushed down to EnOS, and what is left to the caller."""

from datetime import UTC, datetime

import pytest

from gateway.domain.device import DeviceRef
from gateway.domain.firmware import FirmwareFilter, VerificationStatus
from gateway.domain.job import JobFilter, JobStatus, JobType
from gateway.domain.task import TaskStatus
from gateway.providers.enos.filters import (
    device_expression,
    firmware_expression,
    job_expression,
    native_job_filter,
    task_expression,
)


def statuses(*wanted: JobStatus) -> JobFilter:
    return JobFilter(statuses=frozenset(wanted))


def types(*wanted: JobType) -> JobFilter:
    return JobFilter(types=frozenset(wanted))


@pytest.mark.parametrize(
    ("wanted", "expression"),
    [
        (JobFilter(), None),
        (JobFilter(product_key="pk"), "productKey='pk'"),
        (JobFilter(firmware_id="f"), "firmwareId='f'"),
        (JobFilter(name="泵"), "name like '泵'"),
        (JobFilter(name="n", product_key="pk"), "productKey='pk' and name like 'n'"),
        (statuses(JobStatus.IN_PROGRESS), "status='started'"),
        (statuses(JobStatus.STOPPED), "status='stopped'"),
        (statuses(JobStatus.STOPPED, JobStatus.CANCELED), "status='stopped'"),
        (statuses(JobStatus.STOPPED, JobStatus.IN_PROGRESS), None),
        (statuses(JobStatus.STOPPED, JobStatus.UNKNOWN), None),
        (statuses(JobStatus.UNKNOWN), None),
        (types(JobType.UPGRADE), "type='upgrade'"),
        (types(JobType.VERIFICATION), "type='verify'"),
        (types(JobType.UPGRADE, JobType.VERIFICATION), None),
        (types(JobType.UNKNOWN), None),
        (
            JobFilter(
                product_key="p",
                firmware_id="f",
                statuses=frozenset({JobStatus.STOPPED}),
                types=frozenset({JobType.UPGRADE}),
            ),
            "productKey='p' and firmwareId='f' and status='stopped' and type='upgrade'",
        ),
    ],
)
def test_job_filters_that_enos_can_answer(wanted: JobFilter, expression: str | None) -> None:
    native = native_job_filter(wanted)
    assert native is not None
    assert job_expression(native) == expression
    assert native_job_filter(native) == native


@pytest.mark.parametrize(
    "wanted",
    [
        statuses(JobStatus.PLANNED),
        statuses(JobStatus.COMPLETED, JobStatus.CANCELED),
    ],
)
def test_no_enos_job_is_in_a_state_that_enos_does_not_have(wanted: JobFilter) -> None:
    assert native_job_filter(wanted) is None


def test_what_enos_cannot_search_by_is_cleared() -> None:
    wanted = JobFilter(
        firmware_id="it's",
        product_key='p"k',
        device=DeviceRef(product_key="pk", name="d"),
        name="back\\slash",
        created_from=datetime(2026, 1, 1, tzinfo=UTC),
        created_before=datetime(2026, 2, 1, tzinfo=UTC),
    )
    assert native_job_filter(wanted) == JobFilter()


@pytest.mark.parametrize("name", ["", "50%", "new\nline", "\ud800"])
def test_names_that_may_mean_something_else_are_cleared(name: str) -> None:
    assert native_job_filter(JobFilter(name=name)) == JobFilter()


def test_task_expressions() -> None:
    assert task_expression() is None
    assert task_expression(job_id="j") == "jobId='j'"
    assert (
        task_expression(
            job_id="j",
            device_names=("d1", "d2"),
            statuses={TaskStatus.IN_PROGRESS, TaskStatus.QUEUED, TaskStatus.CANCELED},
        )
        == "jobId='j' and deviceKey in ('d1','d2') and status in ('init','upgrading')"
    )


@pytest.mark.parametrize(
    ("wanted", "expression"),
    [
        (FirmwareFilter(), None),
        (FirmwareFilter(version="2"), None),
        (FirmwareFilter(product_key="pk", name="n"), "productKey='pk' and name like 'n'"),
        (FirmwareFilter(product_key="p'k", name="100%"), None),
        (FirmwareFilter(verification=VerificationStatus.VERIFIED), "isVerified=true"),
        (FirmwareFilter(verification=VerificationStatus.UNVERIFIED), "isVerified=false"),
        (FirmwareFilter(verification=VerificationStatus.NOT_REQUIRED), None),
        (FirmwareFilter(verification=VerificationStatus.UNKNOWN), None),
    ],
)
def test_firmware_expressions(wanted: FirmwareFilter, expression: str | None) -> None:
    assert firmware_expression(wanted) == expression


def test_device_expressions() -> None:
    assert device_expression("pk") == "productKey='pk'"
    assert device_expression("pk", ["1", "2"]) == "productKey='pk' and firmwareVersion in ('1','2')"
