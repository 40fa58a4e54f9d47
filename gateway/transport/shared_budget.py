"""One pace for all replicas, kept in Redis, so that together they stay within the vendor's rate.

A replica reserves one moment at a time, for whoever then heads its own queue, so that replicas take
turns and priorities hold within each. Without Redis a replica goes on with its share of the rate.

Nobody can tell the other replicas that a call left late. A moment that was missed is given up, and
a replica that misses them, because its event loop is busy, reserves longer ones: it may then leave
at any time of its moment, and the others' come after that.
"""

import asyncio
import hashlib
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Final, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from gateway.domain.metrics import Metrics, NoMetrics
from gateway.transport.pace import (
    CUT_INTERVAL_S,
    LATENESS_S,
    RECOVERY_S,
    SLOWEST,
    LocalPace,
    TooLateError,
)

_log = logging.getLogger(__name__)

OPERATION_LIMIT_S: Final = 0.25
AWAY_S: Final = 1.0

# How much longer a moment gets than the last one was overrun by, how fast that wears off with each
# call that was in time, and where it ends: a replica that slow is of no use.
_STRETCH_RATIO: Final = 1.5
_STRETCH_DECAY: Final = 0.9
_LONGEST_STRETCH_S: Final = 1.0

# The state of one operation, a hash: `next` is the next free moment and `cut_at` the last throttle,
# both in microseconds on Redis' clock; `factor` is the share of the rate right after that throttle.
# Numbers are formatted by hand: Lua would write 1.7e+15 and lose digits.
_STATE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local state = redis.call('HMGET', KEYS[1], 'next', 'factor', 'cut_at')
local factor = 1
if state[2] then
    factor = math.min(1, state[2] + (now - state[3]) / (ARGV[2] * 1000000))
end
local spacing = math.ceil(ARGV[1] / factor)
"""

# ARGV: spacing in microseconds at the full rate, recovery in seconds, longest wait in microseconds
# (negative: any), how much longer than usual the moment is to be, in microseconds. Answers
# {1 or 0 for too late, wait in microseconds, factor}.
# A moment ten minutes ahead comes from a clock that was set back, not from a queue.
_RESERVE: Final = (
    _STATE
    + """
local at = math.max(now, tonumber(state[1] or 0))
if at - now > 600000000 then at = now end
local wait = at - now
local within = tonumber(ARGV[3])
if within >= 0 and wait > within then return {0, wait, tostring(factor)} end
redis.call('HSET', KEYS[1], 'next', string.format('%.0f', at + spacing + ARGV[4]))
redis.call('PEXPIRE', KEYS[1], math.ceil((wait + spacing + ARGV[4]) / 1000) + ARGV[2] * 1000)
return {1, wait, tostring(factor)}
"""
)

# ARGV: as above, then the lowest factor and the least time between two cuts in seconds.
_CUT: Final = (
    _STATE
    + """
