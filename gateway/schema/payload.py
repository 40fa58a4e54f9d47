"""What every mutation takes and answers with, whatever it writes."""

from typing import Annotated, TypeAlias, TypedDict

import strawberry

from gateway.schema.operation.types import Operation
from gateway.schema.ota_error import OtaProblem
from gateway.schema.preview import WritePreview

_KEY = (
    "1 to 255 printable characters that you make up for this one write, such as a UUID. Repeated "
    "with the same input it gives the same answer, and nothing is sent twice; with another input "
    "it is refused."
)

RequiredKey: TypeAlias = Annotated[str, strawberry.argument(description=_KEY)]
OptionalKey: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description=f"{_KEY} Null if writing it again does no harm."),
]
ValidateOnly: TypeAlias = Annotated[
    bool,
    strawberry.argument(
        description="Do all of it but the sending: the payload has a `preview`, or `errors`."
    ),
]


@strawberry.interface(description="What every mutation answers with.")
class WritePayload:
    errors: list[OtaProblem] = strawberry.field(
        description="Why the write did not happen, or not wholly; empty if all is well. Expected "
        "failures stand here, and never among the answer's own errors."
    )
    operation: Operation | None = strawberry.field(
        description="The write as the journal has it; null if it was not taken in, or was only "
        "validated."
    )
    preview: WritePreview | None = strawberry.field(
        description="What would be sent; null unless `validateOnly` was true and nothing is wrong."
    )
    replayed: bool = strawberry.field(
        description="Whether the answer is that of an earlier write with the same key."
    )


class PayloadFields(TypedDict):
    """Values for the fields of `WritePayload`."""

    errors: list[OtaProblem]
    operation: Operation | None
    preview: WritePreview | None
    replayed: bool
