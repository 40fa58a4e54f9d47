"""The whole application behind a real socket on loopback, in this process."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.app.graphql.serving import Answered, post_of, read_answer, request_of, until

GRAPHQL_JSON: Final = "Accept: application/graphql-response+json"
"""With it a document that is refused is answered 400, which `application/json` has no status for"""

_PROTOCOL: Final = Subprotocol("graphql-transport-ws")
_PATIENCE_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loopback:
    """An application that listens at `port`."""

    port: int

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def ask(self, raw: bytes) -> Answered:
        """What comes back for these bytes, which need not be a whole request."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            with suppress(ConnectionError):
                writer.write(raw)
                await writer.drain()
            async with asyncio.timeout(_PATIENCE_S):
                return await read_answer(reader)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def post(
        self, body: object, *headers: str, content_type: str | None = "application/json"
    ) -> Answered:
        """What comes back for a POST to the endpoint: bytes as they are, anything else as JSON."""
        return await self.ask(post_of(body, *headers, content_type=content_type))

    async def get(self, query_string: str, *headers: str) -> Answered:
        """What comes back for a GET of the endpoint."""
        return await self.ask(request_of(f"GET /graphql?{query_string}", headers))

    async def page(self, path: str, *headers: str) -> Answered:
        """What comes back for a GET of any path."""
        return await self.ask(request_of(f"GET {path}", headers))

    @asynccontextmanager
    async def talking(
        self, *, authorization: str | None = None, origin: str | None = None
    ) -> AsyncIterator["Talk"]:
        """A WebSocket, with these headers in its handshake, until the block ends."""
        async with connect(
            f"ws://127.0.0.1:{self.port}/graphql",
            subprotocols=[_PROTOCOL],
            origin=None if origin is None else Origin(origin),
            additional_headers={"Authorization": authorization} if authorization else None,
            proxy=None,
            compression=None,
            close_timeout=1,
        ) as connection:
            yield Talk(connection)


class Talk:
    """One conversation in graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def say(self, **message: object) -> None:
        """Send one message."""
        await self._connection.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(_PATIENCE_S):
            found: dict[str, Any] = json.loads(await self._connection.recv())
            return found

    async def init(self, authorization: str | None = None) -> None:
        """Say who comes; be let in."""
        payload = {} if authorization is None else {"authorization": authorization}
        await self.say(type="connection_init", payload=payload)
        assert (await self.hear())["type"] == "connection_ack"

    async def subscribe(self, query: str, **variables: object) -> None:
        """Ask for an operation of any kind, as number 1."""
        await self.say(id="1", type="subscribe", payload={"query": query, "variables": variables})

    async def closed(self) -> tuple[int | None, str | None]:
        """Code and reason with which the other side closes, whatever it says before."""
        async with asyncio.timeout(_PATIENCE_S):
            with suppress(ConnectionClosed):
                while True:
                    await self._connection.recv()
        return self._connection.close_code, self._connection.close_reason


@asynccontextmanager
async def on_loopback(app: ASGIApp) -> AsyncIterator[Loopback]:
    """`app`, whose lifespan is up to the caller, at a free port until the block ends."""
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        # Not uvicorn.Server, which takes its time to end and wants the process's signals.
        lambda: HttpToolsProtocol(config=config, server_state=state, app_state={}),
        "127.0.0.1",
        0,
    )
    try:
        yield Loopback(port=server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for connection in tuple(state.connections):
            connection.shutdown()
        await until(lambda: not state.tasks and not state.connections)
