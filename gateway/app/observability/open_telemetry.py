"""Spans sent to an OpenTelemetry collector; imported only where tracing is switched on.

Spans go out in batches from a thread of their own, over OTLP/HTTP. They carry what the caller notes
and nothing else: no exception, no address, no text of a client. The tracer is the gateway's own;
OpenTelemetry's global one stays unset, so that no library begins to record on its own account.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span as OpenSpan
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway import __version__
from gateway.domain.tracing import SpanValue

_KINDS: Final = {
    "graphql.request": SpanKind.SERVER,
    "provider.call": SpanKind.CLIENT,
    "journal.call": SpanKind.CLIENT,
}


class OpenTelemetryTracer:
    """Opens spans with the OpenTelemetry SDK; implements the domain's `Tracer`."""

    def __init__(self, exporter: SpanExporter, *, ratio: float = 1.0) -> None:
        """Export through `exporter` the share `ratio` (0 to 1) of the traces that begin here.

        Of a trace that a caller began, what the caller decided is done.
        """
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(ratio)),
            resource=Resource.create(
                {"service.name": "ota-gateway", "service.version": __version__}
            ),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("ota-gateway", __version__)
        self._context = TraceContextTextMapPropagator()

    @contextmanager
    def span(
        self, name: str, *, parent: str | None = None, **attributes: SpanValue
    ) -> Iterator["_SdkSpan"]:
        """See `Tracer.span`."""
        context = None if parent is None else self._context.extract({"traceparent": parent})
        with self._tracer.start_as_current_span(
            name,
            context=context,
            kind=_KINDS.get(name, SpanKind.INTERNAL),
            # An exception's text may hold anything; callers note its code.
            record_exception=False,
            set_status_on_exception=False,
        ) as opened:
            span = _SdkSpan(opened)
            span.note(**attributes)
            yield span

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        self._provider.shutdown()


class _SdkSpan:
    """One span of the SDK."""

    def __init__(self, span: OpenSpan) -> None:
        """Wrap `span`."""
        self._span = span

    def note(self, **attributes: SpanValue) -> None:
        """See `Span.note`; attributes are named `ota_gateway.<name>`."""
        for name, value in attributes.items():
            if value is not None:
                self._span.set_attribute(f"ota_gateway.{name}", value)

    def failed(self, code: str) -> None:
        """See `Span.failed`."""
        self._span.set_status(Status(StatusCode.ERROR, code))


def otlp_tracer(*, endpoint: str | None, ratio: float) -> OpenTelemetryTracer:
    """A tracer that exports over OTLP/HTTP.

    `endpoint` is the collector's full address for traces; None leaves it, and headers that the
    collector asks for, to OpenTelemetry's own environment variables.
    """
    return OpenTelemetryTracer(OTLPSpanExporter(endpoint=endpoint, timeout=5), ratio=ratio)
