"""Clouds execute writes and the answers are lost: each is found, and none is sent again."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.exactly_once.losses import (
    LOSSES,
    Place,
    every_call,
    faults_of,
    lose,
    made,
    prepared,
    said,
)
from tests.exactly_once.stage import Stage

CREATIONS: Final = {
    "grid": ("job_for_all_devices", "ota-jobs.create"),
    "lights": ("static_job_for_all_devices", "CreateOTAStaticUpgradeJob"),
}


@pytest.mark.parametrize("mark", [True, False], ids=["marked", "unmarked"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("backend", CREATIONS)
async def test_a_job_whose_answer_is_lost_is_unknown_then_found_and_made_once(
    tmp_path: Path, backend: str, loss: str, *, mark: bool
) -> None:
    name, operation = CREATIONS[backend]
    async with prepared(tmp_path, backend, name, mark=mark) as (stage, wanted):
        LOSSES[loss](faults_of(stage, backend), operation)

        first = await stage.write("createOtaJob", wanted.given, "otaJob { id }", key="k")
        settled = await stage.settled(first["operation"]["id"])
        again = await stage.write("createOtaJob", wanted.given, "otaJob { nativeId }", key="k")

        assert (said(first), first["operation"]["state"]) == (("OUTCOME_UNKNOWN",), "UNKNOWN")
        assert first["otaJob"] is None
        (job,) = made(stage, backend)
        assert (settled["state"], settled["subject"]) == ("SUCCEEDED", job)
        assert (again["replayed"], again["errors"]) == (True, [])
        assert again["otaJob"] == {"nativeId": job}
        assert again["operation"]["attempts"] == 1


@pytest.mark.parametrize("place", list(every_call()), ids=lambda place: place.operation)
async def test_every_write_is_found_when_its_answer_is_lost(tmp_path: Path, place: Place) -> None:
    outcome = await lose(tmp_path, place, "reset")

    assert outcome.is_right(place.operation), outcome


NEVER_ARRIVED: Final[Mapping[str, tuple[str, Callable[[Stage, str], None]]]] = {
    "EnOS, reset": ("grid", lambda stage, name: stage.clouds.grid.faults.lose_call(name)),
    "EnOS, 5xx": ("grid", lambda stage, name: stage.clouds.grid.faults.refuse(name)),
    "Alibaba, 5xx": ("lights", lambda stage, name: stage.clouds.lights.faults.refuse(name)),
}


@pytest.mark.parametrize("accident", NEVER_ARRIVED)
async def test_a_job_that_was_never_made_is_found_missing_and_its_key_makes_it_once(
    tmp_path: Path, accident: str
) -> None:
    backend, happen = NEVER_ARRIVED[accident]
    name, operation = CREATIONS[backend]
    async with prepared(tmp_path, backend, name) as (stage, wanted):
        happen(stage, operation)

        first = await stage.write("createOtaJob", wanted.given, key="k")
        settled = await stage.settled(first["operation"]["id"])
        before = made(stage, backend)
        again = await stage.write("createOtaJob", wanted.given, "otaJob { nativeId }", key="k")

        assert said(first) == ("OUTCOME_UNKNOWN",)  # nobody could tell by the answer
        assert (settled["state"], before) == ("NOT_DONE", [])
        (job,) = made(stage, backend)
        assert (again["replayed"], again["errors"]) == (False, [])
        assert again["otaJob"] == {"nativeId": job}
        assert again["operation"]["id"] == first["operation"]["id"]
        assert again["operation"]["attempts"] == 2
