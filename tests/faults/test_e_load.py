"""More clients than there is room for, and clients who are slow on purpose: rows E6 to E10, E12."""

import asyncio
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from gateway.access.api_key import hash_text, mint_api_key
from tests.app.graphql.serving import Answered, read_answer
from tests.faults.serving import LONG_S, open_files, post, resident_mib, until
from tests.read_path.processes import Gateway, running_gateway

pytestmark = pytest.mark.processes

MOST_OPEN: Final = 60
MOST_EACH: Final = 40
MOST_OPERATIONS: Final = 3
MOST_IN_FLIGHT: Final = 8
BODY_S: Final = 0.5
INIT_S: Final = 0.6
STALL_S: Final = 1.0
SPARE_FILES: Final = 5
"""Connections to the journal come and go on their own."""
KEYS: Final = {name: mint_api_key(name) for name in ("ann", "bob")}
TABLES: Final = f"""
[sockets]
max_open = {MOST_OPEN}
max_open_each = {MOST_EACH}
max_operations = {MOST_OPERATIONS}
init_timeout_s = {INIT_S}
stall_timeout_s = {STALL_S}
[limits]
max_in_flight = {MOST_IN_FLIGHT}
body_timeout_s = {BODY_S}
[requests]
deadline_s = 4.0
[access]
requests_per_second = 0
""" + "".join(
    f'[access.keys.{name}]\nhash = "{hash_text(key)}"\nrole = "read"\n'
    for name, key in KEYS.items()
)
DEAF: Final = 2
ANSWERS: Final = 120
"""More than the buffers of the system take: then whoever sends them has to wait."""
QUICK: Final = {"query": "{ backends { name } }"}
LARGE: Final = {
    "query": "{ __schema { types { name description fields { name description "
    "args { name description type { name kind } } type { name kind } } } } }"
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tight:
    """A gateway with little room, over two clouds that take connections and never answer."""

    gateway: Gateway

    @property
    def pid(self) -> int:
        return self.gateway.pid

    @property
    def port(self) -> int:
        port = httpx.URL(self.gateway.endpoint).port
        assert port is not None
        return port

    async def ask(self, body: dict[str, Any], name: str = "ann") -> Answered:
        """The answer to one request."""
        async with self.asking(body, name) as reader:
            return await asyncio.wait_for(read_answer(reader), LONG_S)

    @asynccontextmanager
    async def asking(
        self, body: dict[str, Any], name: str = "ann"
    ) -> AsyncIterator[asyncio.StreamReader]:
        """A connection on which a request was sent."""
        async with self.connection() as (reader, writer):
            writer.write(post(body, f"Authorization: Bearer {KEYS[name]}"))
            yield reader

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A bare connection, which ends with a reset."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def get(self, path: str) -> Answered:
        """The answer to a GET of something else."""
        async with self.connection() as (reader, writer):
            writer.write(f"GET {path} HTTP/1.1\r\nHost: gateway.test\r\n\r\n".encode())
            return await asyncio.wait_for(read_answer(reader), LONG_S)

    async def streams(self) -> float:
        """How many sockets and event streams are open, as the gateway counts them."""
        metrics = (await self.get("/metrics")).body.decode()
        found = re.search(r"^ota_gateway_streams_open (\S+)$", metrics, re.MULTILINE)
        assert found is not None
        return float(found[1])

    async def socket(self, name: str | None = "ann") -> ClientConnection:
        """A WebSocket on which somebody has signed in; or, without a name, nobody yet."""
        found = await connect(
            f"ws://127.0.0.1:{self.port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            proxy=None,
            ping_interval=None,
        )
        if name is not None:
            init = {"authorization": f"Bearer {KEYS[name]}"}
            await found.send(json.dumps({"type": "connection_init", "payload": init}))
            assert json.loads(await found.recv()) == {"type": "connection_ack"}
        return found


def never(backend: str) -> dict[str, Any]:
    """A query that gets no answer of its cloud."""
    by = f'{{native: {{backend: "{backend}", nativeId: "6af4e74518ee799a6ff46a79"}}}}'
    return {"query": f"{{ otaJob(by: {by}) {{ id }} }}"}


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tight]:
    folder: Path = tmp_path_factory.mktemp("tight")
    with socket.create_server(("127.0.0.1", 0), backlog=512) as cloud:
        backend = {
            "provider": "enos",
            "endpoint": f"http://127.0.0.1:{cloud.getsockname()[1]}",
            "org_id": "o1",
            "app_key": "key",
            "app_secret": "word",
        }
        backends = dict.fromkeys(("one", "two"), backend)
        with running_gateway(backends, TABLES, folder) as gateway:
            yield Tight(gateway=gateway)


