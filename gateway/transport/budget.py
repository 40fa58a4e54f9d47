"""The upstream budget of one backend: who may call next, and when.

Each operation has a queue. Persons come first, then subscriptions, then background work, first come
first served within each. Persons are never held up for the sake of background work: under a load of
persons that uses the whole rate, background work waits until its deadline, or without one for as
long as it takes. A caller that cannot be served in time is told at once, not when its time is up.
"""

import asyncio
import math
import time
from bisect import insort
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from gateway.domain.call import Priority, current_call
from gateway.domain.errors import BudgetExhaustedError
from gateway.domain.metrics import Metrics, NoMetrics
from gateway.transport.pace import LocalPace, Pace, TooLateError

_WINDOW_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationBudget:
    """The budget of one operation at this moment.

    Attributes:
        operation: the vendor's name of the call.
        limit_per_second: the nominal rate; None if the vendor documents none.
        effective_per_second: the present rate, lower for a while after throttles; None as above.
        in_use: calls that this process sent within the last second.
        waiting: calls that stand in the queue of this process.
        throttled: calls of this process that the vendor throttled, since its start.
    """

    operation: str
    limit_per_second: float | None
    effective_per_second: float | None
    in_use: int
    waiting: int
    throttled: int


@dataclass(order=True, slots=True)
class _Waiter:
    """A call in a queue; sorts by who is served first."""

    priority: Priority
    number: int
    deadline: float | None = field(compare=False)
    granted: asyncio.Future[float] = field(compare=False)


@dataclass(slots=True)
class _Queue:
    """The calls of one operation; `waiters` are kept in the order in which they are served."""

    operation: str
    waiters: list[_Waiter] = field(default_factory=list)
    sent: deque[float] = field(default_factory=deque)
    throttled: int = 0
    server: asyncio.Task[None] | None = None


