"""A cloud on a real socket that behaves until it is told not to, operation by operation.

What it answers comes from a simulator; a script may hold that answer back, change it, or say other
bytes instead, well-formed or not.
"""

import asyncio
import socket
import struct
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import httpx
from starlette.types import ASGIApp


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came; `connection` counts from 1, `at` is monotonic seconds."""

    operation: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    at: float = field(default_factory=time.monotonic)


@dataclass(slots=True, kw_only=True)
class Exchange:
    """What a script has in hand: the request, the genuine answer, and the bare connection."""

    asked: Asked
    upstream: "ScriptedUpstream"
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    ended: bool = False

    async def genuine(self) -> httpx.Response:
        """What the simulator answers; asking has its effects, whatever is said in the end."""
        return await self.upstream.simulate(self.asked)

    async def say(self, data: bytes) -> None:
        """Say bytes as they are."""
        self.writer.write(data)
        self.upstream.sent_bytes += len(data)
        await self.writer.drain()

    def end(self) -> None:
        """Close the connection in good order after what was said."""
        self.ended = True

    def reset(self) -> None:
        """Break the connection with a RST."""
        self.ended = True
        reset(self.writer)

    async def until_client_leaves(self) -> None:
        """Wait for the client to close its side."""
        await self.reader.read()
        self.ended = True


Script: TypeAlias = Callable[[Exchange], Awaitable[None]]


def reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection of `writer` with a RST, losing what is unsent."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def whole_answer(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of an answer that is complete and well-formed."""
    lines = [f"HTTP/1.1 {status} As-Scripted", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


async def honest(exchange: Exchange) -> None:
    """Say what the simulator answers."""
    reply = await exchange.genuine()
    media_type = {"content-type": reply.headers.get("content-type", "application/json")}
    await exchange.say(whole_answer(reply.status_code, reply.content, media_type))


class ScriptedUpstream:
    """Serves one simulator; `asked` lists every request in order, `reached` tells of the first."""

    def __init__(self, app: ASGIApp) -> None:
        self.asked: list[Asked] = []
        self.reached = asyncio.Event()
        self.connections = 0
        self.sent_bytes = 0
        self.at_once = 0
        self.most_at_once = 0
        self.address = ""
        self._app = httpx.ASGITransport(app)
        self._once: dict[str, deque[Script]] = {}
        self._always: dict[str, Script] = {}
        self._handlers: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def play(self, operation: str, *scripts: Script) -> None:
        """Play each of `scripts` for one call of `operation`, before what is played always."""
        self._once.setdefault(operation, deque()).extend(scripts)

    def always(self, operation: str, script: Script) -> None:
        """Play `script` from now on; `operation` may be `*`, for those without one of their own."""
        self._always[operation] = script

    def calm(self) -> None:
        """Behave again."""
        self._once.clear()
        self._always.clear()

    def count(self, operation: str) -> int:
        """How often `operation` was asked."""
        return self.counts()[operation]

    def counts(self) -> Counter[str]:
        """Calls by operation."""
        return Counter(asked.operation for asked in self.asked)

    def forget(self) -> None:
        """Count from zero."""
        self.asked.clear()
        self.reached.clear()

    async def simulate(self, asked: Asked) -> httpx.Response:
        """The simulator's answer to a request."""
        request = httpx.Request(
            asked.method,
            self.address + asked.target,
            headers=list(asked.headers.items()),
            content=asked.body,
        )
        reply = await self._app.handle_async_request(request)
        await reply.aread()
        return reply

    async def listen(self) -> None:
        """Take connections, on the same port as before."""
        port = urlsplit(self.address).port or 0
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=2**20)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def deafen(self) -> None:
        """Refuse connections from now on; those that are open stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def aclose(self) -> None:
        """End everything."""
        self.deafen()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.current_task()
        if handler is not None:
            self._handlers.add(handler)
            handler.add_done_callback(self._handlers.discard)
        self.connections += 1
        try:
            await self._converse(reader, writer, self.connections)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # The client has gone, which is what most scripts want of it, or the test has ended: a
            # handler that ends as canceled is reported as an error by Python 3.11.
            pass
        finally:
            writer.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> None:
        while True:
            asked = await _read_request(reader, connection)
            self.asked.append(asked)
            self.reached.set()
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            exchange = Exchange(asked=asked, upstream=self, reader=reader, writer=writer)
            try:
                await self._script_for(asked.operation)(exchange)
            finally:
                self.at_once -= 1
            if exchange.ended:
                return

    def _script_for(self, operation: str) -> Script:
        waiting = self._once.get(operation)
        if waiting:
            return waiting.popleft()
        return self._always.get(operation) or self._always.get("*") or honest


@asynccontextmanager
async def scripted_upstream(app: ASGIApp) -> AsyncIterator[ScriptedUpstream]:
    """A listening upstream over the simulator `app`, until the block ends."""
    upstream = ScriptedUpstream(app)
    await upstream.listen()
    try:
        yield upstream
    finally:
        await upstream.aclose()


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(
        operation=_operation(target, headers),
        method=method,
        target=target,
        headers=headers,
        body=body,
        connection=connection,
    )


def _operation(target: str, headers: Mapping[str, str]) -> str:
    """The cloud's name of a call: in a header, in the query, or at the end of the path."""
    parts = urlsplit(target)
    query = parse_qs(parts.query)
    resource = parts.path.split("/")
    if "x-acs-action" in headers:
        return headers["x-acs-action"]
    if "Action" in query:
        return query["Action"][0]
    if "action" in query:
        return f"{resource[-1]}.{query['action'][0]}"
    return ".".join(resource[-2:])
