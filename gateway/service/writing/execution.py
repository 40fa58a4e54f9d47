"""Sending the calls of a plan, each once."""

from gateway.domain.errors import GatewayError
from gateway.domain.operation import CallRecord, OperationState
from gateway.domain.write import OtaWriter, PlannedCall, WritePlan
from gateway.service.incident import report_incident
from gateway.service.writing.custody import Custody
from gateway.service.writing.outcome import problem_of, state_after


def recorded(call: PlannedCall) -> CallRecord:
    """What is written down of a call before anything is sent."""
    return CallRecord(
        operation=call.operation,
        state=OperationState.PREPARED,
        targets=tuple(target.device.name for target in call.targets),
    )


async def execute(plan: WritePlan, writer: OtaWriter, custody: Custody) -> None:
    """Send the calls one after another; `custody` knows how each went.

    A call that fails does not keep the others from being sent, unless they depend on it or the
    gateway itself is at fault.

    Raises:
        JournalUnavailableError: the journal did not take a step, so that no other call was sent.
            `custody` knows what happened until then.
    """
    passed_on: dict[str, str] = {}
    for number, call in enumerate(plan.calls):
        await custody.sending(number)
        try:
            receipt = await custody.during(writer.send(call, dict(passed_on)))
        except GatewayError as error:
            custody.learn(number, state_after(error), problem=problem_of(error))
            go_on = not plan.dependent
        except Exception as error:  # noqa: BLE001 - whatever went wrong, it may have been sent
            problem = problem_of(report_incident(error))
            custody.learn(number, OperationState.UNKNOWN, problem=problem)
            go_on = False
        else:
            passed_on |= receipt.passed_on
            custody.learn(number, OperationState.SUCCEEDED, receipt=receipt)
            go_on = True
        await custody.record()
        if not go_on:
            return
