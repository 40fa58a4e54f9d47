"""The one error tree. Every expected failure in the gateway is one of these.

GatewayError                     code                   retryable
├── InvalidRequestError          BAD_USER_INPUT         no     nothing was sent
│   └── InvalidInputError        BAD_USER_INPUT         no     names every problem at once
├── UnsupportedError             UNSUPPORTED            no     the backend lacks the capability
├── NotFoundError                NOT_FOUND              no
├── ConflictError                CONFLICT               no     the object's state forbids it
├── BudgetExhaustedError         BUDGET_EXHAUSTED       yes    not sent: no free call in time
├── QueryTooExpensiveError       QUERY_TOO_EXPENSIVE    no     refused before the first call
├── IdempotencyConflictError     IDEMPOTENCY_CONFLICT   no     the key was used for another input
├── OperationInProgressError     OPERATION_IN_PROGRESS  yes    the key's write is under way
├── JournalUnavailableError      JOURNAL_UNAVAILABLE    yes    so no write is sent
├── ShuttingDownError            SHUTTING_DOWN          yes    this replica takes no more writes
├── DeadlineExceededError        DEADLINE_EXCEEDED      yes    the caller's time ran out
├── UnauthenticatedError         UNAUTHENTICATED        no     no credentials, or wrong ones
├── ForbiddenError               FORBIDDEN              no     the role does not allow it
├── SignInUnavailableError       SIGN_IN_UNAVAILABLE    yes    credentials cannot be checked now
├── TooManyRequestsError         TOO_MANY_REQUESTS      yes    this principal asks too often
├── OverloadedError              OVERLOADED             yes    too many requests are under way
├── InternalError                INTERNAL_ERROR         no     a fault of the gateway itself
└── ProviderError                carries backend, operation, vendor_code, request_id
    ├── ProviderAuthError        PROVIDER_AUTH          no
    ├── ProviderRateLimitedError PROVIDER_RATE_LIMITED  yes    not executed; has retry_after_s
    ├── ProviderTimeoutError     PROVIDER_TIMEOUT       reads  a write may have happened
    ├── ProviderUnavailableError PROVIDER_UNAVAILABLE   reads  down, or its breaker is open
    ├── ProviderRejectedError    PROVIDER_REJECTED      no     the vendor refused, permanently
    └── ProviderContractError    PROVIDER_CONTRACT      no     reply not of the documented shape

Messages are written for the caller: they name what to do and never hold a secret, an upstream
body or an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final


class GatewayError(Exception):
    """Root of all expected failures.

    Attributes:
        code: stable word for programs.
        retryable: whether the same read may succeed later.
        retry_after_s: seconds after which trying again makes sense; None if unknown.
    """

    code: ClassVar[str] = "GATEWAY_ERROR"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        """Keep `message`, which a caller may be shown."""
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s


class InvalidRequestError(GatewayError):
    """The caller's input is wrong; nothing was sent. `path` names the argument, if one is known."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str, *, path: tuple[str, ...] = ()) -> None:
        """Name the argument at fault in `path`, outermost first."""
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class InputProblem:
    """One thing that is wrong with an input.

    `path` leads to the field, in the schema's names. `nearest` holds the nearest values allowed,
    as text; empty if there are none to name.
    """

    path: tuple[str, ...]
    message: str
    nearest: tuple[str, ...] = ()


class InvalidInputError(InvalidRequestError):
    """An input that cannot be carried out as it is, with every problem found in it."""

    def __init__(self, problems: Sequence[InputProblem]) -> None:
        """Keep all `problems`; there is at least one."""
        super().__init__("; ".join(problem.message for problem in problems), path=problems[0].path)
        self.problems = tuple(problems)


class UnsupportedError(GatewayError):
    """The backend lacks the capability; known before anything is sent."""

    code = "UNSUPPORTED"


class NotFoundError(GatewayError):
    """No such object, or not one this caller may see."""

    code = "NOT_FOUND"


