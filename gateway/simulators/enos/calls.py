"""A record of what the simulator was asked, for tests and benchmarks."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedCall:
    """One answered call.

    `at_s` is the arrival in epoch seconds; `operation` the resource and action, for example
    `ota-jobs.search`, or `token.get`; `code` the code in the answer's envelope, 0 for success.
    """

    at_s: float
    operation: str
    code: int


class CallLog:
    """The latest calls in order of arrival, and how many there were of each operation."""

    def __init__(self, *, capacity: int = 100_000) -> None:
        """Keep the latest `capacity` calls; counts cover all calls ever made."""
        self._calls: deque[ServedCall] = deque(maxlen=capacity)
        self._counts: Counter[str] = Counter()

    def record(self, call: ServedCall) -> None:
        """Add a call."""
        self._calls.append(call)
        self._counts[call.operation] += 1

    def __iter__(self) -> Iterator[ServedCall]:
        """The kept calls, oldest first."""
        return iter(tuple(self._calls))

    def __len__(self) -> int:
        """How many calls are kept."""
        return len(self._calls)

    def count(self, operation: str) -> int:
        """How many calls of `operation` arrived since the start."""
        return self._counts[operation]

    def counts(self) -> dict[str, int]:
        """Calls by operation since the start; an operation never called is absent."""
        return dict(self._counts)

    def busiest_second(self, operation: str) -> int:
        """Most calls of `operation` that arrived within any one second, refused ones included."""
        arrivals = sorted(call.at_s for call in self._calls if call.operation == operation)
        most = first = 0
        for last, arrival in enumerate(arrivals):
            while arrivals[first] <= arrival - 1.0:
                first += 1
            most = max(most, last - first + 1)
        return most

    def clear(self) -> None:
        """Forget everything, for example after warming up a benchmark."""
        self._calls.clear()
        self._counts.clear()
