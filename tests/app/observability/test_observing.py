"""All of it together, around a small application."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from gateway.access.gatekeeper import OpenGate
from gateway.app.observability.journal import ObservedJournal
from gateway.app.observability.observing import Observability
from gateway.app.observability.prometheus import PrometheusMetrics
from gateway.app.observability.workers import VARIABLE, shared_metrics
from gateway.domain.errors import JournalUnavailableError
from gateway.settings.observability import ObservabilitySettings
from gateway.settings.section import SettingsError
from tests.app.observability.scraped import value
from tests.app.observability.spans import Spans
from tests.service.writing.fakes import FakeJournal


@asynccontextmanager
async def client(seen: Observability) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(seen.routes(OpenGate()))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=("127.0.0.1", 1)), base_url="http://gateway"
    ) as http:
        yield http


async def test_it_is_ready_once_the_parts_run_and_shows_them_from_then_on() -> None:
    seen = Observability(ObservabilitySettings())
    inner = FakeJournal()
    journal = ObservedJournal(inner, seen.metrics)

    def down(_: str) -> bool:
        message = "down"
        raise JournalUnavailableError(message)

    async with client(seen) as http, seen.running():
        assert (await http.get("/readyz")).status_code == 503
        seen.serving(backends=tuple, journal=journal, cache_reachable=lambda: False)
        assert (await http.get("/readyz")).json() == {
            "status": "ready",
            "reasons": [],
            "parts": {"journal": "reachable", "cache": "unreachable"},
        }
        inner.trouble = down
        with pytest.raises(JournalUnavailableError):
            await journal.get("o-1", tenant="t")
        assert (await http.get("/readyz")).json()["parts"]["journal"] == "unreachable"
        with seen.requests.following("r-1"):
            text = (await http.get("/metrics")).content
    assert value(text, "ready") == 1
    assert value(text, "graphql_requests_in_flight") == 1
    assert value(text, "journal_up") == 0
    assert value(text, "cache_up") == 0
    assert value(text, "journal_calls_total", call="get", outcome="JOURNAL_UNAVAILABLE") == 1


async def test_it_is_not_ready_after_the_end_and_streams_have_been_ended() -> None:
    seen = Observability(ObservabilitySettings())
    ended = asyncio.Event()
    async with client(seen) as http:
        async with seen.running():
            seen.serving(backends=tuple)
            seen.readiness.on_stop(ended.set)
        assert ended.is_set()
        assert (await http.get("/readyz")).json()["reasons"] == ["the gateway is stopping"]


async def test_what_runs_in_the_background_ends_with_it() -> None:
    seen = Observability(ObservabilitySettings())
    before = asyncio.all_tasks()
    async with seen.running():
        assert len(asyncio.all_tasks() - before) == 1
    assert asyncio.all_tasks() == before


async def test_a_token_of_the_settings_opens_the_metrics() -> None:
    token = "token-of-sixteen-or-more"
    seen = Observability(ObservabilitySettings.model_validate({"metrics_token": token}))
    app = FastAPI()
    app.include_router(seen.routes(OpenGate()))
    transport = httpx.ASGITransport(app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        assert (await http.get("/metrics")).status_code == 401
        headers = {"authorization": f"Bearer {token}"}
        assert (await http.get("/metrics", headers=headers)).status_code == 200


async def test_workers_write_their_gauges_down_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with shared_metrics():
        # This process has counted alone since it began, which cannot change any more: what it
        # does all the same is to refresh the gauges without being scraped.
        seen = Observability(ObservabilitySettings())
        assert seen.metrics.shared
        async with seen.running():
            names = {task.get_name() for task in asyncio.all_tasks()}
    assert "share-gauges" in names


def test_traces_without_opentelemetry_are_refused_in_plain_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "gateway.app.observability.open_telemetry", None)
    with pytest.raises(SettingsError, match=r"install ota-gateway\[otel\]"):
        Observability(ObservabilitySettings(traces=True))
    Observability(ObservabilitySettings())


async def test_traces_are_sent_to_the_collector_of_the_settings() -> None:
    posted: asyncio.Queue[bytes] = asyncio.Queue()

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        posted.put_nowait(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    collector = await asyncio.start_server(collect, "127.0.0.1", 0)
    port = collector.sockets[0].getsockname()[1]
    settings = ObservabilitySettings(
        traces=True, traces_endpoint=f"http://127.0.0.1:{port}/v1/traces"
    )
    async with collector:
        seen = Observability(settings)
        async with seen.running():
            with seen.requests.following("r-1"):
                pass
        head = posted.get_nowait()  # they are sent before the block ends
    assert head.startswith(b"POST /v1/traces HTTP/1.1")
    assert b"application/x-protobuf" in head


def test_tests_may_hand_in_their_own_parts() -> None:
    metrics, spans = PrometheusMetrics(strict=True), Spans()
    seen = Observability(ObservabilitySettings(traces=True), metrics=metrics, tracer=spans)
    with seen.requests.following("r-1", traceparent="00-x"):
        pass
    assert spans.ended[0].parent == "00-x"
    where = {"kind": "unknown", "outcome": "ok"}
    text = metrics.exposition()
    assert value(text, "graphql_request_duration_seconds_count", **where) == 1
