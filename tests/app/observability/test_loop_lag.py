import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from gateway.app.observability.loop_lag import LoopLag
from tests.transport.virtual_time import clock, hold_up, virtual_time


@asynccontextmanager
async def watched() -> AsyncIterator[LoopLag]:
    lag = LoopLag(clock=clock)
    task = asyncio.create_task(lag.watch())
    await asyncio.sleep(1)
    yield lag
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@virtual_time
async def test_a_loop_that_is_in_time_has_no_lag() -> None:
    async with watched() as lag:
        await asyncio.sleep(10)
        assert lag.worst_s() == pytest.approx(0, abs=1e-6)
        assert lag.behind_s() == pytest.approx(0, abs=1e-6)


@virtual_time
async def test_the_worst_lag_is_kept_for_a_minute() -> None:
    async with watched() as lag:
        hold_up(2.25)
        await asyncio.sleep(20)
        hold_up(0.75)
        await asyncio.sleep(35)
        assert lag.worst_s() == pytest.approx(2, abs=0.26)
        await asyncio.sleep(10)
        assert lag.worst_s() == pytest.approx(0.5, abs=0.26)
        await asyncio.sleep(60)
        assert lag.worst_s() == pytest.approx(0, abs=1e-6)


@virtual_time
async def test_a_loop_that_is_late_right_now_is_told_before_the_watch_wakes() -> None:
    async with watched() as lag:
        hold_up(7.25)
        assert lag.behind_s() == pytest.approx(7, abs=0.26)
        assert lag.worst_s() == pytest.approx(7, abs=0.26)


@virtual_time
async def test_nothing_is_late_that_is_not_watched() -> None:
    async with watched() as lag:
        pass
    hold_up(100)
    assert lag.behind_s() == 0


def test_a_long_lag_is_logged_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    @virtual_time
    async def late_twice_within_ten_seconds_and_once_after() -> None:
        async with watched():
            for pause_s in (1, 8, 5):
                hold_up(0.5)
                await asyncio.sleep(pause_s)

    with caplog.at_level(logging.WARNING, logger="gateway.loop"):
        late_twice_within_ten_seconds_and_once_after()
    assert [record.message for record in caplog.records] == ["loop.lag", "loop.lag"]


@virtual_time
async def test_a_lag_of_a_tenth_of_a_second_or_less_is_no_news(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with watched():
        hold_up(0.09)
        await asyncio.sleep(1)
    assert caplog.records == []
