"""One business call from its arrival to its answer.

The order of the checks: the limit of calls, the API gateway, a scripted fault that forbids the
call; then the call itself, and a scripted fault that spoils its answer.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.simulators.enos.calls import CallLog, ServedCall
from gateway.simulators.enos.envelope import GateEnvelope, business_envelope, json_response
from gateway.simulators.enos.errors import (
    SUCCESS,
    BusinessCode,
    BusinessError,
    GateError,
    refused,
)
from gateway.simulators.enos.faults import (
    LOST,
    TOO_MANY_REQUESTS,
    Broken,
    BrokenResponse,
    FailedAfterwards,
    Fault,
    Faults,
    Late,
    Refused,
)
from gateway.simulators.enos.gate import ApiGate
from gateway.simulators.enos.limits import RateLimit
from gateway.simulators.enos.multipart import MEDIA_TYPE, media_type
from gateway.simulators.enos.operation import Answer
from gateway.simulators.enos.routing import Router
from gateway.simulators.enos.signature import decoded_query

_UPLOAD: Final = "ota-firmwares.create"


class BusinessService:
    """Everything under `/connect-service/v2.1`."""

    def __init__(
        self,
        *,
        gate: ApiGate,
        gate_envelope: GateEnvelope,
        router: Router,
        limit: RateLimit,
        calls: CallLog,
        faults: Faults,
        before_each: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        """Serve with these parts; `clock` times the arrival of calls.

        `before_each` is what the cloud does by itself, run before every call that passes.
        """
        self._gate = gate
        self._gate_envelope = gate_envelope
        self._router = router
        self._limit = limit
        self._calls = calls
        self._faults = faults
        self._before_each = before_each
        self._clock = clock
        self._is_uploading = False

    async def answer(self, request: Request) -> Response:
        """Serve one call and note it in the log of calls.

        A fault may let the answer raise `BrokenConnectionError` while it is sent.
        """
        arrived_s = self._clock()
        operation = _operation_name(request)
        is_form = media_type(request.headers.get("content-type", "")) == MEDIA_TYPE
        # The signature of a form does not cover its body, so it is checked before the upload.
        body = b"" if is_form else await request.body()
        if not self._limit.admits(operation, at_s=arrived_s):
            self._note(operation, arrived_s, TOO_MANY_REQUESTS)
            return _instead(TOO_MANY_REQUESTS)
        try:
            query = self._gate.admit(
                headers=request.headers, query_string=request.scope["query_string"], body=body
            )
        except GateError as refusal:
            self._note(operation, arrived_s, refusal.code)
            envelope = self._gate_envelope.body(refusal)
            return json_response(envelope, http_status=self._gate_envelope.http_status)
        fault = self._faults.take(operation)
        match fault:
            case Refused(http_status=status):
                self._note(operation, arrived_s, status)
                return _instead(status)
            case Broken(executes=False):
                self._note(operation, arrived_s, LOST)
                return BrokenResponse(
                    json_response(business_envelope(SUCCESS, "OK", None)), body_share=0.0
                )
            case _:
                code, response = await self._execute(
                    operation, request, query, None if is_form else body
                )
                code, response = _spoiled(fault, code, response)
        self._note(operation, arrived_s, code)
        if isinstance(fault, Late):
            await self._faults.sleep(fault.delay_s)
        return response

    async def _execute(
        self, operation: str, request: Request, query: Mapping[str, str], body: bytes | None
    ) -> tuple[int, Response]:
        """The code and the answer of a call that runs; `body` None is still to be received."""
        self._before_each()
        try:
            if body is None:
                with self._one_upload() if operation == _UPLOAD else nullcontext():
                    answer = self._routed(request, query, await request.body())
            else:
                answer = self._routed(request, query, body)
        except BusinessError as refusal:
            envelope = business_envelope(refusal.code, refusal.message, None)
            return refusal.code, json_response(envelope)
        envelope = business_envelope(SUCCESS, "OK", answer.data)
        if answer.pagination is not None:
            envelope["pagination"] = answer.pagination
        return SUCCESS, json_response(envelope)

    def _routed(self, request: Request, query: Mapping[str, str], body: bytes) -> Answer:
        return self._router.answer(
            resource=request.path_params["resource"],
            method=request.method,
            query=query,
            content_type=request.headers.get("content-type", ""),
            body=body,
        )

    @contextmanager
    def _one_upload(self) -> Iterator[None]:
        """Hold the only place for an upload, from its first byte to the end of the call."""
        if self._is_uploading:
            raise refused(BusinessCode.CONCURRENT_CREATION)
        self._is_uploading = True
        try:
            yield
        finally:
            self._is_uploading = False

    def _note(self, operation: str, arrived_s: float, code: int) -> None:
        self._calls.record(ServedCall(at_s=arrived_s, operation=operation, code=code))


def _instead(http_status: int) -> Response:
    """What stands in for an answer of the business service; EnOS documents nothing here.

    Too many calls get an envelope, anything else the page of a proxy, which is none.
    """
    phrase = HTTPStatus(http_status).phrase
    if http_status == TOO_MANY_REQUESTS:
        return json_response(business_envelope(http_status, phrase, None), http_status=http_status)
    return HTMLResponse(f"<h1>{http_status} {phrase}</h1>", status_code=http_status)


def _spoiled(fault: Fault | None, code: int, response: Response) -> tuple[int, Response]:
    """What arrives of an answer, and the code for the log of calls."""
    match fault:
        case FailedAfterwards(http_status=status):
            return status, _instead(status)
        case Broken(body_share=body_share):
            return LOST, BrokenResponse(response, body_share=body_share)
        case _:
            return code, response


def _operation_name(request: Request) -> str:
    """Resource and action as the call spells them, known or not."""
    try:
        action = decoded_query(request.scope["query_string"]).get("action", "")
    except ValueError:
        action = ""
    return f"{request.path_params['resource']}.{action}"
