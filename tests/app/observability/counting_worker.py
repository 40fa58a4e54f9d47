"""A worker process of `test_workers`: counts, says so, and waits until it may end."""

import sys

from gateway.app.observability.prometheus import PrometheusMetrics


def main(number: int) -> None:
    metrics = PrometheusMetrics(strict=True)
    for _ in range(number):
        metrics.count("cache.evicted")
    metrics.observe("journal.call", 0.5, call="get", outcome="ok")
    metrics.set("ota_gateway_graphql_requests_in_flight", number)
    metrics.set("ota_gateway_event_loop_lag_seconds", number)
    metrics.set("ota_gateway_ready", number > 2)
    sys.stdout.write("counted\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(metrics.exposition().decode())


if __name__ == "__main__":
    main(int(sys.argv[1]))
