"""Every write is sent as the vendor's sample has it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.device import DeviceRef
from gateway.domain.draft import (
    CancelChoice,
    FileDraft,
    FirmwareChanges,
    JobChanges,
    ModuleDraft,
    ScopeDraft,
)
from gateway.domain.firmware import FirmwareType
from gateway.domain.job import (
    DownloadProtocol,
    JobType,
    MembershipMode,
    OverwriteMode,
    RetryPolicy,
    RolloutPace,
    Schedule,
    UpgradePolicy,
)
from gateway.domain.scope import AllDevices, ListedDevices
from gateway.domain.text import LocalizedText
from gateway.domain.write import (
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateFirmware,
    CreateJob,
    CreateModule,
    DeleteFirmware,
    DeleteModule,
    RetryTasks,
    TaskTarget,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Write,
)
from gateway.providers.alibaba.writer import AlibabaWriter
from gateway.transport.request import Reply
from tests.providers.alibaba.conftest import DOCUMENTS, CannedSender
from tests.providers.alibaba.drafts import (
    FIRMWARE_ID,
    GROUP,
    NOW,
    PRODUCT,
    draft,
    firmware,
    job,
    package,
)

DYNAMIC_FIRMWARE_ID = "q3j9OYBjUAZMv1hlMgdo030200"
STATIC_JOB = job(native_id="wahVIzGkCMuAUE2gDERM020100", policy=UpgradePolicy.SNAPSHOT)
MODULE = ModuleDraft(
    product_key=PRODUCT,
    name="barcodeScanner",
    alias="Barcode_scanner",
    description="barcode scanner firmware",
)


def task(task_id: str, name: str = "d") -> TaskTarget:
    return TaskTarget(task_id=task_id, device=DeviceRef(product_key=PRODUCT, name=name))


WRITES: dict[str, Write] = {
    "CreateOTAVerifyJob": CreateJob(
        draft=draft(
            ListedDevices(names=("testdev1",)),
            type=JobType.VERIFICATION,
            timeout_s=600,
            push_enabled=True,
            confirmation_required=False,
            download_protocol=DownloadProtocol.HTTPS,
        )
    ),
    "CreateOTAStaticUpgradeJob": CreateJob(
        draft=draft(
            ListedDevices(names=("deviceName1", "deviceName2")),
            policy=UpgradePolicy.SNAPSHOT,
            schedule=Schedule(
                starts_at=datetime(2019, 12, 31, 16, 0, tzinfo=UTC),
                ends_at=datetime(2020, 1, 1, 20, 3, 20, tzinfo=UTC),
            ),
            retry_policy=RetryPolicy(count=1, interval_s=3_600),
            timeout_s=86_400,
            pace=RolloutPace(max_concurrent=None, max_per_minute=1_000),
            overwrite_mode=OverwriteMode.KEEP_EXISTING,
            push_enabled=True,
            confirmation_required=False,
            download_protocol=DownloadProtocol.HTTPS,
            multi_module=False,
            tags={"key1": "value1"},
        )
    ),
    "CreateOTADynamicUpgradeJob": CreateJob(
        draft=draft(
            AllDevices(),
            firmware_id=DYNAMIC_FIRMWARE_ID,
            source_versions=("1.0.0", "1.0.1"),
            policy=UpgradePolicy.CONTINUOUS,
            membership_mode=MembershipMode.CURRENT_AND_FUTURE,
            pace=RolloutPace(max_concurrent=None, max_per_minute=10_000),
            overwrite_mode=OverwriteMode.KEEP_EXISTING,
            timeout_s=3_600,
            confirmation_required=True,
            tags={"key1": "value1"},
        )
    ),
    "CreateOTADynamicUpgradeJob.byGroup": CreateJob(
        draft=draft(
            firmware_id=DYNAMIC_FIRMWARE_ID,
            policy=UpgradePolicy.CONTINUOUS,
            scope=ScopeDraft(target=GROUP),
        )
    ),
    "UpdateOTAJob": UpdateJob(
        job=job(),
        changes=JobChanges(
            max_per_minute=5_000,
            timeout_s=36_000,
            source_versions=("V1.0.1",),
            tags={"key1": "value1"},
        ),
    ),
    "CancelOTATaskByJob": CancelJob(
        job=STATIC_JOB,
        choice=CancelChoice(queued=True, notified=True, awaiting_confirmation=True),
    ),
    "CancelOTAStrategyByJob": CancelJob(job=job(), choice=CancelChoice(), membership=True),
    "ReupgradeOTATask": RetryTasks(
        job=STATIC_JOB,
        targets=(task("y3tOmCDNgpR8F9jnVEzC010106"), task("y3tOmCDNgpR8F9jnVEzC010107")),
    ),
    "CancelOTATaskByDevice": CancelTasks(
        job=STATIC_JOB, targets=(task("t1", "device1"), task("t2", "device2"))
    ),
    "ConfirmOTATask": ConfirmTasks(job=STATIC_JOB, targets=(task("y3tOmCDNgpR8F9jnVEzC010101"),)),
    "ModifyOTAFirmware": UpdateFirmware(
        firmware=firmware(),
        changes=FirmwareChanges(
            name="Firmwaretest",
            description="OTA function updated",
            device_info='{"ota_notice":"camera driver fix"}',
        ),
    ),
    "DeleteOTAFirmware": DeleteFirmware(firmware=firmware()),
    "CreateOTAModule": CreateModule(draft=MODULE),
    "UpdateOTAModule": UpdateModule(
        draft=ModuleDraft(
            product_key=PRODUCT,
            name="barcodeScanner",
            alias="Barcode_scanner",
            description="barcode scanner firmware v2",
        )
    ),
    "DeleteOTAModule": DeleteModule(product_key=PRODUCT, name="barcodeScanner"),
}

Calls = Callable[[], list[tuple[str, dict[str, str]]]]


def documented(name: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((DOCUMENTS / f"{name}.request.json").read_text())
    return {
        key: value
        for key, value in found.items()
        if key not in {"Action", "Version", "Format", "IotInstanceId"}
    }


def answer_of(operation: str) -> Reply:
    return Reply(
        status=200, headers={}, body=(DOCUMENTS / f"{operation}.response.json").read_bytes()
    )


@pytest.mark.parametrize("name", WRITES)
async def test_a_write_is_sent_as_documented(
    name: str, writer: AlibabaWriter, sender: CannedSender, calls: Calls
) -> None:
    operation = name.partition(".")[0]
    (call,) = writer.plan(WRITES[name], marker=None, now=NOW).calls
    sender.replies.append(answer_of(operation))
    receipt = await writer.send(call, {})
    assert calls() == [(operation, documented(name))]
    assert sender.repeatable == [False]
    body: dict[str, Any] = json.loads(answer_of(operation).body)
    assert receipt.request_id == body["RequestId"]
    data = body.get("Data", {})
    assert receipt.native_id == data.get("JobId")
    assert not receipt.already


def test_every_documented_write_is_among_them() -> None:
    files = {path.name.removesuffix(".request.json") for path in DOCUMENTS.glob("*.request.json")}
    writes = {name for name in files if not name.startswith(("List", "Query"))}
    assert writes - set(WRITES) == {
        "CreateOTAFirmware",
        "CreateOTAFirmware.multi-file",
        "GenerateOTAUploadURL",
    }  # which the test below covers


@pytest.mark.parametrize("several", [False, True])
async def test_a_package_is_uploaded_and_created_as_documented(
    several: bool, writer: AlibabaWriter, sender: CannedSender, calls: Calls
) -> None:
    name = "CreateOTAFirmware.multi-file" if several else "CreateOTAFirmware"
    one = package(
        product_key=PRODUCT,
        verification_required=True,
        description="OTA function updated",
    )
    many = package(
        name=LocalizedText(default="Firmware3"),
        version="2.0.0",
        product_key=PRODUCT,
        module_name="WifiConfigModify",
        type=FirmwareType.DIFFERENTIAL,
        source_version="1.0.1",
        verification_required=False,
        files=(
            FileDraft(name="firmware1", content=bytes(200)),
            FileDraft(name="firmware2", content=bytes(724)),
        ),
    )
    plan = writer.plan(CreateFirmware(draft=many if several else one), marker="m", now=NOW)
    assert plan.dependent
    permission = json.loads(answer_of("GenerateOTAUploadURL").body)
    url = documented(name)["MultiFiles.1.Url" if several else "FirmwareUrl"]
    permission["Data"]["FirmwareUrl"] = url
    granted = Reply(status=200, headers={}, body=json.dumps(permission).encode())
    sender.replies.extend([granted] * (2 if several else 1))
    sender.replies.append(answer_of("CreateOTAFirmware"))
    passed_on: dict[str, str] = {}
    for call in plan.calls:
        receipt = await writer.send(call, passed_on)
        passed_on = dict(receipt.passed_on)
    assert receipt.native_id == FIRMWARE_ID
    asked = {} if several else documented("GenerateOTAUploadURL")
    assert calls() == [
        *[("GenerateOTAUploadURL", asked)] * (2 if several else 1),
        ("CreateOTAFirmware", documented(name)),
    ]
