"""The GraphQL endpoint: HTTP, event streams and WebSockets at one address."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final, Generic

from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from gateway.app.graphql.executor import Executor, PreparedT
from gateway.app.graphql.gatekeeper import Gatekeeper
from gateway.app.graphql.http_door import HttpDoor
from gateway.app.graphql.limits import Limits
from gateway.app.graphql.parts import Parts
from gateway.app.graphql.request_context import ContextFor, ContextT
from gateway.app.graphql.runner import Runner
from gateway.app.graphql.streams import OpenStreams
from gateway.app.graphql.websocket.door import WebSocketDoor
from gateway.app.observability.request_log import RequestLog

PATH: Final = "/graphql"


class GraphQLEndpoint(Generic[PreparedT, ContextT]):
    """An ASGI application for one path; answers every request, and never fails."""

    def __init__(
        self,
        executor: Executor[PreparedT, ContextT],
        *,
        gatekeeper: Gatekeeper,
        context_for: ContextFor[ContextT],
        limits: Limits | None = None,
        requests: RequestLog | None = None,
        origins: Iterable[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Put the endpoint together; nothing is under way.

        `origins` are those whose pages may open WebSockets, beside the gateway's own, as
        `https://console.example.com`. `now` is aware; credentials end by it.
        """
        given = limits or Limits()
        parts = Parts(
            runner=Runner(executor, context_for, given),
            gatekeeper=gatekeeper,
            streams=OpenStreams(given, now=now),
            limits=given,
            requests=requests or RequestLog(),
            origins=frozenset(origins),
        )
        self._parts = parts
        self._http = HttpDoor(parts)
        self._websocket = WebSocketDoor(parts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket."""
        door = self._http if scope["type"] == "http" else self._websocket
        await door.serve(scope, receive, send)

    @property
    def in_flight(self) -> int:
        """Queries and mutations under way, over all transports."""
        return self._parts.runner.turnstile.inside

    @property
    def arriving(self) -> int:
        """Requests whose bodies are on their way."""
        return self._http.arriving

    @property
    def open_streams(self) -> int:
        """Sockets and event streams that are open."""
        return len(self._parts.streams)

    def end_streams(self) -> None:
        """End all sockets and event streams, and take no new ones: the gateway is stopping.

        Clients are told so in a way that makes them connect again, to another replica.
        """
        self._parts.streams.end_all()

    async def drain(self, grace_s: float) -> None:
        """Wait for the operations under way, for at most `grace_s` seconds."""
        await self._parts.runner.drain(grace_s)


def graphql_routes(path: str = PATH) -> list[BaseRoute]:
    """Routes to the endpoint that the application's lifespan puts into `app.state.graphql`."""
    return [Route(path, _Served()), WebSocketRoute(path, _Served())]


class _Served:
    """The endpoint of whichever application is running."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["app"].state.graphql(scope, receive, send)
