"""The web application of the gateway."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response
from strawberry.fastapi import GraphQLRouter

from gateway import __version__
from gateway.app.examples import EXAMPLES
from gateway.app.explorer import mount_explorer
from gateway.app.fleets import Fleets, running_fleets
from gateway.app.health import health_routes
from gateway.app.overrides import Overrides
from gateway.app.writing import Writes, running_writes
from gateway.domain.call import CallContext
from gateway.domain.principal import Principal
from gateway.schema.context import GatewayContext
from gateway.schema.root import create_schema
from gateway.settings import Settings


def create_app(settings: Settings, overrides: Overrides | None = None) -> FastAPI:
    """The gateway as an ASGI application; its connections live as long as its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            running_fleets(settings, overrides) as fleets,
            running_writes(settings, fleets, overrides) as writes,
        ):
            app.state.fleets = fleets
            app.state.writes = writes
            yield

    app = FastAPI(
        title="OTA gateway",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )

    async def context(request: Request) -> GatewayContext:
        deadline = time.monotonic() + settings.requests.deadline_s
        fleets: Fleets = request.app.state.fleets
        writes: Writes | None = request.app.state.writes
        principal = Principal.anonymous()
        fleet = fleets.by_tenant[principal.tenant]
        return GatewayContext(
            fleet,
            CallContext(deadline=deadline),
            writing=writes.of(principal, fleet) if writes else None,
        )

    router: GraphQLRouter[GatewayContext, None] = GraphQLRouter(
        create_schema(max_upstream_calls=settings.requests.max_upstream_calls),
        path="/graphql",
        graphql_ide=None,
        context_getter=context,
        subscription_protocols=(),
    )
    app.include_router(router)
    app.include_router(health_routes())
    mount_explorer(app, examples=EXAMPLES)

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        return RedirectResponse("graphql")

    return app
