"""What is answered how: the one table of statuses, codes and close codes.

A request that ran, or whose document was refused, gets a GraphQL answer:

| outcome                             | application/json | application/graphql-response+json | SSE |
| ----------------------------------- | ---------------- | --------------------------------- | --- |
| data, with or without errors        | 200              | 200                               | 200 |
| `data: null` by an error in a field | 200              | 200                               | 200 |
| unreadable, invalid or too expensive document, wrong variables; no `data` | 200 | 400    | 200 |
| a fault of the gateway              | 500              | 500                               | 200 |

In an event stream the answer is a `next` event, followed by `complete`. Everything else is refused
before there is a document; each `Why` below says how, and the body is a GraphQL answer with one
error, in whatever JSON type the client takes.

The statuses are those that the audits of the GraphQL over HTTP working group ask for. The draft of
August 2026 prefers 422 for what is readable and wrong, and 294 for data with errors; the audits do
not, and clients follow the audits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from http import HTTPStatus
from math import ceil
from typing import Any, Final

from gateway.domain.errors import (
    GatewayError,
    SignInUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
)

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
EVENT_STREAM: Final = "text/event-stream"

_BAD_REQUEST: Final = "BAD_REQUEST"
_RETRY_S: Final = 1.0
"""When to come back, where nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one kind of refusal is answered.

    Attributes:
        status: of the reply.
        code: `extensions.code` of its error.
        message: of the error, unless whoever refuses has a better one.
        retryable: whether the same request may be taken later.
        closes: whether the connection ends, because the rest of the request stays unread.
        headers: more headers of the reply.
    """

    status: HTTPStatus
    code: str
    message: str
    retryable: bool = False
    closes: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


class Why(Enum):
    """Every reason to refuse a request before it has become a document, with its rule."""

    METHOD = Rule(
        status=HTTPStatus.METHOD_NOT_ALLOWED,
        code="METHOD_NOT_ALLOWED",
        message="only GET and POST are taken here",
        headers={"Allow": "GET, POST"},
    )
    MUTATION_BY_GET = Rule(
        status=HTTPStatus.METHOD_NOT_ALLOWED,
        code="METHOD_NOT_ALLOWED",
        message="GET is for queries; send this operation by POST",
        headers={"Allow": "POST"},
    )
    NOT_ACCEPTABLE = Rule(
        status=HTTPStatus.NOT_ACCEPTABLE,
        code="NOT_ACCEPTABLE",
        message=f"the header Accept must allow {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}",
    )
    NEEDS_STREAM = Rule(
        status=HTTPStatus.NOT_ACCEPTABLE,
        code="NOT_ACCEPTABLE",
        message=f"a subscription needs `Accept: {EVENT_STREAM}`, or a WebSocket",
    )
    MEDIA_TYPE = Rule(
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        code="UNSUPPORTED_MEDIA_TYPE",
        message=f"the body must be `Content-Type: {JSON}`, in UTF-8",
    )
    CONTENT_ENCODING = Rule(
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        code="UNSUPPORTED_MEDIA_TYPE",
        message="the body must not be compressed",
        headers={"Accept-Encoding": "identity"},
    )
    HEADERS_TOO_LARGE = Rule(
        status=HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        code="HEADERS_TOO_LARGE",
        message="the request's headers are too large",
        closes=True,
    )
    URL_TOO_LONG = Rule(
        status=HTTPStatus.REQUEST_URI_TOO_LONG,
        code="URL_TOO_LONG",
        message="the address is too long; send the request by POST",
    )
    AMBIGUOUS_HEADER = Rule(
        status=HTTPStatus.BAD_REQUEST,
        code=_BAD_REQUEST,
        message="a header that may be there once is there twice",
    )
    BODY_TOO_LARGE = Rule(
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        code="BODY_TOO_LARGE",
        message="the body is too large",
        closes=True,
    )
    BODY_TOO_SLOW = Rule(
        status=HTTPStatus.REQUEST_TIMEOUT,
        code="BODY_TOO_SLOW",
        message="the body did not arrive in time",
        retryable=True,
        closes=True,
    )
    UNREADABLE = Rule(
        status=HTTPStatus.BAD_REQUEST, code=_BAD_REQUEST, message="the body is not JSON"
    )
    BAD_PARAMETERS = Rule(
        status=HTTPStatus.BAD_REQUEST,
        code=_BAD_REQUEST,
        message="the parameters are not those of a GraphQL request",
    )
    UNAUTHENTICATED = Rule(
        status=HTTPStatus.UNAUTHORIZED,
        code=UnauthenticatedError.code,
        message="sign in",
        headers={"WWW-Authenticate": "Bearer"},
    )
    ORIGIN = Rule(
        status=HTTPStatus.FORBIDDEN,
        code="ORIGIN_NOT_ALLOWED",
        message="pages of this origin may not connect",
    )
    TOO_MANY_REQUESTS = Rule(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        code=TooManyRequestsError.code,
        message="you ask too often",
        retryable=True,
    )
    TOO_MANY_STREAMS = Rule(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        code="TOO_MANY_STREAMS",
        message="you have as many connections open as you may",
    )
    TOO_MANY_OPERATIONS = Rule(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        code="TOO_MANY_OPERATIONS",
        message="as many operations run on this connection as may",
    )
    SIGN_IN_UNAVAILABLE = Rule(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code=SignInUnavailableError.code,
        message="credentials cannot be checked now",
        retryable=True,
    )
    OVERLOADED = Rule(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="OVERLOADED",
        message="the gateway is busy with as many requests as it takes on at once",
        retryable=True,
    )
    SHUTTING_DOWN = Rule(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="SHUTTING_DOWN",
        message="the gateway is stopping; connect to another one, or again in a moment",
        retryable=True,
        closes=True,
    )
    DEADLINE = Rule(
        status=HTTPStatus.GATEWAY_TIMEOUT,
        code="DEADLINE_EXCEEDED",
        message="the answer was not there in time",
        retryable=True,
    )
    FAULT = Rule(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="INTERNAL_ERROR",
        message="internal error",
    )


class Refused(Exception):  # noqa: N818 - it is the answer, and often not the gateway's error
    """A request is refused. `why` decides how; `message` says it better than the rule, if given."""

    def __init__(
        self, why: Why, message: str | None = None, *, retry_after_s: float | None = None
    ) -> None:
        """Keep the reason, and in how many seconds to come back, if that is known."""
        self.why = why
        self.message = message or why.value.message
        super().__init__(self.message)
        retryable_status = why.value.status in _WITH_RETRY_AFTER
        self.retry_after_s = (
            _RETRY_S if retry_after_s is None and retryable_status else retry_after_s
        )

    @property
    def error(self) -> dict[str, Any]:
        """The refusal as an error of a GraphQL answer."""
        rule = self.why.value
        extensions: dict[str, Any] = {"code": rule.code, "retryable": rule.retryable}
        if self.retry_after_s is not None:
            extensions["retryAfterSeconds"] = round(self.retry_after_s, 3)
        return {"message": self.message, "extensions": extensions}

    @property
    def headers(self) -> dict[str, str]:
        """The headers that this refusal adds to its reply."""
        found = dict(self.why.value.headers)
        if self.retry_after_s is not None and self.why.value.status in _WITH_RETRY_AFTER:
            found["Retry-After"] = str(max(1, ceil(self.retry_after_s)))
        if self.why.value.closes:
            found["Connection"] = "close"
        return found

    @classmethod
    def at_the_gate(cls, error: GatewayError) -> "Refused":
        """The refusal for what a `Gatekeeper` raised."""
        why = _AT_THE_GATE.get(type(error), Why.UNAUTHENTICATED)
        return cls(why, error.message, retry_after_s=error.retry_after_s)


_WITH_RETRY_AFTER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_AT_THE_GATE: Final[Mapping[type[GatewayError], Why]] = {
    UnauthenticatedError: Why.UNAUTHENTICATED,
    TooManyRequestsError: Why.TOO_MANY_REQUESTS,
    SignInUnavailableError: Why.SIGN_IN_UNAVAILABLE,
}


def status_of(*, is_refusal: bool, is_fault: bool, media_type: str) -> HTTPStatus:
    """The status of a GraphQL answer, as the table at the top of this file says."""
    if is_fault:
        return HTTPStatus.INTERNAL_SERVER_ERROR
    if is_refusal and media_type == GRAPHQL_JSON:
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.OK


class CloseCode(IntEnum):
    """Why a WebSocket is closed.

    4400 to 4429 are those of the graphql-transport-ws protocol, the others those of RFC 6455 and
    its registry. Clients come back by themselves after 1012, 1013, 4403 and 4408, and do not after
    the others.
    """

    MESSAGE_TOO_BIG = 1009
    FAULT = 1011
    RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_MESSAGE = 4400
    NOT_INITIALISED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    DUPLICATE_ID = 4409
    TOO_MANY = 4429


_CLOSES_AT_THE_GATE: Final[Mapping[Why, CloseCode]] = {
    Why.UNAUTHENTICATED: CloseCode.FORBIDDEN,
    Why.TOO_MANY_REQUESTS: CloseCode.TRY_AGAIN_LATER,
    Why.SIGN_IN_UNAVAILABLE: CloseCode.TRY_AGAIN_LATER,
    Why.TOO_MANY_STREAMS: CloseCode.TOO_MANY,
    Why.OVERLOADED: CloseCode.TRY_AGAIN_LATER,
    Why.SHUTTING_DOWN: CloseCode.RESTART,
}


class Closing(Exception):  # noqa: N818 - it ends a conversation, in order
    """A WebSocket is to be closed with this code and reason."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        """Keep both; a reason is cut to the 123 bytes that a close frame has for it."""
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:123].decode(errors="ignore")

    @classmethod
    def because(cls, refused: Refused) -> "Closing":
        """How a socket is closed whose opening is refused."""
        code = _CLOSES_AT_THE_GATE.get(refused.why, CloseCode.BAD_MESSAGE)
        return cls(code, refused.message)
