from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from gateway.app.health import Readiness
from gateway.app.observability import gauges as gauges_module
from gateway.app.observability.event_table import METRICS, MetricKind
from gateway.app.observability.gauges import Gauges
from gateway.app.observability.journal import ObservedJournal
from gateway.app.observability.loop_lag import LoopLag
from gateway.app.observability.prometheus import PrometheusMetrics
from gateway.app.observability.request_log import RequestLog
from gateway.domain.operation import OperationState
from gateway.transport.breaker import BreakerState
from gateway.transport.budget import OperationBudget
from gateway.transport.health import UpstreamHealth
from tests.app.observability.scraped import samples, value
from tests.journal.samples import LATER, OPERATION
from tests.service.writing.fakes import FakeJournal

SEEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEALTH = UpstreamHealth(breakers={}, last_success_at=None, last_error_at=None, last_error_code=None)
BUDGET = OperationBudget(
    operation="searchTask",
    limit_per_second=10.0,
    effective_per_second=5.0,
    in_use=7,
    waiting=3,
    throttled=1,
)


@dataclass
class Cloud:
    """A backend, and its way to the cloud."""

    id: str = "b1"
    breakers: Mapping[str, BreakerState] = field(default_factory=dict)
    seen: datetime | None = None
    budgets: tuple[OperationBudget, ...] = ()

    @property
    def upstream(self) -> "Cloud":
        return self

    def health(self) -> UpstreamHealth:
        return replace(HEALTH, breakers=self.breakers, last_success_at=self.seen)

    def budget_report(self) -> tuple[OperationBudget, ...]:
        return self.budgets


@dataclass
class Bench:
    metrics: PrometheusMetrics = field(default_factory=lambda: PrometheusMetrics(strict=True))
    readiness: Readiness = field(default_factory=Readiness)
    requests: RequestLog = field(default_factory=RequestLog)
    gauges: Gauges = field(init=False)

    def __post_init__(self) -> None:
        self.gauges = Gauges(
            self.metrics, readiness=self.readiness, requests=self.requests, lag=LoopLag()
        )

    def scrape(self) -> bytes:
        self.gauges.refresh()
        return self.metrics.exposition()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_requests_under_way_are_told_as_they_are_now(bench: Bench) -> None:
    with bench.requests.following("r-1"):
        assert value(bench.scrape(), "graphql_requests_in_flight") == 1
    assert value(bench.scrape(), "graphql_requests_in_flight") == 0


def test_readiness_is_told(bench: Bench) -> None:
    assert value(bench.scrape(), "ready") == 0
    bench.readiness.started()
    assert value(bench.scrape(), "ready") == 1
    bench.readiness.drain()
    assert value(bench.scrape(), "ready") == 0


def test_a_breaker_counts_as_open_until_it_is_closed(bench: Bench) -> None:
    cloud = Cloud()
    bench.gauges.watch(backends=lambda: [cloud], journal=None, cache_reachable=None)
    for state, shown in [
        (BreakerState.OPEN, 1),
        (BreakerState.HALF_OPEN, 1),
        (BreakerState.CLOSED, 0),
    ]:
        cloud.breakers = {"read": state}
        text = bench.scrape()
        assert value(text, "breaker_open", backend="b1", operation_class="read") == shown


def test_the_budget_is_told_by_operation(bench: Bench) -> None:
    unlimited = replace(BUDGET, operation="o", limit_per_second=None, effective_per_second=None)
    cloud = Cloud(budgets=(BUDGET, unlimited), seen=SEEN)
    bench.gauges.watch(backends=lambda: [cloud], journal=None, cache_reachable=None)

    text = bench.scrape()

    where = {"backend": "b1", "operation": "searchTask"}
    assert value(text, "budget_in_use", **where) == 7
    assert value(text, "budget_waiting", **where) == 3
    assert value(text, "budget_limit_calls_per_second", **where) == 10
    assert value(text, "budget_effective_calls_per_second", **where) == 5
    assert value(text, "budget_in_use", backend="b1", operation="o") == 7
    assert value(text, "budget_limit_calls_per_second", backend="b1", operation="o") is None
    seen = value(text, "provider_last_success_timestamp_seconds", backend="b1")
    assert seen == SEEN.timestamp()


async def test_the_journal_is_told(bench: Bench) -> None:
    journal = ObservedJournal(FakeJournal())
    bench.gauges.watch(backends=tuple, journal=journal, cache_reachable=None)
    unknown = replace(OPERATION, state=OperationState.UNKNOWN, created_at=datetime.now(UTC))
    await journal.claim(unknown, owner="me", until=LATER)

    text = bench.scrape()

    assert value(text, "journal_up") == 1
    assert value(text, "operations_open", state="UNKNOWN") == 1
    assert value(text, "operations_open", state="SENT") == 0
    age_s = value(text, "operations_oldest_unknown_age_seconds")
    assert age_s is not None
    assert 0 <= age_s < 60


def test_open_streams_are_told(bench: Bench) -> None:
    bench.gauges.watch(backends=tuple, journal=None, cache_reachable=None, open_streams=lambda: 12)
    assert value(bench.scrape(), "streams_open") == 12


def test_the_shared_cache_is_told(bench: Bench) -> None:
    bench.gauges.watch(backends=tuple, journal=None, cache_reachable=lambda: False)
    assert value(bench.scrape(), "cache_up") == 0


def test_lost_lines_are_counted_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = iter([3, 3, 5, 0])  # 0: logging was set up anew
    monkeypatch.setattr(gauges_module, "lines_dropped", lambda: next(lost))
    seen = [value(bench.scrape(), "log_lines_dropped_total") for _ in range(4)]
    assert seen == [3, 3, 5, 5]


async def test_every_gauge_of_the_table_is_set(bench: Bench) -> None:
    cloud = Cloud(breakers={"read": BreakerState.OPEN}, seen=SEEN, budgets=(BUDGET,))
    journal = ObservedJournal(FakeJournal())
    bench.gauges.watch(backends=lambda: [cloud], journal=journal, cache_reachable=lambda: True)

    shown = {name for name, _ in samples(bench.scrape())}

    gauges = {name for name, metric in METRICS.items() if metric.kind is MetricKind.GAUGE}
    labelled = {name for name in gauges if METRICS[name].labels}
    assert labelled <= shown
    assert gauges <= shown
