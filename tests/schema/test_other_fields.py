"""Every field of tasks, devices, packages and backends says what the cloud said."""

from dataclasses import replace

import pytest

from gateway.domain.device import Module
from gateway.domain.errors import NotFoundError, ProviderUnavailableError
from gateway.domain.ids import NodeKind
from gateway.domain.provider import Capability
from gateway.domain.task import TaskStatus
from gateway.transport.request import Reply, Request
from tests.schema.fake_cloud import INDEXED, LISTING, FakeCloud
from tests.schema.samples import device, job, package, task
from tests.schema.world import LIVE, NOW_TEXT, World, global_id, running_world

DEVICE_ID = global_id(NodeKind.DEVICE, "pump", "pump-1")


async def test_every_field_of_a_task_has_the_value_that_the_cloud_gave() -> None:
    task_id = global_id(NodeKind.TASK, "job-1", "pump", "pump-1", "task-1")
    cloud = FakeCloud(jobs=[job(1)], tasks=[task(1, "job-1")])
    async with running_world({"plant": cloud}) as world:
        data = await world.read(
            """query Task($id: ID!) { task(id: $id) {
                 id nativeId backend { name } job { id } device { id }
                 productName moduleName fromVersion toVersion status rawStatus
                 statusReason { code message rawCode } progressPercent timeoutSeconds
                 createdAt updatedAt raw freshness { asOf ageSeconds source }
               } }""",
            id=task_id,
        )
    assert data["task"] == {
        "id": task_id,
        "nativeId": "task-1",
        "backend": {"name": "plant"},
        "job": {"id": global_id(NodeKind.OTA_JOB, "job-1")},
        "device": {"id": DEVICE_ID},
        "productName": "Pump",
        "moduleName": "default",
        "fromVersion": "0.9",
        "toVersion": "1.0",
        "status": "FAILED",
        "rawStatus": "failed",
        "statusReason": {"code": "CHECKSUM_MISMATCH", "message": "bad sum", "rawCode": -3},
        "progressPercent": 12.5,
        "timeoutSeconds": 600,
        "createdAt": "2026-03-01T08:00:00.123Z",
        "updatedAt": "2026-03-01T08:05:00.123Z",
        "raw": {"taskId": "task-1"},
        "freshness": LIVE,
    }


async def test_a_task_without_a_reason_has_none() -> None:
    cloud = FakeCloud(tasks=[task(1, "job-1", status_reason=None)])
    task_id = global_id(NodeKind.TASK, "job-1", "pump", "pump-1", "task-1")
    async with running_world({"plant": cloud}) as world:
        data = await world.read(
            "query($id: ID!) { task(id: $id) { statusReason { code } } }", id=task_id
        )
    assert data == {"task": {"statusReason": None}}


async def test_every_field_of_a_device_has_the_value_that_the_cloud_gave() -> None:
    cloud = FakeCloud(
        jobs=[job(3), job(2), job(1)],
        tasks=[
            task(1, "job-1", status=TaskStatus.QUEUED),
            task(1, "job-3", native_id="task-3"),
            task(2, "job-2", status=TaskStatus.QUEUED),
        ],
        devices=[device(1)],
    )
    async with running_world({"plant": cloud}) as world:
        data = await world.read(
            """query Device($id: ID!) { device(by: { id: $id }) {
                 id backend { name } productKey name nativeId version upgrading
                 modules { name version } openTasks { nativeId job { nativeId } }
                 jobs(first: 5) { edges { node { nativeId } } }
                 freshness { asOf ageSeconds source }
               } }""",
            id=DEVICE_ID,
        )
    assert data["device"] == {
        "id": DEVICE_ID,
        "backend": {"name": "plant"},
        "productKey": "pump",
        "name": "pump-1",
        "nativeId": "asset-1",
        "version": "0.9",
        "upgrading": True,
        "modules": [{"name": "default", "version": "0.9"}, {"name": "radio", "version": None}],
        "openTasks": [{"nativeId": "task-1", "job": {"nativeId": "job-1"}}],
        "jobs": {"edges": [{"node": {"nativeId": "job-3"}}, {"node": {"nativeId": "job-1"}}]},
        "freshness": LIVE,
    }


async def test_a_device_is_found_by_its_native_names_too() -> None:
    async with running_world({"plant": FakeCloud(devices=[device(1)])}) as world:
        data = await world.read(
            """{ device(by: { native: { backend: "plant", productKey: "pump", name: "pump-1" } }) {
                   id } }"""
        )
    assert data == {"device": {"id": DEVICE_ID}}


FIRMWARE = """
query Firmware($id: ID!) {
  firmware(by: { id: $id }) {
    id nativeId backend { name } name { default } version productKey productName description
    moduleName type sourceVersion sizeBytes checksum { method value }
    verification rawVerification maxVerificationDevices minVerificationSuccesses
    verificationProgressPercent files { name sizeBytes checksum { method value } } deviceInfo
    tags { key value } createdAt updatedAt raw freshness { asOf ageSeconds source }
  }
}
"""


