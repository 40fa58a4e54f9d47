"""Why a write did not happen, or not wholly: expected failures as data of the payload."""

import strawberry


@strawberry.interface(
    name="OtaError",
    description="Why a write did not happen, or not wholly; its type tells what kind of reason.",
)
class OtaProblem:
    message: str = strawberry.field(description="What happened and what to do, for people.")
    code: str = strawberry.field(
        description="Stable word for programs, such as BAD_USER_INPUT, UNSUPPORTED, FORBIDDEN, "
        "NOT_FOUND, CONFLICT, IDEMPOTENCY_CONFLICT, PROVIDER_REJECTED or OUTCOME_UNKNOWN."
    )
    path: list[str] = strawberry.field(
        description="Where in the arguments, from the outermost name on, such as `input`, `scope`, "
        "`target`; empty if it is not about one argument."
    )
    retryable: bool = strawberry.field(
        description="Whether the same mutation, with the same key, may succeed later."
    )
    retry_after_seconds: float | None = strawberry.field(
        description="Seconds after which trying again makes sense; null if unknown."
    )
    backend: str | None = strawberry.field(
        description="`name` of the backend it is about; null if it is about none."
    )
    raw_code: str | None = strawberry.field(
        description="The cloud's own error code; null if the cloud was not the one to refuse, or "
        "gave none."
    )
    request_id: str | None = strawberry.field(
        description="The cloud's id of the call that failed, for its support; null if none was "
        "sent, or it gave none."
    )


@strawberry.type(
    description="An argument that cannot be carried out as it is. Nothing was sent. All that is "
    "wrong is told at once, each in a problem of its own."
)
class InvalidInputProblem(OtaProblem):
    nearest: list[str] = strawberry.field(
        description="The nearest values that would do, as text; empty if there are none to name. "
        "Nothing is ever rounded in silence."
    )


@strawberry.type(
    description="The backend has no such write; `Backend.capabilities` tells before. Nothing was "
    "sent."
)
class UnsupportedProblem(OtaProblem):
    """Adds nothing."""


@strawberry.type(
    description="The role of the caller does not allow this write; the message names the role that "
    "would. Nothing was sent."
)
class ForbiddenProblem(OtaProblem):
    """Adds nothing."""


@strawberry.type(description="What the write is about does not exist.")
class NotFoundProblem(OtaProblem):
    """Adds nothing."""


@strawberry.type(
    description="The object's present state forbids it; `OtaJob.availableActions` tells before. "
    "With a `rawCode` the cloud said so, else the gateway did, and nothing was sent."
)
class ConflictProblem(OtaProblem):
    """Adds nothing."""


@strawberry.type(
    description="The idempotency key was used before, for another input. Nothing was sent."
)
class IdempotencyConflictProblem(OtaProblem):
    """Adds nothing."""


@strawberry.type(
    description="The write with this idempotency key is under way for another caller. Ask again "
    "with the same key; nothing is sent twice."
)
class InProgressProblem(OtaProblem):
    """Adds nothing."""


@strawberry.type(
    description="The cloud refused the write or its credentials, throttled it, or is down. It was "
    "not executed, unless the payload's `operation` says otherwise."
)
class ProviderProblem(OtaProblem):
    """Adds nothing."""


@strawberry.type(
    description="Not sent: the upstream budget has no call free in time, see `Backend.budget`."
)
class BudgetProblem(OtaProblem):
    """Adds nothing."""


@strawberry.type(
    description="Nobody knows yet whether it was executed, because the answer was lost. The "
    "gateway looks, and never sends it again: ask for the payload's `operation` until its state is "
    "settled."
)
class OutcomeUnknownProblem(OtaProblem):
    devices: list[str] = strawberry.field(
        description="Names of the devices concerned, where the write was sent in several calls; "
        "empty if it is all of it."
    )


@strawberry.type(
    description="One of several calls that make up the write failed. How the others went stands in "
    "`operation`."
)
class PartialFailureProblem(OtaProblem):
    devices: list[str] = strawberry.field(
        description="Names of the devices that this call was for; empty if it was for no devices."
    )


@strawberry.type(
    description="The journal of writes cannot be reached, so nothing was sent. Reads go on."
)
class JournalProblem(OtaProblem):
    """Adds nothing."""


@strawberry.type(
    description="Any other reason, such as a gateway that is stopping, or a deadline; see `code`."
)
class OtherProblem(OtaProblem):
    """Adds nothing."""


PROBLEM_TYPES = (
    InvalidInputProblem,
    UnsupportedProblem,
    ForbiddenProblem,
    NotFoundProblem,
    ConflictProblem,
    IdempotencyConflictProblem,
    InProgressProblem,
    ProviderProblem,
    BudgetProblem,
    OutcomeUnknownProblem,
    PartialFailureProblem,
    JournalProblem,
    OtherProblem,
)
"""All concrete types, for the schema."""
