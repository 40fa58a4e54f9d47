"""How often one principal may ask: a token bucket for each."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.access.recent import Recent
from gateway.domain.errors import TooManyRequestsError

_MAX_PRINCIPALS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRate:
    """Requests a second that one principal may make in the long run, and at once after a rest.

    `per_second` of 0 sets no limit. `burst` is at least 1.
    """

    per_second: float = 50.0
    burst: int = 100


class RequestLimit:
    """Buckets by principal, in this process alone: each replica gives the whole rate.

    A bucket is kept as one number, the time at which it will be full again (the generic cell rate
    algorithm). The principals seen least recently are forgotten, which fills their buckets.
    """

    def __init__(
        self,
        rate: RequestRate,
        *,
        clock: Callable[[], float] = time.monotonic,
        max_principals: int = _MAX_PRINCIPALS,
    ) -> None:
        """`clock` is monotonic seconds."""
        self._interval_s = 1 / rate.per_second if rate.per_second > 0 else 0.0
        self._depth_s = rate.burst * self._interval_s
        self._clock = clock
        self._full_at: Recent[str, float] = Recent(max_entries=max_principals)

    def charge(self, principal_id: str) -> None:
        """Take one request out of the bucket of `principal_id`.

        Raises:
            TooManyRequestsError: it is empty; says when one request will be in it again.
        """
        if self._interval_s == 0:
            return
        now = self._clock()
        full_at = max(self._full_at.get(principal_id) or now, now) + self._interval_s
        missing_s = full_at - now - self._depth_s
        # The sum of many intervals is off by some last digits, which must not cost a request.
        if missing_s > self._interval_s * 1e-6:
            message = "you ask more often than you may; wait, and ask less often"
            raise TooManyRequestsError(message, retry_after_s=missing_s)
        self._full_at.put(principal_id, full_at)