async def refusal(opening: Callable[[], Any]) -> tuple[int, str | None]:
    """Status, and `Retry-After`, of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as refused:
        await opening()
    response = refused.value.response
    return response.status_code, response.headers.get("retry-after")


async def closed(sockets: list[ClientConnection]) -> None:
    await asyncio.gather(*(each.close() for each in sockets))


async def test_e06_sockets_are_bounded_with_a_clear_refusal_and_all_others_served(
    tight: Tight,
) -> None:
    files = open_files(tight.pid)
    sockets = [await tight.socket("ann") for _ in range(MOST_EACH)]
    with pytest.raises(ConnectionClosed) as too_many:
        await tight.socket("ann")
    assert too_many.value.rcvd is not None
    assert (too_many.value.rcvd.code, too_many.value.rcvd.reason) == (
        4429,
        "you have as many connections open as you may",
    )
    sockets += [await tight.socket("bob") for _ in range(MOST_OPEN - MOST_EACH)]

    assert await refusal(lambda: tight.socket("bob")) == (503, "1")

    assert (await tight.ask(QUICK)).status == 200
    for each in sockets:
        await each.send('{"type": "ping"}')
    assert {await each.recv() for each in sockets} == {'{"type":"pong"}'}
    await closed(sockets)
    await until(lambda: open_files(tight.pid) <= files + SPARE_FILES)
    again = await tight.socket("ann")
    await again.close()


async def test_e07_a_subscriber_who_does_not_read_costs_no_memory_and_is_cut_off(
    tight: Tight,
) -> None:
    answer = await tight.ask(LARGE)
    assert len(answer.body) > 100_000
    before_mib = resident_mib(tight.pid)
    async with AsyncExitStack() as stack:
        deaf = [await stack.enter_async_context(Deaf.opened(tight)) for _ in range(DEAF)]
        assert await tight.streams() == DEAF
        await asyncio.gather(*(each.ask_for(LARGE, times=ANSWERS) for each in deaf))
        began = time.monotonic()
        await until_room(tight)
        while await tight.streams() > 0:
            assert time.monotonic() - began < STALL_S + 6
            await asyncio.sleep(0.05)
        grown_mib = resident_mib(tight.pid) - before_mib

    assert grown_mib < DEAF * ANSWERS * len(answer.body) / 2**20 / 4


class Deaf:
    """A WebSocket client who sends and never reads."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    @classmethod
    @asynccontextmanager
    async def opened(cls, tight: Tight) -> AsyncIterator["Deaf"]:
        """One who has signed in."""
        with socket.socket() as bare:
            bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            bare.setblocking(False)
            await asyncio.get_running_loop().sock_connect(bare, ("127.0.0.1", tight.port))
            reader, writer = await asyncio.open_connection(sock=bare, limit=4096)
            writer.write(
                b"GET /graphql HTTP/1.1\r\nHost: gateway.test\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n"
                b"Authorization: Bearer " + KEYS["bob"].encode() + b"\r\n\r\n"
            )
            found = cls(writer)
            await reader.readuntil(b"\r\n\r\n")
            found.say({"type": "connection_init"})
            await reader.readuntil(b"connection_ack")
            try:
                yield found
            finally:
                writer.transport.abort()

    async def ask_for(self, body: dict[str, Any], times: int) -> None:
        """Ask over and over, whether or not the other side takes it."""
        for number in range(times):
            self.say({"type": "subscribe", "id": str(number), "payload": body})
            await asyncio.sleep(0.04)  # so that there is an answer to most of them

    def say(self, message: dict[str, Any]) -> None:
        """Send a text frame, masked with zeros as a client may."""
        data = json.dumps(message).encode()
        length = (
            bytes([0x80 | len(data)])
            if len(data) < 126
            else bytes([0x80 | 126]) + len(data).to_bytes(2, "big")
        )
        self._writer.write(b"\x81" + length + bytes(4) + data)


