"""The type Operation and its parts."""

from datetime import datetime
from typing import Self

import strawberry

from gateway.domain import operation as domain
from gateway.domain.ids import GlobalId, NodeKind
from gateway.schema.backend.types import Backend
from gateway.schema.context import Info
from gateway.schema.node import Node
from gateway.schema.problem import Problem


@strawberry.type(description="One upstream call of an operation.")
class OperationCall:
    operation: str = strawberry.field(
        description="The cloud's name of the call, such as CreateOTAStaticUpgradeJob."
    )
    state: domain.OperationState = strawberry.field(description="How far it is.")
    targets: list[str] = strawberry.field(
        description="Names of the devices it was for; empty if it was for one object."
    )
    attempts: int = strawberry.field(
        description="How often it was begun. More than one only after it was certain that nothing "
        "had been executed."
    )
    sent_at: datetime | None = strawberry.field(
        description="When it was last begun; null if it never was."
    )
    request_id: str | None = strawberry.field(
        description="The cloud's id of it, for its support; null if it gave none."
    )
    native_id: str | None = strawberry.field(
        description="The cloud's id of what it made; null if it made nothing."
    )
    problem: Problem | None = strawberry.field(description="Why it did not succeed, if it did not.")

    @classmethod
    def of(cls, call: domain.CallRecord) -> Self:
        return cls(
            operation=call.operation,
            state=call.state,
            targets=list(call.targets),
            attempts=call.attempts,
            sent_at=call.sent_at,
            request_id=call.request_id,
            native_id=call.native_id,
            problem=_problem(call.problem, call.operation),
        )


@strawberry.type(
    description="One write as the journal has it: written down before it was sent, and kept. Ask "
    "for it again while its `state` is not settled."
)
class Operation(Node):
    operation: strawberry.Private[domain.Operation]

    @strawberry.field(description="Which write it performs.")
    def kind(self) -> domain.WriteKind:
        return self.operation.kind

    @strawberry.field(description="How far it is.")
    def state(self) -> domain.OperationState:
        return self.operation.state

    @strawberry.field(description="Whether its `state` is settled, so that it changes no more.")
    def settled(self) -> bool:
        return self.operation.state in domain.SETTLED

    @strawberry.field(description="Where it acts; null if the gateway has that backend no more.")
    def backend(self, info: Info) -> Backend | None:
        backend = info.context.fleet.backends.get(self.operation.backend)
        return None if backend is None else Backend.of(backend)

    @strawberry.field(description="When it was taken in.")
    def created_at(self) -> datetime:
        return self.operation.created_at

    @strawberry.field(description="When it last changed.")
    def updated_at(self) -> datetime:
        return self.operation.updated_at

    @strawberry.field(description="The caller's key; null if it was given none.")
    def idempotency_key(self) -> str | None:
        return self.operation.idempotency_key

    @strawberry.field(description="Who asked for it; null as long as nobody signs in.")
    def principal(self) -> str | None:
        return self.operation.principal

    @strawberry.field(
        description="The cloud's id, or the name, of what it acts on; of what it made, once that "
        "is known."
    )
    def subject(self) -> str | None:
        return self.operation.subject

    @strawberry.field(description="Its upstream calls, in the order of sending.")
    def calls(self) -> list[OperationCall]:
        return [OperationCall.of(call) for call in self.operation.calls]

    @strawberry.field(description="How often any of its calls was begun.")
    def attempts(self) -> int:
        return sum(call.attempts for call in self.operation.calls)

    @strawberry.field(
        description="The cloud's ids of its calls, as far as it gave any, in the order of sending."
    )
    def request_ids(self) -> list[str]:
        return [call.request_id for call in self.operation.calls if call.request_id is not None]

    @strawberry.field(description="Why it did not succeed, if it did not: its first problem.")
    def problem(self) -> Problem | None:
        problem = self.operation.problem
        failed = (call.operation for call in self.operation.calls if call.problem == problem)
        return _problem(problem, next(failed, None))

    @classmethod
    def of(cls, operation: domain.Operation) -> Self:
        identity = GlobalId(kind=NodeKind.OPERATION, backend=operation.backend, key=(operation.id,))
        return cls(id=strawberry.ID(str(identity)), operation=operation)


def _problem(problem: domain.OperationProblem | None, operation: str | None) -> Problem | None:
    if problem is None:
        return None
    return Problem(
        code=problem.code,
        message=problem.message,
        retryable=problem.retryable,
        retry_after_seconds=problem.retry_after_s,
        operation=operation,
        raw_code=problem.vendor_code,
        request_id=problem.request_id,
    )
