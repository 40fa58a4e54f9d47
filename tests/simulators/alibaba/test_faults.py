"""Scripted faults, and the record of what was executed all the same."""

from http import HTTPStatus

import httpx
import pytest

from gateway.simulators.alibaba import BrokenConnectionError
from tests.simulators.alibaba.caller import HOST, INSTANCE
from tests.simulators.alibaba.writing import Writer

ACTION = "CreateOTAModule"


def module(writer: Writer, name: str) -> dict[str, str]:
    return {"ProductKey": writer.fleet.products[0].key, "ModuleName": name}


async def send(writer: Writer, name: str) -> httpx.Response:
    parameters = {"IotInstanceId": INSTANCE} | module(writer, name)
    return await writer.caller.v3(ACTION, parameters)


def made(writer: Writer) -> set[str]:
    return {m.name for m in writer.fleet.products[0].modules}


async def test_what_takes_effect_is_recorded_with_what_it_made() -> None:
    writer = Writer()
    await writer.do(ACTION, **module(writer, "one"))
    await writer.do("QueryOTAJob", JobId=writer.fleet.jobs[0].id)
    assert (await writer.caller.ask(ACTION, **module(writer, "ONE")))["Success"] is False
    names = writer.free_names(writer.usable(), 1)
    writer.clock.advance(5)
    job = await writer.roll_out(names)
    first, second = writer.simulator.executed
    assert (first.operation, first.result_id) == (ACTION, None)
    assert first.parameters == {"IotInstanceId": INSTANCE} | module(writer, "one")
    assert (second.operation, second.result_id) == ("CreateOTAStaticUpgradeJob", job)
    assert second.at_s - first.at_s == 5
    assert writer.simulator.executed.of(ACTION) == (first,)
    writer.simulator.executed.clear()
    assert len(writer.simulator.executed) == 0


async def test_refused_calls_do_nothing() -> None:
    writer = Writer()
    faults = writer.simulator.faults
    faults.refuse(ACTION)
    faults.refuse(ACTION, status=HTTPStatus.INTERNAL_SERVER_ERROR)
    faults.throttle(ACTION, retry_after_ms=400)
    answers = [await send(writer, "one") for _ in range(3)]
    assert [(a.status_code, a.json()["Code"]) for a in answers] == [
        (503, "ServiceUnavailable"),
        (500, "InternalError"),
        (400, "Throttling.User"),
    ]
    assert answers[2].headers["x-acs-retry-after"] == "400"
    assert len(writer.simulator.executed) == 0
    assert "one" not in made(writer)
    assert (await send(writer, "one")).status_code == 200


async def test_a_call_can_fail_after_it_was_executed() -> None:
    writer = Writer()
    writer.simulator.faults.fail_after(ACTION, status=HTTPStatus.SERVICE_UNAVAILABLE)
    answer = await send(writer, "one")
    assert (answer.status_code, answer.json()["Code"]) == (503, "ServiceUnavailable")
    assert "one" in made(writer)
    assert len(writer.simulator.executed) == 1
    assert [call.code for call in writer.simulator.calls] == ["ServiceUnavailable"]


@pytest.mark.parametrize(("fault", "share"), [("lose_answer", 0.0), ("halve_answer", 0.5)])
async def test_an_answer_can_break_off_after_the_call_was_executed(
    fault: str, share: float
) -> None:
    writer = Writer()
    getattr(writer.simulator.faults, fault)(ACTION)
    with pytest.raises(BrokenConnectionError):
        await send(writer, "one")
    assert "one" in made(writer)
    assert [call.code for call in writer.simulator.calls] == ["LOST"]
    writer.simulator.faults.clear()
    getattr(writer.simulator.faults, fault)(ACTION)
    quiet = httpx.ASGITransport(app=writer.simulator.app, raise_app_exceptions=False)
    writer.caller.http = httpx.AsyncClient(transport=quiet, base_url=f"http://{HOST}")
    answer = await send(writer, "two")
    promised = int(answer.headers["content-length"])
    assert len(answer.content) == int(promised * share) < promised
    assert "two" in made(writer)


async def test_an_answer_can_be_late() -> None:
    waits: list[tuple[float, bool]] = []

    async def sleep(seconds: float) -> None:
        waits.append((seconds, "one" in made(writer)))

    writer = Writer(sleep=sleep)
    writer.simulator.faults.delay(ACTION, delay_s=30)
    assert (await send(writer, "one")).status_code == 200
    assert waits == [(30, True)]


async def test_faults_are_for_the_next_calls_of_their_operation_that_are_in_order() -> None:
    writer = Writer()
    faults = writer.simulator.faults
    faults.refuse(ACTION, times=2)
    assert faults.pending() == {ACTION: 2}
    await writer.do("QueryOTAJob", JobId=writer.fleet.jobs[0].id)
    wrong = {"IotInstanceId": INSTANCE, "ProductKey": "x"}
    assert (await writer.caller.v3(ACTION, wrong)).json()["Code"] == "MissingModuleName"
    forged = await writer.caller.v3(ACTION, wrong, secret="wrong")
    assert forged.json()["Code"] == "SignatureDoesNotMatch"
    assert faults.pending() == {ACTION: 2}
    assert (await send(writer, "one")).status_code == 503
    faults.clear()
    assert (await send(writer, "one")).status_code == 200
    assert faults.pending() == {}


async def test_reads_can_fail_too_and_are_never_recorded_as_executed() -> None:
    writer = Writer()
    writer.simulator.faults.fail_after("QueryOTAJob")
    body = await writer.caller.ask("QueryOTAJob", JobId=writer.fleet.jobs[0].id)
    assert body["Code"] == "InternalError"
    assert len(writer.simulator.executed) == 0
