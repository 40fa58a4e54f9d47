"""How old an answer is, in the schema."""

from datetime import datetime
from typing import Self

import strawberry

from gateway.domain import freshness as domain
from gateway.schema.context import GatewayContext


@strawberry.type(description="How old an answer is and where it came from.")
class Freshness:
    as_of: datetime = strawberry.field(description="When the cloud gave this answer.")
    age_seconds: float = strawberry.field(
        description="Seconds between `asOf` and now, as this response is made."
    )
    source: domain.FreshnessSource = strawberry.field(description="Where it came from.")

    @classmethod
    def of(cls, value: domain.Freshness, context: GatewayContext) -> Self:
        return cls(
            as_of=value.as_of,
            age_seconds=round(value.age_s(context.now()), 3),
            source=value.source,
        )
