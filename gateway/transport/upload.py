"""Sends files to the storage that a backend's answer names; implements `Uploader`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from gateway.domain.call import current_call
from gateway.domain.errors import DeadlineExceededError, ProviderError
from gateway.domain.metrics import Metrics
from gateway.domain.tracing import Tracer
from gateway.transport.addresses import AddressRule
from gateway.transport.call_report import CallReporter
from gateway.transport.errors import reading_errors
from gateway.transport.exchange import HttpExchange, HttpTransport
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.request import Reply, Request

T = TypeVar("T")

_PATIENCE: Final = UpstreamPolicy(attempt_timeout_s=600.0, connect_timeout_s=3.0, max_concurrent=1)


class HttpUploader:
    """Uploads of one backend: each over a connection of its own, once, outside of the budget.

    Uploads are rare and go to a new address each time, so nothing is kept between them.
    """

    def __init__(
        self,
        *,
        backend: str,
        policy: UpstreamPolicy = _PATIENCE,
        addresses: AddressRule | None = None,
        http_transport: HttpTransport | None = None,
        metrics: Metrics | None = None,
        tracer: Tracer | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`policy` bounds time and size of an exchange; large files need more than a call does.

        `addresses` says where files may go, by what the settings say of the backend; without it no
        private address will do.
        """
        self._backend = backend
        self._policy = policy
        self._addresses = addresses or AddressRule()
        self._http_transport = http_transport
        self._reporter = CallReporter(backend=backend, metrics=metrics, tracer=tracer)
        self._now = now

    async def upload(
        self, operation: str, address: str, request: Request, read: Callable[[Reply], T]
    ) -> T:
        """See `Uploader.upload`.

        Raises:
            DeadlineExceededError: not sent, the deadline of the current call has passed.
            ProviderError: names backend and operation.
        """
        left_s = current_call().remaining_s()
        if left_s == 0:
            message = "The time for this request ran out before the file was sent."
            raise DeadlineExceededError(message)
        limit_s = self._policy.attempt_timeout_s
        exchange = HttpExchange(
            base_url=address,
            policy=self._policy,
            addresses=self._addresses,
            http_transport=self._http_transport,
        )
        current_call().bill.calls += 1
        try:
            with self._reporter.following(operation) as report:
                reply = await exchange.send(
                    request, within_s=limit_s if left_s is None else min(limit_s, left_s)
                )
                report.status = reply.status
                with reading_errors(reply, now=self._now()):
                    return read(reply)
        except ProviderError as error:
            error.backend = error.backend or self._backend
            error.operation = error.operation or operation
            raise
        finally:
            await exchange.aclose()
