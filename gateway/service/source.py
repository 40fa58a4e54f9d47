"""One backend's part of a merged list, newest first; what has no creation time comes last."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Generic, Protocol, TypeVar

from gateway.domain.errors import GatewayError
from gateway.domain.freshness import Freshness
from gateway.domain.paging import BrokenItem

T_co = TypeVar("T_co", covariant=True)

UNDATED_MS: Final = 0
"""`Position.created_ms` of an item without a creation time."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def created_ms(created_at: datetime | None) -> int:
    """Creation in epoch milliseconds for a `Position`; `UNDATED_MS` for None.

    No cloud is as old as 1970: times before it are faults, and all count as its first millisecond.
    """
    if created_at is None:
        return UNDATED_MS
    return max(UNDATED_MS + 1, (created_at - _EPOCH) // timedelta(milliseconds=1))


class SourceOutcome(StrEnum):
    """How one backend's part of a merged list went."""

    LIVE = "LIVE"
    CACHED = "CACHED"
    STALE = "STALE"
    WARMING = "WARMING"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in one backend's list: behind the item with this key.

    `created_ms` is the item's creation in epoch milliseconds, see `created_ms()`. `offset` is where
    the item stood in the cloud's own list, from 0: a hint for where to read on, never trusted
    alone, because lists grow at the front while they are walked. `undated` tells that items without
    a creation time may stand before this place in the cloud's list; they are still to be given.
    """

    created_ms: int
    native_id: str
    offset: int = 0
    undated: bool = False

    @property
    def order(self) -> tuple[int, str]:
        """Ascending in the order of the list: newest first, then by id."""
        return (-self.created_ms, self.native_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Generic[T_co]):
    """One item of a list and its place; broken items keep theirs."""

    position: Position
    item: T_co | BrokenItem
    freshness: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Generic[T_co]):
    """The next entries of one backend.

    `frontier` is how far the backend's list has been looked through, None if to its end. Entries
    that a filter dropped lie before it, so it may be ahead of the last entry. `total` counts all
    entries that match; None where that is not known. `progress_percent` is set while the list is
    still being put together.
    """

    entries: tuple[Entry[T_co], ...]
    frontier: Position | None
    total: int | None
    freshness: Freshness | None
    outcome: SourceOutcome
    progress_percent: int | None = None
    error: GatewayError | None = None


class ListSource(Protocol[T_co]):
    """Answers windows of one backend's list."""

    async def window(self, after: Position | None, count: int) -> Window[T_co]:
        """The next entries behind `after`: at most `count` (at least 1), fewer at the list's end.

        Raises a `GatewayError` if the backend fails.
        """
        ...


def outcome_of(freshness: Freshness | None) -> SourceOutcome:
    """The outcome that goes with an answer of this freshness; LIVE if nothing had to be asked."""
    if freshness is None:
        return SourceOutcome.LIVE
    return {
        "LIVE": SourceOutcome.LIVE,
        "CACHE": SourceOutcome.CACHED,
        "STALE": SourceOutcome.STALE,
    }[freshness.source.value]
