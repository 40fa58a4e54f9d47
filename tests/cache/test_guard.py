"""The breaker in front of the shared store."""

import asyncio

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError

from gateway.cache.guard import FAILURES_TO_OPEN, OPEN_S, Guard
from gateway.domain.metrics import CountingMetrics
from tests.cache.bench import Clock, turns


class Server:
    """Counts calls; raises what it is told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def call(self) -> str:
        self.calls += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return "pong"


async def opened() -> tuple[Guard, Server, Clock, CountingMetrics]:
    clock, server, metrics = Clock(), Server(), CountingMetrics()
    guard = Guard(metrics, clock=clock)
    server.error = RedisConnectionError("refused")
    for _ in range(FAILURES_TO_OPEN):
        assert not guard.is_open
        assert await guard.run("get", server.call) is None
    assert guard.is_open
    return guard, server, clock, metrics


async def test_failures_in_a_row_open_it_and_calls_are_skipped() -> None:
    guard, server, _, metrics = await opened()
    assert await guard.run("get", server.call) is None
    assert server.calls == FAILURES_TO_OPEN
    assert metrics.total("cache.error", operation="get", reason="unreachable") == FAILURES_TO_OPEN


async def test_a_success_in_between_starts_the_count_anew() -> None:
    clock, server = Clock(), Server()
    guard = Guard(CountingMetrics(), clock=clock)
    for error in (OSError(), TimeoutError(), None, OSError(), ValueError(), None):
        server.error = error
        await guard.run("get", server.call)
    assert not guard.is_open


async def test_what_the_server_refuses_itself_is_counted_but_opens_nothing() -> None:
    server, metrics = Server(), CountingMetrics()
    guard = Guard(metrics, clock=Clock())
    server.error = ReadOnlyError("read only")
    for _ in range(10):
        assert await guard.run("put", server.call) is None
    assert not guard.is_open
    assert metrics.total("cache.error", operation="put", reason="refused") == 10


async def test_exactly_one_probe_is_let_through_and_closes_it() -> None:
    guard, server, clock, _ = await opened()
    clock.now += OPEN_S
    server.error = None
    server.gate.clear()
    calls = [asyncio.create_task(guard.run("get", server.call)) for _ in range(100)]
    await turns()
    assert server.calls == FAILURES_TO_OPEN + 1
    server.gate.set()
    assert (await asyncio.gather(*calls)).count("pong") == 1
    assert await guard.run("get", server.call) == "pong"


async def test_a_failed_probe_opens_it_for_another_second() -> None:
    guard, server, clock, _ = await opened()
    clock.now += OPEN_S
    await guard.run("get", server.call)
    assert guard.is_open
    clock.now += OPEN_S - 0.1
    assert guard.is_open


async def test_a_cancelled_probe_makes_room_for_the_next() -> None:
    guard, server, clock, _ = await opened()
    clock.now += OPEN_S
    server.gate.clear()
    probe = asyncio.create_task(guard.run("get", server.call))
    await turns()
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    server.gate.set()
    server.error = None
    assert await guard.run("get", server.call) == "pong"
