"""What the connections of merged lists have in common: reports of their sources, broken items."""

from typing import Self, TypeVar

import strawberry

from gateway.domain.errors import GatewayError, ProviderContractError
from gateway.domain.paging import BrokenItem
from gateway.schema.backend.types import Backend
from gateway.schema.context import GatewayContext
from gateway.schema.freshness import Freshness
from gateway.schema.node import PageInfo
from gateway.schema.problem import Problem
from gateway.service.listing import Listing, SourceReport
from gateway.service.source import SourceOutcome

T = TypeVar("T")


@strawberry.type(description="How one backend's part of a list went.")
class SourceStatus:
    backend: Backend = strawberry.field(description="The backend.")
    outcome: SourceOutcome = strawberry.field(description="How it went.")
    freshness: Freshness | None = strawberry.field(
        description="Age of its part, that of the oldest piece; null if nothing is there."
    )
    total_count: int | None = strawberry.field(
        description="How many of its items match in all; null where the cloud cannot tell."
    )
    progress_percent: int | None = strawberry.field(
        description="How much of its list is known; null unless `outcome` is WARMING."
    )
    error: Problem | None = strawberry.field(
        description="What went wrong, if something did; items may be there all the same."
    )

    @classmethod
    def of(cls, report: SourceReport, context: GatewayContext) -> Self:
        return cls(
            backend=Backend.of(report.backend),
            outcome=report.outcome,
            freshness=Freshness.of(report.freshness, context) if report.freshness else None,
            total_count=report.total,
            progress_percent=report.progress_percent,
            error=Problem.of(report.error),
        )


def page_info(listing: Listing[T], *, after: str | None) -> PageInfo:
    """Relay's `PageInfo` of one page of a merged list."""
    return PageInfo(
        has_next_page=listing.has_next,
        has_previous_page=after is not None,
        start_cursor=listing.cursor(listing.entries[0]) if listing.entries else None,
        end_cursor=listing.end_cursor,
    )


def broken_item(item: BrokenItem, *, backend: str) -> GatewayError:
    """The error that stands in the place of an item which could not be read."""
    name = f"{item.native_id!r}" if item.native_id else f"number {item.index + 1} of its page"
    return ProviderContractError(
        f"item {name} of backend {backend!r} cannot be read: {item.reason}", backend=backend
    )
