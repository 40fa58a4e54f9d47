"""Batches as jobs, field by field."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.job import (
    DownloadProtocol,
    JobStatus,
    JobType,
    MembershipMode,
    OtaJob,
    OverwriteMode,
    RetryPolicy,
    RolloutPace,
    Schedule,
    UpgradePolicy,
)
from gateway.domain.scope import (
    AllDevices,
    DeviceGroup,
    DeviceGroups,
    ListedDevices,
    Percentage,
    ScopeTarget,
    UnknownTarget,
)
from gateway.domain.text import LocalizedText
from gateway.providers.alibaba.mapping import to_job, to_listed_job
from gateway.providers.alibaba.reply import Received
from gateway.providers.alibaba.wire import JobInfo

Document = Callable[[str], Any]

CREATED = datetime(2019, 12, 28, 2, 43, 10, tzinfo=UTC)


def received(**fields: object) -> Received[JobInfo]:
    raw = {"JobId": "j"} | fields
    return Received(info=JobInfo.model_validate(raw), raw=raw)


def job(**fields: object) -> OtaJob:
    return to_job(received(**fields), backend="b")


def test_the_documented_sample_of_a_job_is_mapped_completely(document: Document) -> None:
    data = document("alibaba_QueryOTAJob.response")["Data"]
    found = to_job(Received(info=JobInfo.model_validate(data), raw=data), backend="shanghai")

    assert found.backend == "shanghai"
    assert found.native_id == "HvKuBpuk3rdk6E92CP****0200"
    assert (found.status, found.raw_status) == (JobStatus.IN_PROGRESS, "IN_PROGRESS")
    assert (found.type, found.raw_type) == (JobType.UPGRADE, "UPGRADE_FIRMWARE")
    assert (found.policy, found.raw_policy) == (UpgradePolicy.SNAPSHOT, "STATIC")
    assert found.product_key == "a19mzPZ****"
    assert found.firmware_id == "UfuxnwygsuSkVE0VCN****0100"
    assert found.created_at == found.updated_at == found.started_at == CREATED
    assert found.created_at is not None
    assert found.created_at.tzinfo is UTC
    assert found.ended_at == datetime(2019, 12, 29, 2, 43, 10, tzinfo=UTC)
    assert found.tags == {}
    assert found.target == ListedDevices(names=None)

    detail = found.detail
    assert detail is not None
    assert detail.scope.source_versions == ("1.0.0",)
    assert detail.scope.product_key is None
    assert detail.scope.target == found.target
    assert detail.name == detail.firmware_name == LocalizedText(default="firmware2")
    assert detail.firmware_version == "1.0.1"
    assert detail.description == "batch upgrade"
    assert detail.timeout_s == 300
    assert detail.retry_policy == RetryPolicy(count=1, interval_s=3600)
    assert detail.schedule is None
    assert detail.pace == RolloutPace(max_concurrent=None, max_per_minute=1000)
    assert detail.overwrite_mode is OverwriteMode.KEEP_EXISTING
    assert detail.raw_overwrite_mode == "1"
    assert detail.membership_mode is None
    assert detail.raw_membership_mode is None
    assert detail.download_protocol is DownloadProtocol.HTTPS
    assert detail.raw_download_protocol == "HTTPS"
    assert detail.confirmation_required is True
    assert detail.push_enabled is False
    assert detail.multi_module is True
    assert detail.device_request_enabled is None
    assert detail.raw == data


def test_the_documented_sample_of_a_list_is_mapped_completely(document: Document) -> None:
    (item,) = document("alibaba_ListOTAJobByDevice.response")["Data"]["SimpleOTAJobInfo"]
    found = to_listed_job(Received(info=JobInfo.model_validate(item), raw=item), backend="b")
    assert found == OtaJob(
        backend="b",
        native_id="HvKuBpuk3rdk6E92CPQN02****",
        status=JobStatus.IN_PROGRESS,
        raw_status="IN_PROGRESS",
        type=JobType.UPGRADE,
        raw_type="UPGRADE_FIRMWARE",
        policy=UpgradePolicy.SNAPSHOT,
        raw_policy="STATIC",
        product_key="a19mzPZ****",
        firmware_id="FJFx8JzpnhpIsKftRjjm03****",
        created_at=CREATED,
        updated_at=CREATED,
        started_at=CREATED,
        ended_at=None,
        tags={},
        target=ListedDevices(names=None),
        detail=None,
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PLANNED", JobStatus.PLANNED),
        ("IN_PROGRESS", JobStatus.IN_PROGRESS),
        ("COMPLETED", JobStatus.COMPLETED),
        ("COMPLETE", JobStatus.COMPLETED),
        ("CANCELED", JobStatus.CANCELED),
        ("PAUSED", JobStatus.UNKNOWN),
    ],
)
def test_status_words(word: str, status: JobStatus) -> None:
    found = job(JobStatus=word)
    assert (found.status, found.raw_status) == (status, word)


@pytest.mark.parametrize("absent", [None, ""])
def test_a_status_left_out_is_unknown(absent: object) -> None:
    found = job(JobStatus=absent)
    assert (found.status, found.raw_status) == (JobStatus.UNKNOWN, "")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("UPGRADE_FIRMWARE", JobType.UPGRADE),
        ("VERIFY_FIRMWARE", JobType.VERIFICATION),
        ("VERFIY_FIRMWARE", JobType.VERIFICATION),
        ("ROLLBACK", JobType.UNKNOWN),
        (None, None),
    ],
)
def test_type_words(word: str | None, kind: JobType | None) -> None:
    found = job(JobType=word)
    assert (found.type, found.raw_type) == (kind, word)


@pytest.mark.parametrize(
    ("word", "policy"),
    [
        ("STATIC", UpgradePolicy.SNAPSHOT),
        ("DYNAMIC", UpgradePolicy.CONTINUOUS),
        ("OTHER", UpgradePolicy.UNKNOWN),
        (None, None),
    ],
)
def test_policy_words(word: str | None, policy: UpgradePolicy | None) -> None:
    found = job(SelectionType=word)
    assert (found.policy, found.raw_policy) == (policy, word)


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        ({"TargetSelection": "ALL"}, AllDevices()),
        ({"TargetSelection": "SPECIFIC"}, ListedDevices(names=None)),
        ({"TargetSelection": "GRAY", "GrayPercent": "33.33"}, Percentage(percent=33.33)),
        ({"TargetSelection": "GRAY", "GrayPercent": 50}, Percentage(percent=50)),
        ({"TargetSelection": "GRAY"}, Percentage(percent=None)),
        ({"TargetSelection": "GRAY", "GrayPercent": "many"}, Percentage(percent=None)),
        (
            {"TargetSelection": "GROUP", "GroupId": "g", "GroupName": "Group"},
            DeviceGroups(groups=(DeviceGroup(id="g", name="Group"),)),
        ),
        (
            {"TargetSelection": "ALL", "SelectionType": "DYNAMIC", "GroupId": "g"},
            DeviceGroups(groups=(DeviceGroup(id="g", name=None),)),
        ),
        ({"TargetSelection": "GROUP", "GroupId": ""}, DeviceGroups(groups=())),
        ({"TargetSelection": "REGION"}, UnknownTarget(raw_target="REGION")),
        ({}, UnknownTarget(raw_target=None)),
    ],
)
def test_targets(fields: dict[str, object], target: ScopeTarget) -> None:
    found = job(**fields)
    assert found.target == target
    assert found.detail is not None
    assert found.detail.scope.target == target


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        ({"TargetSelection": "ALL", "SelectionType": "STATIC"}, AllDevices()),
        ({"TargetSelection": "SPECIFIC", "SelectionType": "STATIC"}, ListedDevices(names=None)),
        ({"TargetSelection": "ALL", "SelectionType": "DYNAMIC"}, None),
        ({"TargetSelection": "ALL"}, None),
        ({"TargetSelection": "GRAY", "SelectionType": "STATIC"}, None),
        ({"TargetSelection": "GROUP", "SelectionType": "STATIC"}, None),
        ({"TargetSelection": "REGION", "SelectionType": "STATIC"}, None),
        ({}, None),
    ],
)
def test_a_list_gives_a_target_only_where_it_tells_it_completely(
    fields: dict[str, object], target: ScopeTarget | None
) -> None:
    assert to_listed_job(received(**fields), backend="b").target == target


def test_listed_jobs_have_no_detail() -> None:
    assert to_listed_job(received(Name="surplus"), backend="b").detail is None


@pytest.mark.parametrize(
    ("fields", "policy"),
    [
        ({"RetryCount": 2, "RetryInterval": 0}, RetryPolicy(count=2, interval_s=0)),
        ({"RetryCount": "5", "RetryInterval": "10"}, RetryPolicy(count=5, interval_s=600)),
        ({"RetryCount": 1}, RetryPolicy(count=1, interval_s=None)),
        ({"RetryInterval": 1440}, RetryPolicy(count=None, interval_s=86_400)),
        ({}, None),
        ({"RetryCount": None, "RetryInterval": ""}, None),
    ],
)
def test_retry_policies(fields: dict[str, object], policy: RetryPolicy | None) -> None:
    detail = job(**fields).detail
    assert detail is not None
    assert detail.retry_policy == policy


def test_a_schedule(document: Document) -> None:
    data = document("QueryOTAJob.static-scheduled-planned.response")["Data"]
    found = job(**data)
    assert found.detail is not None
    assert found.status is JobStatus.PLANNED
    assert found.started_at is None
    assert found.detail.scope.source_versions == ()
    assert found.detail.schedule == Schedule(
        starts_at=datetime(2019, 12, 29, 2, 43, 10, tzinfo=UTC),
        ends_at=datetime(2019, 12, 30, 2, 43, 10, tzinfo=UTC),
    )


def test_a_schedule_without_end() -> None:
    detail = job(UtcScheduleTime="2019-12-29T02:43:10.000Z").detail
    assert detail is not None
    assert detail.schedule == Schedule(starts_at=datetime(2019, 12, 29, 2, 43, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("mode", "overwrite", "membership", "raw"),
    [
        (1, OverwriteMode.KEEP_EXISTING, MembershipMode.CURRENT_AND_FUTURE, "1"),
        ("2", OverwriteMode.REPLACE_PENDING, MembershipMode.FUTURE_ONLY, "2"),
        (3, OverwriteMode.UNKNOWN, MembershipMode.UNKNOWN, "3"),
        (None, None, None, None),
    ],
)
def test_modes(
    mode: object,
    overwrite: OverwriteMode | None,
    membership: MembershipMode | None,
    raw: str | None,
) -> None:
    detail = job(OverwriteMode=mode, DynamicMode=mode).detail
    assert detail is not None
    assert (detail.overwrite_mode, detail.raw_overwrite_mode) == (overwrite, raw)
    assert (detail.membership_mode, detail.raw_membership_mode) == (membership, raw)


@pytest.mark.parametrize(
    ("word", "protocol"),
    [
        ("HTTPS", DownloadProtocol.HTTPS),
        ("MQTT", DownloadProtocol.MQTT),
        ("COAP", DownloadProtocol.UNKNOWN),
        (None, None),
    ],
)
def test_download_protocols(word: str | None, protocol: DownloadProtocol | None) -> None:
    detail = job(DownloadProtocol=word).detail
    assert detail is not None
    assert (detail.download_protocol, detail.raw_download_protocol) == (protocol, word)


def test_tags_become_a_mapping() -> None:
    tags = {"OtaTagDTO": [{"Key": "a", "Value": "1"}, {"Key": "b"}, {"Value": "lost"}, None]}
    assert job(Tags=tags).tags == {"a": "1", "b": ""}


def test_what_is_left_out_is_none() -> None:
    found = job()
    assert found.detail is not None
    assert (found.product_key, found.firmware_id, found.created_at) == (None, None, None)
    assert (found.detail.name, found.detail.pace, found.detail.timeout_s) == (None, None, None)
    assert found.detail.confirmation_required is None


def test_surplus_and_unreadable_values_stay_in_raw() -> None:
    found = job(MaximumPerMinute="fast", UtcCreate="soon", Novelty={"Deep": [1]}, FileUrl="u")
    assert found.detail is not None
    assert found.created_at is None
    assert found.detail.pace is None
    assert found.detail.raw == {
        "JobId": "j",
        "MaximumPerMinute": "fast",
        "UtcCreate": "soon",
        "Novelty": {"Deep": [1]},
    }
