"""Wire objects as domain values."""

import pytest

from gateway.domain.firmware import FirmwareType, VerificationStatus
from gateway.domain.job import (
    JobStatus,
    JobType,
    OtaJob,
    OtaJobAction,
    RetryPolicy,
    Schedule,
    UpgradePolicy,
)
from gateway.domain.scope import (
    AllDevices,
    AssetTree,
    AssetTrees,
    DeviceAttributes,
    DeviceGroup,
    DeviceGroups,
    DeviceTags,
    ListedAssets,
    ListedDevices,
    ScopeTarget,
    UnknownTarget,
)
from gateway.domain.task import StatusReason, StatusReasonCode, Task, TaskStatus
from gateway.domain.text import LocalizedText
from gateway.providers.enos import wire
from gateway.providers.enos.listing import Received
from gateway.providers.enos.mapping import (
    available_actions,
    to_device,
    to_firmware,
    to_job,
    to_task,
)

from .conftest import NOW_MS, device, task


def job_of(**fields: object) -> OtaJob:
    raw = {"jobId": "j", "status": "started"} | fields
    return to_job(Received(wire=wire.JobInfo.model_validate(raw), raw=raw), backend="plant")


def task_of(**fields: object) -> Task:
    raw = task(1, **fields)
    return to_task(Received(wire=wire.TaskInfo.model_validate(raw), raw=raw), backend="plant")


def target_of(**scope: object) -> ScopeTarget | None:
    return job_of(upgradeScope=scope).target


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("started", JobStatus.IN_PROGRESS, "started"),
        ("stopped", JobStatus.STOPPED, "stopped"),
        ("paused", JobStatus.UNKNOWN, "paused"),
        (None, JobStatus.UNKNOWN, ""),
    ],
)
def test_job_status(word: str | None, status: JobStatus, raw: str) -> None:
    job = job_of(status=word)
    assert (job.status, job.raw_status) == (status, raw)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("upgrade", JobType.UPGRADE),
        ("verify", JobType.VERIFICATION),
        ("rollback", JobType.UNKNOWN),
        (None, None),
    ],
)
def test_job_type(word: str | None, kind: JobType | None) -> None:
    job = job_of(type=word)
    assert (job.type, job.raw_type) == (kind, word)


@pytest.mark.parametrize(
    ("word", "policy"),
    [
        ("snapshot", UpgradePolicy.SNAPSHOT),
        ("incremental", UpgradePolicy.CONTINUOUS),
        ("upgrade", UpgradePolicy.UNKNOWN),
        (None, None),
    ],
)
def test_upgrade_policy(word: str | None, policy: UpgradePolicy | None) -> None:
    job = job_of(upgradePolicy=word)
    assert (job.policy, job.raw_policy) == (policy, word)


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        ({"type": "total"}, AllDevices()),
        ({"type": "total", "deviceKeys": ["d"]}, AllDevices()),
        ({"type": "partial", "deviceKeys": ["d"]}, ListedDevices(names=("d",))),
        ({"type": "partial", "deviceKeys": ["d"], "tags": {}}, ListedDevices(names=("d",))),
        ({"type": "partial", "assetIds": ["a"]}, ListedAssets(asset_ids=("a",))),
        (
            {"type": "partial", "deviceGroupIds": [5]},
            DeviceGroups(groups=(DeviceGroup(id="5", name=None),)),
        ),
        ({"type": "partial", "tags": {"k": ["v"]}}, DeviceTags(tags={"k": ("v",)})),
        (
            {"type": "partial", "attributes": {"k": [1, "x"]}},
            DeviceAttributes(attributes={"k": (1, "x")}),
        ),
        (
            {"type": "partial", "assetTrees": [{"treeId": "t", "includedNodes": ["n"]}]},
            AssetTrees(trees=(AssetTree(tree_id="t", node_ids=("n",)),)),
        ),
        (
            {"type": "partial", "assetTrees": {"treeId": "t"}},
            AssetTrees(trees=(AssetTree(tree_id="t", node_ids=()),)),
        ),
        ({"type": "partial"}, UnknownTarget(raw_target="partial")),
        (
            {"type": "partial", "deviceKeys": ["d"], "assetIds": ["a"]},
            UnknownTarget(raw_target="partial"),
        ),
        ({"type": "half", "deviceKeys": ["d"]}, UnknownTarget(raw_target="half")),
        ({}, UnknownTarget(raw_target=None)),
    ],
)
def test_target(scope: dict[str, object], target: ScopeTarget) -> None:
    assert target_of(**scope) == target


