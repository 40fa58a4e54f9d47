"""The newest end of a search: what was made since a moment, and whether that is all of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from gateway.domain.paging import PageRequest
from gateway.providers.enos.listing import Listing, Received
from gateway.providers.enos.pages import walk
from gateway.providers.enos.wire import WireObject

W = TypeVar("W", bound=WireObject)
T = TypeVar("T")

CLOCK_SKEW: Final = timedelta(minutes=1)
"""By how much EnOS's clock may differ from ours when its times are compared with ours."""

_PAGES: Final = 10
_PAGE_SIZE: Final = 50  # what EnOS advises


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent(Generic[T]):
    """What was found; `complete` is false if something may be missing from it."""

    items: tuple[T, ...]
    complete: bool


async def recent(
    search: Callable[[PageRequest], Awaitable[Listing[W]]],
    convert: Callable[[Received[W]], T],
    created_at: Callable[[T], datetime | None],
    *,
    since: datetime | None,
) -> Recent[T]:
    """What `search`, which is newest first, gives from `since` on; all of it if None.

    What has no readable time counts as recent.
    """

    def is_old(item: T) -> bool:
        moment = created_at(item)
        return since is not None and moment is not None and moment < since

    def ends(listing: Listing[W]) -> bool:
        return bool(listing.items) and is_old(convert(listing.items[-1]))

    listings, more = await walk(search, range(1, _PAGES + 1), _PAGE_SIZE, until=ends)
    items = [convert(received) for listing in listings for received in listing.items]
    readable = not any(listing.broken for listing in listings)
    reached = not more or ends(listings[-1])
    return Recent(
        items=tuple(item for item in items if not is_old(item)), complete=readable and reached
    )
