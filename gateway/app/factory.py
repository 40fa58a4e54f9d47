"""The web application of the gateway."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response
from strawberry.fastapi import GraphQLRouter

from gateway import __version__
from gateway.app.assembly import Overrides, running_fleet
from gateway.app.examples import EXAMPLES
from gateway.app.explorer import mount_explorer
from gateway.app.health import health_routes
from gateway.app.writing import running_writes
from gateway.domain.call import CallContext
from gateway.schema.context import GatewayContext
from gateway.schema.root import create_schema
from gateway.settings import Settings


def create_app(settings: Settings, overrides: Overrides | None = None) -> FastAPI:
    """The gateway as an ASGI application; its connections live as long as its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            running_fleet(settings, overrides) as fleet,
            running_writes(settings, fleet, overrides) as writing,
        ):
            app.state.fleet = fleet
            app.state.writing = writing
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
        state = request.app.state
        return GatewayContext(state.fleet, CallContext(deadline=deadline), writing=state.writing)

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
