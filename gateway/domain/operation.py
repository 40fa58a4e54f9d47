"""Operations: what the journal knows of each write, from before it is sent until it is settled."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.domain.json_value import JsonObject


class WriteKind(StrEnum):
    """Which write an operation performs."""

    CREATE_JOB = "CREATE_JOB"
    START_JOB = "START_JOB"
    STOP_JOB = "STOP_JOB"
    CANCEL_JOB = "CANCEL_JOB"
    UPDATE_JOB = "UPDATE_JOB"
    DELETE_JOB = "DELETE_JOB"
    RETRY_TASKS = "RETRY_TASKS"
    CANCEL_TASKS = "CANCEL_TASKS"
    CONFIRM_TASKS = "CONFIRM_TASKS"
    CREATE_FIRMWARE = "CREATE_FIRMWARE"
    UPDATE_FIRMWARE = "UPDATE_FIRMWARE"
    DELETE_FIRMWARE = "DELETE_FIRMWARE"
    CREATE_MODULE = "CREATE_MODULE"
    UPDATE_MODULE = "UPDATE_MODULE"
    DELETE_MODULE = "DELETE_MODULE"
    UNKNOWN = "UNKNOWN"


class OperationState(StrEnum):
    """How far an operation is. The last four are settled; UNKNOWN is being looked into."""

    PREPARED = "PREPARED"  # written down, nothing sent
    SENT = "SENT"  # a call is under way, or was when the gateway died
    SUCCEEDED = "SUCCEEDED"  # all calls executed
    PARTIAL = "PARTIAL"  # some calls executed, the others provably not
    REJECTED = "REJECTED"  # the cloud refused it for good
    NOT_DONE = "NOT_DONE"  # provably not executed; the same key may be used again
    NEEDS_ATTENTION = "NEEDS_ATTENTION"  # looking did not settle it; a person must
    UNKNOWN = "UNKNOWN"  # it may have been executed; the gateway looks


SETTLED = frozenset(
    {
        OperationState.SUCCEEDED,
        OperationState.PARTIAL,
        OperationState.REJECTED,
        OperationState.NOT_DONE,
        OperationState.NEEDS_ATTENTION,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationProblem:
    """Why an operation, or one call of it, did not succeed."""

    code: str
    message: str
    retryable: bool
    retry_after_s: float | None = None
    vendor_code: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One upstream call of an operation.

    `targets` names the devices it was for, empty if it was for one object. `sent_at` is None if it
    never left. `native_id` is what it made.
    """

    operation: str
    state: OperationState
    targets: tuple[str, ...] = ()
    attempts: int = 0
    sent_at: datetime | None = None
    request_id: str | None = None
    native_id: str | None = None
    problem: OperationProblem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One write.

    Attributes:
        id: opaque, given by the gateway.
        tenant: whose it is; keys of different tenants never meet.
        principal: who asked, for the audit; None if the gateway runs without sign-in.
        backend: id of the backend it acts on.
        kind: which write.
        idempotency_key: the caller's key; None for writes that may be repeated by nature.
        input_hash: fingerprint of the input, so that a key used for something else is noticed.
        subject: native id of the object acted on; of the one made, once it is known.
        write: the write itself as JSON, without file content: to be read, and to be looked for.
        marker: what the cloud gives back to find it by; None if no field can carry it.
        calls: the upstream calls, in order.
    """

    id: str
    tenant: str
    principal: str | None
    backend: str
    kind: WriteKind
    idempotency_key: str | None
    input_hash: str
    state: OperationState
    created_at: datetime
    updated_at: datetime
    subject: str | None
    write: JsonObject
    marker: str | None
    calls: tuple[CallRecord, ...] = ()
    problem: OperationProblem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFilter:
    """Which operations; None, or an empty set, means any."""

    backend: str | None = None
    kind: WriteKind | None = None
    states: frozenset[OperationState] = frozenset()
    subject: str | None = None
    principal: str | None = None


class Journal(Protocol):
    """Where operations are written down before they are sent; survives restarts.

    Every method raises `JournalUnavailableError` if the journal cannot be reached; then nothing is
    written to a cloud.
    """

    async def claim(self, operation: Operation, *, owner: str, until: datetime) -> Operation | None:
        """Write a new operation down, owned until `until`.

        None if it is written. If its tenant has used its idempotency key already, the operation
        that did is returned instead and nothing is written.
        """
        ...

    async def reclaim(self, operation: Operation, *, owner: str, until: datetime) -> bool:
        """Own a NOT_DONE operation to run it again, replacing what is written; False if lost."""
        ...

    async def record(self, operation: Operation, *, owner: str, until: datetime) -> bool:
        """Write a new state of an operation that `owner` owns; False if it does not any more."""
        ...

    async def get(self, operation_id: str, *, tenant: str) -> Operation | None:
        """One operation."""
        ...

    async def find_by_key(self, key: str, *, tenant: str) -> Operation | None:
        """The operation that used an idempotency key."""
        ...

    async def page(
        self, wanted: OperationFilter, *, tenant: str, first: int, after: str | None
    ) -> tuple[tuple[Operation, ...], bool]:
        """At most `first` operations behind the id `after`, newest first; whether more follow."""
        ...

    async def take_over(
        self, *, owner: str, until: datetime, now: datetime, limit: int
    ) -> tuple[Operation, ...]:
        """Own operations that are not settled and whose owner's time has passed."""
        ...

    async def aclose(self) -> None:
        """Close the store."""
        ...