def test_a_job_without_a_scope_has_an_unknown_target() -> None:
    job = job_of(upgradeScope=None)
    assert job.target == UnknownTarget(raw_target=None)
    assert job.detail is not None
    assert job.detail.scope.source_versions == ()


def test_the_scope_s_product_narrows_where_the_firmware_does_not() -> None:
    job = job_of(upgradeScope={"type": "partial", "deviceKeys": ["d"], "productKey": "pk"})
    assert job.detail is not None
    assert job.detail.scope.product_key == "pk"
    assert job.product_key is None


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, None),
        ({}, None),
        ({"enableRetry": False, "retryInterval": 10, "retryCount": 5}, None),
        ({"retryInterval": 10, "retryCount": 5}, None),
        (
            {"enableRetry": True, "retryInterval": "10", "retryCount": 5},
            RetryPolicy(count=5, interval_s=10),
        ),
        ({"enableRetry": True}, RetryPolicy(count=None, interval_s=None)),
    ],
)
def test_retry_policy(policy: object, expected: RetryPolicy | None) -> None:
    detail = job_of(retryPolicy=policy).detail
    assert detail is not None
    assert detail.retry_policy == expected


def test_a_negative_offset_is_west() -> None:
    detail = job_of(schedulePolicy={"timezoneOffsetInMinutes": -90, "isRepeatDaily": False}).detail
    assert detail is not None
    assert detail.schedule == Schedule(utc_offset_s=-5400, repeats_daily=False)


def test_a_schedule_of_unreadable_times_is_none() -> None:
    detail = job_of(schedulePolicy={"startTimestamp": "soon", "endTimestamp": []}).detail
    assert detail is not None
    assert detail.schedule is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, None),
        ({"defaultValue": None, "i18nValue": {}}, None),
        ({"defaultValue": "a", "i18nValue": None}, LocalizedText(default="a")),
        (
            {"defaultValue": "a", "i18nValue": {"zh_CN": "甲", "en_US": None}},
            LocalizedText(default="a", translations={"zh_CN": "甲"}),
        ),
        (
            {"i18nValue": {"zh_CN": "甲", "en_US": "A"}},
            LocalizedText(default="A", translations={"zh_CN": "甲", "en_US": "A"}),
        ),
    ],
)
def test_name(name: object, expected: LocalizedText | None) -> None:
    detail = job_of(name=name).detail
    assert detail is not None
    assert detail.name == expected


def test_actions_follow_the_error_codes() -> None:
    assert available_actions(JobStatus.IN_PROGRESS) == (
        OtaJobAction.STOP,
        OtaJobAction.RETRY_TASKS,
        OtaJobAction.CANCEL_TASKS,
    )
    assert available_actions(JobStatus.STOPPED) == (OtaJobAction.START, OtaJobAction.DELETE)
    assert available_actions(JobStatus.UNKNOWN) == ()


@pytest.mark.parametrize(
    ("progress", "text", "reason"),
    [
        (-1, "", StatusReason(code=StatusReasonCode.OTHER, message=None, raw_code=-1)),
        (-2, "x", StatusReason(code=StatusReasonCode.DOWNLOAD_FAILED, message="x", raw_code=-2)),
        (-3, "", StatusReason(code=StatusReasonCode.CHECKSUM_MISMATCH, message=None, raw_code=-3)),
        (-4, "", StatusReason(code=StatusReasonCode.WRITE_FAILED, message=None, raw_code=-4)),
        (-5, "", StatusReason(code=StatusReasonCode.OTHER, message=None, raw_code=-5)),
        (-42, "a", StatusReason(code=StatusReasonCode.OTHER, message="a", raw_code=-42)),
        (None, None, StatusReason(code=StatusReasonCode.UNKNOWN, message=None, raw_code=None)),
        (0, "", StatusReason(code=StatusReasonCode.UNKNOWN, message=None, raw_code=None)),
        (35, "", StatusReason(code=StatusReasonCode.UNKNOWN, message=None, raw_code=None)),
        (35, "disk", StatusReason(code=StatusReasonCode.OTHER, message="disk", raw_code=None)),
        (
            -2,
            "Cancelled by user",
            StatusReason(
                code=StatusReasonCode.CANCELED_BY_USER, message="Cancelled by user", raw_code=-2
            ),
        ),
        (
            -1,
            "Upgrade Timeout",
            StatusReason(code=StatusReasonCode.TIMED_OUT, message="Upgrade Timeout", raw_code=-1),
        ),
        (
            -2,
            "timed out",
            StatusReason(code=StatusReasonCode.DOWNLOAD_FAILED, message="timed out", raw_code=-2),
        ),
    ],
)
def test_reason_of_a_failed_task(
    progress: int | None, text: str | None, reason: StatusReason
) -> None:
    assert task_of(status="failed", progress=progress, desc=text).status_reason == reason


