import asyncio
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from gateway.domain.call import Priority
from gateway.domain.metrics import CountingMetrics, Metrics
from gateway.transport.budget import Budget
from gateway.transport.pace import LATENESS_S, TooLateError
from gateway.transport.shared_budget import SharedPace, connect
from tests.transport.virtual_time import clock, hold_up, virtual_time


def most_in_a_second(moments: list[float]) -> int:
    return max(sum(start <= other < start + 1 for other in moments) for start in moments)


class ScriptedRedis:
    """Stands in for Redis where a test says when it answers what."""

    def __init__(self) -> None:
        self.answer: Callable[[], Awaitable[object]] = self.free
        self.asked_at: list[float] = []
        self.args: list[list[float]] = []
        self.keys: set[str] = set()

    def register_script(self, _script: str) -> Callable[..., Awaitable[object]]:
        async def run(keys: list[str], args: list[float]) -> object:
            self.asked_at.append(clock())
            self.args.append(args)
            self.keys.update(keys)
            return await self.answer()

        return run

    async def free(self) -> object:
        return [1, 0, "1"]

    async def gone(self) -> object:
        raise RedisConnectionError

    async def hangs(self) -> object:
        await asyncio.sleep(60)
        return None

    async def slow(self) -> object:
        await asyncio.sleep(0.2)
        return [1, 0, "1"]

    async def soon(self) -> object:
        return [1, 100_000, "1"]

    async def taken(self) -> object:
        return [0, 500_000, "1"]


