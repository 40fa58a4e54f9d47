"""Every documented reply is read, and says what the documentation says it says."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.errors import (
    ConflictError,
    GatewayError,
    NotFoundError,
    ProviderAuthError,
    ProviderError,
    ProviderRejectedError,
    ProviderUnavailableError,
)
from gateway.domain.firmware import VerificationStatus
from gateway.domain.job import JobStatus, JobType, OtaJob, RetryPolicy, Schedule, UpgradePolicy
from gateway.domain.scope import AllDevices, ListedDevices
from gateway.domain.task import StatusReasonCode, TaskStatus
from gateway.domain.text import LocalizedText
from gateway.providers.enos import wire
from gateway.providers.enos.envelope import Envelope, open_envelope
from gateway.providers.enos.listing import read_list, read_one, read_texts
from gateway.providers.enos.mapping import to_device, to_firmware, to_job, to_task
from gateway.transport.request import Reply
from gateway.transport.skew import RefusedTimeError

FOLDER = Path(__file__).parent
ERRORS: Mapping[str, type[GatewayError]] = {
    "error_24404_firmware": NotFoundError,
    "error_24404_job": NotFoundError,
    "error_24500": ProviderUnavailableError,
    "error_24601": ConflictError,
    "error_24602": ConflictError,
    "error_24603": ConflictError,
    "error_24604": ConflictError,
    "error_24610": ConflictError,
    "error_24611": ProviderRejectedError,
    "error_24612": ProviderRejectedError,
    "error_24615": ConflictError,
    "error_24616": ConflictError,
    "error_24617": ConflictError,
    "error_24618": ConflictError,
    "error_24620": ConflictError,
    "error_24621": ConflictError,
    "error_99400_missing_action": ProviderRejectedError,
    "error_99400_org": ProviderRejectedError,
    "error_99403": ProviderAuthError,
    "error_99404": NotFoundError,
    "error_99500": ProviderUnavailableError,
    "error_token_1001": ProviderUnavailableError,
    "error_token_1002": ProviderAuthError,
    "error_token_1003": RefusedTimeError,
    "error_token_1004": RefusedTimeError,
    "error_token_1005": ProviderUnavailableError,
    "error_token_1202": ProviderRejectedError,
    "error_token_1203": ProviderAuthError,
    "error_token_1204": ProviderAuthError,
}


def reply(name: str) -> Reply:
    body = (FOLDER / f"{name}.response.json").read_bytes()
    return Reply(status=200, headers={}, body=body)


def envelope(name: str) -> Envelope:
    return open_envelope(reply(name))


def data(name: str) -> object:
    body: dict[str, object] = json.loads(reply(name).body)
    return body["data"]


def job(name: str) -> OtaJob:
    return to_job(read_one(envelope(name), wire.JobInfo), backend="plant")


def test_no_documented_error_lacks_an_expectation() -> None:
    files = {path.name.removesuffix(".response.json") for path in FOLDER.glob("error_*.json")}
    assert files == set(ERRORS)


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("name", sorted(ERRORS))
def test_a_documented_error_means_the_same_under_any_http_status(name: str, status: int) -> None:
    with pytest.raises(GatewayError) as raised:
        open_envelope(Reply(status=status, headers={}, body=reply(name).body))
    error = raised.value
    assert isinstance(error, ERRORS[name])
    if isinstance(error, ProviderError):
        body = json.loads(reply(name).body)
        assert error.vendor_code == str(body.get("code", body.get("status")))
        assert error.request_id == body.get("requestId")


@pytest.mark.parametrize("name", ["enos_get_job", "get_job"])
def test_the_documented_job(name: str) -> None:
    found = job(name)
    assert found.native_id == "yourJobId"
    assert found.backend == "plant"
    assert found.product_key == "yourProductKey"
    assert found.firmware_id == "5ed0dd4a646542001b3d113f"
    assert (found.status, found.raw_status) == (JobStatus.IN_PROGRESS, "started")
    assert (found.type, found.raw_type) == (JobType.UPGRADE, "upgrade")
    assert (found.policy, found.raw_policy) == (None, None)
    assert found.created_at == datetime(2020, 6, 3, 8, 1, 14, 788_000, tzinfo=UTC)
    assert found.target == AllDevices()
    assert found.detail is not None
    assert found.detail.scope.source_versions == ("1.0",)
    assert found.detail.scope.target == AllDevices()
    assert found.detail.name == LocalizedText(default="name")
    assert found.detail.device_request_enabled is True
    assert found.detail.push_enabled is None
    assert found.detail.schedule is None
    assert found.detail.retry_policy is None
    assert found.detail.pace is None
    assert found.detail.timeout_s is None
    assert found.detail.raw == data(name)


def test_the_job_with_every_field() -> None:
    found = job("get_job_full")
    assert found.status is JobStatus.STOPPED
    assert found.policy is UpgradePolicy.CONTINUOUS
    assert found.raw_policy == "incremental"
    assert found.target == ListedDevices(names=("deviceKey1", "deviceKey2"))
    detail = found.detail
    assert detail is not None
    assert detail.scope.source_versions == ("1.0", "2.0")
    assert detail.scope.product_key is None
    assert detail.name is not None
    assert detail.name.text("zh_CN") == "OTA升级任务"
    assert detail.firmware_name == LocalizedText(default="ota_subdevice")
    assert detail.firmware_version == "2.6"
    assert detail.timeout_s == 7200
    assert detail.retry_policy == RetryPolicy(count=5, interval_s=10)
    assert detail.schedule == Schedule(
        starts_at=datetime(2022, 2, 21, 2, 11, 1, tzinfo=UTC),
        ends_at=datetime(2022, 2, 21, 5, 11, 1, tzinfo=UTC),
        repeats_daily=True,
        utc_offset_s=3600,
    )
    assert detail.pace is not None
    assert detail.pace.max_concurrent == 300
    assert detail.raw == data("get_job_full")


def test_the_job_search_keeps_order_details_and_the_deprecated_schedule() -> None:
    listing = read_list(envelope("search_jobs"), wire.JobInfo, id_field="jobId")
    jobs = [to_job(item, backend="plant") for item in listing.items]
    assert listing.broken == ()
    assert listing.total == 2
    assert [found.native_id for found in jobs] == [
        "5ed758ca49f032b4663063aa",
        "5ed0e177646542001b3d114d",
    ]
    assert [found.policy for found in jobs] == [None, UpgradePolicy.SNAPSHOT]
    assert jobs[0].detail is not None
    assert jobs[0].detail.schedule == Schedule(daily_start_s=0, daily_end_s=86_399)
    assert jobs[0].detail.raw["startAfterCreate"] is True


def test_an_empty_search() -> None:
    listing = read_list(envelope("search_jobs_empty"), wire.JobInfo, id_field="jobId")
    assert (listing.items, listing.broken, listing.total) == ((), (), 0)


def test_the_task_search() -> None:
    listing = read_list(envelope("search_tasks"), wire.TaskInfo, id_field="taskId")
    tasks = [to_task(item, backend="plant") for item in listing.items]
    assert listing.broken == ()
    assert [task.status for task in tasks] == [
        TaskStatus.QUEUED,
        TaskStatus.NOTIFIED,
        TaskStatus.IN_PROGRESS,
        TaskStatus.SUCCEEDED,
        TaskStatus.FAILED,
        TaskStatus.FAILED,
    ]
    assert [task.progress_percent for task in tasks] == [0, 0, 35, 100, None, None]
    reasons = [task.status_reason for task in tasks]
    assert reasons[:4] == [None] * 4
    assert reasons[4] is not None
    assert (reasons[4].code, reasons[4].raw_code, reasons[4].message) == (
        StatusReasonCode.DOWNLOAD_FAILED,
        -2,
        None,
    )
    assert reasons[5] is not None
    assert (reasons[5].code, reasons[5].raw_code, reasons[5].message) == (
        StatusReasonCode.CANCELED_BY_USER,
        -1,
        "Cancelled by user",
    )
    first = tasks[0]
    assert (first.device.product_key, first.device.name) == ("BXwU4kMk", "deviceKey1")
    assert (first.device_native_id, first.from_version, first.to_version) == (
        "8UhOTwV1",
        "1.0",
        "2.6",
    )
    assert first.updated_at == datetime(2020, 6, 11, 3, 46, 25, 1_000, tzinfo=UTC)
    assert [task.raw for task in tasks] == data("search_tasks")


def test_the_firmware_that_needs_no_verification() -> None:
    found = to_firmware(read_one(envelope("get_firmware"), wire.FirmwareInfo), backend="plant")
    assert found.verification is VerificationStatus.NOT_REQUIRED
    assert found.raw_verification == "enableVerification=false,isVerified=false"
    assert found.size_bytes == 1767
    assert found.checksum is not None
    assert (found.checksum.method, found.checksum.value) == (
        "md5",
        "12c696fa5c075e8687458fd6ce164b57",
    )
    assert found.created_at == datetime(2020, 5, 29, 10, 0, 42, 378_000, tzinfo=UTC)
    assert found.detail is not None
    assert found.detail.raw == data("get_firmware")
    assert found.detail.raw["fileUrl"] == "enos-connect://2325a9b338800000.zip"
    (file,) = found.detail.files
    assert (file.name, file.size_bytes, file.checksum) == (None, 1767, found.checksum)


def test_the_firmware_with_every_field() -> None:
    found = to_firmware(read_one(envelope("get_firmware_full"), wire.FirmwareInfo), backend="plant")
    assert found.verification is VerificationStatus.UNVERIFIED
    assert found.description == "second generation"
    assert found.tags == {"channel": "beta"}
    assert (found.max_verification_devices, found.min_verification_successes) == (5, 1)


def test_the_firmware_search() -> None:
    listing = read_list(envelope("search_firmware"), wire.FirmwareInfo, id_field="firmwareId")
    found = [to_firmware(item, backend="plant") for item in listing.items]
    assert listing.broken == ()
    assert [firmware.verification for firmware in found] == [
        VerificationStatus.NOT_REQUIRED,
        VerificationStatus.UNVERIFIED,
    ]


def test_the_device_search() -> None:
    reply_of = envelope("search_device_upgrade")
    (item,) = read_list(reply_of, wire.DeviceFirmware, id_field="deviceKey").items
    device = to_device(item.wire, backend="plant", product_key="other")
    assert (device.ref.product_key, device.ref.name) == ("8UhOTwV5", "WnszKfi8NU")
    assert (device.native_id, device.version, device.upgrading) == ("rFFJ6j53", "7777", False)


def test_the_versions_that_devices_report() -> None:
    assert read_texts(envelope("list_versions")) == ("7.7", "2.0", "7777", "AOTA")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("token_get", "Generated_Access_Token"), ("token_refresh", "Refreshed_Access_Token")],
)
def test_the_tokens(name: str, expected: str) -> None:
    granted = wire.GrantedToken.model_validate(envelope(name).data)
    assert (granted.access_token, granted.expire) == (expected, 7200)


@pytest.mark.parametrize("name", ["enos_create_job", "enos_retry_task"])
def test_the_envelopes_of_writes_are_successes(name: str) -> None:
    assert envelope(name).data == data(name)
