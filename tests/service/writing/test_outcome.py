"""What failures mean for a call, and calls for their operation."""

import pytest

from gateway.domain.errors import (
    BudgetExhaustedError,
    ConflictError,
    DeadlineExceededError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    ProviderAuthError,
    ProviderContractError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    UnsupportedError,
    executed_perhaps,
)
from gateway.domain.operation import CallRecord, OperationProblem, OperationState
from gateway.service.writing.outcome import overall, problem_of, state_after

SUCCEEDED, PARTIAL, REJECTED = (
    OperationState.SUCCEEDED,
    OperationState.PARTIAL,
    OperationState.REJECTED,
)
NOT_DONE, NEEDS_ATTENTION, UNKNOWN = (
    OperationState.NOT_DONE,
    OperationState.NEEDS_ATTENTION,
    OperationState.UNKNOWN,
)


class OfAnotherProviderError(ProviderError):
    pass


def never_sent(error: ProviderError) -> ProviderError:
    error.never_sent = True
    return error


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (InvalidRequestError("no"), REJECTED),
        (UnsupportedError("no"), REJECTED),
        (NotFoundError("no"), REJECTED),
        (ConflictError("no"), REJECTED),
        (ProviderRejectedError("no"), REJECTED),
        (ProviderAuthError("who"), NOT_DONE),
        (ProviderRateLimitedError("slow"), NOT_DONE),
        (BudgetExhaustedError("full"), NOT_DONE),
        (DeadlineExceededError("late"), NOT_DONE),
        (never_sent(ProviderUnavailableError("open")), NOT_DONE),
        (never_sent(ProviderTimeoutError("no token")), NOT_DONE),
        (never_sent(ProviderContractError("no token")), REJECTED),
        (ProviderTimeoutError("silence"), UNKNOWN),
        (ProviderUnavailableError("reset"), UNKNOWN),
        (ProviderContractError("half"), UNKNOWN),
        (ProviderError("?"), UNKNOWN),
        (OfAnotherProviderError("?"), UNKNOWN),
        (InternalError("i-1"), UNKNOWN),
        (RuntimeError("a bug"), UNKNOWN),
        (TimeoutError(), UNKNOWN),
    ],
)
def test_a_failure_proves_that_nothing_happened_or_it_may_have(
    error: Exception, state: OperationState
) -> None:
    assert state_after(error) is state
    assert executed_perhaps(error) is (state is UNKNOWN)


def test_a_problem_keeps_what_the_cloud_said() -> None:
    error = ConflictError("running", vendor_code="24621", request_id="r-1", retry_after_s=2)

    assert problem_of(error) == OperationProblem(
        code="CONFLICT",
        message="running",
        retryable=False,
        retry_after_s=2,
        vendor_code="24621",
        request_id="r-1",
    )


@pytest.mark.parametrize(
    ("calls", "whole"),
    [
        ([], SUCCEEDED),
        ([SUCCEEDED], SUCCEEDED),
        ([SUCCEEDED, SUCCEEDED], SUCCEEDED),
        ([SUCCEEDED, REJECTED], PARTIAL),
        ([NOT_DONE, SUCCEEDED], PARTIAL),
        ([REJECTED, NOT_DONE], REJECTED),
        ([NOT_DONE, NOT_DONE], NOT_DONE),
        ([SUCCEEDED, UNKNOWN, REJECTED], UNKNOWN),
        ([NEEDS_ATTENTION, UNKNOWN], UNKNOWN),
        ([NEEDS_ATTENTION, SUCCEEDED], NEEDS_ATTENTION),
        ([NEEDS_ATTENTION, NOT_DONE], NEEDS_ATTENTION),
    ],
)
def test_an_operation_is_what_its_calls_make_it(
    calls: list[OperationState], whole: OperationState
) -> None:
    assert overall([CallRecord(operation="x", state=state) for state in calls]) is whole
