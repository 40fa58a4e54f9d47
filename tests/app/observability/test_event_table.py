"""Every event that the code reports is in the table, with its labels; and nothing else is."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import gateway
from gateway.app.observability.event_table import EVENTS, METRICS, PREFIX, MetricKind

PACKAGE: Final = Path(gateway.__file__).parent
# The read engine adds the labels of a read to each of its events.
OF_A_READ: Final = {"backend", "kind"}


def reports() -> Iterator[tuple[str, str, bool, frozenset[str]]]:
    """Where an event is reported, its name, whether with a duration, and its labels."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            name = node.func.attr
            if name not in {"count", "observe", "_count"} or not node.args:
                continue
            event = node.args[0]
            for one in [event.body, event.orelse] if isinstance(event, ast.IfExp) else [event]:
                if isinstance(one, ast.Constant) and "." in str(one.value):
                    labels = {str(keyword.arg) for keyword in node.keywords}
                    labels |= OF_A_READ if name == "_count" else set()
                    where = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                    yield where, str(one.value), name == "observe", frozenset(labels)


def test_every_report_is_declared_as_it_is_made() -> None:
    undeclared = [
        f"{where}: {event}"
        for where, event, timed, labels in reports()
        if event not in EVENTS
        or EVENTS[event].timed != timed
        or set(EVENTS[event].labels) != labels
    ]
    assert undeclared == []


def test_every_declared_event_is_reported_somewhere() -> None:
    assert {event for _, event, _, _ in reports()} == set(EVENTS)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_gives_each_metric_exactly_its_labels(event: str) -> None:
    declared = EVENTS[event]
    assert declared.feeds
    for feed in declared.feeds:
        metric = METRICS[feed.metric]
        assert metric.kind is not MetricKind.GAUGE
        assert metric.kind is not MetricKind.HISTOGRAM or declared.timed
        assert set(metric.labels) <= set(declared.labels) | set(feed.fixed)
        assert not set(feed.fixed) - set(metric.labels)


def test_two_events_that_feed_one_metric_differ_in_what_they_fix() -> None:
    fixed = defaultdict(list)
    for event in EVENTS.values():
        for feed in event.feeds:
            fixed[feed.metric].append(dict(feed.fixed))
    for feeds in fixed.values():
        assert len(feeds) == len({str(feed) for feed in feeds})


@pytest.mark.parametrize("name", METRICS)
def test_names_follow_the_conventions(name: str) -> None:
    metric = METRICS[name]
    assert name.startswith(PREFIX)
    assert name.islower()
    assert metric.help.endswith(".") or name.endswith("_info")
    assert (metric.kind is MetricKind.COUNTER) is name.endswith("_total")
    assert (metric.kind is MetricKind.HISTOGRAM) is bool(metric.buckets)
    if metric.kind is MetricKind.HISTOGRAM:
        assert name.endswith("_seconds")
        assert list(metric.buckets) == sorted(metric.buckets)


def test_nothing_that_a_client_names_is_a_label() -> None:
    labels = {label for metric in METRICS.values() for label in metric.labels}
    assert labels == {
        "backend",
        "call",
        "field",
        "kind",
        "operation",
        "operation_class",
        "outcome",
        "reason",
        "result",
        "state",
        "version",
    }
