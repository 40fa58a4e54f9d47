"""A write on more tasks than one call takes: as many calls as it needs, and an exact report."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.exactly_once.ended_job import CHUNKS, RETRY, Ended, ended_job, let_pass

DOCUMENTED_RATE: Final = 20


@pytest.fixture
async def ended(tmp_path: Path) -> AsyncIterator[Ended]:
    """The job on a cloud that does not mind how fast it is called."""
    async with ended_job(tmp_path, throttle=False) as job:
        yield job


async def test_500_devices_are_retried_in_50_calls_within_the_rate(tmp_path: Path) -> None:
    async with ended_job(tmp_path, throttle=True) as ended:
        payload = await ended.stage.done("retryTasks", ended.given)

    assert ended.stage.executed("lights") == [ended.call(number) for number in range(CHUNKS)]
    calls = ended.stage.clouds.lights.calls
    assert calls.count(RETRY) == CHUNKS == 50
    assert 1 < calls.busiest_second(RETRY) <= DOCUMENTED_RATE
    assert [call["targets"] for call in payload["operation"]["calls"]] == [
        ended.devices(number) for number in range(CHUNKS)
    ]


async def test_a_chunk_that_fails_for_good_is_told_with_its_devices_and_the_others_are_done(
    ended: Ended,
) -> None:
    faults = ended.stage.clouds.lights.faults
    let_pass(ended, 1)
    faults.throttle(RETRY, times=3)

    payload = await ended.stage.write("retryTasks", ended.given)

    others = [number for number in range(CHUNKS) if number != 1]
    assert ended.stage.executed("lights") == [ended.call(number) for number in others]
    (error,) = payload["errors"]
    assert (error["type"], error["code"]) == ("PartialFailureProblem", "PROVIDER_RATE_LIMITED")
    assert (error["rawCode"], error["retryable"]) == ("Throttling.User", True)
    assert error["devices"] == ended.devices(1)
    operation = payload["operation"]
    assert operation["state"] == "PARTIAL"
    assert [call["state"] for call in operation["calls"]] == [
        "NOT_DONE" if number == 1 else "SUCCEEDED" for number in range(CHUNKS)
    ]


async def test_a_chunk_that_is_throttled_once_is_sent_again(ended: Ended) -> None:
    faults = ended.stage.clouds.lights.faults
    let_pass(ended, 1)
    faults.throttle(RETRY)

    await ended.stage.done("retryTasks", ended.given)

    assert ended.stage.executed("lights") == [ended.call(number) for number in range(CHUNKS)]


async def test_a_chunk_that_the_cloud_refuses_is_told_with_its_devices(ended: Ended) -> None:
    running = {"jobId": ended.job, "tasks": [ended.chunk(1)[3]["id"]]}
    await ended.stage.done("retryTasks", running)  # so that it cannot be run again now
    ended.stage.forget_executed()

    payload = await ended.stage.write("retryTasks", ended.given)

    others = [number for number in range(CHUNKS) if number != 1]
    assert ended.stage.executed("lights") == [ended.call(number) for number in others]
    (error,) = payload["errors"]
    assert (error["type"], error["devices"]) == ("PartialFailureProblem", ended.devices(1))
    assert (payload["operation"]["state"], error["retryable"]) == ("PARTIAL", False)


async def test_a_chunk_whose_answer_is_lost_is_unknown_alone_and_then_found(ended: Ended) -> None:
    faults = ended.stage.clouds.lights.faults
    let_pass(ended, 1)
    faults.lose_answer(RETRY)

    payload = await ended.stage.write("retryTasks", ended.given)
    settled = await ended.stage.settled(payload["operation"]["id"])

    (error,) = payload["errors"]
    assert (error["type"], error["devices"]) == ("OutcomeUnknownProblem", ended.devices(1))
    assert payload["operation"]["state"] == "UNKNOWN"
    assert {call["state"] for call in settled["calls"]} == {"SUCCEEDED"}
    assert ended.stage.executed("lights") == [ended.call(number) for number in range(CHUNKS)]
