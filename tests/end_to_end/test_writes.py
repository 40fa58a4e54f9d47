"""Every write through GraphQL, on both simulated clouds, and what the clouds say they executed."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.domain.ids import NodeKind
from tests.end_to_end.writing_gateway import Clouds, WritingGateway, identity, writing_gateway

PAYLOAD: Final = """
  replayed
  operation { id state settled subject calls { operation state targets } }
  errors {
    __typename code message path rawCode
    ... on InvalidInputProblem { nearest }
    ... on PartialFailureProblem { devices }
  }
"""
JOB: Final = "otaJob { id nativeId status timeoutSeconds tags { key value } taskCounts { total } }"
FILE: Final = base64.b64encode(b"\x00firmware\xff").decode()
FLEET: Final = """
  {
    firmwares(first: 20) {
      edges { node { id nativeId productKey verification backend { name } } }
    }
    otaJobs(first: 50) { edges { node { id status type policy backend { name } } } }
  }
"""


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[WritingGateway]:
    async with writing_gateway(tmp_path) as found:
        yield found


async def write(
    gateway: WritingGateway, field: str, selection: str, **arguments: object
) -> dict[str, Any]:
    """The payload of one mutation; what is `key` and `validate` goes under its long name."""
    kind = field[0].upper() + field[1:] + "Input"
    needs_key = field in {"createOtaJob", "verifyFirmware", "createFirmware"}
    key = "String!" if needs_key else "String"
    document = f"""
      mutation($input: {kind}!, $key: {key}, $validate: Boolean! = false) {{
        it: {field}(input: $input, idempotencyKey: $key, validateOnly: $validate) {{
          {selection} {PAYLOAD}
        }}
      }}
    """
    data = await gateway.data(document, **arguments)
    payload: dict[str, Any] = data["it"]
    return payload


async def done(
    gateway: WritingGateway, field: str, selection: str, **arguments: object
) -> dict[str, Any]:
    """The payload of a mutation that must succeed."""
    payload = await write(gateway, field, selection, **arguments)
    assert payload["errors"] == []
    assert payload["operation"]["state"] == "SUCCEEDED"
    return payload


async def fleet(gateway: WritingGateway, noun: str, backend: str, **wanted: str) -> dict[str, Any]:
    """The newest package or job of a backend whose fields are as wanted."""
    data = await gateway.data(FLEET)
    for edge in data[noun]["edges"]:
        node: dict[str, Any] = edge["node"]
        fits = all(node[name] == value for name, value in wanted.items())
        if node["backend"]["name"] == backend and fits:
            return node
    raise AssertionError(noun, backend, wanted)


async def listed(gateway: WritingGateway, native_id: str) -> str | None:
    """The status of a job in the list of all jobs; None if it is not there."""
    data = await gateway.data("{ otaJobs(first: 100) { edges { node { nativeId status } } } }")
    nodes = [edge["node"] for edge in data["otaJobs"]["edges"]]
    return next((node["status"] for node in nodes if node["nativeId"] == native_id), None)


async def new_job(gateway: WritingGateway, backend: str, **more: object) -> dict[str, Any]:
    """The arguments of a rollout that this backend takes."""
    package = await fleet(gateway, "firmwares", backend, verification="VERIFIED")
    versions = {"sourceVersions": ["V1.0.0"]} if backend == "grid" else {}
    scope = {"target": {"allDevices": True}, **versions}
    return {"firmwareId": package["id"], "scope": scope, "policy": "SNAPSHOT", **more}


def executed(gateway: WritingGateway, backend: str) -> list[str]:
    """The writes that a cloud executed."""
    cloud = gateway.clouds.grid if backend == "grid" else gateway.clouds.lights
    return [write.operation for write in cloud.executed]


async def test_the_life_of_a_job_on_enos(gateway: WritingGateway) -> None:
    asked = await new_job(gateway, "grid", name={"default": "night"}, timeoutSeconds=300)
    payload = await done(gateway, "createOtaJob", JOB, input=asked, key="k")
    job = payload["otaJob"]
    assert (job["status"], job["timeoutSeconds"]) == ("IN_PROGRESS", 300)
    assert payload["operation"]["subject"] == job["nativeId"]
    assert await listed(gateway, job["nativeId"]) == "IN_PROGRESS"

    for field, status in (("stopOtaJob", "STOPPED"), ("startOtaJob", "IN_PROGRESS")):
        payload = await done(gateway, field, JOB, input={"id": job["id"]})
        assert payload["otaJob"]["status"] == status
        assert await listed(gateway, job["nativeId"]) == status

    await done(gateway, "stopOtaJob", JOB, input={"id": job["id"]})
    payload = await done(gateway, "deleteOtaJob", JOB, input={"id": job["id"]}, key="d")
    assert payload["otaJob"] is None
    assert await listed(gateway, job["nativeId"]) is None
    again = await done(gateway, "deleteOtaJob", JOB, input={"id": job["id"]}, key="d")
    assert again["replayed"]

    assert executed(gateway, "grid") == [
        "ota-jobs.create",
        "ota-jobs.stop",
        "ota-jobs.start",
        "ota-jobs.stop",
        "ota-jobs.delete",
    ]


async def test_the_life_of_a_job_on_alibaba(gateway: WritingGateway) -> None:
    tags = [{"key": "stage", "value": "beta"}]
    asked = await new_job(
        gateway, "lights", timeoutSeconds=120, tags=tags, pace={"maxPerMinute": 50}
    )
    payload = await done(gateway, "createOtaJob", JOB, input=asked, key="k")
    job = payload["otaJob"]
    assert (job["status"], job["timeoutSeconds"]) == ("IN_PROGRESS", 120)
    assert tags[0] in job["tags"]
    assert {tag["key"] for tag in job["tags"]} == {"stage", "ota.gateway"}
    assert await listed(gateway, job["nativeId"]) == "IN_PROGRESS"

    payload = await done(
        gateway,
        "updateOtaJob",
        "otaJob { pace { maxPerMinute } tags { key value } }",
        input={"id": job["id"], "maxPerMinute": 100, "tags": [{"key": "a", "value": "b"}]},
    )
    assert payload["otaJob"]["pace"] == {"maxPerMinute": 100}
    assert {"key": "a", "value": "b"} in payload["otaJob"]["tags"]

    choice = {"queued": True, "notified": True, "inProgress": True, "scheduled": True}
    payload = await done(gateway, "cancelOtaJob", JOB, input={"id": job["id"], **choice})
    assert payload["otaJob"]["status"] == "CANCELED"
    assert await listed(gateway, job["nativeId"]) == "CANCELED"

    assert executed(gateway, "lights") == [
        "CreateOTAStaticUpgradeJob",
        "UpdateOTAJob",
        "CancelOTATaskByJob",
    ]


@pytest.mark.parametrize(
    ("backend", "operations"),
    [
        ("grid", ["ota-jobs.cancelTask", "ota-jobs.retryTask"]),
        ("lights", ["CancelOTATaskByDevice", "ReupgradeOTATask"]),
    ],
)
async def test_tasks_are_canceled_and_run_again(
    gateway: WritingGateway, backend: str, operations: list[str]
) -> None:
    tasks = "query($job: ID!, $devices: [String!]) { tasks(jobId: $job, devices: $devices, "
    tasks += "first: 100) { edges { node { id status device { name } } } } }"
    job = await fleet(
        gateway, "otaJobs", backend, status="IN_PROGRESS", policy="SNAPSHOT", type="UPGRADE"
    )
    edges = (await gateway.data(tasks, job=job["id"]))["tasks"]["edges"]
    queued = [e["node"]["device"]["name"] for e in edges if e["node"]["status"] == "QUEUED"][:3]
    assert len(queued) == 3

    payload = await done(gateway, "cancelTasks", "", input={"jobId": job["id"], "devices": queued})
    assert [call["targets"] for call in payload["operation"]["calls"]] == [queued]
    after = (await gateway.data(tasks, job=job["id"], devices=queued))["tasks"]["edges"]
    assert {edge["node"]["status"] for edge in after} <= {"CANCELED", "FAILED"}

    ids = [edge["node"]["id"] for edge in after]
    await done(gateway, "retryTasks", "", input={"jobId": job["id"], "tasks": ids})
    again = (await gateway.data(tasks, job=job["id"], devices=queued))["tasks"]["edges"]
    assert not {edge["node"]["status"] for edge in again} & {"CANCELED", "FAILED"}
    assert executed(gateway, backend) == operations


async def test_tasks_that_await_confirmation_go_on(gateway: WritingGateway) -> None:
    asked = await new_job(gateway, "lights", confirmationRequired=True)
    payload = await done(gateway, "createOtaJob", JOB, input=asked, key="k")
    job = payload["otaJob"]["id"]
    waiting = "query($job: ID!) { tasks(jobId: $job, statuses: [AWAITING_CONFIRMATION], first: 12) "
    waiting += "{ totalCount edges { node { id } } } }"
    before = (await gateway.data(waiting, job=job))["tasks"]
    ids = [edge["node"]["id"] for edge in before["edges"]]
    assert len(ids) == 12

    payload = await done(gateway, "confirmTasks", "", input={"jobId": job, "tasks": ids})

    assert [len(call["targets"]) for call in payload["operation"]["calls"]] == [10, 2]
    after = (await gateway.data(waiting, job=job))["tasks"]
    assert after["totalCount"] == before["totalCount"] - 12


@pytest.mark.parametrize("backend", ["grid", "lights"])
async def test_the_life_of_a_package(gateway: WritingGateway, backend: str) -> None:
    fields = "firmware { id nativeId version verification files { sizeBytes } description }"
    product = (await fleet(gateway, "firmwares", backend))["productKey"]
    given = {
        "backend": backend,
        "name": {"default": "pump-control"},
        "version": "9.9.9",
        "productKey": product,
        "files": [{"name": "pump.bin", "contentBase64": FILE}],
        "verificationRequired": True,
    }
    before = await gateway.data(FLEET)
    payload = await done(gateway, "createFirmware", fields, input=given, key="k")
    firmware = payload["firmware"]
    assert (firmware["version"], firmware["verification"]) == ("9.9.9", "UNVERIFIED")
    assert firmware["files"] == [{"sizeBytes": 10}]
    after = await gateway.data(FLEET)
    assert len(after["firmwares"]["edges"]) == len(before["firmwares"]["edges"]) + 1
    again = await done(gateway, "createFirmware", fields, input=given, key="k")
    assert (again["replayed"], again["firmware"]) == (True, firmware)

    if backend == "lights":
        changes = {"id": firmware["id"], "description": "faster"}
        payload = await done(gateway, "updateFirmware", fields, input=changes)
        assert payload["firmware"]["description"] == "faster"
    payload = await done(gateway, "deleteFirmware", fields, input={"id": firmware["id"]})
    assert payload["firmware"] is None
    assert await gateway.data(FLEET) == before


async def test_a_package_is_verified_on_listed_devices(gateway: WritingGateway) -> None:
    product = (await fleet(gateway, "firmwares", "lights", verification="VERIFIED"))["productKey"]
    given = {
        "backend": "lights",
        "name": {"default": "pump-control"},
        "version": "9.9.9",
        "productKey": product,
        "files": [{"name": "pump.bin", "contentBase64": FILE}],
        "verificationRequired": True,
    }
    payload = await done(
        gateway, "createFirmware", "firmware { id nativeId verification }", input=given, key="f"
    )
    package = payload["firmware"]
    assert package["verification"] == "UNVERIFIED"
    scope = {"target": {"listedDevices": {"names": [await _device(gateway, product)]}}}
    payload = await done(
        gateway,
        "verifyFirmware",
        "otaJob { type firmware { nativeId verification } }",
        input={"firmwareId": package["id"], "scope": scope},
        key="k",
    )

    assert payload["otaJob"]["type"] == "VERIFICATION"
    assert payload["otaJob"]["firmware"]["nativeId"] == package["nativeId"]
    assert payload["otaJob"]["firmware"]["verification"] == "VERIFYING"
    listed_as = await fleet(gateway, "firmwares", "lights", nativeId=package["nativeId"])
    assert listed_as["verification"] == "VERIFYING"


async def _device(gateway: WritingGateway, product: str) -> str:
    """Name of a device of a product."""
    data = await gateway.data(
        """
        query($product: String!) {
          otaJobs(filter: { productKey: $product }, first: 1) {
            edges { node { tasks(first: 1) { edges { node { device { name } } } } } }
          }
        }
        """,
        product=product,
    )
    tasks = data["otaJobs"]["edges"][0]["node"]["tasks"]["edges"]
    name: str = tasks[0]["node"]["device"]["name"]
    return name


async def test_the_life_of_a_module(gateway: WritingGateway) -> None:
    product = (await fleet(gateway, "firmwares", "lights"))["productKey"]
    one = {"backend": "lights", "productKey": product, "name": "radio-9"}
    fields = "module { name alias }"

    payload = await done(gateway, "createModule", fields, input={**one, "alias": "R"})
    assert payload["module"] == {"name": "radio-9", "alias": "R"}
    payload = await done(gateway, "updateModule", fields, input={**one, "alias": "S"})
    assert payload["module"] == {"name": "radio-9", "alias": "S"}
    payload = await done(gateway, "deleteModule", fields, input=one)
    assert payload["module"] is None


async def test_every_problem_of_an_input_is_told_with_its_limit(gateway: WritingGateway) -> None:
    retries = {"count": 3, "intervalSeconds": 2_700}
    asked = await new_job(gateway, "lights", timeoutSeconds=90, retryPolicy=retries)
    payload = await write(gateway, "createOtaJob", "", input=asked, key="k")

    told = {".".join(problem["path"]): problem["nearest"] for problem in payload["errors"]}
    assert told == {
        "input.timeoutSeconds": ["60", "120"],
        "input.retryPolicy.count": ["2", "5"],
        "input.retryPolicy.intervalSeconds": ["1800", "3600"],
    }
    assert payload["operation"] is None
    assert executed(gateway, "lights") == []


@pytest.mark.parametrize(
    ("backend", "field", "more"),
    [
        ("lights", "startOtaJob", {}),
        ("lights", "stopOtaJob", {}),
        ("lights", "deleteOtaJob", {}),
        ("grid", "cancelOtaJob", {"queued": True}),
        ("grid", "updateOtaJob", {"maxPerMinute": 10}),
    ],
)
async def test_what_a_cloud_lacks_is_refused_before_anything_is_asked(
    gateway: WritingGateway, backend: str, field: str, more: dict[str, object]
) -> None:
    job = identity(NodeKind.OTA_JOB, "any", backend=backend)
    payload = await write(gateway, field, "", input={"id": job, **more})

    assert [problem["__typename"] for problem in payload["errors"]] == ["UnsupportedProblem"]
    assert [*gateway.clouds.grid.calls, *gateway.clouds.lights.calls] == []


async def test_a_lost_answer_is_unknown_at_first_and_then_found(gateway: WritingGateway) -> None:
    gateway.clouds.grid.faults.lose_answer("ota-jobs.create")
    asked = await new_job(gateway, "grid", name={"default": "night"})
    payload = await write(gateway, "createOtaJob", JOB, input=asked, key="k")

    assert [problem["__typename"] for problem in payload["errors"]] == ["OutcomeUnknownProblem"]
    assert payload["operation"]["state"] == "UNKNOWN"
    settled = await _settled(gateway, payload["operation"]["id"])
    (made,) = gateway.clouds.grid.executed
    assert settled == {"state": "SUCCEEDED", "subject": made.result_id}
    again = await done(gateway, "createOtaJob", JOB, input=asked, key="k")
    assert (again["replayed"], again["otaJob"]["nativeId"]) == (True, made.result_id)
    assert len(gateway.clouds.grid.executed) == 1


async def _settled(gateway: WritingGateway, operation: str) -> dict[str, Any]:
    query = "query($id: ID!) { operation(id: $id) { settled state subject } }"
    for _ in range(500):
        found: dict[str, Any] = (await gateway.data(query, id=operation))["operation"]
        if found.pop("settled"):
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(operation)


async def test_the_next_gateway_knows_what_the_one_before_it_wrote(tmp_path: Path) -> None:
    clouds = Clouds.started()
    async with writing_gateway(tmp_path, clouds) as first:
        asked = await new_job(first, "lights")
        payload = await done(first, "createOtaJob", JOB, input=asked, key="k")
    async with writing_gateway(tmp_path, clouds) as second:
        again = await done(second, "createOtaJob", JOB, input=asked, key="k")
        other = await write(
            second, "createOtaJob", JOB, input={**asked, "timeoutSeconds": 60}, key="k"
        )

    assert again == {**payload, "replayed": True}
    assert [problem["code"] for problem in other["errors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert len(clouds.lights.executed) == 1


async def test_one_key_is_one_write_however_many_ask_whichever_gateway(tmp_path: Path) -> None:
    clouds = Clouds.started()
    async with AsyncExitStack() as stack:
        gateways = [
            await stack.enter_async_context(writing_gateway(tmp_path, clouds)) for _ in range(2)
        ]
        asked = await new_job(gateways[0], "lights")
        payloads = await asyncio.gather(
            *(
                write(gateways[number % 2], "createOtaJob", JOB, input=asked, key="k")
                for number in range(20)
            )
        )

    (made,) = clouds.lights.executed
    assert [payload["errors"] for payload in payloads] == 20 * [[]]
    assert {payload["otaJob"]["nativeId"] for payload in payloads} == {made.result_id}
    assert sorted(payload["replayed"] for payload in payloads) == [False] + 19 * [True]


async def test_a_gateway_that_stops_lets_its_writes_end(tmp_path: Path) -> None:
    clouds = Clouds.started()
    clouds.lights.faults.delay("CreateOTAStaticUpgradeJob", delay_s=1.0)
    running = writing_gateway(tmp_path, clouds)
    gateway = await running.__aenter__()
    asked = await new_job(gateway, "lights")
    writing = asyncio.create_task(write(gateway, "createOtaJob", "", input=asked, key="k"))
    await clouds.held.wait()
    stopping = asyncio.create_task(running.__aexit__(None, None, None))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not stopping.done()

    clouds.gate.set()

    assert (await writing)["operation"]["state"] == "SUCCEEDED"
    await stopping
    async with writing_gateway(tmp_path, clouds) as again:
        known = await again.data("{ operations { edges { node { state } } } }")
    assert known["operations"]["edges"] == [{"node": {"state": "SUCCEEDED"}}]


async def test_without_a_journal_reads_go_on_and_writes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").mkdir()  # so that no file can be made there
    async with writing_gateway(tmp_path) as gateway:
        asked = await new_job(gateway, "lights")
        payload = await write(gateway, "createOtaJob", JOB, input=asked, key="k")

        assert [problem["__typename"] for problem in payload["errors"]] == ["JournalProblem"]
        assert executed(gateway, "lights") == []
        shown = await write(gateway, "createOtaJob", "", input=asked, key="k", validate=True)
        assert shown["errors"] == []


async def test_a_gateway_that_only_reads_keeps_no_journal(tmp_path: Path) -> None:
    async with writing_gateway(tmp_path, writes={"enabled": False}) as gateway:
        asked = await new_job(gateway, "lights")
        payload = await write(gateway, "createOtaJob", JOB, input=asked, key="k")
        told = await gateway.data("{ backends { capabilities } }")

    assert [problem["__typename"] for problem in payload["errors"]] == ["UnsupportedProblem"]
    assert not any("CREATE_JOBS" in each["capabilities"] for each in told["backends"])
    assert not (tmp_path / "journal.sqlite3").exists()


async def test_the_marker_can_be_switched_off(tmp_path: Path) -> None:
    async with writing_gateway(tmp_path, writes={"mark": False}) as gateway:
        asked = await new_job(gateway, "lights")
        payload = await done(gateway, "createOtaJob", JOB, input=asked, key="k")

    assert payload["otaJob"]["tags"] == []
