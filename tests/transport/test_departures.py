"""Calls are spaced by when they leave, not by when they were allowed to."""

import asyncio
import random
from collections.abc import Callable, Iterable
from contextlib import aclosing

import pytest

from gateway.domain.call import CallContext, calling
from gateway.domain.errors import BudgetExhaustedError, ProviderTimeoutError
from gateway.domain.metrics import CountingMetrics, Metrics
from gateway.transport.breaker import BreakerState
from gateway.transport.budget import Budget
from gateway.transport.client import Upstream
from gateway.transport.pace import LocalPace, Pace, TooLateError
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.request import Reply, Request
from tests.transport.scripted_http import ScriptedHttp, answer
from tests.transport.virtual_time import clock, hold_up, virtual_time


class Late(LocalPace):
    """Lets every call wait once more as it leaves, for `again_s`."""

    def __init__(self, again_s: float) -> None:
        super().__init__({}, clock=clock)
        self._again_s = again_s

    async def leave(self, _operation: str, _until: float, /, *, within_s: float | None) -> bool:
        if within_s is not None and within_s < self._again_s:
            raise TooLateError(self._again_s)
        await asyncio.sleep(self._again_s)
        return True


def upstream(
    http: ScriptedHttp, *, pace: Pace | None = None, metrics: Metrics | None = None
) -> Upstream:
    return Upstream(
        backend="cloud",
        base_url="http://cloud.test",
        budget=Budget({"op": 10.0}, pace=pace, backend="cloud", metrics=metrics, clock=clock),
        policy=UpstreamPolicy(max_attempts=1),
        clock=clock,
        http_transport=http,
    )


def held_up(*seconds: float) -> Callable[[], Request]:
    """Builds requests; the event loop is busy for so long after the grant of each."""
    times = iter(seconds)

    def build() -> Request:
        hold_up(next(times, 0.0))
        return Request(method="GET", path="/")

    return build


async def ask(
    up: Upstream, build: Callable[[], Request], context: CallContext | None = None
) -> int:
    def read(reply: Reply) -> int:
        return reply.status

    with calling(context or CallContext()):
        return await up.call("op", build, read)


def span_of_eleven(moments: Iterable[float]) -> float:
    """The least time in which eleven calls left."""
    left = list(moments)
    return min(last - first for first, last in zip(left, left[10:], strict=False))


@virtual_time
async def test_call_held_up_after_its_grant_does_not_bunch_with_those_behind_it() -> None:
    http = ScriptedHttp()
    build = held_up(0.09)
    metrics = CountingMetrics()
    async with aclosing(upstream(http, metrics=metrics)) as up:
        await asyncio.gather(*(ask(up, build) for _ in range(12)))
    assert span_of_eleven(http.sent_at) >= 1.0
    # The second makes up for the 30 ms that a call may be late.
    assert http.sent_at == pytest.approx([0.09, *(0.165 + n * 0.105 for n in range(11))], abs=1e-4)
    # Those still in the queue are granted later, so that only the next one had to wait again.
    assert metrics.total("budget.missed") <= 1


@virtual_time
async def test_call_a_little_late_moves_none_of_those_behind_it() -> None:
    http = ScriptedHttp()
    build = held_up(0.029)
    metrics = CountingMetrics()
    async with aclosing(upstream(http, metrics=metrics)) as up:
        await asyncio.gather(*(ask(up, build) for _ in range(3)))
    assert http.sent_at == pytest.approx([0.029, 0.105, 0.21], abs=1e-4)
    assert metrics.total("budget.missed") == 0
    assert metrics.total("budget.wait") == 2


