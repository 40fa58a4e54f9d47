"""Running operations: within the deadline, for as long as somebody waits, and writes to their end.

A query ends with whoever asked for it. A mutation does not: it is finished without them, and what
it did is found under its idempotency key.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final, Generic

from graphql import OperationType

from gateway.app.graphql.body import ClientGoneError
from gateway.app.graphql.executor import (
    Answer,
    Executor,
    Operation,
    PreparedT,
)
from gateway.app.graphql.limits import Limits
from gateway.app.graphql.parameters import Parameters
from gateway.app.graphql.replies import Refused, Why
from gateway.app.graphql.request_context import ContextFor, ContextT
from gateway.app.graphql.turnstile import Turnstile
from gateway.domain.call import CallContext, Priority
from gateway.domain.principal import Principal
from gateway.service.incident import report_incident

_GRACE_S: Final = 0.25
"""How much longer than its deadline an operation may take to say itself that it is over.

Resolvers keep the deadline too, and then answer with what they have, which is better than nothing.
"""

_WRITE_GOES_ON: Final = (
    "the write takes longer than anyone waits; it goes on, and `operations` tells how it ended"
)


class Runner(Generic[PreparedT, ContextT]):
    """Runs operations for all transports; holds what is under way."""

    def __init__(
        self,
        executor: Executor[PreparedT, ContextT],
        context_for: ContextFor[ContextT],
        limits: Limits,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing under way. `clock` is the one that deadlines are on, in seconds."""
        self._executor = executor
        self._context_for = context_for
        self._limits = limits
        self._clock = clock
        self._under_way: set[asyncio.Task[Answer]] = set()
        self.turnstile = Turnstile(limits.max_in_flight)

    def prepare(self, parameters: Parameters) -> Operation[PreparedT]:
        """The operation that `parameters` ask for.

        Raises:
            RequestError: it cannot be run.
        """
        return self._executor.prepare(parameters)

    async def answer(
        self,
        operation: Operation[PreparedT],
        principal: Principal,
        call: CallContext,
        *,
        left: Awaitable[None] | None = None,
    ) -> Answer:
        """Run a query or a mutation, and wait for it, but no longer than until `left` is done.

        Raises:
            Refused: too many are under way, it took too long, or it failed by a fault of ours.
            ClientGoneError: `left` was done first.
        """
        is_write = operation.kind is OperationType.MUTATION
        self.turnstile.enter()
        work = asyncio.create_task(self._run(operation, principal, call))
        self._under_way.add(work)
        work.add_done_callback(self._ended)
        leaving = None if left is None else asyncio.ensure_future(left)
        remaining_s = None if call.deadline is None else call.deadline - self._clock()
        is_late = False
        try:
            await asyncio.wait(
                (work,) if leaving is None else (work, leaving),
                timeout=None if remaining_s is None else max(0.0, remaining_s) + _GRACE_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if work.done():
                return work.result()
            if leaving is not None and leaving.done():
                raise ClientGoneError
            is_late = True
            raise Refused(Why.DEADLINE, _WRITE_GOES_ON if is_write else None)
        finally:
            if leaving is not None:
                leaving.cancel()
            if not is_write and not work.done():
                call.caller.has_left = not is_late
                work.cancel()

    async def stream(
        self, operation: Operation[PreparedT], principal: Principal, call: CallContext
    ) -> AsyncGenerator[Answer, None]:
        """Run a subscription: an answer for each event. Iterate and close it in one task."""
        context = self._context_for(principal, call)
        async with aclosing(self._executor.subscribe(operation, context)) as answers:
            async for answer in answers:
                yield answer

    def call_for(self, kind: OperationType, request_id: str) -> CallContext:
        """What an operation of this kind may take, from now on."""
        if kind is OperationType.SUBSCRIPTION:
            return CallContext(priority=Priority.SUBSCRIPTION, request_id=request_id)
        seconds = (
            self._limits.mutation_deadline_s
            if kind is OperationType.MUTATION
            else self._limits.query_deadline_s
        )
        return CallContext(deadline=self._clock() + seconds, request_id=request_id)

    async def drain(self, grace_s: float) -> None:
        """Wait for what is under way, mutations above all, for at most `grace_s` seconds."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=grace_s)

    async def _run(
        self, operation: Operation[PreparedT], principal: Principal, call: CallContext
    ) -> Answer:
        try:
            return await self._executor.execute(operation, self._context_for(principal, call))
        except Exception as error:
            raise fault(error) from error

    def _ended(self, work: asyncio.Task[Answer]) -> None:
        """Let the next one in. A failure nobody waits for any more was logged where it arose."""
        self.turnstile.leave()
        self._under_way.discard(work)
        if not work.cancelled():
            work.exception()


def fault(error: Exception) -> Refused:
    """The answer for a fault of the gateway: logged as an incident, and masked."""
    return Refused(Why.FAULT, report_incident(error).message)
