"""One key is one write, however often it is asked for."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.exactly_once.documents import create_job, twice
from tests.exactly_once.losses import TABLES
from tests.exactly_once.stage import Stage, asked, staged
from tests.exactly_once.targets import alibaba_target, enos_target

BACKENDS: Final = ("grid", "lights")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as opened:
        yield opened


def creation(stage: Stage, backend: str) -> dict[str, Any]:
    """Input of `createOtaJob`."""
    if backend == "grid":
        target = enos_target(stage.clouds.grid, stage.now_s)
    else:
        target = alibaba_target(stage.clouds.lights, stage.now_s)
    return create_job(stage.firmware(backend, target.firmware_id), target.version)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_key_that_is_used_again_gives_the_stored_answer_and_asks_no_cloud(
    stage: Stage, backend: str
) -> None:
    given = creation(stage, backend)

    first = await stage.write("createOtaJob", given, key="k")
    before = asked(stage, backend)
    again = await stage.write("createOtaJob", given, key="k")

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["operation"] == first["operation"]
    assert (first["errors"], again["errors"]) == ([], [])
    assert asked(stage, backend) == before
    assert len(stage.executed(backend)) == 1


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_key_that_is_used_for_another_input_is_a_conflict_and_nothing_is_written(
    stage: Stage, backend: str
) -> None:
    given = creation(stage, backend)
    await stage.write("createOtaJob", given, key="k")

    other = await stage.write("createOtaJob", given | {"timeoutSeconds": 3_600}, key="k")

    assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert other["operation"] is None
    assert len(stage.executed(backend)) == 1


async def test_a_key_that_is_used_on_the_other_cloud_is_a_conflict(stage: Stage) -> None:
    await stage.write("createOtaJob", creation(stage, "grid"), key="k")

    other = await stage.write("createOtaJob", creation(stage, "lights"), key="k")

    assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert stage.executed("lights") == []


def one_case_a_mutation() -> list[tuple[str, str]]:
    """Of each mutation, a case on each cloud that has it."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for backend, table in TABLES.items():
        for name, entry in table.items():
            found.setdefault((backend, entry.mutation), (backend, name))
    return list(found.values())


@pytest.mark.parametrize(("backend", "name"), one_case_a_mutation())
async def test_aliases_of_one_write_in_one_document_are_one_write(
    stage: Stage, backend: str, name: str
) -> None:
    wanted = await TABLES[backend][name].prepare(stage)
    stage.forget_executed()

    data = await stage.gateway.data(twice(wanted.mutation), input=wanted.given, key="k")

    assert (data["one"]["replayed"], data["other"]["replayed"]) == (False, True)
    assert data["one"]["errors"] == data["other"]["errors"] == []
    assert data["other"]["operation"] == data["one"]["operation"]
    executed = [call.operation for call in stage.executed(backend)]
    assert executed == [call.operation for call in wanted.calls]


@pytest.mark.parametrize("backend", BACKENDS)
async def test_without_a_common_key_the_same_input_is_two_writes(
    stage: Stage, backend: str
) -> None:
    given = creation(stage, backend)

    for key in ("k", "l"):
        await stage.write("createOtaJob", given, key=key)

    assert len(stage.executed(backend)) == 2
