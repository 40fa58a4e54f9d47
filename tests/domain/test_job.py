from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.device import DeviceRef
from gateway.domain.job import JobDetail, JobFilter, JobStatus, JobType, OtaJob
from gateway.domain.scope import AllDevices, UpgradeScope
from gateway.domain.text import LocalizedText

CREATED = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DETAIL = JobDetail(
    scope=UpgradeScope(source_versions=(), product_key=None, target=AllDevices()),
    raw={},
    name=LocalizedText(default="Night rollout", translations={"de": "Nachtlauf"}),
)
JOB = OtaJob(
    backend="b",
    native_id="j1",
    status=JobStatus.IN_PROGRESS,
    raw_status="started",
    type=JobType.UPGRADE,
    raw_type="upgrade",
    policy=None,
    raw_policy=None,
    product_key="p1",
    firmware_id="f1",
    created_at=CREATED,
    detail=DETAIL,
)


@pytest.mark.parametrize(
    "wanted",
    [
        JobFilter(),
        JobFilter(firmware_id="f1"),
        JobFilter(product_key="p1"),
        JobFilter(statuses=frozenset({JobStatus.IN_PROGRESS, JobStatus.STOPPED})),
        JobFilter(types=frozenset({JobType.UPGRADE})),
        JobFilter(name="ROLLOUT"),
        JobFilter(name="nachtl"),
        JobFilter(created_from=CREATED),
        JobFilter(created_before=CREATED + SECOND),
        JobFilter(created_from=CREATED, created_before=CREATED + SECOND),
        JobFilter(device=DeviceRef(product_key="other", name="never looked at")),
        JobFilter(firmware_id="f1", product_key="p1", name="night", created_from=CREATED),
    ],
)
def test_a_job_matches_what_it_satisfies(wanted: JobFilter) -> None:
    assert wanted.matches(JOB)


@pytest.mark.parametrize(
    "wanted",
    [
        JobFilter(firmware_id="f2"),
        JobFilter(firmware_id=""),
        JobFilter(product_key="p2"),
        JobFilter(statuses=frozenset({JobStatus.STOPPED})),
        JobFilter(types=frozenset({JobType.VERIFICATION})),
        JobFilter(name="day"),
        JobFilter(created_from=CREATED + SECOND),
        JobFilter(created_before=CREATED),
        JobFilter(firmware_id="f1", product_key="p2"),
        JobFilter(created_from=CREATED - SECOND, created_before=CREATED),
    ],
)
def test_a_job_fails_each_single_condition(wanted: JobFilter) -> None:
    assert not wanted.matches(JOB)


@pytest.mark.parametrize(
    ("job", "wanted"),
    [
        (replace(JOB, firmware_id=None), JobFilter(firmware_id="f1")),
        (replace(JOB, product_key=None), JobFilter(product_key="p1")),
        (replace(JOB, type=None), JobFilter(types=frozenset({JobType.UPGRADE}))),
        (replace(JOB, created_at=None), JobFilter(created_from=CREATED)),
        (replace(JOB, created_at=None), JobFilter(created_before=CREATED)),
        (replace(JOB, detail=None), JobFilter(name="night")),
        (replace(JOB, detail=replace(DETAIL, name=None)), JobFilter(name="")),
    ],
)
def test_what_a_job_does_not_tell_matches_no_condition(job: OtaJob, wanted: JobFilter) -> None:
    assert not wanted.matches(job)
    assert JobFilter().matches(job)


def test_a_name_known_from_elsewhere_wins() -> None:
    package = LocalizedText(default="Pump firmware")
    assert JobFilter(name="pump").matches(JOB, package)
    assert not JobFilter(name="night").matches(JOB, package)
    assert JobFilter(name="pump").matches(replace(JOB, detail=None), package)