def test_a_reason_shows_no_signed_address() -> None:
    failed = task_of(status="failed", desc="GET https://h.example/f?Signature=hush failed")
    assert failed.status_reason is not None
    assert failed.status_reason.message == "GET https://h.example/f failed"
    assert "hush" not in str(failed.raw)


@pytest.mark.parametrize("word", ["init", "published", "upgrading", "succeeded", "exploded"])
def test_a_task_that_has_not_failed_has_no_reason(word: str) -> None:
    assert task_of(status=word, progress=-2, desc="Cancelled by user").status_reason is None


def test_an_unknown_task_status_is_kept() -> None:
    found = task_of(status="exploded")
    assert (found.status, found.raw_status) == (TaskStatus.UNKNOWN, "exploded")
    assert task_of(status=None).raw_status == ""


@pytest.mark.parametrize(
    ("progress", "percent"),
    [(0, 0), (35, 35), (100, 100), (99.5, 99.5), (101, None), (-1, None), (None, None)],
)
def test_progress(progress: float | None, percent: float | None) -> None:
    assert task_of(status="upgrading", progress=progress).progress_percent == percent


def test_a_task_tells_what_it_knows_and_nothing_else() -> None:
    found = task_of()
    assert (found.device.product_key, found.device.name) == ("pk", "d1")
    assert found.updated_at is not None
    assert found.updated_at.timestamp() * 1000 == NOW_MS + 1
    assert (found.created_at, found.timeout_s, found.firmware_id) == (None, None, None)
    assert found.raw == task(1)
    assert task_of(productKey=None).device.product_key == ""


@pytest.mark.parametrize(
    ("required", "verified", "status", "raw"),
    [
        (
            False,
            False,
            VerificationStatus.NOT_REQUIRED,
            "enableVerification=false,isVerified=false",
        ),
        (False, True, VerificationStatus.NOT_REQUIRED, "enableVerification=false,isVerified=true"),
        (True, True, VerificationStatus.VERIFIED, "enableVerification=true,isVerified=true"),
        (True, False, VerificationStatus.UNVERIFIED, "enableVerification=true,isVerified=false"),
        (None, True, VerificationStatus.VERIFIED, "isVerified=true"),
        (None, False, VerificationStatus.UNVERIFIED, "isVerified=false"),
        (True, None, VerificationStatus.UNKNOWN, "enableVerification=true"),
        (None, None, VerificationStatus.UNKNOWN, None),
    ],
)
def test_verification(
    required: bool | None, verified: bool | None, status: VerificationStatus, raw: str | None
) -> None:
    wired = {"firmwareId": "f", "enableVerification": required, "isVerified": verified}
    found = to_firmware(
        Received(wire=wire.FirmwareInfo.model_validate(wired), raw=wired), backend="plant"
    )
    assert (found.verification, found.raw_verification) == (status, raw)
    assert found.type is FirmwareType.UNKNOWN


def test_half_a_checksum_is_none_and_a_signed_address_is_dropped() -> None:
    raw: dict[str, object] = {
        "firmwareId": "f",
        "sign": "12",
        "fileUrl": "https://h.example/f?sig=hush",
    }
    found = to_firmware(
        Received(wire=wire.FirmwareInfo.model_validate(raw), raw=raw), backend="plant"
    )
    assert found.checksum is None
    assert found.detail is not None
    assert found.detail.raw == {"firmwareId": "f", "sign": "12"}


def test_a_device_that_reported_nothing_has_no_modules() -> None:
    silent = wire.DeviceFirmware.model_validate(
        device(1, firmwareVersion=None, isUpgrading=None, productKey=None)
    )
    found = to_device(silent, backend="plant", product_key="asked")
    assert (found.modules, found.version, found.upgrading) == ((), None, None)
    assert found.ref.product_key == "asked"
