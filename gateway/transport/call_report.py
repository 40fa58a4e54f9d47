"""What is told of each call to a cloud: a number, a log line and a span.

Never its address, headers or body: signatures, tokens and clients' data are in all of them.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from gateway.domain.call import current_call
from gateway.domain.errors import GatewayError, ProviderError
from gateway.domain.metrics import Metrics, NoMetrics
from gateway.domain.tracing import NoTracer, Tracer
from gateway.transport.errors import root_cause

_LONGEST_ID: Final = 100

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class CallReport:
    """What is known of one call while it is under way.

    Attributes:
        status: of the HTTP answer; None as long as there is none.
        request_id: the cloud's own id of the call, for its support; None where it gave none.
    """

    status: int | None = None
    request_id: str | None = None

    def read(self, value: object) -> None:
        """Take the cloud's id of the call from what was read of its answer, if that keeps it."""
        self.request_id = getattr(value, "request_id", None)


class CallReporter:
    """Reports the calls to one backend."""

    def __init__(
        self,
        *,
        backend: str,
        metrics: Metrics | None = None,
        tracer: Tracer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Count in `metrics` and trace with `tracer`, if they are given."""
        self._backend = backend
        self._metrics = metrics or NoMetrics()
        self._tracer = tracer or NoTracer()
        self._clock = clock

    @contextmanager
    def following(self, operation: str, *, attempt: int = 1) -> Iterator[CallReport]:
        """Report one call, which takes as long as the block; what the block raises passes."""
        report = CallReport()
        started = self._clock()
        failure: BaseException | None = None
        with self._tracer.span(
            "provider.call", backend=self._backend, operation=operation, attempt=attempt
        ) as span:
            try:
                yield report
            except BaseException as error:
                failure = error
                raise
            finally:
                outcome = _outcome(failure)
                span.note(status=report.status, outcome=outcome)
                if _is_failure(failure):
                    span.failed(outcome)
                self._tell(operation, attempt, report, failure, self._clock() - started)

    def _tell(
        self,
        operation: str,
        attempt: int,
        report: CallReport,
        failure: BaseException | None,
        elapsed_s: float,
    ) -> None:
        outcome = _outcome(failure)
        self._metrics.observe(
            "provider.call",
            elapsed_s,
            backend=self._backend,
            operation=operation,
            outcome=outcome,
        )
        request_id = report.request_id or getattr(failure, "request_id", None)
        _log.log(
            logging.WARNING if _is_failure(failure) else logging.DEBUG,
            "provider.call",
            extra={
                "backend": self._backend,
                "operation": operation,
                "outcome": outcome,
                "status": report.status,
                "elapsed_ms": round(elapsed_s * 1000),
                "attempt": attempt,
                "request_id": current_call().request_id or None,
                "upstream_request_id": _plain(request_id),
                "cause": None if failure is None else root_cause(failure),
            },
        )


def _outcome(failure: BaseException | None) -> str:
    if failure is None:
        return "OK"
    if isinstance(failure, asyncio.CancelledError):
        return "CANCELED"
    return failure.code if isinstance(failure, GatewayError) else type(failure).__name__


def _is_failure(failure: BaseException | None) -> bool:
    """Tell what somebody should look into from an answer such as "not found"."""
    if failure is None or isinstance(failure, asyncio.CancelledError):
        return False
    return isinstance(failure, ProviderError) or not isinstance(failure, GatewayError)


def _plain(request_id: object) -> str | None:
    if isinstance(request_id, str) and request_id.isprintable():
        return request_id[:_LONGEST_ID]
    return None
