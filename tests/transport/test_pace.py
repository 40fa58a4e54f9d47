import asyncio

import pytest

from gateway.transport.pace import LocalPace, TooLateError
from tests.transport.virtual_time import clock, virtual_time


@virtual_time
async def test_calls_leave_evenly_and_a_little_slower_than_the_rate() -> None:
    pace = LocalPace({"op": 10.0}, clock=clock)
    moments = []
    for _ in range(4):
        await pace.take("op", within_s=None)
        moments.append(clock())
    assert moments == pytest.approx([0, 0.105, 0.21, 0.315], abs=1e-6)


@virtual_time
async def test_unused_moments_are_not_saved_up() -> None:
    pace = LocalPace({"op": 10.0}, clock=clock)
    await pace.take("op", within_s=None)
    await asyncio.sleep(60)
    assert pace.take_now("op")
    assert not pace.take_now("op")


@virtual_time
async def test_a_moment_too_far_away_is_not_taken() -> None:
    pace = LocalPace({"op": 10.0}, clock=clock)
    assert pace.take_now("op")
    with pytest.raises(TooLateError) as caught:
        await pace.take("op", within_s=0.1)
    assert caught.value.wait_s == pytest.approx(0.105)
    await pace.take("op", within_s=0.11)
    assert clock() == pytest.approx(0.105)


@virtual_time
async def test_operations_do_not_share_a_rate() -> None:
    pace = LocalPace({"a": 10.0}, default_rate=1.0, clock=clock)
    assert pace.take_now("a")
    assert pace.take_now("b")
    assert pace.take_now("c")
    assert pace.next_s("b") == pytest.approx(1.05)


@virtual_time
async def test_operation_without_a_rate_is_never_held_up() -> None:
    pace = LocalPace({}, clock=clock)
    assert all(pace.take_now("op") for _ in range(1000))
    assert pace.rate("op") is None


@virtual_time
async def test_throttle_halves_the_rate_once_a_second_and_not_below_a_tenth() -> None:
    pace = LocalPace({"op": 10.0}, clock=clock)
    for _ in range(5):
        await pace.throttled("op")
    assert pace.factor("op") == pytest.approx(0.5)
    assert pace.spacing_s("op") == pytest.approx(0.21)
    for _ in range(10):
        await asyncio.sleep(1)
        await pace.throttled("op")
    assert 0.1 <= pace.factor("op") < 0.13
    for _ in range(100):
        await asyncio.sleep(1)
        await pace.throttled("op")
        assert pace.factor("op") >= 0.1


@virtual_time
async def test_rate_recovers_steadily_within_a_minute() -> None:
    pace = LocalPace({"op": 10.0}, clock=clock)
    for _ in range(20):
        await pace.throttled("op")
        await asyncio.sleep(1)
    start = pace.factor("op")
    await asyncio.sleep(20)
    assert pace.factor("op") == pytest.approx(start + 20 / 60)
    await asyncio.sleep(40)
    assert pace.factor("op") == 1.0


@virtual_time
async def test_throttle_moves_a_moment_that_is_waited_for() -> None:
    pace = LocalPace({"op": 10.0}, clock=clock)
    assert pace.take_now("op")
    waiting = asyncio.create_task(pace.take("op", within_s=None))
    await asyncio.sleep(0.05)
    await pace.throttled("op")
    await waiting
    assert clock() == pytest.approx(0.21, abs=0.005)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_is_more_than_nothing(rate: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        LocalPace({"op": rate})
    with pytest.raises(ValueError, match="more than 0"):
        LocalPace({}, default_rate=rate)
