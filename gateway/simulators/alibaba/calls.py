"""What was asked of the simulator: for tests and benchmarks that look at it from outside."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

SUCCESS = "OK"
_WINDOW_S = 1.0
_KEPT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedCall:
    """One answered request.

    `at_s` is its arrival in epoch seconds of the simulator's clock; `operation` what it claimed
    to call, empty if it named nothing. `code` is `OK`, the error code answered, or `LOST` for an
    answer that a scripted fault kept from arriving.
    """

    at_s: float
    operation: str
    code: str


class CallLog:
    """The latest calls in order of arrival, and figures over all calls ever made.

    Every arrival counts, also one that was refused, so the figures show what a client did
    rather than what it was allowed.
    """

    def __init__(self, *, kept: int = _KEPT) -> None:
        """Keep at most `kept` calls; counts and busiest seconds cover all of them."""
        self._calls: deque[ServedCall] = deque(maxlen=kept)
        self._counts: Counter[str] = Counter()
        self._recent: dict[str, deque[float]] = {}
        self._busiest: Counter[str] = Counter()

    def __iter__(self) -> Iterator[ServedCall]:
        """The kept calls, oldest first."""
        return iter(tuple(self._calls))

    def __len__(self) -> int:
        """How many calls are kept."""
        return len(self._calls)

    def record(self, call: ServedCall) -> None:
        """Add one call."""
        self._calls.append(call)
        self._counts[call.operation] += 1
        recent = self._recent.setdefault(call.operation, deque())
        recent.append(call.at_s)
        while recent[0] <= call.at_s - _WINDOW_S:
            recent.popleft()
        self._busiest[call.operation] = max(self._busiest[call.operation], len(recent))

    def count(self, operation: str) -> int:
        """How many calls of `operation` arrived since the start."""
        return self._counts[operation]

    def counts(self) -> dict[str, int]:
        """Calls by operation since the start; an operation never called is absent."""
        return dict(self._counts)

    def busiest_second(self, operation: str) -> int:
        """Most arrivals of `operation` within any one second, refused ones included."""
        return self._busiest[operation]

    def clear(self) -> None:
        """Forget everything, for example after warming up a benchmark."""
        self._calls.clear()
        self._counts.clear()
        self._recent.clear()
        self._busiest.clear()
