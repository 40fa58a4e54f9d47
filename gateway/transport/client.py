"""Calls to one backend: budget, breaker, retries, deadline and the record of it all."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
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
from gateway.domain.tracing import Tracer
from gateway.transport.addresses import AddressRule, PrivateAddressError
from gateway.transport.breaker import Breakers, CircuitOpenError, Permit
from gateway.transport.budget import Budget, OperationBudget
from gateway.transport.call_report import CallReporter
from gateway.transport.errors import reading_errors
from gateway.transport.exchange import HttpExchange, HttpTransport
from gateway.transport.health import HealthRecord, UpstreamHealth
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.request import Reply, Request
from gateway.transport.retry import RetryRule
from gateway.transport.retry_after import believable_s
from gateway.transport.skew import CallTime, UpstreamClock, measuring_skew

T = TypeVar("T")

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
        tracer: Tracer | None = None,
        addresses: AddressRule | None = None,
        http_transport: HttpTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Open no connection yet.

        Without a `budget` calls are limited in number under way only; without `breakers` all
        operations share one breaker of the usual policy. `addresses` are those that `base_url` may
        lead to; see `HttpExchange`. `draw` (0 up to 1) is for the jitter.
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
        self._reporter = CallReporter(backend=backend, metrics=metrics, tracer=tracer, clock=clock)
        self._breakers = breakers or Breakers(backend=backend, metrics=metrics, clock=clock)
        self._exchange = HttpExchange(
            base_url=base_url,
            policy=self._policy,
            addresses=addresses,
            http_transport=http_transport,
        )
        self._retry = RetryRule(policy=self._policy, clock=clock, draw=draw)
        self._record = HealthRecord(now)
        self._upstream_clock = UpstreamClock(backend=backend, metrics=metrics, now=now)
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
        connection came about, or the backend throttled it, or refused its time, which is corrected
        once. It goes out on a connection of its own.

        Raises:
            GatewayError: what `read` raised, or a `ProviderError` that names backend and operation.
            BudgetExhaustedError: not sent, the rate limit leaves no call free in time.
            DeadlineExceededError: not sent, the deadline of the current call has passed.
        """
        self._retry.note_call()
        earlier: GatewayError | None = None
        time_of_call = CallTime(self._upstream_clock)
        stamped = partial(time_of_call.stamp, build)
        attempt = 0
        while True:
            attempt += 1
            try:
                value = await self._attempt(operation, stamped, read, attempt, fresh=not repeatable)
            except GatewayError as error:
                if earlier is not None and isinstance(
                    error, CircuitOpenError | BudgetExhaustedError | DeadlineExceededError
                ):
                    raise earlier from None  # why the last attempt failed, not why none followed
                if time_of_call.is_corrected_after(error):
                    wait_s: float | None = 0.0
                else:
                    wait_s = self._retry.wait_s(
                        error,
                        attempt=attempt,
                        repeatable=repeatable,
                        deadline=current_call().deadline,
                    )
                if wait_s is None:
                    raise
                earlier = error
            else:
                time_of_call.proved_right()
                return value
            self._metrics.count("provider.retry", backend=self._backend, operation=operation)
            await asyncio.sleep(wait_s)

    def now(self) -> datetime:
        """See `Sender.now`."""
        return self._upstream_clock.now()

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
        *,
        fresh: bool,
    ) -> T:
        call = current_call()
        self._within_s()  # a call whose time is up takes nothing from the budget
        try:
            with self._breakers.of(operation, repeatable=not fresh).admit() as permit:
                until = await self._budget.acquire(
                    operation, priority=call.priority, deadline=call.deadline
                )
                try:
                    permit.confirm()
                    return await self._send(
                        operation, build, read, attempt, permit, until=until, fresh=fresh
                    )
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
        fresh: bool,
    ) -> T:
        request = build()  # not before the wait for the budget: it carries the time
        size = len(request.content or b"")
        within_s = self._within_s(size)
        left_at = self._clock()

        async def leave() -> float:
            nonlocal within_s, left_at
            await self._budget.leave(operation, until, deadline=current_call().deadline)
            within_s = self._within_s(size)
            left_at = self._clock()
            return within_s

        current_call().bill.calls += 1
        try:
            with self._reporter.following(operation, attempt=attempt) as report:
                reply = await self._exchange.send(
                    request, within_s=within_s, leave=leave, fresh=fresh
                )
                report.status = reply.status
                now, took_s = self._now(), self._clock() - left_at
                with measuring_skew(reply, now=now, took_s=took_s), reading_errors(reply, now=now):
                    value = read(reply)
                report.read(value)
        except BaseException as error:
            self._judge(error, permit, within_s)
            if isinstance(error, ProviderRateLimitedError):
                await self._budget.throttled(operation)
            raise
        permit.answered()
        self._record.succeeded()
        return value

    def _within_s(self, body_bytes: int = 0) -> float:
        """How long an attempt with a body of this size may take from now."""
        deadline = current_call().deadline
        if deadline is None:
            return self._policy.attempt_s(body_bytes)
        left_s = deadline - self._clock()
        if left_s <= 0:
            message = "The time for this request ran out before the backend was asked."
            raise DeadlineExceededError(message)
        return min(self._policy.attempt_s(body_bytes), left_s)

    def _judge(self, error: BaseException, permit: Permit, within_s: float) -> None:
        """Tell breaker and health what `error` says about the backend, if it says anything."""
        if not isinstance(error, GatewayError) or isinstance(error, BudgetExhaustedError):
            return  # cancelled, a bug, or our own limits
        if isinstance(error, ProviderError):
            self._record.failed(error.code)
        else:
            self._record.succeeded()  # not found, conflict: answers like any other
        if isinstance(error, PrivateAddressError):
            return  # our own rule; an open breaker would hide what to do about it
        if isinstance(error, ProviderTimeoutError):
            if within_s >= _FAIR_SHARE * self._policy.attempt_timeout_s:
                permit.failed()
        elif isinstance(error, ProviderUnavailableError):
            permit.failed()
        else:
            permit.answered()
