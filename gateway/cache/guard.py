"""Fail open: a cache that is away costs its readers a moment once, and never an answer."""

import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from redis.exceptions import ResponseError

from gateway.domain.metrics import Metrics

T = TypeVar("T")

FAILURES_TO_OPEN: Final = 3
OPEN_S: Final = 1.0


class Guard:
    """Runs calls to the shared store, turns every failure into None, and counts it.

    Three failures in a row open a breaker for a second, during which calls return None at once.
    Then one call probes; the others go on returning None until it is back. A refusal that the
    server itself spells out (out of memory, read-only replica) is an answer: it costs one round
    trip, so it is counted but leaves the breaker closed, and reads go on being served.
    """

    def __init__(self, metrics: Metrics, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Start closed. `clock` is monotonic seconds."""
        self._metrics = metrics
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are skipped at this moment."""
        if self._opened_at is None:
            return False
        return self._probing or self._clock() - self._opened_at < OPEN_S

    async def run(self, operation: str, call: Callable[[], Awaitable[T]]) -> T | None:
        """Result of `call`; None if it failed or was skipped.

        Counts `cache.error` with `operation` and `reason`: `refused` if the server answered with
        an error, `unreachable` for all else.
        """
        if self.is_open:
            return None
        probe = self._opened_at is not None
        self._probing = probe
        try:
            result = await call()
        except ResponseError:
            self._metrics.count("cache.error", operation=operation, reason="refused")
            self._close()
            return None
        except Exception:  # noqa: BLE001 - whatever the client raises, a cache fails no read
            self._metrics.count("cache.error", operation=operation, reason="unreachable")
            self._fail(reopen=probe)
            return None
        finally:
            if probe:
                self._probing = False
        self._close()
        return result

    def _close(self) -> None:
        self._failures = 0
        self._opened_at = None

    def _fail(self, *, reopen: bool) -> None:
        self._failures += 1
        if reopen or self._failures >= FAILURES_TO_OPEN:
            self._opened_at = self._clock()
