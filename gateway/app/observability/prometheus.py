"""Events counted for Prometheus; implements the domain's `Metrics`."""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.openmetrics import exposition as openmetrics

from gateway import __version__
from gateway.app.observability.event_table import EVENTS, METRICS, PREFIX, Metric, MetricKind
from gateway.app.observability.workers import forget_dead_workers, shared_folder

_Collector: TypeAlias = Counter | Gauge | Histogram
_Add: TypeAlias = Callable[[float], None]
_Key: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]

OTHER: Final = "other"
"""Stands in every label of the series that collects what came after a metric's last series."""

_LONGEST_LABEL: Final = 100
_DROPPED: Final = PREFIX + "metrics_dropped_total"

disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each; unread


class UndeclaredEventError(ValueError):
    """Code reported an event otherwise than the table declares it; `strict` instances raise it."""


class PrometheusMetrics:
    """Counts events as `event_table` declares, in memory or in files that all workers share.

    An event that is not declared so is ignored and counted as dropped. A metric has at most
    `max_series` label sets; what comes then is counted under `other`.
    """

    def __init__(self, *, max_series: int = 2_000, strict: bool = False) -> None:
        """Start from zero. With `strict`, for tests, an undeclared event raises."""
        self._max_series = max_series
        self._strict = strict
        self._folder = shared_folder()
        self._registry = CollectorRegistry()
        if self._folder is None:
            ProcessCollector(registry=self._registry)
        else:
            MultiProcessCollector(  # type: ignore[no-untyped-call] # its author's omission
                self._registry, path=os.fspath(self._folder)
            )
        self._collectors = {name: self._collector(metric) for name, metric in METRICS.items()}
        self._known: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
        self._adders: dict[_Key, tuple[_Add, ...]] = {}
        self.set(PREFIX + "build_info", 1.0, version=__version__)

    def count(self, event: str, **labels: str) -> None:
        """Add one to what `event` feeds."""
        self._report(event, None, labels)

    def observe(self, event: str, seconds: float, **labels: str) -> None:
        """Record a duration in what `event` feeds."""
        self._report(event, seconds, labels)

    def set(self, metric: str, value: float, **labels: str) -> None:
        """Set the gauge `metric`, which is named in full."""
        gauge, _ = self._series(METRICS[metric], labels)
        if isinstance(gauge, Gauge):
            gauge.set(value)

    def add(self, metric: str, amount: float) -> None:
        """Add to the counter `metric`, named in full, which has no labels."""
        counter = self._collectors[metric]
        if isinstance(counter, Counter):
            counter.inc(amount)

    @property
    def shared(self) -> bool:
        """Whether other workers answer for this one, and it for them."""
        return self._folder is not None

    def exposition(self, *, as_openmetrics: bool = False) -> bytes:
        """Everything as text: Prometheus' own format, or OpenMetrics 1.0.

        Takes time in proportion to the number of series; may be called from any thread.
        """
        if self._folder is not None:
            forget_dead_workers(self._folder)
        if as_openmetrics:
            text: bytes = openmetrics.generate_latest(  # type: ignore[no-untyped-call] # as above
                self._registry
            )
            return text
        return generate_latest(self._registry)

    def _report(self, event: str, seconds: float | None, labels: Mapping[str, str]) -> None:
        key = (event, tuple(labels.items()))
        try:
            adders = self._adders.get(key) or self._resolve(key, timed=seconds is not None)
            for add in adders:
                add(1.0 if seconds is None else seconds)
        except UndeclaredEventError:
            raise
        except Exception:  # noqa: BLE001 - a number that cannot be kept must not fail a request
            self._drop("failed")

    def _resolve(self, key: _Key, *, timed: bool) -> tuple[_Add, ...]:
        """What adds to the series that `key` feeds; remembered unless it is the overflow."""
        event, labels = key[0], dict(key[1])
        declared = EVENTS.get(event)
        if declared is None:
            return self._refuse("unknown_event", event)
        if declared.timed != timed or set(labels) != set(declared.labels):
            return self._refuse("wrong_labels", event)
        adders: list[_Add] = []
        has_room = True
        for feed in declared.feeds:
            series, own = self._series(METRICS[feed.metric], {**labels, **feed.fixed})
            has_room &= own
            adders.append(_adder(series))
        if has_room:
            self._adders[key] = tuple(adders)
        return tuple(adders)

    def _series(self, metric: Metric, labels: Mapping[str, str]) -> tuple[_Collector, bool]:
        """The series of these labels, and whether it is their own rather than the overflow."""
        values = tuple(str(labels[name])[:_LONGEST_LABEL] for name in metric.labels)
        collector = self._collectors[metric.name]
        if not values:
            return collector, True
        known = self._known[metric.name]
        if values not in known and len(known) >= self._max_series:
            self._drop("too_many_series")
            return collector.labels(*(OTHER for _ in values)), False
        known.add(values)
        return collector.labels(*values), True

    def _refuse(self, reason: str, event: str) -> tuple[_Add, ...]:
        if self._strict:
            message = f"{event}: {reason}"
            raise UndeclaredEventError(message)
        self._drop(reason)
        return ()

    def _drop(self, reason: str) -> None:
        dropped = self._collectors[_DROPPED]
        if isinstance(dropped, Counter):
            dropped.labels(reason).inc()

    def _collector(self, metric: Metric) -> _Collector:
        # Workers that share a folder are read from it, not from this process's registry.
        registry = self._registry if self._folder is None else None
        if metric.kind is MetricKind.COUNTER:
            return Counter(metric.name, metric.help, metric.labels, registry=registry)
        if metric.kind is MetricKind.GAUGE:
            return Gauge(
                metric.name,
                metric.help,
                metric.labels,
                registry=registry,
                multiprocess_mode=metric.sharing,
            )
        return Histogram(
            metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets
        )


def _adder(series: _Collector) -> _Add:
    if isinstance(series, Histogram):
        return series.observe
    counter = series

    def add_one(_: float) -> None:
        counter.inc()

    return add_one
