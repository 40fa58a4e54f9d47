"""Every expected failure has its type, and keeps what is known of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.domain.errors import (
    BudgetExhaustedError,
    ConflictError,
    DeadlineExceededError,
    GatewayError,
    IdempotencyConflictError,
    InputProblem,
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
    ShuttingDownError,
    UnsupportedError,
)
from gateway.domain.operation import (
    CallRecord,
    Operation,
    OperationProblem,
    OperationState,
    WriteKind,
)
from gateway.schema.write_problems import problems_in, problems_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OPERATION = Operation(
    id="o-1",
    tenant="t",
    principal=None,
    backend="plant",
    kind=WriteKind.RETRY_TASKS,
    idempotency_key=None,
    input_hash="h",
    state=OperationState.SUCCEEDED,
    created_at=NOW,
    updated_at=NOW,
    subject=None,
    write={},
    marker=None,
)
REFUSED = OperationProblem(
    code="PROVIDER_REJECTED", message="no", retryable=False, vendor_code="c", request_id="r"
)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidRequestError("x"), "InvalidInputProblem"),
        (UnsupportedError("x"), "UnsupportedProblem"),
        (NotFoundError("x"), "NotFoundProblem"),
        (ConflictError("x"), "ConflictProblem"),
        (IdempotencyConflictError("x"), "IdempotencyConflictProblem"),
        (OperationInProgressError("x"), "InProgressProblem"),
        (BudgetExhaustedError("x"), "BudgetProblem"),
        (JournalUnavailableError("x"), "JournalProblem"),
        (ProviderError("x"), "ProviderProblem"),
        (ProviderAuthError("x"), "ProviderProblem"),
        (ProviderRateLimitedError("x"), "ProviderProblem"),
        (ProviderTimeoutError("x"), "ProviderProblem"),
        (ProviderUnavailableError("x"), "ProviderProblem"),
        (ProviderRejectedError("x"), "ProviderProblem"),
        (ProviderContractError("x"), "ProviderProblem"),
        (ShuttingDownError("x"), "OtherProblem"),
        (DeadlineExceededError("x"), "OtherProblem"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_error_has_its_type(error: GatewayError, kind: str) -> None:
    (problem,) = problems_of(error, "plant")

    assert type(problem).__name__ == kind
    assert (problem.message, problem.code) == ("x", error.code)
    assert (problem.retryable, problem.backend) == (error.retryable, "plant")


def test_what_a_backend_said_is_kept() -> None:
    error = ProviderRateLimitedError(
        "slow down", backend="other", vendor_code="Throttling", request_id="r", retry_after_s=2.0
    )
    (problem,) = problems_of(error, "plant")

    assert problem.backend == "other"
    assert (problem.raw_code, problem.request_id) == ("Throttling", "r")
    assert problem.retry_after_seconds == 2.0


def test_each_thing_wrong_with_an_input_is_a_problem_of_its_own() -> None:
    error = InvalidInputError(
        [
            InputProblem(path=("input", "a"), message="one", nearest=("1", "2")),
            InputProblem(path=("input", "b"), message="two"),
        ]
    )

    told = [(p.path, p.message, getattr(p, "nearest", None)) for p in problems_of(error, "plant")]
    assert told == [(["input", "a"], "one", ["1", "2"]), (["input", "b"], "two", [])]


@pytest.mark.parametrize(
    ("state", "problem", "kind", "code"),
    [
        (OperationState.REJECTED, REFUSED, "ProviderProblem", "PROVIDER_REJECTED"),
        (
            OperationState.REJECTED,
            replace(REFUSED, code="NOT_FOUND"),
            "NotFoundProblem",
            "NOT_FOUND",
        ),
        (OperationState.NOT_DONE, None, "OtherProblem", "NOT_DONE"),
        (OperationState.PARTIAL, REFUSED, "PartialFailureProblem", "PROVIDER_REJECTED"),
        (OperationState.PARTIAL, None, "PartialFailureProblem", "NOT_DONE"),
        (OperationState.PREPARED, None, "OutcomeUnknownProblem", "OUTCOME_UNKNOWN"),
        (OperationState.SENT, None, "OutcomeUnknownProblem", "OUTCOME_UNKNOWN"),
        (OperationState.UNKNOWN, REFUSED, "OutcomeUnknownProblem", "OUTCOME_UNKNOWN"),
        (OperationState.NEEDS_ATTENTION, None, "OutcomeUnknownProblem", "OUTCOME_UNKNOWN"),
    ],
)
def test_an_operation_that_did_not_succeed_says_why(
    state: OperationState, problem: OperationProblem | None, kind: str, code: str
) -> None:
    (told,) = problems_in(replace(OPERATION, state=state, problem=problem))

    assert (type(told).__name__, told.code, told.backend) == (kind, code, "plant")


def test_an_operation_that_succeeded_has_nothing_to_say() -> None:
    assert problems_in(OPERATION) == []


def test_what_is_unknown_is_not_to_be_repeated_and_what_needs_a_person_says_so() -> None:
    (unknown,) = problems_in(replace(OPERATION, state=OperationState.UNKNOWN, problem=REFUSED))
    (left,) = problems_in(replace(OPERATION, state=OperationState.NEEDS_ATTENTION))

    assert (unknown.retryable, unknown.raw_code, unknown.request_id) == (False, "c", "r")
    assert left.message == (
        "Looking did not tell whether the cloud executed this; a person must look."
    )


def test_several_calls_without_devices_are_one_write() -> None:
    calls = (
        CallRecord(operation="upload", state=OperationState.SUCCEEDED),
        CallRecord(operation="register", state=OperationState.REJECTED, problem=REFUSED),
    )
    operation = replace(OPERATION, state=OperationState.PARTIAL, problem=REFUSED, calls=calls)

    (told,) = problems_in(operation)

    assert type(told).__name__ == "PartialFailureProblem"
    assert (told.message, told.raw_code) == ("no", "c")


def test_one_call_with_devices_is_the_whole_write() -> None:
    call = CallRecord(
        operation="retry", state=OperationState.REJECTED, targets=("d",), problem=REFUSED
    )
    operation = replace(OPERATION, state=OperationState.REJECTED, problem=REFUSED, calls=(call,))

    assert [type(told).__name__ for told in problems_in(operation)] == ["ProviderProblem"]
