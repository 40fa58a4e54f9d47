"""A list that is known whole: a source whose windows are cut out of it."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from gateway.domain.errors import GatewayError
from gateway.domain.freshness import Freshness
from gateway.domain.paging import BrokenItem
from gateway.service.source import Entry, Position, SourceOutcome, Window, created_ms, outcome_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Generic[T]):
    """Entries in the order of `Position.order`, and how they were come by.

    `complete` is false while parts are missing; `progress_percent` then says how much is there.
    `exact` is false if parts are missing that will not come: then there is no total either.
    """

    entries: Sequence[Entry[T]]
    freshness: Freshness | None
    complete: bool = True
    exact: bool = True
    progress_percent: int | None = None
    error: GatewayError | None = None

    async def window(self, after: Position | None, count: int) -> Window[T]:
        """At most `count` entries behind `after`; `count` is at least 1."""
        start = 0
        if after is not None:
            start = bisect_right(self.entries, after.order, key=lambda entry: entry.position.order)
        chosen = tuple(self.entries[start : start + count])
        more = start + count < len(self.entries)
        return Window(
            entries=chosen,
            frontier=chosen[-1].position if more else None,
            total=len(self.entries) if self.complete and self.exact else None,
            freshness=self.freshness,
            outcome=outcome_of(self.freshness) if self.complete else SourceOutcome.WARMING,
            progress_percent=self.progress_percent,
            error=self.error,
        )


def entry_of(
    item: T | BrokenItem,
    freshness: Freshness,
    *,
    describe: Callable[[T], tuple[datetime | None, str]],
    place: str = "",
) -> Entry[T]:
    """An entry for `item`, whose creation time and native id `describe` tells.

    Items without a time, and broken ones, come last. `place` names the page that `item` stood on,
    to tell nameless broken items of different pages apart.
    """
    if isinstance(item, BrokenItem):
        created, native_id = None, item.native_id or f"?{place}.{item.index}"
    else:
        created, native_id = describe(item)
    return Entry(
        position=Position(created_ms=created_ms(created), native_id=native_id),
        item=item,
        freshness=freshness,
    )


def in_order(entries: Sequence[Entry[T]]) -> list[Entry[T]]:
    """Entries sorted newest first, one per place: of equal ones the first stays."""
    unique: dict[tuple[int, str], Entry[T]] = {}
    for entry in entries:
        unique.setdefault(entry.position.order, entry)
    return [unique[order] for order in sorted(unique)]
