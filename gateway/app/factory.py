"""The web application of the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from fastapi import FastAPI
from starlette.responses import RedirectResponse, Response

from gateway import __version__
from gateway.access.opening import running_gate
from gateway.app.examples import EXAMPLES
from gateway.app.explorer import mount_explorer
from gateway.app.fleets import Fleets, running_fleets
from gateway.app.graphql.endpoint import GraphQLEndpoint, graphql_routes
from gateway.app.graphql.gatekeeper import Gatekeeper
from gateway.app.graphql.limits import Limits
from gateway.app.graphql.schema_executor import SchemaExecutor
from gateway.app.observability.observing import Observability
from gateway.app.overrides import Overrides
from gateway.app.writing import Writes, running_writes
from gateway.domain.call import CallContext
from gateway.domain.metrics import NoMetrics
from gateway.domain.principal import Principal
from gateway.schema.context import GatewayContext
from gateway.schema.documents.trusted import TrustedDocuments, TrustedDocumentsError
from gateway.schema.root import GatewaySchema, create_schema
from gateway.settings import Settings, SettingsError


def create_app(settings: Settings, overrides: Overrides | None = None) -> FastAPI:
    """The gateway as an ASGI application; its connections live as long as its lifespan.

    `app.state.observability` tells whether it is ready, and is told when it is to stop.

    Raises:
        SettingsError: the trusted documents are not right, or a part is asked for that is not
            installed.
    """
    seen = Observability(settings.observability)
    given = overrides or Overrides.none()
    if isinstance(given.metrics, NoMetrics):
        given = replace(given, metrics=seen.metrics, tracer=seen.tracer)
    schema = _schema(settings)
    door = _Door()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            seen.running(),
            running_gate(
                settings.access.sign_in(settings.tenants), http_transport=given.keys_http
            ) as door.gatekeeper,
            running_fleets(settings, given) as fleets,
            running_writes(settings, fleets, given) as writes,
        ):
            app.state.graphql = endpoint = GraphQLEndpoint(
                SchemaExecutor(schema),
                gatekeeper=door,
                context_for=partial(_context, fleets, writes),
                limits=Limits.of(
                    settings.limits, settings.sockets, settings.requests, settings.writes
                ),
                requests=seen.requests,
                origins=settings.sockets.origins,
            )
            seen.readiness.on_stop(endpoint.end_streams)
            cache = fleets.shared_cache
            seen.serving(
                backends=fleets.backends,
                journal=None if writes is None else writes.journal,
                cache_reachable=None if cache is None else lambda: not cache.is_away,
                open_streams=lambda: endpoint.open_streams,
            )
            yield
            seen.readiness.stop()
            await endpoint.drain(settings.writes.grace_s)

    app = FastAPI(
        title="OTA gateway",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.observability = seen
    app.router.routes.extend(graphql_routes())
    app.include_router(seen.routes(door))
    if settings.server.explorer:
        _show_explorer(app)
    return app


def _show_explorer(app: FastAPI) -> None:
    mount_explorer(app, examples=EXAMPLES)

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        return RedirectResponse("graphql")


class _Door:
    """The gatekeeper of whatever is running: routes are there before it is."""

    gatekeeper: Gatekeeper

    async def admit(self, authorization: str | None) -> Principal:
        """See `Gatekeeper`."""
        return await self.gatekeeper.admit(authorization)


def _schema(settings: Settings) -> GatewaySchema:
    documents = settings.documents
    try:
        return create_schema(
            max_upstream_calls=settings.requests.max_upstream_calls,
            documents=documents.policy(),
            trusted=TrustedDocuments.load(documents.trusted) if documents.trusted else None,
        )
    except TrustedDocumentsError as error:
        raise SettingsError([f"documents.trusted: {line}" for line in error.problems]) from None


def _context(
    fleets: Fleets, writes: Writes | None, principal: Principal, call: CallContext
) -> GatewayContext:
    fleet = fleets.by_tenant[principal.tenant]
    return GatewayContext(
        fleet, call, writing=writes.of(principal, fleet) if writes is not None else None
    )
