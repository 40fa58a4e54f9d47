"""When the next call of an operation may leave: evenly spaced, slower after a throttle.

A limiter that hands out ten permits at once and ten more a second later lets twenty calls out
within one second of the vendor's clock. Calls are spaced instead (GCRA with a burst of one).

Between the moment that a call is granted and the moment its bytes leave lie a new connection or a
busy event loop. A call that they held up would bunch with those behind it, so that each one is
looked at again as it leaves.
"""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final, Protocol

# Calls leave a little further apart than the rate asks, 105 ms at 10/s: the eleventh call of any
# window then has 50 ms of room for the jitter of event loop and network.
SPACING_MARGIN: Final = 1.05

# How long after its moment a call may leave. Less than those 50 ms, which are for the network too.
LATENESS_S: Final = 0.03

SLOWEST: Final = 0.1
RECOVERY_S: Final = 60.0
CUT_INTERVAL_S: Final = 1.0


class TooLateError(Exception):
    """The next free moment is further away than the caller can wait; nothing was taken."""

    def __init__(self, wait_s: float) -> None:
        """Carry the seconds until the next free moment."""
        super().__init__()
        self.wait_s = wait_s


class Pace(Protocol):
    """Hands out the moments at which calls may leave, one after the other for each operation."""

    def take_now(self, operation: str) -> bool:
        """Take the present moment if it is known to be free, without waiting."""
        ...

    async def take(self, operation: str, *, within_s: float | None) -> float:
        """Wait for the next free moment and take it; the call may leave on return.

        Returns until when it may: what `leave` wants to know.

        Raises:
            TooLateError: that moment is more than `within_s` seconds away.
        """
        ...

    async def leave(self, operation: str, until: float, /, *, within_s: float | None) -> bool:
        """Look at a call again as it leaves; one that was held up may have to wait once more.

        It must leave on return, without giving way to anything else. `until` is what `take`
        returned, infinite after `take_now`. Tells whether the call was held up and had to wait.

        Raises:
            TooLateError: it would have to wait longer than `within_s`.
        """
        ...

    async def throttled(self, operation: str) -> None:
        """Halve the rate, at most once a second and not below a tenth; it recovers within 60 s."""
        ...

    def next_s(self, operation: str) -> float:
        """Seconds until the next free moment, as far as known here; 0 for now."""
        ...

    def spacing_s(self, operation: str) -> float:
        """Seconds between two calls at the present rate; 0 if the operation is not limited."""
        ...

    def rate(self, operation: str) -> float | None:
        """Nominal calls a second; None if the operation is not limited."""
        ...

    def factor(self, operation: str) -> float:
        """Present share of the nominal rate, 0.1 to 1."""
        ...


class LocalPace:
    """The pace of one process on its own."""

    def __init__(
        self,
        rates: Mapping[str, float],
        *,
        default_rate: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take calls a second by operation; `default_rate` for any other, None for no limit."""
        for rate in (*rates.values(), *(() if default_rate is None else (default_rate,))):
            if not rate > 0:
                message = f"a rate must be more than 0 calls a second, got {rate}"
                raise ValueError(message)
        self._rates = dict(rates)
        self._default_rate = default_rate
        self._clock = clock
        self._last: dict[str, float] = {}
        self._left: dict[str, float] = {}
        self._exits: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._cuts: dict[str, tuple[float, float]] = {}

    def take_now(self, operation: str) -> bool:
        """See `Pace.take_now`."""
        if self.next_s(operation) > 0:
            return False
        self.note(operation)
        return True

    async def take(self, operation: str, *, within_s: float | None) -> float:
        """See `Pace.take`; any time, since `leave` goes by what has left."""
        wait_s = self.next_s(operation)
        if within_s is not None and wait_s > within_s:
            raise TooLateError(wait_s)
        while wait_s > 0:
            await asyncio.sleep(wait_s)
            wait_s = self.next_s(operation)  # a throttle in between moves it further away
        self.note(operation)
        return math.inf

    async def leave(self, operation: str, _until: float, /, *, within_s: float | None) -> bool:
        """See `Pace.leave`; the moment of a call that left late counts from when it left."""
        if self.rate(operation) is None:
            return False
        give_up_at = math.inf if within_s is None else self._clock() + within_s
        waited = False
        async with self._exits[operation]:  # first come, first served
            while (wait_s := self._exit_s(operation)) > 0:
                if self._clock() + wait_s > give_up_at:
                    raise TooLateError(wait_s)
                waited = True
                await asyncio.sleep(wait_s)
            earliest = self._left.get(operation, -math.inf) + self.spacing_s(operation)
            moment = max(earliest, self._clock() - LATENESS_S)
            self._left[operation] = moment
            self._last[operation] = max(moment, self._last.get(operation, -math.inf))
        return waited

    async def throttled(self, operation: str) -> None:
        """See `Pace.throttled`."""
        now = self._clock()
        _, cut_at = self._cuts.get(operation, (1.0, now - CUT_INTERVAL_S))
        if now - cut_at >= CUT_INTERVAL_S:
            self._cuts[operation] = (max(SLOWEST, self.factor(operation) / 2), now)

    def note(self, operation: str) -> None:
        """Count a call that leaves now, whoever allowed it."""
        self._last[operation] = self._clock()

    def next_s(self, operation: str) -> float:
        """See `Pace.next_s`."""
        last = self._last.get(operation)
        if last is None:
            return 0.0
        return max(0.0, last + self.spacing_s(operation) - self._clock())

    def _exit_s(self, operation: str) -> float:
        left = self._left.get(operation)
        return 0.0 if left is None else left + self.spacing_s(operation) - self._clock()

    def spacing_s(self, operation: str) -> float:
        """See `Pace.spacing_s`."""
        rate = self.rate(operation)
        return 0.0 if rate is None else SPACING_MARGIN / (rate * self.factor(operation))

    def rate(self, operation: str) -> float | None:
        """See `Pace.rate`."""
        return self._rates.get(operation, self._default_rate)

    def factor(self, operation: str) -> float:
        """See `Pace.factor`; it grows by a sixtieth of the nominal rate each second."""
        kept = self._cuts.get(operation)
        if kept is None:
            return 1.0
        factor, cut_at = kept
        return min(1.0, factor + (self._clock() - cut_at) / RECOVERY_S)
