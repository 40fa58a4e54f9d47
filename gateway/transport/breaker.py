"""Circuit breakers: a backend that does not answer is left alone for a while.

The breaker judges whether a backend answers, not what it says: a refusal, a throttle or an
unreadable reply is an answer. One broken object must not shut off a whole cloud.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.domain.errors import ProviderUnavailableError
from gateway.domain.metrics import Metrics, NoMetrics

_PROBE_UNDER_WAY_S: Final = 1.0


class BreakerState(StrEnum):
    """How a breaker stands."""

    CLOSED = "CLOSED"  # calls pass
    OPEN = "OPEN"  # calls fail at once
    HALF_OPEN = "HALF_OPEN"  # one call may try whether the backend is back
    UNKNOWN = "UNKNOWN"  # never taken; keeps a default branch in typed clients


class CircuitOpenError(ProviderUnavailableError):
    """Not sent: the backend failed lately and is left alone."""

    never_sent = True

    def __init__(self, *, retry_after_s: float) -> None:
        """Carry the seconds until a call may try again."""
        super().__init__(
            "The backend failed lately and is not asked for a moment.", retry_after_s=retry_after_s
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """When a breaker opens, and for how long; times in seconds.

    It opens at `consecutive` failures in a row, or if at least `failure_ratio` of no fewer than
    `least_calls` calls failed within `window_s`; for `open_s`, twice as long after each probe that
    fails, up to `longest_open_s`.
    """

    consecutive: int = 5
    failure_ratio: float = 0.5
    least_calls: int = 20
    window_s: float = 10.0
    open_s: float = 5.0
    longest_open_s: float = 60.0


class Permit:
    """Leave for one call; tell it how the call went, if that says anything about the backend."""

    def __init__(self, breaker: "Breaker", generation: int, *, probe: bool) -> None:
        """Remember under which state of `breaker` the leave was given."""
        self._breaker = breaker
        self._generation = generation
        self.probe = probe

    def confirm(self) -> None:
        """Ask again after a wait.

        Raises:
            CircuitOpenError: the breaker opened meanwhile.
        """
        self._breaker.confirm(self._generation)

    def answered(self) -> None:
        """The backend answered, whatever it said."""
        self._breaker.record(self._generation, failed=False)

    def failed(self) -> None:
        """The backend could not be reached, broke off or took too long."""
        self._breaker.record(self._generation, failed=True)


class Breaker:
    """The breaker of one class of operations of one backend."""

    def __init__(
        self,
        *,
        policy: BreakerPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        """Start closed; `opened` is called each time it opens."""
        self._policy = policy or BreakerPolicy()
        self._clock = clock
        self._opened = opened
        self._open_until: float | None = None  # None: closed
        self._open_s = self._policy.open_s
        self._probing = False
        # Each opening and closing starts a generation: a call that was let through in an earlier
        # one tells about the past, and is not counted.
        self._generation = 0
        self._in_a_row = 0
        self._recent: deque[tuple[float, bool]] = deque()
        self._recent_failures = 0

    @property
    def state(self) -> BreakerState:
        """How it stands now."""
        if self._open_until is None:
            return BreakerState.CLOSED
        waiting = self._clock() < self._open_until
        return BreakerState.OPEN if waiting else BreakerState.HALF_OPEN

    @contextmanager
    def admit(self) -> Iterator[Permit]:
        """Let one call through.

        When half open, that call is the only one until it ends. If it ends without a verdict
        (cancelled, or held up by our own limits), the next call is let through instead.

        Raises:
            CircuitOpenError: open, or half open with a call under way.
        """
        probe = self._open_until is not None
        if probe:
            self._refuse_unless_free()
            self._probing = True
        generation = self._generation
        try:
            yield Permit(self, generation, probe=probe)
        finally:
            if probe and generation == self._generation:
                self._probing = False

    def confirm(self, generation: int) -> None:
        """See `Permit.confirm`."""
        if generation != self._generation and self._open_until is not None:
            # Even when it is time for a probe: those who queued before are many, the probe is one.
            left_s = self._open_until - self._clock()
            raise CircuitOpenError(retry_after_s=max(left_s, _PROBE_UNDER_WAY_S))

    def record(self, generation: int, *, failed: bool) -> None:
        """Count how a call went that was let through in `generation`."""
        if generation != self._generation:
            return
        if self._open_until is not None:
            if failed:
                self._open(min(self._open_s * 2, self._policy.longest_open_s))
            else:
                self._close()
        else:
            self._count(failed=failed)
            if failed and self._is_too_much():
                self._open(self._policy.open_s)

    def _refuse_unless_free(self) -> None:
        left_s = 0.0 if self._open_until is None else self._open_until - self._clock()
        if left_s > 0:
            raise CircuitOpenError(retry_after_s=left_s)
        if self._probing:
            raise CircuitOpenError(retry_after_s=_PROBE_UNDER_WAY_S)

    def _count(self, *, failed: bool) -> None:
        self._in_a_row = self._in_a_row + 1 if failed else 0
        now = self._clock()
        self._recent.append((now, failed))
        self._recent_failures += failed
        while self._recent[0][0] <= now - self._policy.window_s:
            self._recent_failures -= self._recent.popleft()[1]

    def _is_too_much(self) -> bool:
        calls = len(self._recent)
        return self._in_a_row >= self._policy.consecutive or (
            calls >= self._policy.least_calls
            and self._recent_failures >= self._policy.failure_ratio * calls
        )

    def _open(self, open_s: float) -> None:
        self._open_s = open_s
        self._open_until = self._clock() + open_s
        self._start_anew()
        self._opened()

    def _close(self) -> None:
        self._open_until = None
        self._start_anew()

    def _start_anew(self) -> None:
        self._generation += 1
        self._probing = False
        self._in_a_row = 0
        self._recent.clear()
        self._recent_failures = 0


class Breakers:
    """The breakers of one backend, one for each class of operations."""

    def __init__(
        self,
        *,
        backend: str = "",
        classify: Callable[[str], str] = lambda _operation: "read",
        policy: BreakerPolicy | None = None,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`classify` gives the class of an operation that may be repeated: `read`, `auth`, ..."""
        self._backend = backend
        self._classify = classify
        self._policy = policy
        self._metrics = metrics or NoMetrics()
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    def of(self, operation: str, *, repeatable: bool = True) -> Breaker:
        """The breaker that watches over `operation`.

        What may not be repeated is a `write`: a cloud that fails at those still answers reads, and
        no write is ever the probe that finds out whether reads work again.
        """
        kind = self._classify(operation) if repeatable else "write"
        if kind not in self._breakers:
            self._breakers[kind] = Breaker(
                policy=self._policy,
                clock=self._clock,
                opened=lambda: self._metrics.count(
                    "breaker.opened", backend=self._backend, operation_class=kind
                ),
            )
        return self._breakers[kind]

    def states(self) -> Mapping[str, BreakerState]:
        """State by class of operations; classes that were never called are absent."""
        return {kind: breaker.state for kind, breaker in sorted(self._breakers.items())}