class KeepingRedis(ScriptedRedis):
    """Keeps the next free moment as the script in Redis does, at the full rate."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = self.reserve
        self.next = 0.0

    async def reserve(self) -> object:
        spacing_us, _, _, stretch_us = self.args[-1]
        moment = max(clock(), self.next)
        self.next = moment + (spacing_us + stretch_us) / 1e6
        return [1, round((moment - clock()) * 1e6), "1"]


def scripted_pace(redis: ScriptedRedis, *, metrics: Metrics | None = None) -> SharedPace:
    return SharedPace(
        {"op": 10.0},
        redis=cast("Redis", redis),
        account="acc",
        replicas=2,
        clock=clock,
        metrics=metrics,
    )


async def moments_of(pace: SharedPace, count: int) -> list[float]:
    moments = []
    for _ in range(count):
        await pace.take("op", within_s=None)
        moments.append(clock())
    return moments


@virtual_time
async def test_without_redis_a_replica_keeps_to_its_share_and_asks_once_a_second() -> None:
    redis = ScriptedRedis()
    redis.answer = redis.gone
    metrics = CountingMetrics()
    moments = await moments_of(scripted_pace(redis, metrics=metrics), 12)
    assert moments == pytest.approx([n * 0.21 for n in range(12)], abs=0.001)
    assert redis.asked_at == pytest.approx([0, 1.05, 2.1], abs=0.001)
    assert metrics.total("budget.shared_lost", operation="op") == 3


@virtual_time
async def test_redis_that_hangs_costs_a_quarter_of_a_second() -> None:
    redis = ScriptedRedis()
    redis.answer = redis.hangs
    moments = await moments_of(scripted_pace(redis), 2)
    assert moments == pytest.approx([0.25, 0.46], abs=0.001)


@virtual_time
async def test_calls_stay_apart_when_redis_goes_and_comes_back() -> None:
    redis = ScriptedRedis()
    pace = scripted_pace(redis)
    moments = await moments_of(pace, 1)
    redis.answer = redis.gone
    moments += await moments_of(pace, 5)
    redis.answer = redis.free
    moments += await moments_of(pace, 1)
    gaps = [after - before for before, after in pairwise(moments)]
    assert min(gaps) >= 0.1049
    assert gaps[-1] == pytest.approx(0.105, abs=0.001)


@virtual_time
async def test_after_a_moment_that_was_missed_a_longer_one_is_reserved() -> None:
    redis = ScriptedRedis()
    redis.answer = redis.slow
    metrics = CountingMetrics()
    await moments_of(scripted_pace(redis, metrics=metrics), 1)
    # Redis may have looked at its clock as early as it was asked: 200 ms late, 30 are allowed.
    assert [args[-1] for args in redis.args] == [0, pytest.approx(1.5 * 170_000, abs=10)]
    assert metrics.total("budget.shared_missed", operation="op") == 1


@virtual_time
async def test_moments_get_shorter_again_and_never_longer_than_a_second() -> None:
    redis = ScriptedRedis()
    pace = scripted_pace(redis)
    until = await pace.take("op", within_s=None)
    hold_up(60)
    assert await pace.leave("op", until, within_s=None)
    await moments_of(pace, 50)
    assert redis.args[1][-1] == 1_000_000
    assert redis.args[2][-1] == pytest.approx(900_000, abs=1)
    assert redis.args[-1][-1] < 10_000


@virtual_time
async def test_call_in_time_leaves_without_another_word_to_redis() -> None:
    redis = ScriptedRedis()
    pace = scripted_pace(redis)
    until = await pace.take("op", within_s=None)
    hold_up(LATENESS_S - 0.001)
    assert not await pace.leave("op", until, within_s=None)
    assert len(redis.asked_at) == 1


@virtual_time
async def test_late_call_reserves_a_new_moment_and_leaves_in_it() -> None:
    redis = ScriptedRedis()
    pace = scripted_pace(redis)
    until = await pace.take("op", within_s=None)
    hold_up(LATENESS_S + 0.001)
    redis.answer = redis.soon
    assert await pace.leave("op", until, within_s=None)
    assert clock() == pytest.approx(LATENESS_S + 0.101, abs=1e-4)


@virtual_time
async def test_late_call_without_time_for_a_new_moment_is_too_late() -> None:
    redis = ScriptedRedis()
    pace = scripted_pace(redis)
    until = await pace.take("op", within_s=None)
    hold_up(1)
    redis.answer = redis.taken
    with pytest.raises(TooLateError):
        await pace.leave("op", until, within_s=0.4)


@virtual_time
async def test_late_call_and_one_in_the_queue_wait_for_moments_of_their_own() -> None:
    redis = ScriptedRedis()
    pace = scripted_pace(redis)
    until = await pace.take("op", within_s=None)
    hold_up(1)
    redis.answer = redis.soon
    async with asyncio.timeout(1), asyncio.TaskGroup() as waiting:
        waiting.create_task(pace.leave("op", until, within_s=None))
        waiting.create_task(pace.take("op", within_s=None))
    assert pace.next_s("op") == 0


@virtual_time
async def test_call_granted_without_redis_is_spaced_by_when_it_leaves() -> None:
    redis = ScriptedRedis()
    redis.answer = redis.gone
    pace = scripted_pace(redis)
    first, second = [await pace.take("op", within_s=None) for _ in range(2)]
    hold_up(0.2)
    assert not await pace.leave("op", first, within_s=None)
    with pytest.raises(TooLateError):
        await pace.leave("op", second, within_s=0.17)
    assert await pace.leave("op", second, within_s=0.19)
    assert clock() == pytest.approx(0.41 + 0.21 - LATENESS_S, abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
@virtual_time
async def test_replicas_that_are_held_up_together_stay_within_the_rate(seed: int) -> None:
    redis = KeepingRedis()
    left: list[float] = []
    draw = random.Random(seed)  # noqa: S311 - no secret, and the same in each run

    def busy() -> None:
        hold_up(draw.choice((0.0, 0.0, 0.01, 0.04, 0.3)))

    async def replica() -> None:
        pace = scripted_pace(redis)

        async def call() -> None:
            until = await pace.take("op", within_s=None)
            busy()
            await asyncio.sleep(0)
            await pace.leave("op", until, within_s=None)
            left.append(clock())
            busy()

        for _ in range(20):
            await asyncio.gather(call(), call())

    await asyncio.gather(replica(), replica())
    assert len(left) == 80
    assert most_in_a_second(left) <= 10


@virtual_time
async def test_moment_out_of_reach_is_too_late() -> None:
    redis = ScriptedRedis()
    redis.answer = redis.taken
    with pytest.raises(TooLateError) as caught:
        await scripted_pace(redis).take("op", within_s=0.1)
    assert caught.value.wait_s == 0.5


@virtual_time
async def test_without_redis_throttles_and_limits_still_count() -> None:
    redis = ScriptedRedis()
    redis.answer = redis.gone
    pace = scripted_pace(redis)
    await pace.throttled("op")
    assert pace.factor("op") == pytest.approx(0.5)
    assert pace.rate("op") == 10
    await pace.take("op", within_s=0)
    with pytest.raises(TooLateError):
        await pace.take("op", within_s=0.1)


@virtual_time
async def test_operation_without_a_rate_does_not_ask_redis() -> None:
    redis = ScriptedRedis()
    budget = Budget(pace=scripted_pace(redis), clock=clock)
    for _ in range(10):
        await budget.acquire("free")
    assert redis.asked_at == []


@virtual_time
async def test_account_is_not_readable_in_redis() -> None:
    redis = ScriptedRedis()
    await moments_of(scripted_pace(redis), 1)
    (key,) = redis.keys
    assert key.startswith("ota-gateway:budget:")
    assert key.endswith(":op")
    assert "acc" not in key.split(":")


async def test_redis_that_accepts_and_never_answers_is_left_alone() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        async with aclosing(connect(f"redis://127.0.0.1:{mute.getsockname()[1]}")) as redis:
            pace = SharedPace({"op": 100.0}, redis=redis, account="a", replicas=1)
            started = time.perf_counter()
            for _ in range(3):
                await pace.take("op", within_s=None)
            assert time.perf_counter() - started < 0.6


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with aclosing(connect(redis_url)) as client:
        yield client


def shared(redis: Redis, *, account: str = "a", rate: float = 10.0) -> SharedPace:
    return SharedPace({"op": rate, "other": rate}, redis=redis, account=account, replicas=2)


async def key_of(redis: Redis) -> str:
    (key,) = [key async for key in redis.scan_iter()]
    return cast("str", key)


@pytest.mark.redis
async def test_two_replicas_together_stay_within_the_rate(redis_url: str) -> None:
    moments: list[float] = []

    async def replica() -> None:
        async with aclosing(connect(redis_url)) as redis:
            budget = Budget(pace=shared(redis), max_concurrent=50)

            async def call() -> None:
                await budget.acquire("op")
                moments.append(time.monotonic())

            await asyncio.gather(*(call() for _ in range(14)))
            await budget.aclose()

    started = time.monotonic()
    await asyncio.gather(replica(), replica())
    assert most_in_a_second(moments) <= 10
    assert time.monotonic() - started < 28 * 0.105 + 1  # and they use what they may


@pytest.mark.redis
async def test_two_processes_together_stay_within_the_rate(redis_url: str) -> None:
    script = Path(__file__).with_name("shared_pace_process.py")
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, str(script), redis_url, "12"), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    moments = [float(line) for output, _ in outputs for line in output.split()]
    assert len(moments) == 24
    assert most_in_a_second(moments) <= 10


@pytest.mark.redis
async def test_persons_come_first_within_a_replica(redis: Redis) -> None:
    budget = Budget(pace=shared(redis, rate=50))
    order: list[str] = []

    async def call(name: str, priority: Priority) -> None:
        await budget.acquire("op", priority=priority)
        order.append(name)

    await asyncio.gather(
        call("background 1", Priority.BACKGROUND),
        call("background 2", Priority.BACKGROUND),
        call("person 1", Priority.PERSON),
        call("person 2", Priority.PERSON),
    )
    assert order == ["person 1", "person 2", "background 1", "background 2"]


@pytest.mark.redis
async def test_refused_moment_is_not_reserved(redis: Redis) -> None:
    one, two = shared(redis, rate=1), shared(redis, rate=1)
    await one.take("op", within_s=None)
    before = await redis.hget(await key_of(redis), "next")
    with pytest.raises(TooLateError) as caught:
        await two.take("op", within_s=0.5)
    assert 0.9 < caught.value.wait_s <= 1.05
    assert await redis.hget(await key_of(redis), "next") == before


@pytest.mark.redis
async def test_replica_that_was_held_up_reserves_longer_moments(redis: Redis) -> None:
    pace, other = shared(redis, rate=1), shared(redis, rate=1)
    await pace.take("op", within_s=None)
    (key,) = [key async for key in redis.scan_iter()]
    await redis.delete(key)
    assert await pace.leave("op", time.monotonic() - 0.4, within_s=None)  # 0.4 s late
    with pytest.raises(TooLateError) as caught:
        await other.take("op", within_s=0.5)
    assert 1.55 < caught.value.wait_s <= 1.05 + 1.5 * 0.4 + 0.05


@pytest.mark.redis
async def test_accounts_and_operations_have_their_own_pace(redis: Redis) -> None:
    for account in ("a", "b"):
        pace = shared(redis, account=account, rate=0.1)
        await pace.take("op", within_s=0.1)
        await pace.take("other", within_s=0.1)
    assert len([key async for key in redis.scan_iter()]) == 4


@pytest.mark.redis
async def test_throttle_slows_all_replicas_down_once_a_second(redis: Redis) -> None:
    one, two = shared(redis, rate=1000), shared(redis, rate=1000)
    await asyncio.gather(*(one.throttled("op") for _ in range(4)))
    await two.throttled("op")
    assert two.factor("op") == pytest.approx(0.5, abs=0.02)
    other = shared(redis, rate=1000)
    await other.take("op", within_s=None)
    assert other.factor("op") == pytest.approx(0.5, abs=0.02)
    assert other.spacing_s("op") == pytest.approx(0.0021, rel=0.05)


@pytest.mark.redis
async def test_rate_recovers_on_the_clock_of_redis(redis: Redis) -> None:
    pace = shared(redis, rate=1000)
    await pace.throttled("op")
    key = await key_of(redis)
    factors = []
    for ago_s in (0, 15, 30, 45):
        now_s, _ = await redis.time()
        await redis.hset(key, "cut_at", str((now_s - ago_s) * 1_000_000))
        await pace.take("op", within_s=None)
        factors.append(pace.factor("op"))
    assert factors == pytest.approx([0.5, 0.75, 1.0, 1.0], abs=0.04)


@pytest.mark.redis
async def test_throttles_do_not_go_below_a_tenth(redis: Redis) -> None:
    pace = shared(redis, rate=1000)
    await pace.throttled("op")
    key = await key_of(redis)
    for _ in range(6):
        now_s, _ = await redis.time()
        await redis.hset(key, "cut_at", str((now_s - 2) * 1_000_000))
        await pace.throttled("op")
    assert 0.1 <= pace.factor("op") < 0.17


@pytest.mark.redis
async def test_clock_that_was_set_back_does_not_stop_the_calls(redis: Redis) -> None:
    pace = shared(redis)
    await pace.take("op", within_s=None)
    now_s, _ = await redis.time()
    await redis.hset(await key_of(redis), "next", str((now_s + 3600) * 1_000_000))
    await pace.take("op", within_s=0.5)


@pytest.mark.redis
async def test_state_in_redis_goes_away_by_itself(redis: Redis) -> None:
    pace = shared(redis)
    await pace.take("op", within_s=None)
    assert 59 < await redis.ttl(await key_of(redis)) <= 61
    await pace.throttled("op")
    assert 100 < await redis.ttl(await key_of(redis)) <= 121
