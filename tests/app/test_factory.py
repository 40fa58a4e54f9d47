"""The web application as a whole, in process, on simulated clouds."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from gateway import __version__, simulators
from gateway.app.examples import EXAMPLES
from gateway.app.factory import create_app
from gateway.app.overrides import Overrides
from gateway.domain.metrics import CountingMetrics
from gateway.settings import Settings


@asynccontextmanager
async def gateway(
    metrics: CountingMetrics | None = None, **tables: object
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, whose backends are the simulators, without a network.

    `tables` are further settings.
    """
    backends: dict[str, object] = {}
    http: dict[str, httpx.AsyncBaseTransport] = {}
    for key, plugin in simulators.discover().items():
        simulation = plugin.start(7, time.time)
        backends[key] = simulation.settings("http://127.0.0.1")
        http[key] = httpx.ASGITransport(app=simulation.app)
    overrides = replace(Overrides.none(), http=http, metrics=metrics or CountingMetrics())
    app = create_app(
        Settings.build({"backends": backends, "writes": {"enabled": False}, **tables}), overrides
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://gateway.test"
        ) as client,
    ):
        yield client


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with gateway() as found:
        yield found


async def test_health_tells_the_version_and_asks_no_cloud() -> None:
    metrics = CountingMetrics()
    async with gateway(metrics) as client:
        reply = await client.get("/healthz")

    assert reply.json() == {"status": "ok", "version": __version__}
    assert reply.status_code == 200


async def test_the_root_leads_to_the_explorer(client: httpx.AsyncClient) -> None:
    reply = await client.get("/")

    assert reply.status_code == 307
    assert reply.headers["location"] == "graphql"


async def test_without_an_explorer_browsers_get_no_page_and_clients_get_answers() -> None:
    async with gateway(server={"explorer": False}) as client:
        pages = [
            (await client.get(path, headers={"accept": "text/html"})).status_code
            for path in ("/", "/graphql", "/explorer/config.json", "/explorer/licenses.txt")
        ]
        answer = await client.post("/graphql", json={"query": "{ __typename }"})

    assert pages == [404, 406, 404, 404]
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_a_browser_gets_the_explorer_and_a_client_gets_answers(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/graphql", headers={"accept": "text/html"})
    answer = await client.get("/graphql", params={"query": "{ __typename }"})

    assert page.headers["content-type"].startswith("text/html")
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
async def test_every_example_of_the_explorer_runs_without_an_error(
    client: httpx.AsyncClient, example: object
) -> None:
    query = example.query  # type: ignore[attr-defined] # parametrize hides the type
    answer = (await client.post("/graphql", json={"query": query})).json()

    assert "errors" not in answer
    assert set(answer["extensions"]["upstream"]) == {"calls", "saved", "waitedMs"}


async def test_a_second_reader_costs_no_call(client: httpx.AsyncClient) -> None:
    query = "{ firmwares(first: 3) { edges { node { nativeId } } freshness { source } } }"
    first = (await client.post("/graphql", json={"query": query})).json()
    again = (await client.post("/graphql", json={"query": query})).json()

    assert first["data"]["firmwares"]["edges"] == again["data"]["firmwares"]["edges"]
    assert again["extensions"]["upstream"]["calls"] == 0
    assert again["extensions"]["upstream"]["saved"] > 0
    assert again["data"]["firmwares"]["freshness"]["source"] == "CACHE"


async def test_no_documentation_of_the_web_framework_is_served(client: httpx.AsyncClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await client.get(path)).status_code == 404
