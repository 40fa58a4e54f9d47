"""Queries for backends."""

from typing import Annotated

import strawberry

from gateway.schema.backend.types import Backend
from gateway.schema.choice import check_backends
from gateway.schema.context import Info


@strawberry.type
class BackendQueries:
    @strawberry.field(description="The backends that this gateway is configured for.")
    def backends(
        self,
        info: Info,
        names: Annotated[
            list[str] | None,
            strawberry.argument(description="Only those with these names; null for all."),
        ] = None,
    ) -> list[Backend]:
        fleet = info.context.fleet
        check_backends(fleet, names or (), argument=("names",))
        return [
            Backend.of(backend)
            for key, backend in sorted(fleet.backends.items())
            if names is None or key in names
        ]
