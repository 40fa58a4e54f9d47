import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from gateway.domain.call import CallContext, calling
from gateway.domain.errors import (
    BudgetExhaustedError,
    NotFoundError,
    ProviderError,
    ProviderTimeoutError,
)
from gateway.domain.metrics import CountingMetrics
from gateway.transport.call_report import CallReporter
from tests.app.observability.spans import Spans


@dataclass(frozen=True)
class Receipt:
    request_id: str | None


@dataclass
class Bench:
    metrics: CountingMetrics
    spans: Spans
    reporter: CallReporter


@pytest.fixture
def bench(caplog: pytest.LogCaptureFixture) -> Bench:
    caplog.set_level(logging.DEBUG, logger="gateway.transport.call_report")
    ticks: Iterator[float] = iter([1.0, 1.25])
    metrics, spans = CountingMetrics(), Spans()
    reporter = CallReporter(backend="b1", metrics=metrics, tracer=spans, clock=lambda: next(ticks))
    return Bench(metrics, spans, reporter)


def fail(bench: Bench, error: BaseException) -> None:
    with bench.reporter.following("listJobs", attempt=2):
        raise error


def line(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    (record,) = caplog.records
    return vars(record)


def test_a_call_that_went_well_is_a_number_a_quiet_line_and_a_span(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        calling(CallContext(request_id="r-1")),
        bench.reporter.following("listJobs", attempt=1) as report,
    ):
        report.status = 200
        report.read(Receipt("vendor-7"))

    labels = {"backend": "b1", "operation": "listJobs", "outcome": "OK"}
    assert bench.metrics.total("provider.call", **labels) == 1
    assert list(bench.metrics.seconds.values()) == [0.25]
    assert {
        "message": "provider.call",
        "levelname": "DEBUG",
        "backend": "b1",
        "operation": "listJobs",
        "outcome": "OK",
        "status": 200,
        "elapsed_ms": 250,
        "attempt": 1,
        "request_id": "r-1",
        "upstream_request_id": "vendor-7",
        "cause": None,
    }.items() <= line(caplog).items()
    (span,) = bench.spans.ended
    assert span.name == "provider.call"
    assert span.attributes == {**labels, "attempt": 1, "status": 200}
    assert span.code is None


def test_a_failure_is_a_warning_with_the_clouds_own_id_of_the_call(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ProviderTimeoutError):
        fail(bench, ProviderTimeoutError("canary", request_id="vendor-8"))
    assert {
        "levelname": "WARNING",
        "outcome": "PROVIDER_TIMEOUT",
        "upstream_request_id": "vendor-8",
        "request_id": None,
        "attempt": 2,
        "cause": "ProviderTimeoutError",
    }.items() <= line(caplog).items()
    assert "canary" not in str(line(caplog).values())
    assert bench.spans.ended[0].code == "PROVIDER_TIMEOUT"


@pytest.mark.parametrize(
    ("error", "outcome", "level"),
    [
        (NotFoundError("x"), "NOT_FOUND", "DEBUG"),
        (BudgetExhaustedError("x"), "BUDGET_EXHAUSTED", "DEBUG"),
        (asyncio.CancelledError(), "CANCELED", "DEBUG"),
        (ProviderError("x"), "PROVIDER_ERROR", "WARNING"),
        (ZeroDivisionError(), "ZeroDivisionError", "WARNING"),
    ],
)
def test_only_what_somebody_should_look_into_is_a_warning(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    error: BaseException,
    outcome: str,
    level: str,
) -> None:
    with pytest.raises(type(error)):
        fail(bench, error)
    assert (line(caplog)["outcome"], line(caplog)["levelname"]) == (outcome, level)
    assert bench.metrics.total("provider.call", outcome=outcome) == 1
    assert (bench.spans.ended[0].code is None) is (level == "DEBUG")


@pytest.mark.parametrize("request_id", ["two\nlines", "\x1b[31m", 7, None])
def test_an_id_that_is_none_is_not_logged(
    bench: Bench, caplog: pytest.LogCaptureFixture, request_id: object
) -> None:
    with bench.reporter.following("listJobs") as report:
        report.request_id = request_id  # type: ignore[assignment] # vendors send what they like
    assert line(caplog)["upstream_request_id"] is None


def test_a_long_id_is_cut(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with bench.reporter.following("listJobs") as report:
        report.read(Receipt("x" * 1_000))
    assert line(caplog)["upstream_request_id"] == "x" * 100
