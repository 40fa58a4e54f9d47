"""When a failed call is sent again."""

import random
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from gateway.domain.errors import (
    GatewayError,
    ProviderRateLimitedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.transport.addresses import PrivateAddressError
from gateway.transport.breaker import CircuitOpenError
from gateway.transport.errors import NeverSentError
from gateway.transport.policy import UpstreamPolicy

_THROTTLE_PAUSE_S: Final = 1.0
_WINDOW_S: Final = 10.0


class RetryBudget:
    """How many retries a backend is asked to bear: a tenth of its calls, but at least one a second.

    Both over the last ten seconds. Without it, each outage would be met with three times the load.
    """

    def __init__(
        self,
        *,
        ratio: float = 0.1,
        floor_per_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with no calls counted."""
        self._ratio = ratio
        self._floor = floor_per_s * _WINDOW_S
        self._clock = clock
        self._calls: deque[float] = deque()
        self._retries: deque[float] = deque()

    def note_call(self) -> None:
        """Count a call, once however often it is sent."""
        self._calls.append(self._clock())
        self._forget_old()

    def pay(self) -> bool:
        """Take one retry from the budget; False if it is used up."""
        self._forget_old()
        if len(self._retries) + 1 > max(self._floor, self._ratio * len(self._calls)):
            return False
        self._retries.append(self._clock())
        return True

    def _forget_old(self) -> None:
        oldest = self._clock() - _WINDOW_S
        for events in (self._calls, self._retries):
            while events and events[0] <= oldest:
                events.popleft()


class RetryRule:
    """Decides whether a failed call is sent again, and after which wait."""

    def __init__(
        self,
        *,
        policy: UpstreamPolicy,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """`draw` gives numbers from 0 up to 1 for the jitter."""
        self._policy = policy
        self._clock = clock
        self._draw = draw
        self._budget = RetryBudget(clock=clock)

    def note_call(self) -> None:
        """Count a call towards the retry budget."""
        self._budget.note_call()

    def wait_s(
        self, error: GatewayError, *, attempt: int, repeatable: bool, deadline: float | None
    ) -> float | None:
        """Seconds to wait before sending again; None if the call has failed for good.

        `attempt` counts from 1. Where only the time is lacking for another attempt, `error` is told
        after how long its caller may try again.
        """
        if not _may_repeat(error, repeatable=repeatable):
            return None
        wait_s = self._pause_s(error, attempt)
        left_s = self._policy.longest_wait_s
        if deadline is not None:
            left_s = min(left_s, deadline - self._clock())
        if wait_s >= left_s:
            error.retry_after_s = wait_s
            return None
        if attempt >= self._policy.max_attempts or not self._budget.pay():
            return None
        return wait_s

    def _pause_s(self, error: GatewayError, attempt: int) -> float:
        asked_s = error.retry_after_s or 0.0
        if isinstance(error, ProviderRateLimitedError):
            return max(_THROTTLE_PAUSE_S * (1 + self._draw() / 2), asked_s)
        return max(self._draw() * self._policy.backoff_s * 2.0 ** (attempt - 1), asked_s)


def _may_repeat(error: GatewayError, *, repeatable: bool) -> bool:
    if isinstance(error, CircuitOpenError | PrivateAddressError):
        return False  # what the breaker, and the rule on addresses, are there to prevent
    if isinstance(error, NeverSentError | ProviderRateLimitedError):
        return True  # not executed, so that even a write can be sent again
    return repeatable and isinstance(error, ProviderUnavailableError | ProviderTimeoutError)