async def test_e08_a_socket_has_little_time_to_sign_in_and_few_operations(tight: Tight) -> None:
    silent = await tight.socket(None)
    began = time.monotonic()
    with pytest.raises(ConnectionClosed) as late:
        await silent.recv()
    assert late.value.rcvd is not None
    assert late.value.rcvd.code == 4408
    assert INIT_S * 0.9 < time.monotonic() - began < INIT_S + 5

    stormy = await tight.socket()
    for number in range(MOST_OPERATIONS + 1):
        message = {"type": "subscribe", "id": str(number), "payload": never("one")}
        await stormy.send(json.dumps(message))
    told = json.loads(await stormy.recv())
    assert (told["type"], told["id"]) == ("error", str(MOST_OPERATIONS))
    assert told["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
    await stormy.send('{"type": "ping"}')
    assert await stormy.recv() == '{"type":"pong"}'
    await stormy.close()


async def test_e09_more_than_there_is_room_for_is_refused_at_once_with_when_to_come_back(
    tight: Tight,
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(MOST_IN_FLIGHT):
            await stack.enter_async_context(tight.asking(never("two")))
        refused: list[tuple[float, Answered]] = []
        while len(refused) < 20:
            began = time.monotonic()
            answer = await tight.ask(QUICK, "bob")
            if answer.status != 200:  # until the last of those before it is inside
                refused.append((time.monotonic() - began, answer))
        health = await tight.get("/healthz")

        assert {answer.status for _, answer in refused} == {503}
        assert {answer.code for _, answer in refused} == {"OVERLOADED"}
        assert {answer.headers["retry-after"] for _, answer in refused} == {"1"}
        assert min(seconds for seconds, _ in refused) < 0.05
        assert health.status == 200
    await until_room(tight)


async def until_room(tight: Tight) -> None:
    """Wait until those who hung up are out."""
    give_up_at = time.monotonic() + LONG_S
    while (await tight.ask(QUICK)).status != 200:
        assert time.monotonic() < give_up_at
        await asyncio.sleep(0.01)


async def test_e10_half_a_request_holds_up_nobody_and_half_a_body_is_given_up(
    tight: Tight,
) -> None:
    files = open_files(tight.pid)
    head = b"POST /graphql HTTP/1.1\r\nHost: gateway.test\r\n"
    credentials = f"Authorization: Bearer {KEYS['ann']}\r\n".encode()
    half_body = (
        head + credentials + b'Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{"query"'
    )
    async with AsyncExitStack() as stack:
        for _ in range(200):
            _, writer = await stack.enter_async_context(tight.connection())
            writer.write(head)
        began = time.monotonic()
        bodies = []
        for _ in range(20):
            reader, writer = await stack.enter_async_context(tight.connection())
            writer.write(half_body)
            bodies.append(reader)
        assert (await tight.ask(QUICK)).status == 200
        answers = await asyncio.gather(*(read_answer(reader) for reader in bodies))
        took_s = time.monotonic() - began
        rest = [await reader.read() for reader in bodies]

        assert {(answer.status, answer.code) for answer in answers} == {(408, "BODY_TOO_SLOW")}
        assert BODY_S * 0.9 < took_s < BODY_S + 5
        assert set(rest) == {b""}  # they are closed
        assert (await tight.ask(QUICK)).status == 200
    await until(lambda: open_files(tight.pid) <= files + SPARE_FILES)


async def test_e12_clients_who_come_and_go_leave_nothing_behind(tight: Tight) -> None:
    files = open_files(tight.pid)
    resident = []
    for _ in range(5):
        for _ in range(4):
            sockets = [await tight.socket("ann") for _ in range(25)]
            for each in sockets:
                await each.send(json.dumps({"type": "subscribe", "id": "1", "payload": QUICK}))
                assert json.loads(await each.recv())["type"] == "next"
            await closed(sockets)
            for _ in range(10):
                assert (await tight.ask(QUICK)).status == 200
        resident.append(resident_mib(tight.pid))

    assert resident[-1] < resident[1] * 1.05
    await until(lambda: open_files(tight.pid) <= files + SPARE_FILES)
