"""The vendor's own SDK drives every write operation, and what it then reads is what it wrote.

Over real HTTP on the loopback interface, under both signature schemes, on an account whose clock
the test moves.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest
from alibabacloud_iot20180120 import models
from alibabacloud_iot20180120.client import Client
from alibabacloud_tea_openapi.exceptions._server import ServerException

from gateway.simulators.alibaba import AlibabaSimulator, Habits
from gateway.simulators.alibaba.firmware import Firmware, FirmwareStatus, FirmwareType
from gateway.simulators.alibaba.groups import groups_of
from gateway.simulators.alibaba.job import JobStatus, Selection
from gateway.simulators.alibaba.survey import survey
from tests.simulators.alibaba.vendor_sdk import (
    INSTANCE,
    HeldClock,
    make_client,
    make_simulator,
    served,
)

CONTENT = b"a package\r\n--of bytes--\r\n\x00\xff"
OBEDIENT = Habits(failing=0.0, lingering=0.0)
UPDATED_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A simulator, its clock, its address, and an SDK client of it."""

    simulator: AlibabaSimulator
    clock: HeldClock
    client: Client

    def do(self, method: Callable[..., Any], request: Callable[..., Any], **fields: object) -> Any:  # noqa: ANN401 - the SDK has no types
        """The body of a successful call."""
        body = method(request(iot_instance_id=INSTANCE, **fields)).body
        assert body.success is True, (body.code, body.error_message)
        return body

    def job(self, identity: str) -> Any:  # noqa: ANN401 - as above
        return self.do(self.client.query_otajob, models.QueryOTAJobRequest, job_id=identity).data

    def tasks(self, identity: str) -> dict[str, Any]:
        """The tasks of a batch by device name."""
        body = self.do(
            self.client.list_otatask_by_job,
            models.ListOTATaskByJobRequest,
            job_id=identity,
            current_page=1,
            page_size=100,
        )
        return {task.device_name: task for task in body.data.simple_otatask_info}

    def statuses(self, identity: str) -> set[str]:
        return {task.task_status for task in self.tasks(identity).values()}

    def firmware(self, identity: str) -> Any:  # noqa: ANN401 - as above
        return self.do(
            self.client.query_otafirmware, models.QueryOTAFirmwareRequest, firmware_id=identity
        ).firmware_info

    def modules(self, product_key: str) -> dict[str, Any]:
        body = self.do(
            self.client.list_otamodule_by_product,
            models.ListOTAModuleByProductRequest,
            product_key=product_key,
        )
        return {module.module_name: module for module in body.data}

    def package(self, *statuses: FirmwareStatus) -> Firmware:
        """A full package of one file in such a status, of a product with devices to spare."""
        dynamic = {
            job.firmware.id
            for job in self.simulator.fleet.jobs
            if job.scope.selection is Selection.DYNAMIC
            and job.status_at(self.clock()) is JobStatus.IN_PROGRESS
        }
        found = [
            firmware
            for firmware in self.simulator.fleet.firmwares
            if firmware.type is FirmwareType.FULL
            and len(firmware.files) == 1
            and firmware.id not in dynamic
            and firmware.status_at(self.clock()) in statuses
        ]
        return max(found, key=lambda firmware: len(self.free(firmware)))

    def usable(self) -> Firmware:
        return self.package(FirmwareStatus.VERIFIED, FirmwareStatus.NOT_NEEDED)

    def free(self, firmware: Firmware) -> Sequence[str]:
        """Names of devices with neither an open task nor the package's version."""
        product = firmware.product
        everybody = range(product.devices)
        fleet = self.simulator.fleet
        found = survey(fleet, product, firmware.module, everybody, self.clock())
        return [
            product.device(device).name
            for device, standing in found.items()
            if not standing.open_tasks
            and not standing.joins
            and standing.version != firmware.version
        ]

    def roll_out(self, firmware: Firmware, names: Sequence[str], **fields: object) -> str:
        body = self.do(
            self.client.create_otastatic_upgrade_job,
            models.CreateOTAStaticUpgradeJobRequest,
            firmware_id=firmware.id,
            product_key=firmware.product.key,
            target_selection="SPECIFIC",
            target_device_name=list(names),
            **fields,
        )
        return str(body.data.job_id)

    def upload(self, content: bytes, *, names: bool = False) -> str:
        """Upload as the manual says: the form's fields from the grant, the file last."""
        if names:
            grant = self.do(
                self.client.generate_device_name_list_url,
                models.GenerateDeviceNameListURLRequest,
            ).data
            key_id, url = grant.access_key_id, grant.file_url
        else:
            grant = self.do(
                self.client.generate_otaupload_url,
                models.GenerateOTAUploadURLRequest,
                file_suffix="bin",
            ).data
            key_id, url = grant.ossaccess_key_id, grant.firmware_url
        answer = httpx.post(
            grant.host,
            data={
                "key": grant.key,
                "OSSAccessKeyId": key_id,
                "policy": grant.policy,
                "Signature": grant.signature,
            },
            files={"file": ("any", content)},
        )
        assert answer.status_code == 204
        return str(url)


