"""The gateway sends what the documentation shows, but for the deprecated schedule."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.device import DeviceRef
from gateway.domain.draft import FileDraft, FirmwareDraft, JobDraft, ScopeDraft
from gateway.domain.firmware import Checksum
from gateway.domain.job import (
    JobStatus,
    JobType,
    OtaJob,
    RetryPolicy,
    RolloutPace,
    Schedule,
    UpgradePolicy,
)
from gateway.domain.scope import (
    AllDevices,
    AssetTree,
    AssetTrees,
    DeviceAttributes,
    DeviceTags,
    ListedDevices,
    ScopeTarget,
)
from gateway.domain.text import LocalizedText
from gateway.domain.write import (
    CancelTasks,
    CreateFirmware,
    CreateJob,
    PlannedCall,
    RetryTasks,
    TaskTarget,
    Write,
)
from gateway.providers.enos.write_plan import plan_write

FOLDER = Path(__file__).parent
DEPRECATED = {"startSchedule", "endSchedule"}
NOW = datetime(2022, 2, 20, tzinfo=UTC)
TWO_DEVICES = ListedDevices(names=("deviceKey1", "deviceKey2"))


def documented(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return {key: value for key, value in body.items() if key not in DEPRECATED}


def planned(write: Write) -> PlannedCall:
    (call,) = plan_write(write, marker=None, now=NOW).calls
    return call


def scope(target: ScopeTarget, *versions: str, product_key: str | None = None) -> ScopeDraft:
    return ScopeDraft(target=target, source_versions=versions, product_key=product_key)


def upgrade(target: ScopeDraft, **changes: Any) -> JobDraft:  # noqa: ANN401 - any of the draft's
    return JobDraft(
        firmware_id="5ed0dd4a646542001b3d113f",
        product_key="pk",
        type=JobType.UPGRADE,
        scope=target,
        **({"policy": UpgradePolicy.SNAPSHOT} | changes),
    )


TREES = AssetTrees(
    trees=(
        AssetTree(tree_id="treeId1", node_ids=("assetId1",)),
        AssetTree(tree_id="treeId2", node_ids=()),
    )
)
JOBS = {
    "enos_create_job": upgrade(
        scope(TWO_DEVICES, "1.0"),
        name=LocalizedText(default="ota-job-test"),
        device_request_enabled=True,
    ),
    "create_job_upgrade": upgrade(
        scope(TWO_DEVICES, "1.0"),
        name=LocalizedText(default="ota-job-test"),
        device_request_enabled=True,
    ),
    "create_job_upgrade_asset_tree": upgrade(
        scope(TREES, "1.0"), name=LocalizedText(default="by-tree")
    ),
    "create_job_upgrade_attributes": upgrade(
        scope(DeviceAttributes(attributes={"Int_Attribute": (100, 1000)}), "1.0", "1.2"),
        device_request_enabled=True,
    ),
    "create_job_upgrade_tags": upgrade(
        scope(DeviceTags(tags={"firmwarekey": ("firmware", "firmwarevalue")}), "1.0", "1.2"),
        device_request_enabled=True,
    ),
    "create_job_upgrade_total": upgrade(scope(AllDevices(), "1.0"), device_request_enabled=False),
    "create_job_upgrade_full": upgrade(
        scope(TWO_DEVICES, "1.0", "1.2", product_key="BXwU4kMk"),
        name=LocalizedText(
            default="Python_OTA_Upgrade_Job",
            translations={"zh_CN": "OTA_升级工作", "en_US": "OTA_Upgrade_Job"},
        ),
        policy=UpgradePolicy.CONTINUOUS,
        device_request_enabled=True,
        timeout_s=600,
        retry_policy=RetryPolicy(count=5, interval_s=10),
        schedule=Schedule(
            starts_at=datetime(2022, 2, 21, 2, 11, 1, tzinfo=UTC),
            ends_at=datetime(2022, 2, 21, 5, 11, 1, tzinfo=UTC),
            repeats_daily=True,
            utc_offset_s=3600,
        ),
        pace=RolloutPace(max_concurrent=10, max_per_minute=None),
    ),
    "create_job_verify": JobDraft(
        firmware_id="5ed0dd4a646542001b3d113f",
        product_key="pk",
        type=JobType.VERIFICATION,
        scope=scope(ListedDevices(names=("deviceKey1", "deviceKey2", "deviceKey3")), "1.0"),
        name=LocalizedText(default="Python_OTA_Verify_Job"),
        timeout_s=6000,
    ),
}


@pytest.mark.parametrize("name", JOBS)
def test_a_new_job(name: str) -> None:
    call = planned(CreateJob(draft=JOBS[name]))
    assert call.operation == "ota-jobs.create"
    assert call.parameters == {
        "query": {"firmwareId": "5ed0dd4a646542001b3d113f"},
        "body": documented(f"{name}.request"),
    }


def test_all_documented_jobs_are_here() -> None:
    samples = {path.name for path in FOLDER.glob("*create_job*.request.json")}
    assert samples == {f"{name}.request.json" for name in JOBS}


@pytest.mark.parametrize(
    ("kind", "operation", "name"),
    [
        (RetryTasks, "ota-jobs.retryTask", "enos_retry_task"),
        (RetryTasks, "ota-jobs.retryTask", "retry_task"),
        (CancelTasks, "ota-jobs.cancelTask", "cancel_task"),
    ],
)
def test_a_write_of_tasks(kind: type[RetryTasks | CancelTasks], operation: str, name: str) -> None:
    job = OtaJob(
        backend="plant",
        native_id="5ee1a91029b990001b9c188e",
        status=JobStatus.IN_PROGRESS,
        raw_status="started",
        type=None,
        raw_type=None,
        policy=None,
        raw_policy=None,
        product_key=None,
        firmware_id=None,
        created_at=None,
    )
    targets = tuple(
        TaskTarget(task_id=f"t{number}", device=DeviceRef(product_key="pk", name=name))
        for number, name in enumerate(("deviceKey1", "deviceKey2"))
    )
    call = planned(kind(job=job, targets=targets))
    assert call.operation == operation
    assert call.parameters == {
        "query": {"jobId": "5ee1a91029b990001b9c188e"},
        "body": documented(f"{name}.request"),
    }


def test_a_new_package() -> None:
    draft = FirmwareDraft(
        name=LocalizedText(default="HC_TEST", translations={"en_US": "HC test"}),
        version="2.0",
        files=(FileDraft(name="fw.bin", content=b""),),
        product_key="BXwU4kMk",
        description="second generation",
        checksum=Checksum(method="md5", value="12c696fa5c075e8687458fd6ce164b57"),
        verification_required=True,
        max_verification_devices=5,
        min_verification_successes=1,
        tags={"channel": "beta"},
    )
    call = planned(CreateFirmware(draft=draft))
    assert call.operation == "ota-firmwares.create"
    assert call.parameters == {
        "query": {"productKey": "BXwU4kMk"},
        "metadata": documented("create_firmware.metadata"),
        "file": {"name": "fw.bin", "sizeBytes": 0},
    }
