"""Calls to one backend: budget, breaker, retries, deadline and the record of it all."""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from gateway.domain.call import current_call
from gateway.domain.errors import (
    BudgetExhaustedError,
    DeadlineExceededError,
    GatewayError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.domain.metrics import Metrics, NoMetrics
from gateway.transport.breaker import Breakers, CircuitOpenError, Permit
from gateway.transport.budget import Budget, OperationBudget
from gateway.transport.errors import reading_errors, root_cause
from gateway.transport.exchange import HttpExchange, HttpTransport
from gateway.transport.health import HealthRecord, UpstreamHealth
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.request import Reply, Request
from gateway.transport.retry import RetryRule
from gateway.transport.retry_after import believable_s

T = TypeVar("T")

_log = logging.getLogger(__name__)

# A timeout tells about the backend only if the backend had a fair share of an attempt's time.
_FAIR_SHARE: Final = 0.5


class Upstream:
    """The way to one backend; implements `Sender`."""

    def __init__(
        self,
        *,
        backend: str,
        base_url: str,
        policy: UpstreamPolicy | None = None,
        budget: Budget | None = None,
        breakers: Breakers | None = None,
        metrics: Metrics | None = None,
        http_transport: HttpTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Open no connection yet.

        Without a `budget` calls are limited in number under way only; without `breakers` all
        operations share one breaker of the usual policy. `draw` (0 up to 1) is for the jitter.
        """
        self._backend = backend
        self._policy = policy or UpstreamPolicy()
        self._metrics = metrics or NoMetrics()
        self._budget = budget or Budget(
            backend=backend,
            max_concurrent=self._policy.max_concurrent,
            queue_size=self._policy.queue,
            metrics=metrics,
            clock=clock,
        )
        self._breakers = breakers or Breakers(backend=backend, metrics=metrics, clock=clock)
        self._exchange = HttpExchange(
            base_url=base_url, policy=self._policy, http_transport=http_transport
        )
        self._retry = RetryRule(policy=self._policy, clock=clock, draw=draw)
        self._record = HealthRecord(now)
        self._clock = clock
        self._now = now

    async def call(
        self,
        operation: str,
        build: Callable[[], Request],
        read: Callable[[Reply], T],
        *,
        repeatable: bool = True,
    ) -> T:
        """Send what `build` makes and return what `read` makes of the reply; see `Sender.call`.

        A call that is not `repeatable` is sent again only if it was provably not executed: no
        connection came about, or the backend throttled it.

        Raises:
            GatewayError: what `read` raised, or a `ProviderError` that names backend and operation.
            BudgetExhaustedError: not sent, the rate limit leaves no call free in time.
            DeadlineExceededError: not sent, the deadline of the current call has passed.
        """
        self._retry.note_call()
        earlier: GatewayError | None = None
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(operation, build, read, attempt)
            except GatewayError as error:
                if earlier is not None and isinstance(
                    error, CircuitOpenError | BudgetExhaustedError | DeadlineExceededError
                ):
                    raise earlier from None  # why the last attempt failed, not why none followed
                wait_s = self._retry.wait_s(
                    error,
                    attempt=attempt,
                    repeatable=repeatable,
                    deadline=current_call().deadline,
                )
                if wait_s is None:
                    raise
                earlier = error
            self._metrics.count("provider.retry", backend=self._backend, operation=operation)
            await asyncio.sleep(wait_s)

    def health(self) -> UpstreamHealth:
        """How calls went lately."""
        return self._record.snapshot(self._breakers.states())

    def budget_report(self) -> tuple[OperationBudget, ...]:
        """What is left of the budget, by operation."""
        return self._budget.report()

    async def aclose(self) -> None:
        """Refuse whoever waits, and give all connections back."""
        await self._budget.aclose()
        await self._exchange.aclose()

    async def _attempt(
        self,
        operation: str,
        build: Callable[[], Request],
        read: Callable[[Reply], T],
        attempt: int,
    ) -> T:
        call = current_call()
        self._within_s()  # a call whose time is up takes nothing from the budget
        try:
            with self._breakers.of(operation).admit() as permit:
                until = await self._budget.acquire(
                    operation, priority=call.priority, deadline=call.deadline
                )
                try:
                    permit.confirm()
                    return await self._send(operation, build, read, attempt, permit, until=until)
                finally:
                    self._budget.release()
        except ProviderError as error:
            error.backend = error.backend or self._backend
            error.operation = error.operation or operation
            error.retry_after_s = believable_s(error.retry_after_s)
            raise

    async def _send(
        self,
        operation: str,
        build: Callable[[], Request],
        read: Callable[[Reply], T],
        attempt: int,
        permit: Permit,
        *,
        until: float,
    ) -> T:
        within_s = self._within_s()

        async def leave() -> float:
            nonlocal within_s
            await self._budget.leave(operation, until, deadline=current_call().deadline)
            within_s = self._within_s()
            return within_s

        request = build()  # not before the wait for the budget: it carries the time
        current_call().bill.calls += 1
        started = self._clock()
        status: int | None = None
        try:
            reply = await self._exchange.send(request, within_s=within_s, leave=leave)
            status = reply.status
            with reading_errors(reply, now=self._now()):
                value = read(reply)
        except BaseException as error:
            self._log_call(operation, attempt, started, status, error)
            self._judge(error, permit, within_s)
            if isinstance(error, ProviderRateLimitedError):
                await self._budget.throttled(operation)
            raise
        self._log_call(operation, attempt, started, status, None)
        permit.answered()
        self._record.succeeded()
        return value

    def _within_s(self) -> float:
        """How long an attempt may take from now."""
        deadline = current_call().deadline
        if deadline is None:
            return self._policy.attempt_timeout_s
        left_s = deadline - self._clock()
        if left_s <= 0:
            message = "The time for this request ran out before the backend was asked."
            raise DeadlineExceededError(message)
        return min(self._policy.attempt_timeout_s, left_s)

    def _judge(self, error: BaseException, permit: Permit, within_s: float) -> None:
        """Tell breaker and health what `error` says about the backend, if it says anything."""
        if not isinstance(error, GatewayError) or isinstance(error, BudgetExhaustedError):
            return  # cancelled, a bug, or our own limits
        if isinstance(error, ProviderError):
            self._record.failed(error.code)
        else:
            self._record.succeeded()  # not found, conflict: answers like any other
        if isinstance(error, ProviderTimeoutError):
            if within_s >= _FAIR_SHARE * self._policy.attempt_timeout_s:
                permit.failed()
        elif isinstance(error, ProviderUnavailableError):
            permit.failed()
        else:
            permit.answered()

    def _log_call(
        self,
        operation: str,
        attempt: int,
        started: float,
        status: int | None,
        error: BaseException | None,
    ) -> None:
        elapsed_s = self._clock() - started
        outcome = "OK" if error is None else getattr(error, "code", type(error).__name__)
        self._metrics.observe(
            "provider.call",
            elapsed_s,
            backend=self._backend,
            operation=operation,
            outcome=outcome,
        )
        _log.log(
            logging.INFO if error is None else logging.WARNING,
            "provider.call",
            extra={
                "backend": self._backend,
                "operation": operation,
                "outcome": outcome,
                "status": status,
                "elapsed_ms": round(elapsed_s * 1000),
                "attempt": attempt,
                "cause": None if error is None else root_cause(error),
            },
        )
