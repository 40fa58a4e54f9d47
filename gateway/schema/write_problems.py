"""Failures of writes, as they are raised or journalled, in the types of the schema."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypedDict

from gateway.domain.errors import (
    BudgetExhaustedError,
    ConflictError,
    ForbiddenError,
    GatewayError,
    IdempotencyConflictError,
    InvalidInputError,
    InvalidRequestError,
    JournalUnavailableError,
    NotFoundError,
    OperationInProgressError,
    ProviderAuthError,
    ProviderContractError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    UnsupportedError,
)
from gateway.domain.operation import (
    CallRecord,
    Operation,
    OperationProblem,
    OperationState,
)
from gateway.schema.ota_error import (
    BudgetProblem,
    ConflictProblem,
    ForbiddenProblem,
    IdempotencyConflictProblem,
    InProgressProblem,
    InvalidInputProblem,
    JournalProblem,
    NotFoundProblem,
    OtaProblem,
    OtherProblem,
    OutcomeUnknownProblem,
    PartialFailureProblem,
    ProviderProblem,
    UnsupportedProblem,
)

_BY_CODE: Final[Mapping[str, type[OtaProblem]]] = {
    UnsupportedError.code: UnsupportedProblem,
    ForbiddenError.code: ForbiddenProblem,
    NotFoundError.code: NotFoundProblem,
    ConflictError.code: ConflictProblem,
    IdempotencyConflictError.code: IdempotencyConflictProblem,
    OperationInProgressError.code: InProgressProblem,
    BudgetExhaustedError.code: BudgetProblem,
    JournalUnavailableError.code: JournalProblem,
    **dict.fromkeys(
        (
            ProviderError.code,
            ProviderAuthError.code,
            ProviderRateLimitedError.code,
            ProviderTimeoutError.code,
            ProviderUnavailableError.code,
            ProviderRejectedError.code,
            ProviderContractError.code,
        ),
        ProviderProblem,
    ),
}

_UNSETTLED: Final = frozenset(
    {
        OperationState.PREPARED,
        OperationState.SENT,
        OperationState.UNKNOWN,
        OperationState.NEEDS_ATTENTION,
    }
)
_NOT_DONE: Final = OperationProblem(
    code="NOT_DONE",
    message="The cloud was found not to have executed this. The same key may be used again.",
    retryable=True,
)


class _Fields(TypedDict):
    """Values for the fields of `OtaProblem`."""

    message: str
    code: str
    path: list[str]
    retryable: bool
    retry_after_seconds: float | None
    backend: str | None
    raw_code: str | None
    request_id: str | None


def problems_of(error: GatewayError, backend: str | None) -> list[OtaProblem]:
    """What a write that was not taken in is answered with; `backend` is the one it was for."""
    fields = _Fields(
        message=error.message,
        code=error.code,
        path=list(error.path) if isinstance(error, InvalidRequestError) else [],
        retryable=error.retryable,
        retry_after_seconds=error.retry_after_s,
        backend=getattr(error, "backend", None) or backend,
        raw_code=getattr(error, "vendor_code", None),
        request_id=getattr(error, "request_id", None),
    )
    if isinstance(error, InvalidInputError):
        return [
            replace(
                InvalidInputProblem(**fields, nearest=list(problem.nearest)),
                message=problem.message,
                path=list(problem.path),
            )
            for problem in error.problems
        ]
    if isinstance(error, InvalidRequestError):
        return [InvalidInputProblem(**fields, nearest=[])]
    return [_BY_CODE.get(error.code, OtherProblem)(**fields)]


def problems_in(operation: Operation) -> list[OtaProblem]:
    """What is to be said of an operation that was taken in; nothing if all of it was done.

    One that was sent in several calls is told call by call.
    """
    if operation.state is OperationState.SUCCEEDED:
        return []
    if len(operation.calls) > 1 and any(call.targets for call in operation.calls):
        return [
            problem
            for call in operation.calls
            for problem in _problems_in_call(call, operation.backend)
        ]
    if operation.state in _UNSETTLED:
        return [_unknown(operation.state, operation.problem, operation.backend, [])]
    problem = operation.problem or _NOT_DONE
    kind = _BY_CODE.get(problem.code, OtherProblem)
    if operation.state is OperationState.PARTIAL:
        return [PartialFailureProblem(**_fields(problem, operation.backend), devices=[])]
    return [kind(**_fields(problem, operation.backend))]


def _problems_in_call(call: CallRecord, backend: str) -> list[OtaProblem]:
    if call.state is OperationState.SUCCEEDED:
        return []
    devices = list(call.targets)
    if call.state in _UNSETTLED:
        return [_unknown(call.state, call.problem, backend, devices)]
    return [PartialFailureProblem(**_fields(call.problem or _NOT_DONE, backend), devices=devices)]


def _unknown(
    state: OperationState, problem: OperationProblem | None, backend: str, devices: list[str]
) -> OutcomeUnknownProblem:
    message = (
        "Looking did not tell whether the cloud executed this; a person must look."
        if state is OperationState.NEEDS_ATTENTION
        else "The cloud may have executed this. The gateway is finding out; ask for the operation."
    )
    return OutcomeUnknownProblem(
        message=message if problem is None else f"{message} {problem.message}",
        code="OUTCOME_UNKNOWN",
        path=[],
        retryable=False,  # without a key it would be sent again
        retry_after_seconds=None,
        backend=backend,
        raw_code=problem.vendor_code if problem else None,
        request_id=problem.request_id if problem else None,
        devices=devices,
    )


def _fields(problem: OperationProblem, backend: str) -> _Fields:
    return _Fields(
        message=problem.message,
        code=problem.code,
        path=[],
        retryable=problem.retryable,
        retry_after_seconds=problem.retry_after_s,
        backend=backend,
        raw_code=problem.vendor_code,
        request_id=problem.request_id,
    )
