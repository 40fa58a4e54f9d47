"""The vendor's own Python SDK as the judge: it must be able to use the simulator.

Every read operation, over real HTTP on the loopback interface, under both signature schemes; the
clock stands still, so that the state compared with does not move. Writes are judged next door.
"""

from collections.abc import Iterator

import pytest
from alibabacloud_iot20180120 import models
from alibabacloud_iot20180120.client import Client
from alibabacloud_tea_openapi.exceptions._client import ClientException
from alibabacloud_tea_openapi.exceptions._throttling import ThrottlingException

from gateway.simulators.alibaba import AlibabaSimulator
from gateway.simulators.alibaba.job import Job, JobStatus, JobType
from gateway.simulators.alibaba.task import Task, TaskStatus
from tests.simulators.alibaba.vendor_sdk import (
    INSTANCE,
    NOW_S,
    make_client,
    make_simulator,
    served,
)

SPELLINGS = {"COMPLETE": "COMPLETED", "VERFIY_FIRMWARE": "VERIFY_FIRMWARE"}


@pytest.fixture(scope="module")
def simulator() -> AlibabaSimulator:
    return make_simulator(throttle=False)


@pytest.fixture(scope="module")
def endpoint(simulator: AlibabaSimulator) -> Iterator[str]:
    with served(simulator) as address:
        yield address


@pytest.fixture(scope="module", params=[None, "v2"], ids=["v3", "v1"])
def client(endpoint: str, request: pytest.FixtureRequest) -> Client:
    return make_client(endpoint, request.param)


@pytest.fixture
def job(simulator: AlibabaSimulator) -> Job:
    """The batch with the most tasks that wait to be pushed."""
    fleet = simulator.fleet
    running = [job for job in fleet.jobs if job.status_at(NOW_S) is JobStatus.IN_PROGRESS]
    return max(running, key=lambda job: len(fleet.tasks(job, NOW_S, TaskStatus.QUEUED)))


@pytest.fixture
def task(simulator: AlibabaSimulator, job: Job) -> Task:
    """One of those tasks."""
    fleet = simulator.fleet
    return fleet.task(job, fleet.tasks(job, NOW_S, TaskStatus.QUEUED)[0])


def test_query_ota_job(client: Client, simulator: AlibabaSimulator) -> None:
    for job in simulator.fleet.jobs:
        request = models.QueryOTAJobRequest(iot_instance_id=INSTANCE, job_id=job.id)
        body = client.query_otajob(request).body
        data = body.data
        assert body.success is True
        assert (data.job_id, data.firmware_id) == (job.id, job.firmware.id)
        assert data.job_status == job.status_at(NOW_S)
        assert SPELLINGS.get(data.job_type, data.job_type) == job.type
        assert data.name == job.firmware.name
        assert data.need_confirm is job.settings.need_confirm
        assert (data.timeout_in_minutes or None) == job.settings.timeout_min
        assert (data.gray_percent or None) == job.scope.gray_percent
        tags = (data.tags and data.tags.ota_tag_dto) or []
        assert [(tag.key, tag.value) for tag in tags] == list(job.settings.tags)
        sources = (data.src_versions and data.src_versions.src_version) or []
        assert sources == list(job.scope.source_versions)


def test_list_ota_job_by_firmware(client: Client, simulator: AlibabaSimulator) -> None:
    fleet = simulator.fleet
    for firmware in fleet.firmwares:
        body = client.list_otajob_by_firmware(
            models.ListOTAJobByFirmwareRequest(
                iot_instance_id=INSTANCE, firmware_id=firmware.id, current_page=1, page_size=200
            )
        ).body
        jobs = {job.id: job for job in fleet.jobs_of_firmware(firmware)}
        items = body.data.simple_otajob_info
        assert body.total == len(items) == len(jobs)
        assert {item.job_id: SPELLINGS.get(item.job_status, item.job_status) for item in items} == {
            identity: job.status_at(NOW_S) for identity, job in jobs.items()
        }


def test_list_ota_job_by_device(client: Client, job: Job, task: Task) -> None:
    body = client.list_otajob_by_device(
        models.ListOTAJobByDeviceRequest(
            iot_instance_id=INSTANCE,
            firmware_id=job.firmware.id,
            product_key=task.device.product.key,
            device_name=task.device.name,
            current_page=1,
            page_size=100,
        )
    ).body
    assert job.id in {item.job_id for item in body.data.simple_otajob_info}
    assert body.total == len(body.data.simple_otajob_info)


def test_list_ota_task_by_job(client: Client, simulator: AlibabaSimulator, job: Job) -> None:
    fleet = simulator.fleet

    def ask(request: models.ListOTATaskByJobRequest) -> models.ListOTATaskByJobResponseBody:
        request.iot_instance_id = INSTANCE
        request.job_id = job.id
        return client.list_otatask_by_job(request).body

    body = ask(models.ListOTATaskByJobRequest(current_page=1, page_size=100))
    expected = [fleet.task(job, position) for position in fleet.tasks(job, NOW_S)]
    assert body.total == len(expected)
    assert [
        (item.task_id, item.iot_id, item.task_status) for item in body.data.simple_otatask_info
    ] == [(t.id, t.device.iot_id, t.course.status_at(NOW_S)) for t in expected[:100]]
    for status in TaskStatus:
        total = ask(
            models.ListOTATaskByJobRequest(task_status=status.value, current_page=1, page_size=1)
        ).total
        assert total == len(fleet.tasks(job, NOW_S, status))
    names = [t.device.name for t in expected[:3]]
    named = ask(models.ListOTATaskByJobRequest(device_names=names)).data.simple_otatask_info
    assert {item.device_name for item in named} == set(names)


