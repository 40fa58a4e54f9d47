"""How calls went, and what that makes of their operation."""

from collections.abc import Sequence

from gateway.domain.errors import GatewayError, ProviderAuthError, executed_perhaps
from gateway.domain.operation import CallRecord, OperationProblem, OperationState


def state_after(error: BaseException) -> OperationState:
    """State of a call that failed with `error`.

    Credentials that are refused say nothing about the write: mended, the same key may be used.
    """
    if executed_perhaps(error):
        return OperationState.UNKNOWN
    if isinstance(error, ProviderAuthError) or (
        isinstance(error, GatewayError) and error.retryable
    ):
        return OperationState.NOT_DONE
    return OperationState.REJECTED


def problem_of(error: GatewayError) -> OperationProblem:
    """What is written down of an error."""
    return OperationProblem(
        code=error.code,
        message=error.message,
        retryable=error.retryable,
        retry_after_s=error.retry_after_s,
        vendor_code=getattr(error, "vendor_code", None),
        request_id=getattr(error, "request_id", None),
    )


def overall(calls: Sequence[CallRecord]) -> OperationState:
    """State of an operation whose calls have these states; none is PREPARED or SENT any more."""
    states = {call.state for call in calls}
    if states <= {OperationState.SUCCEEDED}:
        return OperationState.SUCCEEDED
    if OperationState.UNKNOWN in states:
        return OperationState.UNKNOWN
    if OperationState.NEEDS_ATTENTION in states:
        return OperationState.NEEDS_ATTENTION
    if OperationState.SUCCEEDED in states:
        return OperationState.PARTIAL
    if OperationState.REJECTED in states:
        return OperationState.REJECTED
    return OperationState.NOT_DONE
