"""The cloud's HTTP face: two services, three envelopes.

The vendor does not document the HTTP status of errors, nor in which field the API gateway puts
its code; `GateEnvelope` holds both, so that a client can be tried against each possibility.
Business errors and token errors come with HTTP 200, which is what the vendor's clients expect.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulators.enos.calls import CallLog, ServedCall
from gateway.simulators.enos.errors import SUCCESS, BusinessError, GateError, TokenCode, TokenError
from gateway.simulators.enos.gate import ApiGate
from gateway.simulators.enos.limits import RateLimit
from gateway.simulators.enos.operations import Answer
from gateway.simulators.enos.routing import Router
from gateway.simulators.enos.signature import decoded_query
from gateway.simulators.enos.tokens import IssuedToken, TokenService

CodeField = Literal["status", "code", "apim_status"]

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TOO_MANY_REQUESTS: Final = 429
_SHORT_TOKEN_EXPIRED: Final = 4011


@dataclass(frozen=True, slots=True, kw_only=True)
class GateEnvelope:
    """How the API gateway words a rejection, all of it undocumented.

    `code_field` is the name of the code's field; under `apim_status` an expired token has the only
    code seen there, 4011. `http_status` is the status of the answer.
    """

    code_field: CodeField = "code"
    http_status: int = 200

    def body(self, refusal: GateError) -> dict[str, object]:
        """The JSON object of a rejection."""
        code = refusal.code
        if self.code_field == "apim_status" and code == TokenCode.EXPIRED:
            code = _SHORT_TOKEN_EXPIRED
        return _envelope(code, refusal.message, None, code_field=self.code_field)


class EnosApp:
    """Puts token service, API gateway and business actions behind an ASGI app."""

    def __init__(
        self,
        *,
        tokens: TokenService,
        gate: ApiGate,
        gate_envelope: GateEnvelope,
        router: Router,
        limit: RateLimit,
        calls: CallLog,
        clock: Callable[[], float],
    ) -> None:
        """Serve with these parts; `clock` times the arrival of calls."""
        self._tokens = tokens
        self._gate = gate
        self._gate_envelope = gate_envelope
        self._router = router
        self._limit = limit
        self._calls = calls
        self._clock = clock

    def asgi(self) -> Starlette:
        """The routes of the cloud."""
        business_path = "/connect-service/v2.1/{resource}"
        return Starlette(
            routes=[
                Route("/apim-token-service/v2.0/token/get", self._get_token, methods=["POST"]),
                Route(
                    "/apim-token-service/v2.0/token/refresh", self._refresh_token, methods=["POST"]
                ),
                Route(business_path, self._business, methods=_METHODS),
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
        if not self._limit.admits(operation, at_s=arrived_s):
            return self._throttled(operation, arrived_s)
        try:
            token = serve(body)
        except TokenError as refusal:
            answer = _token_envelope(refusal.code, refusal.message, None)
            return self._finish(operation, arrived_s, refusal.code, answer)
        data = {"accessToken": token.access_token, "expire": token.expire_s}
        return self._finish(
            operation, arrived_s, SUCCESS, _token_envelope(SUCCESS, "SUCCESS", data)
        )

    async def _business(self, request: Request) -> Response:
        arrived_s = self._clock()
        body = await request.body()
        operation = _operation_name(request)
        if not self._limit.admits(operation, at_s=arrived_s):
            return self._throttled(operation, arrived_s)
        try:
            answer = self._admitted_answer(request, body)
        except GateError as refusal:
            envelope = self._gate_envelope.body(refusal)
            status = self._gate_envelope.http_status
            return self._finish(operation, arrived_s, refusal.code, envelope, http_status=status)
        except BusinessError as refusal:
            envelope = _envelope(refusal.code, refusal.message, None)
            return self._finish(operation, arrived_s, refusal.code, envelope)
        envelope = _envelope(SUCCESS, "OK", answer.data)
        if answer.pagination is not None:
            envelope["pagination"] = answer.pagination
        return self._finish(operation, arrived_s, SUCCESS, envelope)

    def _admitted_answer(self, request: Request, body: bytes) -> Answer:
        query = self._gate.admit(
            headers=request.headers, query_string=request.scope["query_string"], body=body
        )
        return self._router.answer(
            resource=request.path_params["resource"],
            method=request.method,
            query=query,
            content_type=request.headers.get("content-type", ""),
            body=body,
        )

    def _throttled(self, operation: str, arrived_s: float) -> Response:
        """HTTP 429 in a business envelope; EnOS documents nothing here."""
        code = _TOO_MANY_REQUESTS
        envelope = _envelope(code, "Too Many Requests", None)
        return self._finish(operation, arrived_s, code, envelope, http_status=code)

    def _finish(
        self,
        operation: str,
        arrived_s: float,
        code: int,
        answer: Mapping[str, object],
        *,
        http_status: int = 200,
    ) -> Response:
        self._calls.record(ServedCall(at_s=arrived_s, operation=operation, code=code))
        content = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
        return Response(
            content, status_code=http_status, media_type="application/json;charset=UTF-8"
        )


def _envelope(
    code: int, message: str, data: object, *, code_field: str = "code"
) -> dict[str, object]:
    return {code_field: code, "msg": message, "requestId": str(uuid.uuid4()), "data": data}


def _token_envelope(
    code: int, message: str, data: Mapping[str, object] | None
) -> dict[str, object]:
    return {"status": code, "msg": message, "business": "apim-token-service", "data": data}


def _operation_name(request: Request) -> str:
    """Resource and action as the call spells them, known or not."""
    try:
        action = decoded_query(request.scope["query_string"]).get("action", "")
    except ValueError:
        action = ""
    return f"{request.path_params['resource']}.{action}"
