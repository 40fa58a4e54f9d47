"""Finding one object: by global id, by native id, as a node."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.domain.errors import ProviderUnavailableError
from gateway.domain.ids import NodeKind
from tests.schema.fake_cloud import FakeCloud
from tests.schema.samples import device, job, package, task
from tests.schema.world import World, global_id, running_world

JOB_ID = global_id(NodeKind.OTA_JOB, "job-1")
TASK_ID = global_id(NodeKind.TASK, "job-1", "pump", "pump-1", "task-1")
FIRMWARE_ID = global_id(NodeKind.FIRMWARE, "fw-1")
DEVICE_ID = global_id(NodeKind.DEVICE, "pump", "pump-1")
BACKEND_ID = global_id(NodeKind.BACKEND)

NODE = """
query Node($id: ID!) {
  node(id: $id) {
    __typename id
    ... on OtaJob { nativeId }
    ... on Task { nativeId }
    ... on Firmware { nativeId }
    ... on Device { assetId: nativeId }
    ... on Backend { name }
  }
}
"""


@pytest.fixture
async def world() -> AsyncIterator[World]:
    cloud = FakeCloud(
        jobs=[job(1), job(2)],
        tasks=[task(1, "job-1")],
        packages=[package(1)],
        devices=[device(1)],
    )
    async with running_world({"plant": cloud}) as world:
        yield world


@pytest.mark.parametrize(
    ("node_id", "shown"),
    [
        (JOB_ID, {"__typename": "OtaJob", "nativeId": "job-1"}),
        (TASK_ID, {"__typename": "Task", "nativeId": "task-1"}),
        (FIRMWARE_ID, {"__typename": "Firmware", "nativeId": "fw-1"}),
        (DEVICE_ID, {"__typename": "Device", "assetId": "asset-1"}),
        (BACKEND_ID, {"__typename": "Backend", "name": "plant"}),
    ],
)
async def test_a_node_of_every_kind_is_found_by_its_id(
    world: World, node_id: str, shown: dict[str, Any]
) -> None:
    assert await world.read(NODE, id=node_id) == {"node": {"id": node_id} | shown}


@pytest.mark.parametrize(
    "node_id",
    [
        global_id(NodeKind.OTA_JOB, "no-such"),
        global_id(NodeKind.TASK, "job-1", "pump", "pump-1", "no-such"),
        global_id(NodeKind.TASK, "job-1", "fan", "pump-1", "task-1"),
        global_id(NodeKind.FIRMWARE, "no-such"),
        global_id(NodeKind.DEVICE, "pump", "no-such"),
        global_id(NodeKind.BACKEND, backend="closed_down"),
        global_id(NodeKind.OTA_JOB, "job-1", backend="closed_down"),
    ],
)
async def test_what_does_not_exist_is_null_without_an_error(world: World, node_id: str) -> None:
    assert await world.read(NODE, id=node_id) == {"node": None}


NODES = "query Nodes($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


async def test_nodes_come_in_the_order_asked_with_null_for_the_unknown(world: World) -> None:
    unknown = global_id(NodeKind.OTA_JOB, "no-such")
    ids = [DEVICE_ID, unknown, JOB_ID, BACKEND_ID, JOB_ID]
    found = (await world.read(NODES, ids=ids))["nodes"]
    assert [node and node["id"] for node in found] == [
        DEVICE_ID,
        None,
        JOB_ID,
        BACKEND_ID,
        JOB_ID,
    ]
    assert world.clouds["plant"].calls["get_job"] == 2


async def test_a_node_that_fails_leaves_the_other_nodes(world: World) -> None:
    world.clouds["plant"].failures["get_job"] = ProviderUnavailableError("down", backend="plant")
    answer = await world.ask(NODES, ids=[JOB_ID, FIRMWARE_ID])
    assert answer.data == {"nodes": [None, {"__typename": "Firmware", "id": FIRMWARE_ID}]}
    error = answer.only_error()
    assert error["path"] == ["nodes", 0]
    assert error["extensions"]["code"] == "PROVIDER_UNAVAILABLE"


async def test_no_more_than_100_nodes_are_found_at_once(world: World) -> None:
    assert len((await world.read(NODES, ids=[BACKEND_ID] * 100))["nodes"]) == 100
    error = (await world.ask(NODES, ids=[BACKEND_ID] * 101)).only_error()
    assert error["extensions"]["argument"] == "ids"


@pytest.mark.parametrize(("field", "kind"), [("otaJob", "job-1"), ("firmware", "fw-1")])
async def test_an_object_is_found_by_backend_and_native_id(
    world: World, field: str, kind: str
) -> None:
    document = f"""query($id: String!) {{
        {field}(by: {{ native: {{ backend: "plant", nativeId: $id }} }}) {{ nativeId }} }}"""
    assert await world.read(document, id=kind) == {field: {"nativeId": kind}}
    assert await world.read(document, id="no-such") == {field: None}


async def test_an_unknown_device_is_null(world: World) -> None:
    unknown = global_id(NodeKind.DEVICE, "pump", "no-such")
    found = await world.read("query($id: ID!) { device(by: { id: $id }) { id } }", id=unknown)
    assert found == {"device": None}


@pytest.mark.parametrize(
    "by",
    [
        "{}",
        '{ id: "x", native: { backend: "plant", nativeId: "y" } }',
        "{ id: null }",
        '{ id: "x", native: null }',
    ],
)
@pytest.mark.parametrize("field", ["otaJob", "firmware"])
async def test_an_object_is_named_in_exactly_one_way(world: World, field: str, by: str) -> None:
    answer = await world.ask(f"{{ {field}(by: {by}) {{ id }} }}")
    assert answer.data is None
    assert {error["extensions"]["code"] for error in answer.errors} == {"GRAPHQL_VALIDATION_FAILED"}
    assert "ObjectBy" in answer.errors[0]["message"]


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ({}, "OneOf Input Object 'ObjectBy' must specify exactly one key."),
        (
            {"id": JOB_ID, "native": None},
            "OneOf Input Object 'ObjectBy' must specify exactly one key.",
        ),
        ({"id": None}, "Value for member field 'id' must be non-null"),
    ],
)
async def test_an_object_is_named_in_exactly_one_way_by_variables_too(
    world: World, by: dict[str, Any], message: str
) -> None:
    answer = await world.ask("query($by: ObjectBy!) { otaJob(by: $by) { id } }", by=by)
    assert answer.data is None
    assert message in answer.only_error()["message"]
    assert answer.only_error()["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("document", "argument"),
    [
        ('{ node(id: "nonsense") { id } }', "id"),
        ('{ nodes(ids: ["nonsense"]) { id } }', "ids"),
        ('{ otaJob(by: { id: "nonsense" }) { id } }', "by.id"),
        (f'{{ otaJob(by: {{ id: "{FIRMWARE_ID}" }}) {{ id }} }}', "by.id"),
        (f'{{ firmware(by: {{ id: "{JOB_ID}" }}) {{ id }} }}', "by.id"),
        (f'{{ device(by: {{ id: "{JOB_ID}" }}) {{ id }} }}', "by.id"),
        (f'{{ task(id: "{JOB_ID}") {{ id }} }}', "id"),
        (f'{{ tasks(jobId: "{TASK_ID}") {{ totalCount }} }}', "jobId"),
        (f'{{ otaJobs(filter: {{ firmware: "{JOB_ID}" }}) {{ totalCount }} }}', "filter.firmware"),
        ('{ otaJobs(filter: { backends: ["nowhere"] }) { totalCount } }', "filter.backends"),
        ('{ otaJobs(filter: { providers: ["nobody"] }) { totalCount } }', "filter.providers"),
        ('{ firmwares(filter: { backends: ["nowhere"] }) { totalCount } }', "filter.backends"),
        ('{ backends(names: ["nowhere"]) { id } }', "names"),
        (
            '{ otaJob(by: { native: { backend: "nowhere", nativeId: "x" } }) { id } }',
            "by.native.backend",
        ),
        (
            """{ device(by: { native: { backend: "nowhere", productKey: "x", name: "y" } }) {
                   id } }""",
            "by.native.backend",
        ),
        ("{ otaJobs(first: 101) { totalCount } }", "first"),
        ("{ otaJobs(first: -1) { totalCount } }", "first"),
        ("{ firmwares(first: 101) { totalCount } }", "first"),
        (f'{{ tasks(jobId: "{JOB_ID}", first: 101) {{ totalCount }} }}', "first"),
        ('{ otaJobs(after: "nonsense") { totalCount } }', "after"),
        (f'{{ tasks(jobId: "{JOB_ID}", after: "nonsense") {{ totalCount }} }}', "after"),
        ("{ otaJobs(maxAgeSeconds: -1) { totalCount } }", "maxAgeSeconds"),
        (f'{{ node(id: "{JOB_ID}", maxAgeSeconds: -1) {{ id }} }}', "maxAgeSeconds"),
        (
            """{ otaJobs(filter: { createdFrom: "2026-01-02T00:00:00Z",
                 createdBefore: "2026-01-02T00:00:00Z" }) { totalCount } }""",
            "filter.createdFrom",
        ),
    ],
)
async def test_input_that_is_wrong_names_its_argument_and_reaches_no_cloud(
    world: World, document: str, argument: str
) -> None:
    error = (await world.ask(document)).only_error()
    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "retryable": False,
        "argument": argument,
    }
    assert not world.clouds["plant"].calls
