"""The writer's port over canned replies."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.domain.draft import FileDraft
from gateway.domain.errors import (
    ConflictError,
    NotFoundError,
    ProviderContractError,
    ProviderRejectedError,
    ProviderUnavailableError,
    executed_perhaps,
)
from gateway.domain.write import (
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    DeleteModule,
    OtaWriter,
    PlannedCall,
    RetryTasks,
    StartJob,
    Write,
)
from gateway.providers.alibaba import PLUGIN
from gateway.providers.alibaba.config import AlibabaSettings
from gateway.providers.alibaba.writer import AlibabaWriter
from gateway.transport.request import Sender, Uploader
from tests.providers.alibaba.conftest import CannedStorage
from tests.providers.alibaba.drafts import NOW, PRODUCT, draft, firmware, job, package, targets

Answer = Callable[..., None]
Calls = Callable[[], list[tuple[str, dict[str, str]]]]
Document = Callable[[str], Any]

DONE = {"Success": True, "RequestId": "r1"}


def call_of(writer: AlibabaWriter, write: Write) -> PlannedCall:
    return writer.plan(write, marker="m1", now=NOW).calls[-1]


def test_the_plugin_builds_a_writer(
    settings: AlibabaSettings, sender: Sender, storage: Uploader
) -> None:
    assert PLUGIN.build_writer is not None
    built: OtaWriter = PLUGIN.build_writer("shanghai", settings, sender, storage)
    assert isinstance(built, AlibabaWriter)
    assert built.settle_s == 0


async def test_planning_sends_nothing(writer: AlibabaWriter, calls: Calls) -> None:
    plan = writer.plan(CreateJob(draft=draft(timeout_s=60)), marker="m1", now=NOW)
    assert plan.calls[0].parameters["Tag.1.Value"] == "m1"
    assert calls() == []


async def test_a_creation_gives_the_id(
    writer: AlibabaWriter, answer: Answer, document: Document
) -> None:
    answer(document("CreateOTAStaticUpgradeJob.response"))
    receipt = await writer.send(call_of(writer, CreateJob(draft=draft())), {})
    assert receipt.native_id == "7glPHmaDYLAYMD1HHutT020100"
    assert receipt.request_id == "9F41D14E-CB5F-4CCE-939C-057F39E688F5"


@pytest.mark.parametrize("data", [None, {}, {"JobId": ""}, {"JobId": 5}, [], "j"])
async def test_a_creation_without_an_id_has_an_unknown_outcome(
    writer: AlibabaWriter, answer: Answer, data: object
) -> None:
    answer(DONE | {"Data": data})
    with pytest.raises(ProviderContractError, match="JobId") as caught:
        await writer.send(call_of(writer, CreateJob(draft=draft())), {})
    assert caught.value.request_id == "r1"
    assert executed_perhaps(caught.value)


async def test_a_refusal_was_not_executed(writer: AlibabaWriter, answer: Answer) -> None:
    answer({"Success": False, "Code": "iot.ota.FirmwareNotFound", "ErrorMessage": "m"})
    with pytest.raises(ProviderRejectedError) as caught:
        await writer.send(call_of(writer, CreateJob(draft=draft())), {})
    assert not executed_perhaps(caught.value)


async def test_a_failure_may_have_been_executed(writer: AlibabaWriter, answer: Answer) -> None:
    answer({"Success": False, "Code": "iot.system.SystemException", "ErrorMessage": "m"})
    with pytest.raises(ProviderUnavailableError) as caught:
        await writer.send(call_of(writer, CreateJob(draft=draft())), {})
    assert executed_perhaps(caught.value)


async def test_a_state_that_forbids_it_is_a_conflict(writer: AlibabaWriter, answer: Answer) -> None:
    body = {"Success": False, "Code": "iot.ota.InvalidTaskStatus", "ErrorMessage": "No."}
    answer(body | {"RequestId": "r2"})
    with pytest.raises(ConflictError, match="No") as caught:
        await writer.send(call_of(writer, RetryTasks(job=job(), targets=targets(1))), {})
    assert caught.value.vendor_code == "iot.ota.InvalidTaskStatus"
    assert caught.value.request_id == "r2"
    assert not executed_perhaps(caught.value)


async def test_a_package_that_is_gone_was_deleted_already(
    writer: AlibabaWriter, answer: Answer
) -> None:
    answer({"Success": False, "Code": "iot.ota.FirmwareNotFound", "ErrorMessage": "m"})
    receipt = await writer.send(call_of(writer, DeleteFirmware(firmware=firmware())), {})
    assert receipt.already


async def test_a_module_that_is_not_there_is_not_found(
    writer: AlibabaWriter, answer: Answer
) -> None:
    answer({"Success": False, "Code": "iot.ota.ModuleNotFound", "ErrorMessage": "m"})
    with pytest.raises(NotFoundError, match="module"):
        await writer.send(call_of(writer, DeleteModule(product_key=PRODUCT, name="m")), {})


async def test_an_upload_s_permission_is_forgotten_with_the_upload(
    writer: AlibabaWriter,
    answer: Answer,
    document: Document,
    calls: Calls,
    storage: CannedStorage,
) -> None:
    files = tuple(FileDraft(name=f"f{number}.bin", content=b"xyz") for number in (1, 2))
    plan = writer.plan(CreateFirmware(draft=package(files=files)), marker=None, now=NOW)
    granted = document("GenerateOTAUploadURL.response")
    first, second = granted["Data"] | {"FirmwareUrl": "u1"}, granted["Data"] | {"FirmwareUrl": "u2"}
    answer(granted | {"Data": first})
    answer(granted | {"Data": second})
    answer(document("CreateOTAFirmware.response"))
    passed_on: dict[str, str] = {}
    seen: list[str] = []
    for call in plan.calls:
        receipt = await writer.send(call, passed_on)
        passed_on = dict(receipt.passed_on)
        seen.append(" ".join(passed_on.values()))
    signature = granted["Data"]["Signature"]
    assert [signature in text for text in seen] == [True, False, True, False, False]
    assert [(operation, address) for operation, address, _ in storage.uploads] == [
        ("PostObject", "https://iotx-ota.oss-cn-shanghai.aliyuncs.com")
    ] * 2
    body = storage.uploads[0][2].content or b""
    assert body.startswith(b"--b0undary\r\n")
    assert b'name="success_action_status"\r\n\r\n200\r\n' in body
    assert b"\r\n\r\nxyz\r\n--b0undary--\r\n" in body
    assert signature.encode() in body
    created = calls()[-1][1]
    assert (created["MultiFiles.1.Url"], created["MultiFiles.2.Url"]) == ("u1", "u2")


async def test_a_permission_without_its_parts_is_no_permission(
    writer: AlibabaWriter, answer: Answer
) -> None:
    plan = writer.plan(CreateFirmware(draft=package()), marker=None, now=NOW)
    for data in (None, {"Host": "https://s.example"}):
        answer(DONE | {"Data": data})
        with pytest.raises(ProviderContractError):
            await writer.send(plan.calls[0], {})


async def test_nothing_can_be_found_of_a_write_that_does_not_exist(
    writer: AlibabaWriter, calls: Calls
) -> None:
    call = PlannedCall(operation="StartOTAJob", parameters={})
    with pytest.raises(Exception, match="no such write"):
        await writer.find(StartJob(job=job()), call, marker=None, sent_at=NOW)
    assert calls() == []
