"""The whole gateway over clouds that a test has scripted."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from gateway.app.factory import create_app
from gateway.app.overrides import Overrides
from gateway.domain.metrics import NoMetrics
from gateway.service.job_index import IndexPolicy
from gateway.settings import Settings

SETTINGS: Final[Mapping[str, Mapping[str, object]]] = {
    "grid": {
        "provider": "enos",
        "endpoint": "http://127.0.0.1:9",
        "org_id": "o1",
        "app_key": "key",
        "app_secret": "enos-app-secret",
    },
    "lights": {
        "provider": "alibaba",
        "endpoint": "http://127.0.0.1:9",
        "access_key_id": "id",
        "access_key_secret": "alibaba-key-secret",
    },
}


class Gateway:
    """The gateway as a client meets it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(self, document: str, **variables: object) -> dict[str, Any]:
        """The whole answer to one POST."""
        reply = await self._http.post("/graphql", json={"query": document, "variables": variables})
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    async def read(self, document: str, **variables: object) -> Any:  # noqa: ANN401 - any JSON
        """The data of an answer without errors."""
        answer = await self.ask(document, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@asynccontextmanager
async def running_gateway(
    clouds: Mapping[str, httpx.AsyncBaseTransport], *, patience_s: float = 4.0
) -> AsyncIterator[Gateway]:
    """The gateway over `clouds`, by backend name (`grid` is EnOS, `lights` is Alibaba).

    It gives a backend of a list `patience_s`, and sends nothing twice.
    """
    settings = Settings.build(
        {
            "backends": {name: SETTINGS[name] for name in clouds},
            "requests": {"patience_s": patience_s},
            "upstream": {"max_attempts": 1},
            "writes": {"enabled": False},
        }
    )
    overrides = Overrides(
        http=clouds,
        metrics=NoMetrics(),
        # No pass in the background: only what a query asks for is read.
        index=IndexPolicy(idle_after_s=0.0),
    )
    app = create_app(settings, overrides)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http,
    ):
        yield Gateway(http)
