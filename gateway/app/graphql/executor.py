"""The port to the schema: what the endpoint needs of whatever prepares and runs documents."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from graphql import GraphQLError, OperationType

from gateway.app.graphql.parameters import Parameters

ContextT_contra = TypeVar("ContextT_contra", contravariant=True)
PreparedT = TypeVar("PreparedT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[PreparedT]):
    """One operation of a document that is parsed, within the limits, and valid.

    `name` is None for an anonymous one. `prepared` is the executor's own, and `parameters` what the
    client asked.
    """

    kind: OperationType
    name: str | None = None
    prepared: PreparedT
    parameters: Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of an operation, or of the attempt to prepare one.

    `data` is None both for a request that was refused before it ran, and for one whose failure went
    up to the root; `is_refusal` tells these apart.
    """

    data: Mapping[str, Any] | None
    errors: Sequence[GraphQLError] = ()
    extensions: Mapping[str, Any] | None = None

    @property
    def is_refusal(self) -> bool:
        """Whether nothing was run: there is no data, and no error has a place in it."""
        return self.data is None and not any(error.path for error in self.errors)


class RequestError(Exception):
    """A document that cannot be run: unreadable, over a limit, invalid, or unknown.

    Attributes:
        errors: at least one, written for the caller.
    """

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        """Keep `errors`."""
        super().__init__(errors[0].message)
        self.errors = tuple(errors)


class Executor(Protocol[PreparedT, ContextT_contra]):
    """Prepares and runs operations; see `library_executor` for the one that serves."""

    def prepare(self, parameters: Parameters) -> Operation[PreparedT]:
        """The operation that `parameters` ask for, ready to run.

        Bounded in time, whatever the text.

        Raises:
            RequestError: it cannot be run.
        """
        ...

    async def execute(self, operation: Operation[PreparedT], context: ContextT_contra) -> Answer:
        """Run a query or a mutation to its end. Cancelling it stops a query where it is."""
        ...

    def subscribe(
        self, operation: Operation[PreparedT], context: ContextT_contra
    ) -> AsyncGenerator[Answer, None]:
        """Run a subscription: an answer for each event, until it ends or the generator is closed.

        A subscription that cannot begin yields one answer, which is a refusal. It is iterated and
        closed in one task.
        """
        ...
