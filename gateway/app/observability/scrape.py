"""`/metrics`: the numbers, for whoever may see them."""

import asyncio
import hmac
import ipaddress
import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from gateway.app.graphql.gatekeeper import Gatekeeper
from gateway.app.observability.prometheus import PrometheusMetrics
from gateway.domain.errors import (
    ForbiddenError,
    GatewayError,
    SignInUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from gateway.domain.principal import Role

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_OPEN_METRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""Headers of a proxy. Behind one on this machine the whole world comes from loopback."""

_STATUS: Final = {
    UnauthenticatedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    TooManyRequestsError: HTTPStatus.TOO_MANY_REQUESTS,
    SignInUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class ScrapeDoor:
    """Tells whether a request may see the metrics: they name backends, rates and faults."""

    def __init__(
        self, gatekeeper: Gatekeeper, *, public: bool = False, token: str | None = None
    ) -> None:
        """Let everybody in if `public`; else loopback, the bearer of `token`, and admins."""
        self._gatekeeper = gatekeeper
        self._public = public
        self._expected = None if token is None else f"Bearer {token}".encode()

    async def admit(self, request: Request) -> None:
        """Let `request` pass.

        Raises:
            UnauthenticatedError, ForbiddenError, TooManyRequestsError, SignInUnavailableError: it
                must not, or nobody can tell.
        """
        if self._public or _is_from_here(request):
            return
        authorization = request.headers.get("authorization")
        if self._expected is not None and authorization is not None:
            given = authorization.encode(errors="surrogateescape")
            if hmac.compare_digest(given, self._expected):
                return
        if authorization is None:
            message = "the metrics need credentials"
            raise UnauthenticatedError(message)
        principal = await self._gatekeeper.admit(authorization)
        principal.require(Role.ADMIN)


def metrics_routes(
    metrics: PrometheusMetrics, door: ScrapeDoor, *, refresh: Callable[[], None]
) -> APIRouter:
    """`/metrics` in Prometheus' text format, or in OpenMetrics for who asks for it.

    `refresh` sets the gauges, in the event loop; the text is made in a thread, one at a time.
    """
    router = APIRouter()
    one_at_a_time = asyncio.Lock()

    @router.get("/metrics", include_in_schema=False)
    async def scrape(request: Request) -> Response:
        try:
            await door.admit(request)
        except GatewayError as error:
            return _refusal(error)
        as_openmetrics = "application/openmetrics-text" in request.headers.get("accept", "")
        async with one_at_a_time:
            refresh()
            text = await asyncio.to_thread(metrics.exposition, as_openmetrics=as_openmetrics)
        return Response(
            text,
            headers={
                "content-type": _OPEN_METRICS if as_openmetrics else _TEXT,
                "cache-control": "no-store",
                "vary": "Accept",
            },
        )

    return router


def _is_from_here(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _refusal(error: GatewayError) -> Response:
    headers = {"cache-control": "no-store"}
    if isinstance(error, UnauthenticatedError):
        headers["www-authenticate"] = "Bearer"
    if error.retry_after_s is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after_s))
    status = _STATUS.get(type(error), HTTPStatus.FORBIDDEN)
    return PlainTextResponse(f"{error.message}\n", status_code=status, headers=headers)
