"""How late the event loop is: whatever blocks it holds up every request at once."""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

_EVERY_S: Final = 0.25
_WINDOW_S: Final = 60.0
_WARN_S: Final = 0.1
_QUIET_S: Final = 10.0

_log = logging.getLogger("gateway.loop")


class LoopLag:
    """Sleeps over and over, and notes how much later than asked it wakes."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Measure nothing before `watch`."""
        self._clock = clock
        self._sleep = sleep
        self._due: float | None = None
        self._worst: deque[tuple[float, float]] = deque()
        self._warned_at = -math.inf

    async def watch(self) -> None:
        """Measure until cancelled. More than 100 ms is logged, at most once in ten seconds."""
        try:
            while True:
                self._due = self._clock() + _EVERY_S
                await self._sleep(_EVERY_S)
                self._note(self._clock())
        finally:
            self._due = None

    def worst_s(self) -> float:
        """The longest lag within the last minute, in seconds; one that goes on counts too."""
        self._forget(self._clock())
        return max(self.behind_s(), self._worst[0][1] if self._worst else 0.0)

    def behind_s(self) -> float:
        """How late the loop is at this moment, in seconds: its watch should have woken by then."""
        return 0.0 if self._due is None else max(0.0, self._clock() - self._due)

    def _note(self, now: float) -> None:
        lag_s = self.behind_s()
        # Only what no later and longer lag outlives can ever be the worst: the rest is let go.
        while self._worst and self._worst[-1][1] <= lag_s:
            self._worst.pop()
        self._worst.append((now, lag_s))
        self._forget(now)
        if lag_s > _WARN_S and now - self._warned_at >= _QUIET_S:
            self._warned_at = now
            _log.warning("loop.lag", extra={"lag_ms": round(lag_s * 1000)})

    def _forget(self, now: float) -> None:
        while self._worst and self._worst[0][0] <= now - _WINDOW_S:
            self._worst.popleft()
