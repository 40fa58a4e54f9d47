"""Arguments that many fields share."""

from typing import Annotated, TypeAlias

import strawberry

from gateway.domain.errors import InvalidRequestError

MaxAge: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description=(
            "Oldest answer you accept, in seconds; 0 asks the cloud now. Left out, each kind of "
            "object is kept as long as it is worth it. If the cloud cannot be reached an older "
            "answer may come all the same, marked STALE in `freshness`."
        )
    ),
]
First: TypeAlias = Annotated[
    int, strawberry.argument(description="How many items at most, 0 to 100.")
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="The `endCursor` of the page before; null for the start."),
]


def accepted_age(max_age_seconds: int | None) -> float | None:
    """The argument as the service wants it.

    Raises:
        InvalidRequestError: it is negative.
    """
    if max_age_seconds is None:
        return None
    if max_age_seconds < 0:
        message = f"`maxAgeSeconds` is {max_age_seconds}; it must be 0 or more"
        raise InvalidRequestError(message, path=("maxAgeSeconds",))
    return float(max_age_seconds)
