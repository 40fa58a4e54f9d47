import pytest

from gateway import __version__
from gateway.app.observability.prometheus import PrometheusMetrics, UndeclaredEventError
from gateway.domain.metrics import Metrics
from tests.app.observability.scraped import samples, value


def test_it_is_what_the_domain_reports_to() -> None:
    metrics: Metrics = PrometheusMetrics()
    metrics.count("cache.evicted")


def test_events_add_up_in_the_series_of_their_labels() -> None:
    metrics = PrometheusMetrics(strict=True)
    for _ in range(3):
        metrics.count("cache.hit", backend="b1", kind="job")
    metrics.count("cache.stale_hit", kind="job", backend="b1")  # the order does not matter
    metrics.count("cache.stale_hit", backend="b1", kind="job")

    text = metrics.exposition()

    assert value(text, "cache_reads_total", backend="b1", kind="job", result="hit") == 3
    assert value(text, "cache_reads_total", backend="b1", kind="job", result="stale_hit") == 2


def test_a_timed_event_feeds_its_histogram_and_its_counter() -> None:
    metrics = PrometheusMetrics(strict=True)
    metrics.observe("provider.call", 0.3, backend="b1", operation="op", outcome="OK")
    metrics.observe("provider.call", 0.2, backend="b1", operation="op", outcome="NOT_FOUND")

    text = metrics.exposition()

    where = {"backend": "b1", "operation": "op"}
    assert value(text, "provider_call_duration_seconds_count", **where) == 2
    assert value(text, "provider_call_duration_seconds_sum", **where) == pytest.approx(0.5)
    assert value(text, "provider_call_duration_seconds_bucket", **where, le="0.25") == 1
    assert value(text, "provider_calls_total", **where, outcome="OK") == 1
    assert value(text, "provider_calls_total", **where, outcome="NOT_FOUND") == 1


@pytest.mark.parametrize(
    ("event", "labels", "reason"),
    [
        ("no.such_event", {}, "unknown_event"),
        ("cache.hit", {"backend": "b1"}, "wrong_labels"),
        ("cache.hit", {"backend": "b1", "kind": "k", "more": "m"}, "wrong_labels"),
        ("provider.call", {"backend": "b", "operation": "o", "outcome": "OK"}, "wrong_labels"),
    ],
)
def test_an_undeclared_report_is_ignored_and_counted(
    event: str, labels: dict[str, str], reason: str
) -> None:
    metrics = PrometheusMetrics()
    metrics.count(event, **labels)
    assert value(metrics.exposition(), "metrics_dropped_total", reason=reason) == 1

    with pytest.raises(UndeclaredEventError, match=event):
        PrometheusMetrics(strict=True).count(event, **labels)


def test_series_of_one_metric_are_bounded() -> None:
    metrics = PrometheusMetrics(max_series=10)
    for number in range(1_000):
        metrics.count("provider.retry", backend=f"b{number}", operation="op")
    metrics.count("provider.retry", backend="b3", operation="op")

    text = metrics.exposition()

    found = [key for key in samples(text) if key[0] == "ota_gateway_provider_retries_total"]
    assert len(found) == 11
    assert value(text, "provider_retries_total", backend="other", operation="other") == 990
    assert value(text, "provider_retries_total", backend="b3", operation="op") == 2
    assert value(text, "metrics_dropped_total", reason="too_many_series") == 990


def test_memory_is_bounded_whatever_is_reported() -> None:
    metrics = PrometheusMetrics(max_series=10)
    for number in range(1_000):
        metrics.count("provider.retry", backend=f"b{number}", operation="x" * 10_000)

    assert len(metrics._adders) == 10  # noqa: SLF001 - its growth shows nowhere else
    assert len(metrics.exposition()) < 100_000


def test_a_gauge_is_what_it_was_set_to_last() -> None:
    metrics = PrometheusMetrics()
    metrics.set("ota_gateway_ready", 1)
    metrics.set("ota_gateway_ready", 0)
    assert value(metrics.exposition(), "ready") == 0


def test_the_version_and_the_process_are_told() -> None:
    text = PrometheusMetrics().exposition()
    assert value(text, "build_info", version=__version__) == 1
    assert b"process_resident_memory_bytes" in text


def test_openmetrics_ends_as_it_must() -> None:
    metrics = PrometheusMetrics()
    metrics.count("cache.evicted")
    text = metrics.exposition(as_openmetrics=True)
    assert text.endswith(b"# EOF\n")
    assert b"ota_gateway_cache_evictions_total 1.0" in text


def test_instances_do_not_meet() -> None:
    one, other = PrometheusMetrics(), PrometheusMetrics()
    one.count("cache.evicted")
    assert value(other.exposition(), "cache_evictions_total") == 0
