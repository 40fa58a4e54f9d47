"""The nine read operations, over the wire and, where many answers are needed, directly."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.alibaba import AlibabaSimulator
from gateway.simulators.alibaba.errors import InventedCodes
from gateway.simulators.alibaba.finder import Finder
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.job import Job, JobStatus
from gateway.simulators.alibaba.object_store import ObjectStore
from gateway.simulators.alibaba.operations import OPERATIONS, WRITE_NAMES
from gateway.simulators.alibaba.parameters import Arguments, Kind
from gateway.simulators.alibaba.readings import Habits, Readings
from gateway.simulators.alibaba.reads import Reads
from gateway.simulators.alibaba.task import UNFINISHED, Task, TaskStatus
from gateway.simulators.alibaba.writes import write_handlers
from tests.simulators.alibaba.caller import START_S, Caller
from tests.simulators.alibaba.fleets import small_fleet

DATA = Path(__file__).parent / "data"
DOCUMENTED: dict[str, Any] = json.loads((DATA / "operations.json").read_text("utf-8"))["operations"]
KINDS = {
    "string": Kind.TEXT,
    "integer": Kind.INTEGER,
    "boolean": Kind.BOOLEAN,
    "array<string>": Kind.TEXTS,
    "array<object>": Kind.OBJECTS,
}
PAGE = {"CurrentPage": 1, "PageSize": 100}


def biggest(fleet: Fleet) -> Job:
    return max(fleet.jobs, key=lambda job: len(fleet.tasks(job, START_S)))


def open_task(fleet: Fleet) -> Task:
    return next(
        fleet.task(job, position)
        for job in fleet.jobs
        if job.status_at(START_S) is JobStatus.IN_PROGRESS
        for position in fleet.tasks(job, START_S, TaskStatus.QUEUED)
    )


def documented_kind(parameter: dict[str, Any]) -> Kind:
    return Kind.LONG if parameter.get("format") == "int64" else KINDS[parameter["type"]]


def test_the_table_is_the_documented_one() -> None:
    assert OPERATIONS.keys() == DOCUMENTED.keys()
    for name, operation in OPERATIONS.items():
        documented = DOCUMENTED[name]
        assert operation.methods == set(documented["allowed_http_methods"])
        assert operation.rate == documented["qps_per_account"]
        assert {p.name: (p.kind, p.required) for p in operation.parameters} == {
            p["name"]: (documented_kind(p), p["required"]) for p in documented["request"]
        }
        assert {
            p.name: {f.name: (f.kind, f.required) for f in p.fields} for p in operation.parameters
        } == {
            p["name"]: {f["name"]: (documented_kind(f), f["required"]) for f in p.get("items", ())}
            for p in documented["request"]
        }


def test_every_operation_has_a_handler(simulator: AlibabaSimulator) -> None:
    fleet = simulator.fleet
    codes = InventedCodes()
    finder = Finder(fleet, codes)
    reads = Reads(fleet, finder, default_task_page=10).handlers()
    writes = write_handlers(
        fleet=fleet,
        finder=finder,
        store=ObjectStore(region="cn-shanghai", seed=7),
        codes=codes,
        readings=Readings(),
        habits=Habits(),
        region="cn-shanghai",
    )
    assert reads.keys() == OPERATIONS.keys() - WRITE_NAMES
    assert writes.keys() == WRITE_NAMES


async def test_query_ota_job(simulator: AlibabaSimulator, caller: Caller) -> None:
    for job in simulator.fleet.jobs:
        body = await caller.ask("QueryOTAJob", JobId=job.id)
        assert body["Data"]["JobId"] == job.id
        assert body["Data"]["JobStatus"] == job.status_at(START_S)
        assert body["Data"]["Name"] == job.firmware.name


async def test_list_ota_job_by_firmware(simulator: AlibabaSimulator, caller: Caller) -> None:
    fleet = simulator.fleet
    found = set()
    for firmware in fleet.firmwares:
        body = await caller.ask(
            "ListOTAJobByFirmware", FirmwareId=firmware.id, CurrentPage=1, PageSize=200
        )
        items = body["Data"]["SimpleOTAJobInfo"]
        assert body["Total"] == len(items) == len(fleet.jobs_of_firmware(firmware))
        assert {item["FirmwareId"] for item in items} <= {firmware.id}
        found |= {item["JobId"] for item in items}
    assert found == {job.id for job in fleet.jobs}


async def test_a_package_without_batches_has_an_empty_list(
    simulator: AlibabaSimulator, caller: Caller
) -> None:
    fleet = simulator.fleet
    bare = next(f for f in fleet.firmwares if not fleet.jobs_of_firmware(f))
    body = await caller.ask("ListOTAJobByFirmware", FirmwareId=bare.id, CurrentPage=1, PageSize=200)
    del body["RequestId"]
    assert body == {
        "Success": True,
        "Data": {"SimpleOTAJobInfo": []},
        "CurrentPage": 1,
        "PageSize": 200,
        "PageCount": 0,
        "Total": 0,
    }


async def test_list_ota_job_by_device(simulator: AlibabaSimulator, caller: Caller) -> None:
    fleet = simulator.fleet
    task = fleet.task(biggest(fleet), 0)
    firmware, device = task.job.firmware, task.device
    where = {
        "FirmwareId": firmware.id,
        "ProductKey": device.product.key,
        "DeviceName": device.name,
    }
    body = await caller.ask("ListOTAJobByDevice", **where, **PAGE)
    items = body["Data"]["SimpleOTAJobInfo"]
    expected = {
        job.id
        for job in fleet.jobs_of_firmware(firmware)
        if fleet.task_of_device(job, device, START_S)
        and job.status_at(START_S) is not JobStatus.PLANNED
    }
    assert task.job.id in expected
    assert {item["JobId"] for item in items} == expected
    assert body["Total"] == len(expected)


async def test_a_device_is_in_no_batch_that_is_yet_to_start(
    simulator: AlibabaSimulator, caller: Caller
) -> None:
    fleet = simulator.fleet
    planned = next(j for j in fleet.jobs if j.status_at(START_S) is JobStatus.PLANNED)
    device = fleet.task(planned, 0).device
    body = await caller.ask(
        "ListOTAJobByDevice",
        FirmwareId=planned.firmware.id,
        ProductKey=device.product.key,
        DeviceName=device.name,
        **PAGE,
    )
    assert planned.id not in {item["JobId"] for item in body["Data"]["SimpleOTAJobInfo"]}


async def test_list_ota_task_by_job(simulator: AlibabaSimulator, caller: Caller) -> None:
    fleet = simulator.fleet
    job = biggest(fleet)
    body = await caller.ask("ListOTATaskByJob", JobId=job.id, **PAGE)
    items = body["Data"]["SimpleOTATaskInfo"]
    assert body["Total"] == len(fleet.tasks(job, START_S)) > len(items) - 1
    assert len({item["TaskId"] for item in items}) == len(items) == min(100, body["Total"])
    totals = {}
    for status in TaskStatus:
        body = await caller.ask(
            "ListOTATaskByJob", JobId=job.id, TaskStatus=status, CurrentPage=1, PageSize=1
        )
        totals[status] = body["Total"]
        assert {item["TaskStatus"] for item in body["Data"]["SimpleOTATaskInfo"]} <= {status}
    assert sum(totals.values()) == len(fleet.tasks(job, START_S))


async def test_tasks_come_ten_a_page_unless_told(
    simulator: AlibabaSimulator, caller: Caller
) -> None:
    body = await caller.ask("ListOTATaskByJob", JobId=biggest(simulator.fleet).id)
    assert (body["CurrentPage"], body["PageSize"]) == (1, 10)
    assert len(body["Data"]["SimpleOTATaskInfo"]) == 10


async def test_tasks_of_named_devices_ignore_paging(
    simulator: AlibabaSimulator, caller: Caller
) -> None:
    fleet = simulator.fleet
    job = biggest(fleet)
    names = [fleet.task(job, position).device.name for position in range(12)]
    listed = {f"DeviceNames__{n}": name for n, name in enumerate([*names, "nobody"], start=1)}
    body = await caller.ask("ListOTATaskByJob", JobId=job.id, CurrentPage=9, PageSize=1, **listed)
    items = body["Data"]["SimpleOTATaskInfo"]
    assert {item["DeviceName"] for item in items} == set(names)
    assert (body["Total"], body["PageCount"]) == (12, 1)
    wanted = items[0]["TaskStatus"]
    body = await caller.ask("ListOTATaskByJob", JobId=job.id, TaskStatus=wanted, **listed)
    same = [item for item in items if item["TaskStatus"] == wanted]
    assert body["Data"]["SimpleOTATaskInfo"] == same


async def test_list_ota_unfinished_task_by_device(
    simulator: AlibabaSimulator, caller: Caller
) -> None:
    task = open_task(simulator.fleet)
    operation = "ListOTAUnfinishedTaskByDevice"
    named = {"ProductKey": task.device.product.key, "DeviceName": task.device.name}
    by_name = await caller.ask(operation, **named)
    # IotId wins over a name, even over one that does not exist.
    by_id = await caller.ask(operation, **named | {"DeviceName": "x"}, IotId=task.device.iot_id)
    (item,) = by_name["Data"]["SimpleOTATaskInfo"]
    assert by_id["Data"] == by_name["Data"]
    assert (item["TaskId"], item["TaskStatus"]) == (task.id, "QUEUED")
    module = task.job.firmware.module.name
    assert item["ModuleName"] == module
    assert not {"Progress", "TaskDesc", "Timeout"} & item.keys()
    for narrowing, count in (
        ({"ModuleName": module}, 1),
        ({"ModuleName": "another"}, 0),
        ({"TaskStatus": "QUEUED"}, 1),
        ({"TaskStatus": "CONFIRM"}, 0),
        ({"TaskStatusList__1": "NOTIFIED", "TaskStatusList__2": "QUEUED"}, 1),
        ({"TaskStatusList__1": "NOTIFIED"}, 0),
    ):
        body = await caller.ask(operation, **named, **narrowing)
        assert len(body["Data"]["SimpleOTATaskInfo"]) == count, narrowing


async def test_list_ota_firmware(simulator: AlibabaSimulator, caller: Caller) -> None:
    fleet = simulator.fleet
    body = await caller.ask("ListOTAFirmware", **PAGE)
    items = body["FirmwareInfo"]["SimpleFirmwareInfo"]
    assert [item["FirmwareId"] for item in items] == [f.id for f in fleet.firmwares]
    assert body["Total"] == 12
    for name, key in (("ProductKey", "ProductKey"), ("DestVersion", "DestVersion")):
        value = items[0][key]
        body = await caller.ask("ListOTAFirmware", **PAGE, **{name: value})
        same = [item for item in items if item[key] == value]
        assert body["FirmwareInfo"]["SimpleFirmwareInfo"] == same
        assert 0 < body["Total"] < 12
    body = await caller.ask("ListOTAFirmware", **PAGE, DestVersion="none")
    assert body["Total"] == 0


async def test_query_ota_firmware(simulator: AlibabaSimulator, caller: Caller) -> None:
    for firmware in simulator.fleet.firmwares:
        body = await caller.ask("QueryOTAFirmware", FirmwareId=firmware.id)
        assert body["FirmwareInfo"]["FirmwareId"] == firmware.id
        assert body["FirmwareInfo"]["Status"] == firmware.status_at(START_S)


async def test_list_ota_module_by_product(simulator: AlibabaSimulator, caller: Caller) -> None:
    product = simulator.fleet.products[0]
    body = await caller.ask("ListOTAModuleByProduct", ProductKey=product.key)
    assert [item["ModuleName"] for item in body["Data"]] == ["default", "pitchDrive"]
    assert body["Data"][1]["AliasName"] == "变桨驱动器"


async def test_list_ota_module_versions_by_device(
    simulator: AlibabaSimulator, caller: Caller
) -> None:
    device = simulator.fleet.products[0].device(0)
    operation = "ListOTAModuleVersionsByDevice"
    body = await caller.ask(
        operation,
        ProductKey=device.product.key,
        DeviceName=device.name,
        CurrentPage=1,
        PageSize=200,
    )
    items = body["Data"]["SimpleOTAModuleInfo"]
    assert [item["ModuleName"] for item in items] == ["default", "pitchDrive"]
    assert {item["IotId"] for item in items} == {device.iot_id}
    second = await caller.ask(operation, IotId=device.iot_id, CurrentPage=2, PageSize=1)
    assert second["Data"]["SimpleOTAModuleInfo"] == items[1:]
    assert (second["Total"], second["PageCount"]) == (2, 2)


@pytest.mark.parametrize(
    ("operation", "largest", "extra"),
    [
        ("ListOTAJobByFirmware", 200, ("FirmwareId",)),
        ("ListOTAJobByDevice", 100, ("FirmwareId", "ProductKey", "DeviceName")),
        ("ListOTATaskByJob", 100, ("JobId",)),
        ("ListOTAFirmware", 100, ()),
        ("ListOTAModuleVersionsByDevice", 200, ("ProductKey", "DeviceName")),
    ],
)
async def test_pages_have_their_documented_limit(
    simulator: AlibabaSimulator,
    caller: Caller,
    operation: str,
    largest: int,
    extra: tuple[str, ...],
) -> None:
    job = biggest(simulator.fleet)
    device = simulator.fleet.task(job, 0).device
    known = {
        "JobId": job.id,
        "FirmwareId": job.firmware.id,
        "ProductKey": device.product.key,
        "DeviceName": device.name,
    }
    given_ = {name: known[name] for name in extra}
    body = await caller.ask(operation, **given_, CurrentPage=1, PageSize=largest)
    assert (body["Success"], body["PageSize"]) == (True, largest)
    for number, size in ((1, largest + 1), (0, largest), (1, 0)):
        body = await caller.ask(operation, **given_, CurrentPage=number, PageSize=size)
        assert (body["Success"], body["Code"]) == (False, "iot.common.InvalidPageParams")


async def test_tasks_end_at_a_hundred_thousand(simulator: AlibabaSimulator, caller: Caller) -> None:
    job = simulator.fleet.jobs[0]
    body = await caller.ask("ListOTATaskByJob", JobId=job.id, CurrentPage=1000, PageSize=100)
    assert (body["Success"], body["Data"]["SimpleOTATaskInfo"]) == (True, [])
    body = await caller.ask("ListOTATaskByJob", JobId=job.id, CurrentPage=1001, PageSize=100)
    assert body["Code"] == "iot.common.InvalidPageParams"


async def test_what_does_not_exist_is_refused_by_its_code(
    simulator: AlibabaSimulator, caller: Caller
) -> None:
    fleet = simulator.fleet
    firmware = fleet.firmwares[0].id
    product = fleet.products[0].key
    job = fleet.jobs[0].id
    too_many = {f"DeviceNames__{n}": f"d{n}" for n in range(1, 52)}
    device = {"ProductKey": product, "DeviceName": fleet.products[0].device(0).name}
    unfinished = "ListOTAUnfinishedTaskByDevice"
    both = {"TaskStatus": "QUEUED", "TaskStatusList__1": "QUEUED"}
    refusals: list[tuple[str, dict[str, object], str]] = [
        ("QueryOTAJob", {"JobId": "x"}, InventedCodes().job_not_found),
        ("ListOTATaskByJob", {"JobId": "x"}, InventedCodes().job_not_found),
        ("QueryOTAFirmware", {"FirmwareId": "x"}, "iot.ota.FirmwareNotFound"),
        ("ListOTAJobByFirmware", {"FirmwareId": "x", **PAGE}, "iot.ota.FirmwareNotFound"),
        ("ListOTAFirmware", {"ProductKey": "x", **PAGE}, "iot.prod.NotExistedProduct"),
        ("ListOTAModuleByProduct", {"ProductKey": "x"}, "iot.prod.NotExistedProduct"),
        (
            "ListOTAJobByDevice",
            {"FirmwareId": firmware, "ProductKey": product, "DeviceName": "x", **PAGE},
            "iot.device.NotExistedDevice",
        ),
        (unfinished, {"IotId": "x"}, "iot.device.InvalidIoTId"),
        (unfinished, {"ProductKey": product}, "iot.system.IllegalRequest"),
        (unfinished, {**device, **both}, "iot.system.IllegalRequest"),
        (unfinished, {**device, "TaskStatus": "SUCCEEDED"}, "iot.system.IllegalRequest"),
        ("ListOTATaskByJob", {"JobId": job, "TaskStatus": "X"}, "iot.system.IllegalRequest"),
        ("ListOTATaskByJob", {"JobId": job, **too_many}, "iot.device.DeviceCountExceeded"),
    ]
    for operation, parameters, code in refusals:
        body = await caller.ask(operation, **parameters)
        assert (body.get("Code"), body.get("Success")) == (code, False), operation


@given(
    st.sampled_from(small_fleet().jobs),
    st.sampled_from([None, *TaskStatus]),
    st.integers(1, 100),
    st.floats(0, 100_000),
)
def test_the_total_is_what_paging_yields(
    job: Job, status: TaskStatus | None, size: int, later_s: float
) -> None:
    fleet = small_fleet()
    reads = Reads(fleet, Finder(fleet, InventedCodes()), default_task_page=10)
    texts = {"JobId": job.id} | ({} if status is None else {"TaskStatus": status})

    def page(number: int) -> dict[str, Any]:
        integers = {"CurrentPage": number, "PageSize": size}
        arguments = Arguments(texts=texts, integers=integers)
        return dict(reads.list_ota_task_by_job(arguments, START_S + later_s))

    first = page(1)
    pages = [page(number) for number in range(1, first["PageCount"] + 1)]
    items = [item for answer in pages for item in answer["Data"]["SimpleOTATaskInfo"]]
    assert len({item["TaskId"] for item in items}) == len(items) == first["Total"]
    assert all(status in {None, item["TaskStatus"]} for item in items)


def test_open_tasks_of_every_device_are_the_open_tasks_of_every_batch() -> None:
    fleet = small_fleet()
    of_jobs = {
        fleet.task(job, position).id
        for job in fleet.jobs
        for status in UNFINISHED
        for position in fleet.tasks(job, START_S, status)
    }
    of_devices = {
        task.id
        for product in fleet.products[:3]
        for index in range(product.devices)
        for task in fleet.unfinished_tasks(product.device(index), START_S)
    }
    keys = {product.key for product in fleet.products[:3]}
    tokens = {job.task_token: job for job in fleet.jobs}
    expected = {i for i in of_jobs if tokens[i[:20]].firmware.product.key in keys}
    assert of_devices == expected
    assert expected
