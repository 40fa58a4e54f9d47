import asyncio
import gc
import logging
import time
from typing import Never

import pytest

from gateway.domain.call import CallContext, calling
from gateway.domain.errors import DeadlineExceededError, InternalError, ProviderUnavailableError
from gateway.service.fanout import ask_all
from tests.transport.virtual_time import clock, virtual_time


async def at_once() -> str:
    return "here"


async def never() -> Never:
    await asyncio.Event().wait()
    raise AssertionError


@virtual_time
async def test_answers_and_failures_come_back_by_key() -> None:
    error = ProviderUnavailableError("down")

    async def down() -> str:
        raise error

    assert await ask_all({"a": at_once, "b": down}, patience_s=4.0) == {"a": "here", "b": error}
    assert clock() < 0.001


async def test_nobody_asked_means_no_answers() -> None:
    assert await ask_all({}, patience_s=4.0) == {}


@virtual_time
async def test_a_slow_call_is_left_behind_when_patience_ends() -> None:
    answers = await ask_all({"fast": at_once, "slow": never}, patience_s=4.0)
    assert clock() == pytest.approx(4.0, abs=1e-3)
    assert answers["fast"] == "here"
    slow = answers["slow"]
    assert isinstance(slow, DeadlineExceededError)
    assert (slow.retryable, slow.retry_after_s) == (True, 1.0)


@virtual_time
async def test_the_callers_deadline_leaves_time_to_answer() -> None:
    with calling(CallContext(deadline=time.monotonic() + 2.25)):
        answers = await ask_all({"slow": never}, patience_s=4.0)
    assert clock() == pytest.approx(2.0, abs=0.1)
    assert isinstance(answers["slow"], DeadlineExceededError)


@virtual_time
async def test_a_caller_whose_time_is_up_waits_for_nobody() -> None:
    with calling(CallContext(deadline=time.monotonic() - 1)):
        answers = await ask_all({"slow": never}, patience_s=4.0)
    assert clock() == pytest.approx(0.0, abs=1e-3)
    assert isinstance(answers["slow"], DeadlineExceededError)


async def test_a_fault_of_ours_is_logged_and_masked(caplog: pytest.LogCaptureFixture) -> None:
    async def faulty() -> str:
        answers: dict[str, str] = {}
        return answers["secret"]

    with caplog.at_level(logging.ERROR):
        answers = await ask_all({"a": faulty, "b": at_once}, patience_s=4.0)
    fault = answers["a"]
    assert isinstance(fault, InternalError)
    assert "secret" not in fault.message
    assert answers["b"] == "here"
    (record,) = caplog.records
    assert vars(record)["incident"] == fault.incident
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError


async def test_a_call_that_fails_to_start_fails_alone() -> None:
    error = ProviderUnavailableError("down")

    def faulty() -> Never:
        raise error

    answers = await ask_all({"a": faulty, "b": at_once}, patience_s=4.0)
    assert answers == {"a": error, "b": "here"}


@virtual_time
async def test_no_call_outlives_the_question() -> None:
    ended: list[str] = []

    async def slow() -> Never:
        try:
            await never()
        finally:
            await asyncio.sleep(0)
            ended.append("slow")
        raise AssertionError

    await ask_all({"slow": slow}, patience_s=1.0)
    assert ended == ["slow"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


@virtual_time
async def test_a_caller_who_leaves_takes_the_calls_along() -> None:
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
    ended: list[str] = []

    async def slow() -> Never:
        try:
            await never()
        finally:
            ended.append("slow")
        raise AssertionError

    async def fails_when_told_to_stop() -> Never:
        try:
            await never()
        except asyncio.CancelledError:
            raise LookupError from None

    asking = asyncio.create_task(
        ask_all({"slow": slow, "bad": fails_when_told_to_stop}, patience_s=60.0)
    )
    await asyncio.sleep(1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert ended == ["slow"]
    del asking
    gc.collect()
    assert complaints == []


@virtual_time
async def test_an_answer_that_comes_with_the_end_of_patience_counts() -> None:
    async def just_in_time() -> str:
        try:
            await never()
        except asyncio.CancelledError:
            return "just"

    assert await ask_all({"a": just_in_time}, patience_s=1.0) == {"a": "just"}
