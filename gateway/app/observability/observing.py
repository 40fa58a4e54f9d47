"""All that looks into the gateway, put together as one object for the application."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter

from gateway.app.graphql.gatekeeper import Gatekeeper
from gateway.app.health import Readiness, health_routes
from gateway.app.observability.gauges import Gauges, Watched
from gateway.app.observability.journal import ObservedJournal
from gateway.app.observability.loop_lag import LoopLag
from gateway.app.observability.prometheus import PrometheusMetrics
from gateway.app.observability.request_log import RequestLog
from gateway.app.observability.scrape import ScrapeDoor, metrics_routes
from gateway.app.stopping import stop
from gateway.domain.tracing import NoTracer, Tracer
from gateway.settings.observability import ObservabilitySettings
from gateway.settings.section import SettingsError

if TYPE_CHECKING:  # at run time only with tracing: the SDK is an extra, and takes time to import
    from gateway.app.observability.open_telemetry import OpenTelemetryTracer

_SHARED_EVERY_S: Final = 1.0


class Observability:
    """What reports go to, and what shows them.

    Attributes:
        metrics: where events are counted.
        tracer: where spans are opened.
        readiness: whether requests should be sent here.
        requests: follows GraphQL requests.
    """

    def __init__(
        self,
        settings: ObservabilitySettings,
        *,
        metrics: PrometheusMetrics | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        """Start nothing yet. `metrics` and `tracer` replace those of the settings.

        Raises:
            SettingsError: traces are asked for, and OpenTelemetry is not installed.
        """
        self._settings = settings
        self._telemetry = None if tracer or not settings.traces else _telemetry(settings)
        self._lag = LoopLag()
        self.metrics = metrics or PrometheusMetrics(max_series=settings.max_series)
        self.tracer: Tracer = tracer or self._telemetry or NoTracer()
        self.readiness = Readiness(behind_s=self._lag.behind_s)
        self.requests = RequestLog(self.metrics, self.tracer)
        self._gauges = Gauges(
            self.metrics, readiness=self.readiness, requests=self.requests, lag=self._lag
        )

    def routes(self, gatekeeper: Gatekeeper) -> APIRouter:
        """`/healthz`, `/readyz` and `/metrics`; `gatekeeper` knows who may see the last."""
        token = self._settings.metrics_token
        door = ScrapeDoor(
            gatekeeper,
            public=self._settings.public_metrics,
            token=None if token is None else token.get_secret_value(),
        )
        router = APIRouter()
        router.include_router(health_routes(self.readiness))
        router.include_router(metrics_routes(self.metrics, door, refresh=self._gauges.refresh))
        return router

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Measure the event loop until the block ends; then send the spans that are left."""
        async with AsyncExitStack() as stack:
            if self._telemetry is not None:
                stack.push_async_callback(asyncio.to_thread, self._telemetry.close)
            tasks = [asyncio.create_task(self._lag.watch(), name="watch-loop-lag")]
            if self.metrics.shared:
                tasks.append(asyncio.create_task(self._share(), name="share-gauges"))
            for task in tasks:
                stack.push_async_callback(stop, task)
            stack.callback(self.readiness.stop)
            yield

    def serving(
        self,
        *,
        backends: Callable[[], Iterable[Watched]],
        journal: ObservedJournal | None = None,
        cache_reachable: Callable[[], bool] | None = None,
        open_streams: Callable[[], int] = lambda: 0,
    ) -> None:
        """Be ready, and watch the running parts.

        `journal` is None if nothing can be written; `cache_reachable` if the cache is in memory.
        `open_streams` counts sockets and event streams.
        """
        self._gauges.watch(
            backends=backends,
            journal=journal,
            cache_reachable=cache_reachable,
            open_streams=open_streams,
        )
        if journal is not None:
            self.readiness.tell("journal", lambda: _word(reachable=journal.reachable))
        if cache_reachable is not None:
            self.readiness.tell("cache", lambda: _word(reachable=cache_reachable()))
        self.readiness.started()

    async def _share(self) -> None:
        """Write the gauges down for whichever worker is scraped."""
        while True:
            self._gauges.refresh()
            await asyncio.sleep(_SHARED_EVERY_S)


def _telemetry(settings: ObservabilitySettings) -> "OpenTelemetryTracer":
    try:
        from gateway.app.observability.open_telemetry import otlp_tracer  # noqa: PLC0415 - an extra
    except ImportError:
        problem = "observability.traces: needs OpenTelemetry; install ota-gateway[otel]"
        raise SettingsError([problem]) from None
    return otlp_tracer(endpoint=settings.traces_endpoint, ratio=settings.traces_ratio)


def _word(*, reachable: bool) -> str:
    return "reachable" if reachable else "unreachable"
