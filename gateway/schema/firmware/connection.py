"""Lists of firmware packages."""

from typing import Self

import strawberry

from gateway.domain import firmware as domain
from gateway.schema.connection import Edge, MergedConnection, merged_edges, merged_fields
from gateway.schema.context import GatewayContext
from gateway.schema.firmware.types import Firmware
from gateway.service.listing import Listing


@strawberry.type(description="A package in a list, and its place there.")
class FirmwareEdge(Edge):
    @strawberry.field(
        description="The package; null with an error that names it if it could not be read."
    )
    def node(self) -> Firmware | None:
        return Firmware.of(self.readable(domain.Firmware), self.max_age_s)


@strawberry.type(description="Packages of all chosen backends, newest first.")
class FirmwareConnection(MergedConnection):
    edges: list[FirmwareEdge] = strawberry.field(description="The packages and their places.")

    @classmethod
    def of(
        cls,
        listing: Listing[domain.Firmware],
        *,
        after: str | None,
        max_age_s: float | None,
        context: GatewayContext,
    ) -> Self:
        return cls(
            edges=merged_edges(FirmwareEdge, listing, max_age_s),
            **merged_fields(listing, after=after, context=context),
        )
