"""One line, one number and one span for each GraphQL request."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from gateway.domain.call import UpstreamBill
from gateway.domain.metrics import Metrics, NoMetrics
from gateway.domain.principal import Principal
from gateway.domain.tracing import NoTracer, Tracer

_LONGEST: Final = 100

_log = logging.getLogger("gateway.request")


class RequestKind(StrEnum):
    """What a request asks for; `unknown` as long as, or because, its document was not read."""

    QUERY = "query"
    MUTATION = "mutation"
    SUBSCRIPTION = "subscription"
    UNKNOWN = "unknown"


class RequestOutcome(StrEnum):
    """How a request ended."""

    OK = "ok"  # answered without an error
    ERRORS = "errors"  # answered, with errors in the answer
    REFUSED = "refused"  # not carried out: wrong, forbidden, too large
    OVERLOADED = "overloaded"  # turned away for the sake of the others
    LATE = "late"  # its time ran out
    CANCELED = "canceled"  # its client left
    FAILED = "failed"  # a fault of the gateway


_BY_STATUS: Final = {
    HTTPStatus.TOO_MANY_REQUESTS: RequestOutcome.OVERLOADED,
    HTTPStatus.SERVICE_UNAVAILABLE: RequestOutcome.OVERLOADED,
    HTTPStatus.GATEWAY_TIMEOUT: RequestOutcome.LATE,
    HTTPStatus.REQUEST_TIMEOUT: RequestOutcome.LATE,
}


@dataclass(slots=True, kw_only=True)
class RequestEntry:
    """What is known of one request; filled in by whoever answers it.

    Attributes:
        request_id: as in the answer's header.
        principal: who asks; None if it was not, or could not be, told.
        kind: query, mutation or subscription.
        operation_name: as the client wrote it; None for an anonymous operation.
        status: of the HTTP answer; None for an operation on a socket.
        outcome: None to have it told by `status`, and by how the block ended.
        bill: what it cost upstream; the request's own, so that it is up to date at the end.
    """

    request_id: str
    principal: Principal | None = None
    kind: RequestKind = RequestKind.UNKNOWN
    operation_name: str | None = None
    status: int | None = None
    outcome: RequestOutcome | None = None
    bill: UpstreamBill = field(default_factory=UpstreamBill)


class RequestLog:
    """Follows requests from head to end.

    Who asks and what an operation is called goes to the log alone, escaped and shortened, never
    into a metric or a span.
    """

    def __init__(
        self,
        metrics: Metrics | None = None,
        tracer: Tracer | None = None,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Count in `metrics` and trace with `tracer`, if they are given."""
        self._metrics = metrics or NoMetrics()
        self._tracer = tracer or NoTracer()
        self._clock = clock
        self.in_flight = 0

    @contextmanager
    def following(
        self, request_id: str, *, traceparent: str | None = None
    ) -> Iterator[RequestEntry]:
        """Follow one request, or one operation on a socket, for as long as the block lasts.

        `traceparent` is the header of that name. What the block raises passes.
        """
        entry = RequestEntry(request_id=request_id)
        started = self._clock()
        self.in_flight += 1
        with self._tracer.span("graphql.request", parent=traceparent) as span:
            try:
                yield entry
            except (asyncio.CancelledError, GeneratorExit):
                entry.outcome = entry.outcome or RequestOutcome.CANCELED
                raise
            except BaseException:
                entry.outcome = entry.outcome or RequestOutcome.FAILED
                raise
            finally:
                self.in_flight -= 1
                outcome = entry.outcome or _outcome_of(entry.status)
                span.note(
                    kind=entry.kind.value,
                    outcome=outcome.value,
                    status=entry.status,
                    request_id=_plain(request_id),
                    upstream_calls=entry.bill.calls,
                    saved=entry.bill.saved,
                )
                if outcome is RequestOutcome.FAILED:
                    span.failed(outcome.value)
                self._tell(entry, outcome, self._clock() - started)

    def _tell(self, entry: RequestEntry, outcome: RequestOutcome, elapsed_s: float) -> None:
        self._metrics.observe(
            "graphql.request", elapsed_s, kind=entry.kind.value, outcome=outcome.value
        )
        principal = entry.principal
        _log.log(
            logging.ERROR if outcome is RequestOutcome.FAILED else logging.INFO,
            "graphql.request",
            extra={
                "request_id": _plain(entry.request_id),
                "principal": None if principal is None else _plain(principal.id),
                "tenant": None if principal is None else _plain(principal.tenant),
                "kind": entry.kind.value,
                "operation_name": _plain(entry.operation_name),
                "status": entry.status,
                "outcome": outcome.value,
                "elapsed_ms": round(elapsed_s * 1000, 1),
                "upstream_calls": entry.bill.calls,
                "saved": entry.bill.saved,
            },
        )


def _outcome_of(status: int | None) -> RequestOutcome:
    if status is None or status < HTTPStatus.BAD_REQUEST:
        return RequestOutcome.OK
    if status in _BY_STATUS:
        return _BY_STATUS[HTTPStatus(status)]
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return RequestOutcome.REFUSED
    return RequestOutcome.FAILED


def _plain(text: str | None) -> str | None:
    r"""`text` without anything that a terminal would act on, at most 100 characters.

    What is not printable becomes `\u....`, so that it stays so after the line's JSON was read.
    """
    if text is None:
        return None
    return "".join(
        letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text[:_LONGEST]
    )[:_LONGEST]
