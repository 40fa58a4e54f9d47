"""Events that the read path reports; an exporter turns them into numbers."""

from collections import Counter
from typing import Protocol


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
        self.counts: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
        self.seconds: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()

    def count(self, event: str, **labels: str) -> None:
        """Add one."""
        self.counts[(event, tuple(sorted(labels.items())))] += 1

    def observe(self, event: str, seconds: float, **labels: str) -> None:
        """Add `seconds` to the total and one to the count."""
        key = (event, tuple(sorted(labels.items())))
        self.seconds[key] += seconds  # type: ignore[assignment] # Counter is typed for int, adds float
        self.counts[key] += 1

    def total(self, event: str, **labels: str) -> int:
        """Count of `event` over all label sets that include `labels`."""
        wanted = set(labels.items())
        return sum(
            n for (name, pairs), n in self.counts.items() if name == event and wanted <= set(pairs)
        )
