from collections.abc import Mapping

import httpx
import pytest
from fastapi import FastAPI

from gateway import __version__
from gateway.app.health import Readiness, health_routes


async def probe(path: str, readiness: Readiness, method: str = "GET") -> httpx.Response:
    app = FastAPI()
    app.include_router(health_routes(readiness))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        return await http.request(method, path)


async def answer(readiness: Readiness) -> tuple[int, Mapping[str, object]]:
    reply = await probe("/readyz", readiness)
    return reply.status_code, reply.json()


async def test_a_process_that_answers_is_alive_whatever_it_is_ready_for() -> None:
    readiness = Readiness()
    readiness.drain()
    reply = await probe("/healthz", readiness)
    assert (reply.status_code, reply.json()) == (200, {"status": "ok", "version": __version__})


async def test_it_is_ready_from_its_start_until_it_is_told_to_stop() -> None:
    readiness = Readiness()
    assert await answer(readiness) == (
        503,
        {"status": "not_ready", "reasons": ["the gateway is starting"], "parts": {}},
    )
    readiness.started()
    assert await answer(readiness) == (200, {"status": "ready", "reasons": [], "parts": {}})
    readiness.drain()
    status, body = await answer(readiness)
    assert (status, body["reasons"]) == (503, ["the gateway is stopping"])


async def test_a_blocked_event_loop_is_not_ready() -> None:
    behind_s = 4.9
    readiness = Readiness(behind_s=lambda: behind_s)
    readiness.started()
    assert (await answer(readiness))[0] == 200
    behind_s = 5.1
    status, body = await answer(readiness)
    assert (status, body["reasons"]) == (503, ["the event loop is blocked"])


async def test_the_gateway_is_ready_without_its_journal_and_its_cache() -> None:
    readiness = Readiness()
    readiness.started()
    readiness.tell("journal", lambda: "unreachable")
    readiness.tell("cache", lambda: "reachable")
    status, body = await answer(readiness)
    assert status == 200
    assert body["parts"] == {"journal": "unreachable", "cache": "reachable"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_may_ask_for_the_head_alone_and_nothing_keeps_the_answer(path: str) -> None:
    readiness = Readiness()
    readiness.started()
    reply = await probe(path, readiness, "HEAD")
    assert reply.status_code == 200
    assert reply.content == b""
    assert reply.headers["cache-control"] == "no-store"


def test_streams_are_ended_once_when_it_stops() -> None:
    readiness = Readiness()
    ended: list[str] = []
    readiness.on_stop(lambda: ended.append("sockets"))
    readiness.drain()
    assert ended == []
    readiness.stop()
    readiness.stop()
    assert ended == ["sockets"]
    assert readiness.draining()
