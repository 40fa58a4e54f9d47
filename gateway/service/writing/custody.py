"""An operation while this process owns it: each step is in the journal before the next."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from gateway.domain.errors import JournalUnavailableError
from gateway.domain.operation import (
    CallRecord,
    Journal,
    Operation,
    OperationProblem,
    OperationState,
)
from gateway.domain.write import Receipt
from gateway.service.writing.outcome import overall

T = TypeVar("T")


class CustodyLostError(JournalUnavailableError):
    """Another process owns the operation by now, or may at any moment, and settles it."""

    def __init__(self) -> None:
        """Need no words: whatever became of the operation, that process tells."""
        super().__init__("this replica owns the operation no longer", retry_after_s=1.0)


class Custody:
    """One operation, owned through the journal under a name that nobody else uses.

    So a process that was away for too long cannot take its own operation over and carry it out
    beside itself.

    Attributes:
        operation: as it is known here. The journal may lag behind what happened, never behind
            what is about to happen.
    """

    def __init__(
        self,
        journal: Journal,
        operation: Operation,
        *,
        owner: str,
        lease_s: float,
        now: Callable[[], datetime],
        owned_until: datetime | None = None,
    ) -> None:
        """Own nothing before `claim` or `reclaim`, unless `owner` took over `owned_until`."""
        self.operation = operation
        self._journal = journal
        self._owner = owner
        self._lease_s = lease_s
        self._now = now
        self._owned_until = owned_until

    @property
    def sent(self) -> bool:
        """Whether any call may have left."""
        return any(call.sent_at is not None for call in self.operation.calls)

    async def claim(self) -> Operation | None:
        """Write the operation down as new; the one that used its key before, if one did."""
        until = self._until()
        earlier = await self._journal.claim(self.operation, owner=self._owner, until=until)
        if earlier is None:
            self._owned_until = until
        return earlier

    async def reclaim(self) -> bool:
        """Begin a NOT_DONE operation anew; False if another caller was faster."""
        until = self._until()
        begun = await self._journal.reclaim(self.operation, owner=self._owner, until=until)
        if begun:
            self._owned_until = until
        return begun

    async def record(self) -> None:
        """Write down what is known here, and go on owning the operation.

        Raises:
            CustodyLostError: it is another's.
        """
        await self._write(self.operation)

    async def sending(self, number: int) -> None:
        """Write down that a call is about to be sent; if this raises, it must not be."""
        call = self.operation.calls[number]
        call = replace(
            call,
            state=OperationState.SENT,
            sent_at=self._now(),
            attempts=call.attempts + 1,
            problem=None,
        )
        await self._write(self._with(number, call, state=OperationState.SENT))

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work`, however long it takes, and go on owning the operation meanwhile.

        Raises:
            CustodyLostError: it was lost, or could not be kept for want of the journal; the work
                was cancelled before another process can begin to look what became of it.
        """
        task = asyncio.create_task(work)
        try:
            while (left_s := self._left_s()) > 0:
                await asyncio.wait({task}, timeout=min(left_s, self._lease_s / 3))
                if task.done():
                    break
                try:
                    await self.record()
                except CustodyLostError:
                    break
                except JournalUnavailableError:
                    continue  # there may be time for another try
            if task.done():
                return task.result()
            raise CustodyLostError
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def learn(
        self,
        number: int,
        state: OperationState,
        *,
        receipt: Receipt | None = None,
        problem: OperationProblem | None = None,
    ) -> None:
        """Know how a call went. Why it went wrong stays known unless it did not after all."""
        call = self.operation.calls[number]
        subject = self.operation.subject
        request_id = problem.request_id if problem else None
        if receipt is not None:
            request_id = receipt.request_id
            subject = subject or receipt.native_id
        call = replace(
            call,
            state=state,
            native_id=receipt.native_id if receipt else call.native_id,
            request_id=request_id or call.request_id,
            problem=None if state is OperationState.SUCCEEDED else problem or call.problem,
        )
        self.operation = replace(self._with(number, call), subject=subject)

    def conclude(self) -> None:
        """Know how the operation went as a whole; calls that were never sent did not happen."""
        calls = tuple(
            replace(call, state=OperationState.NOT_DONE)
            if call.state is OperationState.PREPARED
            else call
            for call in self.operation.calls
        )
        self.operation = replace(
            self.operation,
            calls=calls,
            state=overall(calls),
            problem=next((call.problem for call in calls if call.problem), None),
            updated_at=self._now(),
        )

    def _with(
        self, number: int, call: CallRecord, *, state: OperationState | None = None
    ) -> Operation:
        calls = self.operation.calls
        return replace(
            self.operation,
            calls=(*calls[:number], call, *calls[number + 1 :]),
            state=state or self.operation.state,
            updated_at=self._now(),
        )

    async def _write(self, operation: Operation) -> None:
        until = self._until()
        if not await self._journal.record(operation, owner=self._owner, until=until):
            raise CustodyLostError
        self.operation = operation
        self._owned_until = until

    def _until(self) -> datetime:
        return self._now() + timedelta(seconds=self._lease_s)

    def _left_s(self) -> float:
        if self._owned_until is None:
            return 0.0
        return (self._owned_until - self._now()).total_seconds()