class Budget:
    """The calls that one backend grants us, by operation, and how many may be under way at once."""

    def __init__(
        self,
        rates: Mapping[str, float] | None = None,
        *,
        pace: Pace | None = None,
        backend: str = "",
        max_concurrent: int = 64,
        queue_size: int = 256,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Share `pace` with other processes, or keep `rates` (calls a second) in this one alone.

        Operations that `rates` lacks are not limited in rate, only in number under way.
        """
        self._pace = pace or LocalPace(rates or {}, clock=clock)
        self._operations = tuple(rates or ())
        self._backend = backend
        self._queue_size = queue_size
        self._metrics = metrics or NoMetrics()
        self._clock = clock
        self._room = asyncio.Semaphore(max_concurrent)
        self._queues: dict[str, _Queue] = {}
        self._waiting = 0
        self._numbers = count()

    async def acquire(
        self, operation: str, *, priority: Priority = Priority.PERSON, deadline: float | None = None
    ) -> float:
        """Wait until a call of `operation` may be sent; `release` once it has ended.

        Returns until when it may leave: what `leave` wants to know. `deadline` is on the monotonic
        clock. A cancelled caller leaves the queue and uses nothing.

        Raises:
            BudgetExhaustedError: the call cannot be sent before its deadline, or too many wait.
                Raised at once, or when callers with a higher priority took the place.
        """
        queue = self._queues.setdefault(operation, _Queue(operation))
        if not queue.waiters and not self._room.locked() and self._pace.take_now(operation):
            await self._room.acquire()
            self._note_sent(queue)
            return math.inf
        started = self._clock()
        try:
            return await self._wait_in(queue, priority, deadline)
        finally:
            self._note_wait(operation, started)

    async def leave(self, operation: str, until: float, *, deadline: float | None = None) -> None:
        """Look at an acquired call again as it leaves; one that was held up may have to wait.

        It must leave on return, without giving way to anything else. `until` is what `acquire`
        returned.

        Raises:
            BudgetExhaustedError: the call can no longer be sent before its deadline.
        """
        started = self._clock()
        within_s = None if deadline is None else max(0.0, deadline - started)
        missed = True
        try:
            async with asyncio.timeout(within_s):
                missed = await self._pace.leave(operation, until, within_s=within_s)
        except (TooLateError, TimeoutError) as late:
            queue = self._queues.setdefault(operation, _Queue(operation))
            wait_s = late.wait_s if isinstance(late, TooLateError) else self._served_in(queue, 0)
            raise self._refusal(queue, "deadline", wait_s) from None
        finally:
            if missed:
                self._metrics.count("budget.missed", backend=self._backend, operation=operation)
                self._note_wait(operation, started)

    def release(self) -> None:
        """Tell that a call which `acquire` let through has ended, however it ended."""
        self._room.release()

    async def throttled(self, operation: str) -> None:
        """Note that the vendor throttled a call: the rate is halved and recovers within 60 s."""
        queue = self._queues.setdefault(operation, _Queue(operation))
        queue.throttled += 1
        self._metrics.count("budget.throttled", backend=self._backend, operation=operation)
        await self._pace.throttled(operation)
        self._refuse_the_late(queue)

    def report(self) -> tuple[OperationBudget, ...]:
        """The state of each operation that has a rate or was called, by name."""
        names = sorted({*self._operations, *self._queues})
        return tuple(self._report(name) for name in names)

    async def aclose(self) -> None:
        """Stop serving; whoever still waits is refused."""
        servers = [queue.server for queue in self._queues.values() if queue.server is not None]
        for queue in self._queues.values():
            while queue.waiters:
                _fail(queue.waiters.pop(), BudgetExhaustedError("The gateway is closing."))
        for server in servers:
            server.cancel()
        await asyncio.gather(*servers, return_exceptions=True)

    async def _wait_in(self, queue: _Queue, priority: Priority, deadline: float | None) -> float:
        if sum(len(each.waiters) for each in self._queues.values()) >= self._queue_size:
            raise self._refusal(queue, "queue_full", self._served_in(queue, len(queue.waiters)))
        granted = asyncio.get_running_loop().create_future()
        waiter = _Waiter(priority, next(self._numbers), deadline, granted)
        insort(queue.waiters, waiter)
        self._refuse_the_late(queue)
        self._start_serving(queue)
        try:
            async with asyncio.timeout(None if deadline is None else deadline - self._clock()):
                return await self._grant(waiter)
        except TimeoutError:
            raise self._refusal(queue, "deadline", self._served_in(queue, 0)) from None
        finally:
            self._leave(queue, waiter)

    async def _grant(self, waiter: _Waiter) -> float:
        try:
            return await waiter.granted
        except asyncio.CancelledError:
            if not waiter.granted.cancelled() and waiter.granted.exception() is None:
                self.release()  # granted and cancelled in the same instant
            raise

    def _leave(self, queue: _Queue, waiter: _Waiter) -> None:
        if waiter in queue.waiters:
            queue.waiters.remove(waiter)
        if not queue.waiters and queue.server is not None:
            queue.server.cancel()  # nobody is left for the moment that it waits for
            queue.server = None

    def _start_serving(self, queue: _Queue) -> None:
        if queue.waiters and queue.server is None:
            # In a context of its own: it serves many requests and must not keep the first one's.
            queue.server = asyncio.create_task(self._serve(queue), context=Context())

    async def _serve(self, queue: _Queue) -> None:
        try:
            while queue.waiters:
                await self._room.acquire()
                try:
                    served = await self._serve_next(queue)
                except BaseException:
                    self.release()
                    raise
                if not served:
                    self.release()
        except Exception as error:  # noqa: BLE001 - belongs to the callers, who would wait for ever
            while queue.waiters:
                _fail(queue.waiters.pop(), error)
        finally:
            if queue.server is asyncio.current_task():
                queue.server = None

    async def _serve_next(self, queue: _Queue) -> bool:
        if not queue.waiters:
            return False
        head = queue.waiters[0]
        within_s = None if head.deadline is None else head.deadline - self._clock()
        try:
            until = await self._pace.take(queue.operation, within_s=within_s)
        except TooLateError as late:
            if head in queue.waiters:
                queue.waiters.remove(head)
                _fail(head, self._refusal(queue, "deadline", late.wait_s))
            return False
        while queue.waiters:
            first = queue.waiters.pop(0)
            if not first.granted.done():
                first.granted.set_result(until)
                self._note_sent(queue)
                return True
        return False

    def _refuse_the_late(self, queue: _Queue) -> None:
        """Refuse those who cannot be served in time, given who stands before them now."""
        now = self._clock()
        kept: list[_Waiter] = []
        for waiter in queue.waiters:
            wait_s = self._served_in(queue, len(kept))
            if waiter.deadline is not None and now + wait_s > waiter.deadline:
                _fail(waiter, self._refusal(queue, "deadline", wait_s))
            else:
                kept.append(waiter)
        queue.waiters[:] = kept

    def _served_in(self, queue: _Queue, position: int) -> float:
        operation = queue.operation
        return self._pace.next_s(operation) + position * self._pace.spacing_s(operation)

    def _refusal(self, queue: _Queue, reason: str, wait_s: float) -> BudgetExhaustedError:
        self._metrics.count(
            "budget.refused", backend=self._backend, operation=queue.operation, reason=reason
        )
        return BudgetExhaustedError(
            "The cloud's rate limit leaves no call free in time; nothing was sent.",
            retry_after_s=wait_s,
        )

    def _note_wait(self, operation: str, started: float) -> None:
        waited_s = self._clock() - started
        current_call().bill.waited_s += waited_s
        self._metrics.observe("budget.wait", waited_s, backend=self._backend, operation=operation)

    def _note_sent(self, queue: _Queue) -> None:
        queue.sent.append(self._clock())
        self._forget_old(queue)

    def _forget_old(self, queue: _Queue) -> None:
        oldest = self._clock() - _WINDOW_S
        while queue.sent and queue.sent[0] <= oldest:
            queue.sent.popleft()

    def _report(self, operation: str) -> OperationBudget:
        queue = self._queues.get(operation, _Queue(operation))
        self._forget_old(queue)
        rate = self._pace.rate(operation)
        return OperationBudget(
            operation=operation,
            limit_per_second=rate,
            effective_per_second=None if rate is None else rate * self._pace.factor(operation),
            in_use=len(queue.sent),
            waiting=len(queue.waiters),
            throttled=queue.throttled,
        )


def _fail(waiter: _Waiter, error: Exception) -> None:
    if not waiter.granted.done():
        waiter.granted.set_exception(error)
