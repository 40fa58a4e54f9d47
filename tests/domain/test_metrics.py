from gateway.domain.metrics import CountingMetrics, Metrics, NoMetrics


def test_events_are_counted_by_their_labels_in_whatever_order() -> None:
    metrics = CountingMetrics()
    metrics.count("cache.hit", backend="a", kind="job")
    metrics.count("cache.hit", kind="job", backend="a")
    metrics.count("cache.hit", backend="b", kind="job")
    metrics.count("cache.miss", backend="a", kind="job")
    assert metrics.total("cache.hit") == 3
    assert metrics.total("cache.hit", backend="a") == 2
    assert metrics.total("cache.hit", backend="a", kind="job") == 2
    assert metrics.total("cache.hit", backend="c") == 0
    assert metrics.total("cache.hit", region="a") == 0
    assert metrics.total("cache") == 0


def test_durations_are_summed_and_counted() -> None:
    metrics = CountingMetrics()
    metrics.observe("budget.wait", 0.25, backend="a")
    metrics.observe("budget.wait", 0.5, backend="a")
    metrics.observe("budget.wait", 4.0, backend="b")
    assert metrics.seconds["budget.wait", (("backend", "a"),)] == 0.75
    assert metrics.total("budget.wait", backend="a") == 2


def test_nothing_is_kept_where_nobody_asks() -> None:
    metrics: Metrics = NoMetrics()
    metrics.count("cache.hit", backend="a")
    metrics.observe("budget.wait", 1.0, backend="a")
    assert vars(metrics) == {}