def test_list_ota_unfinished_task_by_device(client: Client, task: Task) -> None:
    for where in (
        {"iot_id": task.device.iot_id},
        {"product_key": task.device.product.key, "device_name": task.device.name},
    ):
        body = client.list_otaunfinished_task_by_device(
            models.ListOTAUnfinishedTaskByDeviceRequest(
                iot_instance_id=INSTANCE, task_status_list=["CONFIRM", "QUEUED"], **where
            )
        ).body
        (item,) = body.data.simple_otatask_info
        assert (item.task_id, item.task_status) == (task.id, "QUEUED")
        assert item.module_name == task.job.firmware.module.name


def test_list_ota_firmware(client: Client, simulator: AlibabaSimulator) -> None:
    fleet = simulator.fleet
    body = client.list_otafirmware(
        models.ListOTAFirmwareRequest(iot_instance_id=INSTANCE, current_page=1, page_size=100)
    ).body
    items = body.firmware_info.simple_firmware_info
    assert body.total == len(fleet.firmwares)
    assert [(item.firmware_id, item.firmware_name, item.status) for item in items] == [
        (f.id, f.name, f.status_at(NOW_S)) for f in fleet.firmwares
    ]


def test_query_ota_firmware(client: Client, simulator: AlibabaSimulator) -> None:
    for firmware in simulator.fleet.firmwares:
        info = client.query_otafirmware(
            models.QueryOTAFirmwareRequest(iot_instance_id=INSTANCE, firmware_id=firmware.id)
        ).body.firmware_info
        assert (info.firmware_id, info.dest_version) == (firmware.id, firmware.version)
        assert (info.status, info.type) == (firmware.status_at(NOW_S), firmware.type)
        if len(firmware.files) > 1:
            assert [file.file_md_5 for file in info.multi_files] == [f.md5 for f in firmware.files]
        else:
            assert info.firmware_size == firmware.files[0].size_bytes
            assert "Signature=" in info.firmware_url


def test_list_ota_module_by_product(client: Client, simulator: AlibabaSimulator) -> None:
    for product in simulator.fleet.products:
        request = models.ListOTAModuleByProductRequest(
            iot_instance_id=INSTANCE, product_key=product.key
        )
        items = client.list_otamodule_by_product(request).body.data
        assert [item.module_name for item in items] == [m.name for m in product.modules]


def test_list_ota_module_versions_by_device(
    client: Client, simulator: AlibabaSimulator, task: Task
) -> None:
    device, fleet = task.device, simulator.fleet
    body = client.list_otamodule_versions_by_device(
        models.ListOTAModuleVersionsByDeviceRequest(
            iot_instance_id=INSTANCE, iot_id=device.iot_id, current_page=1, page_size=200
        )
    ).body
    modules = device.product.modules
    assert body.total == len(modules)
    assert {item.module_name: item.module_version for item in body.data.simple_otamodule_info} == {
        module.name: fleet.module_version(device, module, NOW_S) for module in modules
    }


def test_a_business_failure_is_an_answer_to_the_sdk(client: Client) -> None:
    request = models.QueryOTAFirmwareRequest(iot_instance_id=INSTANCE, firmware_id="none")
    body = client.query_otafirmware(request).body
    assert (body.success, body.code) == (False, "iot.ota.FirmwareNotFound")
    assert body.error_message == "The specified firmware does not exist."
    assert body.firmware_info is None


@pytest.mark.parametrize("algorithm", [None, "v2"])
def test_a_wrong_secret_is_an_exception_of_the_sdk(endpoint: str, algorithm: str | None) -> None:
    client = make_client(endpoint, algorithm, secret="wrong")
    with pytest.raises(ClientException) as caught:
        client.query_otajob(models.QueryOTAJobRequest(iot_instance_id=INSTANCE, job_id="none"))
    assert (caught.value.status_code, caught.value.code) == (400, "SignatureDoesNotMatch")


def test_a_missing_parameter_is_an_exception_of_the_sdk(client: Client) -> None:
    with pytest.raises(ClientException) as caught:
        client.query_otajob(models.QueryOTAJobRequest(iot_instance_id=INSTANCE))
    assert caught.value.code == "MissingJobId"


def test_a_throttled_call_tells_the_sdk_how_long_to_wait() -> None:
    request = models.QueryOTAJobRequest(iot_instance_id=INSTANCE, job_id="none")
    with served(make_simulator(throttle=True)) as address:
        client = make_client(address)
        for _ in range(10):
            client.query_otajob(request)
        with pytest.raises(ThrottlingException) as caught:
            client.query_otajob(request)
    assert (caught.value.code, caught.value.retry_after) == ("Throttling.User", 1000)


def test_verifications_are_seen_under_either_spelling(
    client: Client, simulator: AlibabaSimulator
) -> None:
    words = set()
    for job in simulator.fleet.jobs:
        if job.type is JobType.VERIFY:
            request = models.QueryOTAJobRequest(iot_instance_id=INSTANCE, job_id=job.id)
            words.add(client.query_otajob(request).body.data.job_type)
    assert words == {"VERIFY_FIRMWARE", "VERFIY_FIRMWARE"}