async def test_every_field_of_a_package_has_the_value_that_the_cloud_gave() -> None:
    package_id = global_id(NodeKind.FIRMWARE, "fw-1")
    async with running_world({"plant": FakeCloud(packages=[package(1)])}) as world:
        data = await world.read(FIRMWARE, id=package_id)
    assert data["firmware"] == {
        "id": package_id,
        "nativeId": "fw-1",
        "backend": {"name": "plant"},
        "name": {"default": "pump control 1"},
        "version": "1.0",
        "productKey": "pump",
        "productName": "Pump",
        "description": "faster start",
        "moduleName": "default",
        "type": "DIFFERENTIAL",
        "sourceVersion": "0.9",
        "sizeBytes": 5_000_000_000,
        "checksum": {"method": "sha256", "value": "ab12"},
        "verification": "VERIFIED",
        "rawVerification": "1",
        "maxVerificationDevices": 10,
        "minVerificationSuccesses": 2,
        "verificationProgressPercent": 100,
        "files": [
            {"name": "a.bin", "sizeBytes": 7, "checksum": {"method": "md5", "value": "cd34"}},
            {"name": None, "sizeBytes": None, "checksum": None},
        ],
        "deviceInfo": "reboot at night",
        "tags": [{"key": "stage", "value": "beta"}],
        "createdAt": "2026-03-01T08:01:00.123Z",
        "updatedAt": "2026-03-01T09:00:00.123Z",
        "raw": {"firmwareId": "fw-1"},
        "freshness": LIVE,
    }


async def test_a_package_without_optional_values_has_nulls() -> None:
    bare = package(1, name=None, size_bytes=None, checksum=None, created_at=None, tags={})
    async with running_world({"plant": FakeCloud(packages=[bare])}) as world:
        found = (await world.read(FIRMWARE, id=global_id(NodeKind.FIRMWARE, "fw-1")))["firmware"]
    names = ("name", "sizeBytes", "checksum", "createdAt", "tags")
    assert [found[name] for name in names] == [None, None, None, None, []]


BACKENDS = """
{
  backends {
    id name title provider providerTitle capabilities
    budget { operation limitPerSecond documentedPerSecond inUse waiting throttled }
    health {
      breakers { operationClass state } lastSuccessAt lastErrorAt lastErrorCode
    }
  }
}
"""


async def test_every_field_of_a_backend_is_shown_and_names_are_in_order() -> None:
    clouds = {"wind": FakeCloud(capabilities=INDEXED), "plant": FakeCloud()}
    async with running_world(clouds, providers={"wind": "breeze"}) as world:
        found = (await world.read(BACKENDS))["backends"]
    assert found[0] == {
        "id": global_id(NodeKind.BACKEND),
        "name": "plant",
        "title": "The plant",
        "provider": "acme",
        "providerTitle": "Acme Cloud",
        "capabilities": [
            "LIST_DEVICE_TASKS",
            "LIST_JOBS",
            "LIST_REPORTED_VERSIONS",
            "NAMED_JOBS",
        ],
        "budget": [
            {
                "operation": "getThing",
                "limitPerSecond": 20.0,
                "documentedPerSecond": 20.0,
                "inUse": 0,
                "waiting": 0,
                "throttled": 0,
            }
        ],
        "health": {
            "breakers": [],
            "lastSuccessAt": None,
            "lastErrorAt": None,
            "lastErrorCode": None,
        },
    }
    assert (found[1]["name"], found[1]["provider"]) == ("wind", "breeze")


async def _send(world: World, operation: str, path: str) -> None:
    def read(reply: Reply) -> int:
        if reply.status != 200:
            message = "down"
            raise ProviderUnavailableError(message)
        return reply.status

    upstream = world.fleet.backend("plant").upstream
    await upstream.call(operation, lambda: Request(method="GET", path=path), read, repeatable=False)


async def test_health_and_budget_tell_how_calls_went() -> None:
    async with running_world({"plant": FakeCloud()}) as world:
        await _send(world, "getThing", "/good")
        with pytest.raises(ProviderUnavailableError):
            await _send(world, "listThings", "/bad")
        backend = (await world.read(BACKENDS))["backends"][0]
    assert [
        (each["operation"], each["inUse"], each["limitPerSecond"]) for each in backend["budget"]
    ] == [
        ("getThing", 1, 20.0),
        ("listThings", 1, None),
    ]
    assert backend["health"]["lastSuccessAt"] == NOW_TEXT
    assert backend["health"]["lastErrorAt"] == NOW_TEXT
    assert backend["health"]["lastErrorCode"] == "PROVIDER_UNAVAILABLE"
    assert [breaker["state"] for breaker in backend["health"]["breakers"]] == ["CLOSED"]


async def test_modules_and_versions_of_a_product_are_listed_where_the_cloud_can() -> None:
    module = Module(product_key="pump", name="radio", alias="Radio", description=None)
    clouds = {
        "able": FakeCloud(versions=["1.0", "1.1"]),
        "wind": FakeCloud(
            capabilities=INDEXED, modules=[module, replace(module, product_key="fan")]
        ),
    }
    async with running_world(clouds) as world:
        answer = await world.ask(
            """{ backends {
                   modules(productKey: "pump") { productKey name alias description }
                   reportedVersions(productKey: "pump")
                 } }"""
        )
    assert answer.data["backends"] == [
        {"modules": None, "reportedVersions": ["1.0", "1.1"]},
        {
            "modules": [
                {"productKey": "pump", "name": "radio", "alias": "Radio", "description": None}
            ],
            "reportedVersions": None,
        },
    ]
    assert answer.errors == []


async def test_modules_and_versions_of_no_product_are_null() -> None:
    unknown = NotFoundError("no such product")
    cloud = FakeCloud(capabilities=LISTING | {Capability.LIST_MODULES})
    cloud.failures = {"list_modules": unknown, "list_reported_versions": unknown}
    async with running_world({"plant": cloud}) as world:
        data = await world.read(
            '{ backends { modules(productKey: "x") { name } reportedVersions(productKey: "x") } }'
        )

    assert data == {"backends": [{"modules": None, "reportedVersions": None}]}
    assert cloud.calls == {"list_modules": 1, "list_reported_versions": 1}


async def test_backends_are_chosen_by_name() -> None:
    async with running_world({"plant": FakeCloud(), "wind": FakeCloud()}) as world:
        data = await world.read('{ backends(names: ["wind"]) { name } }')
    assert data == {"backends": [{"name": "wind"}]}
