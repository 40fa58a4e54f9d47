"""An expected failure as data, where it concerns a part of an answer only."""

from typing import Self

import strawberry

from gateway.domain.errors import GatewayError, ProviderError


@strawberry.type(
    description="Why something could not be read; the answer around it is not affected."
)
class Problem:
    code: str = strawberry.field(
        description=(
            "Stable word for programs, such as PROVIDER_TIMEOUT, PROVIDER_UNAVAILABLE, "
            "PROVIDER_AUTH, PROVIDER_RATE_LIMITED, PROVIDER_CONTRACT or DEADLINE_EXCEEDED."
        )
    )
    message: str = strawberry.field(description="What happened and what to do, for people.")
    retryable: bool = strawberry.field(description="Whether asking again may help.")
    retry_after_seconds: float | None = strawberry.field(
        description="Seconds after which asking again makes sense; null if unknown."
    )
    operation: str | None = strawberry.field(
        description="The cloud's name of the call that failed; null if none was sent."
    )
    raw_code: str | None = strawberry.field(
        description="The cloud's own error code; null if it gave none."
    )
    request_id: str | None = strawberry.field(
        description="The cloud's id of the call, for its support; null if it gave none."
    )

    @classmethod
    def of(cls, error: GatewayError | None) -> Self | None:
        if error is None:
            return None
        upstream = error if isinstance(error, ProviderError) else None
        return cls(
            code=error.code,
            message=error.message,
            retryable=error.retryable,
            retry_after_seconds=error.retry_after_s,
            operation=(upstream.operation or None) if upstream else None,
            raw_code=upstream.vendor_code if upstream else None,
            request_id=upstream.request_id if upstream else None,
        )
