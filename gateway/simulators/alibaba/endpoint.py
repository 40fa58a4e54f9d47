"""The RPC endpoint: one request from its arrival to its envelope.

The order of the checks: method and path, `Format`, the operation, the caller, the caller's
rate, the parameters, the instance; then the operation itself, unless a scripted fault forbids.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from gateway.simulators.alibaba import envelope, errors
from gateway.simulators.alibaba.auth import Authenticator, Scheme, SignedRequest
from gateway.simulators.alibaba.calls import SUCCESS, CallLog, ServedCall
from gateway.simulators.alibaba.envelope import Format
from gateway.simulators.alibaba.executed import ExecutedLog
from gateway.simulators.alibaba.faults import (
    LOST,
    Broken,
    BrokenResponse,
    FailedAfterwards,
    Fault,
    Faults,
    Late,
    Refused,
)
from gateway.simulators.alibaba.handler import Handler, Payload
from gateway.simulators.alibaba.limits import RateLimiter
from gateway.simulators.alibaba.operation import Operation
from gateway.simulators.alibaba.operations import OPERATIONS, WRITE_NAMES
from gateway.simulators.alibaba.parameters import Arguments, read_arguments

API_VERSION: Final = "2018-01-20"
_FORM = "application/x-www-form-urlencoded"
_METHODS = frozenset({"GET", "POST"})
_COMMON = {
    Scheme.V1: frozenset(
        {
            "Action",
            "Version",
            "Format",
            "AccessKeyId",
            "SignatureMethod",
            "SignatureVersion",
            "SignatureNonce",
            "SignatureType",
            "Timestamp",
            "Signature",
            "RegionId",
        }
    ),
    Scheme.V3: frozenset({"RegionId"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strictness:
    """Where the contract is silent: how this endpoint takes it.

    `throttle` keeps to the documented rates, `announce_retry` adds `x-acs-retry-after`
    (milliseconds) to a refusal. Without `accept_form_bodies` parameters count in the query
    only. `refuse_unknown` refuses parameters an operation does not have. `codes` are the codes
    nobody documents.
    """

    throttle: bool = True
    announce_retry: bool = False
    accept_form_bodies: bool = False
    refuse_unknown: bool = True
    codes: errors.InventedCodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Serves requests for one account in one region."""

    authenticator: Authenticator
    limiter: RateLimiter
    handlers: Mapping[str, Handler]
    calls: CallLog
    executed: ExecutedLog
    faults: Faults
    clock: Callable[[], float]
    instance_id: str
    region: str
    strictness: Strictness

    async def serve(self, request: Request) -> Response:
        """Answer one request; whatever is wrong with it becomes a documented envelope."""
        now_s = self.clock()
        signed = _signed_request(request, await request.body())
        action = _common(signed, "Action", "x-acs-action")
        host = signed.headers.get("host", "")
        form = Format.JSON
        fault: Fault | None = None
        try:
            form = _format(signed)
            operation, arguments = self._admit(signed, action, now_s)
            fault = self.faults.take(action)
            if isinstance(fault, Refused):
                raise fault.problem
            payload = self._execute(operation, arguments, signed, now_s)
            response = envelope.success(payload, action=action, form=form)
            code = SUCCESS
        except (errors.ApiGatewayError, errors.BusinessError) as problem:
            response = envelope.failure(problem, host=host, action=action, form=form)
            code = problem.code
        if isinstance(fault, FailedAfterwards):
            response = envelope.failure(fault.problem, host=host, action=action, form=form)
            code = fault.problem.code
        elif isinstance(fault, Broken):
            response = BrokenResponse(response, body_share=fault.body_share)
            code = LOST
        self.calls.record(ServedCall(at_s=now_s, operation=action, code=code))
        if isinstance(fault, Late):
            await self.faults.sleep(fault.delay_s)
        return response

    def _admit(
        self, request: SignedRequest, action: str, now_s: float
    ) -> tuple[Operation, Arguments]:
        operation = _operation(request, action)
        self.authenticator.verify(request, now_s)
        self._keep_rate(operation, now_s)
        arguments = read_arguments(
            operation.parameters,
            self._own_parameters(request),
            unknown_code=self.strictness.codes.unknown_parameter
            if self.strictness.refuse_unknown
            else None,
        )
        if arguments.texts.get("IotInstanceId") != self.instance_id:
            raise errors.instance_not_found()
        return operation, arguments

    def _execute(
        self, operation: Operation, arguments: Arguments, request: SignedRequest, now_s: float
    ) -> Payload:
        payload = self.handlers[operation.name](arguments, now_s)
        if operation.name in WRITE_NAMES:
            self.executed.record(
                at_s=now_s,
                operation=operation.name,
                parameters=dict(self._own_parameters(request)),
                payload=payload,
            )
        return payload

    def _keep_rate(self, operation: Operation, now_s: float) -> None:
        if not self.strictness.throttle:
            return
        wait_ms = self.limiter.admit(operation.name, rate=operation.rate, now_s=now_s)
        if wait_ms is not None:
            raise errors.throttled(wait_ms if self.strictness.announce_retry else None)

    def _own_parameters(self, request: SignedRequest) -> Sequence[tuple[str, str]]:
        """The operation's parameters, the common ones taken away and checked."""
        if request.body and not self.strictness.accept_form_bodies:
            code = self.strictness.codes.body_not_read
            message = "Parameters of this action are read from the query string only."
            raise errors.ApiGatewayError(code, message)
        sent = [*request.query, *request.form]
        if dict(sent).get("RegionId", self.region) != self.region:
            name = "RegionId"
            raise errors.invalid(name)
        common = _COMMON[request.scheme]
        return [pair for pair in sent if pair[0] not in common]


def _signed_request(request: Request, body: bytes) -> SignedRequest:
    # Clients write a space as `+`, so the query is read like a form before it is signed anew.
    query = request.scope["query_string"].decode("latin-1")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = body.decode("utf-8", "replace") if content_type == _FORM else ""
    return SignedRequest(
        method=request.method,
        path=request.url.path,
        query=parse_qsl(query, keep_blank_values=True),
        form=parse_qsl(form, keep_blank_values=True),
        headers=dict(request.headers),
        body=body,
    )


def _common(request: SignedRequest, parameter: str, header: str) -> str:
    """A common parameter from where the request's scheme puts it; empty if it is not there."""
    if request.scheme is Scheme.V3:
        return request.headers.get(header, "")
    return dict([*request.query, *request.form]).get(parameter, "")


def _format(request: SignedRequest) -> Format:
    """JSON under V3; under V1 what `Format` says in any case, XML if it says nothing."""
    if request.scheme is Scheme.V3:
        return Format.JSON
    word = _common(request, "Format", "accept") or Format.XML
    try:
        return Format(word.upper())
    except ValueError as error:
        raise errors.invalid_format() from error


def _operation(request: SignedRequest, action: str) -> Operation:
    if request.method not in _METHODS:
        raise errors.unsupported_method()
    for name, value in (
        ("Action", action),
        ("Version", version := _common(request, "Version", "x-acs-version")),
    ):
        if not value:
            raise errors.missing(name)
    operation = OPERATIONS.get(action)
    if (
        operation is None
        or version != API_VERSION
        or request.path != "/"
        or request.method not in operation.methods
    ):
        raise errors.api_not_found()
    return operation
