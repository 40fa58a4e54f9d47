"""Spans as OpenTelemetry exports them."""

import subprocess
import sys
from typing import Final

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from gateway.app.observability.open_telemetry import OpenTelemetryTracer
from gateway.domain.tracing import NoTracer, Span, Tracer

TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER: Final = f"00-{TRACE}-00f067aa0ba902b7-01"
UNSAMPLED: Final = f"00-{TRACE}-00f067aa0ba902b7-00"


class Bench:
    def __init__(self, *, ratio: float = 1.0) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracer = OpenTelemetryTracer(self.exporter, ratio=ratio)

    def ended(self) -> dict[str, ReadableSpan]:
        self.tracer.close()
        return {span.name: span for span in self.exporter.get_finished_spans()}


def context_of(span: ReadableSpan) -> trace.SpanContext:
    context: trace.SpanContext | None = span.context
    assert context is not None
    return context


def test_spans_are_nested_and_carry_what_was_noted() -> None:
    bench = Bench()
    tracer: Tracer = bench.tracer
    with (
        tracer.span("graphql.request") as request,
        tracer.span("provider.call", backend="b1", attempt=1) as call,
    ):
        call.note(outcome="OK", status=None)
        request.note(kind="query")

    spans = bench.ended()
    request_span, call_span = spans["graphql.request"], spans["provider.call"]
    assert call_span.parent is not None
    assert call_span.parent.span_id == context_of(request_span).span_id
    assert call_span.attributes == {
        "ota_gateway.backend": "b1",
        "ota_gateway.attempt": 1,
        "ota_gateway.outcome": "OK",
    }
    assert (request_span.kind, call_span.kind) == (SpanKind.SERVER, SpanKind.CLIENT)
    assert call_span.resource.attributes["service.name"] == "ota-gateway"


def test_the_trace_of_a_caller_goes_on() -> None:
    bench = Bench()
    with bench.tracer.span("graphql.request", parent=CALLER):
        pass
    span = bench.ended()["graphql.request"]
    assert f"{context_of(span).trace_id:032x}" == TRACE


@pytest.mark.parametrize(
    "parent", ["", "00-nonsense", "\x00", "00-" + "0" * 32 + "-x-01", "x" * 9999]
)
def test_a_header_that_cannot_be_read_begins_a_trace(parent: str) -> None:
    bench = Bench()
    with bench.tracer.span("graphql.request", parent=parent):
        pass
    assert bench.ended()["graphql.request"].parent is None


def test_the_share_of_traces_is_kept_unless_the_caller_decided() -> None:
    bench = Bench(ratio=0.0)
    with bench.tracer.span("own"):
        pass
    with bench.tracer.span("callers", parent=CALLER):
        pass
    assert set(bench.ended()) == {"callers"}

    bench = Bench()
    with bench.tracer.span("not wanted by the caller", parent=UNSAMPLED):
        pass
    assert bench.ended() == {}


def fail(span: Span) -> None:
    span.failed("JOURNAL_UNAVAILABLE")
    message = "canary"
    raise ValueError(message)


def test_an_exception_passes_and_leaves_no_word_of_itself() -> None:
    bench = Bench()
    with pytest.raises(ValueError, match="canary"), bench.tracer.span("journal.call") as span:
        fail(span)
    span_ = bench.ended()["journal.call"]
    assert "canary" not in span_.to_json()
    assert span_.events == ()
    assert span_.status.status_code is StatusCode.ERROR
    assert span_.status.description == "JOURNAL_UNAVAILABLE"


def test_no_library_is_made_to_record() -> None:
    bench = Bench()
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
    bench.tracer.close()


def test_tracing_nothing_does_nothing() -> None:
    with NoTracer().span("graphql.request", parent=CALLER, kind="query") as span:
        span.note(status=200)
        span.failed("x")


def test_nothing_is_imported_without_tracing() -> None:
    program = (
        "import sys\n"
        "from gateway.app.observability.observing import Observability\n"
        "from gateway.settings.observability import ObservabilitySettings\n"
        "Observability(ObservabilitySettings())\n"
        "loaded = [name for name in sys.modules if name.startswith('opentelemetry.sdk')]\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
