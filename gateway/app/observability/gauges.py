"""What is read off the working parts when somebody looks: budgets, breakers, what is open."""

from collections.abc import Callable, Iterable
from typing import Protocol

from gateway.app.health import Readiness
from gateway.app.observability.event_table import PREFIX
from gateway.app.observability.journal import ObservedJournal
from gateway.app.observability.log_writer import lines_dropped
from gateway.app.observability.loop_lag import LoopLag
from gateway.app.observability.prometheus import PrometheusMetrics
from gateway.app.observability.request_log import RequestLog
from gateway.transport.breaker import BreakerState
from gateway.transport.budget import OperationBudget
from gateway.transport.health import UpstreamHealth


class Way(Protocol):
    """The way to a cloud, as far as it can be watched."""

    def health(self) -> UpstreamHealth:
        """How calls went lately."""
        ...

    def budget_report(self) -> tuple[OperationBudget, ...]:
        """What is left of the budget, by operation."""
        ...


class Watched(Protocol):
    """A backend, as far as it can be watched."""

    @property
    def id(self) -> str:
        """The operator's short name for it."""
        ...

    @property
    def upstream(self) -> Way:
        """The way to its cloud."""
        ...


class Gauges:
    """Sets every gauge to what its part says now."""

    def __init__(
        self,
        metrics: PrometheusMetrics,
        *,
        readiness: Readiness,
        requests: RequestLog,
        lag: LoopLag,
    ) -> None:
        """Watch what there is from the start; `watch` adds what comes later."""
        self._metrics = metrics
        self._readiness = readiness
        self._requests = requests
        self._lag = lag
        self._backends: Callable[[], Iterable[Watched]] = tuple
        self._journal: ObservedJournal | None = None
        self._cache_reachable: Callable[[], bool] | None = None
        self._open_streams: Callable[[], int] = lambda: 0
        self._dropped = 0

    def watch(
        self,
        *,
        backends: Callable[[], Iterable[Watched]],
        journal: ObservedJournal | None,
        cache_reachable: Callable[[], bool] | None,
        open_streams: Callable[[], int] = lambda: 0,
    ) -> None:
        """Watch the running parts; None for what this gateway has none of."""
        self._backends = backends
        self._journal = journal
        self._cache_reachable = cache_reachable
        self._open_streams = open_streams

    def refresh(self) -> None:
        """Set them all. Quick; to be called in the event loop."""
        self._set("graphql_requests_in_flight", self._requests.in_flight)
        self._set("streams_open", self._open_streams())
        self._set("event_loop_lag_seconds", self._lag.worst_s())
        self._set("ready", not self._readiness.reasons())
        if self._cache_reachable is not None:
            self._set("cache_up", self._cache_reachable())
        dropped = lines_dropped()
        self._metrics.add(f"{PREFIX}log_lines_dropped_total", max(0, dropped - self._dropped))
        self._dropped = dropped
        self._refresh_journal()
        for backend in self._backends():
            self._refresh_backend(backend)

    def _refresh_journal(self) -> None:
        if self._journal is None:
            return
        self._set("journal_up", self._journal.reachable)
        self._set("operations_oldest_unknown_age_seconds", self._journal.oldest_unknown_s())
        for state, number in self._journal.open_operations().items():
            self._set("operations_open", number, state=state.value)

    def _refresh_backend(self, backend: Watched) -> None:
        health = backend.upstream.health()
        for kind, state in health.breakers.items():
            is_open = state is not BreakerState.CLOSED
            self._set("breaker_open", is_open, backend=backend.id, operation_class=kind)
        if health.last_success_at is not None:
            seen_at = health.last_success_at.timestamp()
            self._set("provider_last_success_timestamp_seconds", seen_at, backend=backend.id)
        for budget in backend.upstream.budget_report():
            labels = {"backend": backend.id, "operation": budget.operation}
            self._set("budget_in_use", budget.in_use, **labels)
            self._set("budget_waiting", budget.waiting, **labels)
            if budget.limit_per_second is not None:
                self._set("budget_limit_calls_per_second", budget.limit_per_second, **labels)
            if budget.effective_per_second is not None:
                effective = budget.effective_per_second
                self._set("budget_effective_calls_per_second", effective, **labels)

    def _set(self, gauge: str, value: float, **labels: str) -> None:
        self._metrics.set(PREFIX + gauge, value, **labels)
