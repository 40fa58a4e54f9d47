"""Lists of jobs."""

from typing import Self

import strawberry

from gateway.domain import job as domain
from gateway.schema.connection import Edge, MergedConnection, merged_edges, merged_fields
from gateway.schema.context import GatewayContext
from gateway.schema.job.types import OtaJob
from gateway.service.listing import Listing


@strawberry.type(description="A job in a list, and its place there.")
class OtaJobEdge(Edge):
    @strawberry.field(
        description="The job; null with an error that names it if it could not be read."
    )
    def node(self) -> OtaJob | None:
        return OtaJob.of(self.readable(domain.OtaJob), self.max_age_s)


@strawberry.type(description="Jobs of all chosen backends, newest first.")
class OtaJobConnection(MergedConnection):
    edges: list[OtaJobEdge] = strawberry.field(description="The jobs and their places.")

    @classmethod
    def of(
        cls,
        listing: Listing[domain.OtaJob],
        *,
        after: str | None,
        max_age_s: float | None,
        context: GatewayContext,
    ) -> Self:
        return cls(
            edges=merged_edges(OtaJobEdge, listing, max_age_s),
            **merged_fields(listing, after=after, context=context),
        )
