import asyncio

import pytest

from gateway.domain.metrics import CountingMetrics
from gateway.transport.breaker import (
    Breaker,
    BreakerPolicy,
    Breakers,
    BreakerState,
    CircuitOpenError,
)


class FakeClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def breaker(clock: FakeClock) -> Breaker:
    return Breaker(clock=clock)


def state(breaker: Breaker) -> BreakerState:
    return breaker.state


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with breaker.admit() as permit:
            permit.failed()


def answer(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with breaker.admit() as permit:
            permit.answered()


def refused_for_s(breaker: Breaker) -> float:
    with pytest.raises(CircuitOpenError) as caught, breaker.admit():
        pass
    assert caught.value.retry_after_s is not None
    return caught.value.retry_after_s


def test_five_failures_in_a_row_open_it(breaker: Breaker) -> None:
    fail(breaker, 4)
    answer(breaker)
    fail(breaker, 4)
    assert state(breaker) is BreakerState.CLOSED
    fail(breaker)
    assert state(breaker) is BreakerState.OPEN
    assert refused_for_s(breaker) == pytest.approx(5.0)


def test_half_of_twenty_calls_open_it(breaker: Breaker) -> None:
    for _ in range(9):
        fail(breaker)
        answer(breaker)
    answer(breaker)
    assert state(breaker) is BreakerState.CLOSED
    fail(breaker)
    assert state(breaker) is BreakerState.OPEN


def test_fewer_than_twenty_calls_do_not_count_as_a_share(breaker: Breaker) -> None:
    for _ in range(9):
        fail(breaker)
        answer(breaker)
    fail(breaker)
    assert state(breaker) is BreakerState.CLOSED


def test_failures_of_long_ago_do_not_count_as_a_share(breaker: Breaker, clock: FakeClock) -> None:
    for _ in range(9):
        fail(breaker)
        answer(breaker)
    clock.now += 10
    answer(breaker)
    fail(breaker)
    assert state(breaker) is BreakerState.CLOSED


def test_answer_to_the_probe_closes_it(breaker: Breaker, clock: FakeClock) -> None:
    fail(breaker, 5)
    clock.now += 4.99
    assert refused_for_s(breaker) == pytest.approx(0.01)
    clock.now += 0.01
    assert state(breaker) is BreakerState.HALF_OPEN
    answer(breaker)
    assert state(breaker) is BreakerState.CLOSED
    fail(breaker, 4)
    assert state(breaker) is BreakerState.CLOSED


def test_each_failing_probe_doubles_the_rest_up_to_a_minute(
    breaker: Breaker, clock: FakeClock
) -> None:
    fail(breaker, 5)
    rests = [refused_for_s(breaker)]
    for _ in range(5):
        clock.now += rests[-1]
        fail(breaker)
        rests.append(refused_for_s(breaker))
    assert rests == pytest.approx([5, 10, 20, 40, 60, 60])
    clock.now += 60
    answer(breaker)
    fail(breaker, 5)
    assert refused_for_s(breaker) == pytest.approx(5)


async def test_of_a_hundred_callers_one_probes_and_the_rest_fail_at_once(
    breaker: Breaker, clock: FakeClock
) -> None:
    fail(breaker, 5)
    clock.now += 5
    finish = asyncio.Event()
    sent = 0

    async def call() -> None:
        nonlocal sent
        with breaker.admit() as permit:
            sent += 1
            await finish.wait()
            permit.answered()

    calls = [asyncio.create_task(call()) for _ in range(100)]
    done, under_way = await asyncio.wait(calls, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 99:
        done, under_way = await asyncio.wait(calls, timeout=0)
    assert (sent, len(done), len(under_way)) == (1, 99, 1)
    assert all(isinstance(task.exception(), CircuitOpenError) for task in done)
    finish.set()
    await asyncio.wait(under_way)
    assert state(breaker) is BreakerState.CLOSED


async def test_cancelled_probe_lets_the_next_caller_try(breaker: Breaker, clock: FakeClock) -> None:
    fail(breaker, 5)
    clock.now += 5

    async def hang() -> None:
        with breaker.admit():
            await asyncio.Event().wait()

    probe = asyncio.create_task(hang())
    await asyncio.sleep(0)
    assert refused_for_s(breaker) > 0
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert state(breaker) is BreakerState.HALF_OPEN
    answer(breaker)
    assert state(breaker) is BreakerState.CLOSED


def test_call_that_was_under_way_when_it_opened_is_not_counted(
    breaker: Breaker, clock: FakeClock
) -> None:
    with breaker.admit() as early, breaker.admit() as other:
        fail(breaker, 5)
        early.answered()
        assert state(breaker) is BreakerState.OPEN
        clock.now += 5
        other.failed()
        assert state(breaker) is BreakerState.HALF_OPEN


def test_call_that_waited_while_it_opened_is_refused_and_is_no_probe(
    breaker: Breaker, clock: FakeClock
) -> None:
    with breaker.admit() as waiting:
        waiting.confirm()
        fail(breaker, 5)
        with pytest.raises(CircuitOpenError):
            waiting.confirm()
        clock.now += 5
        with pytest.raises(CircuitOpenError):
            waiting.confirm()
        with breaker.admit() as probe:
            probe.confirm()
            probe.answered()
        waiting.confirm()


def test_classes_of_operations_fail_apart(clock: FakeClock) -> None:
    metrics = CountingMetrics()
    breakers = Breakers(
        backend="b1",
        classify=lambda operation: "auth" if operation == "token" else "read",
        policy=BreakerPolicy(consecutive=1),
        metrics=metrics,
        clock=clock,
    )
    answer(breakers.of("token"))
    fail(breakers.of("list"))
    assert breakers.of("get").state is BreakerState.OPEN
    assert breakers.states() == {"auth": BreakerState.CLOSED, "read": BreakerState.OPEN}
    assert metrics.total("breaker.opened", backend="b1", operation_class="read") == 1
    assert metrics.total("breaker.opened") == 1