@pytest.fixture(scope="module", params=[None, "v2"], ids=["v3", "v1"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    clock = HeldClock()
    simulator = make_simulator(clock=clock, habits=OBEDIENT)
    with served(simulator) as address:
        simulator.public_address = f"http://{address}"
        client = make_client(address, request.param)
        yield Desk(simulator=simulator, clock=clock, client=client)


@pytest.fixture(autouse=True)
def turn_back(desk: Desk) -> Iterator[None]:
    """Each test starts at the same moment, as the wall clock must stay within the skew."""
    before_s = desk.clock.now_s
    yield
    desk.clock.now_s = before_s + 1


def test_a_package_is_uploaded_made_renamed_and_deleted(desk: Desk) -> None:
    url = desk.upload(CONTENT)
    product = desk.simulator.fleet.products[0]
    identity = desk.do(
        desk.client.create_otafirmware,
        models.CreateOTAFirmwareRequest,
        firmware_name="固件-2(a)",
        dest_version="9.0.1",
        product_key=product.key,
        firmware_url=url,
        sign_method="MD5",
        type=0,
        need_to_verify=False,
        firmware_desc="OTA function updated +1*~",
        udi='{"ota notice":"camera & driver"}',
    ).data.firmware_id
    info = desk.firmware(identity)
    assert (info.firmware_name, info.dest_version) == ("固件-2(a)", "9.0.1")
    assert (info.status, info.type, info.firmware_size) == (-1, 0, len(CONTENT))
    assert info.firmware_sign == hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert info.udi == '{"ota notice":"camera & driver"}'
    assert info.firmware_desc == "OTA function updated +1*~"
    desk.do(
        desk.client.modify_otafirmware,
        models.ModifyOTAFirmwareRequest,
        firmware_id=identity,
        product_key=product.key,
        firmware_name="Firmwaretest",
        firmware_desc="changed",
        firmware_udi="{}",
    )
    info = desk.firmware(identity)
    assert (info.firmware_name, info.firmware_desc, info.udi) == ("Firmwaretest", "changed", "{}")
    desk.do(desk.client.delete_otafirmware, models.DeleteOTAFirmwareRequest, firmware_id=identity)
    request = models.QueryOTAFirmwareRequest(iot_instance_id=INSTANCE, firmware_id=identity)
    assert desk.client.query_otafirmware(request).body.code == "iot.ota.FirmwareNotFound"


def test_a_package_of_several_files(desk: Desk) -> None:
    urls = [desk.upload(content) for content in (b"one", b"three")]
    files = [
        models.CreateOTAFirmwareRequestMultiFiles(name=f"firmware{n}", url=url)
        for n, url in enumerate(urls, start=1)
    ]
    identity = desk.do(
        desk.client.create_otafirmware,
        models.CreateOTAFirmwareRequest,
        firmware_name="several",
        dest_version="2.0.0",
        product_key=desk.simulator.fleet.products[0].key,
        type=1,
        src_version="1.0.1",
        multi_files=files,
    ).data.firmware_id
    info = desk.firmware(identity)
    assert [(f.name, f.size) for f in info.multi_files] == [("firmware1", 3), ("firmware2", 5)]
    assert (info.src_version, info.status) == ("1.0.1", 0)


def test_modules(desk: Desk) -> None:
    key = desk.simulator.fleet.products[0].key
    where = {"product_key": key, "module_name": "barcodeScanner"}
    texts = {"alias_name": "扫码 器", "desc": "barcode scanner firmware"}
    client = desk.client
    desk.do(client.create_otamodule, models.CreateOTAModuleRequest, **where, **texts)
    module = desk.modules(key)["barcodeScanner"]
    assert (module.alias_name, module.desc) == ("扫码 器", "barcode scanner firmware")
    desk.do(client.update_otamodule, models.UpdateOTAModuleRequest, **where, desc="v2")
    module = desk.modules(key)["barcodeScanner"]
    assert (module.alias_name, module.desc) == ("扫码 器", "v2")
    desk.do(client.delete_otamodule, models.DeleteOTAModuleRequest, **where)
    assert "barcodeScanner" not in desk.modules(key)


def test_a_verification(desk: Desk) -> None:
    firmware = desk.package(FirmwareStatus.UNVERIFIED, FirmwareStatus.FAILED)
    identity = desk.do(
        desk.client.create_otaverify_job,
        models.CreateOTAVerifyJobRequest,
        firmware_id=firmware.id,
        product_key=firmware.product.key,
        target_device_name=list(desk.free(firmware)[:2]),
        timeout_in_minutes=10,
        need_push=True,
        need_confirm=False,
        download_protocol="HTTPS",
        tag=[models.CreateOTAVerifyJobRequestTag(key="k", value="v")],
    ).data.job_id
    assert desk.job(identity).job_type in {"VERIFY_FIRMWARE", "VERFIY_FIRMWARE"}
    assert desk.firmware(firmware.id).status == 2
    desk.clock.advance(UPDATED_S)
    assert desk.firmware(firmware.id).status == 1
    assert desk.statuses(identity) == {"SUCCEEDED"}


def test_a_static_batch_runs_to_its_end(desk: Desk) -> None:
    firmware = desk.usable()
    names = desk.free(firmware)[:3]
    tags = [models.CreateOTAStaticUpgradeJobRequestTag(key="site", value="张北 +1")]
    identity = desk.roll_out(
        firmware,
        names,
        retry_interval=0,
        retry_count=1,
        timeout_in_minutes=60,
        maximum_per_minute=1000,
        overwrite_mode=1,
        need_push=True,
        need_confirm=False,
        download_protocol="HTTPS",
        multi_module_mode=False,
        tag=tags,
    )
    job = desk.job(identity)
    assert (job.job_status, job.target_selection) == ("IN_PROGRESS", "SPECIFIC")
    assert (job.retry_interval, job.retry_count, job.timeout_in_minutes) == (0, 1, 60)
    assert [(tag.key, tag.value) for tag in job.tags.ota_tag_dto] == [("site", "张北 +1")]
    assert desk.tasks(identity).keys() == set(names)
    desk.clock.advance(UPDATED_S)
    assert desk.statuses(identity) == {"SUCCEEDED"}
    assert desk.job(identity).job_status == "COMPLETED"
    body = desk.do(
        desk.client.list_otamodule_versions_by_device,
        models.ListOTAModuleVersionsByDeviceRequest,
        product_key=firmware.product.key,
        device_name=names[0],
        current_page=1,
        page_size=200,
    )
    versions = {m.module_name: m.module_version for m in body.data.simple_otamodule_info}
    assert versions[firmware.module.name] == firmware.version


def test_static_batches_of_every_scope(desk: Desk) -> None:
    firmware = desk.usable()
    names = desk.free(firmware)[:2]
    group = groups_of(firmware.product.key, desk.simulator.fleet.seed)[0]
    create = partial(
        desk.do,
        desk.client.create_otastatic_upgrade_job,
        models.CreateOTAStaticUpgradeJobRequest,
        firmware_id=firmware.id,
        product_key=firmware.product.key,
    )
    start_ms = int((desk.clock() + 3_600) * 1000)
    url = desk.upload("\n".join(names).encode(), names=True)
    for target, fields in (
        ("ALL", {"src_version": ["0.0.1", "0.0.2"]}),
        ("GRAY", {"gray_percent": "12.500"}),
        ("GROUP", {"group_id": group.id, "group_type": "LINK_PLATFORM"}),
        ("SPECIFIC", {"dn_list_file_url": url, "schedule_time": start_ms}),
    ):
        job = desk.job(create(target_selection=target, **fields).data.job_id)
        assert (job.selection_type, job.target_selection) == ("STATIC", target)
        assert job.job_status in {"IN_PROGRESS", "COMPLETED", "PLANNED"}
        if target == "SPECIFIC":
            assert job.job_status == "PLANNED"
            assert desk.tasks(job.job_id).keys() == set(names)
            desk.do(
                desk.client.cancel_otatask_by_job,
                models.CancelOTATaskByJobRequest,
                job_id=job.job_id,
                cancel_scheduled_task=True,
            )
            assert desk.job(job.job_id).job_status == "CANCELED"


def test_a_dynamic_batch_is_made_changed_and_canceled(desk: Desk) -> None:
    firmware = desk.usable()
    identity = desk.do(
        desk.client.create_otadynamic_upgrade_job,
        models.CreateOTADynamicUpgradeJobRequest,
        firmware_id=firmware.id,
        product_key=firmware.product.key,
        src_version=["0.0.1", "0.0.2"],
        dynamic_mode=1,
        timeout_in_minutes=60,
        need_confirm=True,
        tag=[models.CreateOTADynamicUpgradeJobRequestTag(key="key1", value="value1")],
    ).data.job_id
    job = desk.job(identity)
    assert (job.selection_type, job.dynamic_mode) == ("DYNAMIC", 1)
    assert job.src_versions.src_version == ["0.0.1", "0.0.2"]
    update = partial(
        desk.do,
        desk.client.update_otajob,
        models.UpdateOTAJobRequest,
        job_id=identity,
        upgrade_type="DYNAMIC",
        target_selection="ALL",
        maximum_per_minute=5000,
    )
    update(
        timeout_in_minutes=600,
        src_version_list=["V1.0.1"],
        tags=[models.UpdateOTAJobRequestTags(key="key2", value="value2")],
    )
    job = desk.job(identity)
    assert (job.maximum_per_minute, job.timeout_in_minutes) == (5000, 600)
    assert job.src_versions.src_version == ["V1.0.1"]
    assert [(tag.key, tag.value) for tag in job.tags.ota_tag_dto] == [("key2", "value2")]
    update()
    job = desk.job(identity)
    assert not (job.tags and job.tags.ota_tag_dto)
    desk.do(
        desk.client.cancel_otastrategy_by_job,
        models.CancelOTAStrategyByJobRequest,
        job_id=identity,
    )
    assert desk.job(identity).job_status == "CANCELED"


def test_tasks_are_confirmed_canceled_and_run_again(desk: Desk) -> None:
    firmware = desk.usable()
    names = desk.free(firmware)[:3]
    identity = desk.roll_out(firmware, names, need_confirm=True)
    tasks = desk.tasks(identity)
    assert {task.task_status for task in tasks.values()} == {"CONFIRM"}
    one, two, three = (tasks[name].task_id for name in names)
    desk.do(desk.client.confirm_otatask, models.ConfirmOTATaskRequest, task_id=[one])
    desk.do(
        desk.client.cancel_otatask_by_device,
        models.CancelOTATaskByDeviceRequest,
        firmware_id=firmware.id,
        product_key=firmware.product.key,
        job_id=identity,
        device_name=[names[1]],
    )
    tasks = desk.tasks(identity)
    assert tasks[names[0]].task_status in {"QUEUED", "NOTIFIED"}
    assert tasks[names[1]].task_status == "CANCELED"
    desk.do(
        desk.client.cancel_otatask_by_job,
        models.CancelOTATaskByJobRequest,
        job_id=identity,
        cancel_queued_task=True,
        cancel_notified_task=False,
        cancel_in_progress_task=False,
        cancel_unconfirmed_task=False,
        cancel_scheduled_task=False,
    )
    assert desk.tasks(identity)[names[2]].task_status == "CONFIRM"
    desk.do(
        desk.client.cancel_otatask_by_job,
        models.CancelOTATaskByJobRequest,
        job_id=identity,
        cancel_unconfirmed_task=True,
    )
    assert desk.tasks(identity)[names[2]].task_status == "CANCELED"
    both = [two, three]
    desk.do(
        desk.client.reupgrade_otatask,
        models.ReupgradeOTATaskRequest,
        job_id=identity,
        task_id=both,
    )
    desk.do(desk.client.confirm_otatask, models.ConfirmOTATaskRequest, task_id=both)
    desk.clock.advance(UPDATED_S)
    assert desk.tasks(identity)[names[1]].task_status == "SUCCEEDED"
    assert desk.tasks(identity)[names[2]].task_status == "SUCCEEDED"


@pytest.mark.parametrize("fault", ["lose_answer", "halve_answer"])
def test_a_broken_connection_is_one_to_the_sdk_and_the_write_was_executed(
    desk: Desk, fault: str
) -> None:
    executed = len(desk.simulator.executed)
    getattr(desk.simulator.faults, fault)("CreateOTAModule")
    key = desk.simulator.fleet.products[1].key
    request = models.CreateOTAModuleRequest(
        iot_instance_id=INSTANCE, product_key=key, module_name=fault
    )
    with pytest.raises(Exception, match=r"(?i)connection|incomplete|response ended"):
        desk.client.create_otamodule(request)
    assert len(desk.simulator.executed) == executed + 1
    assert fault in desk.modules(key)


def test_a_server_error_is_one_to_the_sdk_and_the_write_was_executed(desk: Desk) -> None:
    desk.simulator.faults.fail_after("CreateOTAModule")
    key = desk.simulator.fleet.products[1].key
    request = models.CreateOTAModuleRequest(
        iot_instance_id=INSTANCE, product_key=key, module_name="failed"
    )
    with pytest.raises(ServerException) as caught:
        desk.client.create_otamodule(request)
    assert (caught.value.status_code, caught.value.code) == (500, "InternalError")
    assert "failed" in desk.modules(key)
