"""A small simulator on a fake clock, and a client that signs by itself.

The client follows the vendor's pages and shares no code with the simulator, so that a mistake in
one of them shows.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Unpack
from urllib.parse import urlencode

import httpx
import pytest

from gateway.simulators.enos import EnosSimulator, GateEnvelope
from gateway.simulators.enos.rules import WriteOptions

APP_KEY = "5acb82e7-a11e-4300-9164-c8b20b638e8b"
APP_SECRET = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
ORG_ID = "o15475466766371"
START_S = 1_700_000_000.0


class FakeClock:
    """Epoch seconds that move only when told."""

    def __init__(self) -> None:
        self.now_s = START_S

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


class Client:
    """Calls the simulator over ASGI, signing as the vendor's pages say."""

    def __init__(self, simulator: EnosSimulator, clock: FakeClock) -> None:
        transport = httpx.ASGITransport(app=simulator.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="https://apim.example")
        self.clock = clock
        self.token = ""
        self._last_ms = 0

    def timestamp(self) -> str:
        """Milliseconds now; never the same twice, as EnOS refuses a used digest."""
        self._last_ms = max(self._last_ms + 1, int(self.clock() * 1000))
        return str(self._last_ms)

    async def token_call(self, verb: str, **changes: object) -> dict[str, Any]:
        """A token call; `changes` replace fields, None removes one."""
        timestamp = str(changes.get("timestamp") or self.timestamp())
        digest = hashlib.sha256((APP_KEY + timestamp + APP_SECRET).encode()).hexdigest()
        fields: dict[str, object] = {
            "appKey": APP_KEY,
            "timestamp": int(timestamp) if timestamp.isdecimal() else timestamp,
            "encryption": digest,
        }
        fields = {k: v for k, v in (fields | changes).items() if v is not None}
        reply = await self.http.post(f"/apim-token-service/v2.0/token/{verb}", json=fields)
        assert reply.status_code == 200
        return dict(reply.json())

    async def log_in(self) -> str:
        """Get a token and keep it."""
        self.token = (await self.token_call("get"))["data"]["accessToken"]
        return self.token

    def sign(self, query: Mapping[str, str], body: bytes, timestamp: str) -> dict[str, str]:
        """The three headers."""
        digest = hashlib.sha256(self.token.encode())
        for name in sorted(query):
            digest.update(name.encode() + query[name].encode())
        digest.update(body + timestamp.encode() + APP_SECRET.encode())
        return {
            "apim-accesstoken": self.token,
            "apim-timestamp": timestamp,
            "apim-signature": digest.hexdigest(),
        }

    async def send(
        self,
        method: str,
        resource: str,
        query: Mapping[str, str],
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        raw_query: str | None = None,
    ) -> httpx.Response:
        """A signed call; `headers` replace signed ones, `raw_query` how the query is spelled."""
        if not self.token:
            await self.log_in()
        signed = self.sign(query, content, self.timestamp())
        if content:
            signed["content-type"] = "application/json;charset=UTF-8"
        spelled = urlencode(query) if raw_query is None else raw_query
        return await self.http.request(
            method,
            f"/connect-service/v2.1/{resource}?{spelled}",
            headers=signed | dict(headers or {}),
            content=content,
        )

    async def get(self, resource: str, action: str, **parameters: str) -> dict[str, Any]:
        """The envelope of a GET."""
        query = {"action": action, "orgId": ORG_ID} | parameters
        return dict((await self.send("GET", resource, query)).json())

    async def search(
        self, resource: str, action: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        """The envelope of a POST."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        query = {"action": action, "orgId": ORG_ID}
        return dict((await self.send("POST", resource, query, content=content)).json())

    async def write(
        self, resource: str, action: str, body: object = None, **parameters: str
    ) -> dict[str, Any]:
        """The envelope of a POST that changes something; `body` None sends none."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        query = {"action": action, "orgId": ORG_ID} | parameters
        return dict((await self.send("POST", resource, query, content=content)).json())

    async def send_form(
        self, content: bytes, content_type: str, **parameters: str
    ) -> httpx.Response:
        """An upload; its signature covers the query alone."""
        if not self.token:
            await self.log_in()
        query = {"action": "create", "orgId": ORG_ID} | parameters
        return await self.http.post(
            f"/connect-service/v2.1/ota-firmwares?{urlencode(query)}",
            headers=self.sign(query, b"", self.timestamp()) | {"content-type": content_type},
            content=content,
        )

    async def upload(
        self, metadata: object, file: bytes, *, file_name: str = "image.zip", **parameters: str
    ) -> dict[str, Any]:
        """The envelope of an upload of these two parts."""
        form = httpx.Request(
            "POST",
            "https://apim.example",
            data={"metadata": json.dumps(metadata, ensure_ascii=False)},
            files={"file": (file_name, file)},
        )
        reply = await self.send_form(form.read(), form.headers["content-type"], **parameters)
        return dict(reply.json())

    async def all(self, resource: str, action: str, expression: str | None = None) -> list[Any]:
        """Every record of a search, page by page."""
        records: list[Any] = []
        body: dict[str, object] = {} if expression is None else {"expression": expression}
        while True:
            page = {"pageNo": len(records) // 200 + 1, "pageSize": 200}
            reply = await self.search(resource, action, body | {"pagination": page})
            assert reply["code"] == 0, reply["msg"]
            records += reply["data"]
            if len(reply["data"]) < 200:
                assert reply["pagination"]["totalSize"] == len(records)
                return records


class Options(WriteOptions, total=False):
    """What a test may choose."""

    seed: int
    jobs: int
    tasks: int
    packages: int
    token_life_s: float
    token_grace_s: float
    skew_s: float
    visibility_lag_s: float
    firmware_lag_s: float
    sleep: Callable[[float], Awaitable[None]]
    calls_per_second: int | None
    gate_envelope: GateEnvelope | None
    foreign_org_ids: Collection[str]


def small_simulator(clock: Callable[[], float], **options: Unpack[Options]) -> EnosSimulator:
    """A fleet small enough to read whole in a test."""
    chosen = Options(jobs=60, tasks=1_500, packages=16)
    chosen.update(options)
    return EnosSimulator(
        app_key=APP_KEY, app_secret=APP_SECRET, org_id=ORG_ID, clock=clock, **chosen
    )


def sample(name: str) -> dict[str, Any]:
    """A sample body of the vendor's documentation."""
    path = Path(__file__).parent / "data" / f"{name}.json"
    return dict(json.loads(path.read_text("utf-8")))


def without_request_id(answer: Mapping[str, object]) -> dict[str, object]:
    """What two answers to the same call have in common."""
    return {name: value for name, value in answer.items() if name != "requestId"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def simulator(clock: FakeClock) -> EnosSimulator:
    return small_simulator(clock)


@pytest.fixture
async def client(simulator: EnosSimulator, clock: FakeClock) -> AsyncIterator[Client]:
    client = Client(simulator, clock)
    yield client
    await client.http.aclose()


@pytest.fixture
async def connect(clock: FakeClock) -> AsyncIterator[Callable[..., tuple[EnosSimulator, Client]]]:
    """Makes a simulator with options, and a client of it."""
    clients: list[Client] = []

    def make(**options: Unpack[Options]) -> tuple[EnosSimulator, Client]:
        simulator = small_simulator(clock, **options)
        client = Client(simulator, clock)
        clients.append(client)
        return simulator, client

    yield make
    for client in clients:
        await client.http.aclose()
