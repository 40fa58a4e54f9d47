"""Every event the gateway reports, and the Prometheus metrics that it turns into.

Code reports events (`metrics.count("cache.hit", backend=..., kind=...)`); what they are called on
the outside, in which unit and with which labels, is settled here and nowhere else. Labels come from
bounded sets: backends, vendors' operations, fields of our own types. Nothing that a client sends,
not even the name of an operation, is ever a label.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

PREFIX: Final = "ota_gateway_"

Sharing: TypeAlias = Literal["livesum", "livemax", "livemin"]
"""How a gauge of several workers becomes one number; `live`: of those that still run."""


class MetricKind(StrEnum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric as it is scraped.

    Attributes:
        name: in full, with the prefix and the unit.
        help: one sentence for people.
        labels: in the order in which values are given to it.
        buckets: upper bounds in seconds, of a histogram alone.
        sharing: of a gauge alone.
    """

    name: str
    help: str
    kind: MetricKind
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    sharing: Sharing = "livesum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A metric that an event adds to; `fixed` holds the labels that the event itself stands for."""

    metric: str
    fixed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as code reports it: its labels, whether it has a duration, and what it feeds."""

    feeds: tuple[Feed, ...]
    labels: tuple[str, ...] = ()
    timed: bool = False


_CALL_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_WAIT_S: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_JOURNAL_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(name=PREFIX + name, help=text, kind=MetricKind.COUNTER, labels=labels)


def _gauge(name: str, text: str, *labels: str, sharing: Sharing = "livesum") -> Metric:
    return Metric(
        name=PREFIX + name, help=text, kind=MetricKind.GAUGE, labels=labels, sharing=sharing
    )


def _seconds(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> Metric:
    return Metric(
        name=PREFIX + name, help=text, kind=MetricKind.HISTOGRAM, labels=labels, buckets=buckets
    )


_ALL: Final = (
    _seconds(
        "graphql_request_duration_seconds",
        "Time from a GraphQL request's head to the end of its answer.",
        "kind",
        "outcome",
        buckets=_CALL_S,
    ),
    _gauge("graphql_requests_in_flight", "GraphQL requests that are being answered."),
    _gauge("streams_open", "WebSockets and event streams that are open."),
    _seconds(
        "provider_call_duration_seconds",
        "Time of one call to a cloud, without waiting for the budget.",
        "backend",
        "operation",
        buckets=_CALL_S,
    ),
    _counter("provider_calls_total", "Calls sent to a cloud.", "backend", "operation", "outcome"),
    _counter("provider_retries_total", "Calls to a cloud sent again.", "backend", "operation"),
    _counter(
        "provider_clock_skews_total",
        "Times a cloud's clock was found to be more than a minute off from this machine's.",
        "backend",
    ),
    _gauge(
        "provider_last_success_timestamp_seconds",
        "When a cloud last answered as asked, Unix time.",
        "backend",
        sharing="livemax",
    ),
    _counter(
        "breaker_openings_total", "Times a circuit breaker opened.", "backend", "operation_class"
    ),
    _gauge(
        "breaker_open",
        "1 while a circuit breaker is open or half open.",
        "backend",
        "operation_class",
        sharing="livemax",
    ),
    _seconds(
        "budget_wait_seconds",
        "Time a call waited for the upstream budget.",
        "backend",
        "operation",
        buckets=_WAIT_S,
    ),
    _counter(
        "budget_refusals_total",
        "Calls not sent because the budget had no call free in time.",
        "backend",
        "operation",
        "reason",
    ),
    _counter("budget_throttles_total", "Calls that a cloud throttled.", "backend", "operation"),
    _counter(
        "budget_missed_total",
        "Calls that left after the moment granted to them and took another.",
        "backend",
        "operation",
    ),
    _counter(
        "budget_shared_missed_total",
        "Moments granted by the shared budget that passed unused.",
        "operation",
    ),
    _counter(
        "budget_shared_lost_total",
        "Times the shared budget could not be reached; this process then paces alone.",
        "operation",
    ),
    _gauge("budget_in_use", "Calls sent within the last second.", "backend", "operation"),
    _gauge("budget_waiting", "Calls that wait for the upstream budget.", "backend", "operation"),
    _gauge(
        "budget_limit_calls_per_second",
        "Nominal rate of an operation.",
        "backend",
        "operation",
        sharing="livemax",
    ),
    _gauge(
        "budget_effective_calls_per_second",
        "Present rate of an operation, lower for a while after throttles.",
        "backend",
        "operation",
        sharing="livemin",
    ),
    _counter(
        "cache_reads_total",
        "Reads by how they were answered: hit, stale_hit, miss, or joined to one under way.",
        "backend",
        "kind",
        "result",
    ),
    _counter(
        "cache_refreshes_total", "Refreshes behind a stale answer.", "backend", "kind", "outcome"
    ),
    _counter("cache_errors_total", "Calls to the store that failed.", "operation", "reason"),
    _counter("cache_evictions_total", "Entries evicted from memory for want of room."),
    _gauge(
        "cache_up", "0 while the shared store cannot be reached; reads go on.", sharing="livemin"
    ),
    _counter(
        "unknown_words_total",
        "Vendors' words that this version does not know, shown as UNKNOWN.",
        "backend",
        "kind",
        "field",
    ),
    _counter(
        "duplicates_total",
        "Items that a cloud listed on two pages of one list; each was given once.",
        "backend",
        "kind",
    ),
    _counter("operations_total", "Writes by each state they came to.", "backend", "kind", "state"),
    _gauge("operations_open", "Writes of this process that are not settled.", "state"),
    _gauge(
        "operations_oldest_unknown_age_seconds",
        "Age of the oldest write whose outcome is unknown; 0 if there is none.",
        sharing="livemax",
    ),
    _seconds(
        "journal_call_duration_seconds",
        "Time of one call to the journal.",
        "call",
        buckets=_JOURNAL_S,
    ),
    _counter("journal_calls_total", "Calls to the journal.", "call", "outcome"),
    _gauge(
        "journal_up",
        "0 while the journal cannot be reached; then nothing is written.",
        sharing="livemin",
    ),
    _gauge("ready", "1 while the gateway takes requests.", sharing="livemin"),
    _gauge(
        "event_loop_lag_seconds",
        "Longest time within the last minute that the event loop was late.",
        sharing="livemax",
    ),
    _counter("log_lines_dropped_total", "Log lines lost because their sink did not take them."),
    _counter(
        "metrics_dropped_total",
        "Reports that were not counted as they came: unknown, misshapen, or one series too many.",
        "reason",
    ),
    _gauge("build_info", "1, with the version in its label.", "version", sharing="livemax"),
)

METRICS: Final[Mapping[str, Metric]] = MappingProxyType({metric.name: metric for metric in _ALL})
"""Every metric by its full name."""


def _feed(metric: str, **fixed: str) -> Feed:
    return Feed(metric=PREFIX + metric, fixed=MappingProxyType(fixed))


def _read(result: str) -> Event:
    return Event(labels=("backend", "kind"), feeds=(_feed("cache_reads_total", result=result),))


def _counted(metric: str, *labels: str) -> Event:
    return Event(labels=labels, feeds=(_feed(metric),))


def _timed(*metrics: str, labels: tuple[str, ...]) -> Event:
    return Event(labels=labels, feeds=tuple(map(_feed, metrics)), timed=True)


EVENTS: Final[Mapping[str, Event]] = MappingProxyType(
    {
        "graphql.request": _timed("graphql_request_duration_seconds", labels=("kind", "outcome")),
        "provider.call": _timed(
            "provider_call_duration_seconds",
            "provider_calls_total",
            labels=("backend", "operation", "outcome"),
        ),
        "provider.retry": _counted("provider_retries_total", "backend", "operation"),
        "provider.clock_skew": _counted("provider_clock_skews_total", "backend"),
        "breaker.opened": _counted("breaker_openings_total", "backend", "operation_class"),
        "budget.wait": _timed("budget_wait_seconds", labels=("backend", "operation")),
        "budget.refused": _counted("budget_refusals_total", "backend", "operation", "reason"),
        "budget.throttled": _counted("budget_throttles_total", "backend", "operation"),
        "budget.missed": _counted("budget_missed_total", "backend", "operation"),
        "budget.shared_missed": _counted("budget_shared_missed_total", "operation"),
        "budget.shared_lost": _counted("budget_shared_lost_total", "operation"),
        "cache.hit": _read("hit"),
        "cache.stale_hit": _read("stale_hit"),
        "cache.miss": _read("miss"),
        "cache.joined": _read("joined"),
        "cache.refresh": _counted("cache_refreshes_total", "backend", "kind", "outcome"),
        "cache.error": _counted("cache_errors_total", "operation", "reason"),
        "cache.evicted": _counted("cache_evictions_total"),
        "read.unknown_word": _counted("unknown_words_total", "backend", "kind", "field"),
        "read.duplicate": _counted("duplicates_total", "backend", "kind"),
        "operation.state": _counted("operations_total", "backend", "kind", "state"),
        "journal.call": _timed(
            "journal_call_duration_seconds", "journal_calls_total", labels=("call", "outcome")
        ),
    }
)
"""Every event by the name that code reports it under."""
