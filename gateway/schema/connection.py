"""What connections have in common: places, pages, reports of their sources, broken items."""

from typing import Self, TypedDict, TypeVar

import strawberry

from gateway.domain.errors import ProviderContractError
from gateway.domain.freshness import Freshness as DomainFreshness
from gateway.domain.freshness import Sourced
from gateway.domain.paging import BrokenItem
from gateway.schema.backend.types import Backend
from gateway.schema.context import GatewayContext
from gateway.schema.freshness import Freshness
from gateway.schema.node import PageInfo
from gateway.schema.problem import Problem
from gateway.service.listing import Listing, SourceReport
from gateway.service.source import SourceOutcome

T = TypeVar("T")
E = TypeVar("E", bound="Edge")


@strawberry.type(description="An item of a list, and its place there.")
class Edge:
    item: strawberry.Private[object]
    fresh: strawberry.Private[DomainFreshness]
    backend: strawberry.Private[str]
    max_age_s: strawberry.Private[float | None]
    cursor: str = strawberry.field(description="Its place; hand it to `after` to go on behind it.")

    def readable(self, kind: type[T]) -> Sourced[T]:
        """The item with its age.

        Raises:
            ProviderContractError: it could not be read; names it.
        """
        if isinstance(self.item, BrokenItem):
            raise self._error(self.item)
        if not isinstance(self.item, kind):
            message = f"an edge of {kind.__name__} holds {type(self.item).__name__}"
            raise TypeError(message)
        return Sourced(value=self.item, freshness=self.fresh)

    def _error(self, item: BrokenItem) -> ProviderContractError:
        name = repr(item.native_id) if item.native_id else f"number {item.index + 1} of its page"
        message = f"item {name} of backend {self.backend!r} cannot be read: {item.reason}"
        return ProviderContractError(message, backend=self.backend)


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


@strawberry.type(description="A list merged over the chosen backends, newest first.")
class MergedConnection:
    page_info: PageInfo = strawberry.field(description="Where this page lies.")
    total_count: int | None = strawberry.field(
        description="How many match in all; null if a backend cannot tell or has failed."
    )
    sources: list[SourceStatus] = strawberry.field(
        description="How each backend's part went. One that fails does not fail the list."
    )
    freshness: Freshness | None = strawberry.field(
        description="Age of the oldest part; null if there is no part."
    )


class MergedFields(TypedDict):
    """Values for the fields of `MergedConnection`."""

    page_info: PageInfo
    total_count: int | None
    sources: list[SourceStatus]
    freshness: Freshness | None


def merged_fields(
    listing: Listing[T], *, after: str | None, context: GatewayContext
) -> MergedFields:
    """What every merged list tells beside its items; `after` is the cursor it was asked with."""
    return MergedFields(
        page_info=PageInfo(
            has_next_page=listing.has_next,
            has_previous_page=after is not None,
            start_cursor=listing.cursor(listing.entries[0]) if listing.entries else None,
            end_cursor=listing.end_cursor,
        ),
        total_count=listing.total,
        sources=[SourceStatus.of(report, context) for report in listing.sources],
        freshness=Freshness.of(listing.freshness, context) if listing.freshness else None,
    )


def merged_edges(edge: type[E], listing: Listing[T], max_age_s: float | None) -> list[E]:
    """An edge for each entry of a merged list."""
    return [
        edge(
            item=merged.entry.item,
            fresh=merged.entry.freshness,
            backend=merged.backend,
            max_age_s=max_age_s,
            cursor=listing.cursor(merged),
        )
        for merged in listing.entries
    ]
