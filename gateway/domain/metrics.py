"""Events that the read path reports; an exporter turns them into numbers."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Protocol, TypeAlias

_Series: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


class Metrics(Protocol):
    """Where the read path reports what happened. Implementations must be cheap and never raise."""

    def count(self, event: str, **labels: str) -> None:
        """Add one to `event`; `labels` come from bounded sets (backend, operation, outcome)."""
        ...

    def observe(self, event: str, seconds: float, **labels: str) -> None:
        """Record a duration in seconds."""
        ...


class NoMetrics:
    """Forgets everything."""

    def count(self, event: str, **labels: str) -> None:
        """Forget."""

    def observe(self, event: str, seconds: float, **labels: str) -> None:
        """Forget."""


class CountingMetrics:
    """Keeps totals in memory, for tests and for the command line."""

    def __init__(self) -> None:
        """Start from zero."""
        self.counts: Counter[_Series] = Counter()
        self.seconds: defaultdict[_Series, float] = defaultdict(float)

    def count(self, event: str, **labels: str) -> None:
        """Add one."""
        self.counts[_series(event, labels)] += 1

    def observe(self, event: str, seconds: float, **labels: str) -> None:
        """Add `seconds` to the total and one to the count."""
        key = _series(event, labels)
        self.seconds[key] += seconds
        self.counts[key] += 1

    def total(self, event: str, **labels: str) -> int:
        """Count of `event` over all label sets that include `labels`."""
        wanted = set(labels.items())
        return sum(
            n for (name, pairs), n in self.counts.items() if name == event and wanted <= set(pairs)
        )


def _series(event: str, labels: Mapping[str, str]) -> _Series:
    return event, tuple(sorted(labels.items()))