if state[3] and now - state[3] < ARGV[4] * 1000000 then return tostring(factor) end
factor = math.max(tonumber(ARGV[3]), factor / 2)
redis.call('HSET', KEYS[1], 'factor', tostring(factor), 'cut_at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], 2 * ARGV[2] * 1000)
return tostring(factor)
"""
)


def connect(url: str) -> Redis:
    """A client of `url` that fails fast, for `SharedPace`; its owner closes it with `aclose`."""
    pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
        url,
        max_connections=16,
        timeout=OPERATION_LIMIT_S,
        socket_timeout=OPERATION_LIMIT_S,
        socket_connect_timeout=OPERATION_LIMIT_S,
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
    )
    return Redis.from_pool(pool)


class SharedPace:
    """The pace of one account over all replicas that use the same Redis."""

    def __init__(
        self,
        rates: Mapping[str, float],
        *,
        redis: Redis,
        account: str,
        replicas: int,
        default_rate: float | None = None,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take calls a second by operation, for the whole `account`.

        `account` is what the vendor counts by; only its hash goes to Redis. `replicas` is how many
        processes share it at most; each goes on with that part of the rate while Redis is away.
        """
        self._nominal = LocalPace(rates, default_rate=default_rate, clock=clock)
        self._alone = LocalPace(
            {operation: rate / replicas for operation, rate in rates.items()},
            default_rate=None if default_rate is None else default_rate / replicas,
            clock=clock,
        )
        self._redis = redis
        self._reserve = redis.register_script(_RESERVE)
        self._cut = redis.register_script(_CUT)
        self._account = hashlib.sha256(account.encode()).hexdigest()[:24]
        self._metrics = metrics or NoMetrics()
        self._clock = clock
        self._away_until = -math.inf
        self._stretch_s = 0.0
        self._reserved: dict[str, float] = {}
        self._factors: dict[str, tuple[float, float]] = {}

    def take_now(self, operation: str) -> bool:
        """See `Pace.take_now`; of a limited operation only Redis knows."""
        return self.rate(operation) is None

    async def take(self, operation: str, *, within_s: float | None) -> float:
        """See `Pace.take`."""
        give_up_at = math.inf if within_s is None else self._clock() + within_s
        while True:
            reserved = await self._reserve_moment(operation, give_up_at)
            if reserved is None:
                until = await self._alone.take(
                    operation, within_s=None if within_s is None else give_up_at - self._clock()
                )
                self._nominal.note(operation)
                return until
            moment, until = reserved
            await self._wait_for(operation, moment)
            if self._is_in_time(until):
                self._alone.note(operation)
                return until
            self._metrics.count("budget.shared_missed", operation=operation)

    async def leave(self, operation: str, until: float, /, *, within_s: float | None) -> bool:
        """See `Pace.leave`; the moment of a call that is late is given up for a new one."""
        if self.rate(operation) is None:
            return False
        if until < math.inf and self._is_in_time(until):
            return False
        give_up_at = math.inf if within_s is None else self._clock() + within_s
        missed = until < math.inf
        if missed:
            until = await self.take(operation, within_s=within_s)
        if until == math.inf:  # granted without Redis
            left_s = None if within_s is None else give_up_at - self._clock()
            missed |= await self._alone.leave(operation, until, within_s=left_s)
            self._nominal.note(operation)
        return missed

    async def throttled(self, operation: str) -> None:
        """See `Pace.throttled`; all replicas slow down."""
        await self._alone.throttled(operation)
        answer = await self._ask(self._cut, operation, SLOWEST, CUT_INTERVAL_S)
        if answer is not None:
            self._factors[operation] = (float(cast("str", answer)), self._clock())

    def next_s(self, operation: str) -> float:
        """See `Pace.next_s`; other replicas may make it later."""
        if operation in self._reserved:
            return max(0.0, self._reserved[operation] - self._clock())
        return (self._alone if self._is_away() else self._nominal).next_s(operation)

    def spacing_s(self, operation: str) -> float:
        """See `Pace.spacing_s`; as if no other replica called."""
        if self._is_away():
            return self._alone.spacing_s(operation)
        return self._nominal.spacing_s(operation) / self.factor(operation)

    def rate(self, operation: str) -> float | None:
        """See `Pace.rate`; of the whole account."""
        return self._nominal.rate(operation)

    def factor(self, operation: str) -> float:
        """See `Pace.factor`; as of the last answer of Redis."""
        if operation not in self._factors:
            return self._alone.factor(operation)
        factor, seen_at = self._factors[operation]
        return min(1.0, factor + (self._clock() - seen_at) / RECOVERY_S)

    async def _reserve_moment(
        self, operation: str, give_up_at: float
    ) -> tuple[float, float] | None:
        """The reserved moment on our clock, and its end; None while Redis is away."""
        asked_at = self._clock()
        left_s = give_up_at - asked_at
        within_us = -1 if left_s == math.inf else max(0, math.floor(left_s * 1e6))
        stretch_s = self._stretch_s
        answer = await self._ask(self._reserve, operation, within_us, round(stretch_s * 1e6))
        if answer is None:
            return None
        granted, wait_us, factor = cast("tuple[int, int, str]", answer)
        self._factors[operation] = (float(factor), self._clock())
        wait_s = wait_us / 1e6
        if not granted:
            raise TooLateError(wait_s)
        # Redis looked at its clock at some time between question and answer: the moment does not
        # begin before the one, nor end after the other.
        until = asked_at + wait_s + stretch_s + LATENESS_S
        # It does not know what this replica sent while it was away; `_nominal` does.
        return self._clock() + max(wait_s, self._nominal.next_s(operation)), until

    def _is_in_time(self, until: float) -> bool:
        overrun_s = self._clock() - until
        if overrun_s <= 0:
            self._stretch_s *= _STRETCH_DECAY
            return True
        self._stretch_s = min(_LONGEST_STRETCH_S, self._stretch_s + _STRETCH_RATIO * overrun_s)
        return False

    async def _wait_for(self, operation: str, moment: float) -> None:
        self._reserved[operation] = moment
        try:
            await asyncio.sleep(max(0.0, moment - self._clock()))
        finally:
            if self._reserved.get(operation) == moment:  # a call that was late may have a later one
                del self._reserved[operation]

    async def _ask(self, script: AsyncScript, operation: str, *arguments: float) -> object | None:
        if self._is_away():
            return None
        spacing_us = math.ceil(self._nominal.spacing_s(operation) * 1e6)
        try:
            async with asyncio.timeout(OPERATION_LIMIT_S):
                answer: object = await script(
                    keys=[f"ota-gateway:budget:{self._account}:{operation}"],
                    args=[spacing_us, RECOVERY_S, *arguments],
                )
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = self._clock() + AWAY_S
            self._metrics.count("budget.shared_lost", operation=operation)
            _log.warning("budget.shared_lost", extra={"cause": type(error).__name__})
            return None
        return answer

    def _is_away(self) -> bool:
        return self._clock() < self._away_until
