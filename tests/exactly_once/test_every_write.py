"""Every write of both contracts, asked for in GraphQL and carried out by the simulators.

The gateway marks no jobs here, so that what a cloud sees is what was asked for and nothing else.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import build_schema

from gateway.domain.ids import NodeKind
from tests.end_to_end.writing_gateway import identity
from tests.exactly_once.alibaba_cases import ALIBABA
from tests.exactly_once.case import Table
from tests.exactly_once.enos_cases import ENOS
from tests.exactly_once.losses import TABLES
from tests.exactly_once.stage import Stage, asked, staged

ENOS_WRITES: Final = {
    "ota-jobs.create",
    "ota-jobs.start",
    "ota-jobs.stop",
    "ota-jobs.delete",
    "ota-jobs.cancelTask",
    "ota-jobs.retryTask",
    "ota-firmwares.create",
    "ota-firmwares.delete",
}
ALIBABA_WRITES: Final = {
    "CreateOTAFirmware",
    "ModifyOTAFirmware",
    "DeleteOTAFirmware",
    "GenerateOTAUploadURL",
    "CreateOTAVerifyJob",
    "CreateOTAStaticUpgradeJob",
    "CreateOTADynamicUpgradeJob",
    "UpdateOTAJob",
    "CancelOTAStrategyByJob",
    "CancelOTATaskByJob",
    "CancelOTATaskByDevice",
    "ConfirmOTATask",
    "ReupgradeOTATask",
    "CreateOTAModule",
    "UpdateOTAModule",
    "DeleteOTAModule",
}


SCHEMA: Final = Path(__file__).parents[2] / "schema.graphql"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, writes={"mark": False}) as opened:
        yield opened


CASES: Final = [(backend, name) for backend, table in TABLES.items() for name in table]


@pytest.mark.parametrize(("backend", "name"), CASES)
async def test_a_write_is_carried_out_as_asked_and_shown_at_once(
    stage: Stage, backend: str, name: str
) -> None:
    entry = TABLES[backend][name]
    wanted = await entry.prepare(stage)
    stage.forget_executed()

    payload = await stage.done(wanted.mutation, wanted.given, wanted.more)

    executed = stage.executed(backend)
    assert executed == wanted.calls
    assert tuple(call.operation for call in executed) == entry.operations
    assert wanted.mutation == entry.mutation
    assert {key: payload[key] for key in wanted.shows} == wanted.shows
    assert payload["operation"]["requestIds"]


@pytest.mark.parametrize(("table", "writes"), [(ENOS, ENOS_WRITES), (ALIBABA, ALIBABA_WRITES)])
def test_no_write_of_a_contract_is_left_out(table: Table, writes: set[str]) -> None:
    assert {operation for entry in table.values() for operation in entry.operations} == writes


def identities(backend: str) -> dict[str, str]:
    """Global ids of things that need not be there: nobody gets so far as to look for them."""
    return {
        kind.value: identity(kind, "x", backend=backend)
        for kind in (NodeKind.OTA_JOB, NodeKind.FIRMWARE)
    }


def unsupported() -> list[tuple[str, str, dict[str, Any]]]:
    """The mutations that a cloud has no operation for, with input that would do elsewhere."""
    on_grid, on_lights = identities("grid"), identities("lights")
    job, package = on_grid[NodeKind.OTA_JOB.value], on_grid[NodeKind.FIRMWARE.value]
    task = identity(NodeKind.TASK, "x", "p", "d", "t", backend="grid")
    module = {"backend": "grid", "productKey": "p", "name": "m"}
    switched = {"id": on_lights[NodeKind.OTA_JOB.value]}
    return [
        ("grid", "cancelOtaJob", {"id": job, "queued": True}),
        ("grid", "updateOtaJob", {"id": job, "maxPerMinute": 100}),
        ("grid", "confirmTasks", {"jobId": job, "tasks": [task]}),
        ("grid", "updateFirmware", {"id": package, "name": "n"}),
        ("grid", "createModule", module),
        ("grid", "updateModule", {**module, "alias": "a"}),
        ("grid", "deleteModule", module),
        ("lights", "startOtaJob", switched),
        ("lights", "stopOtaJob", switched),
        ("lights", "deleteOtaJob", switched),
    ]


@pytest.mark.parametrize(("backend", "name", "given"), unsupported())
async def test_a_write_that_a_cloud_does_not_know_is_refused_before_anything_is_sent(
    stage: Stage, backend: str, name: str, given: dict[str, Any]
) -> None:
    before = asked(stage, backend)

    payload = await stage.write(name, given)

    (error,) = payload["errors"]
    assert (error["type"], error["backend"]) == ("UnsupportedProblem", backend)
    assert payload["operation"] is None
    assert asked(stage, backend) == before
    assert stage.executed(backend) == []


def test_every_mutation_is_driven_on_both_clouds() -> None:
    schema = build_schema(SCHEMA.read_text("utf-8"))
    assert schema.mutation_type is not None
    mutations = {(backend, name) for backend in TABLES for name in schema.mutation_type.fields}
    driven = {
        (backend, entry.mutation) for backend, table in TABLES.items() for entry in table.values()
    }
    refused = {(backend, name) for backend, name, _ in unsupported()}

    assert len(mutations) == 2 * 16
    assert driven | refused == mutations
    assert not driven & refused
