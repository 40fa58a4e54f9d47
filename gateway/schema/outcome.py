"""From a mutation's arguments to its payload: expected failures on the way become data."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from gateway.domain.errors import GatewayError, InternalError, NotFoundError
from gateway.domain.ids import GlobalId
from gateway.domain.operation import OperationState
from gateway.schema.context import Info
from gateway.schema.operation.types import Operation
from gateway.schema.ota_error import OtaProblem
from gateway.schema.payload import PayloadFields
from gateway.schema.preview import WritePreview
from gateway.schema.selection import selected_names
from gateway.schema.write_problems import problems_in, problems_of
from gateway.service.writing.desk import WriteDesk, Written
from gateway.service.writing.operations import Asking, check_key

T = TypeVar("T")

_WITHOUT_EFFECT: Final = frozenset({OperationState.REJECTED, OperationState.NOT_DONE})


@dataclass(slots=True, kw_only=True)
class Outcome:
    """How a write went.

    `target` is what it was for, and `written` what came of it; either is None if it did not get
    that far.
    """

    target: GlobalId | None = None
    written: Written | None = None
    errors: list[OtaProblem] = field(default_factory=list)

    @property
    def subject(self) -> str | None:
        """Native id or name of what was made, or acted on; None if nothing was, or nobody knows."""
        operation = self.written.operation if self.written else None
        return operation.subject if operation else None

    def fields(self) -> PayloadFields:
        """What all payloads have in common."""
        written = self.written or Written(backend="")
        return PayloadFields(
            errors=self.errors,
            operation=Operation.of(written.operation) if written.operation else None,
            preview=WritePreview.of(written.preview) if written.preview else None,
            replayed=written.replayed,
        )

    async def read(
        self, info: Info, name: str, load: Callable[[str, float | None], Awaitable[T]]
    ) -> T | None:
        """The object of the payload's field `name` as it is now, if the document selects it.

        `load` takes the backend and the age that is accepted. None if there is no such object; if
        it cannot be read the errors say so, unless they tell of something worse.
        """
        if self.target is None or name not in selected_names(info):
            return None
        age = None if self.written and self.written.replayed else 0.0
        try:
            return await load(self.target.backend, age)
        except NotFoundError:
            return None
        except InternalError:
            raise
        except GatewayError as error:
            if not self.errors:
                for problem in problems_of(error, self.target.backend):
                    problem.message = f"`{name}` cannot be read now: {problem.message}"
                    problem.path = [name]
                    self.errors.append(problem)
            return None


async def performed(
    info: Info,
    *,
    key: str | None,
    target: Callable[[], GlobalId],
    write: Callable[[WriteDesk, GlobalId, Asking], Awaitable[Written]],
) -> Outcome:
    """Do `write` to what `target` finds in the arguments, and tell how that went.

    Raises:
        InternalError: a fault of the gateway itself.
    """
    outcome = Outcome()
    try:
        writing = info.context.writing
        outcome.target = target()
        if key is not None:
            check_key(key)
        written = await write(writing.desk, outcome.target, writing.asking(key))
    except InternalError:
        raise
    except GatewayError as error:
        backend = outcome.target.backend if outcome.target else None
        outcome.errors += problems_of(error, backend)
        return outcome
    outcome.written = written
    if written.operation is not None:
        outcome.errors += problems_in(written.operation)
        if written.operation.state not in _WITHOUT_EFFECT:
            info.context.forget_loaded()
    return outcome