@pytest.mark.parametrize("seed", range(5))
@virtual_time
async def test_no_second_sees_more_calls_than_the_rate_however_busy_the_loop(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - no secret, and the same in each run
    build = held_up(*(draw.choice((0.0, 0.0, 0.01, 0.04, 0.12, 0.7)) for _ in range(200)))
    http = ScriptedHttp()
    async with aclosing(upstream(http)) as up:
        for pause_s in (0.0, 5.0):  # the first after a pause as well
            await asyncio.sleep(pause_s)
            await asyncio.gather(*(ask(up, build) for _ in range(100)))
    assert len(http.sent_at) == 200
    assert span_of_eleven(http.sent_at) >= 1.0


@virtual_time
async def test_calls_held_up_together_leave_in_the_order_of_their_grants() -> None:
    budget = Budget({"op": 10.0}, clock=clock)
    left: list[tuple[int, float]] = []
    grants = [await budget.acquire("op") for _ in range(3)]
    hold_up(1)

    async def leave(number: int) -> None:
        await budget.leave("op", grants[number])
        left.append((number, clock()))

    await asyncio.gather(*(leave(number) for number in range(3)))
    assert [number for number, _ in left] == [0, 1, 2]
    begin = left[0][1]
    assert [moment - begin for _, moment in left] == pytest.approx([0, 0.075, 0.18], abs=1e-4)


@virtual_time
async def test_wait_of_a_late_call_stands_on_the_bill_and_in_the_metrics() -> None:
    metrics = CountingMetrics()
    budget = Budget({"op": 10.0}, backend="cloud", metrics=metrics, clock=clock)
    grants = [await budget.acquire("op") for _ in range(2)]
    hold_up(1)
    await budget.leave("op", grants[0])
    context = CallContext()
    with calling(context):
        await budget.leave("op", grants[1])
    assert context.bill.waited_s == pytest.approx(0.075, abs=1e-4)
    assert metrics.total("budget.missed", backend="cloud", operation="op") == 1
    assert metrics.total("budget.wait", backend="cloud", operation="op") == 2


@virtual_time
async def test_call_without_time_for_another_wait_is_not_sent_and_no_verdict() -> None:
    http = ScriptedHttp()
    metrics = CountingMetrics()
    async with aclosing(upstream(http, metrics=metrics, pace=Late(5.0))) as up:
        for _ in range(30):
            with pytest.raises(BudgetExhaustedError) as caught:
                await ask(up, held_up(), CallContext(deadline=4.9))
            assert caught.value.retry_after_s == 5.0
        assert up.health().breakers == {"read": BreakerState.CLOSED}
        assert up.health().last_error_at is None
        assert http.sent_at == []
        assert metrics.total("budget.missed", operation="op") == 30
        assert metrics.total("budget.refused", operation="op", reason="deadline") == 30
        await asyncio.gather(*(ask(up, held_up()) for _ in range(64)))  # all places are free


@virtual_time
async def test_deadline_passes_while_others_that_were_held_up_leave_first() -> None:
    budget = Budget({"op": 1.0}, clock=clock)
    grants = [await budget.acquire("op") for _ in range(3)]
    await budget.leave("op", grants[0])
    ahead = asyncio.create_task(budget.leave("op", grants[1]))
    await asyncio.sleep(0)
    with pytest.raises(BudgetExhaustedError):
        await budget.leave("op", grants[2], deadline=clock() + 0.5)
    await ahead


@virtual_time
async def test_waiting_again_takes_nothing_from_the_time_of_the_attempt() -> None:
    http = ScriptedHttp(answer(after_s=2.9))
    context = CallContext()
    async with aclosing(upstream(http, pace=Late(5.0))) as up:
        assert await ask(up, held_up(), context) == 200
    assert http.sent_at == pytest.approx([5.0], abs=1e-3)
    assert context.bill.waited_s == pytest.approx(5.0, abs=1e-3)


@pytest.mark.parametrize(("deadline", "ends_at"), [(None, 8.0), (7.0, 7.0)])
@virtual_time
async def test_attempt_that_waited_again_still_ends_in_its_time_and_at_the_deadline(
    deadline: float | None, ends_at: float
) -> None:
    http = ScriptedHttp(answer(after_s=60))
    async with aclosing(upstream(http, pace=Late(5.0))) as up:
        with pytest.raises(ProviderTimeoutError):
            await ask(up, held_up(), CallContext(deadline=deadline))
    assert clock() == pytest.approx(ends_at, abs=1e-3)


@virtual_time
async def test_backend_left_with_little_time_after_another_wait_is_not_judged_by_it() -> None:
    http = ScriptedHttp(answer(after_s=60))
    async with aclosing(upstream(http, pace=Late(5.0))) as up:
        for _ in range(10):
            with pytest.raises(ProviderTimeoutError):
                await ask(up, held_up(), CallContext(deadline=clock() + 5.1))
        assert up.health().breakers == {"read": BreakerState.CLOSED}
