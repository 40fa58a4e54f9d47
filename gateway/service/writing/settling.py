"""Finding out what became of calls whose answer was lost."""

from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from itertools import pairwise
from typing import Any

from gateway.domain.call import CallContext, Priority, calling
from gateway.domain.errors import GatewayError
from gateway.domain.operation import OperationState
from gateway.domain.write import Finding, OtaWriter, PlannedCall, Receipt, Verdict, Write
from gateway.service.incident import report_incident
from gateway.service.writing.custody import Custody
from gateway.service.writing.execution import recorded
from gateway.service.writing.policy import WritePolicy

_LOST = frozenset({OperationState.SENT, OperationState.UNKNOWN})
_UNCLEAR = Finding(verdict=Verdict.UNCLEAR)


class Settling:
    """Looks for lost calls of one operation until each is found, or not found for certain."""

    def __init__(
        self,
        custody: Custody,
        *,
        policy: WritePolicy,
        sleep: Callable[[float], Coroutine[Any, Any, None]],
    ) -> None:
        """Settle the operation of `custody`."""
        self._custody = custody
        self._policy = policy
        self._sleep = sleep

    async def settle(self, writer: OtaWriter | None, write: Write | None) -> None:
        """Learn how each lost call went, and what that makes of the operation.

        What cannot be looked for needs a person: `writer` is None if its backend is not configured
        any more, `write` if this version of the gateway cannot read it.

        Raises:
            JournalUnavailableError: the operation is another's by now, or will be.
        """
        custody = self._custody
        lost = [n for n, call in enumerate(custody.operation.calls) if call.state in _LOST]
        if lost:
            for number in lost:
                custody.learn(number, OperationState.UNKNOWN)
            custody.conclude()
            await custody.record()  # who waits for the answer that was lost need not wait on
            planned = _plan_again(custody, writer, write) if writer and write else None
            if writer and write and planned:
                lost = await self._look(writer, write, planned, lost)
            for number in lost:
                custody.learn(number, OperationState.NEEDS_ATTENTION)
        custody.conclude()

    async def _look(
        self, writer: OtaWriter, write: Write, planned: Sequence[PlannedCall], lost: Sequence[int]
    ) -> list[int]:
        """Look for all `lost` calls at the times of the policy; those that stay unclear."""
        custody = self._custody
        missed: Counter[int] = Counter()
        left = list(lost)
        # The lag comes first: a call that took long may have been executed at its very end.
        pauses = [b - a for a, b in pairwise((-writer.settle_s, *self._policy.looks_after_s))]
        for pause_s in pauses:
            await custody.during(self._sleep(pause_s))
            for number in tuple(left):
                await custody.record()
                finding = await self._find(writer, write, planned[number], number)
                missed[number] = missed[number] + 1 if finding.verdict is Verdict.NOT_DONE else 0
                if finding.verdict is Verdict.DONE:
                    receipt = Receipt(native_id=finding.native_id)
                    custody.learn(number, OperationState.SUCCEEDED, receipt=receipt)
                elif missed[number] > 1:
                    custody.learn(number, OperationState.NOT_DONE)
                else:
                    continue
                left.remove(number)
                await custody.record()
            if not left:
                break
        return left

    async def _find(
        self, writer: OtaWriter, write: Write, call: PlannedCall, number: int
    ) -> Finding:
        operation = self._custody.operation
        sent_at = operation.calls[number].sent_at or operation.updated_at
        with calling(CallContext(priority=Priority.BACKGROUND)):
            looking = writer.find(write, call, marker=operation.marker, sent_at=sent_at)
            try:
                return await self._custody.during(looking)
            except GatewayError:
                return _UNCLEAR
            except Exception as error:  # noqa: BLE001 - a fault in looking must not end it
                report_incident(error)
                return _UNCLEAR


def _plan_again(
    custody: Custody, writer: OtaWriter, write: Write
) -> tuple[PlannedCall, ...] | None:
    """The calls as they were planned; None if this version would plan others."""
    operation = custody.operation
    try:
        plan = writer.plan(write, marker=operation.marker, now=operation.created_at)
    except Exception as error:  # noqa: BLE001 - then a person must look
        report_incident(error)
        return None
    again = [(call.operation, call.targets) for call in map(recorded, plan.calls)]
    if again != [(call.operation, call.targets) for call in operation.calls]:
        return None
    return plan.calls