class ConflictError(GatewayError):
    """The object's present state forbids the request.

    Its attributes are those of `ProviderError`; empty and None if the gateway itself found out.
    """

    code = "CONFLICT"

    def __init__(
        self,
        message: str,
        *,
        backend: str = "",
        operation: str = "",
        vendor_code: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        """Keep what the backend said, if it was the one to refuse."""
        super().__init__(message, retry_after_s=retry_after_s)
        self.backend = backend
        self.operation = operation
        self.vendor_code = vendor_code
        self.request_id = request_id


class BudgetExhaustedError(GatewayError):
    """Not sent: the upstream budget has no call free before the caller's deadline."""

    code = "BUDGET_EXHAUSTED"
    retryable = True


class QueryTooExpensiveError(GatewayError):
    """The document would cost more upstream calls than one request may; nothing was sent."""

    code = "QUERY_TOO_EXPENSIVE"

    def __init__(self, message: str, *, price: int, limit: int) -> None:
        """Carry the `price` of the document and the `limit`, both in upstream calls."""
        super().__init__(message)
        self.price = price
        self.limit = limit


class IdempotencyConflictError(GatewayError):
    """The idempotency key was used before, for another input; nothing was sent."""

    code = "IDEMPOTENCY_CONFLICT"


class OperationInProgressError(GatewayError):
    """A write with this idempotency key is under way; ask for its operation."""

    code = "OPERATION_IN_PROGRESS"
    retryable = True


class JournalUnavailableError(GatewayError):
    """The journal cannot be reached, so nothing is written to a cloud."""

    code = "JOURNAL_UNAVAILABLE"
    retryable = True


class ShuttingDownError(GatewayError):
    """This replica is stopping and takes no more writes; another one, or the next start, does."""

    code = "SHUTTING_DOWN"
    retryable = True


class DeadlineExceededError(GatewayError):
    """The caller's own time ran out before an answer was there."""

    code = "DEADLINE_EXCEEDED"
    retryable = True


class UnauthenticatedError(GatewayError):
    """The request has no credentials, or some that are wrong, unknown or expired.

    The message never says which of these it is in a way that helps guessing.
    """

    code = "UNAUTHENTICATED"


class ForbiddenError(GatewayError):
    """The caller is known, and its role does not allow this; nothing was sent."""

    code = "FORBIDDEN"


class SignInUnavailableError(GatewayError):
    """Credentials cannot be checked now, so nobody new is let in."""

    code = "SIGN_IN_UNAVAILABLE"
    retryable = True


class TooManyRequestsError(GatewayError):
    """This principal asks more often than it may; nothing was done."""

    code = "TOO_MANY_REQUESTS"
    retryable = True


class OverloadedError(GatewayError):
    """More requests are under way than the gateway takes on at once; nothing was done."""

    code = "OVERLOADED"
    retryable = True


class InternalError(GatewayError):
    """The gateway itself is at fault; its log holds the cause under `incident`."""

    code = "INTERNAL_ERROR"

    def __init__(self, incident: str) -> None:
        """Name the `incident`, the id under which the cause was logged."""
        super().__init__(f"internal error; quote incident {incident} to the gateway's operator")
        self.incident = incident


class ProviderError(GatewayError):
    """A backend failed.

    Attributes:
        backend: id of the configured backend; empty until the transport fills it in.
        operation: the vendor's name of the call.
        vendor_code: the vendor's own error code, verbatim; None where it gave none.
        request_id: the vendor's id of the call, for its support; None where it gave none.
        never_sent: true if the call cannot have reached the backend; see `executed_perhaps`.
    """

    code = "PROVIDER_ERROR"
    never_sent: bool = False

    def __init__(
        self,
        message: str,
        *,
        backend: str = "",
        operation: str = "",
        vendor_code: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        """Keep where and how the backend failed."""
        super().__init__(message, retry_after_s=retry_after_s)
        self.backend = backend
        self.operation = operation
        self.vendor_code = vendor_code
        self.request_id = request_id


class ProviderAuthError(ProviderError):
    """The backend refuses our credentials, or they lack the permission."""

    code = "PROVIDER_AUTH"


class ProviderRateLimitedError(ProviderError):
    """The backend throttled the call, which was therefore not executed."""

    code = "PROVIDER_RATE_LIMITED"
    retryable = True


class ProviderTimeoutError(ProviderError):
    """No complete answer in time. A read may be repeated; a write may have happened."""

    code = "PROVIDER_TIMEOUT"
    retryable = True


class ProviderUnavailableError(ProviderError):
    """The backend cannot be reached, answers 5xx, or its circuit breaker is open."""

    code = "PROVIDER_UNAVAILABLE"
    retryable = True


class ProviderRejectedError(ProviderError):
    """The backend understood the call and refuses it for good."""

    code = "PROVIDER_REJECTED"


class ProviderContractError(ProviderError):
    """The backend's answer is not of the documented shape."""

    code = "PROVIDER_CONTRACT"


def executed_perhaps(error: BaseException) -> bool:
    """Tell whether a write that failed so may have been executed all the same.

    Only what proves the contrary counts as not executed: a refusal, a throttle, a call that had no
    time or budget to leave, or one that never did, which the error says by `never_sent`.
    """
    return not (isinstance(error, _NOT_EXECUTED) or getattr(error, "never_sent", False))


_NOT_EXECUTED: Final = (
    InvalidRequestError,
    UnsupportedError,
    ForbiddenError,
    NotFoundError,
    ConflictError,
    BudgetExhaustedError,
    DeadlineExceededError,
    ProviderAuthError,
    ProviderRateLimitedError,
    ProviderRejectedError,
)
