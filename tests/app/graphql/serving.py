"""The endpoint on a small schema, behind a real server on a real socket, and a client for bytes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from gateway.app.graphql.endpoint import GraphQLEndpoint, graphql_routes
from gateway.app.graphql.limits import Limits
from gateway.app.graphql.schema_executor import SchemaExecutor
from gateway.domain.call import CallContext
from gateway.domain.errors import (
    GatewayError,
    SignInUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from gateway.domain.principal import Principal, Role
from gateway.schema.documents.prepared import Prepared
from tests.app.graphql.small_schema import SmallContext, Witness, small_schema

_SCHEMA: Final = small_schema()

_REFUSALS: Final[Mapping[str, GatewayError]] = {
    "Bearer wrong": UnauthenticatedError("sign in with a key"),
    "Bearer busy": TooManyRequestsError("you ask too often", retry_after_s=2.5),
    "Bearer later": SignInUnavailableError("not now", retry_after_s=7.0),
}


class Bell:
    """A gatekeeper that knows some names, and counts who asked.

    `Bearer <name>` is that principal; the names in `_REFUSALS` are refused, and so is everybody
    without a name if `is_open` is false. `soon` has credentials that end in a moment.
    """

    def __init__(self, *, is_open: bool = True) -> None:
        self.is_open = is_open
        self.asked: list[str | None] = []
        self.ended = False

    async def admit(self, authorization: str | None) -> Principal:
        self.asked.append(authorization)
        if authorization is not None and authorization in _REFUSALS:
            raise _REFUSALS[authorization]
        if authorization is None:
            if not self.is_open:
                raise _REFUSALS["Bearer wrong"]
            return Principal.anonymous()
        name = authorization.removeprefix("Bearer ")
        ends = datetime.now(UTC) + timedelta(milliseconds=200) if name == "soon" else None
        if self.ended:
            raise _REFUSALS["Bearer wrong"]
        role = Role.READ if name == "reader" else Role.OPERATE
        return Principal(id=f"key:{name}", tenant="default", role=role, expires_at=ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running endpoint."""

    port: int
    endpoint: GraphQLEndpoint[Prepared, SmallContext]
    witness: Witness
    bell: Bell

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    async def ask(self, raw: bytes) -> "Answered":
        """What comes back for these bytes, which need not be a whole request."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            with suppress(ConnectionError):
                writer.write(raw)
                await writer.drain()
            async with asyncio.timeout(10):
                return await read_answer(reader)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def post(
        self, body: object, *headers: str, content_type: str | None = "application/json"
    ) -> "Answered":
        """What comes back for a POST of `body`: bytes as they are, anything else as JSON."""
        return await self.ask(post_of(body, *headers, content_type=content_type))

    async def get(self, query_string: str, *headers: str) -> "Answered":
        """What comes back for a GET."""
        return await self.ask(request_of(f"GET /graphql?{query_string}", headers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A reply, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def code(self) -> str:
        """The code of its first error."""
        code: str = self.json["errors"][0]["extensions"]["code"]
        return code


def request_of(line: str, headers: Iterable[str] = (), body: bytes = b"") -> bytes:
    """A request as bytes."""
    head = [f"{line} HTTP/1.1", "Host: gateway.test", "Connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def post_of(body: object, *headers: str, content_type: str | None = "application/json") -> bytes:
    """A POST as bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = list(headers) + ([f"Content-Type: {content_type}"] if content_type else [])
    return request_of("POST /graphql", [*given, f"Content-Length: {len(data)}"], data)


async def read_answer(reader: asyncio.StreamReader) -> Answered:
    """One reply."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value
        for name, _, value in (line.partition(": ") for line in head[1:] if line)
    }
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers["content-length"]))
    return Answered(status=int(head[0].split()[1]), headers=headers, body=body)


@dataclass(slots=True, kw_only=True)
class Ran:
    """What was put together for a server."""

    app: Starlette
    endpoint: GraphQLEndpoint[Prepared, SmallContext]
    witness: Witness = field(default_factory=Witness)


def small_app(
    *, limits: Limits | None = None, bell: Bell | None = None, origins: Iterable[str] = ()
) -> Ran:
    """The application: the endpoint, and a page about its health."""
    witness = Witness()

    def context_for(principal: Principal, call: CallContext) -> SmallContext:
        return SmallContext(principal=principal, call=call, witness=witness)

    endpoint = GraphQLEndpoint(
        SchemaExecutor(_SCHEMA),
        gatekeeper=bell or Bell(),
        context_for=context_for,
        limits=limits,
        origins=origins,
    )
    app = Starlette(
        routes=[*graphql_routes(), Route("/healthz", lambda _: PlainTextResponse("ok"))]
    )
    app.state.graphql = endpoint
    return Ran(app=app, endpoint=endpoint, witness=witness)


@asynccontextmanager
async def served(
    *,
    limits: Limits | None = None,
    bell: Bell | None = None,
    origins: Iterable[str] = (),
) -> AsyncIterator[Served]:
    """The endpoint on a free port, until the block ends."""
    gatekeeper = bell or Bell()
    ran = small_app(limits=limits, bell=gatekeeper, origins=origins)
    config = uvicorn.Config(ran.app, lifespan="off", log_config=None, ws_max_size=1 << 21)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        # Not uvicorn.Server, which takes its time to end and wants the process's signals.
        lambda: HttpToolsProtocol(config=config, server_state=state, app_state={}),
        "127.0.0.1",
        0,
    )
    try:
        yield Served(
            port=server.sockets[0].getsockname()[1],
            endpoint=ran.endpoint,
            witness=ran.witness,
            bell=gatekeeper,
        )
    finally:
        ran.witness.go.set()
        server.close()
        for connection in tuple(state.connections):
            connection.shutdown()
        await until(lambda: not state.tasks and not state.connections)
        await ran.endpoint.drain(10)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what nobody tells of, for some seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.001)
