"""The cloud's HTTP face: the token service and the business service behind one address."""

from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulators.enos.business import BusinessService
from gateway.simulators.enos.calls import CallLog, ServedCall
from gateway.simulators.enos.envelope import business_envelope, json_response, token_envelope
from gateway.simulators.enos.errors import SUCCESS, TokenError
from gateway.simulators.enos.faults import TOO_MANY_REQUESTS
from gateway.simulators.enos.limits import RateLimit
from gateway.simulators.enos.tokens import IssuedToken, TokenService

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_BUSINESS_PATH: Final = "/connect-service/v2.1/{resource}"


class EnosApp:
    """Puts token service and business service behind an ASGI app."""

    def __init__(
        self,
        *,
        tokens: TokenService,
        business: BusinessService,
        limit: RateLimit,
        calls: CallLog,
        clock: Callable[[], float],
    ) -> None:
        """Serve with these parts; `clock` times the arrival of calls."""
        self._tokens = tokens
        self._business = business
        self._limit = limit
        self._calls = calls
        self._clock = clock

    def asgi(self) -> Starlette:
        """The routes of the cloud."""
        return Starlette(
            routes=[
                Route("/apim-token-service/v2.0/token/get", self._get_token, methods=["POST"]),
                Route(
                    "/apim-token-service/v2.0/token/refresh", self._refresh_token, methods=["POST"]
                ),
                Route(_BUSINESS_PATH, self._business.answer, methods=_METHODS),
            ]
        )

    async def _get_token(self, request: Request) -> Response:
        return await self._token_call("token.get", self._tokens.get, request)

    async def _refresh_token(self, request: Request) -> Response:
        return await self._token_call("token.refresh", self._tokens.refresh, request)

    async def _token_call(
        self, operation: str, serve: Callable[[bytes], IssuedToken], request: Request
    ) -> Response:
        arrived_s = self._clock()
        body = await request.body()
        http_status = 200
        if not self._limit.admits(operation, at_s=arrived_s):
            code = http_status = TOO_MANY_REQUESTS
            envelope = business_envelope(code, "Too Many Requests", None)
        else:
            try:
                token = serve(body)
            except TokenError as refusal:
                code, envelope = refusal.code, token_envelope(refusal.code, refusal.message, None)
            else:
                data = {"accessToken": token.access_token, "expire": token.expire_s}
                code, envelope = SUCCESS, token_envelope(SUCCESS, "SUCCESS", data)
        self._calls.record(ServedCall(at_s=arrived_s, operation=operation, code=code))
        return json_response(envelope, http_status=http_status)
