"""The open sockets and event streams: how many there are, and when each has to end."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from gateway.app.graphql.limits import Limits
from gateway.app.graphql.replies import Refused, Why
from gateway.domain.principal import Principal

_LOOK_S: Final = 3600.0
"""How often the end of credentials is looked at that is far away: a clock may be set."""


class Ending(Enum):
    """Why the gateway ends a stream."""

    EXPIRED = "the credentials have expired; sign in again"
    RESTART = "the gateway restarts; connect again"


class Place:
    """The place of one open stream, and how it is told to end."""

    def __init__(self, end: Callable[[Ending], None]) -> None:
        """`end` is called at most once for each reason."""
        self.end = end
        self.timer: asyncio.TimerHandle | None = None


class OpenStreams:
    """Every socket and event stream that is open, in this process."""

    def __init__(
        self, limits: Limits, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Begin with none. `now` is aware; credentials end by it."""
        self._limits = limits
        self._now = now
        self._open: set[Place] = set()
        self._by_principal: Counter[tuple[str, str]] = Counter()
        self._is_closing = False

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def principals(self) -> int:
        """How many have some open, whoever did not sign in counting as one."""
        return len(self._by_principal)

    @contextmanager
    def opened(self, end: Callable[[Ending], None]) -> Iterator[Place]:
        """Hold a place for as long as the block runs; `end` is called if it has to end before.

        Raises:
            Refused: too many are open, or the gateway is stopping.
        """
        if self._is_closing:
            raise Refused(Why.SHUTTING_DOWN)
        if len(self._open) >= self._limits.max_streams:
            raise Refused(Why.OVERLOADED, "as many connections are open as may be")
        place = Place(end)
        self._open.add(place)
        try:
            yield place
        finally:
            self._open.discard(place)
            if place.timer is not None:
                place.timer.cancel()

    @contextmanager
    def belonging(self, place: Place, principal: Principal) -> Iterator[None]:
        """Count the stream as one of `principal`'s, and end it with their credentials.

        Whoever did not sign in is everybody, and not held to what one may have.

        Raises:
            Refused: they have as many open as they may.
        """
        key = (principal.tenant, principal.id)
        is_somebody = principal != Principal.anonymous()
        if is_somebody and self._by_principal[key] >= self._limits.max_streams_each:
            raise Refused(Why.TOO_MANY_STREAMS)
        self._by_principal[key] += 1
        if principal.expires_at is not None:
            self._watch(place, principal.expires_at)
        try:
            yield
        finally:
            self._by_principal[key] -= 1
            if not self._by_principal[key]:
                del self._by_principal[key]

    def end_all(self) -> None:
        """Tell every stream to end, and take no new one."""
        self._is_closing = True
        for place in tuple(self._open):
            place.end(Ending.RESTART)

    def _watch(self, place: Place, expires_at: datetime) -> None:
        left_s = (expires_at - self._now()).total_seconds()
        if left_s <= 0:
            place.end(Ending.EXPIRED)
            return
        place.timer = asyncio.get_running_loop().call_later(
            min(left_s, _LOOK_S), self._watch, place, expires_at
        )
