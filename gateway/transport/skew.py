"""The time that calls to one backend are signed with.

A cloud refuses what is signed with a time too far from its own. Its reply says by `Date` what its
own time is, so a gateway whose clock is off can correct itself. The header is looked at in such
refusals only, and what it says is believed for one more attempt: not before that was accepted is
it the time of the calls that follow. So a `Date` that lies (of some box in between, say) costs one
attempt, and never makes right signatures wrong.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.domain.errors import ProviderAuthError
from gateway.domain.metrics import Metrics, NoMetrics
from gateway.transport.http_date import http_date
from gateway.transport.request import Reply, Request

_TOLERATED_S: Final = 60.0
_RESOLUTION_S: Final = 1.0  # of `Date`, which is cut off, not rounded
# A date further off is none: adding it to the time might leave the calendar.
_BELIEVABLE_S: Final = 100 * 366 * 86_400.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skew:
    """How many seconds a backend's clock is ahead of this machine's: `least_s` to `most_s`.

    The two differ by the resolution of `Date` and by the time of the exchange, as the reply may
    have been dated at any moment of it.
    """

    least_s: float
    most_s: float

    @property
    def estimate_s(self) -> float:
        """The middle; 0 if it may be that both clocks agree."""
        return 0.0 if self.least_s <= 0 <= self.most_s else (self.least_s + self.most_s) / 2

    def is_far_from(self, offset_s: float) -> bool:
        """Tell whether `offset_s` is certainly wrong, by more than a minute."""
        return self.least_s - offset_s > _TOLERATED_S or offset_s - self.most_s > _TOLERATED_S


class RefusedTimeError(ProviderAuthError):
    """The backend refuses the time or the signature of a call, which was therefore not executed.

    `skew` is what the reply's `Date` says; None if it says nothing.
    """

    skew: Skew | None = None


class UpstreamClock:
    """The time as one backend has it, once that is known to be off from this machine's."""

    def __init__(
        self,
        *,
        backend: str,
        metrics: Metrics | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Believe `now`, aware, until a backend proves it wrong."""
        self._backend = backend
        self._metrics = metrics or NoMetrics()
        self._now = now
        self._offset_s = 0.0

    @property
    def offset_s(self) -> float:
        """Seconds that the backend is ahead of this machine."""
        return self._offset_s

    def now(self) -> datetime:
        """The backend's time."""
        return self._now() + timedelta(seconds=self._offset_s)

    @contextmanager
    def supposing(self, offset_s: float) -> Iterator[None]:
        """Be so far ahead for the length of the block, which must not wait for anything."""
        adopted, self._offset_s = self._offset_s, offset_s
        try:
            yield
        finally:
            self._offset_s = adopted

    def adopt(self, skew: Skew) -> None:
        """Be ahead by `skew` from now on; counted and logged, unless another call told as much."""
        if not skew.is_far_from(self._offset_s):
            return
        self._offset_s = skew.estimate_s
        self._metrics.count("provider.clock_skew", backend=self._backend)
        _log.warning(
            "provider.clock_skew",
            extra={"backend": self._backend, "offset_s": round(self._offset_s)},
        )


class CallTime:
    """The time that the attempts of one call are signed with; it is corrected once at most."""

    def __init__(self, clock: UpstreamClock) -> None:
        """Sign with what `clock` says at each attempt, until that is refused."""
        self._clock = clock
        self._signed_s = clock.offset_s
        self._skew: Skew | None = None

    def stamp(self, build: Callable[[], Request]) -> Request:
        """What `build` makes, at this call's time."""
        self._signed_s = self._clock.offset_s if self._skew is None else self._skew.estimate_s
        with self._clock.supposing(self._signed_s):
            return build()

    def is_corrected_after(self, error: BaseException) -> bool:
        """Tell whether the next attempt will have another time, which may help against `error`."""
        if self._skew is not None or not isinstance(error, RefusedTimeError):
            return False
        if error.skew is None or not error.skew.is_far_from(self._signed_s):
            return False
        self._skew = error.skew
        return True

    def proved_right(self) -> None:
        """The last attempt was accepted: if its time was a corrected one, it holds for all."""
        if self._skew is not None:
            self._clock.adopt(self._skew)


@contextmanager
def measuring_skew(reply: Reply, *, now: datetime, took_s: float) -> Iterator[None]:
    """Tell a `RefusedTimeError` that the block raises what `reply` says about the time.

    `now` is this machine's time as the reply came, `took_s` seconds after the request had left.
    """
    try:
        yield
    except RefusedTimeError as error:
        error.skew = _measured(reply.headers.get("date"), now=now, took_s=took_s)
        raise


def _measured(date: str | None, *, now: datetime, took_s: float) -> Skew | None:
    moment = None if date is None else http_date(date)
    if moment is None:
        return None
    ahead_s = (moment - now).total_seconds()
    if abs(ahead_s) > _BELIEVABLE_S:
        return None
    return Skew(least_s=ahead_s, most_s=ahead_s + took_s + _RESOLUTION_S)
