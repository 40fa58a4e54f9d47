"""The whole gateway over both simulated clouds, which it writes to; nobody waits for real time."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx

from gateway.app.factory import create_app
from gateway.app.overrides import Overrides
from gateway.domain.ids import GlobalId, NodeKind
from gateway.providers import discover
from gateway.service.job_index import IndexPolicy
from gateway.service.writing.policy import WritePolicy
from gateway.settings import Settings
from gateway.simulators.alibaba.simulator import AlibabaSimulator
from gateway.simulators.enos.simulator import EnosSimulator

_NEVER_S: Final = 3_600.0


@dataclass(slots=True)
class Clock:
    """The clouds' time: that of the day, and what writes have waited for on top of it."""

    waited_s: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.waited_s

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once; but for the watch, which looks once and then never more."""
        if seconds == _NEVER_S:
            await asyncio.Event().wait()
        self.waited_s += seconds
        await asyncio.sleep(0)


class Connection(httpx.ASGITransport):
    """A way to a cloud in this process, on which a broken connection looks like one."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except ConnectionError:
            message = "the connection broke"
            raise httpx.ReadError(message, request=request) from None


@dataclass(frozen=True, kw_only=True)
class Clouds:
    """Both clouds: `grid` is an EnOS organisation, `lights` an Alibaba account.

    A late answer of `lights` comes once `gate` is open; `held` is set once there is one.
    """

    clock: Clock = field(default_factory=Clock)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    grid: EnosSimulator
    lights: AlibabaSimulator

    @classmethod
    def started(cls) -> "Clouds":
        clock, gate, held = Clock(), asyncio.Event(), asyncio.Event()

        async def late(seconds: float) -> None:
            clock.waited_s += seconds
            held.set()
            await gate.wait()

        return cls(
            clock=clock,
            gate=gate,
            held=held,
            grid=EnosSimulator(
                app_key="key",
                app_secret="enos-app-secret",
                org_id="o1",
                clock=clock,
                jobs=12,
                tasks=400,
                packages=4,
                failure_rate=0.0,
                offline_rate=0.0,
            ),
            lights=AlibabaSimulator(
                access_key_id="id",
                access_key_secret="alibaba-key-secret",
                instance_id="iot-1",
                clock=clock,
                packages=4,
                jobs=12,
                tasks=400,
                throttle=False,
                public_address="http://127.0.0.1",
                sleep=late,
            ),
        )


_PLUGINS: Final = discover()

BACKENDS: Final[Mapping[str, Mapping[str, object]]] = {
    "grid": {
        "rates": dict.fromkeys(_PLUGINS["enos"].rates, 1_000.0),
        "provider": "enos",
        "endpoint": "http://127.0.0.1",
        "org_id": "o1",
        "app_key": "key",
        "app_secret": "enos-app-secret",
    },
    "lights": {
        "rates": dict.fromkeys(_PLUGINS["alibaba"].rates, 1_000.0),
        "provider": "alibaba",
        "endpoint": "http://127.0.0.1",
        "region_id": "cn-shanghai",
        "access_key_id": "id",
        "access_key_secret": "alibaba-key-secret",
        "instance_id": "iot-1",
    },
}


@dataclass(frozen=True, kw_only=True)
class WritingGateway:
    """The gateway as a client meets it, and the clouds behind it."""

    http: httpx.AsyncClient
    clouds: Clouds

    async def ask(self, document: str, **variables: object) -> dict[str, Any]:
        """The whole answer to one POST."""
        reply = await self.http.post("/graphql", json={"query": document, "variables": variables})
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    async def data(self, document: str, **variables: object) -> Any:  # noqa: ANN401 - any JSON
        """The data of an answer without errors of its own."""
        answer = await self.ask(document, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@asynccontextmanager
async def writing_gateway(
    folder: Path, clouds: Clouds | None = None, **tables: Mapping[str, object]
) -> AsyncIterator[WritingGateway]:
    """A gateway whose journal is in `folder`; `tables` are settings beside its backends."""
    behind = clouds or Clouds.started()
    settings = Settings.build(
        {
            "backends": BACKENDS,
            "journal": {"url": f"sqlite:///{folder / 'journal.sqlite3'}", "timeout_s": 20},
            "upstream": {"max_attempts": 1},
            **tables,
        }
    )
    overrides = replace(
        Overrides.none(),
        http={"grid": Connection(behind.grid.app), "lights": Connection(behind.lights.app)},
        index=IndexPolicy(idle_after_s=0.0),
        sleep=behind.clock.sleep,
        writes=WritePolicy(watch_every_s=_NEVER_S),
    )
    app = create_app(settings, overrides)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://gateway.test", timeout=30
        ) as http,
    ):
        yield WritingGateway(http=http, clouds=behind)


def identity(kind: NodeKind, *key: str, backend: str) -> str:
    """A global id."""
    return str(GlobalId(kind=kind, backend=backend, key=key))
